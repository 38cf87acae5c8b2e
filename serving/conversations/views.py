"""Rows of the store as what customers and agents see; notes never reach what a customer sees."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from serving.conversations import repository
from serving.conversations.schemas import (
    AgentConversationOut,
    ConversationOut,
    LastMessageOut,
    MessageOut,
    MessagePayload,
)
from serving.db.tables import Conversation, Message, Team
from serving.rendering import render_markdown

_SHORT_CHARS = 200
_STATE = frozenset(ConversationOut.model_fields) - {"id", "client_id", "created_at", "last_message"}
"""What changes in the life of a conversation, its words left out."""


def message_out(message: Message, *, helpful: bool | None = None) -> MessageOut:
    """A message; bot and agent text rendered to safe HTML, the customer's left plain."""
    rendered = message.author in {"bot", "agent"}
    return MessageOut.of(
        message,
        html=render_markdown(message.text, line_breaks=True) if rendered else "",
        payload=MessagePayload.model_validate({**message.payload, "feedback": helpful}),
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
        ConversationOut.of(row, **_beside(row, teams.get(row.team or ""), last.get(row.id)))
        for row in conversations
    ]


def conversation_out(session: Session, conversation: Conversation) -> ConversationOut:
    """One conversation as its customer sees it."""
    return conversations_out(session, [conversation])[0]


def state_of(session: Session, conversation: Conversation) -> dict[str, Any]:  # a JSON object
    """How the conversation stands now, with the id of its last message in place of the words."""
    team = repository.find_team(session, conversation.team)
    shown = ConversationOut.of(conversation, **_beside(conversation, team, None))
    last_message_id = repository.last_message_id(session, conversation.id, notes=False)
    return {**shown.model_dump(mode="json", include=set(_STATE)), "last_message_id": last_message_id}


def state_out(
    conversation: Conversation,
    state: Mapping[str, Any],  # as `state_of` gave it
    last: Message | None,
) -> ConversationOut:
    """The conversation as its customer saw it in that state."""
    then = {name: state[name] for name in _STATE if name in state}  # a newer field is as it stands now
    return ConversationOut.of(conversation, **{**_beside(conversation, None, last), **then})


def agent_conversations_out(
    session: Session, conversations: Sequence[Conversation]
) -> list[AgentConversationOut]:
    """Conversations as agents see them."""
    ids = [row.id for row in conversations]
    last = repository.last_messages(session, ids, notes=True)
    pending = repository.pending_proposal_counts(session, ids)
    tags = repository.tags_of(session, ids)
    teams = repository.teams(session)
    return [
        AgentConversationOut.of(
            row,
            **_beside(row, teams.get(row.team or ""), last.get(row.id)),
            pending_proposals=pending.get(row.id, 0),
            tags=tags.get(row.id, []),
        )
        for row in conversations
    ]


def agent_conversation_out(session: Session, conversation: Conversation) -> AgentConversationOut:
    """One conversation as agents see it."""
    return agent_conversations_out(session, [conversation])[0]


def _beside(row: Conversation, team: Team | None, last: Message | None) -> dict[str, object]:
    """What is shown of a conversation beside its own columns."""
    return {
        "team_title": team.title if team else None,
        "expected_wait_minutes": team.expected_wait_minutes if team and row.status == "waiting" else None,
        "waiting": row.waiting if row.status == "waiting" else None,
        "last_message": LastMessageOut.of(last, text=last.text[:_SHORT_CHARS]) if last else None,
    }
