"""Queries on customers' first questions and the labels people gave them; it decides nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from serving.conversations.repository import NO_QUESTION, questions
from serving.db.tables import Agent, Contact, Conversation, DecisionRecord, IntentLabel

_IDS_AT_ONCE = 500
"""Fewer than the values that SQLite takes in one statement."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question with whoever asked it, as far as their words may betray them."""

    decision_id: int
    conversation_id: str
    text: str
    contact_name: str | None
    external_id: str | None


def first_questions(session: Session, *, after: int, limit: int) -> list[tuple[int, str]]:
    """Decision and text of the newest first questions with a greater decision id, the oldest of them first.

    The first question of a conversation is what its first decision was on that was neither silence nor
    smalltalk; a picked choice is none.
    """
    earlier = aliased(DecisionRecord)
    is_first = ~exists().where(
        earlier.conversation_id == DecisionRecord.conversation_id,
        earlier.id < DecisionRecord.id,
        earlier.kind.not_in(NO_QUESTION),
    )
    new = questions().where(DecisionRecord.id > after, is_first)
    query = new.with_only_columns(DecisionRecord.id, DecisionRecord.question)
    rows = session.execute(query.order_by(DecisionRecord.id.desc()).limit(limit))
    return [(row.id, row.question) for row in rows][::-1]


def labelled_decisions(session: Session, *, since: int) -> set[int]:
    """The decisions with at least this id whose question a person labelled."""
    return set(session.scalars(select(IntentLabel.decision_id).where(IntentLabel.decision_id >= since)))


def asked_questions(session: Session, decision_ids: Collection[int]) -> Mapping[int, AskedQuestion]:
    """The questions of these decisions by decision; those that are no more are left out."""
    wanted = list(decision_ids)
    found: dict[int, AskedQuestion] = {}
    for begin in range(0, len(wanted), _IDS_AT_ONCE):
        query = (
            select(
                DecisionRecord.id,
                DecisionRecord.conversation_id,
                DecisionRecord.question,
                Contact.name,
                Contact.external_id,
            )
            .join(Conversation, Conversation.id == DecisionRecord.conversation_id)
            .join(Contact, Contact.id == Conversation.contact_id)
            .where(DecisionRecord.id.in_(wanted[begin : begin + _IDS_AT_ONCE]))
        )
        found |= {row.id: AskedQuestion(*row) for row in session.execute(query)}
    return found


def agent_names(session: Session) -> list[str]:
    """The names of all agents."""
    return list(session.scalars(select(Agent.name).order_by(Agent.id)))
