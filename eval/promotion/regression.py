"""Puts the regression cases of approved learned answers to a bot; keeps and changes none of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from eval.results import Track, untracked
from model.types import Question
from serving.db.tables import learned_answer_ref, now
from serving.learned_answers import repository
from serving.runtime.in_service import QuestionResolver

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
