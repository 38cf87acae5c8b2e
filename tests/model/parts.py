"""Small parts that tests of the model are made of: candidates, signals, understandings, a tiny model set."""

import numpy as np

from model.answering.confidence import FEATURES, AnsweringModel, QuestionSignals
from model.answering.past_questions import PastQuestions
from model.heads.head import Blend, Head, Kernel, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import CalibrationSample, ModelSet
from model.types import (
    Candidate,
    CandidateKind,
    Difference,
    IntentInfo,
    Passage,
    ScoredCandidate,
    Understanding,
)
from tests.forests import stump


def passage(ref: str, *, kind: CandidateKind = "article", text: str = "Words.") -> Passage:
    return Passage(
        key=f"{ref}#0",
        ref=ref,
        kind=kind,
        title=f"Title of {ref}",
        heading_path=("Top",),
        text=text,
        search_text=text,
        url=f"/help/{ref}",
    )


def candidate(
    ref: str,
    *,
    dense: float = 0.5,
    second: float = 0.5,
    lexical: float = 0.0,
    fused: float = 0.5,
    coverage: float = 0.0,
    dense_rank: int = 1,
    lexical_rank: int = 2,
    whole: float = 0.5,
    vote: float = 0.0,
    passages: int = 1,
    kind: CandidateKind = "article",
    difference: Difference | None = None,
) -> Candidate:
    return Candidate(
        passage=passage(ref, kind=kind),
        dense_score=dense,
        second_score=second,
        lexical_score=lexical,
        fused_score=fused,
        coverage=coverage,
        dense_rank=dense_rank,
        lexical_rank=lexical_rank,
        whole_score=whole,
        vote=vote,
        passages=passages,
        difference=difference,
    )


def scored(ref: str, confidence: float) -> ScoredCandidate:
    return ScoredCandidate(candidate(ref), {}, confidence)


def signals(**changes: object) -> QuestionSignals:
    given = {
        "in_scope": 0.9,
        "out_of_scope": 0.05,
        "human_only": 0.1,
        "smalltalk": 0.0,
        "words": 3,
        "intents": {},
        "vector": np.array([1.0, 0.0, 0.0], np.float32),
    }
    return QuestionSignals(**(given | changes))  # type: ignore[arg-type]


def understanding(**changes: object) -> Understanding:
    """A calm message about the business that nothing special is known of."""
    given = {
        "intent": "refund",
        "intent_confidence": 0.9,
        "intent_probabilities": {"refund": 0.9, "delivery": 0.1},
        "out_of_scope_score": 0.2,
        "human_only_probability": 0.0,
        "human_only_in_passing": 0.0,
        "team": "billing",
        "sentiment": "neutral",
        "sentiment_score": 0.0,
        "mood": 0.0,
        "wants_person": 0.0,
        "smalltalk": None,
        "genre_probabilities": {"none": 1.0, "out_of_scope": 0.0},
    }
    return Understanding(**(given | changes))  # type: ignore[arg-type]


def head(*labels: str, n_inputs: int = 3, seed: int = 0, temperature: float = 1.5) -> Head:
    return Head(labels, _linear(len(labels), n_inputs=n_inputs, seed=seed), temperature)


def _linear(n_labels: int, *, n_inputs: int = 3, seed: int) -> Linear:
    weights = np.random.default_rng(seed).normal(size=(n_labels, n_inputs)).astype(np.float32)
    return Linear(weights, np.linspace(-1, 1, n_labels, dtype=np.float32))


def flat_head(*labels: str, n_inputs: int, favours: str) -> Head:
    """Says `favours` with great certainty, whatever it reads."""
    bias = np.array([12.0 if label == favours else 0.0 for label in labels], np.float32)
    return Head(labels, Linear(np.zeros((len(labels), n_inputs), np.float32), bias))


def model_set(version: str = "v1") -> ModelSet:
    """A set of every part, with numbers that a round trip must keep."""
    return ModelSet(
        version=version,
        encoder_fingerprint="encoder-a",
        heads={
            "intent": _blended_head("delivery", "refund"),
            "team": head("billing", "deliveries", seed=2),
            "sentiment": head("negative", "neutral", "positive", seed=3),
            "wants_person": Head(("no", "person"), _kernel(), 0.7),
            "smalltalk": head("greeting", "none", "out_of_scope", seed=5),
        },
        scope=ScopeDetector(np.eye(3, dtype=np.float32)),
        intents={"refund": IntentInfo("billing", True), "delivery": IntentInfo(None, False)},
        answering=AnsweringModel(
            np.linspace(0, 1, len(FEATURES)),
            stump("dense_score", limit=0.5, below=0.1, above=0.9),
            np.array([1.2, 1.5]),
            np.array([0.1, -0.2]),
            PastQuestions(
                np.array([[1, 0, 0], [0.6, 0.8, 0]], np.float32),
                [["article:refunds"], []],
                ["refund", None],
            ),
        ),
        calibration=CalibrationSample(
            np.array([0.9, 1 / 3]), np.array([True, False]), np.zeros(2, dtype=bool)
        ),
        limits={
            "wants_person": 0.4,
            "human_only": 0.5,
            "human_only_in_passing": 0.5,
            "smalltalk": 0.5,
            "out_of_scope": 0.6,
        },
        card={"metrics": {"intent.accuracy": 0.95}, "note": "schön"},
        head_encoders={"sentiment": "encoder-b"},
    )


def _blended_head(*labels: str) -> Head:
    return Head(labels, Blend(_linear(len(labels), seed=1), _kernel(), share=0.25), 1.5)


def _kernel() -> Kernel:
    """Four landmarks in two of three directions, for two labels."""
    rng = np.random.default_rng(4)
    return Kernel(
        Linear(rng.normal(size=(2, 4)).astype(np.float32), rng.normal(size=2).astype(np.float32)),
        projection=rng.normal(size=(2, 3)).astype(np.float32),
        landmarks=rng.normal(size=(4, 2)).astype(np.float32),
        gamma=0.5,
    )
