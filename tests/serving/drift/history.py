"""Conversations of the past, written into a store."""

from datetime import UTC, date, datetime, time, timedelta

from serving.db.session import Database
from serving.db.tables import Contact, Conversation, DecisionRecord, Feedback, Message

DAY = date(2026, 3, 1)


class Teller:
    """Writes conversations into a store, each with decisions at given times."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told = 0
        with database.session() as session:
            session.merge(Contact(id="drift"))

    def conversation(
        self, *decisions: dict[str, object], at: datetime, mood: float = 0.0, helpful: bool | None = None
    ) -> str:
        """A conversation that began at this time, its decisions a minute apart; its id."""
        self._told += 1
        conversation_id = f"drift-{self._told}"
        with self._database.session() as session:
            session.add(
                Conversation(
                    id=conversation_id,
                    contact_id="drift",
                    client_id=conversation_id,
                    mood=mood,
                    status="closed",
                    created_at=at,
                    updated_at=at,
                )
            )
            session.flush()
            for minute, given in enumerate(decisions):
                asked_at = at + timedelta(minutes=minute)
                session.add(decision_row(conversation_id, asked_at, given))
            if helpful is not None:
                message = Message(conversation_id=conversation_id, author="bot", text="So.", created_at=at)
                session.add(message)
                session.flush()
                session.add(
                    Feedback(
                        message_id=message.id, conversation_id=conversation_id, helpful=helpful, created_at=at
                    )
                )
        return conversation_id


def decision_row(conversation_id: str, at: datetime, given: dict[str, object]) -> DecisionRecord:
    """An answer to where a parcel is, at this time, with other values where some are given."""
    usual: dict[str, object] = {
        "kind": "answer",
        "question": "Where is the parcel that I ordered last week?",
        "confidence": 0.9,
        "threshold": 0.8,
        "intent": "track_order",
        "sentiment": "neutral",
        "mood": 0.0,
        "wants_person": 0.0,
        "reasons": ["above_threshold"],
        "model": "set",
    }
    return DecisionRecord(conversation_id=conversation_id, message_id=1, created_at=at, **{**usual, **given})


def at(day: date, hour: int = 12) -> datetime:
    """The full hour of this day, UTC."""
    return datetime.combine(day, time(hour), UTC)
