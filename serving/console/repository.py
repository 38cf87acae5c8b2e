"""Queries that only the console's pages need: lists in their order, searches, counts; it decides nothing."""

from collections.abc import Collection, Mapping

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, joinedload

from serving.db.tables import PRIORITIES, Conversation, CsatRating, Intent, Message, Proposal, Team


def list_inbox(
    session: Session,
    *,
    statuses: Collection[str],
    team: str | None = None,
    agent_id: str | None = None,
    limit: int,
) -> list[Conversation]:
    """Conversations with one of the statuses: those that wait first, the latest changed first of the others.

    Of those that wait, the ones with a greater priority come first, then who waits longest.
    """
    chosen = (
        select(Conversation)
        .options(joinedload(Conversation.contact), joinedload(Conversation.agent))
        .where(Conversation.status.in_(statuses))
    )
    if "waiting" in statuses:  # they are few: the others are read in the order of their index
        urgency = case(
            (Conversation.status != "waiting", -1),
            *((Conversation.priority == name, rank) for rank, name in enumerate(PRIORITIES)),
            else_=0,
        )
        waiting_since = case((Conversation.status == "waiting", Conversation.handed_over_at), else_=None)
        chosen = chosen.order_by(urgency.desc(), waiting_since)
    chosen = chosen.order_by(Conversation.updated_at.desc(), Conversation.id.desc())
    if team is not None:
        chosen = chosen.where(Conversation.team == team)
    if agent_id is not None:
        chosen = chosen.where(Conversation.agent_id == agent_id)
    return list(session.scalars(chosen.limit(limit)))


def count_waiting(session: Session) -> int:
    """How many conversations wait for a person."""
    chosen = select(func.count()).select_from(Conversation).where(Conversation.status == "waiting")
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
