"""Puts the regression cases of approved learned answers to a bot; keeps and changes none of them."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledQuestion
from eval.results import Track, untracked
from model.refs import learned_answer_ref
from model.types import Question
from serving.db.tables import now
from serving.learned_answers import repository
from serving.runtime.in_service import QuestionResolver
from serving.text import folded

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """A text that must, or must not, get a learned answer."""

    id: int
    ref: str
    """The learned answer."""
    text: str
    must_answer: bool


@dataclass(frozen=True, slots=True)
class CaseItem:
    """What became of one case."""

    id: int
    ref: str
    text: str
    must_answer: bool
    kept: bool
    decision: str
    """The kind of decision; `failed` when asking crashed."""
    answered_ref: str | None
    confidence: float | None


def read_cases(session: Session) -> list[Case]:
    """The cases of the learned answers in use at this moment, by id."""
    return [
        Case(row.id, learned_answer_ref(row.learned_answer_id), row.text, row.must_answer)
        for row in repository.regression_cases(session, now())
    ]


def as_approved(
    questions: Sequence[LabelledQuestion], cases: Sequence[Case], *, given: Container[str]
) -> list[LabelledQuestion]:
    """The questions, those that somebody approved an answer for since they were labelled as answered by it.

    A question that nobody could answer then is no longer one for people in the very words that an agent
    approved; case and space aside. Left as they are: questions of answers that the bot does not give, as
    those on matters for people that nobody released.
    """
    approved: dict[str, set[str]] = {}
    for case in cases:
        if case.must_answer and case.ref in given:
            approved.setdefault(folded(case.text), set()).add(case.ref)
    return [
        replace(question, kind="answerable", refs=question.refs | refs)
        if (refs := approved.get(folded(question.text)))
        else question
        for question in questions
    ]


def run(
    cases: Sequence[Case], *, resolver: QuestionResolver, track: Track = untracked
) -> tuple[CaseItem, ...]:
    """Asks the text of each case on its own, as the first message of an unknown customer.

    A phrasing is kept when its learned answer is given at once; a near miss when that answer is not given.
    A case that crashes is not kept. The cases are all there are, no sample, so there is no interval.
    """
    return tuple(_asked(case, resolver) for case in track(cases, doing="Regression cases"))


def _asked(case: Case, resolver: QuestionResolver) -> CaseItem:
    decision = None
    try:
        decision = resolver.resolve(Question(case.text))
    except Exception as raised:  # whatever goes wrong for one case, the others are still asked
        _log.error("regression_case_failed", id=case.id, exception=type(raised).__name__)
    answered = decision is not None and decision.kind == "answer" and bool(decision.sources)
    ref = decision.sources[0].ref if decision is not None and answered else None
    return CaseItem(
        id=case.id,
        ref=case.ref,
        text=case.text,
        must_answer=case.must_answer,
        kept=decision is not None and (ref == case.ref) == case.must_answer,
        decision=decision.kind if decision is not None else "failed",
        answered_ref=ref,
        confidence=decision.confidence if decision is not None else None,
    )
