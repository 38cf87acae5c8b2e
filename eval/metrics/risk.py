"""What being choosy about answering buys: coverage against wrong answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What answering at or above one threshold gives."""

    threshold: float
    coverage: float
    """Share of all items that are answered."""
    risk: float
    """Share of wrong ones among those answered."""


def risk_coverage(confidences: ArrayLike, correct: ArrayLike) -> list[RiskPoint]:
    """A point for each distinct confidence, strictest first (El-Yaniv & Wiener 2010).

    Equal confidences are answered together. Nothing answered has no risk, so there is no such point;
    without items the list is empty.
    """
    sure, right = np.asarray(confidences, dtype=np.float64), np.asarray(correct, dtype=bool)
    if sure.shape != right.shape:
        raise ValueError(f"{len(right)} outcomes were given beside {len(sure)} confidences")
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(~right[order])
    last_of_tie = np.flatnonzero(np.append(sure[order][1:] != sure[order][:-1], True)[: len(order)])
    return [
        RiskPoint(float(sure[order[i]]), float((i + 1) / len(order)), float(wrong[i] / (i + 1)))
        for i in last_of_tie
    ]


def wrong_among_answered(wrong: int, answered: int) -> float | None:
    """`wrong / answered`; `None` when nothing was answered."""
    if not 0 <= wrong <= answered:
        raise ValueError(f"{wrong} wrong of {answered} answered is not a share")
    return wrong / answered if answered else None
