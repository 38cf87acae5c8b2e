"""What other budgets would answer: decisions, confidences and cosines written down by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.data.labelled import LabelledQuestion
from eval.report.charts import write_charts
from eval.suites import budgets
from eval.suites.budgets import Asked, Rules
from model.model_set import CalibrationSample
from model.policy import PolicySettings
from model.types import Candidate, Decision, Passage, ScoredCandidate, Understanding

CALM = Understanding(None, 0.0, {}, 0.0, 0.0, 0.0, None, "neutral", 0.0, 0.0, 0.0, None, {})

SAMPLE = CalibrationSample(
    confidences=np.repeat([0.9, 0.5], 400),
    correct=np.array([True] * 400 + [True, False] * 200),
    learned=np.zeros(800, dtype=bool),
)
"""400 right ones, then 400 of which half are wrong: at 1, 2 and 5 % the first 400 are proven, and no more."""
RULES = Rules(SAMPLE, PolicySettings(), confidence_level=0.9)


def candidate(ref: str, confidence: float, cosine: float) -> ScoredCandidate:
    kind = "learned_answer" if ref.startswith("learned_answer") else "article"
    passage = Passage(f"{ref}#0", ref, kind, ref, (), "", ref, "")
    return ScoredCandidate(
        Candidate(passage, cosine, cosine, 0.0, cosine, 0.0, 1, 1, cosine),
        {},
        confidence,
    )


def asked(*candidates: ScoredCandidate, right: str = "article:a", wants_person: float = 0.0) -> Asked:
    """A question that `right` answers, and the candidates found for it, most confident first."""
    question = LabelledQuestion("q", "a question", "answerable", None, frozenset({right}))
    decision = Decision(
        kind="clarify",
        answer="",
        sources=(),
        choices=(),
        confidence=candidates[0].confidence,
        threshold=0.9,
        reasons=(),
        understanding=replace(CALM, wants_person=wants_person),
        candidates=candidates,
        model="",
        milliseconds={},
    )
    return Asked(question, decision)


ASKED = [
    asked(candidate("article:a", 0.95, 0.7), candidate("article:b", 0.1, 0.85)),
    asked(candidate("article:b", 0.92, 0.9)),
    asked(candidate("article:a", 0.6, 0.95)),
    asked(candidate("learned_answer:1", 0.1, 0.9), right="learned_answer:1"),
    asked(candidate("article:a", 0.99, 0.99), wants_person=0.9),
]


@pytest.mark.parametrize("risk", ["0.01", "0.02", "0.05"])
def test_the_thresholds_of_the_calibration_decide_about_the_questions(risk: str) -> None:
    found = budgets.figures(ASKED, RULES, n=5)["at_risk"][risk]
    # the first two are sure enough, the fifth wants a person
    assert (found["threshold"], found["guaranteed"]) == (0.9, True)
    assert (found["n_answered"], found["n_wrong"], found["coverage"]) == (2, 1, 0.4)
    assert found["wrong_among_answered"] == 0.5
    # Clopper & Pearson's interval of 1 of 2: 1 - sqrt(.975) and sqrt(.975)
    assert found["wrong_among_answered_interval"] == pytest.approx([0.0126, 0.9874], abs=5e-5)


def test_without_enough_for_a_proof_the_proof_answers_nothing() -> None:
    few = replace(
        SAMPLE, confidences=np.full(30, 0.99), correct=np.ones(30, bool), learned=np.zeros(30, bool)
    )
    found = budgets.figures(ASKED, Rules(few, PolicySettings(), 0.9), n=5)["at_risk"]["0.02"]
    assert (found["threshold"], found["guaranteed"], found["n_answered"]) == (0.99, False, 0)
    assert (found["proven"]["threshold"], found["proven"]["n_answered"]) == (2.0, 0)


def test_the_curve_runs_over_all_that_would_be_answered() -> None:
    curve = budgets.figures(ASKED, RULES, n=5)["curve"]
    assert curve == [
        {"threshold": 0.95, "coverage": 0.2, "risk": 0.0},
        {"threshold": 0.92, "coverage": 0.4, "risk": 0.5},
        {"threshold": 0.6, "coverage": 0.6, "risk": 0.3333},
        {"threshold": 0.1, "coverage": 0.8, "risk": 0.25},
    ]


def test_a_long_curve_is_thinned_with_both_ends_kept() -> None:
    many = [asked(candidate("article:a", i / 1000, 0.5)) for i in range(1, 501)]
    curve = budgets.figures(many, RULES, n=500)["curve"]
    assert len(curve) == 40
    assert (curve[0]["coverage"], curve[-1]["coverage"]) == (0.002, 1.0)


def test_when_nothing_is_answered_there_is_no_wrong_share() -> None:
    found = budgets.figures(ASKED[4:], RULES, n=1)
    assert found["at_risk"]["0.05"]["n_answered"] == 0
    assert found["at_risk"]["0.05"]["wrong_among_answered"] is None
    assert found["curve"] == []


def test_figures_are_json_and_the_chart_can_be_drawn(tmp_path: Path) -> None:
    assert json.dumps(budgets.figures(ASKED, RULES, n=5), allow_nan=False)
    chart = budgets.chart(ASKED, RULES, n=5)
    assert [curve.name for curve in chart.curves] == ["confidence"]
    (path,) = write_charts(tmp_path, {"risk_coverage": chart})
    assert path.read_bytes()[:4] == b"\x89PNG"
