"""Hears of the commits of other processes, so that nobody need ask the store again and again.

PostgreSQL notifies (`LISTEN`), which needs a connection of its own: a pooler between must not hand it to
others by the transaction. On SQLite the version of the file is looked at four times a second, which reads no
table.
"""

import select
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from serving.runtime.logs import kind_and_place

_CHANNEL = "firstlast_commits"
_LOOK_SECONDS = 0.25
_RETRY_SECONDS = 5.0
_PROBE_SECONDS = 60.0
"""A connection that died without a word is noticed after this long."""
_log = structlog.get_logger(__name__)


class CommitWatcher:
    """Calls `heard` after commits of other processes, until stopped; after a loss of connection once more."""

    def __init__(self, engine: Engine, own_name: str, heard: Callable[[], None]) -> None:
        self._engine = engine
        self._own_name = own_name
        self._heard = heard
        self._stopping = threading.Event()
        self._wake, self._sleeper = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="commit-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._wake.send(b"x")
        self._thread.join()
        self._wake.close()
        self._sleeper.close()

    def _run(self) -> None:
        watch = self._watch_sqlite if self._engine.dialect.name == "sqlite" else self._watch_postgres
        while not self._stopping.is_set():
            try:
                watch()
            except Exception as error:  # the store is away: listeners look by themselves, if rarely
                _log.warning("commits_not_heard", **kind_and_place(error))
                self._stopping.wait(_RETRY_SECONDS)

    def _watch_sqlite(self) -> None:
        file = Path(self._engine.url.database or "").absolute()
        connection = sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)  # never makes a file
        try:
            seen = None
            while not self._stopping.is_set():
                [version] = connection.execute("PRAGMA data_version").fetchone()
                if version != seen:
                    seen = version
                    self._heard()
                self._stopping.wait(_LOOK_SECONDS)
        finally:
            connection.close()

    def _watch_postgres(self) -> None:
        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        connection: Any = self._engine.dialect.connect(*arguments, **options)  # psycopg's own
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {_CHANNEL}")
            self._heard()  # whatever was committed before this moment
            while not self._stopping.is_set():
                ready, _, _ = select.select([connection, self._sleeper], [], [], _PROBE_SECONDS)
                if self._sleeper in ready:
                    return
                if not ready:
                    connection.execute("SELECT 1")
                if any(notice.payload != self._own_name for notice in list(connection.notifies(timeout=0))):
                    self._heard()
        finally:
            connection.close()


def tell_others(session: Session, own_name: str) -> None:
    """Let watchers in other processes hear of this transaction once it is committed."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_notify(:channel, :name)"), {"channel": _CHANNEL, "name": own_name})
