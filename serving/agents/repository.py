"""Queries on who is asking: agents by their session, servers by their key; it decides nothing."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from serving.db.tables import Agent, AgentSession, ApiKey, now


def find_agent(session: Session, agent_id: str) -> Agent | None:
    """The active agent with this id."""
    return session.scalar(select(Agent).where(Agent.id == agent_id, Agent.active))


def find_agent_of_session(session: Session, token_hash: str) -> Agent | None:
    """The active agent who holds this session, unless it has ended."""
    return session.scalar(
        select(Agent)
        .join(AgentSession, AgentSession.agent_id == Agent.id)
        .where(AgentSession.token_hash == token_hash, AgentSession.expires_at > now(), Agent.active)
    )


def live_sessions(session: Session, token_hashes: Collection[str]) -> set[str]:
    """Those of the sessions that have not ended and whose agents are active."""
    query = select(AgentSession.token_hash).join(Agent, AgentSession.agent_id == Agent.id)
    query = query.where(AgentSession.token_hash.in_(token_hashes), Agent.active)
    return set(session.scalars(query.where(AgentSession.expires_at > now())))


def list_sessions(session: Session, agent_id: str) -> Sequence[AgentSession]:
    """The agent's sessions that have not ended, the newest first."""
    query = select(AgentSession).where(AgentSession.agent_id == agent_id, AgentSession.expires_at > now())
    return session.scalars(query.order_by(AgentSession.created_at.desc(), AgentSession.token_hash)).all()


def end_sessions(session: Session, agent_id: str, *, name: str = "") -> int:
    """End the agent's sessions whose hash begins so; how many there were."""
    own = delete(AgentSession).where(AgentSession.agent_id == agent_id)
    ended = session.execute(own.where(AgentSession.token_hash.startswith(name, autoescape=True)))
    return cast(CursorResult[Any], ended).rowcount


def delete_session(session: Session, token_hash: str) -> None:
    """Forget one session."""
    session.execute(delete(AgentSession).where(AgentSession.token_hash == token_hash))


def delete_ended_sessions(session: Session, before: datetime) -> None:
    """Forget the sessions that ended before this time."""
    session.execute(delete(AgentSession).where(AgentSession.expires_at <= before))


def find_api_key(session: Session, key_hash: str) -> ApiKey | None:
    """The key with this hash, unless revoked."""
    return session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash, ApiKey.revoked_at.is_(None)))
