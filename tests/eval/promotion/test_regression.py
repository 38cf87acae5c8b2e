"""Regression cases put to a bot of written rules."""

from pathlib import Path

import pytest

from eval.data.labelled import LabelledQuestion, QuestionKind
from eval.promotion.regression import Case, as_approved, read_cases, run
from serving.db.session import Database
from serving.db.tables import LearnedAnswer, RegressionCase
from tests.eval.eval_parts import RuleResolver
from tests.stores import sqlite_url

RULES = RuleResolver(
    {
        "given": ("answer", ("learned_answer:1",)),
        "given second": ("answer", ("article:a", "learned_answer:1")),
        "asked back": ("clarify", ("learned_answer:1",)),
    }
)


@pytest.mark.parametrize(
    ("text", "must_answer", "kept"),
    [
        ("given", True, True),
        ("given second", True, False),
        ("asked back", True, False),
        ("given", False, False),
        ("given second", False, True),
        ("asked back", False, True),
        ("no rule knows this", True, False),
        ("no rule knows this", False, False),
    ],
)
def test_a_phrasing_must_get_its_answer_at_once_and_a_near_miss_must_not(
    text: str, must_answer: bool, kept: bool
) -> None:
    result = run([Case(7, "learned_answer:1", text, must_answer)], resolver=RULES)
    assert result[0].kept is kept


def test_an_item_says_what_was_given_instead() -> None:
    result = run([Case(7, "learned_answer:1", "given second", True)], resolver=RULES)
    assert result[0].answered_ref == "article:a"
    assert result[0].decision == "answer"


def test_without_cases_nothing_is_kept_or_broken() -> None:
    assert run([], resolver=RULES) == ()


def test_a_question_for_people_whose_answer_was_approved_since_counts_as_answered_by_it() -> None:
    def labelled(text: str, kind: QuestionKind, *refs: str) -> LabelledQuestion:
        return LabelledQuestion("q", text, kind, None, frozenset(refs))

    asked = [
        labelled("may I   bring a dog?", "needs_person"),
        labelled("Where is it?", "answerable", "article:a"),
        labelled("Close my account", "needs_person"),
        labelled("May I bring a cat?", "needs_person"),
    ]
    cases = [
        Case(1, "learned_answer:1", "May I bring a dog?", True),
        Case(2, "learned_answer:1", "May I bring a cat?", False),
        Case(3, "learned_answer:2", "Where is it?", True),
        Case(4, "learned_answer:3", "Close my account", True),
    ]
    got = as_approved(asked, cases, given={"learned_answer:1", "learned_answer:2"})
    assert [(one.kind, sorted(one.refs)) for one in got] == [
        ("answerable", ["learned_answer:1"]),
        ("answerable", ["article:a", "learned_answer:2"]),
        ("needs_person", []),  # nobody released it
        ("needs_person", []),  # somebody told it apart
    ]


def test_the_cases_of_retired_answers_do_not_count(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    with database.session() as session:
        for status in ("approved", "retired"):
            answer = LearnedAnswer(question=f"{status}?", answer="Yes.", status=status)
            session.add(answer)
            session.flush()
            session.add(RegressionCase(learned_answer_id=answer.id, text=f"{status}?", must_answer=True))
    with database.reading() as session:
        assert read_cases(session) == [Case(1, "learned_answer:1", "approved?", True)]
    database.close()
