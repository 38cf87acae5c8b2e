"""Finds how sure an answer must be so that the share of wrong answers keeps to the risk budget."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEVER = 2.0
"""A threshold no confidence reaches."""

CONFIDENCE_LEVEL = 0.9
"""How sure the guarantee is when nothing else is asked for."""

FEWEST_ANSWERS = 20
"""Fewer answers than these say too little."""

_MOST_TIMES = 8
"""Whoever has so few sure answers that even so many times as many decisions let none through needs others."""

_START_ERRORS = 1
"""The first tested threshold is so strict that this many wrong answers would still pass."""


@dataclass(frozen=True, slots=True)
class RiskThreshold:
    """The least confidence to answer at, and what is known about it."""

    value: float
    """In [0, 1], or `NEVER`."""
    guaranteed: bool
    """Whether the share of wrong answers is at most `risk` with probability `confidence_level`."""
    risk: float
    confidence_level: float
    answered: int
    """Held-out decisions at or above the threshold."""
    wrong: int
    """Those of them that were wrong."""


def risk_threshold(
    confidences: NDArray[np.float64],
    correct: NDArray[np.bool_],
    *,
    risk: float,
    confidence_level: float = CONFIDENCE_LEVEL,
    proven_only: bool = False,
) -> RiskThreshold:
    """The lowest threshold whose wrong share among answers is at most `risk`, on held-out decisions.

    **Proven**: Learn-then-Test with fixed-sequence testing (Angelopoulos et al. 2021): thresholds are
    tested from strict to lenient, each by an exact binomial test at level `1 - confidence_level`, until
    one fails; the order depends on the confidences alone, so no correction for many tests is due. The
    first threshold tested answers just enough decisions that one wrong answer would still pass; where
    ties bring more wrong ones at once, nothing is proven. The promise holds for questions exchangeable
    with those of the sample: it fails with probability at most `1 - confidence_level`.

    **Estimated**: the lowest threshold, among at least 20 answers, at which the calibrated confidences
    expect the budget to be kept and what was seen does not speak against it (exact binomial test at level
    `1 - confidence_level`).

    A budget too small for any proof has the estimate. A larger one has the proof, but never answers less
    than a smaller budget does: where the estimate for the least budget that can be proven answers more,
    it is taken, and `guaranteed` is false. So the threshold never rises with the budget. With
    `proven_only` there is the proof or `NEVER`, which do not rise either. Ties in confidence are answered
    together.
    """
    _check(confidences, correct, risk, confidence_level)
    answered, wrong, values = _by_threshold(confidences, correct)
    proven = _last_proven(answered, wrong, risk, confidence_level)
    expected = -1
    if not proven_only:
        least = min(risk, _least_provable(answered, wrong, confidence_level))
        expected = _last_expected_to_pass(confidences, answered, wrong, least, 1 - confidence_level)
    last = max(proven, expected)
    if last < 0:
        return RiskThreshold(NEVER, False, risk, confidence_level, 0, 0)
    return RiskThreshold(
        value=float(values[last]),
        guaranteed=proven == last,
        risk=risk,
        confidence_level=confidence_level,
        answered=int(answered[last]),
        wrong=int(wrong[last]),
    )


def wrong_share_bound(wrong: int, answered: int, *, confidence_level: float = CONFIDENCE_LEVEL) -> float:
    """One-sided upper bound of the wrong share (Clopper & Pearson 1934); 1 when nothing was answered."""
    if wrong >= answered:
        return 1.0
    low, high = wrong / answered, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_at_most(wrong, answered, middle) > 1 - confidence_level:
            low = middle
        else:
            high = middle
    return high


def answers_needed(wrong: int, *, risk: float, confidence_level: float = CONFIDENCE_LEVEL) -> int:
    """The fewest held-out answers with `wrong` wrong ones that still prove the budget."""
    low, high = wrong, wrong + 1
    while not _proven(wrong, high, risk, confidence_level):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if _proven(wrong, middle, risk, confidence_level):
            high = middle
        else:
            low = middle
    return high


def fewest_proving(risk: float, *, confidence_level: float = CONFIDENCE_LEVEL) -> int:
    """The fewest held-out answers that `risk_threshold` can prove a budget on: one of them may be wrong."""
    return answers_needed(_START_ERRORS, risk=risk, confidence_level=confidence_level)


def decisions_needed(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_], *, risk: float
) -> int | None:
    """About how many held-out decisions like these it takes until `risk_threshold` lets any be answered.

    Larger samples are these decisions repeated, spread evenly over their confidences. `None` when even 8
    times as many would not do: then the surest of them are not sure enough, or too often wrong.
    """
    order = np.argsort(-confidences, kind="stable")
    n = len(order)

    def answers(size: int) -> bool:
        rows = order[np.arange(size) * n // size]
        return risk_threshold(confidences[rows], correct[rows], risk=risk).value < NEVER

    low, high = n - 1, n
    while not answers(high):
        low, high = high, high * 2
        if not 0 < high <= n * _MOST_TIMES:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if answers(middle) else (middle, high)
    return high


def _proven(wrong: int, answered: int, risk: float, confidence_level: float) -> bool:
    """Whether `wrong_share_bound` is at most `risk`, by one look instead of a search for the bound."""
    return wrong < answered and _binomial_at_most(wrong, answered, risk) <= 1 - confidence_level


def _least_provable(answered: NDArray[np.int64], wrong: NDArray[np.int64], confidence_level: float) -> float:
    """The smallest budget whose first test passes; 1 when there is none."""
    few_wrong = np.flatnonzero(wrong <= _START_ERRORS)
    most = int(answered[few_wrong[-1]]) if len(few_wrong) else 0
    return wrong_share_bound(_START_ERRORS, most, confidence_level=confidence_level)


def _last_proven(
    answered: NDArray[np.int64], wrong: NDArray[np.int64], risk: float, confidence_level: float
) -> int:
    """Index of the most lenient threshold before the first that fails its test, or -1."""
    first = fewest_proving(risk, confidence_level=confidence_level)
    passed = -1
    for i in np.flatnonzero(answered >= first):
        within_start = passed >= 0 or wrong[i] <= _START_ERRORS
        if not within_start or not _proven(int(wrong[i]), int(answered[i]), risk, confidence_level):
            break
        passed = int(i)
    return passed


def _last_expected_to_pass(
    confidences: NDArray[np.float64],
    answered: NDArray[np.int64],
    wrong: NDArray[np.int64],
    risk: float,
    level: float,
) -> int:
    """Index of the most lenient threshold that confidences and outcomes do not speak against, or -1."""
    expected = np.cumsum(1 - np.sort(confidences)[::-1])[answered - 1] / answered
    for i in reversed(range(len(answered))):
        n, k = int(answered[i]), int(wrong[i])
        if n < FEWEST_ANSWERS:
            break
        if expected[i] <= risk and (k == 0 or 1 - _binomial_at_most(k - 1, n, risk) > level):
            return i
    return -1


def _binomial_at_most(k: int, n: int, p: float) -> float:
    """P(X <= k) for X binomial(n, p), with 0 < p < 1."""
    if p >= 1:
        return 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    logs = [
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log_p + (n - i) * log_q
        for i in range(k + 1)
    ]
    return min(1.0, math.fsum(math.exp(value) for value in logs))


def _by_threshold(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Answered and wrong at each distinct threshold, strictest first."""
    order = np.argsort(-confidences, kind="stable")
    sorted_confidences = confidences[order]
    last_of_tie = np.append(sorted_confidences[1:] != sorted_confidences[:-1], True)[: len(order)]
    answered = np.arange(1, len(order) + 1)[last_of_tie]
    wrong = np.cumsum(~correct[order])[last_of_tie]
    return answered, wrong, sorted_confidences[last_of_tie]


def _check(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_], risk: float, confidence_level: float
) -> None:
    if confidences.shape != correct.shape or confidences.ndim != 1:
        raise ValueError(f"confidences {confidences.shape} and correct {correct.shape} must be equal rows")
    if not 0 < risk < 1:
        raise ValueError(f"risk must be between 0 and 1, got {risk}; 0.02 means at most 2 % wrong")
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level must be between 0 and 1, got {confidence_level}")
