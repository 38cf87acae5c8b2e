"""Headers that keep browsers safe, what may be sent here, who may call from other sites; ASGI middleware."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import ProblemResponse, problem

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_UPLOAD_BYTES = 10 * 1024 * 1024
"""The longest file that may be sent along with a message."""
_UPLOAD_PATH = re.compile(r"/v1/conversations/[^/]{1,64}/attachments")
"""The largest request accepted: a long article is far smaller."""

READ_SECONDS = 20.0
"""How long a body may take to come that has next to nothing in it."""
SLOWEST_BYTES_PER_SECOND = 8_192

_STRICT: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' https:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_DOCS_PATHS = frozenset({"/docs", "/docs/oauth2-redirect"})
_MESSENGER_PATHS = (
    "/v1/customers/",
    "/v1/conversations",
    "/v1/suggest",
    "/v1/help",
    "/v1/ask",
    "/v1/attachments",
    "/messenger",
)


def content_policy(**other: str) -> str:
    """The content security policy of a page: nothing inline, nothing from elsewhere but pictures.

    `other` are the directives that differ, with `_` for `-`.
    """
    directives = {**_STRICT, **{name.replace("_", "-"): value for name, value in other.items()}}
    return "; ".join(f"{name} {value}" for name, value in directives.items())


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
                headers = MutableHeaders(scope=message)
                _add(headers, str(scope["path"]))
                if scope.get("scheme") == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
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
        received_bytes, most = 0, _most_bytes(scope)

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > most:  # the framework makes a 400 of every other exception
                raise HTTPException(413, f"the body has more than {most:,} bytes; send less at once")
            return message

        await (_refusal(scope) or self._app)(scope, receive_counted, send)


class ReadInTime:
    """Ends requests whose body comes too slowly: it holds a place that others need.

    A body has `READ_SECONDS`, and longer by what has come of it: any line that carries a telephone call is
    fast enough.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ends_at = time.monotonic() + READ_SECONDS
        is_read = False

        async def receive_in_time() -> Message:
            nonlocal ends_at, is_read
            if is_read:  # what comes now is that the client has gone, whenever that is
                return await receive()
            try:
                async with asyncio.timeout(ends_at - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                detail = "the request came too slowly, and nothing was changed; send it again"
                raise HTTPException(408, detail, headers={"Connection": "close"}) from None
            ends_at += len(message.get("body", b"")) / SLOWEST_BYTES_PER_SECOND
            is_read = not message.get("more_body", False)
            return message

        await self._app(scope, receive_in_time, send)


class MessengerCors:
    """Lets pages of the allowed sites call what the messenger needs, never with an agent's cookie."""

    def __init__(self, app: ASGIApp, *, allowed_origins: Sequence[str]) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=allowed_origins,
            allow_methods=["GET", "POST", "PUT"],
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
    most = _most_bytes(scope)
    if length is not None and length.isdecimal() and int(length) > most:
        return problem(413, f"the body has {int(length):,} bytes, at most {most:,} are accepted")
    return None


def _most_bytes(scope: Scope) -> int:
    """How long a body may be: an uploaded file longer than anything else."""
    is_upload = _UPLOAD_PATH.fullmatch(scope["path"]) is not None
    return MAX_UPLOAD_BYTES if is_upload else MAX_BODY_BYTES


def _add(headers: MutableHeaders, path: str) -> None:
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if headers.get("content-type", "").startswith("text/html"):
        # The page of the API starts its script inline.
        inline = "'self' 'unsafe-inline'"
        docs = {"script_src": inline, "style_src": inline, "img_src": "'self' data:", "worker_src": "blob:"}
        policy = content_policy(**docs) if path in _DOCS_PATHS else content_policy()
        headers.setdefault("Content-Security-Policy", policy)
