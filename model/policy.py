"""Decides what the bot does, from what was understood and found; runs no model and stores nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, zip_longest

from model.reasons import Reason
from model.types import CandidateKind, DecisionKind, Passage, Question, ScoredCandidate, Understanding
from model.understanding.mood import FALL, LOW, mood_trigger

NEVER = 2.0
"""A limit that no probability reaches."""

Thresholds = Mapping[CandidateKind, float]
"""The least confidence of an answer of each kind to be given at once."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The limits the policy keeps. Probabilities are in [0, 1]."""

    wants_person: float = 0.5
    """At or above this probability the customer gets a person."""
    human_only: float = 0.5
    """At or above this summed probability of human-only intents a person handles the matter."""
    human_only_in_passing: float = 0.5
    """From this probability of a single sentence on the bot does not answer of its own accord."""
    clarify: float = 0.2
    """The bot asks back only when the best candidate has at least this confidence."""
    least_choice: float = 0.05
    """The least confidence of a choice worth offering beside the best one."""
    same_question: float = 0.85
    """From this cosine on two questions are the same one asked in other words, measured on BANKING77 and
    StackFAQ."""
    first_aid: float = 0.35
    """The least cosine of a question of danger and an answer that is told at once. Of the sample company's
    texts that speak of danger, sparks and burning smells have .41 and more to the nearest, a cut finger and a
    smell of gas, on which they say nothing, .26 and less."""
    most_choices: int = 3
    choices_a_question: int = 2
    """Choices for each question of a message that asks several."""
    most_clarifications: int = 1
    unhappy: float = NEVER
    """At or above this probability that the conversation ends unhappily a person helps."""
    mood_low: float = LOW
    mood_fall: float = FALL
    high_touch_attribute: str = "high_touch"
    """A customer with this attribute set always gets a person."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of decision, with its reasons and the candidates it concerns: a handoff tells them first."""

    kind: DecisionKind
    reasons: tuple[str, ...]
    chosen: tuple[ScoredCandidate, ...] = ()
    offered: tuple[ScoredCandidate, ...] = ()
    """What may be picked beside an answer: it answers one of several questions."""


def whole_verdict(
    question: Question,
    read: Understanding,
    candidates: Sequence[ScoredCandidate],
    *,
    thresholds: Thresholds,
    settings: PolicySettings,
) -> Verdict:
    """What the rules for people say, and where they say nothing, what the candidates do."""
    return early_verdict(question, read, candidates, thresholds=thresholds, settings=settings) or verdict(
        question, read, candidates, thresholds=thresholds, settings=settings
    )


def early_verdict(
    question: Question,
    read: Understanding,
    candidates: Sequence[ScoredCandidate],
    *,
    thresholds: Thresholds,
    settings: PolicySettings,
) -> Verdict | None:
    """The verdict when the rules for people have the word, whatever is confident; else `None`.

    In this order: a person already owns the conversation; the customer picked one of the answers offered, a
    click that says nothing else; the customer's words tell of danger; the customer wants a person; the
    customer, the matter or the mood calls for one. On a matter that only people handle, nothing but an answer
    which a person let the bot give to this very question is given, and only to a customer whom no other rule
    sends to people.
    Of a message that tells nothing and fits no intent, the matter is a guess, and asked for first.
    A mood that calls for a person is told before any other reason why one has the conversation.
    """
    mood = mood_reason(question, read, settings)
    upset = (mood,) if mood else ()
    danger = (Reason.DANGER,) if question.danger.found_in(question.text) else ()
    if question.owned_by_person:
        return Verdict("silent", (*danger, *upset, Reason.OWNED_BY_PERSON))
    picked = [
        scored for scored in _fresh(question, candidates) if scored.candidate.ref == question.chosen_ref
    ]
    if picked:
        return Verdict("answer", (Reason.CHOSEN_BY_CUSTOMER,), (picked[0],))
    if danger:
        return Verdict("handoff", (*upset, Reason.DANGER), _first_aid(question, candidates, settings))
    if read.wants_person >= settings.wants_person:
        return Verdict("handoff", (*upset, Reason.WANTS_PERSON))
    if _is_set(question.contact, settings.high_touch_attribute):
        return Verdict("handoff", (*upset, Reason.HUMAN_ONLY_CUSTOMER))
    guessed = read.intent is None and _is_not_understood(question, read)
    if read.human_only_probability < settings.human_only or (guessed and _may_ask_back(question, settings)):
        return Verdict("handoff", upset) if upset else None
    released = _released(question, read, candidates, thresholds, settings)
    if released and not upset:
        return Verdict("answer", (Reason.RELEASED_QUESTION,), (released,))
    return Verdict("handoff", (*upset, Reason.HUMAN_ONLY_INTENT))


