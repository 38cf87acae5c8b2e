"""Whether a model set can answer anything at a risk budget, and how many questions it wants for it."""

import math
from dataclasses import dataclass

from model.answering.risk import FEWEST_ANSWERS, NEVER, decisions_needed
from model.model_set import CalibrationSample
from model.types import CandidateKind

_USUALLY_ENOUGH = 100
"""Calibration questions of one's own: with 40 of a bank nothing was answered, with 120 of them 57 of 96."""
_CALLED = {"article": "articles", "learned_answer": "learned answers"}


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a set gives answers of one kind at a risk budget."""

    answers: bool
    more: int | None
    """About how many more calibration questions like those it has would do; `None` when it answers, or when
    it cannot be told: how sure it is of each grows with their number, too."""
    reason: str
    """A sentence with the numbers."""


def reach(sample: CalibrationSample, kind: CandidateKind, *, budget: float) -> Reach:
    """What a set, calibrated on `sample`, can do with answers of this kind at this budget."""
    threshold = sample.thresholds(risk=budget)[kind]
    chosen, called = sample.of_kind(kind), _CALLED[kind]
    n, right = len(chosen.correct), int(chosen.correct.sum())
    if threshold.value < NEVER:
        of = f"{threshold.answered} of {n} calibration questions, {threshold.wrong} of them wrongly"
        return Reach(True, None, f"{called} are given from a confidence of {threshold.value:.2f} on: to {of}")
    seen = f"{called} are never given at a budget of {budget:g}: of {n} calibration questions {right} found"
    needed = decisions_needed(chosen.confidences, chosen.correct, risk=budget) if right else None
    if needed is not None:
        more = max(1, needed - n)
        return Reach(False, more, f"{seen} the right one, about {_rounded(more)} more like these would do")
    advice = "see which are wrong, and that articles answer the others"
    if n < _USUALLY_ENOUGH:
        own = f"{_USUALLY_ENOUGH} questions of your own customers"
        advice = f"with {own}, and articles that answer them, it mostly does"
    return Reach(
        False,
        None,
        f"{seen} the right one, but too few of them are sure, or the surest are wrong. It takes "
        f"{FEWEST_ANSWERS} that are sure and right: {advice}",
    )


def _rounded(count: int) -> int:
    """Up to two digits: it is an estimate."""
    step: int = 10 ** max(0, len(str(count)) - 2)
    return math.ceil(count / step) * step
