"""The policy, rule by rule and in its order; confidences and thresholds are written by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from model.policy import PolicySettings, Thresholds, Verdict, early_verdict, several_verdict, verdict
from model.types import Difference, Offered, Question, ScoredCandidate, Turn, Understanding
from model.understanding.danger import DangerWords
from tests.model.parts import scored, understanding

SETTINGS = PolicySettings()
CALM = understanding()
GOOD, FAIR, POOR = (
    scored("article:good", 0.9),
    scored("article:fair", 0.4),
    scored("article:poor", 0.1),
)


def at(confidence: float) -> Thresholds:
    """The same threshold for both kinds of answer."""
    return {"article": confidence, "learned_answer": confidence}


def early(
    question: Question, read: Understanding = CALM, candidates: Sequence[ScoredCandidate] = ()
) -> Verdict | None:
    return early_verdict(question, read, candidates, thresholds=at(0.8), settings=SETTINGS)


def learned(*, cosine: float = 0.85, released: bool = True, confidence: float = 0.8) -> ScoredCandidate:
    """A learned answer this near to the question."""
    found = scored("learned_answer:7", confidence)
    passage = replace(found.candidate.passage, kind="learned_answer", released=released)
    return replace(found, candidate=replace(found.candidate, passage=passage, dense_score=cosine))


SPONSORED = Question("can our school get a sponsored garden?")
FOR_PEOPLE = understanding(human_only_probability=0.9, human_only_intents=frozenset({"business_order"}))
TO_PEOPLE = Verdict("handoff", ("human_only_intent",))


def late(
    candidates: Sequence[ScoredCandidate],
    *,
    question: Question = Question("where is it"),
    read: Understanding = CALM,
    threshold: float = 0.8,
) -> Verdict:
    return verdict(question, read, candidates, thresholds=at(threshold), settings=SETTINGS)


def test_a_calm_message_about_the_business_needs_no_person_at_once() -> None:
    assert early(Question("where is my box")) is None


def test_the_bot_is_silent_where_a_person_took_over_even_if_a_person_is_asked_for() -> None:
    got = early(Question("a person please", owned_by_person=True), understanding(wants_person=1.0))
    assert got == Verdict("silent", ("owned_by_person",))


@pytest.mark.parametrize(("probability", "handed_over"), [(0.5, True), (0.499, False)])
def test_the_wish_for_a_person_counts_from_exactly_the_limit(probability: float, handed_over: bool) -> None:
    got = early(Question("agent"), understanding(wants_person=probability))
    assert got == (Verdict("handoff", ("wants_person",)) if handed_over else None)


def test_the_wish_for_a_person_is_the_reason_before_any_rule() -> None:
    read = understanding(wants_person=0.9, human_only_probability=0.9)
    got = early(Question("agent", contact={"high_touch": True}), read)
    assert got is not None
    assert got.reasons == ("wants_person",)


@pytest.mark.parametrize("value", [True, 1, "true", "yes"])
def test_a_high_touch_customer_always_gets_a_person(value: object) -> None:
    got = early(Question("hi", contact={"high_touch": value}), understanding(human_only_probability=0.9))
    assert got == Verdict("handoff", ("human_only_customer",))


@pytest.mark.parametrize("value", [False, 0, "false", "no", "", None])
def test_a_customer_who_is_not_high_touch_is_answered(value: object) -> None:
    assert early(Question("hi", contact={"high_touch": value})) is None


def test_a_matter_for_people_alone_goes_to_people() -> None:
    got = early(Question("I want my money back"), understanding(human_only_probability=0.5))
    assert got == Verdict("handoff", ("human_only_intent",))


@pytest.mark.parametrize(
    ("changes", "reads", "expected"),
    [
        ({}, {"wants_person": 0.9}, Verdict("handoff", ("mood_low", "wants_person"))),
        ({"contact": {"high_touch": True}}, {}, Verdict("handoff", ("mood_low", "human_only_customer"))),
        ({}, {"human_only_probability": 0.9}, Verdict("handoff", ("mood_low", "human_only_intent"))),
        ({"owned_by_person": True}, {}, Verdict("silent", ("mood_low", "owned_by_person"))),
    ],
    ids=["wants a person", "high touch", "a matter for people", "owned by a person"],
)
def test_that_a_customer_is_upset_is_told_beside_what_else_brings_them_to_people(
    changes: dict[str, object], reads: dict[str, object], expected: Verdict
) -> None:
    question = replace(Question("once more"), **changes)  # type: ignore[arg-type]
    assert early(question, understanding(mood=-0.9, **reads)) == expected


def test_on_a_matter_for_people_the_bot_gives_what_a_person_released_for_this_very_question() -> None:
    answer = learned()
    got = early(SPONSORED, FOR_PEOPLE, [answer, FAIR])
    assert got == Verdict("answer", ("released_question",), (answer,))


@pytest.mark.parametrize(
    "candidate",
    [
        scored("article:sure", 1.0),
        learned(released=False, confidence=1.0),
        learned(cosine=0.84, confidence=1.0),
        learned(confidence=0.79),
    ],
    ids=["an article", "not released", "merely similar", "two alike"],
)
def test_nothing_else_is_answered_on_a_matter_for_people_however_sure(candidate: ScoredCandidate) -> None:
    assert early(SPONSORED, FOR_PEOPLE, [candidate]) == TO_PEOPLE


def test_a_released_answer_speaks_for_one_matter_only() -> None:
    read = replace(FOR_PEOPLE, human_only_intents=frozenset({"business_order", "cancel_subscription"}))
    assert early(SPONSORED, read, [learned()]) == TO_PEOPLE


def test_a_released_answer_that_did_not_help_is_not_given_again() -> None:
    tried = replace(SPONSORED, tried_refs=frozenset({"learned_answer:7"}))
    assert early(tried, FOR_PEOPLE, [learned()]) == TO_PEOPLE


@pytest.mark.parametrize(
    ("changes", "reads", "expected"),
    [
        ({"owned_by_person": True}, {}, Verdict("silent", ("owned_by_person",))),
        ({}, {"wants_person": 0.5}, Verdict("handoff", ("wants_person",))),
        ({"contact": {"high_touch": True}}, {}, Verdict("handoff", ("human_only_customer",))),
        (
            {"mood": -0.5},
            {"mood": -0.7, "sentiment_score": -0.9},
            Verdict("handoff", ("mood_low", "human_only_intent")),
        ),
    ],
    ids=["owned by a person", "wants a person", "high touch", "low mood"],
)
def test_no_other_rule_for_people_gives_way_to_a_released_answer(
    changes: dict[str, object], reads: dict[str, object], expected: Verdict
) -> None:
    question = replace(SPONSORED, **changes)  # type: ignore[arg-type]
    read = replace(FOR_PEOPLE, **reads)  # type: ignore[arg-type]
    assert early(question, read, [learned()]) == expected


def test_a_matter_for_people_in_one_sentence_is_asked_back_on_rather_than_answered() -> None:
    got = late([GOOD, FAIR], read=understanding(human_only_in_passing=0.5))
    assert got == Verdict("clarify", ("human_only_in_passing", "plausible"), (GOOD, FAIR))
    assert late([GOOD], read=understanding(human_only_in_passing=0.499)).kind == "answer"


def test_what_the_customer_chose_is_answered_all_the_same() -> None:
    chosen = Question("this one", chosen_ref="article:good")
    got = early(chosen, understanding(human_only_in_passing=0.9), [GOOD])
    assert got == Verdict("answer", ("chosen_by_customer",), (GOOD,))


DANGER = DangerWords(("spark*", "on fire"))
SPARKS = Question("it sparks!", danger=DANGER)


def telling(text: str, *, cosine: float = 0.35, next_text: str | None = None) -> ScoredCandidate:
    """An article with this text this near to the question, and perhaps another text to be shown with it."""
    found = scored("article:safety", 0.01)
    found = replace(found, candidate=replace(found.candidate, dense_score=cosine))
    first = replace(found.candidate.passage, text=text)
    second = None if next_text is None else replace(first, key="article:safety#1", text=next_text)
    return replace(found, candidate=replace(found.candidate, passage=first, next_passage=second))


def test_danger_goes_to_a_person_before_any_other_rule() -> None:
    read = understanding(wants_person=0.9, human_only_probability=0.9)
    assert early(SPARKS, read, [GOOD]) == Verdict("handoff", ("danger",))
    upset = early(replace(SPARKS, contact={"high_touch": True}), understanding(mood=-0.9))
    assert upset == Verdict("handoff", ("mood_low", "danger"))
    assert early(Question("it is quiet", danger=DANGER), CALM, [GOOD]) is None


def test_danger_is_told_to_the_person_who_has_the_conversation() -> None:
    owned = replace(SPARKS, owned_by_person=True)
    assert early(owned) == Verdict("silent", ("danger", "owned_by_person"))


def test_what_the_nearest_answer_says_of_danger_is_told_first_however_unsure_it_is() -> None:
    words = "If it sparks, pull the plug."
    safety, nearer = telling(words), telling(words, cosine=0.4)
    assert early(SPARKS, CALM, [GOOD, safety]) == Verdict("handoff", ("danger",), (safety,))
    assert early(SPARKS, CALM, [safety, nearer]) == Verdict("handoff", ("danger",), (nearer,))
    assert early(SPARKS, CALM, [telling(words, cosine=0.349)]) == Verdict("handoff", ("danger",))


def test_an_article_is_told_from_where_it_speaks_of_danger_and_a_learned_answer_whole() -> None:
    words = "Fill the tank.\n\nIs it on fire?\n\n1. Leave the house."
    article = telling(words)
    passage = replace(article.candidate.passage, kind="learned_answer")
    learned = replace(article, candidate=replace(article.candidate, passage=passage))
    told = [early(SPARKS, CALM, [one]) for one in (article, learned)]
    assert [got and got.chosen[0].candidate.passage.text for got in told] == [
        "Is it on fire?\n\n1. Leave the house.",
        words,
    ]


def test_only_the_text_that_speaks_of_danger_is_told() -> None:
    got = early(SPARKS, CALM, [telling("Fill the tank.", next_text="Is it on fire? Leave the house.")])
    assert got is not None
    assert [one.candidate.passage.text for one in got.chosen] == ["Is it on fire? Leave the house."]
    assert got.chosen[0].candidate.next_passage is None


def test_a_low_mood_goes_to_a_person() -> None:
    got = early(Question("this is awful", mood=-0.5), understanding(mood=-0.7, sentiment_score=-0.9))
    assert got == Verdict("handoff", ("mood_low",))


def test_a_conversation_that_is_going_badly_goes_to_a_person_from_the_limit_on() -> None:
    def decided(unhappy: float, settings: PolicySettings) -> Verdict | None:
        return early_verdict(
            Question("as I said"), understanding(unhappy=unhappy), [], thresholds=at(0.8), settings=settings
        )

    assert decided(0.8, PolicySettings(unhappy=0.8)) == Verdict("handoff", ("unhappy",))
    assert decided(0.799, PolicySettings(unhappy=0.8)) is None
    assert decided(1.0, PolicySettings()) is None  # no limit is set


def test_a_low_mood_is_the_reason_before_a_conversation_that_is_going_badly() -> None:
    read = understanding(mood=-0.9, unhappy=1.0)
    got = early_verdict(Question("awful"), read, [], thresholds=at(0.8), settings=PolicySettings(unhappy=0.8))
    assert got == Verdict("handoff", ("mood_low",))


def test_a_steep_fall_of_the_mood_goes_to_a_person() -> None:
    got = early(Question("what?!", mood=0.4), understanding(mood=-0.25, sentiment_score=-0.9))
    assert got == Verdict("handoff", ("mood_fall",))


def test_the_best_candidate_is_given_from_exactly_the_threshold() -> None:
    assert late([GOOD, FAIR], threshold=0.9) == Verdict("answer", ("above_threshold",), (GOOD,))
    assert late([GOOD, FAIR], threshold=0.91).kind == "clarify"


def test_a_threshold_above_one_is_never_reached() -> None:
    assert late([scored("article:sure", 1.0)], threshold=2.0).kind == "clarify"


def test_an_answer_comes_before_smalltalk() -> None:
    assert late([GOOD], read=understanding(smalltalk="greeting")).kind == "answer"


def test_smalltalk_comes_before_asking_back() -> None:
    got = late([FAIR, scored("article:other", 0.3)], read=understanding(smalltalk="thanks"))
    assert got == Verdict("smalltalk", ("below_threshold", "smalltalk_thanks"))


def test_smalltalk_is_answered_when_nothing_is_found() -> None:
    got = late([], read=understanding(smalltalk="greeting"))
    assert got == Verdict("smalltalk", ("nothing_found", "smalltalk_greeting"))


def test_plausible_answers_are_offered_as_choices_best_first() -> None:
    hopeless = scored("article:hopeless", 0.049)
    assert late([FAIR, POOR, hopeless]) == Verdict("clarify", ("below_threshold", "plausible"), (FAIR, POOR))


def test_at_most_three_choices_are_offered() -> None:
    five = [scored(f"article:{n}", 0.5) for n in range(5)]
    assert late(five).chosen == tuple(five[:3])


def test_the_bot_asks_back_once_and_then_hands_over() -> None:
    again = Question("where is it", clarifications=1)
    got = late([FAIR, scored("article:other", 0.3)], question=again)
    assert got == Verdict("handoff", ("below_threshold", "asked_back_already"))


def test_one_plausible_answer_is_asked_about_too() -> None:
    assert late([FAIR]) == Verdict("clarify", ("below_threshold", "plausible"), (FAIR,))


@pytest.mark.parametrize(("best", "kind"), [(0.2, "clarify"), (0.199, "handoff")])
def test_the_bot_asks_back_from_exactly_the_least_plausible_confidence(best: float, kind: str) -> None:
    assert late([scored("article:best", best), POOR]).kind == kind


def test_nothing_plausible_is_handed_over() -> None:
    assert late([POOR]) == Verdict("handoff", ("below_threshold",))


def test_nothing_found_is_handed_over() -> None:
    assert late([]) == Verdict("handoff", ("nothing_found",))


def test_an_answer_that_did_not_help_is_not_given_again() -> None:
    tried = Question("still not working", tried_refs=frozenset({"article:good"}))
    second = scored("article:second", 0.85)
    assert late([GOOD, second], question=tried) == Verdict("answer", ("above_threshold",), (second,))


def test_an_answer_that_did_not_help_is_not_offered_as_a_choice() -> None:
    tried = Question("still not working", tried_refs=frozenset({"article:good"}))
    assert late([GOOD, FAIR, POOR], question=tried).chosen == (FAIR, POOR)


def test_an_answer_that_only_people_may_give_is_neither_given_nor_offered_nor_picked() -> None:
    sure = learned(released=False, confidence=1.0)
    kept = replace(
        sure, candidate=replace(sure.candidate, passage=replace(sure.candidate.passage, for_people=True))
    )
    other = scored("article:a", 0.7)
    assert late([kept]) == Verdict("handoff", ("nothing_found",))
    assert late([kept, other]) == Verdict("clarify", ("below_threshold", "plausible"), (other,))
    assert early(Question("x", chosen_ref=kept.candidate.ref), candidates=[kept]) is None


def test_when_all_answers_were_tried_nothing_is_found() -> None:
    tried = Question("still not working", tried_refs=frozenset({"article:good"}))
    assert late([GOOD], question=tried) == Verdict("handoff", ("nothing_found",))


def test_the_customers_choice_is_given_whatever_its_confidence() -> None:
    chosen = Question("Poor", chosen_ref="article:poor", clarifications=1)
    assert early(chosen, CALM, [GOOD, POOR]) == Verdict("answer", ("chosen_by_customer",), (POOR,))


def test_a_pick_is_a_click_and_says_nothing_that_calls_for_a_person() -> None:
    chosen = Question("Why is my account locked?", chosen_ref="article:good", mood=-0.9)
    angry = understanding(wants_person=0.9, mood=-0.9, human_only_probability=0.9)
    assert early(chosen, angry, [GOOD]) == Verdict("answer", ("chosen_by_customer",), (GOOD,))
    owned = early(replace(chosen, owned_by_person=True), angry, [GOOD])
    assert owned is not None
    assert owned.kind == "silent"


def test_a_choice_that_is_not_among_the_candidates_is_passed_over() -> None:
    chosen = Question("Gone", chosen_ref="article:gone")
    assert early(chosen, CALM, [GOOD]) is None
    assert late([GOOD], question=chosen) == Verdict("answer", ("above_threshold",), (GOOD,))


def test_a_choice_that_did_not_help_before_is_not_given_again() -> None:
    chosen = Question("Good", chosen_ref="article:good", tried_refs=frozenset({"article:good"}))
    assert early(chosen, CALM, [GOOD]) is None
    assert late([GOOD], question=chosen).kind == "handoff"


def several(
    *by_question: Sequence[ScoredCandidate], question: Question = Question("this, and that?")
) -> Verdict | None:
    return several_verdict(question, by_question, thresholds=at(0.8), settings=SETTINGS)


OTHER = scored("article:other", 0.95)


def test_each_of_two_questions_that_is_sure_is_answered() -> None:
    assert several([GOOD, FAIR], [OTHER, POOR]) == Verdict(
        "answer", ("above_threshold", "several_questions"), (GOOD, OTHER)
    )


def test_when_one_is_not_sure_there_is_something_to_pick_for_each() -> None:
    assert several([GOOD], [FAIR, POOR]) == Verdict(
        "clarify", ("below_threshold", "plausible", "several_questions"), (GOOD, FAIR, POOR)
    )
    assert several([GOOD], []) is not None


def test_when_neither_is_sure_the_choices_take_turns_two_for_each() -> None:
    first, second, third = (scored(f"article:{n}", 0.5 - n / 10) for n in range(3))
    got = several([first, second, third], [FAIR, POOR])
    assert got is not None
    assert (got.kind, got.chosen) == ("clarify", (first, FAIR, second, POOR))
    again = Question("this, and that?", clarifications=1)
    assert several([first], [FAIR], question=again) is None


def test_a_pick_answers_the_question_it_fits_best_and_the_other_may_be_picked_next() -> None:
    picked = Question("this, and that?", chosen_ref="article:fair", clarifications=1)
    assert several([POOR, FAIR], [FAIR, OTHER], question=picked) == Verdict(
        "answer", ("chosen_by_customer", "several_questions"), (FAIR,), (POOR,)
    )


def test_when_the_other_question_has_had_its_pick_nothing_is_left_to_pick() -> None:
    before = (Turn("bot", "Here.", given=(Offered("article:fair", "Fair"),)),)
    picked = Question("this, and that?", before, chosen_ref="article:other", clarifications=1)
    got = several([FAIR, POOR], [OTHER], question=picked)
    assert got is not None
    assert (got.chosen, got.offered) == ((OTHER,), ())


def test_one_article_may_be_picked_for_both_questions() -> None:
    picked = Question("this, and that?", chosen_ref="article:fair", clarifications=1)
    elsewhere = replace(FAIR, confidence=0.3)
    got = several([FAIR, POOR], [elsewhere, POOR], question=picked)
    assert got is not None
    assert (got.chosen, got.offered) == ((FAIR, elsewhere), ())


NOISE = Question("asdf qwer")
UNTOLD = understanding(telling=False, intent=None)
OTHER_WORDS = Verdict("clarify", ("nothing_found", "not_understood"))


def test_who_is_not_understood_is_asked_for_other_words_once() -> None:
    assert late([], question=NOISE, read=UNTOLD) == OTHER_WORDS
    assert late([POOR], question=NOISE, read=UNTOLD) == Verdict(
        "clarify", ("below_threshold", "not_understood")
    )
    again = replace(NOISE, clarifications=1, rewordings=1)
    assert late([], question=again, read=UNTOLD) == Verdict(
        "handoff", ("nothing_found", "asked_back_already")
    )


def test_a_new_question_in_clear_words_goes_to_a_person_at_once() -> None:
    assert late([], question=Question("do you sponsor schools?")).kind == "handoff"


def test_who_found_other_words_may_still_be_offered_choices_once() -> None:
    reworded = Question("where is it", clarifications=1, rewordings=1)
    assert late([FAIR], question=reworded).chosen == (FAIR,)
    assert late([FAIR], question=replace(reworded, clarifications=2)).kind == "handoff"
    assert several([FAIR], [POOR], question=reworded) is not None


def test_plausible_answers_and_smalltalk_come_before_asking_for_other_words() -> None:
    assert late([FAIR], question=NOISE, read=UNTOLD).chosen == (FAIR,)
    greeting = replace(UNTOLD, smalltalk="greeting")
    assert late([], question=NOISE, read=greeting).kind == "smalltalk"


@pytest.mark.parametrize(
    "changes",
    [
        {"history": (Turn("bot", "So.", given=(Offered("article:good", "Good"),)),)},
        {"history": (Turn("agent", "Have you tried it?"),)},
        {"tried_refs": frozenset({"article:good"})},
    ],
    ids=["an answer was given", "a person wrote", "an answer did not help"],
)
def test_after_an_answer_that_it_does_not_work_is_clear_enough(changes: dict[str, object]) -> None:
    said = replace(Question("it does not work"), **changes)  # type: ignore[arg-type]
    assert late([], question=said, read=UNTOLD).kind == "handoff"


def test_a_matter_for_people_that_is_only_a_guess_is_asked_for_first() -> None:
    guess = replace(UNTOLD, human_only_probability=0.9, human_only_in_passing=0.9)
    assert early(NOISE, guess) is None
    assert late([], question=NOISE, read=guess) == OTHER_WORDS
    assert early(NOISE, replace(guess, intent="complaint")) == TO_PEOPLE
    assert early(NOISE, replace(guess, telling=True)) == TO_PEOPLE
    assert early(replace(NOISE, clarifications=1, rewordings=1), guess) == TO_PEOPLE
    assert early(NOISE, replace(guess, wants_person=0.9)) == Verdict("handoff", ("wants_person",))
    assert early(NOISE, replace(guess, mood=-0.9)) == Verdict("handoff", ("mood_low",))


def test_the_limits_can_be_set() -> None:
    settings = PolicySettings(wants_person=0.2, most_choices=2, clarify=0.06)
    asking = understanding(wants_person=0.2)
    assert early_verdict(Question("agent"), asking, [], thresholds=at(0.8), settings=settings) is not None
    three = [scored(f"article:{n}", 0.06) for n in range(3)]
    got = verdict(Question("box"), CALM, three, thresholds=at(0.8), settings=settings)
    assert len(got.chosen) == 2


def test_a_learned_answer_to_the_very_question_must_be_sure_as_any_other() -> None:
    near = learned(cosine=0.99, released=False, confidence=0.79)
    assert late([near], threshold=0.8).kind == "clarify"
    assert late([near], threshold=0.79) == Verdict("answer", ("above_threshold",), (near,))


def test_each_kind_of_answer_has_a_threshold_of_its_own() -> None:
    near = learned(released=False, confidence=0.85)

    def asked(*candidates: ScoredCandidate) -> str:
        thresholds: Thresholds = {"article": 0.95, "learned_answer": 0.85}
        return verdict(Question("box"), CALM, candidates, thresholds=thresholds, settings=SETTINGS).kind

    assert asked(near) == "answer"
    assert asked(GOOD, near) == "clarify"
    assert asked(scored("article:sure", 0.95), near) == "answer"


def test_in_doubt_whether_a_matter_is_for_people_only_an_approved_question_is_answered() -> None:
    doubtful = understanding(human_only_in_passing=0.9)
    sure = learned(released=False, confidence=1.0)
    same = Difference(True, False, False, False, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    approved = replace(sure, candidate=replace(sure.candidate, difference=same))
    assert late([sure], read=doubtful).reasons == ("human_only_in_passing", "plausible")
    assert late([approved], read=doubtful) == Verdict("answer", ("above_threshold",), (approved,))
