"""The event log, from which every stream is fed: what is written of an event, and what is told of it.

An event holds ids and states. The words stand in their own rows and are read when the event is told.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from serving.conversations import repository, views
from serving.db.session import append_event
from serving.db.tables import Conversation, Event, Message
from serving.learned_answers.proposals import announced_proposals


def log_message(session: Session, message: Message) -> None:
    """Log a new message; a note for agents only."""
    session.flush()  # gives the message its id
    append_event(
        session,
        Event(
            conversation_id=message.conversation_id,
            kind="message",
            agents_only=message.kind == "note",
            data={"message_id": message.id},
        ),
    )


def log_status(session: Session, conversation: Conversation) -> None:
    """Log how the conversation stands now, as its customer sees it."""
    session.flush()
    data = views.state_of(session, conversation)
    append_event(session, Event(conversation_id=conversation.id, kind="status", data=data))


def log_feedback(session: Session, conversation_id: str, message_id: int, helpful: bool) -> None:
    """Log what the customer said about a bot message."""
    data = {"message_id": message_id, "helpful": helpful}
    append_event(session, Event(conversation_id=conversation_id, kind="feedback", data=data))


def told(session: Session, events: Sequence[Event]) -> Mapping[int, dict[str, Any]]:  # JSON objects
    """What is told of each event, by its id; those whose message is gone are left out."""
    by_kind: dict[str, list[Event]] = {}
    for event in events:
        by_kind.setdefault(event.kind, []).append(event)
    messages = repository.messages_by_id(session, _message_ids(by_kind))
    rows = repository.list_by_ids(session, {event.conversation_id for event in by_kind.get("status", ())})
    conversations = {row.id: row for row in rows}
    proposals = announced_proposals(session, [event.data["id"] for event in by_kind.get("proposal", ())])
    data: dict[int, dict[str, Any]] = {}
    for event in events:
        match event.kind:
            case "message":
                message = messages.get(event.data["message_id"])
                if message is not None:
                    data[event.id] = views.message_out(message).model_dump(mode="json")
            case "status":
                last = messages.get(event.data["last_message_id"] or 0)
                conversation = conversations[event.conversation_id]
                data[event.id] = views.state_out(conversation, event.data, last).model_dump(mode="json")
            case "proposal":
                data[event.id] = proposals.get(event.data["id"], dict(event.data))
            case _:
                data[event.id] = dict(event.data)
    return data


def _message_ids(by_kind: Mapping[str, Sequence[Event]]) -> set[int]:
    of_messages = {event.data["message_id"] for event in by_kind.get("message", ())}
    last = {event.data["last_message_id"] for event in by_kind.get("status", ())}
    return {message_id for message_id in of_messages | last if message_id is not None}
