"""Decisions as JSON and as rows: the trace that explains later why the bot said what it said."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from model.types import Decision, ScoredCandidate, Source, Understanding
from serving.db.tables import Conversation, DecisionRecord, DecisionTrace

_TRACED_CANDIDATES = 10
_TRACED_INTENTS = 5


def decision_json(decision: Decision, *, with_candidates: bool = False) -> dict[str, Any]:  # a JSON object
    """The keys that `firstlast ask` and `POST /v1/ask` give."""
    read = decision.understanding
    shown: dict[str, Any] = {
        "decision": decision.kind,
        "answer": decision.answer,
        "sources": sources_json(decision.sources),
        "choices": [{"ref": choice.ref, "title": choice.title} for choice in decision.choices],
        "confidence": finite(decision.confidence),
        "threshold": finite(decision.threshold),
        "intent": read.intent,
        "team": read.team,
        "sentiment": read.sentiment,
        "wants_person": finite(read.wants_person),
        "reasons": list(decision.reasons),
        "model": decision.model,
        "milliseconds": {stage: finite(value) for stage, value in decision.milliseconds.items()},
    }
    if with_candidates:
        shown["candidates"] = [candidate_json(candidate) for candidate in decision.candidates]
    return shown


def sources_json(sources: Sequence[Source]) -> list[dict[str, Any]]:  # JSON objects
    """The sources as shown beside an answer."""
    return [
        {
            "ref": source.ref,
            "kind": source.kind,
            "title": source.title,
            "url": source.url,
            "excerpt": source.excerpt,
            "heading_path": list(source.heading_path),
        }
        for source in sources
    ]


def candidate_json(scored: ScoredCandidate) -> dict[str, Any]:  # a JSON object
    """A candidate with its scores and features."""
    found = scored.candidate
    return {
        "ref": found.ref,
        "passage": found.passage.key,
        "title": found.passage.title,
        "confidence": finite(scored.confidence),
        "dense_score": finite(found.dense_score),
        "lexical_score": finite(found.lexical_score),
        "fused_score": finite(found.fused_score),
        "coverage": finite(found.coverage),
        "features": _finite_values(scored.features),
    }


def decision_record(
    conversation_id: str, message_id: int, question: str, decision: Decision
) -> DecisionRecord:
    """The row of a decision, with its trace unless the bot kept silent."""
    read = decision.understanding
    return DecisionRecord(
        conversation_id=conversation_id,
        message_id=message_id,
        question=question,
        kind=decision.kind,
        answer_ref=decision.sources[0].ref if decision.kind == "answer" and decision.sources else None,
        confidence=finite(decision.confidence),
        threshold=finite(decision.threshold),
        intent=read.intent,
        team=read.team,
        sentiment=read.sentiment,
        mood=finite(read.mood),
        wants_person=finite(read.wants_person),
        reasons=list(decision.reasons),
        trace=None if decision.kind == "silent" else DecisionTrace(trace=_trace(decision, read)),
        model=decision.model,
    )


def failure_record(conversation: Conversation, message_id: int, question: str, reason: str) -> DecisionRecord:
    """The row that says that the bot failed and a person must answer."""
    return DecisionRecord(
        conversation_id=conversation.id,
        message_id=message_id,
        question=question,
        kind="handoff",
        confidence=0.0,
        threshold=0.0,
        intent=conversation.intent,
        team=conversation.team,
        sentiment="neutral",
        mood=conversation.mood,
        wants_person=0.0,
        reasons=[reason],
        model="",
    )


def finite(value: float) -> float:
    """The number as JSON can carry it: infinities far out, NaN as 0."""
    number = float(value)
    if math.isnan(number):
        return 0.0
    return max(-1e9, min(1e9, number))


def _trace(decision: Decision, read: Understanding) -> dict[str, Any]:  # a JSON object
    likely = sorted(read.intent_probabilities.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "candidates": [candidate_json(one) for one in decision.candidates[:_TRACED_CANDIDATES]],
        "choices": [choice.ref for choice in decision.choices],
        "intent_confidence": finite(read.intent_confidence),
        "intents": _finite_values(dict(likely[:_TRACED_INTENTS])),
        "out_of_scope_score": finite(read.out_of_scope_score),
        "human_only_probability": finite(read.human_only_probability),
        "human_only_in_passing": finite(read.human_only_in_passing),
        "human_only_intents": sorted(read.human_only_intents),
        "sentiment_score": finite(read.sentiment_score),
        "unhappy": finite(read.unhappy),
        "smalltalk": read.smalltalk,
        "telling": read.telling,
        "follow_up": finite(decision.follow_up),
        "ruled_out": sorted(decision.ruled_out),
        "milliseconds": _finite_values(decision.milliseconds),
    }


def _finite_values(values: Mapping[str, float]) -> dict[str, float]:
    return {key: finite(value) for key, value in values.items()}
