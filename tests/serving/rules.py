"""An encoder of word hashes and a resolver of rules, without a server: what needs no more begins sooner."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.types import (
    Decision,
    DecisionKind,
    IntentInfo,
    Question,
    Reading,
    Source,
    Understanding,
    Vector,
    Vectors,
)
from model.understanding.classifying import Classified, IntentsRead


class HashReader:
    """Encodes a text by the hashes of its words; texts that share words are near each other."""

    dim = 64
    fingerprint = "word-hashes-64"
    words = frozenset[str]()

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.encode_one(text) for text in texts], np.float32).reshape(len(texts), self.dim)

    def encode_one(self, text: str) -> Vector:
        vector = np.zeros(self.dim, np.float32)
        for word in text.lower().split():
            vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % self.dim] += 1
        norm = np.linalg.norm(vector)
        return vector / norm if norm else vector

    def read(self, texts: Sequence[str]) -> Reading:
        vectors = self.encode(texts)
        return Reading(vectors, vectors)

    def pieces(self, word: str) -> int:
        return 1


@dataclass(frozen=True)
class Rule:
    """Answers in order of preference for questions that hold the word."""

    word: str
    answers: tuple[tuple[str, str], ...]


RULES = (
    Rule(
        "refund", (("article:refund-policy", "Within 45 days."), ("article:refund-time", "It takes 5 days."))
    ),
    Rule("ship", (("learned_answer:1", "We ship **daily**."),)),
)


class RuleResolver:
    """Decides by words: of danger, of the rules, `person`, `awful`, `boom`, `hello`, `asdf`, `unclear`."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    def resolve(self, question: Question) -> Decision:
        self.questions.append(question)
        text = question.text.lower()
        upset = ("mood_low",) if "awful" in text else ()
        danger = ("danger",) if question.danger.found_in(text) else ()
        if question.owned_by_person:
            return decision("silent", reasons=(*danger, *upset, "owned_by_person"))
        if danger:
            told = (source("article:safety"),) if "plug" in text else ()
            words = "**Pull** the plug." if told else ""
            return decision("handoff", words, reasons=danger, sources=told)
        if "boom" in text:
            raise ValueError(f"cannot think about {question.text}")
        if "person" in text:
            return decision("handoff", reasons=("wants_person",))
        if upset:
            return decision("handoff", reasons=upset)
        for rule in RULES:
            for ref, words in rule.answers:
                wanted = rule.word in text or question.chosen_ref == ref
                if wanted and ref not in question.tried_refs and question.chosen_ref in {None, ref}:
                    return decision("answer", words, reasons=("above_threshold",), sources=(source(ref),))
        if "hello" in text:
            return decision("smalltalk", "Hello! How can I help?", reasons=("smalltalk_greeting",))
        if "asdf" in text and not question.clarifications:
            return decision("clarify", "In other words?", reasons=("nothing_found", "not_understood"))
        if "unclear" in text and not question.clarifications:
            choices = (source("article:refund-policy"), source("learned_answer:1"))
            return decision("clarify", "Which of these is it?", reasons=("plausible",), choices=choices)
        return decision("handoff", reasons=("below_threshold",))

    def classify(self, texts: Sequence[str], *, intents: Mapping[str, IntentInfo]) -> Classified:
        """`refund` is in scope, `person` asks for one, `awful` is negative; the business names the team."""
        info = intents.get("refund_policy", IntentInfo(None, human_only=False))
        return Classified("rules", tuple(_read(text.lower(), info) for text in texts), wants_person_limit=0.8)

    def read_intents(self, texts: Sequence[str]) -> IntentsRead:
        """`refund` is surely in scope; of everything else two intents are as likely."""
        is_refund = np.array(["refund" in text.lower() for text in texts], np.bool_)
        sure, unsure = np.array([0.05, 0.9, 0.05]), np.array([0.4, 0.2, 0.4])
        return IntentsRead(
            model="rules",
            labels=("pause", "refund_policy", "track_order"),
            probabilities=np.where(is_refund[:, None], sure, unsure),
            out_of_scope=~is_refund,
            vectors=HashReader().encode(texts),
        )


def _read(text: str, info: IntentInfo) -> Understanding:
    negative = 0.9 if "awful" in text else 0.1
    is_refund = "refund" in text
    return replace(
        decision("handoff", reasons=()).understanding,
        intent="refund_policy" if is_refund else None,
        intent_probabilities={"track_order": 0.25, "refund_policy": 0.7, "pause": 0.05},
        out_of_scope_score=0.25 if is_refund else 0.75,
        team=info.team if is_refund else None,
        sentiment="negative" if negative == 0.9 else "positive",
        sentiment_score=0.9 - 2 * negative,
        sentiment_probabilities={"negative": negative, "neutral": 0.1, "positive": 0.9 - negative},
        wants_person=0.8 if "person" in text else 0.0,
    )


def source(ref: str) -> Source:
    return Source(
        ref=ref,
        kind="article" if ref.startswith("article:") else "learned_answer",
        title=ref.partition(":")[2],
        heading_path=("Top",),
        url="https://tuckleaf.example/help",
        excerpt="An excerpt.",
    )


def decision(
    kind: DecisionKind,
    answer: str = "",
    *,
    reasons: tuple[str, ...],
    sources: tuple[Source, ...] = (),
    choices: tuple[Source, ...] = (),
) -> Decision:
    understanding = Understanding(
        intent="refund_policy",
        intent_confidence=0.9,
        intent_probabilities={"refund_policy": 0.9, "track_order": 0.1},
        out_of_scope_score=0.1,
        human_only_probability=0.0,
        human_only_in_passing=0.0,
        genre_probabilities={},
        team="billing",
        sentiment="neutral",
        sentiment_score=0.0,
        mood=-0.25,
        wants_person=0.0,
        smalltalk=None,
    )
    return Decision(
        kind=kind,
        answer=answer,
        sources=sources,
        choices=choices,
        confidence=0.9 if kind == "answer" else 0.1,
        threshold=0.8,
        reasons=reasons,
        understanding=understanding,
        candidates=(),
        model="rules",
        milliseconds={"total": 1.5},
    )
