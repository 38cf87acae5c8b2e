"""Server-sent events over HTTP: first what was missed, then what the feed brings; no loss, no doubles."""

import json
import time
from collections.abc import AsyncIterator, Callable

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import format_sse_event
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from serving.conversations import repository
from serving.conversations.feed import (
    BATCH,
    FeedItem,
    conversation_items,
    inbox_items,
    reset_item,
    typing_item,
)
from serving.runtime.assembly import Runtime

HEARTBEAT_SECONDS = 15.0
LONGEST_STREAM_SECONDS = 1800.0
"""A stream ends after this long: the client comes back, and its credentials are checked again."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
Page = tuple[list[FeedItem], int | None]
"""Items in order, and where the next page begins; `None` after the last."""
Backlog = Callable[[Session, int], Page]


def conversation_stream(
    runtime: Runtime, conversation_id: str, *, after: int, for_agent: bool
) -> StreamingResponse:
    """The events of a conversation after the one with this id, 0 for all; rights are checked before."""

    def backlog(session: Session, cursor: int) -> Page:
        events = repository.events_after(session, cursor, conversation_id=conversation_id, limit=BATCH)
        return conversation_items(session, events), events[-1].id if len(events) == BATCH else None

    events = _events(runtime, conversation_id, after, backlog, for_agent=for_agent)
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


def inbox_stream(runtime: Runtime, *, after: int | None) -> StreamingResponse:
    """The changes of all conversations after this place in the log, or from now on."""

    def backlog(session: Session, cursor: int) -> Page:
        events = repository.events_after(session, cursor, limit=BATCH)
        return inbox_items(session, events), events[-1].id if len(events) == BATCH else None

    events = _events(runtime, None, after, backlog, for_agent=True)
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def _events(
    runtime: Runtime, conversation_id: str | None, after: int | None, backlog: Backlog, *, for_agent: bool
) -> AsyncIterator[bytes]:
    # Subscribed before the store is read: an event is in the backlog, in the queue or in both, never in none.
    subscription = runtime.feed.subscribe(conversation_id)
    runtime.metrics.streams.inc()
    ends_at = time.monotonic() + LONGEST_STREAM_SECONDS
    try:
        yield format_sse_event(comment="connected", retry=1000)
        if after:
            for item in await run_in_threadpool(_forgotten_since, runtime, after):
                yield _encode(item)
        last: int = after if after is not None else await run_in_threadpool(_newest, runtime)
        cursor = after
        while cursor is not None:
            items, cursor = await run_in_threadpool(_read, runtime, backlog, cursor)
            for item in _fresh(items, last, for_agent=for_agent):
                last = item.id or last
                yield _encode(item)
        if conversation_id is not None:
            for item in await run_in_threadpool(_working_now, runtime, conversation_id):
                yield _encode(item)
        while time.monotonic() < ends_at:
            try:
                arrived = await subscription.next(HEARTBEAT_SECONDS)
            except TimeoutError:
                yield format_sse_event(comment="alive")
                continue
            if arrived is None:
                return
            for fresh in _fresh([arrived], last, for_agent=for_agent):
                last = fresh.id or last
                yield _encode(fresh)
    finally:
        runtime.feed.unsubscribe(subscription)
        runtime.metrics.streams.dec()


def _fresh(items: list[FeedItem], last: int, *, for_agent: bool) -> list[FeedItem]:
    return [
        item for item in items if (item.id is None or item.id > last) and (for_agent or not item.agents_only)
    ]


def _read(runtime: Runtime, backlog: Backlog, cursor: int) -> Page:
    with runtime.database.reading() as session:
        return backlog(session, cursor)


def _newest(runtime: Runtime) -> int:
    with runtime.database.reading() as session:
        return repository.last_event_id(session)


def _forgotten_since(runtime: Runtime, seen: int) -> list[FeedItem]:
    with runtime.database.reading() as session:
        oldest = repository.first_event_id(session)
    return [reset_item(oldest)] if seen + 1 < oldest else []


def _working_now(runtime: Runtime, conversation_id: str) -> list[FeedItem]:
    with runtime.database.reading() as session:
        working = repository.list_working(session, [conversation_id])
    return [typing_item(conversation_id)] if working else []


def _encode(item: FeedItem) -> bytes:
    data = json.dumps(item.data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(data_str=data, event=item.kind, id=None if item.id is None else str(item.id))
