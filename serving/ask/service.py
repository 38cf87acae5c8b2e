"""Answers a question without a conversation, and suggests answers while it is typed; it stores nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from model.types import Candidate, Question, Turn
from serving.bot.decisions import decision_json
from serving.company.service import stored_danger, stored_infos
from serving.db.tables import new_id
from serving.runtime.assembly import Runtime
from serving.text import checked_length

_MOST_SUGGESTIONS = 5
_LEAST_SIMILARITY = 0.25
_log = structlog.get_logger(__name__)


def ask(
    runtime: Runtime,
    question: str,
    *,
    history: Sequence[Turn] = (),
    contact: Mapping[str, Any] | None = None,  # JSON attributes set by the business
    with_candidates: bool = False,
) -> dict[str, Any]:  # a JSON object
    """The decision as JSON with its `trace_id`, under which the log has it."""
    text = checked_length("question", question, max_chars=runtime.settings.max_message_chars)
    with runtime.database.reading() as session:
        intents, danger = stored_infos(session), stored_danger(session)
    decision = runtime.resolver.resolve(
        Question(
            text=text,
            history=tuple(history),
            contact=dict(contact or {}),
            intents=intents,
            danger=danger,
        )
    )
    runtime.metrics.count_decision(decision, channel="ask")
    trace_id = new_id()
    _log.info(
        "asked",
        trace_id=trace_id,
        decision=decision.kind,
        reasons=decision.reasons,
        model=decision.model,
        milliseconds=decision.milliseconds.get("total"),
    )
    return {**decision_json(decision, with_candidates=with_candidates), "trace_id": trace_id}


def suggest(runtime: Runtime, typed: str) -> list[Candidate]:
    """At most five answers that may fit, best first; none for a text that says too little."""
    text = typed.strip()
    if len(text) < 2:
        return []
    known = runtime.knowledge
    found = known.index.search(text, known.encoder.encode_one(text), top_k=_MOST_SUGGESTIONS)
    fitting = [one for one in found if one.dense_score >= _LEAST_SIMILARITY or one.coverage > 0]
    return [one for one in fitting if not one.passage.for_people]
