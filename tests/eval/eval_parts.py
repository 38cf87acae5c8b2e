"""A small encoder, a head that needs no fitting library, and a resolver that follows written rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from knowledge.index.knowledge_index import KnowledgeIndex
from model.answering.risk import RiskThreshold
from model.heads.head import Head, Linear
from model.interfaces import Reader
from model.model_set import CalibrationSample, ModelSet
from model.policy import PolicySettings
from model.types import (
    Candidate,
    Decision,
    DecisionKind,
    Passage,
    Question,
    Reading,
    ScoredCandidate,
    Source,
    Understanding,
    Vector,
    Vectors,
)


class WordEncoder:
    """Each known word is an axis, every other word shares the last one; a text is their mean direction."""

    fingerprint = "words"
    words = frozenset[str]()

    def __init__(self, words: Sequence[str]) -> None:
        self._axis = {word: number for number, word in enumerate(words)}
        self.dim = len(words) + 1

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[self._axis.get(word.strip("?.,"), self.dim - 1)] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def encode_one(self, text: str) -> Vector:
        return self.encode([text])[0]

    def read(self, texts: Sequence[str]) -> Reading:
        vectors = self.encode(texts)
        return Reading(vectors, vectors)

    def pieces(self, word: str) -> int:
        return 1


def fit_centroids(inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> Head:
    """Ten times the mean input of each label as its weights."""
    names = sorted(set(labels))
    of_label = np.asarray(labels)
    weights = np.stack([inputs[of_label == name].mean(axis=0) for name in names])
    return Head(tuple(names), Linear(10 * weights.astype(np.float32), np.zeros(len(names), np.float32)))


@dataclass(frozen=True, slots=True, eq=False)
class TunedNothing:
    """An encoder of one word, and a head that says the first label whatever it reads."""

    encoder: Reader
    head: Head
    held_out_strangeness: NDArray[np.float64]


def tune_nothing(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    encoders_folder: Path,
    **_how: object,
) -> TunedNothing:
    """Stands in for tuning, which takes long; leaves a file where the encoder would be."""
    (encoders_folder / "tuned").touch()
    names = tuple(sorted(set(labels)))
    head = Head(names, Linear(np.zeros((len(names), 2), np.float32), np.zeros(len(names), np.float32)))
    return TunedNothing(WordEncoder(["word"]), head, np.array([0.5]))


def never_refit(session: Session, models: ModelSet, index: KnowledgeIndex) -> ModelSet:
    """The set as it is: the bot learns answers, and nothing about its own certainty."""
    return models


class RuleResolver:
    """Does with each text what the rules say: a kind of decision and the refs it shows; else it crashes.

    The first of those refs is the best candidate, with confidence .9 unless `confidences` says otherwise.
    """

    thresholds = dict.fromkeys(("article", "learned_answer"), RiskThreshold(0.8, True, 0.02, 0.9, 200, 1))
    policy = PolicySettings()
    models = SimpleNamespace(calibration=CalibrationSample.none())

    def __init__(
        self,
        rules: Mapping[str, tuple[DecisionKind, tuple[str, ...]]],
        *,
        confidences: Mapping[str, float] | None = None,
    ) -> None:
        self._rules = rules
        self._confidences = confidences or {}

    def resolve(self, question: Question) -> Decision:
        kind, refs = self._rules[question.text]
        shown = tuple(Source(ref, "article", ref, (), "", "An excerpt.") for ref in refs)
        return Decision(
            kind=kind,
            answer="",
            sources=shown if kind == "answer" else (),
            choices=shown if kind == "clarify" else (),
            confidence=self._confidences.get(question.text, 0.9),
            threshold=0.8,
            reasons=(_REASONS.get(kind, "wants_person"),),
            understanding=_UNDERSTANDING,
            candidates=tuple(ScoredCandidate(_candidate(ref), {}, 0.9) for ref in refs),
            model="rules",
            milliseconds={"total": float(len(question.text))},
        )


_REASONS = {"answer": "above_threshold", "clarify": "below_threshold", "smalltalk": "below_threshold"}


def _candidate(ref: str) -> Candidate:
    passage = Passage(f"{ref}#0", ref, "article", ref, (), "", ref, "")
    return Candidate(passage, 0.5, 0.4, 1.0, 0.5, 0.5, 1, 1, 0.5)


_UNDERSTANDING = Understanding(None, 0.0, {}, 0.0, 0.0, 0.0, None, "neutral", 0.0, 0.0, 0.0, None, {})
