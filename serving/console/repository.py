"""Queries that only the console's pages need: lists in their order, searches, counts; it decides nothing."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from serving.db.tables import Conversation, CsatRating, Intent, Message, Proposal, Team


def count_waiting(session: Session) -> int:
    """How many conversations wait for a person, without those that are snoozed."""
    waits = (Conversation.status == "waiting", Conversation.snoozed_until.is_(None))
    chosen = select(func.count()).select_from(Conversation).where(*waits)
    return session.scalar(chosen) or 0


def newest_messages(session: Session, conversation_id: str, *, limit: int) -> list[Message]:
    """The last messages of every kind, oldest first."""
    chosen = select(Message).where(Message.conversation_id == conversation_id)
    chosen = chosen.options(joinedload(Message.agent)).order_by(Message.id.desc()).limit(limit)
    return list(session.scalars(chosen))[::-1]


def intent_titles(session: Session) -> Mapping[str, str]:
    """What each intent is called."""
    return {row.name: row.title for row in session.execute(select(Intent.name, Intent.title))}


def intent_teams(session: Session) -> Mapping[str, str]:
    """What the team of each intent is called; without those that no team has."""
    chosen = select(Intent.name, Team.title).join(Team, Team.name == Intent.team)
    return {row.name: row.title for row in session.execute(chosen)}


def csat_score(session: Session, conversation_id: str) -> int | None:
    """The customer's rating of the conversation."""
    return session.scalar(select(CsatRating.score).where(CsatRating.conversation_id == conversation_id))


def list_decided_proposals(session: Session, *, limit: int) -> list[Proposal]:
    """Proposals that somebody decided, the latest decision first."""
    chosen = select(Proposal).where(Proposal.status != "pending")
    return list(session.scalars(chosen.order_by(Proposal.decided_at.desc(), Proposal.id.desc()).limit(limit)))
