"""Queries on the company's name, calendars, teams, intents, agents, keys, history; it decides nothing."""

from collections.abc import Mapping
from typing import Literal, cast

from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from serving.db.tables import (
    Agent,
    AgentSession,
    ApiKey,
    CalendarRow,
    CompanyChange,
    CompanyProfile,
    Conversation,
    Intent,
    PasswordReset,
    Team,
)

Kind = Literal["calendar", "team", "intent"]
TABLES: Mapping[Kind, type[CalendarRow] | type[Team] | type[Intent]] = {
    "calendar": CalendarRow,
    "team": Team,
    "intent": Intent,
}
_USERS: Mapping[Kind, Mapping[str, InstrumentedAttribute[str | None]]] = {
    "team": {
        "agents": Agent.team,
        "intents": Intent.team,
        "conversations": Conversation.team,
        "companies": CompanyProfile.fallback_team,
    },
    "calendar": {"teams": Team.calendar, "companies": CompanyProfile.calendar},
}
_ONLY_ROW = 1


def read_profile(session: Session) -> CompanyProfile:
    """The company's name, tagline and words of danger."""
    return session.get_one(CompanyProfile, _ONLY_ROW)


def lock_profile(session: Session) -> CompanyProfile:
    """The same, held until the transaction ends: whoever changes the company waits for the one before."""
    chosen = select(CompanyProfile).where(CompanyProfile.id == _ONLY_ROW).with_for_update()
    return session.scalars(chosen.execution_options(populate_existing=True)).one()


def list_calendars(session: Session) -> list[CalendarRow]:
    """All calendars by name."""
    return list(session.scalars(select(CalendarRow).order_by(CalendarRow.name)))


def list_teams(session: Session) -> list[Team]:
    """All teams by name."""
    return list(session.scalars(select(Team).order_by(Team.name)))


def list_intents(session: Session) -> list[Intent]:
    """All intents by name."""
    return list(session.scalars(select(Intent).order_by(Intent.name)))


def list_names(session: Session, kind: Kind) -> list[str]:
    """The names of all calendars, teams or intents, in order."""
    name = TABLES[kind].name
    return list(session.scalars(select(name).order_by(name)))


def find_entry(session: Session, kind: Kind, name: str) -> CalendarRow | Team | Intent | None:
    """The calendar, team or intent of this name."""
    return cast("CalendarRow | Team | Intent | None", session.get(TABLES[kind], name))


def count_uses(session: Session, kind: Kind, name: str) -> Mapping[str, int]:
    """How many rows name the team or calendar, by what they are, those without any left out."""
    counts = {
        what: session.scalar(select(func.count()).where(column == name)) or 0
        for what, column in _USERS.get(kind, {}).items()
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
