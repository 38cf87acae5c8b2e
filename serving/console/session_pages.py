"""Signing in, in one step or two, and out; coming and going. It never says whether an e-mail is known."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from model.errors import AuthenticationError, DataError
from serving.agents import service
from serving.agents.endpoints import (
    clear_session_cookie,
    set_device_cookie,
    set_session_cookies,
    visitor_of,
)
from serving.company.accounts import get_agent, use_reset_link
from serving.console.routing import PageRoute, local_path, see_other, sentence
from serving.console.shell import CurrentVisit
from serving.console.templating import Page, render
from serving.dependencies import CurrentRuntime, DbSession
from serving.problems import status_of
from serving.queues.assignment import set_online
from serving.security.addresses import client_address
from serving.security.limited import spenders
from serving.security.principals import SESSION_COOKIE, refuse_foreign_origin
from serving.security.rate_limit import TooManyRequestsError
from serving.security.tokens import make_device_token

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/console")
def console() -> RedirectResponse:
    """The console starts at the inbox."""
    return see_other("/inbox")


@router.get("/login")
def login_page(request: Request, next: str = "/inbox") -> Response:
    """The form to sign in."""
    return _login(request, next_path=local_path(next))


@router.post("/login")
def sign_in(
    request: Request,
    runtime: CurrentRuntime,
    session: DbSession,
    email: Annotated[str, Form(max_length=320)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    next: Annotated[str, Form()] = "/inbox",
) -> Response:
    """Sign in and go on to `next`, which must be a path of this site."""
    refuse_foreign_origin(request, runtime)
    try:
        signed = service.sign_in(
            session,
            runtime.settings,
            runtime.sign_in_attempts,
            visitor_of(request),
            email=email,
            password=password,
        )
    except service.CodeNeededError as needed:
        return _code(request, next_path=local_path(next), ticket=needed.ticket)
    except (AuthenticationError, TooManyRequestsError) as error:
        return _login(
            request, next_path=local_path(next), email=email, problem=sentence(error), status=status_of(error)
        )
    response = see_other(local_path(next))
    set_session_cookies(request, response, runtime.settings, signed)
    return response


@router.post("/login/code")
def give_code(
    request: Request,
    runtime: CurrentRuntime,
    session: DbSession,
    ticket: Annotated[str, Form(max_length=2_000)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form()] = "/inbox",
) -> Response:
    """The second step of who has a second factor; a wrong code may be tried again."""
    refuse_foreign_origin(request, runtime)
    try:
        signed = service.give_code(
            session,
            runtime.settings,
            runtime.sign_in_attempts,
            visitor_of(request),
            ticket=ticket,
            code=code,
        )
    except (AuthenticationError, TooManyRequestsError) as error:
        return _code(
            request,
            next_path=local_path(next),
            ticket=ticket,
            problem=sentence(error),
            status=status_of(error),
        )
    response = see_other(local_path(next))
    set_session_cookies(request, response, runtime.settings, signed)
    return response


@router.post("/logout")
def sign_out(request: Request, runtime: CurrentRuntime, session: DbSession) -> Response:
    """End the session; an ended one is no error."""
    refuse_foreign_origin(request, runtime)
    token = request.cookies.get(SESSION_COOKIE)
    if token is not None:
        service.sign_out(session, token)
    response = see_other("/login")
    clear_session_cookie(response, runtime.settings)
    return response


@router.post("/presence")
def set_presence(visit: CurrentVisit, online: Annotated[bool, Form()]) -> Response:
    """Say whether the agent is there for conversations."""
    set_online(visit.session, get_agent(visit.session, visit.viewer.id), online)
    return see_other("/inbox", done="online" if online else "away")


@router.get("/reset-password")
def reset_page(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The form to choose a password by a link."""
    return render(request, Page("reset_password.html", {"token": token, "problem": ""}))


@router.post("/reset-password")
def reset_password(
    request: Request,
    runtime: CurrentRuntime,
    session: DbSession,
    token: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Choose the password, then sign in; the browser counts as known from then on."""
    refuse_foreign_origin(request, runtime)
    runtime.limits.spend("sign_in", spenders(None, client_address(request)))
    try:
        agent = use_reset_link(session, token, password)
    except (AuthenticationError, DataError) as error:
        session.rollback()
        context = {"token": token, "problem": sentence(error)}
        return render(request, Page("reset_password.html", context, status=status_of(error)))
    response = see_other("/login")
    set_device_cookie(request, response, runtime.settings, make_device_token(runtime.settings, agent.id))
    return response


def _login(
    request: Request, *, next_path: str, email: str = "", problem: str = "", status: int = 200
) -> Response:
    context = {"next": next_path, "email": email, "problem": problem}
    return render(request, Page("login.html", context, status=status))


def _code(request: Request, *, next_path: str, ticket: str, problem: str = "", status: int = 200) -> Response:
    context = {"next": next_path, "ticket": ticket, "problem": problem}
    return render(request, Page("login_code.html", context, status=status))
