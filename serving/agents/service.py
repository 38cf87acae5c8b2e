"""Agents and API keys are made here, and agents sign in and out; it never commits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from model.errors import AuthenticationError, ConflictError, DataError, NotFoundError
from serving.agents import repository
from serving.db.tables import Agent, AgentSession, ApiKey, now
from serving.security import tokens
from serving.security.passwords import hash_password, verify_password
from serving.security.permissions import ROLES, SERVER_SCOPES
from serving.security.rate_limit import FailureLimiter
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class SignIn:
    """A signed-in agent with the token for the cookie."""

    agent: Agent
    token: str


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """An API key with the secret, which is shown once and not kept."""

    key: ApiKey
    secret: str


class LoginLimits:
    """How often signing in may fail, by e-mail and by address; one for the whole process."""

    def __init__(self, settings: Settings) -> None:
        window = settings.login_window_seconds
        self._by_email = FailureLimiter(limit=settings.login_attempts, window_seconds=window)
        self._by_address = FailureLimiter(limit=4 * settings.login_attempts, window_seconds=window)

    def check(self, email: str, address: str) -> None:
        """Raise `TooManyAttemptsError` while this e-mail or address must wait."""
        self._by_email.check(email)
        self._by_address.check(address)

    def add_failure(self, email: str, address: str) -> None:
        """Count a wrong password."""
        self._by_email.add_failure(email)
        self._by_address.add_failure(address)

    def forget(self, email: str) -> None:
        """Forget the failures of an e-mail after a success."""
        self._by_email.forget(email)


def create_agent(
    session: Session, *, email: str, name: str, password: str, role: str, team: str | None = None
) -> Agent:
    """A new agent. Raises `DataError` for a wrong value, `ConflictError` when the e-mail is taken."""
    address = normalised_email(email)
    if role not in ROLES:
        raise DataError(f"role {role!r} is unknown; use one of {', '.join(ROLES)}")
    if team is not None and not repository.team_exists(session, team):
        raise DataError(f"team {team!r} is unknown; leave it out or add the team first")
    agent = Agent(email=address, name=name.strip() or address, role=role, team=team)
    agent.password_hash = hash_password(password)
    try:
        with session.begin_nested():
            session.add(agent)
    except IntegrityError as error:
        raise ConflictError(f"an agent with the e-mail {address!r} exists already") from error
    return agent


def sign_in(
    session: Session, settings: Settings, limits: LoginLimits, *, email: str, password: str, address: str
) -> SignIn:
    """Open a session. Raises `AuthenticationError`, or `TooManyAttemptsError` after too many failures.

    An unknown e-mail, a wrong password and a deactivated agent cannot be told apart.
    """
    email = email.strip().lower()
    limits.check(email, address)
    found = _find_beforehand(session, email)
    agent = found if found is not None and found.active else None
    if not verify_password(password, agent.password_hash if agent else None) or agent is None:
        limits.add_failure(email, address)
        raise AuthenticationError("e-mail or password is wrong")
    limits.forget(email)
    repository.delete_ended_sessions(session, now())
    token = tokens.new_secret()
    expires_at = now() + timedelta(hours=settings.agent_session_hours)
    session.add(AgentSession(token_hash=tokens.digest(token), agent_id=agent.id, expires_at=expires_at))
    return SignIn(agent, token)


def sign_out(session: Session, token: str) -> None:
    """End a session; an unknown one is no error."""
    repository.delete_session(session, tokens.digest(token))


def create_api_key(session: Session, *, name: str, scopes: Iterable[str]) -> NewApiKey:
    """A new key for a server. Raises `DataError` for an unknown scope."""
    wanted = sorted(set(scopes))
    for scope in wanted:
        if scope not in SERVER_SCOPES:
            raise DataError(f"scope {scope!r} is unknown; use some of {', '.join(sorted(SERVER_SCOPES))}")
    secret = tokens.API_KEY_PREFIX + tokens.new_secret()
    key = ApiKey(name=name, key_hash=tokens.digest(secret), scopes=list(wanted))
    session.add(key)
    session.flush()
    return NewApiKey(key, secret)


def _find_beforehand(session: Session, email: str) -> Agent | None:
    """The agent, read in a transaction of its own: none stays open while the password is checked, slowly."""
    reading = session.get_bind().execution_options(sqlite_begin="DEFERRED")
    with Session(reading) as lookup:
        return repository.find_agent_by_email(lookup, email)


def get_agent(session: Session, agent_id: str) -> Agent:
    """The active agent. Raises `NotFoundError`."""
    agent = repository.find_agent(session, agent_id)
    if agent is None:
        raise NotFoundError(f"no active agent {agent_id!r}")
    return agent


def normalised_email(email: str) -> str:
    """The e-mail in lower case, trimmed. Raises `DataError` when it cannot be one."""
    address = email.strip().lower()
    name, _, host = address.rpartition("@")
    if not name or "." not in host.strip(".") or len(address) > 320 or any(c.isspace() for c in address):
        raise DataError(f"{email!r} is no e-mail address")
    return address
