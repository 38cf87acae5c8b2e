"""Agents over HTTP: sign in, sign out, who am I."""

from fastapi import APIRouter, Request, Response

from serving.agents import service
from serving.agents.schemas import SignedInAgentOut, SignedOut, SignInBody, signed_in_agent_out
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
    ages = {
        SESSION_COOKIE: (signed.token, int(settings.agent_session_hours * 3600)),
        DEVICE_COOKIE: (signed.device_token, _DEVICE_SECONDS),
    }
    for name, (token, seconds) in ages.items():
        response.set_cookie(
            name,
            token,
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
