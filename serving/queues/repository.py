"""Queries on who is online, how much they have, and what waits; it decides nothing and never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from serving.db.tables import PRIORITIES, WITH_PEOPLE, Agent, AgentSession, Conversation, Handover, Team


@dataclass(frozen=True, slots=True)
class Load:
    """An agent who is online, with how many conversations they have."""

    agent_id: str
    open_count: int


def lock_team(session: Session, name: str) -> Team | None:
    """The team; who shares out its queue next waits until this transaction ends."""
    query = select(Team).where(Team.name == name).with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def list_loads(session: Session, team: str, at: datetime) -> list[Load]:
    """The team's agents who are online, least work first, then who has been online longest."""
    work = and_(Conversation.agent_id == Agent.id, Conversation.status.in_(WITH_PEOPLE))
    count = func.count(Conversation.id)
    query = (
        select(Agent.id, count)
        .outerjoin(Conversation, work)
        .where(Agent.team == team, _is_online(at))
        .group_by(Agent.id, Agent.available_since)
        .order_by(count, Agent.available_since, Agent.id)
    )
    return [Load(*row) for row in session.execute(query)]


def list_waiting(session: Session, team: str, *, limit: int) -> Sequence[Conversation]:
    """What waits for the team and nobody has, most pressing first, then longest; without what is locked."""
    rank = case({name: place for place, name in enumerate(PRIORITIES)}, value=Conversation.priority, else_=0)
    query = (
        select(Conversation)
        .where(Conversation.team == team, Conversation.status == "waiting", Conversation.agent_id.is_(None))
        .order_by(rank.desc(), Conversation.handed_over_at, Conversation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def take(session: Session, conversation_id: str, agent_id: str) -> bool:
    """Give a waiting conversation to the agent unless somebody has it; whether that was so."""
    free = (
        Conversation.id == conversation_id,
        Conversation.agent_id.is_(None),
        Conversation.status == "waiting",
    )
    statement = update(Conversation).where(*free).values(agent_id=agent_id)
    result = session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


def offered_to(session: Session, agent_id: str) -> Sequence[Conversation]:
    """What a queue gave to the agent, who has not answered yet."""
    query = select(Conversation).where(
        Conversation.agent_id == agent_id,
        Conversation.status == "waiting",
        Conversation.offered_to == agent_id,
    )
    return session.scalars(query.order_by(Conversation.handed_over_at).with_for_update()).all()


def list_left(session: Session, at: datetime) -> Sequence[str]:
    """Agents who were given conversations by a queue and are gone, or have some and are deactivated."""
    offered = and_(Conversation.status == "waiting", Conversation.offered_to == Agent.id, ~_is_online(at))
    query = (
        select(Agent.id)
        .join(Conversation, Conversation.agent_id == Agent.id)
        .where(Conversation.status.in_(WITH_PEOPLE), or_(offered, ~Agent.active))
    )
    return session.scalars(query.distinct().order_by(Agent.id)).all()


def owned_by(session: Session, agent_id: str) -> Sequence[Conversation]:
    """What people answer and the agent has."""
    query = select(Conversation).where(
        Conversation.agent_id == agent_id, Conversation.status.in_(WITH_PEOPLE)
    )
    return session.scalars(query.order_by(Conversation.handed_over_at).with_for_update()).all()


def end_availability(session: Session, at: datetime) -> int:
    """Agents who are not signed in any more are not online; how many were."""
    gone = and_(Agent.available_since.is_not(None), ~_is_online(at))
    statement = update(Agent).where(gone).values(available_since=None)
    result = session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def list_stranded(session: Session, *, limit: int) -> Sequence[str]:
    """What nobody has, waiting for no team or one that nobody is in, or marked so; longest waiting first."""
    query = select(Conversation.id).where(
        Conversation.status.in_(WITH_PEOPLE),
        Conversation.agent_id.is_(None),
        or_(_is_stranded(), Conversation.unattended_since.is_not(None)),
    )
    return session.scalars(query.order_by(Conversation.handed_over_at).limit(limit)).all()


def is_stranded(session: Session, conversation_id: str) -> bool:
    """Whether nobody has it and nobody is in the team that it waits for."""
    query = select(Conversation.id).where(Conversation.id == conversation_id, _is_stranded())
    return session.scalar(query.where(Conversation.agent_id.is_(None))) is not None


def list_late(session: Session, at: datetime, *, limit: int) -> Sequence[str]:
    """What waits with the least priority for longer than its customer was told, longest first."""
    query = (
        select(Conversation.id)
        .join(Handover, Handover.conversation_id == Conversation.id)
        .where(Conversation.status == "waiting", Conversation.priority == "normal")
        .where(Handover.ended_at.is_(None), Handover.told_by < at)
    )
    return session.scalars(query.order_by(Handover.told_by).limit(limit)).all()


def has_people(session: Session, team: str) -> bool:
    """Whether anybody who is active is in the team."""
    query = select(Agent.id).where(Agent.team == team, Agent.active).limit(1)
    return session.scalar(query) is not None


def balanced_teams(session: Session) -> Sequence[str]:
    """Teams whose queue is shared out, for which something waits that nobody has."""
    waits = exists().where(
        Conversation.team == Team.name, Conversation.status == "waiting", Conversation.agent_id.is_(None)
    )
    query = select(Team.name).where(Team.assignment == "balanced", waits)
    return session.scalars(query.order_by(Team.name)).all()


def _is_online(at: datetime) -> ColumnElement[bool]:
    signed_in = exists().where(AgentSession.agent_id == Agent.id, AgentSession.expires_at > at)
    return and_(Agent.active, Agent.available_since.is_not(None), signed_in)


def _is_stranded() -> ColumnElement[bool]:
    """Nobody is in its team, nor without a team: those look after all."""
    looks = exists().where(Agent.active, or_(Agent.team == Conversation.team, Agent.team.is_(None)))
    return ~looks