def verdict(
    question: Question,
    read: Understanding,
    candidates: Sequence[ScoredCandidate],
    *,
    thresholds: Thresholds,
    settings: PolicySettings,
) -> Verdict:
    """What to do with `candidates`, most confident first, when no person is due yet."""
    fresh = _fresh(question, candidates)
    in_passing = read.human_only_in_passing >= settings.human_only_in_passing
    if _is_sure(fresh, thresholds) and (not in_passing or fresh[0].candidate.is_approved):
        return Verdict("answer", (Reason.ABOVE_THRESHOLD,), (fresh[0],))
    reason = _reason(fresh, in_passing=in_passing)
    if read.smalltalk is not None:
        return Verdict("smalltalk", (reason, f"smalltalk_{read.smalltalk}"))
    plausible = bool(fresh) and fresh[0].confidence >= settings.clarify
    if plausible and _may_offer(question, settings):
        choices = tuple(one for one in fresh if one.confidence >= settings.least_choice)
        return Verdict("clarify", (reason, Reason.PLAUSIBLE), choices[: settings.most_choices])
    if _is_not_understood(question, read) and _may_ask_back(question, settings):
        return Verdict("clarify", (reason, Reason.NOT_UNDERSTOOD))
    return Verdict("handoff", (reason, Reason.ASKED_BACK_ALREADY) if question.clarifications else (reason,))


def several_verdict(
    question: Question,
    by_question: Sequence[Sequence[ScoredCandidate]],
    *,
    thresholds: Thresholds,
    settings: PolicySettings,
) -> Verdict | None:
    """What to do with a message that asks several questions, from the candidates of each, best first.

    They are answered when all are sure enough: a part of a message says less than a message. Otherwise there
    is something to pick for each, and for the others still when the customer picked for one. `None` when
    nothing is to be had: the message is then taken as a whole.
    """
    fresh = [_fresh(question, candidates) for candidates in by_question]
    all_sure = all(_is_sure(candidates, thresholds) for candidates in fresh)
    best = [candidates[0] if all_sure else None for candidates in fresh]
    for place, picked in _picked(question, fresh).items():
        best[place] = picked
    given = tuple(answer for answer in best if answer is not None)
    given_refs = {answer.candidate.ref for answer in given}
    picked_before = _picked_before(question)
    waiting = [
        [
            candidate
            for candidate in candidates
            if candidate.confidence >= settings.least_choice and candidate.candidate.ref not in given_refs
        ][: settings.choices_a_question]
        for candidates, answer in zip(fresh, best, strict=True)
        if answer is None
    ]
    waiting = [
        row for row in waiting if picked_before.isdisjoint(candidate.candidate.ref for candidate in row)
    ]
    offered = {
        candidate.candidate.ref: candidate for row in zip_longest(*waiting) for candidate in row if candidate
    }
    choices = tuple(offered.values())
    if given:
        reason = Reason.CHOSEN_BY_CUSTOMER if question.chosen_ref in given_refs else Reason.ABOVE_THRESHOLD
        return Verdict("answer", (reason, Reason.SEVERAL_QUESTIONS), given, choices)
    if choices and _may_offer(question, settings):
        return Verdict(
            "clarify", (Reason.BELOW_THRESHOLD, Reason.PLAUSIBLE, Reason.SEVERAL_QUESTIONS), choices
        )
    return None


def _picked_before(question: Question) -> frozenset[str]:
    """What a customer who picks was given before: the questions that it was offered for are served."""
    if question.chosen_ref is None:
        return frozenset()
    return frozenset(answer.ref for turn in question.history for answer in turn.given)


