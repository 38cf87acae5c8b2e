"""A bot that trusts cosine alone, on words as axes, and streams for it."""

from collections.abc import Sequence

import numpy as np

from eval.data.labelled import LabelledText
from knowledge.index.knowledge_index import KnowledgeIndex
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import CalibrationSample, ModelSet
from model.resolver import Resolver
from tests.eval.eval_parts import WordEncoder
from tests.forests import answering, stump


def rows(*pairs: tuple[str, str]) -> list[LabelledText]:
    return [LabelledText(text, label) for text, label in pairs]


def trusting(encoder: WordEncoder) -> ModelSet:
    """Confidence .95 from a cosine above .75, else .3; answers from .9; no head ever fires."""

    def head(*labels: str) -> Head:
        bias = np.array([10.0, *(0.0 for _ in labels[1:])], dtype=np.float32)
        return Head(labels, Linear(np.zeros((len(labels), encoder.dim), np.float32), bias))

    return ModelSet(
        version="trusting",
        encoder_fingerprint=encoder.fingerprint,
        heads={
            "sentiment": head("neutral", "negative", "positive"),
            "wants_person": head("no", "person"),
            "smalltalk": head("none", "greeting", "out_of_scope"),
        },
        scope=ScopeDetector(np.empty((0, encoder.dim), np.float32)),
        intents={},
        answering=answering(stump("dense_score", limit=0.75, below=0.3, above=0.95)),
        calibration=CalibrationSample(np.full(200, 0.9), np.ones(200, dtype=bool), np.ones(200, dtype=bool)),
        limits={
            "wants_person": 0.5,
            "human_only": 0.5,
            "human_only_in_passing": 0.5,
            "smalltalk": 0.5,
            "out_of_scope": 1.0,
        },
    )


class Bots:
    """Opens the real resolver of a model set, and keeps the versions it was asked for."""

    def __init__(self, encoder: WordEncoder) -> None:
        self.versions: list[str] = []
        self._encoder = encoder

    def __call__(self, models: ModelSet, index: KnowledgeIndex) -> Resolver:
        self.versions.append(models.version)
        return Resolver(self._encoder, models, index, risk=0.02)


def numbered(n: int) -> tuple[WordEncoder, Sequence[LabelledText]]:
    """`n` questions of one word each, no two alike, each with a need of its own."""
    words = [f"word{i}" for i in range(n)]
    return WordEncoder(words), rows(*((word, f"need {word}") for word in words))
