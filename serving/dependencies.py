"""What endpoints ask for: the runtime and one session a request; no feature's logic."""

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from serving.runtime.assembly import Runtime

SESSIONS_AT_ONCE = 24
"""Fewer than the pool's connections and than the threads endpoints run in: a request that holds a session can
always get the thread it needs to finish, so that a crowd waits in line instead of blocking itself."""

BATCHES_AT_ONCE = 2
"""Requests with many texts; others wait in line, so that customers find a thread and a processor."""

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def get_runtime(request: Request) -> Runtime:
    """The running parts, put on the application by `create_app`."""
    return cast(Runtime, request.app.state.runtime)


CurrentRuntime = Annotated[Runtime, Depends(get_runtime)]


def get_session(request: Request, runtime: CurrentRuntime) -> Iterator[Session]:
    """One session a request: reading for GET, else committed before the response leaves."""
    database = runtime.database
    with database.reading() if request.method in _READING_METHODS else database.session() as session:
        yield session


def get_batch_slot() -> Iterator[None]:
    """Leave to work on many texts at once."""
    yield


OneOfFewBatches = Annotated[None, Depends(get_batch_slot, scope="function", max_concurrency=BATCHES_AT_ONCE)]

DbSession = Annotated[Session, Depends(get_session, scope="function", max_concurrency=SESSIONS_AT_ONCE)]
"""A failed commit is a failed request: the session ends before the response is sent."""
