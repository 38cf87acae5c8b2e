"""From a question to a decision: composes encoder, heads, retrieval, scoring and policy; stores nothing."""

import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial

from model.answering.confidence import QuestionSignals
from model.answering.risk import CONFIDENCE_LEVEL, RiskThreshold
from model.encoder.recent_vectors import RecentVectors
from model.errors import ArtifactError
from model.generation import NONE, OUT_OF_SCOPE, ExtractiveGenerator, smalltalk_reply
from model.interfaces import Generator, Reader, Retriever
from model.model_set import ModelSet
from model.policy import NEVER, PolicySettings, Verdict, several_verdict, whole_verdict
from model.reasons import Reason
from model.types import (
    Candidate,
    CandidateKind,
    Decision,
    IntentInfo,
    Passage,
    Question,
    Reading,
    ScoredCandidate,
    Source,
    Understanding,
    Vector,
    Vectors,
)
from model.understanding.classifying import Classified, IntentsRead, classify, read_intents
from model.understanding.courtesy import without_opening
from model.understanding.follow_up import (
    ContextDependence,
    context_dependence,
    given_refs,
    in_context,
    named_choice,
    picked_question,
    said_by_customer,
    sentences,
    stands_by_itself,
    weighed_candidates,
    weighed_understanding,
)
from model.understanding.message import understand, without_smalltalk
from model.understanding.mood import UNHAPPY_HEAD
from model.understanding.several_questions import asking_sentence, split_questions
from model.understanding.spelling import Words, as_meant
from model.understanding.wording import is_telling

