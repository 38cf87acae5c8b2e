"""The answers suite with a resolver whose decisions are written down beside the questions."""

from pathlib import Path

import numpy as np
import pytest

from eval.data.beir import chosen_for_removal, read_beir
from eval.data.labelled import LabelledQuestion, QuestionKind
from eval.suites import answers
from model.errors import DataError
from tests.eval.eval_parts import RuleResolver

RULES = RuleResolver(
    {
        "one": ("answer", ("article:a", "article:b")),
        "two": ("answer", ("learned_answer:3",)),
        "three": ("answer", ("article:b", "article:a")),
        "four": ("clarify", ("article:a", "article:c")),
        "five": ("handoff", ()),
        "six": ("answer", ("article:a",)),
        "seven": ("smalltalk", ()),
        "eight": ("silent", ()),
    }
)


def question(text: str, kind: QuestionKind = "answerable", *refs: str) -> LabelledQuestion:
    return LabelledQuestion(f"id-{text}", text, kind, None, frozenset(refs))


QUESTIONS = [
    question("one", "answerable", "article:a"),
    question("two", "answerable", "article:c", "learned_answer:3"),
    question("three", "answerable", "article:a"),
    question("four", "answerable", "article:a"),
    question("five", "answerable", "article:a"),
    question("six", "needs_person"),
    question("seven", "smalltalk"),
    question("eight", "needs_person"),
    question("nine", "out_of_scope"),
    question("ten", "answerable", "article:a"),
]


@pytest.fixture
def result() -> answers.SuiteResult:
    return answers.run(QUESTIONS, resolver=RULES)


def test_every_question_has_one_outcome_and_the_shares_add_up(result: answers.SuiteResult) -> None:
    figures = result.figures
    assert figures["n"] == 10
    assert figures["answered_right"] == 0.2  # one, two
    assert figures["answered_wrong"] == 0.2  # three: the wrong one first; six: a person's matter
    assert figures["clarified"] == 0.1
    assert figures["handed_over"] == 0.2  # five, and eight where the bot stays silent
    assert figures["smalltalk"] == 0.1
    assert figures["failed"] == 0.2  # nine and ten, which no rule knows
    assert sum(figures[outcome] for outcome in answers.OUTCOMES) == pytest.approx(1.0)


def test_the_wrong_share_is_among_the_answers_given(result: answers.SuiteResult) -> None:
    figures = result.figures
    assert figures["n_answered"] == 4
    assert figures["wrong_among_answered"] == 0.5
    # Clopper & Pearson's interval of 2 of 4
    assert figures["wrong_among_answered_interval"] == pytest.approx([0.0676, 0.9324], abs=5e-5)


def test_the_threshold_is_reported_with_what_is_promised_of_it(result: answers.SuiteResult) -> None:
    figures = result.figures
    assert (figures["threshold"], figures["risk"], figures["guaranteed"]) == (0.8, 0.02, True)
    assert figures["confidence_level"] == 0.9


def test_outcomes_are_counted_by_kind(result: answers.SuiteResult) -> None:
    by_kind = result.figures["by_kind"]
    assert by_kind["answerable"] == {
        "answered_right": 2,
        "answered_wrong": 1,
        "clarified": 1,
        "handed_over": 1,
        "smalltalk": 0,
        "failed": 1,
    }
    assert by_kind["needs_person"]["handed_over"] == 1
    assert result.figures["needs_person_answered"] == 1


def test_a_question_that_crashes_is_a_recorded_failure(result: answers.SuiteResult) -> None:
    failed = result.items[8]
    assert failed["outcome"] == "failed"
    assert failed["error"] == "KeyError('nine')"
    assert failed["milliseconds"] is None


def test_each_item_keeps_what_was_answered_or_offered(result: answers.SuiteResult) -> None:
    assert [item["id"] for item in result.items] == [question.id for question in QUESTIONS]
    assert result.items[2]["ref"] == "article:b"
    assert result.items[2]["right_refs"] == ("article:a",)
    assert result.items[3]["choices"] == ("article:a", "article:c")


def test_times_are_those_of_the_questions_that_got_a_decision(result: answers.SuiteResult) -> None:
    # lengths of the eight texts: 3 3 5 4 4 3 5 5
    assert result.figures["p50_ms"] == 4.0
    assert result.figures["p95_ms"] == 5.0


def test_hindsight_tells_what_another_threshold_could_have_answered() -> None:
    rules = RuleResolver(
        {
            "sure": ("answer", ("article:a",)),
            "less sure": ("clarify", ("article:a", "article:b")),
            "unsure": ("clarify", ("article:b", "article:a")),
            "a person's": ("handoff", ("article:a",)),
        },
        confidences={"sure": 0.95, "less sure": 0.7, "unsure": 0.5},
    )
    asked = [
        question(text, "answerable", "article:a") for text in ("sure", "less sure", "unsure", "a person's")
    ]
    result = answers.run(asked, resolver=rules)
    # down to .7 both are right, at .5 one of three is wrong; the wish for a person stays a wish
    assert result.figures["coverage_in_hindsight"] == 0.5
    assert result.figures["best_right"] == 0.75
    assert [item["best_ref"] for item in result.items] == ["article:a", "article:a", "article:b", "article:a"]


def test_without_answerable_questions_no_candidate_is_right() -> None:
    figures = answers.run(QUESTIONS[5:6], resolver=RULES).figures
    assert figures["best_right"] is None
    assert figures["coverage_in_hindsight"] == 0.0


def test_a_bot_that_never_answers_has_no_wrong_share() -> None:
    figures = answers.run(QUESTIONS[4:5], resolver=RULES).figures
    assert figures["handed_over"] == 1.0
    assert figures["wrong_among_answered"] is None
    assert figures["wrong_among_answered_interval"] is None


def test_without_any_decision_there_are_no_times() -> None:
    figures = answers.run(QUESTIONS[8:9], resolver=RULES).figures
    assert (figures["failed"], figures["p50_ms"], figures["p95_ms"]) == (1.0, None, None)


def test_without_questions_there_is_nothing_to_measure() -> None:
    with pytest.raises(DataError, match="no questions to ask"):
        answers.run([], resolver=RULES)


def test_the_queries_of_a_beir_folder_are_answerable_by_their_judgements(beir: Path) -> None:
    asked = answers.beir_questions(read_beir(beir))
    assert [one.id for one in asked] == ["q1", "q2", "q3"]
    assert asked[0] == LabelledQuestion(
        "q1", "yellow leaves", "answerable", None, frozenset({"article:leaves"})
    )


def test_questions_that_lose_all_their_answers_have_none() -> None:
    asked = [
        question("kept", "answerable", "article:a"),
        question("half", "answerable", "article:a", "article:b"),
        question("lost", "answerable", "article:b"),
        question("a person's", "needs_person"),
    ]
    left = answers.without_answers(asked, frozenset({"article:b"}))
    assert [(one.kind, one.refs) for one in left] == [
        ("answerable", {"article:a"}),
        ("answerable", {"article:a"}),
        ("out_of_scope", frozenset()),
        ("needs_person", frozenset()),
    ]


def test_the_share_to_remove_is_drawn_from_the_distinct_names_and_the_seed_alone() -> None:
    names = [*"abcdefgh", "a", "b"]
    first = chosen_for_removal(names, share=0.5, rng=np.random.default_rng(3))
    assert len(first) == 4
    assert first <= set(names)
    assert first == chosen_for_removal(reversed(names), share=0.5, rng=np.random.default_rng(3))
    assert chosen_for_removal(names, share=0.0, rng=np.random.default_rng(3)) == frozenset()
