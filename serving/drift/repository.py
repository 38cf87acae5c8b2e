"""Queries on what customers asked over some weeks; it decides nothing and never commits."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from serving.conversations.repository import NO_QUESTION
from serving.db.tables import Conversation, DecisionRecord, Feedback, Intent

_AT_ONCE = 2_000
_MOST_IDS = 500


@dataclass(frozen=True, slots=True)
class FirstQuestion:
    """What the bot made of the first question of a conversation."""

    decision_id: int
    conversation_id: str
    message_id: int
    asked_at: datetime
    kind: str
    intent: str | None
    confidence: float
    sentiment: str
    reasons: tuple[str, ...]
    model: str
    """The set that read it; empty where the bot failed."""
    mood: float
    """Of the conversation as it is now, in [-1, 1]."""


def first_questions(session: Session, since: datetime, until: datetime) -> Iterator[FirstQuestion]:
    """The first question of each conversation, where it was asked in this time; the oldest first.

    A question is what the bot neither kept silent on nor took for smalltalk. Conversations that nobody has
    touched since are not looked at.
    """
    of_conversation = aliased(DecisionRecord)
    first = (
        select(of_conversation.id)
        .where(of_conversation.conversation_id == Conversation.id)
        .where(of_conversation.kind.not_in(NO_QUESTION))
        .order_by(of_conversation.id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            DecisionRecord.id,
            DecisionRecord.conversation_id,
            DecisionRecord.message_id,
            DecisionRecord.created_at,
            DecisionRecord.kind,
            DecisionRecord.intent,
            DecisionRecord.confidence,
            DecisionRecord.sentiment,
            DecisionRecord.reasons,
            DecisionRecord.model,
            Conversation.mood,
        )
        .select_from(Conversation)
        .join(DecisionRecord, DecisionRecord.id == first)
        .where(
            Conversation.updated_at >= since,
            DecisionRecord.created_at >= since,
            DecisionRecord.created_at < until,
        )
        .order_by(DecisionRecord.created_at, DecisionRecord.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in session.execute(query):
        yield FirstQuestion(
            decision_id=row.id,
            conversation_id=row.conversation_id,
            message_id=row.message_id,
            asked_at=row.created_at,
            kind=row.kind,
            intent=row.intent,
            confidence=row.confidence,
            sentiment=row.sentiment,
            reasons=tuple(row.reasons),
            model=row.model,
            mood=row.mood,
        )


def feedback_given(
    session: Session, since: datetime, until: datetime, *, first_message: int
) -> Iterator[tuple[datetime, bool, str]]:
    """When customers said whether an answer helped, what they said, and in which conversation.

    Only of messages from `first_message` on, so that older feedback is not looked at.
    """
    query = (
        select(Feedback.created_at, Feedback.helpful, Feedback.conversation_id)
        .where(
            Feedback.message_id >= first_message, Feedback.created_at >= since, Feedback.created_at < until
        )
        .order_by(Feedback.message_id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in session.execute(query):
        yield row[0], row[1], row[2]


def texts_of(session: Session, decision_ids: Collection[int]) -> Mapping[int, str]:
    """The questions of these decisions, by id."""
    ids = sorted(decision_ids)
    texts: dict[int, str] = {}
    for begin in range(0, len(ids), _MOST_IDS):
        query = select(DecisionRecord.id, DecisionRecord.question).where(
            DecisionRecord.id.in_(ids[begin : begin + _MOST_IDS])
        )
        texts.update((row[0], row[1]) for row in session.execute(query))
    return texts


def count_intents(session: Session) -> int:
    """How many intents the company has."""
    return session.scalar(select(func.count()).select_from(Intent)) or 0