def _picked(
    question: Question, by_question: Sequence[Sequence[ScoredCandidate]]
) -> Mapping[int, ScoredCandidate]:
    """The answer that the customer picked, by place of the questions it is for.

    These are the one it fits best, and each whose best candidate it is.
    """
    fitting = {
        place: (rank, candidate)
        for place, candidates in enumerate(by_question)
        for rank, candidate in enumerate(candidates)
        if candidate.candidate.ref == question.chosen_ref
    }
    first = min(fitting, key=lambda place: (fitting[place][0], -fitting[place][1].confidence), default=None)
    return {place: found for place, (rank, found) in fitting.items() if rank == 0 or place == first}


def mood_reason(question: Question, read: Understanding, settings: PolicySettings) -> Reason | None:
    """Why the mood alone gives the conversation to a person; `None` when it does not."""
    found = mood_trigger(
        question.mood,
        read.mood,
        read.sentiment_score,
        low=settings.mood_low,
        fall=settings.mood_fall,
    )
    if found is None and read.unhappy >= settings.unhappy:
        return Reason.UNHAPPY
    return found


def _first_aid(
    question: Question, candidates: Sequence[ScoredCandidate], settings: PolicySettings
) -> tuple[ScoredCandidate, ...]:
    """The answer nearest to the question that speaks of danger itself, from there on; none where none does.

    Whoever writes that they want to die since a box is late is not told how to track boxes. The confidence
    says little here: it is low where questions are for people, as they are on danger.
    """
    near = [one for one in _fresh(question, candidates) if one.candidate.dense_score >= settings.first_aid]
    for one in sorted(near, key=lambda one: -one.candidate.dense_score):
        for passage in filter(None, (one.candidate.passage, one.candidate.next_passage)):
            said = _from_danger_on(passage, question)
            if said:
                aid = replace(one.candidate, passage=replace(passage, text=said), next_passage=None)
                return (replace(one, candidate=aid),)
    return ()


def _from_danger_on(passage: Passage, question: Question) -> str:
    """An article's text from the first paragraph that speaks of danger on; a learned answer's as a whole."""
    paragraphs = passage.text.split("\n\n") if passage.kind == "article" else [passage.text]
    return "\n\n".join(dropwhile(lambda one: question.danger.found_in(one) is None, paragraphs))


def _may_ask_back(question: Question, settings: PolicySettings) -> bool:
    return question.clarifications < settings.most_clarifications


def _may_offer(question: Question, settings: PolicySettings) -> bool:
    """Whether there may be choices: also for who was asked for other words, and found them."""
    return question.clarifications - question.rewordings < settings.most_clarifications


def _is_not_understood(question: Question, read: Understanding) -> bool:
    """Whether nobody could know what the message is about, and nothing that was said before tells.

    After an answer, or a person's words, "it does not work" is clear.
    """
    said = any(turn.author == "agent" or turn.given for turn in question.history)
    return not read.telling and not said and not question.tried_refs


def _is_sure(fresh: Sequence[ScoredCandidate], thresholds: Thresholds) -> bool:
    """Whether the best candidate is sure enough for its kind."""
    return bool(fresh) and fresh[0].confidence >= thresholds[fresh[0].candidate.passage.kind]


def _reason(fresh: Sequence[ScoredCandidate], *, in_passing: bool) -> Reason:
    """Why nothing is answered at once."""
    if not fresh:
        return Reason.NOTHING_FOUND
    return Reason.HUMAN_ONLY_IN_PASSING if in_passing else Reason.BELOW_THRESHOLD


def _released(
    question: Question,
    read: Understanding,
    candidates: Sequence[ScoredCandidate],
    thresholds: Thresholds,
    settings: PolicySettings,
) -> ScoredCandidate | None:
    """The answer that a person let the bot give to this very question, though its matter is for people.

    It must be sure, as any other. None when the message is about several such matters: an answer speaks for
    one.
    """
    fresh = _fresh(question, candidates)
    if not _is_sure(fresh, thresholds) or len(read.human_only_intents) > 1:
        return None
    best = fresh[0].candidate
    return fresh[0] if best.passage.released and best.dense_score >= settings.same_question else None


def _fresh(question: Question, candidates: Sequence[ScoredCandidate]) -> list[ScoredCandidate]:
    """Those not yet given in vain that are not for people alone to give."""
    return [
        one
        for one in candidates
        if one.candidate.ref not in question.tried_refs and not one.candidate.passage.for_people
    ]


def _is_set(contact: Mapping[str, object], attribute: str) -> bool:
    return contact.get(attribute) in (True, 1, "true", "yes")
