"""Agents over HTTP: sign in, sign out, and one's own account."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from serving.agents import repository, second_factor, service
from serving.agents.schemas import (
    CodeBody,
    NewSecondFactorOut,
    OwnPasswordBody,
    PresenceBody,
    RecoveryCodesOut,
    SecondFactorOut,
    SessionOut,
    SessionsOut,
    SignedInAgentOut,
    SignedOut,
    SignInBody,
    signed_in_agent_out,
)
from serving.agents.service import SignIn, Visitor
from serving.company.accounts import get_agent
from serving.dependencies import CurrentRuntime, DbSession
from serving.problems import problems
from serving.queues.assignment import set_online
from serving.runtime.assembly import Runtime
from serving.security.addresses import client_address
from serving.security.browsers import browser_words
from serving.security.principals import (
    DEVICE_COOKIE,
    SESSION_COOKIE,
    AgentPrincipal,
    CurrentAgent,
    OwnAccount,
    refuse_foreign_origin,
)
from serving.settings import Settings

router = APIRouter(prefix="/v1/agents", tags=["agents"], responses=problems(401, 403))


def visitor_of(request: Request) -> Visitor:
    """The browser that sends the request."""
    name = browser_words(request.headers.get("user-agent", ""))
    return Visitor(client_address(request), request.cookies.get(DEVICE_COOKIE), name)


_DEVICE_SECONDS = 180 * 24 * 3600


def set_session_cookies(request: Request, response: Response, settings: Settings, signed: SignIn) -> None:
    """Put the session's cookie and that of the browser on the response."""
    seconds = int(settings.agent_session_hours * 3600)
    _set_cookie(request, response, settings, SESSION_COOKIE, signed.token, seconds)
    set_device_cookie(request, response, settings, signed.device_token)


def set_device_cookie(request: Request, response: Response, settings: Settings, token: str) -> None:
    """Put the cookie on the response by which the browser is known when its agent signs in."""
    _set_cookie(request, response, settings, DEVICE_COOKIE, token, _DEVICE_SECONDS)


