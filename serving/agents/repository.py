"""Queries on who is asking: agents by their session, servers by their key; it decides nothing."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from serving.db.tables import Agent, AgentSession, ApiKey, RecoveryCode, now


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


def end_other_sessions(session: Session, agent_id: str, kept: str) -> int:
    """End all sessions of the agent but the one with this hash; how many there were."""
    others = delete(AgentSession).where(AgentSession.agent_id == agent_id, AgentSession.token_hash != kept)
    return cast(CursorResult[Any], session.execute(others)).rowcount


def delete_session(session: Session, token_hash: str) -> None:
    """Forget one session."""
    session.execute(delete(AgentSession).where(AgentSession.token_hash == token_hash))


def delete_ended_sessions(session: Session, before: datetime) -> None:
    """Forget the sessions that ended before this time."""
    session.execute(delete(AgentSession).where(AgentSession.expires_at <= before))


def find_api_key(session: Session, key_hash: str) -> ApiKey | None:
    """The key with this hash, unless revoked."""
    return session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash, ApiKey.revoked_at.is_(None)))


def take_step(session: Session, agent: Agent, step: int) -> bool:
    """Note that the code of this time step was used; False when it or a later one was before.

    One statement: of two who give the same code at once, one gets in. A secret that was replaced since the
    agent was read does not count.
    """
    taken = update(Agent).where(
        Agent.id == agent.id, Agent.totp_sealed == agent.totp_sealed, Agent.totp_step < step
    )
    return cast(CursorResult[Any], session.execute(taken.values(totp_step=step))).rowcount == 1


def take_recovery_code(session: Session, agent_id: str, code_hash: str) -> bool:
    """Use the code up; False when the agent has no such code any more."""
    taken = delete(RecoveryCode).where(RecoveryCode.code_hash == code_hash, RecoveryCode.agent_id == agent_id)
    return cast(CursorResult[Any], session.execute(taken)).rowcount == 1


def replace_recovery_codes(session: Session, agent_id: str, code_hashes: Collection[str]) -> None:
    """Give the agent these codes in place of those there were."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent_id))
    session.add_all(RecoveryCode(code_hash=code_hash, agent_id=agent_id) for code_hash in code_hashes)


def count_recovery_codes(session: Session, agent_id: str) -> int:
    """How many recovery codes the agent has left."""
    query = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.agent_id == agent_id)
    return session.scalar(query) or 0
