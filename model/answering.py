"""Turns candidates into calibrated confidences; does not decide whether to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactError
from model.types import Candidate, ScoredCandidate

FEATURES = (
    "dense_score",
    "dense_margin",
    "coverage",
    "coverage_margin",
    "fused_score",
    "fused_margin",
    "lexical_score",
    "best_of_both",
    "reciprocal_dense_rank",
    "reciprocal_lexical_rank",
    "learned_answer",
    "intent_prior",
    "intent_prior_margin",
    "in_scope",
    "out_of_scope",
    "human_only",
    "smalltalk",
    "question_words",
)
"""What the confidence of a candidate rests on, in the order of the weights."""

AnswerIntents = Mapping[str, Mapping[str, int]]
"""How often past questions that an answer resolved had which intent, by ref."""

_PRIOR_WEIGHT = 0.5
_FLOOR = 0.01


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """What is known of the question apart from its candidates; probabilities in [0, 1]."""

    in_scope: float
    out_of_scope: float
    human_only: float
    smalltalk: float
    words: int
    intents: Mapping[str, float]
    """Probability by intent; empty when none are trained."""


@dataclass(frozen=True, slots=True, eq=False)
class AnsweringModel:
    """Logistic regression over standardised features, calibrated by being fitted on real questions."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float
    answer_intents: AnswerIntents = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, values in (("mean", self.mean), ("scale", self.scale), ("weights", self.weights)):
            if values.shape != (len(FEATURES),):
                raise ArtifactError(
                    f"the answering model's {name} has shape {values.shape}, expected ({len(FEATURES)},); "
                    "train it again: firstlast train heads"
                )

    def confidences(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that each candidate resolves its question, shape `(n_rows,)`.

        A feature that is not known (NaN) counts as the mean.
        """
        standardised = np.nan_to_num((rows - self.mean) / self.scale, nan=0.0)
        scores = standardised @ self.weights + self.bias
        confidences: NDArray[np.float64] = 1 / (1 + np.exp(-scores))
        return confidences

    def score(self, candidates: Sequence[Candidate], signals: QuestionSignals) -> list[ScoredCandidate]:
        """The candidates with their confidences, most confident first; ties keep the order given."""
        if not candidates:
            return []
        rows = feature_rows(candidates, signals, self.answer_intents)
        confidences = self.confidences(rows)
        scored = [
            ScoredCandidate(candidate, _named(row), float(confidence))
            for candidate, row, confidence in zip(candidates, rows, confidences, strict=True)
        ]
        return sorted(scored, key=lambda one: -one.confidence)


def feature_rows(
    candidates: Sequence[Candidate], signals: QuestionSignals, answer_intents: AnswerIntents
) -> NDArray[np.float64]:
    """Features of all candidates of one question, shape `(n_candidates, n_features)`.

    Margins are to the best other candidate, so that only a clear winner is sure. `intent_prior` is NaN
    for an answer without past questions.
    """
    dense = np.array([one.dense_score for one in candidates])
    coverage = np.array([one.coverage for one in candidates])
    fused = np.array([one.fused_score for one in candidates])
    prior = np.array([_intent_prior(answer_intents.get(one.ref), signals.intents) for one in candidates])
    columns = [
        dense,
        _margins(dense),
        coverage,
        _margins(coverage),
        fused,
        _margins(fused),
        np.array([one.lexical_score for one in candidates]),
        np.array([float(one.dense_rank == 1 and one.lexical_rank == 1) for one in candidates]),
        np.array([1 / one.dense_rank for one in candidates]),
        np.array([1 / one.lexical_rank for one in candidates]),
        np.array([float(one.passage.kind == "learned_answer") for one in candidates]),
        np.log(prior + _FLOOR),
        _margins(prior),
        *(
            np.full(len(candidates), value)
            for value in (
                signals.in_scope,
                signals.out_of_scope,
                signals.human_only,
                signals.smalltalk,
                np.log1p(signals.words),
            )
        ),
    ]
    return np.column_stack(columns) if candidates else np.empty((0, len(FEATURES)))


def _intent_prior(counts: Mapping[str, int] | None, intents: Mapping[str, float]) -> float:
    """Probability that the question has the intent of those the answer resolved before, smoothed."""
    total = sum(counts.values()) if counts else 0
    if not counts or not total or not intents:
        return np.nan
    share = sum(intents.get(name, 0.0) * count for name, count in counts.items())
    return (share + _PRIOR_WEIGHT / len(intents)) / (total + _PRIOR_WEIGHT)


def _margins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value less the greatest of the others (0 when there is none); NaN stays NaN."""
    if len(values) < 2:
        return values.copy()
    known = np.nan_to_num(values, nan=0.0)
    second, first = np.sort(known)[-2:]
    margins: NDArray[np.float64] = values - np.where(known == first, second, first)
    return margins


def _named(row: NDArray[np.float64]) -> Mapping[str, float]:
    return {name: float(value) for name, value in zip(FEATURES, row, strict=True) if value == value}
