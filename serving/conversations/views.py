"""Rows of the store as what customers and agents see; notes never reach what a customer sees."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from serving.conversations import repository
from serving.conversations.schemas import (
    AgentConversationOut,
    AgentName,
    AssignedAgentOut,
    ContactOut,
    ConversationOut,
    LastMessageOut,
    MessageOut,
    PayloadOut,
)
from serving.db.tables import Contact, Conversation, Message, Team
from serving.rendering import render_markdown

_SHORT_CHARS = 200
_STATE = frozenset(
    {
        "status",
        "team",
        "team_title",
        "intent",
        "mood",
        "handoff_reason",
        "expected_wait_minutes",
        "resolution",
        "updated_at",
    }
)
"""What changes in the life of a conversation, its words left out."""


def contact_out(contact: Contact) -> ContactOut:
    """A customer as agents see them."""
    return ContactOut(
        id=contact.id,
        external_id=contact.external_id,
        name=contact.name,
        email=contact.email,
        attributes=contact.attributes,
        created_at=contact.created_at,
        last_seen_at=contact.last_seen_at,
    )


def message_out(message: Message, *, helpful: bool | None = None) -> MessageOut:
    """A message; bot and agent text rendered to safe HTML, the customer's left plain."""
    rendered = message.author in {"bot", "agent"}
    payload = PayloadOut.model_validate({**message.payload, "feedback": helpful})
    return MessageOut.model_validate(
        {
            "id": message.id,
            "conversation_id": message.conversation_id,
            "client_id": message.client_id,
            "author": message.author,
            "kind": message.kind,
            "text": message.text,
            "html": render_markdown(message.text, line_breaks=True) if rendered else "",
            "agent": AgentName(name=message.agent.name) if message.agent else None,
            "payload": payload.model_dump(exclude_none=True),
            "created_at": message.created_at,
        }
    )


def messages_out(session: Session, messages: Sequence[Message]) -> list[MessageOut]:
    """Messages with the customer's feedback."""
    helpful = repository.feedback_of(session, [message.id for message in messages])
    return [message_out(message, helpful=helpful.get(message.id)) for message in messages]


def conversations_out(session: Session, conversations: Sequence[Conversation]) -> list[ConversationOut]:
    """Conversations as customers see them."""
    last = repository.last_messages(session, [row.id for row in conversations], notes=False)
    teams = repository.teams(session)
    return [
        ConversationOut.model_validate(_common(row, teams.get(row.team or ""), last.get(row.id)))
        for row in conversations
    ]


def conversation_out(session: Session, conversation: Conversation) -> ConversationOut:
    """One conversation as its customer sees it."""
    return conversations_out(session, [conversation])[0]


def state_of(session: Session, conversation: Conversation) -> dict[str, Any]:  # a JSON object
    """How the conversation stands now, with the id of its last message in place of the words."""
    team = repository.find_team(session, conversation.team)
    shown = ConversationOut.model_validate(_common(conversation, team, None))
    last_message_id = repository.last_message_id(session, conversation.id, notes=False)
    return {**shown.model_dump(mode="json", include=set(_STATE)), "last_message_id": last_message_id}


def state_out(
    conversation: Conversation,
    state: Mapping[str, Any],  # as `state_of` gave it
    last: Message | None,
) -> ConversationOut:
    """The conversation as its customer saw it in that state."""
    then = {name: state[name] for name in _STATE}
    return ConversationOut.model_validate({**_common(conversation, None, last), **then})


def agent_conversations_out(
    session: Session, conversations: Sequence[Conversation]
) -> list[AgentConversationOut]:
    """Conversations as agents see them."""
    ids = [row.id for row in conversations]
    last = repository.last_messages(session, ids, notes=True)
    pending = repository.pending_proposal_counts(session, ids)
    teams = repository.teams(session)
    return [
        AgentConversationOut.model_validate(
            {
                **_common(row, teams.get(row.team or ""), last.get(row.id)),
                "contact": contact_out(row.contact),
                "agent": AssignedAgentOut(id=row.agent.id, name=row.agent.name) if row.agent else None,
                "handoff_summary": row.handoff_summary,
                "pending_proposals": pending.get(row.id, 0),
            }
        )
        for row in conversations
    ]


def agent_conversation_out(session: Session, conversation: Conversation) -> AgentConversationOut:
    """One conversation as agents see it."""
    return agent_conversations_out(session, [conversation])[0]


def _common(
    row: Conversation, team: Team | None, last: Message | None
) -> dict[str, Any]:  # fields of the models
    return {
        "id": row.id,
        "client_id": row.client_id,
        "status": row.status,
        "team": row.team,
        "team_title": team.title if team else None,
        "intent": row.intent,
        "mood": row.mood,
        "handoff_reason": row.handoff_reason,
        "expected_wait_minutes": team.expected_wait_minutes if team and row.status == "waiting" else None,
        "resolution": row.resolution,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "last_message": _last_message(last),
    }


def _last_message(message: Message | None) -> LastMessageOut | None:
    if message is None:
        return None
    return LastMessageOut(
        author=message.author, text=message.text[:_SHORT_CHARS], created_at=message.created_at
    )