def _set_cookie(
    request: Request, response: Response, settings: Settings, name: str, value: str, seconds: int
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies or request.url.scheme == "https",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Take the session's cookie away."""
    response.delete_cookie(
        SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies
    )


@router.post("/session", responses=problems(429))
def sign_in(
    body: SignInBody, request: Request, response: Response, runtime: CurrentRuntime, session: DbSession
) -> SignedInAgentOut:
    """Sign in: 200 with the agent and the cookie `firstlast_session`; 401, or 429 after many failures.

    Who has a second factor sends a `code` too. Without it the 401 is of the type `urn:firstlast:code-needed`.
    """
    refuse_foreign_origin(request, runtime)
    signed = service.sign_in(
        session,
        runtime.settings,
        runtime.sign_in_attempts,
        visitor_of(request),
        email=body.email,
        password=body.password,
        code=body.code,
    )
    set_session_cookies(request, response, runtime.settings, signed)
    return signed_in_agent_out(signed.agent)


@router.delete("/session")
def sign_out(request: Request, response: Response, runtime: CurrentRuntime, session: DbSession) -> SignedOut:
    """Sign out; an ended session is no error."""
    refuse_foreign_origin(request, runtime)
    token = request.cookies.get(SESSION_COOKIE)
    if token is not None:
        service.sign_out(session, token)
    clear_session_cookie(response, runtime.settings)
    return SignedOut()


@router.get("/me", responses=problems(404))
def get_me(agent: OwnAccount, session: DbSession) -> SignedInAgentOut:
    """Who is signed in, and what they may do."""
    return signed_in_agent_out(get_agent(session, agent.id))


@router.put("/me/presence", responses=problems(404))
def put_presence(body: PresenceBody, agent: CurrentAgent, session: DbSession) -> SignedInAgentOut:
    """Say whether you are there for conversations.

    Who comes online is given what waits for their team at once, where the team shares its queue out. Who
    leaves gives back what they were given so and have not answered.
    """
    row = get_agent(session, agent.id)
    set_online(session, row, body.online)
    return signed_in_agent_out(row)


@router.get("/me/sessions")
def list_sessions(agent: OwnAccount, session: DbSession) -> SessionsOut:
    """Where you are signed in."""
    return SessionsOut(sessions=own_sessions(session, agent))


@router.delete("/me/sessions/{session_id}", status_code=204, responses=problems(404))
def end_session(session_id: str, agent: OwnAccount, session: DbSession) -> None:
    """Sign out in one browser."""
    service.end_session(session, agent, session_id)


@router.delete("/me/sessions", status_code=204)
def end_all_sessions(agent: OwnAccount, session: DbSession, keep_current: bool = False) -> None:
    """Sign out everywhere, here too unless `keep_current` says otherwise."""
    service.end_all_sessions(session, agent, keep_current=keep_current)


@router.get("/me/second-factor", responses=problems(404))
def get_second_factor(agent: OwnAccount, runtime: CurrentRuntime, session: DbSession) -> SecondFactorOut:
    """Whether signing in asks you for a code."""
    return second_factor_out(session, agent, runtime.settings)


@router.post("/me/second-factor", status_code=201, responses=problems(404, 409, 429))
def begin_second_factor(
    body: OwnPasswordBody, agent: OwnAccount, request: Request, runtime: CurrentRuntime, session: DbSession
) -> NewSecondFactorOut:
    """Begin to set up a second factor: put the secret into an authenticator app, then confirm a code of it.

    409 when you have one already.
    """
    check_own_password(request, runtime, session, agent, body.password)
    made = second_factor.begin(session, runtime.settings, get_agent(session, agent.id))
    return NewSecondFactorOut(secret=made.text, uri=made.uri)


@router.post("/me/second-factor/confirm", responses=problems(404, 409))
def confirm_second_factor(
    body: CodeBody, agent: OwnAccount, runtime: CurrentRuntime, session: DbSession
) -> RecoveryCodesOut:
    """Turn the second factor on by its first code; your other sessions end. Keep the recovery codes."""
    found = get_agent(session, agent.id)
    made = second_factor.confirm(session, runtime.settings, found, body.code, session_hash=agent.session_hash)
    return RecoveryCodesOut(recovery_codes=made)


@router.post("/me/second-factor/recovery-codes", responses=problems(404, 409, 429))
def renew_recovery_codes(
    body: OwnPasswordBody, agent: OwnAccount, request: Request, runtime: CurrentRuntime, session: DbSession
) -> RecoveryCodesOut:
    """Ten new recovery codes in place of those left."""
    check_own_password(request, runtime, session, agent, body.password)
    made = second_factor.renew_recovery_codes(session, get_agent(session, agent.id))
    return RecoveryCodesOut(recovery_codes=made)


@router.post("/me/second-factor/turn-off", responses=problems(404, 429))
def turn_off_second_factor(
    body: OwnPasswordBody, agent: OwnAccount, request: Request, runtime: CurrentRuntime, session: DbSession
) -> SecondFactorOut:
    """Sign in by password alone again, or set up another second factor."""
    check_own_password(request, runtime, session, agent, body.password)
    second_factor.take_away(session, get_agent(session, agent.id), author=agent.email)
    return second_factor_out(session, agent, runtime.settings)


def own_sessions(session: Session, agent: AgentPrincipal) -> list[SessionOut]:
    """The sessions of the one who asks, the newest first."""
    return [
        SessionOut(
            id=row.token_hash[: service.SESSION_ID_CHARS],
            created_at=row.created_at,
            expires_at=row.expires_at,
            address=row.address,
            browser=row.browser,
            current=row.token_hash == agent.session_hash,
        )
        for row in repository.list_sessions(session, agent.id)
    ]


def second_factor_out(session: Session, agent: AgentPrincipal, settings: Settings) -> SecondFactorOut:
    """The second factor of the one who asks, without its secret."""
    found = get_agent(session, agent.id)
    return SecondFactorOut(
        on=found.second_factor,
        since=found.totp_since,
        recovery_codes_left=repository.count_recovery_codes(session, agent.id),
        required=settings.require_second_factor,
    )


def check_own_password(
    request: Request, runtime: Runtime, session: Session, agent: AgentPrincipal, password: str
) -> None:
    """Raise `DataError` unless it is the password of the one who asks; attempts are counted."""
    service.check_own_password(
        session,
        runtime.settings,
        runtime.sign_in_attempts,
        visitor_of(request),
        email=agent.email,
        password=password,
    )
