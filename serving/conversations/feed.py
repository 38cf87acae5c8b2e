"""Feeds every event stream of this process from the event log with one reader; it decides no rights.

One thread reads what is new, however many streams are open, after each commit of this process or another.
Each stream gets what concerns it through its own queue.
"""

import asyncio
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from serving.agents.repository import live_sessions
from serving.conversations import repository, views
from serving.conversations.log import told
from serving.db.session import Database
from serving.db.tables import Event
from serving.runtime.background import BackgroundThread

BATCH = 500
_LONGEST_PAUSE_SECONDS = 10.0
"""A look at the log without being told of anything, should nobody have told."""
_SESSION_CHECK_SECONDS = 3.0
"""A stream of an agent whose session is over ends at the latest after this long."""
_MOST_WAITING = 2_000


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One thing to send."""

    id: int | None
    """Place in the log; `None` for what is not in it (`typing`)."""
    conversation_id: str
    kind: str
    agents_only: bool
    data: dict[str, Any]  # a JSON object


class Subscription:
    """What one stream waits on: a conversation's events, or with `None` the changes of all conversations."""

    def __init__(self, conversation_id: str | None, session_hash: str | None) -> None:
        self.conversation_id = conversation_id
        self.session_hash = session_hash
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[FeedItem | None] = asyncio.Queue()

    async def next(self, timeout_seconds: float) -> FeedItem | None:
        """The next item; `None` when the stream must end. Raises `TimeoutError`."""
        return await asyncio.wait_for(self._queue.get(), timeout_seconds)

    def put(self, items: Sequence[FeedItem]) -> None:
        """Hand items over, from any thread."""
        self._call(self._put, items)

    def end(self) -> None:
        """Make the stream end, from any thread."""
        self._call(self._queue.put_nowait, None)

    def _put(self, items: Sequence[FeedItem]) -> None:
        if self._queue.qsize() > _MOST_WAITING:  # the reader is too slow: it may come back where it left off
            self._queue.put_nowait(None)
            return
        for item in items:
            self._queue.put_nowait(item)

    def _call(self, function: Any, argument: object) -> None:  # a bound method of the queue or of this object
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            return  # the loop has ended, and the stream with it


class EventFeed:
    """Reads the log once for all streams; `start` and `stop` it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: set[Subscription] = set()
        self._lock = threading.Lock()
        self._cursor = 0
        self._next_check = 0.0
        self._thread = BackgroundThread(
            "event-feed", self._read_new, failed_event="event_feed_failed", store=database
        )

    @property
    def open_streams(self) -> int:
        """How many streams are being fed."""
        return len(self._subscriptions)

    def start(self) -> None:
        """Begin with what is written from now on; streams read what was before themselves."""
        if not self._thread.is_running:
            with self._database.reading() as session:
                self._cursor = repository.last_event_id(session)
            self._thread.start()

    def end_streams(self) -> None:
        """End every open stream and refuse new ones, so that the server can stop."""
        self._thread.end()
        for subscription in self._snapshot():
            subscription.end()

    def stop(self) -> None:
        """End the streams and the thread."""
        self.end_streams()
        self._thread.stop()

    def subscribe(self, conversation_id: str | None, *, session_hash: str | None = None) -> Subscription:
        """A subscription for the running event loop; give it back with `unsubscribe`.

        It ends by itself some seconds after the agent's session that it belongs to, if it does.
        """
        subscription = Subscription(conversation_id, session_hash)
        with self._lock:
            self._subscriptions.add(subscription)
        if session_hash is not None:
            self._thread.wake()  # from now on it must look at sessions
        if self._thread.stopping.is_set():
            subscription.end()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Feed this stream no more."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def _read_new(self) -> float:
        """Feed what is new; when the store is away the cursor stays, so that nothing is skipped."""
        while not self._thread.stopping.is_set() and self._read_batch() == BATCH:
            continue
        return self._end_signed_out()

    def _end_signed_out(self) -> float:
        """End the streams of agents whose session is over; the seconds until the next look."""
        streams = [stream for stream in self._snapshot() if stream.session_hash is not None]
        if streams and time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + _SESSION_CHECK_SECONDS
            with self._database.reading() as session:
                live = live_sessions(session, {stream.session_hash or "" for stream in streams})
            for stream in streams:
                if stream.session_hash not in live:
                    stream.end()
        return _SESSION_CHECK_SECONDS if streams else _LONGEST_PAUSE_SECONDS

    def _read_batch(self) -> int:
        with self._database.reading() as session:
            events = repository.events_after(session, self._cursor, limit=BATCH)
            # Only now: a stream that subscribes later reads the store later, and finds these events there.
            subscriptions = self._snapshot()
            wanted = {subscription.conversation_id for subscription in subscriptions}
            items = conversation_items(
                session, [event for event in events if event.conversation_id in wanted]
            )
            changes = inbox_items(session, events) if None in wanted else []
        for subscription in subscriptions:
            about = changes if subscription.conversation_id is None else items
            chosen = [item for item in about if subscription.conversation_id in {None, item.conversation_id}]
            if chosen:
                subscription.put(chosen)
        if events:
            self._cursor = events[-1].id
        return len(events)

    def _snapshot(self) -> list[Subscription]:
        with self._lock:
            return list(self._subscriptions)


def conversation_items(session: Session, events: Sequence[Event]) -> list[FeedItem]:
    """The events, each customer message followed by `typing` while the bot is about to answer it."""
    data = told(session, events)
    asked = {event.conversation_id for event in events if _is_by_customer(event, data.get(event.id, {}))}
    working = repository.list_working(session, asked) if asked else set()
    items: list[FeedItem] = []
    for event in events:
        if event.id not in data:
            continue
        shown = data[event.id]
        items.append(FeedItem(event.id, event.conversation_id, event.kind, event.agents_only, shown))
        if _is_by_customer(event, shown) and event.conversation_id in working:
            items.append(typing_item(event.conversation_id))
    return items


def typing_item(conversation_id: str) -> FeedItem:
    """Says that the bot is working on an answer."""
    return FeedItem(None, conversation_id, "typing", agents_only=False, data={"author": "bot"})


def inbox_items(session: Session, events: Iterable[Event]) -> list[FeedItem]:
    """One `conversation` item for each conversation that changed, in the order of their last events."""
    last: dict[str, int] = {event.conversation_id: event.id for event in events}
    rows = repository.list_by_ids(session, last.keys())
    shown = {row.id: row for row in views.agent_conversations_out(session, rows)}
    return [
        FeedItem(
            event_id, conversation_id, "conversation", True, shown[conversation_id].model_dump(mode="json")
        )
        for conversation_id, event_id in sorted(last.items(), key=lambda pair: pair[1])
        if conversation_id in shown
    ]


def _is_by_customer(event: Event, data: Mapping[str, Any]) -> bool:
    return event.kind == "message" and data.get("author") == "customer"
