"""Takes work for this process before it is done, so that processes that share a store do each piece once.

A lease is renewed while its process lives and runs out a few seconds after it died; then another one takes
the work. It spares work, and nothing rests on it: what is stored is taken by compare-and-set all the same.
Clocks of hosts that share a store must agree to about a second.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from serving.conversations import repository
from serving.db.session import Database
from serving.db.tables import new_id, now
from serving.runtime.logs import kind_and_place

_log = structlog.get_logger(__name__)


class Lease:
    """One piece of work that this process has taken."""

    def __init__(self, work: str, holder: str) -> None:
        self.work = work
        self._holder = holder
        self.is_over = False

    def give_back(self, session: Session, *, rest_seconds: float = 0.0) -> None:
        """End the lease with the transaction that stores what was done, or let nobody have it for a while."""
        until = now() + timedelta(seconds=rest_seconds) if rest_seconds else None
        repository.end_lease(session, self.work, self._holder, until=until)
        self.is_over = True


class Leases:
    """The leases of one worker; `renew` them often enough."""

    def __init__(self, database: Database, *, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._holder = new_id()
        self._held: set[str] = set()
        self._lock = threading.Lock()

    @property
    def renew_seconds(self) -> float | None:
        """How soon to renew at the latest; `None` while nothing is held."""
        return self._seconds / 3 if self._held else None

    @contextmanager
    def take(self, work: str) -> Iterator[Lease | None]:
        """A lease until the block ends or it is given back; `None` when another process has it."""
        with self._database.session() as session:
            taken = repository.take_lease(session, work, self._holder, now(), seconds=self._seconds)
        if not taken:
            yield None
            return
        lease = Lease(work, self._holder)
        with self._lock:
            self._held.add(work)
        try:
            yield lease
        except BaseException:
            lease.is_over = False  # what gave it back may have been rolled back
            raise
        finally:
            with self._lock:
                self._held.discard(work)
            if not lease.is_over:
                self._end(lease)

    def renew(self) -> None:
        """Keep what is held; does nothing while nothing is."""
        with self._lock:
            held = set(self._held)
        if held:
            until = now() + timedelta(seconds=self._seconds)
            with self._database.session() as session:
                repository.renew_leases(session, held, self._holder, until)

    def _end(self, lease: Lease) -> None:
        try:
            with self._database.session() as session:
                lease.give_back(session)
        except Exception as error:  # the store is away: the lease runs out by itself
            _log.warning("lease_left", **kind_and_place(error))
