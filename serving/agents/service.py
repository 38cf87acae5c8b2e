"""Agents sign in and out here; their accounts are the company's, and it never commits."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from model.errors import AuthenticationError, NotFoundError
from serving.agents import repository
from serving.company.repository import find_agent_by_email
from serving.db.tables import Agent, AgentSession, now
from serving.security import tokens
from serving.security.passwords import verify_password
from serving.security.rate_limit import FailureLimiter
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class SignIn:
    """A signed-in agent with the token for the cookie."""

    agent: Agent
    token: str


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


def sign_in(
    session: Session, settings: Settings, limits: LoginLimits, *, email: str, password: str, address: str
) -> SignIn:
    """Open a session. Raises `AuthenticationError`, or `TooManyAttemptsError` after too many failures.

    An unknown e-mail, a wrong password and a deactivated agent cannot be told apart.
    """
    email = email.strip().lower()
    limits.check(email, address)
    reading = session.get_bind().execution_options(sqlite_begin="DEFERRED")
    with Session(reading) as lookup:  # no transaction stays open while the password is checked, slowly
        somebody = find_agent_by_email(lookup, email)
    agent = somebody if somebody is not None and somebody.active else None
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


def get_agent(session: Session, agent_id: str) -> Agent:
    """The active agent. Raises `NotFoundError`."""
    agent = repository.find_agent(session, agent_id)
    if agent is None:
        raise NotFoundError(f"no active agent {agent_id!r}")
    return agent
