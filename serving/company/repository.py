"""Queries on the company's name, teams, intents, agents, keys and their history; it decides nothing."""

from collections.abc import Mapping
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from serving.db.tables import (
    Agent,
    AgentSession,
    ApiKey,
    CompanyChange,
    CompanyProfile,
    Conversation,
    Intent,
    PasswordReset,
    Team,
)

Kind = Literal["team", "intent"]
TABLES: Mapping[Kind, type[Team] | type[Intent]] = {"team": Team, "intent": Intent}
_ONLY_ROW = 1


def read_profile(session: Session) -> CompanyProfile:
    """The company's name, tagline and words of danger."""
    return session.get_one(CompanyProfile, _ONLY_ROW)


def lock_profile(session: Session) -> CompanyProfile:
    """The same, held until the transaction ends: whoever changes the company waits for the one before."""
    chosen = select(CompanyProfile).where(CompanyProfile.id == _ONLY_ROW).with_for_update()
    return session.scalars(chosen.execution_options(populate_existing=True)).one()


def list_teams(session: Session) -> list[Team]:
    """All teams by name."""
    return list(session.scalars(select(Team).order_by(Team.name)))


def list_intents(session: Session) -> list[Intent]:
    """All intents by name."""
    return list(session.scalars(select(Intent).order_by(Intent.name)))


def list_names(session: Session, kind: Kind) -> list[str]:
    """The names of all teams or intents, in order."""
    name = TABLES[kind].name
    return list(session.scalars(select(name).order_by(name)))


def find_entry(session: Session, kind: Kind, name: str) -> Team | Intent | None:
    """The team or intent of this name."""
    return session.get(Team, name) if kind == "team" else session.get(Intent, name)


def count_uses(session: Session, team: str) -> Mapping[str, int]:
    """How many agents, intents and conversations belong to the team, by kind, kinds without any left out."""
    users: Mapping[str, type[Agent | Intent | Conversation]] = {
        "agents": Agent,
        "intents": Intent,
        "conversations": Conversation,
    }
    counts = {
        what: session.scalar(select(func.count()).select_from(table).where(table.team == team)) or 0
        for what, table in users.items()
    }
    return {what: count for what, count in counts.items() if count}


def list_changes(session: Session, *, before: int | None, limit: int) -> list[CompanyChange]:
    """Changes to the company, newest first, of those with a smaller id than `before`."""
    query = select(CompanyChange).order_by(CompanyChange.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(CompanyChange.id < before)))


def list_agents(session: Session) -> list[Agent]:
    """All agents by e-mail."""
    return list(session.scalars(select(Agent).order_by(Agent.email)))


def find_agent(session: Session, agent_id: str) -> Agent | None:
    """The agent with this id, active or not."""
    return session.get(Agent, agent_id)


def find_agent_by_email(session: Session, email: str) -> Agent | None:
    """The agent with this (lower-case) e-mail, active or not."""
    return session.scalar(select(Agent).where(Agent.email == email))


def count_other_admins(session: Session, agent_id: str) -> int:
    """How many active admins there are beside this agent."""
    chosen = select(func.count()).select_from(Agent).where(Agent.role == "admin", Agent.active)
    return session.scalar(chosen.where(Agent.id != agent_id)) or 0


def delete_sessions(session: Session, agent_id: str) -> None:
    """Sign the agent out everywhere."""
    session.execute(delete(AgentSession).where(AgentSession.agent_id == agent_id))


def delete_resets(session: Session, agent_id: str) -> None:
    """Make every link to a new password of the agent useless."""
    session.execute(delete(PasswordReset).where(PasswordReset.agent_id == agent_id))


def take_reset(session: Session, token_hash: str) -> PasswordReset | None:
    """The link's reset, which is gone with that: of several who use it at once one gets it."""
    taken = delete(PasswordReset).where(PasswordReset.token_hash == token_hash).returning(PasswordReset)
    return session.scalar(taken)


def list_api_keys(session: Session) -> list[ApiKey]:
    """All keys, also revoked ones, oldest first."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)))


def find_api_key(session: Session, key_id: str) -> ApiKey | None:
    """The key with this id, also a revoked one."""
    return session.get(ApiKey, key_id)


def find_living_key(session: Session, name: str) -> ApiKey | None:
    """The key of this name, case ignored, that is not revoked."""
    alive = select(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.created_at)
    return next((key for key in session.scalars(alive) if key.name.casefold() == name.casefold()), None)
