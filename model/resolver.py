"""From a question to a decision: composes encoder, heads, retrieval, scoring and policy; stores nothing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from model.answering import QuestionSignals
from model.artifacts import ModelSet
from model.context import said_by_customer, search_text, sentences
from model.errors import ArtifactError
from model.generation import ExtractiveGenerator
from model.interfaces import Generator, Reader, Retriever
from model.policy import PolicySettings, Verdict, early_verdict, verdict
from model.recent import RecentVectors
from model.risk import CONFIDENCE_LEVEL, RiskThreshold, risk_threshold
from model.smalltalk import NONE, OUT_OF_SCOPE, smalltalk_reply
from model.types import (
    Candidate,
    Decision,
    Question,
    Reading,
    ScoredCandidate,
    Source,
    Understanding,
    Vector,
)
from model.understanding import understand

TOP_K = 10
CLARIFYING_QUESTION = "I want to get this right. Is it one of these?"


@dataclass(frozen=True, slots=True)
class Read:
    """A message after the encoder and the heads."""

    understanding: Understanding
    signals: QuestionSignals
    candidates: tuple[Candidate, ...]
    milliseconds: Mapping[str, float]


class Resolver:
    """Decides what to do with questions; safe to call from several threads at once."""

    def __init__(
        self,
        encoder: Reader,
        models: ModelSet,
        retriever: Retriever,
        *,
        risk: float = 0.02,
        confidence_level: float = CONFIDENCE_LEVEL,
        policy: PolicySettings | None = None,
        generator: Generator | None = None,
        head_encoders: Mapping[str, Reader] | None = None,
    ) -> None:
        """`head_encoders` holds the encoders that heads of the set have of their own, by fingerprint.

        Raises `ArtifactError` when one of them is not given.
        """
        self.models = models
        self._head_encoders = _own_encoders(models, head_encoders or {})
        self.threshold: RiskThreshold = risk_threshold(
            models.calibration.confidences,
            models.calibration.correct,
            risk=risk,
            confidence_level=confidence_level,
        )
        self.policy = replace(
            policy or PolicySettings(),
            wants_person=models.limits["wants_person"],
            human_only=models.limits["human_only"],
        )
        self._encoder = encoder
        self._recent = RecentVectors(encoder)
        self._retriever = retriever
        self._generator = generator or ExtractiveGenerator()

    def resolve(self, question: Question) -> Decision:
        """The decision for one message of a conversation, with its trace."""
        started = time.perf_counter()
        read = self.read(question)
        before = time.perf_counter()
        scored = tuple(self.models.answering.score(read.candidates, read.signals))
        after_score = time.perf_counter()
        found = early_verdict(question, read.understanding, self.policy) or verdict(
            question, read.understanding, scored, threshold=self.threshold.value, settings=self.policy
        )
        answer, sources, choices = self._words(question, read.understanding, found)
        finished = time.perf_counter()
        return Decision(
            kind=found.kind,
            answer=answer,
            sources=sources,
            choices=choices,
            confidence=scored[0].confidence if scored else 0.0,
            threshold=self.threshold.value,
            reasons=found.reasons,
            understanding=read.understanding,
            candidates=scored,
            model=self.models.version,
            milliseconds={
                **read.milliseconds,
                "score": _milliseconds(before, after_score),
                "decide": _milliseconds(after_score, finished),
                "total": _milliseconds(started, finished),
            },
        )

    def read(self, question: Question) -> Read:
        """What the message says and which answers may fit, before anything is decided."""
        started = time.perf_counter()
        parts = sentences(question.text)
        query = search_text(question)
        extra = [query] if query != question.text else []
        reading = self._encoder.read([question.text, *extra, *parts])
        said_before = self._recent.of(said_by_customer(question))
        self._recent.keep(question.text, reading.vectors[0])
        encoded = time.perf_counter()
        first_part = 1 + len(extra)
        understanding = understand(
            self.models,
            reading.vectors[0],
            reading.features[0],
            reading.features[first_part:],
            mood=question.mood,
            own=self._own_readings([question.text, *parts]),
            said_before=said_before,
        )
        vector = reading.vectors[len(extra)]
        signals = _signals(question, understanding, vector)
        headed = time.perf_counter()
        candidates = tuple(self._retriever.search(query, vector, top_k=TOP_K))
        return Read(
            understanding,
            signals,
            candidates,
            {
                "encode": _milliseconds(started, encoded),
                "heads": _milliseconds(encoded, headed),
                "retrieve": _milliseconds(headed, time.perf_counter()),
            },
        )

    def _own_readings(self, texts: Sequence[str]) -> Mapping[str, Reading]:
        """What the heads with an encoder of their own read, by head; each encoder runs once."""
        readings = {fingerprint: encoder.read(texts) for fingerprint, encoder in self._head_encoders.items()}
        return {name: readings[fingerprint] for name, fingerprint in self.models.head_encoders.items()}

    def _words(
        self, question: Question, read: Understanding, found: Verdict
    ) -> tuple[str, tuple[Source, ...], tuple[Source, ...]]:
        """The reply's text, the sources it rests on, and the choices it offers."""
        if found.kind == "answer":
            sources = as_sources(found.chosen)
            return self._generator.answer(question.text, sources), sources, ()
        if found.kind == "clarify":
            return CLARIFYING_QUESTION, (), as_sources(found.chosen)
        if found.kind == "smalltalk" and read.smalltalk is not None:
            return smalltalk_reply(read.smalltalk), (), ()
        return "", (), ()


def _own_encoders(models: ModelSet, given: Mapping[str, Reader]) -> Mapping[str, Reader]:
    missing = sorted(set(models.head_encoders.values()) - set(given))
    if missing:
        raise ArtifactError(
            f"model set {models.version} has heads on encoder {missing[0]}, which is not loaded; "
            "train it again: firstlast train heads"
        )
    return {fingerprint: given[fingerprint] for fingerprint in sorted(set(models.head_encoders.values()))}


def _signals(question: Question, read: Understanding, vector: Vector) -> QuestionSignals:
    out_of_scope = read.genre_probabilities.get(OUT_OF_SCOPE, 0.0)
    return QuestionSignals(
        in_scope=1.0 - read.out_of_scope_score,
        out_of_scope=out_of_scope,
        human_only=read.human_only_probability,
        smalltalk=1.0 - read.genre_probabilities[NONE] - out_of_scope,
        words=len(question.text.split()),
        intents=read.intent_probabilities,
        vector=vector,
    )


def as_sources(chosen: Sequence[ScoredCandidate]) -> tuple[Source, ...]:
    """The candidates as sources, in the order given."""
    return tuple(
        Source(
            ref=one.candidate.ref,
            kind=one.candidate.passage.kind,
            title=one.candidate.passage.title,
            heading_path=one.candidate.passage.heading_path,
            url=one.candidate.passage.url,
            excerpt=one.candidate.passage.text,
        )
        for one in chosen
    )


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
