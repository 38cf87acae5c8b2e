"""Gathers what the inbox shows of one conversation: its thread, its customer, what helps to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from knowledge.privacy.masking import cards_masked
from serving.console import repository
from serving.console.cards import CardDraft, conversation_cards
from serving.console.inbox_help import inserted_text, kept_replies, steps, suggestions
from serving.conversations import desk
from serving.conversations import repository as conversations
from serving.db.tables import Attachment, Conversation, new_id
from serving.runtime.assembly import Runtime
from serving.security.principals import AgentPrincipal

MAX_MESSAGES = 300
MAX_EARLIER = 10
MAX_TRACED = 20
_MAX_GUESSES = 3


@dataclass(frozen=True, slots=True)
class Composer:
    """The reply box: what stands in it and why the last try failed."""

    max_chars: int
    text: str = ""
    note: bool = False
    error: str = ""
    insert: str = ""
    """Which kept reply or suggestion it begins with."""
    owned_by: str = ""
    """Who has the conversation, where the reply was held back for it; sent again it goes out."""
    attachments: Sequence[Attachment] = ()
    """Files that were uploaded for it."""
    nonce: str = field(default_factory=new_id)
    """Makes sending the same form twice one message."""


def conversation_context(
    session: Session,
    runtime: Runtime,
    viewer: AgentPrincipal,
    conversation: Conversation,
    *,
    composer: Composer,
    draft: CardDraft | None = None,
) -> dict[str, object]:
    """One conversation with its thread, its customer and the cards beside the replies."""
    # The place in the log before the rest: what happens meanwhile arrives as an event.
    after = conversations.last_event_id(session)
    messages = repository.newest_messages(session, conversation.id, limit=MAX_MESSAGES + 1)
    decisions = conversations.decisions_newest_first(session, conversation.id, limit=MAX_MESSAGES)
    titles = repository.intent_titles(session)
    team = conversations.find_team(session, conversation.team)
    cards = conversation_cards(session, conversation.id, draft=draft)
    others = conversations.list_of_contact(session, conversation.contact_id, limit=MAX_EARLIER)
    helpful = conversations.feedback_of(session, [message.id for message in messages])
    question = conversations.last_question(session, conversation.id)
    traced = [*(decision.id for decision in decisions[:MAX_TRACED]), *([question.id] if question else [])]
    traces = conversations.traces_of(session, traced)
    asked = traces.get(question.id, {}) if question else {}
    ready = suggestions(session, runtime, asked) if asked else []
    kept = kept_replies(session, viewer, conversation.contact)
    if composer.insert and not composer.text:
        composer = replace(composer, text=inserted_text(composer.insert, [*ready, *kept]))
    return {
        "conversation": conversation,
        "after": after,
        "customer": conversation.contact,
        "messages": messages[-MAX_MESSAGES:],
        "more_messages": len(messages) > MAX_MESSAGES,
        "answers": {decision.id: decision for decision in decisions if decision.kind == "answer"},
        "helpful": helpful,
        "owner": desk.owner_of(conversation),
        "tags": conversations.tags_of(session, [conversation.id]).get(conversation.id, []),
        "steps": steps(messages, decisions, traces, helpful),
        "suggestions": ready,
        "kept_replies": kept,
        "cards": cards,
        "pending_proposals": [
            card.proposal for beside in cards.values() for card in beside if card.proposal.status == "pending"
        ],
        "composer": composer,
        "intent_titles": titles,
        "intent_teams": repository.intent_teams(session) if conversation.is_with_people else {},
        "guesses": _guesses(asked, titles),
        "team_title": team.title if team else "",
        "csat": repository.csat_score(session, conversation.id),
        "handoff": _handoff(conversation),
        "earlier": [other for other in others if other.id != conversation.id],
        "last_messages": conversations.last_messages(session, [row.id for row in others], notes=False),
    }


def _guesses(trace: Mapping[str, Any], titles: Mapping[str, str]) -> list[tuple[str, float]]:  # JSON
    """The likeliest intents of the last question by the bot's reading, with their probabilities."""
    read = trace.get("intents", {})
    known = [(name, probability) for name, probability in read.items() if name in titles]
    return sorted(known, key=lambda pair: -pair[1])[:_MAX_GUESSES]


def _handoff(conversation: Conversation) -> dict[str, object] | None:
    """Why it was handed over, and what the bot did before; `None` while it was not."""
    summary, last_reason = conversation.handoff_summary or {}, conversation.handoff_reason
    if not summary and last_reason is None:
        return None
    reasons = [str(code) for code in summary.get("reasons") or ()]
    if last_reason and last_reason not in reasons:
        reasons.insert(0, last_reason)
    return {
        "question": cards_masked(summary.get("question") or ""),
        "reasons": reasons,
    }
