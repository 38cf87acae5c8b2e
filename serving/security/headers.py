"""Headers that keep browsers safe, what may be sent here, who may call from other sites; ASGI middleware."""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import ProblemResponse, problem

MAX_BODY_BYTES = 4 * 1024 * 1024
"""The largest request accepted: a long article is far smaller."""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_DOCS_POLICY = (  # the page starts its script inline
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
)
_DOCS_PATHS = frozenset({"/docs", "/docs/oauth2-redirect"})
_MESSENGER_PATHS = (
    "/v1/customers/",
    "/v1/conversations",
    "/v1/suggest",
    "/v1/ask",
    "/messenger",
)


class SecurityHeaders:
    """Adds the headers to every response; what a handler set itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), str(scope["path"]))
            await send(message)

        await self._app(scope, receive, send_with_headers)


class RefuseUnfit:
    """Refuses what no handler should see: a body that is too large, an address with a NUL.

    What the headers say of the length spares reading a body that is too large; what counts are the bytes
    that come.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received_bytes = 0

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > MAX_BODY_BYTES:  # the framework makes a 400 of every other exception
                raise HTTPException(
                    413, f"the body has more than {MAX_BODY_BYTES:,} bytes; send less at once"
                )
            return message

        await (_refusal(scope) or self._app)(scope, receive_counted, send)


class MessengerCors:
    """Lets pages of the allowed sites call what the messenger needs, never with an agent's cookie."""

    def __init__(self, app: ASGIApp, *, allowed_origins: Sequence[str]) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
            expose_headers=["Retry-After"],
            allow_credentials=False,
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        shared = scope["type"] == "http" and str(scope["path"]).startswith(_MESSENGER_PATHS)
        await (self._cors if shared else self._app)(scope, receive, send)


def _refusal(scope: Scope) -> ProblemResponse | None:
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        return problem(400, "the address holds a NUL character; leave it out")  # PostgreSQL fails on one
    length = Headers(scope=scope).get("content-length")
    if length is not None and length.isdecimal() and int(length) > MAX_BODY_BYTES:
        return problem(413, f"the body has {int(length):,} bytes, at most {MAX_BODY_BYTES:,} are accepted")
    return None


def _add(headers: MutableHeaders, path: str) -> None:
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if headers.get("content-type", "").startswith("text/html"):
        policy = _DOCS_POLICY if path in _DOCS_PATHS else CONTENT_SECURITY_POLICY
        headers.setdefault("Content-Security-Policy", policy)