TOP_K = 10
CLARIFYING_QUESTION = "I want to get this right. Is it one of these?"
IN_DOUBT_QUESTION = "I can show you one of these, or bring in a person. Which would you like?"
REWORDING_QUESTION = "I did not understand that. Could you say in other words what it is about?"
REMAINING_QUESTION = "And for your other question, is it one of these?"
_OPEN_TO_ANSWERS = frozenset({Reason.ABOVE_THRESHOLD, Reason.BELOW_THRESHOLD, Reason.CHOSEN_BY_CUSTOMER})
"""Verdicts with one of these reasons are on what is known, not on who should answer."""


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
        head_encoders: Mapping[str, Reader] | None = None,
    ) -> None:
        """`head_encoders` holds the encoders that heads of the set have of their own, by fingerprint.

        Raises `ArtifactError` when one of them is not given.
        """
        self.models = models
        self.head_encoders: Mapping[str, Reader] = _own_encoders(models, head_encoders or {})
        self.thresholds: Mapping[CandidateKind, RiskThreshold] = models.calibration.thresholds(
            risk=risk, confidence_level=confidence_level
        )
        self._least_confidence = {kind: found.value for kind, found in self.thresholds.items()}
        self.policy = replace(
            policy or PolicySettings(),
            wants_person=models.limits["wants_person"],
            human_only=models.limits["human_only"],
            human_only_in_passing=models.limits["human_only_in_passing"],
            unhappy=models.limits.get(UNHAPPY_HEAD, NEVER),
        )
        self._encoder = encoder
        self._recent = RecentVectors(encoder)
        self._common_words = Words(encoder.words)
        self._retriever = retriever
        self._generator = generator or ExtractiveGenerator()

    def reading_by(self, encoder: Reader) -> "Resolver":
        """The same bot with another way to its own encoder, such as one that remembers what it has read."""
        twin = copy(self)
        twin._encoder, twin._recent = encoder, RecentVectors(encoder)
        return twin

    def resolve(self, question: Question) -> Decision:
        """The decision for one message of a conversation, with its trace.

        A pick among choices is answered for what the customer had asked: the choice's title says only which
        answer they want.
        """
        started = time.perf_counter()
        asked = picked_question(question)
        question = replace(question, text=asked or question.text)
        read = self.read(question)
        if asked is not None:
            read = replace(read, understanding=replace(read.understanding, mood=question.mood))
        before = time.perf_counter()
        scored = tuple(self._scored(read))
        question = _as_read(question, read)
        after_score = time.perf_counter()
        found = whole_verdict(
            question,
            read.understanding,
            scored,
            thresholds=self._least_confidence,
            settings=self.policy,
        )
        found = self._several(question, found) or found
        answer, sources, choices = self._words(question, read.understanding, found)
        finished = time.perf_counter()
        return Decision(
            kind=found.kind,
            answer=answer,
            sources=sources,
            choices=choices,
            confidence=scored[0].confidence if scored else 0.0,
            threshold=self._least_confidence[scored[0].candidate.passage.kind if scored else "article"],
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

    def classify(self, texts: Sequence[str], *, intents: Mapping[str, IntentInfo]) -> Classified:
        """What each text says as a first message, with the numbers of the decision on it, read together."""
        understandings = classify(
            self.models,
            self._encoder,
            [self._as_meant(Question(text)).text for text in texts],
            head_encoders=self.head_encoders,
            infos=intents,
        )
        return Classified(self.models.version, tuple(understandings), self.models.limits["wants_person"])

    def read_intents(self, texts: Sequence[str]) -> IntentsRead:
        """The intents of each text as a first message, and its vector: for many texts, in one pass."""
        meant = [self._as_meant(Question(text)).text for text in texts]
        return read_intents(self.models, self._encoder, meant, head_encoders=self.head_encoders)

    def read(self, question: Question) -> Read:
        """What the message says and which answers may fit, before anything is decided.

        Greetings, thanks and the like around the matter are passed over: politeness changes no decision.
        """
        started = time.perf_counter()
        question = self._as_meant(question)
        question = replace(question, text=without_opening(question.text))
        parts = sentences(question.text)
        joined = in_context(question)
        texts = [question.text, *([joined] if joined else []), *parts]
        reading = self._encoder.read(texts)
        rest = without_smalltalk(self.models, parts, reading.features[len(texts) - len(parts) :])
        if rest is not None:
            read = self.read(replace(question, text=rest))
            telling = is_telling(question.text, self._encoder.pieces)  # "are you a human? if not I want one"
            return replace(read, understanding=replace(read.understanding, telling=telling))
        message = _Message(
            question, len(parts), reading, self._own_readings(texts), self._said_before(question, reading)
        )
        encoded = time.perf_counter()
        understanding = self._understood(message, 0)
        signals = _signals(question.text, understanding, reading.vectors[0])
        headed = time.perf_counter()
        candidates = self._candidates(question, signals.vector)
        read = Read(understanding, signals, candidates, {})
        place = asking_sentence(parts)
        if place is not None:
            read = self._read_asked(message, read, parts[place], message.first_part + place)
        if joined:
            read = self._read_in_context(message, read, joined)
        return replace(
            read,
            milliseconds={
                "encode": _milliseconds(started, encoded),
                "heads": _milliseconds(encoded, headed),
                "retrieve": _milliseconds(headed, time.perf_counter()),
            },
        )

    def _as_meant(self, question: Question) -> Question:
        """The question, and what the customer said before it, without the mistypings that are sure."""
        meant = partial(as_meant, known=self._retriever, common=self._common_words)
        history = tuple(
            replace(turn, text=meant(turn.text)) if turn.author == "customer" else turn
            for turn in question.history
        )
        return replace(question, text=meant(question.text), history=history)

    def _candidates(self, question: Question, vector: Vector) -> tuple[Candidate, ...]:
        """What may fit, and the answer that the customer picked, which they saw among what did before."""
        found = self._retriever.search(question.text, vector, top_k=TOP_K)
        if question.chosen_ref is not None and all(c.ref != question.chosen_ref for c in found):
            picked = self._retriever.text_of(question.chosen_ref, question.text, vector)
            found += [picked] if picked else []
        return tuple(found)

    def _own_readings(self, texts: Sequence[str]) -> Mapping[str, Reading]:
        """What the heads with an encoder of their own read, by head; each encoder runs once."""
        readings = {fingerprint: encoder.read(texts) for fingerprint, encoder in self.head_encoders.items()}
        return {name: readings[fingerprint] for name, fingerprint in self.models.head_encoders.items()}

    def _said_before(self, question: Question, reading: Reading) -> Vectors:
        """The vectors of what the customer said before the message, whose own is kept for the next one."""
        said = self._recent.of(said_by_customer(question))
        self._recent.keep(question.text, reading.vectors[0])
        return said

    def _understood(self, message: "_Message", row: int) -> Understanding:
        """What the text of this row says."""
        return understand(
            self.models,
            message.shared.vectors[row],
            message.shared.features[row],
            message.shared.features[message.first_part :],
            mood=message.question.mood,
            own={name: message.of_text(reading, row) for name, reading in message.own.items()},
            said_before=message.said_before,
            asks="?" in message.question.text,
            telling=is_telling(message.question.text, self._encoder.pieces),
            infos=message.question.intents,
        )

    def _read_asked(self, message: "_Message", read: Read, sentence: str, row: int) -> Read:
        """`read`, with the candidates of the one sentence that asks, where it says all by itself.

        It does so when nothing before it is needed, and when the best candidate stays the same: what else the
        message tells then only makes it less like the answer. What kind of message it is, all of it says.
        """
        reading = message.shared
        vector = reading.vectors[row]
        candidates = self._candidates(replace(message.question, text=sentence), vector)
        stands_alone = _same_best(candidates, read.candidates) and stands_by_itself(
            self.models,
            reading.features[row],
            cosine=float(vector @ reading.vectors[0]),
            best_dense=max((one.dense_score for one in candidates), default=0.0),
        )
        if not stands_alone:
            return read
        signals = _signals(sentence, self._understood(message, row), vector)
        return replace(read, signals=signals, candidates=candidates)

    def _read_in_context(self, message: "_Message", read: Read, joined: str) -> Read:
        """`read`, with the reading of `joined`, the second row, as far as the message leans on it."""
        question, reading = message.question, message.shared
        choice = named_choice(question)
        found = ContextDependence(1.0, unhelped=False)
        if choice is None:
            found = context_dependence(
                self.models,
                reading.features[0],
                cosine=float(reading.vectors[0] @ reading.vectors[1]),
                best_dense=max((one.dense_score for one in read.candidates), default=0.0),
            )
        if found.share == 0:
            return read
        understanding = self._understood(message, 1)
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

    def _several(self, question: Question, whole: Verdict) -> Verdict | None:
        """The verdict on each question of a message that asks several; `None` where the whole one stands.

        That is so when people are due, and when a matter for them is mentioned in passing.
        """
        if not _OPEN_TO_ANSWERS & set(whole.reasons):
            return None
        questions = split_questions(without_opening(question.text))
        if not questions:
            return None
        reads = [self.read(Question(text, intents=question.intents)) for text in questions]
        return several_verdict(
            question,
            [self._scored(read) for read in reads],
            thresholds=self._least_confidence,
            settings=self.policy,
        )

    def _words(
        self, question: Question, read: Understanding, found: Verdict
    ) -> tuple[str, tuple[Source, ...], tuple[Source, ...]]:
        """The reply's text, the sources it rests on, and the choices it offers."""
        if found.chosen and found.kind in ("answer", "handoff"):
            sources = as_sources(found.chosen)
            words = self._generator.answer(question.text, sources)
            if found.offered:
                words = f"{words}\n\n{REMAINING_QUESTION}"
            return words, sources, as_sources(found.offered)
        if found.kind == "clarify" and not found.chosen:
            return REWORDING_QUESTION, (), ()
        if found.kind == "clarify":
            in_doubt = Reason.HUMAN_ONLY_IN_PASSING in found.reasons
            return IN_DOUBT_QUESTION if in_doubt else CLARIFYING_QUESTION, (), as_sources(found.chosen)
        if found.kind == "smalltalk" and read.smalltalk is not None:
            return smalltalk_reply(read.smalltalk), (), ()
        return "", (), ()


@dataclass(frozen=True, slots=True, eq=False)
class _Message:
    """A message as all encoders read it: its row, the one in context if any, then its sentences."""

    question: Question
    n_parts: int
    shared: Reading
    own: Mapping[str, Reading]
    """By head with an encoder of its own."""
    said_before: Vectors

    @property
    def first_part(self) -> int:
        """The row of its first sentence."""
        return len(self.shared.features) - self.n_parts

    def of_text(self, reading: Reading, row: int) -> Reading:
        """This row and those of the sentences."""
        rows = [row, *range(self.first_part, len(reading.features))]
        return reading.at(rows)


def _own_encoders(models: ModelSet, given: Mapping[str, Reader]) -> Mapping[str, Reader]:
    missing = sorted(set(models.head_encoders.values()) - set(given))
    if missing:
        raise ArtifactError(
            f"model set {models.version} has heads on encoder {missing[0]}, which is not loaded; "
            "train it again: firstlast train heads"
        )
    return {fingerprint: given[fingerprint] for fingerprint in sorted(set(models.head_encoders.values()))}


def _same_best(some: Sequence[Candidate], others: Sequence[Candidate]) -> bool:
    return bool(some and others) and some[0].ref == others[0].ref


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
    """The candidates as sources, in the order given, those of one answer as one.

    Each shows the two texts of its answer that fit best. Given the right article, the best one alone held
    the facts in 129 of 220 questions to the sample company and in 74 of 97 to two public help centres, both
    together in 166 and 82.
    """
    passages: dict[str, list[Passage]] = {}
    for candidate in (scored.candidate for scored in chosen):
        shown = passages.setdefault(candidate.ref, [])
        shown.append(candidate.passage)
        if candidate.next_passage is not None:
            shown.append(candidate.next_passage)
    return tuple(
        Source(
            ref=texts[0].ref,
            kind=texts[0].kind,
            title=texts[0].title,
            heading_path=texts[0].heading_path,
            url=texts[0].url,
            excerpt=_excerpt(texts),
        )
        for texts in passages.values()
    )


def _excerpt(passages: Sequence[Passage]) -> str:
    """The passages in the order they have in their answer, each once and under its heading."""
    parts: list[str] = []
    heading: str | None = None
    for passage in sorted({passage.key: passage for passage in passages}.values(), key=_place):
        own = passage.heading_path[-1] if passage.heading_path else None
        if own is not None and own != heading:
            parts.append(f"**{own}**")
        heading = own
        parts.append(passage.text)
    return "\n\n".join(parts)


def _place(passage: Passage) -> int:
    """Where the passage stands in its answer: keys end in its number."""
    return int(passage.key.rpartition("#")[2])


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
