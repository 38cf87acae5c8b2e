"""Counts that all processes on one store share, for limits; no more than the counts and their ends are kept.

On PostgreSQL they stand in the store, in a table that is not logged. On SQLite they have a file of their own
beside the store, so that counting a keystroke waits for no writer and for no disk. Names are kept as keyed
digests: nobody can read an address out of them.
"""

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from limits.storage import Storage
from sqlalchemy import Engine, create_engine, delete, event, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from serving.db.session import Database
from serving.db.tables import RateCount

_BUSY_SECONDS = 5.0
_SWEEP_SECONDS = 60.0
_LEEWAY_SECONDS = 60.0
"""By which the clocks of those who count together may differ; a greater step is a clock that was set back."""
_SLOWEST = 8
"""A pause doubles this often at most."""

_COUNT = text(
    "INSERT INTO rate_counts (name, count, ends_at, paused_until) VALUES (:name, :amount, :end, 0)"
    " ON CONFLICT (name) DO UPDATE SET"
    " count = CASE WHEN rate_counts.ends_at <= :now OR rate_counts.ends_at > :latest"
    " THEN :amount ELSE rate_counts.count + :amount END,"
    " ends_at = CASE WHEN rate_counts.ends_at <= :now OR rate_counts.ends_at > :latest"
    " THEN :end ELSE rate_counts.ends_at END"
    " RETURNING count"
)
"""One statement, so that no two requests count the same place. A count that ends much later than one that
begins now was made before the clock was set back, and begins anew."""

_TRY = text(
    "INSERT INTO rate_counts (name, count, ends_at, paused_until) VALUES (:name, 1, :end, :first_pause)"
    " ON CONFLICT (name) DO UPDATE SET"
    " count = CASE WHEN rate_counts.ends_at <= :now THEN 1 ELSE rate_counts.count + 1 END,"
    " ends_at = :end,"
    " paused_until = CASE"
    " WHEN rate_counts.ends_at <= :now THEN :first_pause"
    " WHEN rate_counts.count + 1 < :limit THEN 0"
    " WHEN rate_counts.count + 1 - :limit >= :slowest THEN :now + :pause * :longest"
    " ELSE :now + :pause * (1 << (rate_counts.count + 1 - :limit)) END"
    " WHERE rate_counts.paused_until <= :now OR rate_counts.paused_until > :latest"
    " RETURNING count"
)
"""Gives a row only where the attempt may be made, and counts it before it is."""


class CounterStorage(Storage):
    """Storage of the library `limits` on the store; safe for threads and processes."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database, *, secret: str, clock: Callable[[], float] = time.time) -> None:
        """`secret` is the key of the digests; `clock` gives seconds that all processes agree on."""
        super().__init__()
        self._engine, self._is_own = _engine(database)
        self._key = secret.encode()
        self._clock = clock
        self._next_sweep = 0.0
        self._sweeping = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the storage may raise."""
        return DBAPIError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more; the count with them, which ends `expiry` seconds after it began."""
        moment = self._clock()
        self._sweep(moment)
        values = {
            "name": self._name(key),
            "amount": amount,
            "now": moment,
            "end": moment + expiry,
            "latest": moment + expiry + _LEEWAY_SECONDS,
        }
        with self._engine.begin() as connection:
            return int(connection.execute(_COUNT, values).scalar_one())

    def get(self, key: str) -> int:
        """The count, 0 when it has ended."""
        row = self._row(key)
        return row.count if row is not None and row.ends_at > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When the count ends; now when there is none."""
        row = self._row(key)
        return row.ends_at if row is not None else self._clock()

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._engine.begin() as connection:
            connection.execute(delete(RateCount).where(RateCount.name == self._name(key)))

    def reset(self) -> int:
        """Forget all counts; how many there were."""
        with self._engine.begin() as connection:
            return connection.execute(delete(RateCount)).rowcount

    def check(self) -> bool:
        """Whether counts can be read."""
        try:
            self.get("")
        except DBAPIError:
            return False
        return True

    def begin_attempt(self, key: str, *, limit: int, pause_seconds: float) -> float:
        """Count an attempt that may be made now, and give 0; else the seconds until the next may be.

        After `limit` attempts there is a pause, twice as long after every further one. They are forgotten
        after a success (`clear`), or when nobody has tried for as long as the longest pause.
        """
        moment = self._clock()
        self._sweep(moment)
        longest = 1 << _SLOWEST
        values = {
            "name": self._name(key),
            "now": moment,
            "end": moment + 2 * longest * pause_seconds,
            "latest": moment + longest * pause_seconds + _LEEWAY_SECONDS,
            "first_pause": moment + pause_seconds if limit == 1 else 0.0,
            "limit": limit,
            "pause": pause_seconds,
            "slowest": _SLOWEST,
            "longest": longest,
        }
        with self._engine.begin() as connection:
            if connection.execute(_TRY, values).scalar() is not None:
                return 0.0
        row = self._row(key)
        return max(0.0, row.paused_until - moment) if row is not None else 0.0

    def seconds_until(self, moment: float) -> float:
        """How long it is until then."""
        return moment - self._clock()

    def close(self) -> None:
        """Give connections back."""
        if self._is_own:
            self._engine.dispose()

    def _row(self, key: str) -> "_Count | None":
        with Session(self._engine) as session:
            row = session.get(RateCount, self._name(key))
            return _Count(row.count, row.ends_at, row.paused_until) if row is not None else None

    def _name(self, key: str) -> str:
        return hmac.digest(self._key, key.encode(), "sha256").hex()

    def _sweep(self, moment: float) -> None:
        """Forget what has ended, now and then: made-up names must not fill the store."""
        with self._sweeping:
            if moment < self._next_sweep <= moment + _SWEEP_SECONDS:
                return
            self._next_sweep = moment + _SWEEP_SECONDS
        with self._engine.begin() as connection:
            connection.execute(delete(RateCount).where(RateCount.ends_at <= moment))


@dataclass(frozen=True, slots=True)
class _Count:
    count: int
    ends_at: float
    paused_until: float


def counters_file(store: Path) -> Path:
    """Where the counts of a SQLite store are kept."""
    return store.with_name(f"{store.stem}-limits.db")


def _engine(database: Database) -> tuple[Engine, bool]:
    if database.url.get_backend_name() == "postgresql":
        return database.engine, False
    file = counters_file(Path(str(database.url.database)))
    engine = create_engine(
        f"sqlite:///{file}", connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare)
    _make_table(engine)
    return engine, True


def _prepare(connection: SqliteConnection, _record: Any) -> None:  # the pool's private record type
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")  # a power cut may cost counts, which is no loss


def _make_table(engine: Engine) -> None:
    try:
        RateCount.metadata.tables[RateCount.__tablename__].create(engine, checkfirst=True)
    except OperationalError:  # another process was first
        if not inspect(engine).has_table(RateCount.__tablename__):
            raise
