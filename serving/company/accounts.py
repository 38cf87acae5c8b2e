"""Agents and API keys are made, changed and ended here, each change with its history; it never commits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from model.errors import AuthenticationError, ConflictError, DataError, NotFoundError
from serving.company import repository
from serving.company.service import COMMAND_LINE, note_change
from serving.db.tables import Agent, ApiKey, PasswordReset, now
from serving.security import tokens
from serving.security.passwords import hash_password
from serving.security.permissions import ROLES, SERVER_SCOPES
from serving.settings import Settings


class AgentChanges(TypedDict, total=False):
    """What is to change about an agent; what is left out stays."""

    name: str
    role: str
    team: str | None
    password: str
    active: bool


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """An API key with the secret, which is shown once and not kept."""

    key: ApiKey
    secret: str


def get_agent(session: Session, agent_id: str) -> Agent:
    """The active agent. Raises `NotFoundError`."""
    agent = repository.find_agent(session, agent_id)
    if agent is None or not agent.active:
        raise NotFoundError(f"no active agent {agent_id!r}")
    return agent


def create_agent(
    session: Session,
    *,
    email: str,
    name: str,
    password: str,
    role: str,
    team: str | None = None,
    author: str = COMMAND_LINE,
) -> Agent:
    """A new agent. Raises `DataError` for a wrong value, `ConflictError` when the e-mail is taken."""
    address = normalised_email(email)
    _check_role(role)
    password_hash = hash_password(password)  # slow: before the first statement takes SQLite's write lock
    _check_team(session, team)
    agent = Agent(email=address, name=name.strip() or address, role=role, team=team, active=True)
    agent.password_hash = password_hash
    try:
        with session.begin_nested():
            session.add(agent)
    except IntegrityError as error:
        raise ConflictError(f"an agent with the e-mail {address!r} exists already") from error
    note_change(session, author, f"agent {address}", None, _agent_json(agent))
    return agent


def change_agent(
    session: Session, agent: Agent, changes: AgentChanges, *, author: str = COMMAND_LINE
) -> None:
    """Change an agent; one who is deactivated or gets another password is signed out everywhere at once.

    Raises `DataError` for a wrong value, and `ConflictError` when no active admin would be left.
    """
    repository.lock_profile(session)  # two admins who deactivate each other wait in line
    session.refresh(agent)
    before = _agent_json(agent)
    if "role" in changes:
        _check_role(changes["role"])
    if "team" in changes:
        _check_team(session, changes["team"])
        agent.team = changes["team"]
    stays_admin = changes.get("role", agent.role) == "admin" and changes.get("active", agent.active)
    leaves_admins = agent.role == "admin" and agent.active and not stays_admin
    if leaves_admins and not repository.count_other_admins(session, agent.id):
        raise ConflictError(f"{agent.email} is the last active admin; make somebody else an admin first")
    agent.name = changes.get("name", agent.name).strip() or agent.email
    agent.role = changes.get("role", agent.role)
    agent.active = changes.get("active", agent.active)
    if "password" in changes:
        agent.password_hash = hash_password(changes["password"])
    if "password" in changes or "active" in changes:  # also of one who comes back: no old session revives
        repository.delete_resets(session, agent.id)
        repository.delete_sessions(session, agent.id)
    after = _agent_json(agent) | ({"password": "changed"} if "password" in changes else {})
    if after != before:
        note_change(session, author, f"agent {agent.email}", before, after)
    session.flush()


@dataclass(frozen=True, slots=True)
class ResetLink:
    """A link by which an agent chooses a password once; its token is shown this once and not kept."""

    token: str
    expires_at: datetime

    @property
    def path(self) -> str:
        """Where on the server it leads."""
        return f"/reset-password?token={self.token}"


def make_reset_link(
    session: Session, settings: Settings, agent: Agent, *, author: str = COMMAND_LINE
) -> ResetLink:
    """A new link for the agent, whose earlier ones end. Raises `ConflictError` for one who is deactivated."""
    if not agent.active:
        raise ConflictError(f"{agent.email} is deactivated; reactivate the account first")
    repository.delete_resets(session, agent.id)
    link = ResetLink(tokens.new_secret(), now() + timedelta(hours=settings.reset_link_hours))
    session.add(
        PasswordReset(token_hash=tokens.digest(link.token), agent_id=agent.id, expires_at=link.expires_at)
    )
    shown = _agent_json(agent)
    after = shown | {"password": "link made"}
    note_change(session, author, f"agent {agent.email}", shown, after, what="made a reset link")
    return link


def use_reset_link(session: Session, token: str, password: str) -> Agent:
    """Give the agent of the link this password, end their sessions and the link; the agent.

    Raises `DataError` for a password that will not do, after which the link still holds, and
    `AuthenticationError` for a link that was used, has expired or never was.
    """
    password_hash = hash_password(password)  # slow: before the first statement takes SQLite's write lock
    reset = repository.take_reset(session, tokens.digest(token))
    agent = repository.find_agent(session, reset.agent_id) if reset is not None else None
    if reset is None or reset.expires_at <= now() or agent is None or not agent.active:
        raise AuthenticationError("this link was used or has expired; ask an admin for another")
    agent.password_hash = password_hash
    repository.delete_sessions(session, agent.id)
    repository.delete_resets(session, agent.id)
    shown = _agent_json(agent)
    note_change(session, "reset link", f"agent {agent.email}", shown, shown | {"password": "changed"})
    return agent


def any_agent(session: Session, agent_id: str) -> Agent:
    """The agent, active or not. Raises `NotFoundError`."""
    agent = repository.find_agent(session, agent_id)
    if agent is None:
        raise NotFoundError(f"no agent {agent_id!r}")
    return agent


def agent_of_email(session: Session, email: str) -> Agent:
    """The agent who signs in with this address, active or not. Raises `NotFoundError`."""
    agent = repository.find_agent_by_email(session, normalised_email(email))
    if agent is None:
        raise NotFoundError(f"no agent has the e-mail {email!r}; see: firstlast agents list")
    return agent


def create_api_key(
    session: Session, *, name: str, scopes: Iterable[str], author: str = COMMAND_LINE
) -> NewApiKey:
    """A new key for a server.

    Raises `DataError` without a name, without scopes, or for an unknown one, and `ConflictError` when a key
    of this name is in use: nobody could tell which one to revoke.
    """
    wanted = sorted(set(scopes))
    known = ", ".join(sorted(SERVER_SCOPES))
    if not name.strip():
        raise DataError("the key has no name; name it after the server that will use it")
    if not wanted:
        raise DataError(f"a key without scopes may do nothing; give it some of {known}")
    for scope in wanted:
        if scope not in SERVER_SCOPES:
            raise DataError(f"scope {scope!r} is unknown; use some of {known}")
    if repository.find_living_key(session, name.strip()) is not None:
        raise ConflictError(
            f"there is a key {name.strip()!r} already; give this one another name, or end that one first: "
            "firstlast keys list tells its ID for firstlast keys revoke ID"
        )
    secret = tokens.API_KEY_PREFIX + tokens.new_secret()
    key = ApiKey(name=name.strip(), key_hash=tokens.digest(secret), scopes=list(wanted))
    session.add(key)
    session.flush()
    note_change(session, author, f"key {key.name}", None, {"id": key.id, "scopes": list(wanted)})
    return NewApiKey(key, secret)


def revoke_api_key(session: Session, key_id: str, *, author: str = COMMAND_LINE) -> ApiKey:
    """End a key at once and for ever; one that is revoked stays so. Raises `NotFoundError`."""
    key = repository.find_api_key(session, key_id)
    if key is None:
        raise NotFoundError(f"no API key has the id {key_id!r}; see: firstlast keys list")
    if key.revoked_at is None:
        key.revoked_at = now()
        note_change(session, author, f"key {key.name}", {"id": key.id, "scopes": list(key.scopes)}, None)
    return key


def normalised_email(email: str) -> str:
    """The e-mail in lower case, trimmed. Raises `DataError` when it cannot be one."""
    address = email.strip().lower()
    name, _, host = address.rpartition("@")
    if not name or "." not in host.strip(".") or len(address) > 320 or any(c.isspace() for c in address):
        raise DataError(f"{email!r} is no e-mail address")
    return address


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise DataError(f"role {role!r} is unknown; use one of {', '.join(ROLES)}")


def _check_team(session: Session, team: str | None) -> None:
    teams = [] if team is None else repository.list_names(session, "team")
    if team is not None and team not in teams:
        raise DataError(
            f"team {team!r} is unknown, there is: {', '.join(teams) or 'no team yet'}; add it to a company "
            "file and run: firstlast company apply FILE"
        )


def _agent_json(agent: Agent) -> dict[str, Any]:  # JSON
    return {"name": agent.name, "role": agent.role, "team": agent.team, "active": agent.active}
