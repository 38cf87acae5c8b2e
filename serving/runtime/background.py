"""A thread that looks again and again for something to do, until it is stopped; it knows no kind of work."""

import threading
from collections.abc import Callable

import structlog

from serving.db.session import Database
from serving.runtime.logs import kind_and_place

_FIRST_RETRY_SECONDS = 0.25
_LONGEST_RETRY_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class BackgroundThread:
    """Calls `look` at once, after each commit to the store it watches, and after as long as `look` said.

    A look that fails is logged as `failed_event` and tried again, soon at first and then more rarely: the
    thread outlives whatever the store does to it.
    """

    def __init__(
        self, name: str, look: Callable[[], float], *, failed_event: str, store: Database | None = None
    ) -> None:
        """`look` gives the seconds until the next look."""
        self._name = name
        self._look = look
        self._failed_event = failed_event
        self._store = store
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self.stopping = threading.Event()
        """Set from the first call of `end` or `stop` to the next of `start`."""

    @property
    def is_running(self) -> bool:
        """Whether it was started and is not stopped yet."""
        return self._thread is not None

    def wake(self) -> None:
        """Look now; returns at once."""
        self._wake.set()

    def start(self) -> None:
        """Begin to look; nothing when it runs already."""
        if self._thread is not None:
            return
        self.stopping.clear()
        if self._store is not None:
            self._store.on_events(self.wake)
            self._store.watch()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Begin no further look; returns at once."""
        self.stopping.set()
        self.wake()

    def stop(self) -> None:
        """End the thread; waits for the look under way. Harmless when it does not run."""
        self.end()
        if self._thread is None:
            return
        self._thread.join()
        self._thread = None
        if self._store is not None:
            self._store.off_events(self.wake)
            self._store.unwatch()

    def _run(self) -> None:
        failures = 0
        while not self.stopping.is_set():
            self._wake.clear()
            try:
                pause_seconds, failures = self._look(), 0
            except Exception as error:
                pause_seconds = min(_FIRST_RETRY_SECONDS * 2**failures, _LONGEST_RETRY_SECONDS)
                failures += 1
                _log.error(self._failed_event, **kind_and_place(error), retry_seconds=pause_seconds)
            self._wake.wait(pause_seconds)
