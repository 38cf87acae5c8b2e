"""From a question to a decision: composes encoder, heads, retrieval, scoring and policy; stores nothing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from model.answering import QuestionSignals
from model.artifacts import ModelSet
from model.context import given_refs, in_context, named_choice, sentences
from model.generation import ExtractiveGenerator
from model.interfaces import Generator, Reader, Retriever
from model.leaning import Leaning, leaning, weighed_candidates, weighed_understanding
from model.policy import PolicySettings, Verdict, early_verdict, verdict
from model.risk import CONFIDENCE_LEVEL, RiskThreshold, risk_threshold
from model.smalltalk import NONE, OUT_OF_SCOPE, smalltalk_reply
from model.types import Candidate, Decision, Question, Reading, ScoredCandidate, Source, Understanding, Vector
from model.understanding import understand

TOP_K = 10
CLARIFYING_QUESTION = "I want to get this right. Is it one of these?"


@dataclass(frozen=True, slots=True)
class InContext:
    """A message read with what was said before it."""

    signals: QuestionSignals
    candidates: tuple[Candidate, ...]
    share: float
    """Weight of this reading, in (0, 1]."""
    chosen_ref: str | None
    """The choice that the message names by its place."""
    ruled_out: frozenset[str]
    """Answers already given that the message says were not the right ones."""


@dataclass(frozen=True, slots=True)
class Read:
    """A message after the encoder and the heads."""

    understanding: Understanding
    """Of the message with what was said before it, as far as it leans on that."""
    signals: QuestionSignals
    """Of the message alone, as are the candidates."""
    candidates: tuple[Candidate, ...]
    milliseconds: Mapping[str, float]
    in_context: InContext | None = None
    """`None` for a message that says all by itself."""


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
    ) -> None:
        self.models = models
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
        self._retriever = retriever
        self._generator = generator or ExtractiveGenerator()

    def resolve(self, question: Question) -> Decision:
        """The decision for one message of a conversation, with its trace."""
        started = time.perf_counter()
        read = self.read(question)
        before = time.perf_counter()
        scored = tuple(self._scored(read))
        question = _as_read(question, read)
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
            follow_up=read.in_context.share if read.in_context else 0.0,
            ruled_out=read.in_context.ruled_out if read.in_context else frozenset(),
        )

    def read(self, question: Question) -> Read:
        """What the message says and which answers may fit, before anything is decided."""
        started = time.perf_counter()
        parts = sentences(question.text)
        joined = in_context(question)
        reading = self._encoder.read([question.text, *([joined] if joined else []), *parts])
        encoded = time.perf_counter()
        understanding = self._understood(question, reading, 0, len(parts))
        signals = _signals(question.text, understanding, reading.vectors[0])
        headed = time.perf_counter()
        candidates = tuple(self._retriever.search(question.text, signals.vector, top_k=TOP_K))
        read = Read(understanding, signals, candidates, {})
        if joined:
            read = self._read_in_context(question, read, joined, reading, len(parts))
        return replace(
            read,
            milliseconds={
                "encode": _milliseconds(started, encoded),
                "heads": _milliseconds(encoded, headed),
                "retrieve": _milliseconds(headed, time.perf_counter()),
            },
        )

    def _understood(self, question: Question, reading: Reading, row: int, n_parts: int) -> Understanding:
        """What the text of this row says, the last `n_parts` rows being sentences of the message."""
        rows = len(reading.features)
        return understand(
            self.models,
            reading.vectors[row],
            reading.features[row],
            reading.features[rows - n_parts :],
            mood=question.mood,
        )

    def _read_in_context(
        self, question: Question, read: Read, joined: str, reading: Reading, n_parts: int
    ) -> Read:
        """`read`, with the reading of `joined`, the second row, as far as the message leans on it."""
        choice = named_choice(question)
        found = Leaning(1.0, unhelped=False)
        if choice is None:
            found = leaning(
                self.models,
                reading.features[0],
                cosine=float(reading.vectors[0] @ reading.vectors[1]),
                best_dense=max((one.dense_score for one in read.candidates), default=0.0),
            )
        if found.share == 0:
            return read
        understanding = self._understood(question, reading, 1, n_parts)
        signals = _signals(joined, understanding, reading.vectors[1])
        return replace(
            read,
            understanding=weighed_understanding(read.understanding, understanding, found.share),
            in_context=InContext(
                signals=signals,
                candidates=tuple(self._retriever.search(joined, signals.vector, top_k=TOP_K)),
                share=found.share,
                chosen_ref=choice.ref if choice else None,
                ruled_out=given_refs(question.history) if found.unhelped else frozenset(),
            ),
        )

    def _scored(self, read: Read) -> Sequence[ScoredCandidate]:
        """The candidates with their confidences, most confident first."""
        alone = self.models.answering.score(read.candidates, read.signals)
        if read.in_context is None:
            return alone
        joined = self.models.answering.score(read.in_context.candidates, read.in_context.signals)
        return weighed_candidates(alone, joined, read.in_context.share)

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


def _as_read(question: Question, read: Read) -> Question:
    """The question with what its words say of answers given and offered before."""
    found = read.in_context
    if found is None:
        return question
    return replace(
        question,
        tried_refs=question.tried_refs | found.ruled_out,
        chosen_ref=found.chosen_ref or question.chosen_ref,
    )


def _signals(text: str, read: Understanding, vector: Vector) -> QuestionSignals:
    out_of_scope = read.genre_probabilities.get(OUT_OF_SCOPE, 0.0)
    return QuestionSignals(
        in_scope=1.0 - read.out_of_scope_score,
        out_of_scope=out_of_scope,
        human_only=read.human_only_probability,
        smalltalk=1.0 - read.genre_probabilities[NONE] - out_of_scope,
        words=len(text.split()),
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
