"""Agents sign in and out here; their accounts are the company's, and it never commits."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from model.errors import AuthenticationError, NotFoundError
from serving.agents import repository
from serving.agents.attempts import Attempt, SignInAttempts
from serving.company.repository import find_agent_by_email
from serving.db.audit import Act, record_act
from serving.db.tables import Agent, AgentSession, now
from serving.security import tokens
from serving.security.passwords import verify_password
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class SignIn:
    """A signed-in agent with the tokens for the cookies."""

    agent: Agent
    token: str
    device_token: str
    """For a cookie that outlives the session, so that no stranger can make this browser wait."""


def sign_in(
    session: Session,
    settings: Settings,
    attempts: SignInAttempts,
    *,
    email: str,
    password: str,
    address: str | None,
    device_token: str | None = None,
) -> SignIn:
    """Open a session. Raises `AuthenticationError`, or `TooManyRequestsError` after too many attempts.

    An unknown e-mail, a wrong password and a deactivated agent cannot be told apart. `device_token` is what
    the browser kept of the last time.
    """
    email = email.strip().lower()
    reading = session.get_bind().execution_options(sqlite_begin="DEFERRED")
    with Session(reading) as lookup:  # no transaction stays open while the password is checked, slowly
        somebody = find_agent_by_email(lookup, email)
    device = tokens.read_device_token(settings, device_token) if device_token else None
    is_known = device is not None and somebody is not None and device.agent_id == somebody.id
    attempt = Attempt(email, address, device.id if device is not None and is_known else None)
    attempts.begin(attempt)
    agent = somebody if somebody is not None and somebody.active else None
    if not verify_password(password, agent.password_hash if agent else None) or agent is None:
        raise AuthenticationError("e-mail or password is wrong")
    attempts.succeeded(attempt)
    repository.delete_ended_sessions(session, now())
    token = tokens.new_secret()
    expires_at = now() + timedelta(hours=settings.agent_session_hours)
    session.add(AgentSession(token_hash=tokens.digest(token), agent_id=agent.id, expires_at=expires_at))
    record_act(session, Act(agent.email, "signed in", f"agent {agent.email}"))
    return SignIn(agent, token, tokens.make_device_token(settings, agent.id, device if is_known else None))


def sign_out(session: Session, token: str) -> None:
    """End a session; an unknown one is no error."""
    repository.delete_session(session, tokens.digest(token))


SESSION_ID_CHARS = 16
"""Of a session's hash: enough to tell an agent's sessions apart, and of no use for anything else."""


def end_session(session: Session, agent_id: str, session_id: str) -> None:
    """End one session of the agent. Raises `NotFoundError`."""
    ended = len(session_id) == SESSION_ID_CHARS and repository.end_sessions(
        session, agent_id, name=session_id
    )
    if not ended:
        raise NotFoundError(f"no session {session_id!r} of yours; it may have ended")


def get_agent(session: Session, agent_id: str) -> Agent:
    """The active agent. Raises `NotFoundError`."""
    agent = repository.find_agent(session, agent_id)
    if agent is None:
        raise NotFoundError(f"no active agent {agent_id!r}")
    return agent
