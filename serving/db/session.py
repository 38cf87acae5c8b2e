"""Sessions on the store: SQLite or PostgreSQL behind one interface; it holds no query of any feature.

Acknowledged means durable: SQLite runs in WAL mode with `synchronous=FULL`, so that a commit that returned
survives power loss.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_LOCKED
from sqlite3 import Connection as SqliteConnection
from sqlite3 import DatabaseError as SqliteError
from sqlite3 import OperationalError as SqliteLocked
from typing import Any, Literal

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from model.errors import ConfigurationError
from serving.db import search as _search  # noqa: F401 - it listens to what is written
from serving.db.audit import write_acts
from serving.db.tables import Event, KnowledgeChange, new_id
from serving.db.watching import CommitWatcher, tell_others

LogName = Literal["events", "knowledge_changes"]

_LOCK_KEYS: dict[str, int] = {"migrations": 7301, "events": 7302, "knowledge_changes": 7303}
BUSY_SECONDS = 10.0
"""How long anybody waits for the store, or for their turn to write, before being told to come back."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_log = structlog.get_logger(__name__)


class Database:
    """The store at one address; cheap to make, connects on first use."""

    def __init__(self, url: str, *, pool_size: int = 30) -> None:
        self.url = _normalised(url)
        self.engine = _create_engine(self.url, pool_size)
        reading_engine = self.engine.execution_options(sqlite_begin="DEFERRED")
        self._writer = sessionmaker(self.engine, expire_on_commit=False)
        self._reader = sessionmaker(reading_engine, expire_on_commit=False)
        self._listeners: list[Callable[[], None]] = []
        self._name = new_id()
        self._watcher: CommitWatcher | None = None
        self._watching = 0
        self._watching_lock = threading.Lock()
        event.listen(self._writer, "before_commit", self._before_commit)
        event.listen(self._writer, "after_flush", _note_logged)
        event.listen(self._writer, "after_commit", self._notify)
        event.listen(self._writer, "after_rollback", _forget_queued_events)
        event.listen(self._reader, "before_flush", _refuse_write)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that may write: committed when the block ends, rolled back when it raises.

        On SQLite the first statement takes the write lock (`BEGIN IMMEDIATE`), so a transaction that read
        before it writes can never fail half-way with "database is locked". Keep slow work out of it.
        """
        with self._writer() as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads: one consistent view on SQLite, waiting for no writer; a write raises."""
        with self._reader() as session:
            yield session

    def on_events(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every commit of this process that wrote events or changed the knowledge.

        While the store is watched, also after those of other processes. It must return at once, may be
        called from any thread, and more often than there is anything new.
        """
        self._listeners.append(listener)

    def off_events(self, listener: Callable[[], None]) -> None:
        """Call the listener no more; one that was never added is passed over."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def watch(self) -> None:
        """Let the listeners hear of other processes' commits too, until as many calls of `unwatch`."""
        with self._watching_lock:
            self._watching += 1
            if self._watcher is None:
                self._watcher = CommitWatcher(self.engine, self._name, self._call_listeners)

    def unwatch(self) -> None:
        """The one who called `watch` needs it no more."""
        with self._watching_lock:
            self._watching -= 1
            watcher = self._watcher if self._watching == 0 else None
            self._watcher = None if watcher else self._watcher
        if watcher is not None:
            watcher.stop()

    def migrate(self) -> None:
        """Bring the tables to the newest version; safe when several processes start at once.

        The whole upgrade is one transaction under a lock, so the second process finds it done. Raises
        `ConfigurationError` when the store is away, damaged, may not be written, or is of a newer version.
        """
        try:
            if not self._is_current():
                self._upgrade()
        except (DatabaseError, SqliteError) as error:
            problem = store_problem(error)
            if problem is None:
                raise
            raise ConfigurationError(f"{self.url.render_as_string()}: {problem}") from error

    def _is_current(self) -> bool:
        """Whether nothing is to be done; asked first, because loading what upgrades takes half a second."""
        with self.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            if not inspect(connection).has_table("alembic_version"):
                return False
            revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision == newest_revision()

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        try:
            with self.engine.begin() as connection:
                _lock(connection, "migrations")
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:  # a revision that this version does not know
            address = self.url.render_as_string()
            raise ConfigurationError(
                f"the store {address} was made by another version of firstlast ({error}); use that version"
            ) from error

    def is_reachable(self) -> bool:
        """Whether the store answers now, and has its tables: one that was emptied has none."""
        try:
            with self.reading() as session:
                return session.scalar(text("SELECT version_num FROM alembic_version")) is not None
        except Exception as error:
            _log.warning("database_unreachable", error=type(error).__name__)
            return False

    def close(self) -> None:
        """Give every connection back; the database can still be used and then connects again."""
        self.engine.dispose()

    def _notify(self, session: Session) -> None:
        if session.in_nested_transaction() or not session.info.pop("wrote_log", False):
            return
        self._call_listeners()

    def _before_commit(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        session.flush()
        write_acts(session)
        _write_queued_events(session)
        if session.info.get("wrote_log"):
            tell_others(session, self._name)

    def _call_listeners(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def store_problem(error: BaseException) -> str | None:
    """What is wrong with the store and what to do, without any value of a statement.

    `None` for an error that says nothing of the store: a bug of ours, or a row that may not be.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    is_about_store = isinstance(error, OperationalError | SqliteLocked) or type(error) is DatabaseError
    if not is_about_store and type(cause) is not SqliteError:
        return None
    reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    return f"the store cannot be used ({reason}); see that it is there, undamaged, and may be written"


def newest_revision() -> str:
    """The revision that `migrate` brings a store to: the greatest number that a file of it begins with."""
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def lock_log(session: Session, name: LogName) -> None:
    """Make this transaction the only writer of the log until it ends, so that ids become visible in order.

    Without it PostgreSQL could show row 8 before row 7, and a follower that read to 8 would miss 7. SQLite
    has one writer anyway. Events need no call: `append_event` takes the lock at the end of the transaction.
    Take `knowledge_changes` late, and no row locks after it.
    """
    _lock(session.connection(), name)


def append_event(session: Session, new: Event) -> None:
    """Write the event when the transaction commits, last of all, so that the log is locked only briefly."""
    session.info.setdefault("events", []).append(new)


def _write_queued_events(session: Session) -> None:
    queued: list[Event] = session.info.pop("events", [])
    if not queued:
        return
    lock_log(session, "events")
    for new in queued:  # one flush each: the ids then follow the order of the calls
        session.add(new)
        session.flush()


def _note_logged(session: Session, _context: object) -> None:
    if any(isinstance(row, Event | KnowledgeChange) for row in session.new):
        session.info["wrote_log"] = True


def _forget_queued_events(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("events", None)
        session.info.pop("acts", None)
        session.info.pop("wrote_log", None)


def _refuse_write(session: Session, *_: object) -> None:
    changed = [type(row).__name__ for row in (*session.new, *session.dirty, *session.deleted)]
    raise RuntimeError(f"this session only reads, but {changed} changed; use Database.session() to write")


def _lock(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEYS[name]})


def _normalised(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigurationError(
            f"database_url names {parsed.drivername!r}; use sqlite:///path or postgresql://host/name"
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ConfigurationError("database_url names a SQLite database in memory; use sqlite:///path")
    return parsed


def _create_engine(url: URL, pool_size: int) -> Engine:
    pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 10, "pool_timeout": BUSY_SECONDS}
    if url.get_backend_name() == "postgresql":
        return create_engine(url, **pool, pool_pre_ping=True, pool_recycle=1800)
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, **pool, connect_args=arguments)
    event.listen(engine, "connect", _prepare_sqlite)
    _WriterQueue(engine)
    return engine


class _WriterQueue:
    """Begins transactions on SQLite: reading ones at once, writing ones one after the other.

    SQLite itself lets writers wait by sleeping and trying again, which starves some of them for seconds when
    many write at once; within a process a lock hands over directly. It is given back with the connection.
    """

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", self._give_back)

    def _begin(self, connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        if mode == "IMMEDIATE" and not connection.info.get("is_writer"):
            if not self._lock.acquire(timeout=BUSY_SECONDS):
                busy = SqliteLocked("database is locked: another thread has been writing for too long")
                raise OperationalError("BEGIN IMMEDIATE", None, busy)
            connection.info["is_writer"] = True
        connection.exec_driver_sql(f"BEGIN {mode}")

    def _give_back(self, _connection: object, record: Any) -> None:  # the pool's private record type
        if record.info.pop("is_writer", False):
            self._lock.release()


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:  # the pool's private record type
    connection.isolation_level = None  # this module says BEGIN itself
    connection.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")
    _set_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _set_wal(connection: SqliteConnection, *, attempts: int = 100) -> None:
    for _ in range(attempts):
        # Switching a new file to WAL ignores busy_timeout: processes that start together must try again.
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except SqliteLocked as error:
            if error.sqlite_errorcode & 0xFF not in (SQLITE_BUSY, SQLITE_LOCKED):
                raise
        time.sleep(0.05)
    connection.execute("PRAGMA journal_mode=WAL")
