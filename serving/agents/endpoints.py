"""Agents over HTTP: sign in, sign out, who am I."""

from fastapi import APIRouter, Request, Response

from serving.agents import repository, service
from serving.agents.schemas import (
    SessionOut,
    SessionsOut,
    SignedInAgentOut,
    SignedOut,
    SignInBody,
    signed_in_agent_out,
)
from serving.agents.service import SignIn
from serving.dependencies import CurrentRuntime, DbSession
from serving.problems import problems
from serving.security.addresses import client_address
from serving.security.principals import (
    DEVICE_COOKIE,
    SESSION_COOKIE,
    CurrentAgent,
    refuse_foreign_origin,
)
from serving.settings import Settings

router = APIRouter(prefix="/v1/agents", tags=["agents"], responses=problems(401, 403))


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
    """Sign in: 200 with the agent and the cookie `firstlast_session`; 401, or 429 after many failures."""
    refuse_foreign_origin(request, runtime)
    signed = service.sign_in(
        session,
        runtime.settings,
        runtime.sign_in_attempts,
        email=body.email,
        password=body.password,
        address=client_address(request),
        device_token=request.cookies.get(DEVICE_COOKIE),
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
def get_me(agent: CurrentAgent, session: DbSession) -> SignedInAgentOut:
    """Who is signed in, and what they may do."""
    return signed_in_agent_out(service.get_agent(session, agent.id))


@router.get("/me/sessions")
def list_sessions(agent: CurrentAgent, session: DbSession) -> SessionsOut:
    """Where you are signed in."""
    return SessionsOut(
        sessions=[
            SessionOut(
                id=row.token_hash[: service.SESSION_ID_CHARS],
                created_at=row.created_at,
                expires_at=row.expires_at,
                current=row.token_hash == agent.session_hash,
            )
            for row in repository.list_sessions(session, agent.id)
        ]
    )


@router.delete("/me/sessions/{session_id}", status_code=204, responses=problems(404))
def end_session(session_id: str, agent: CurrentAgent, session: DbSession) -> None:
    """Sign out in one browser."""
    service.end_session(session, agent.id, session_id)


@router.delete("/me/sessions", status_code=204)
def end_all_sessions(agent: CurrentAgent, session: DbSession) -> None:
    """Sign out everywhere, here too."""
    repository.end_sessions(session, agent.id)
