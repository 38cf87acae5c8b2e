"""Agents sign in and out here; their accounts are the company's, and it never commits."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from model.errors import AuthenticationError, DataError, NotFoundError
from serving.agents import repository, second_factor
from serving.agents.attempts import Attempt, SignInAttempts, Step
from serving.company.repository import find_agent_by_email
from serving.db.audit import Act, record_act
from serving.db.tables import Agent, AgentSession, now
from serving.security import tokens
from serving.security.passwords import verify_password
from serving.security.principals import AgentPrincipal
from serving.security.tokens import Device
from serving.settings import Settings


class CodeNeededError(AuthenticationError):
    """The password is right and the code of the second factor is missing."""

    problem_type = "urn:firstlast:code-needed"

    def __init__(self, ticket: str) -> None:
        super().__init__(
            "a code is needed: send `code` too, from the agent's authenticator app or a recovery code"
        )
        self.ticket = ticket
        """Stands for the password in the second step of a page."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that asks."""

    address: str | None
    device_token: str | None = None
    """What it kept of the last time somebody signed in there."""
    browser: str = ""
    """What it calls itself, in words."""


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
    visitor: Visitor,
    *,
    email: str,
    password: str,
    code: str = "",
) -> SignIn:
    """Open a session. Raises `AuthenticationError`, or `TooManyRequestsError` after too many attempts.

    An unknown e-mail, a wrong password and a deactivated agent cannot be told apart. Whoever has a second
    factor also gives a code; raises `CodeNeededError` without one.
    """
    email = email.strip().lower()
    somebody = _find(session, email)
    device = _device(settings, visitor, somebody)
    agent = somebody if somebody is not None and somebody.active else None
    attempt = _begin(attempts, visitor, email, device)
    if not verify_password(password, agent.password_hash if agent else None) or agent is None:
        attempts.failed(attempt, is_known=somebody is not None)
        raise AuthenticationError("e-mail or password is wrong")
    attempts.succeeded(attempt)
    if agent.second_factor:
        if not code.strip():
            raise CodeNeededError(tokens.make_ticket(settings, agent.id, agent.password_hash))
        _check_code(session, settings, attempts, visitor, agent, code)
    return _open_session(session, settings, visitor, agent)


def give_code(
    session: Session,
    settings: Settings,
    attempts: SignInAttempts,
    visitor: Visitor,
    *,
    ticket: str,
    code: str,
) -> SignIn:
    """The second step, after the password: open a session. Raises as `sign_in`.

    A ticket ends with its time, another password, and the account.
    """
    read = tokens.read_ticket(settings, ticket)
    with Session(_reading(session)) as lookup:
        agent = repository.find_agent(lookup, read.agent_id)
    if agent is None or not agent.second_factor or tokens.digest(agent.password_hash) != read.password_digest:
        raise AuthenticationError("your account has changed meanwhile; begin again")
    _check_code(session, settings, attempts, visitor, agent, code)
    return _open_session(session, settings, visitor, agent)


def check_own_password(
    session: Session,
    settings: Settings,
    attempts: SignInAttempts,
    visitor: Visitor,
    *,
    email: str,
    password: str,
) -> None:
    """Before what a stolen session must not do. Raises `DataError` for a wrong password, which is counted."""
    agent = _find(session, email)
    attempt = _begin(attempts, visitor, email, _device(settings, visitor, agent))
    if not verify_password(password, agent.password_hash if agent else None):
        attempts.failed(attempt, is_known=True)
        raise DataError("that is not your password")
    attempts.succeeded(attempt)


def sign_out(session: Session, token: str) -> None:
    """End a session; an unknown one is no error."""
    session_hash = tokens.digest(token)
    agent = repository.find_agent_of_session(session, session_hash)
    repository.delete_session(session, session_hash)
    if agent is not None:
        record_act(session, Act(agent.email, "signed out", f"agent {agent.email}"))


SESSION_ID_CHARS = 16
"""Of a session's hash: enough to tell an agent's sessions apart, and of no use for anything else."""


def end_session(session: Session, agent: AgentPrincipal, session_id: str) -> None:
    """End one session of the one who asks. Raises `NotFoundError`."""
    ended = len(session_id) == SESSION_ID_CHARS and repository.end_sessions(
        session, agent.id, name=session_id
    )
    if not ended:
        raise NotFoundError(f"no session {session_id!r} of yours; it may have ended")
    record_act(session, Act(agent.email, "ended a session", f"agent {agent.email}"))


def end_all_sessions(session: Session, agent: AgentPrincipal, *, keep_current: bool) -> None:
    """End every session of the one who asks, also that by which they ask unless it is kept."""
    if keep_current:
        repository.end_other_sessions(session, agent.id, agent.session_hash)
    else:
        repository.end_sessions(session, agent.id)
    record_act(session, Act(agent.email, "ended all sessions", f"agent {agent.email}"))


def _find(session: Session, email: str) -> Agent | None:
    """Whoever has the e-mail; no transaction stays open while the password is checked, slowly."""
    with Session(_reading(session)) as lookup:
        return find_agent_by_email(lookup, email)


def _reading(session: Session) -> Engine | Connection:
    """The store without a write lock, which the request's own session would take with its first statement."""
    return session.get_bind().execution_options(sqlite_begin="DEFERRED")


def _device(settings: Settings, visitor: Visitor, agent: Agent | None) -> Device | None:
    """The browser as one in which this agent signed in before; `None` for any other."""
    device = tokens.read_device_token(settings, visitor.device_token) if visitor.device_token else None
    return device if device is not None and agent is not None and device.agent_id == agent.id else None


def _begin(
    attempts: SignInAttempts, visitor: Visitor, email: str, device: Device | None, step: Step = "password"
) -> Attempt:
    attempt = Attempt(email, visitor.address, device.id if device else None, step)
    attempts.begin(attempt)
    return attempt


def _check_code(
    session: Session,
    settings: Settings,
    attempts: SignInAttempts,
    visitor: Visitor,
    agent: Agent,
    code: str,
) -> None:
    attempt = _begin(attempts, visitor, agent.email, _device(settings, visitor, agent), "code")
    if not second_factor.use_code(session, settings, agent, code):
        session.rollback()  # writing the attempt down must not wait for this request
        attempts.failed(attempt, is_known=True)
        raise AuthenticationError("that code is wrong or was used; wait for the next one")
    attempts.succeeded(attempt)


def _open_session(session: Session, settings: Settings, visitor: Visitor, agent: Agent) -> SignIn:
    repository.delete_ended_sessions(session, now())
    token = tokens.new_secret()
    session.add(
        AgentSession(
            token_hash=tokens.digest(token),
            agent_id=agent.id,
            expires_at=now() + timedelta(hours=settings.agent_session_hours),
            address=visitor.address,
            browser=visitor.browser,
        )
    )
    record_act(session, Act(agent.email, "signed in", f"agent {agent.email}"))
    known = _device(settings, visitor, agent)
    return SignIn(agent, token, tokens.make_device_token(settings, agent.id, known))
