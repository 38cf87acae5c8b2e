"""What each risk budget lets the bot answer, beside a plain similarity threshold; asks nothing itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from eval.data.labelled import LabelledQuestion
from eval.metrics import RiskPoint, risk_coverage, wrong_among_answered
from eval.metrics.intervals import clopper_pearson, wilson
from eval.report.charts import Chart, Curve
from eval.results import figure
from model.answering.risk import NEVER, RiskThreshold, risk_threshold
from model.model_set import CalibrationSample
from model.policy import PolicySettings, early_verdict, verdict
from model.types import Candidate, Decision, Question

BUDGETS = (0.01, 0.02, 0.05)
MOST_POINTS = 40
"""Points kept of a curve in the figures; the chart has all of them."""
_ANSWERS_ALL = 0.0
_SLOPE_PULL = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What decides about answers when the budget is another one."""

    calibration: CalibrationSample
    """The held-out decisions that thresholds are found on."""
    policy: PolicySettings
    confidence_level: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the decision on it."""

    question: LabelledQuestion
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Answer:
    """What would be answered when nothing were too unsure."""

    score: float
    """How sure: an answer is given when this reaches the threshold."""
    right: bool


def figures(asked: Sequence[Asked], rules: Rules, *, n: int) -> dict[str, Any]:  # JSON
    """By budget, what the thresholds found on the calibration questions answer of the `n` questions asked.

    `at_risk`: the policy of the product, decision by decision, at the threshold of each budget.
    `plain_similarity`: the nearest candidate is answered when its cosine reaches a threshold found on the
    same calibration questions by the same rule, under the same policy; `None` when their cosines are not
    known. `curve` in each: coverage and wrong share at up to 40 thresholds, strictest first.

    A budget's entry has `threshold`, `guaranteed`, `n_answered`, `n_wrong`, `coverage` (of all questions)
    and `wrong_among_answered` with exact intervals, and under `proven` the same for the proof alone.
    """
    sample = rules.calibration

    def threshold(risk: float, proven_only: bool) -> RiskThreshold:
        return _found(sample.confidences, sample.correct, rules, risk=risk, proven_only=proven_only)

    def rights(at: float) -> list[bool]:
        answers = ((one, _answered_at(one, at, rules.policy)) for one in asked)
        return [ref in one.question.refs for one, ref in answers if ref is not None]

    return {
        "at_risk": _by_budget(threshold, rights, n),
        "curve": _curve(_by_confidence(asked, rules.policy), n),
        "plain_similarity": _plain_similarity(asked, rules, n) if len(sample.cosines) else None,
    }


def chart(asked: Sequence[Asked], rules: Rules, *, n: int) -> Chart:
    """The share of wrong answers against the share answered, by confidence and by plain similarity."""
    curves = (
        ("confidence", _by_confidence(asked, rules.policy)),
        ("plain similarity", _by_cosine(asked, rules.policy)),
    )
    return Chart(
        title="Wrong among answered, by how much is answered",
        x_label="share of all questions answered",
        y_label="share of wrong answers among them",
        curves=tuple(
            Curve(name, [_of_all(point, answers, n) for point in points], [point.risk for point in points])
            for name, answers in curves
            for points in (_points(answers),)
        ),
    )


def _plain_similarity(asked: Sequence[Asked], rules: Rules, n: int) -> dict[str, Any]:  # JSON
    sample = rules.calibration
    probability = _probability_of(sample.cosines, sample.nearest_correct)
    near = _by_cosine(asked, rules.policy)

    def threshold(risk: float, proven_only: bool) -> RiskThreshold:
        probabilities = probability(sample.cosines)
        found = _found(probabilities, sample.nearest_correct, rules, risk=risk, proven_only=proven_only)
        return _in_cosines(found, sample.cosines)

    def rights(at: float) -> list[bool]:
        return [one.right for one in near if one.score >= at]

    return {**_by_budget(threshold, rights, n), "curve": _curve(near, n)}


def _found(
    sure: NDArray[np.float64], correct: NDArray[np.bool_], rules: Rules, *, risk: float, proven_only: bool
) -> RiskThreshold:
    return risk_threshold(
        sure, correct, risk=risk, confidence_level=rules.confidence_level, proven_only=proven_only
    )


def _in_cosines(found: RiskThreshold, cosines: NDArray[np.float64]) -> RiskThreshold:
    """The threshold as a cosine: the probability grows with it, so as many are at or above it."""
    value = float(np.sort(cosines)[-found.answered]) if found.answered else NEVER
    return RiskThreshold(
        value, found.guaranteed, found.risk, found.confidence_level, found.answered, found.wrong
    )


def _probability_of(
    cosines: NDArray[np.float64], correct: NDArray[np.bool_]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Logistic curve through cosine and outcome (Platt 1999), never falling: what estimates need."""

    def loss(weights: NDArray[np.float64]) -> float:
        odds = weights[0] * cosines + weights[1]
        mean = np.mean(np.logaddexp(0.0, odds) - correct * odds)
        return float(mean) + _SLOPE_PULL * float(weights[0] ** 2) / max(1, len(cosines))

    slope, offset = minimize(
        loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0, None), (None, None)]
    ).x
    return lambda given: expit(slope * given + offset)


