"""Server-sent events over HTTP: first what was missed, then what the feed brings; no loss, no doubles."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

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
    typing_item,
)
from serving.runtime.assembly import Runtime
from serving.security.principals import AgentPrincipal

HEARTBEAT_SECONDS = 15.0
LONGEST_STREAM_SECONDS = 1800.0
"""A stream ends after this long: the client comes back, and its credentials are checked again."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
Value = TypeVar("Value")


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


def event_stream(
    runtime: Runtime, conversation_id: str | None, *, after: int | None, agent: AgentPrincipal | None = None
) -> EventStream:
    """The events of a conversation, or with `None` the changes of all; rights are checked before.

    They begin after the event with this id, 0 for all; with `None` from now on. `agent` is who reads, none
    for a customer: the stream ends soon after the agent's session.
    """
    events = _events(runtime, conversation_id, after, agent)
    return EventStream(events, headers=_HEADERS)


async def _events(
    runtime: Runtime, conversation_id: str | None, after: int | None, agent: AgentPrincipal | None
) -> AsyncIterator[bytes]:
    # Subscribed before the store is read: an event is in the backlog, in the queue or in both, never in none.
    session_hash = agent.session_hash if agent else None
    subscription = runtime.feed.subscribe(conversation_id, session_hash=session_hash)
    runtime.metrics.streams.inc()
    ends_at = time.monotonic() + LONGEST_STREAM_SECONDS
    last = 0

    def fresh(items: Sequence[FeedItem]) -> Iterator[bytes]:
        nonlocal last
        for item in items:
            if (item.id is None or item.id > last) and (agent or not item.agents_only):
                last = item.id or last
                yield _encode(item)

    try:
        yield format_sse_event(comment="connected", retry=1000)
        if after:
            oldest = await _read(runtime, repository.first_event_id)
            newest = await _read(runtime, repository.last_event_id)
            if after + 1 < oldest or after > newest:
                # What the reader holds must be read anew: events it has not seen were forgotten, or the one
                # it names is of another store, as after a backup was restored.
                yield _encode(FeedItem(None, "", "reset", agents_only=False, data={"oldest": oldest}))
                after = min(after, newest)
        last = after if after is not None else await _read(runtime, repository.last_event_id)
        cursor = after
        while cursor is not None:
            items, cursor = await _read(runtime, partial(_backlog, conversation_id, cursor))
            for event in fresh(items):
                yield event
        if conversation_id is not None:
            ids = [conversation_id]
            if await _read(runtime, partial(repository.list_working, ids=ids)):
                yield _encode(typing_item(conversation_id))
        while time.monotonic() < ends_at:
            try:
                arrived = await subscription.next(HEARTBEAT_SECONDS)
            except TimeoutError:
                yield format_sse_event(comment="alive")
                continue
            if arrived is None:
                return
            for event in fresh([arrived]):
                yield event
    finally:
        runtime.feed.unsubscribe(subscription)
        runtime.metrics.streams.dec()


def _backlog(conversation_id: str | None, cursor: int, session: Session) -> tuple[list[FeedItem], int | None]:
    """Items in order, and where the next page begins; `None` after the last."""
    events = repository.events_after(session, cursor, conversation_id=conversation_id, limit=BATCH)
    items = inbox_items(session, events) if conversation_id is None else conversation_items(session, events)
    return items, events[-1].id if len(events) == BATCH else None


async def _read(runtime: Runtime, query: Callable[[Session], Value]) -> Value:
    def read() -> Value:
        with runtime.database.reading() as session:
            return query(session)

    return await run_in_threadpool(read)


def _encode(item: FeedItem) -> bytes:
    data = json.dumps(item.data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(data_str=data, event=item.kind, id=None if item.id is None else str(item.id))
