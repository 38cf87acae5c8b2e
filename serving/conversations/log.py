"""Writes what happened in a conversation to the event log, from which every stream is fed."""

from sqlalchemy.orm import Session

from serving.conversations import views
from serving.db.session import append_event
from serving.db.tables import Conversation, Event, Message


def log_message(session: Session, message: Message) -> None:
    """Log a new message; a note for agents only."""
    session.flush()  # gives the message its id
    data = views.message_out(message).model_dump(mode="json")
    append_event(
        session,
        Event(
            conversation_id=message.conversation_id,
            kind="message",
            agents_only=message.kind == "note",
            data=data,
        ),
    )


def log_status(session: Session, conversation: Conversation) -> None:
    """Log how the conversation stands now, as its customer sees it."""
    session.flush()
    data = views.conversation_out(session, conversation).model_dump(mode="json")
    append_event(session, Event(conversation_id=conversation.id, kind="status", data=data))


def log_feedback(session: Session, conversation_id: str, message_id: int, helpful: bool) -> None:
    """Log what the customer said about a bot message."""
    data = {"message_id": message_id, "helpful": helpful}
    append_event(session, Event(conversation_id=conversation_id, kind="feedback", data=data))


def log_proposal(session: Session, conversation_id: str, data: dict[str, object]) -> None:
    """Log that a proposal was drafted or decided; for agents only."""
    append_event(
        session, Event(conversation_id=conversation_id, kind="proposal", agents_only=True, data=data)
    )