def _by_confidence(asked: Sequence[Asked], policy: PolicySettings) -> list[_Answer]:
    """What the product would answer, each with the threshold up to which it does."""
    return [found for one in asked if (found := _product_answer(one, policy)) is not None]


def _product_answer(one: Asked, policy: PolicySettings) -> _Answer | None:
    """An answer given whatever the threshold, such as an approved question's, has the strictest of all."""
    never = _answered_at(one, NEVER, policy)
    if never is not None:
        return _Answer(NEVER, never in one.question.refs)
    always = _answered_at(one, _ANSWERS_ALL, policy)
    return None if always is None else _Answer(one.decision.confidence, always in one.question.refs)


def _by_cosine(asked: Sequence[Asked], policy: PolicySettings) -> list[_Answer]:
    """The nearest candidate of each question that the policy lets the bot answer."""
    found = []
    for one in asked:
        if one.decision.candidates and _answered_at(one, _ANSWERS_ALL, policy) is not None:
            nearest = max((scored.candidate for scored in one.decision.candidates), key=_cosine)
            found.append(_Answer(nearest.dense_score, nearest.ref in one.question.refs))
    return found


def _cosine(candidate: Candidate) -> float:
    return candidate.dense_score


def _answered_at(one: Asked, threshold: float, policy: PolicySettings) -> str | None:
    """The ref that the policy answers with at this threshold, if it does."""
    decision, question = one.decision, Question(one.question.text)
    read = decision.understanding
    found = early_verdict(question, read, decision.candidates, policy) or verdict(
        question, read, decision.candidates, threshold=threshold, settings=policy
    )
    return found.chosen[0].candidate.ref if found.kind == "answer" else None


def _by_budget(
    threshold: Callable[[float, bool], RiskThreshold], rights: Callable[[float], Sequence[bool]], n: int
) -> dict[str, Any]:  # JSON
    """Of each budget the threshold and what became of the questions, and the same for the proof alone.

    `rights` tells of each answer given at a threshold whether it is right.
    """

    def seen(found: RiskThreshold) -> dict[str, Any]:  # JSON
        return _seen(found, rights(found.value), n)

    return {
        f"{risk:g}": {**seen(threshold(risk, False)), "proven": seen(threshold(risk, True))}
        for risk in BUDGETS
    }


def _seen(found: RiskThreshold, rights: Sequence[bool], n: int) -> dict[str, Any]:  # JSON
    wrong, given = rights.count(False), len(rights)
    exact = clopper_pearson(wrong, given) if given else None
    return {
        "threshold": found.value,
        "guaranteed": found.guaranteed,
        "n_answered": given,
        "n_wrong": wrong,
        **figure("coverage", given / n, wilson(given, n)),
        **figure("wrong_among_answered", wrong_among_answered(wrong, given), exact),
    }


def _points(answers: Sequence[_Answer]) -> list[RiskPoint]:
    return risk_coverage([one.score for one in answers], [one.right for one in answers])


def _of_all(point: RiskPoint, answers: Sequence[_Answer], n: int) -> float:
    """Coverage of all questions: some are for people whatever the threshold."""
    return point.coverage * len(answers) / n


def _curve(answers: Sequence[_Answer], n: int) -> list[Mapping[str, float]]:
    points = _points(answers)
    places = np.unique(np.linspace(0, len(points) - 1, min(MOST_POINTS, len(points))).round().astype(int))
    return [
        {
            "threshold": round(points[i].threshold, 4),
            "coverage": round(_of_all(points[i], answers, n), 4),
            "risk": round(points[i].risk, 4),
        }
        for i in places
    ]
