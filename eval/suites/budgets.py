"""What each risk budget lets the bot answer of questions that it was asked; asks nothing itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from eval.data.labelled import LabelledQuestion
from eval.metrics import RiskPoint, risk_coverage
from eval.report.charts import Chart, Curve
from eval.results import Figure
from model.model_set import CalibrationSample
from model.policy import PolicySettings, Thresholds, whole_verdict
from model.types import Decision, Question

BUDGETS = (0.01, 0.02, 0.05)
MOST_POINTS = 40
"""Points kept of a curve in the figures; the chart has all of them."""
_ANSWERS_ALL: Thresholds = {"article": 0.0, "learned_answer": 0.0}


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

    `at_risk`: the policy of the product, decision by decision, at the threshold of each budget: `threshold`,
    `guaranteed`, `n_answered`, `n_wrong`, `coverage` (of all questions) and `wrong_among_answered` with exact
    intervals, and under `proven` the same for the proof alone. `curve`: coverage and wrong share at up to 40
    thresholds, strictest first.
    """

    def seen(risk: float, *, proven_only: bool) -> dict[str, Any]:  # JSON
        found = rules.calibration.thresholds(
            risk=risk, confidence_level=rules.confidence_level, proven_only=proven_only
        )
        thresholds = {kind: threshold.value for kind, threshold in found.items()}
        answers = ((question, _answered_at(question, thresholds, rules.policy)) for question in asked)
        rights = [ref in question.question.refs for question, ref in answers if ref is not None]
        wrong, answered = rights.count(False), len(rights)
        return {
            "threshold": found["article"].value,
            "guaranteed": found["article"].guaranteed,
            "n_answered": answered,
            "n_wrong": wrong,
            **Figure.share(answered, n).under("coverage"),
            **Figure.promise(wrong, answered).under("wrong_among_answered"),
        }

    at_risk = {
        f"{risk:g}": {**seen(risk, proven_only=False), "proven": seen(risk, proven_only=True)}
        for risk in BUDGETS
    }
    points = _points(asked, rules.policy, n)
    places = np.unique(np.linspace(0, len(points) - 1, min(MOST_POINTS, len(points))).round().astype(int))
    curve = [{key: round(value, 4) for key, value in asdict(points[place]).items()} for place in places]
    return {"at_risk": at_risk, "curve": curve}


def chart(asked: Sequence[Asked], rules: Rules, *, n: int) -> Chart:
    """The share of wrong answers against the share of all questions answered."""
    points = _points(asked, rules.policy, n)
    return Chart(
        title="Wrong among answered, by how much is answered",
        x_label="share of all questions answered",
        y_label="share of wrong answers among them",
        curves=(Curve("confidence", [point.coverage for point in points], [point.risk for point in points]),),
    )


def _points(asked: Sequence[Asked], policy: PolicySettings, n: int) -> list[RiskPoint]:
    """By threshold, with the coverage of all `n` questions: some are for people whatever the threshold."""
    answers = [answer for question in asked if (answer := _product_answer(question, policy)) is not None]
    points = risk_coverage([answer.score for answer in answers], [answer.right for answer in answers])
    return [replace(point, coverage=point.coverage * len(answers) / n) for point in points]


def _product_answer(asked: Asked, policy: PolicySettings) -> _Answer | None:
    """The answer given at a threshold that every confidence reaches, if rules for people let any through."""
    ref = _answered_at(asked, _ANSWERS_ALL, policy)
    return None if ref is None else _Answer(asked.decision.confidence, ref in asked.question.refs)


def _answered_at(asked: Asked, thresholds: Thresholds, policy: PolicySettings) -> str | None:
    """The ref that the policy answers with at this threshold, if it does."""
    decided = whole_verdict(
        Question(asked.question.text),
        asked.decision.understanding,
        asked.decision.candidates,
        thresholds=thresholds,
        settings=policy,
    )
    return decided.chosen[0].candidate.ref if decided.kind == "answer" else None
