"""Errors as RFC 9457 problem documents: the one place where an error becomes an HTTP status."""

import math
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.errors import (
    ArtifactError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    DataError,
    FirstlastError,
    NotFoundError,
    NotReadyError,
    PermissionDeniedError,
)
from serving.runtime.logs import kind_and_place
from serving.security.rate_limit import TooManyRequestsError

MEDIA_TYPE = "application/problem+json"
_STATUS: Mapping[type[FirstlastError], int] = {
    NotFoundError: 404,
    ConflictError: 409,
    DataError: 422,
    AuthenticationError: 401,
    PermissionDeniedError: 403,
    TooManyRequestsError: 429,
    ArtifactError: 503,
    ConfigurationError: 503,
    NotReadyError: 503,
}
RETRY_SECONDS = 5
"""When to ask again while something is still being prepared."""
_log = structlog.get_logger(__name__)


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    at: list[str | int]
    """Where it stands: `body`, `path` or `query`, then names and places from the outside in."""
    message: str


class Problem(BaseModel):
    """What went wrong and what to do (RFC 9457)."""

    type: str = "about:blank"
    """Of the few that programs act on: `urn:firstlast:code-needed`, `urn:firstlast:second-factor-missing`."""
    title: str
    """The status in words."""
    status: int
    detail: str
    """What was wrong, the value, and the next step."""
    errors: Annotated[list[FieldProblem] | None, Field(exclude_if=lambda errors: errors is None)] = None
    """Each field that does not fit, of a request that is malformed."""


class ProblemResponse(JSONResponse):
    """A problem document."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldProblem] | None = None,
    kind: str = "about:blank",
) -> ProblemResponse:
    """The response that tells of it."""
    told = Problem(type=kind, title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return ProblemResponse(told.model_dump(), status_code=status, headers=dict(headers or {}))


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:  # what FastAPI takes as `responses`
    """That a route, or each of a router, may answer with these problems."""
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }
    if 429 in described:
        described[429]["headers"] = {
            "Retry-After": {
                "description": "Seconds until it may be tried again.",
                "schema": {"type": "integer"},
            }
        }
    return described


def install_problem_handlers(app: FastAPI, *, missing_page: Callable[[Request], Response]) -> None:
    """Answer every error of this application with a problem document.

    `missing_page` is what people see in a browser at an address that no route has.
    """

    def http_error(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            return problem(500, "Something went wrong here.")
        if error.status_code == 404 and _strayed(request):
            path: str = request.scope["path"]
            if path.endswith("/") and path.strip("/"):
                return RedirectResponse(_without_slash(path, request.url.query))
            return missing_page(request)
        return problem(error.status_code, str(error.detail), headers=error.headers)

    app.add_exception_handler(FirstlastError, _known_error)
    app.add_exception_handler(RequestValidationError, _malformed_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(UnexpectedErrors)


def status_of(error: FirstlastError) -> int:
    """The HTTP status of an error, by the nearest class in the table."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return 500


def _known_error(request: Request, error: Exception) -> Response:
    status = status_of(error) if isinstance(error, FirstlastError) else 500
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    if isinstance(error, NotReadyError):
        headers["Retry-After"] = str(RETRY_SECONDS)
    elif status >= 500:
        _log.error(
            "request_failed", route=route_of(request.scope), error=type(error).__name__, detail=str(error)
        )
    return problem(status, str(error), headers=headers, kind=getattr(error, "problem_type", "about:blank"))


def _malformed_request(_request: Request, error: Exception) -> Response:
    raw: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()  # pydantic's
    errors = [FieldProblem(at=list(item["loc"]), message=str(item["msg"])) for item in raw]
    if not errors:
        return problem(422, "the request is malformed")
    where = ".".join(str(part) for part in raw[0]["loc"])
    return problem(422, f"{where}: {str(raw[0]['msg']).removeprefix('Value error, ')}", errors=errors)


def _without_slash(path: str, query: str) -> str:
    """The address without the slash at its end, and without a host.

    That would be whatever the request named, or in a browser's eyes what follows two slashes.
    """
    address = quote("/" + path.strip("/\\"))
    return f"{address}?{query}" if query else address


def _strayed(request: Request) -> bool:
    """Whether a person looks at an address that no route has; programs are told in their own form."""
    wants_page = "text/html" in request.headers.get("accept", "")
    return wants_page and "route" not in request.scope and not request.url.path.startswith("/v1/")


class UnexpectedErrors:
    """Answers an exception that nobody expected, and keeps its message out of the log.

    The message may quote what a customer wrote; the framework would print it with the whole traceback.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        has_begun = False

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            if scope["type"] != "http":
                raise
            _log.error("request_failed", route=route_of(scope), **kind_and_place(error))
            if has_begun:  # too late to answer: the connection must break, or the client takes it as whole
                raise ConnectionAbortedError("the response could not be finished") from None
            if isinstance(error, PoolTimeout):  # each thread waits for the others' turn
                detail = "The store is busy, and nothing was changed. Try again in a few seconds."
                response = problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})
            elif isinstance(error, OperationalError):  # full, locked or away: nobody's mistake, and it passes
                detail = (
                    "The store cannot be used at the moment, and nothing was changed. Try again in a minute."
                )
                response = problem(503, detail, headers={"Retry-After": "60"})
            else:
                response = problem(500, "Something went wrong here; nothing was changed. Try again.")
            await response(scope, receive, send)


def route_of(scope: Scope) -> str:
    """The route's template, such as `/v1/conversations/{conversation_id}`; never the address itself."""
    return str(getattr(scope.get("route"), "path", "unmatched"))
