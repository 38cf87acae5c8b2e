"""The web application: routers, errors, headers, counters, put together around one runtime."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from serving.agents.endpoints import router as agents
from serving.articles.endpoints import router as articles
from serving.ask.endpoints import router as ask
from serving.attachments.endpoints import router as attachments
from serving.audit.endpoints import router as audit
from serving.classify.endpoints import router as classify
from serving.company.endpoints import router as company
from serving.console.pages import router as console
from serving.contacts.endpoints import router as contacts
from serving.conversations.desk_endpoints import router as desk
from serving.conversations.endpoints import router as conversations
from serving.details.endpoints import router as details
from serving.drift.endpoints import router as drift
from serving.health.endpoints import router as health
from serving.hours.endpoints import router as hours
from serving.labelling.endpoints import router as labelling
from serving.learned_answers.endpoints import router as learned_answers
from serving.macros.endpoints import router as macros
from serving.messenger.endpoints import router as help_centre
from serving.messenger.pages import router as messenger
from serving.messenger.pages import show_missing
from serving.models.endpoints import router as models
from serving.openapi import describe_problems, operation_id
from serving.problems import install_problem_handlers, problems, route_of
from serving.runtime.assembly import Runtime
from serving.runtime.metrics import Metrics
from serving.security.headers import MessengerCors, ReadInTime, RefuseUnfit, SecurityHeaders
from serving.transfer.endpoints import router as imports

_API = (
    conversations,
    attachments,
    details,
    desk,
    macros,
    contacts,
    agents,
    company,
    hours,
    audit,
    ask,
    classify,
    articles,
    help_centre,
    imports,
    learned_answers,
    labelling,
    models,
    drift,
    health,
)


def create_app(runtime: Runtime) -> FastAPI:
    """The application. Entering its lifespan starts the runtime's threads, leaving it stops them."""
    app = FastAPIOffline(
        title="firstlast",
        version=_version(),
        lifespan=_lifespan,
        redoc_url=None,
        static_url="/docs/static",
        favicon_url="data:,",
        redirect_slashes=False,  # the framework would redirect to the host that the request names
        generate_unique_id_function=operation_id,
    )
    app.state.runtime = runtime
    install_problem_handlers(app, missing_page=show_missing)
    for router in _API:
        app.include_router(router, responses=problems(400, 408, 413, 500, 503))
    for pages in (console, messenger):
        app.include_router(pages)
    describe_problems(app)
    app.add_middleware(ReadInTime)
    app.add_middleware(RefuseUnfit)
    app.add_middleware(CountRequests, metrics=runtime.metrics)
    app.add_middleware(MessengerCors, allowed_origins=runtime.settings.allowed_origins)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(runtime.settings.trusted_proxies))
    return app


class CountRequests:
    """Counts requests by route template; an address that no route matches counts as `unmatched`."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        counted = False

        async def send_counted(message: Message) -> None:
            nonlocal counted
            if message["type"] == "http.response.start" and not counted:
                counted = True
                self._count(scope, int(message["status"]), time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, send_counted)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.count_request(method=method, route=route_of(scope), status=status, seconds=seconds)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    await run_in_threadpool(runtime.start)
    try:
        yield
    finally:
        await run_in_threadpool(runtime.stop)


def _version() -> str:
    try:
        return metadata.version("firstlast")
    except metadata.PackageNotFoundError:  # run from a source tree that is not installed
        return "0"
