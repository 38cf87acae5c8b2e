"""Threads for one kind of background work each, so that a slow kind never takes the threads of another.

Within a lane crowds take turns, see `serving.runtime.crowds`.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from serving.runtime.crowds import CrowdLine
from serving.runtime.logs import kind_and_place

_REST_SECONDS = 1.0
"""A piece of work that failed is still due: it is not begun again at once."""
_log = structlog.get_logger(__name__)


class Lane:
    """A few threads and the pieces of work they have; a piece under way is not begun a second time."""

    def __init__(self, name: str, threads: int, *, on_end: Callable[[], None]) -> None:
        """`on_end` is called after each piece, from the thread that did it."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._on_end = on_end
        self._busy: set[str] = set()
        self._line: CrowdLine[tuple[str, Callable[[], object]]] = CrowdLine()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def submit(self, key: str, work: Callable[[], object], *, crowd: str = "") -> None:
        """Do the work in turn, unless the piece with this key is waiting or under way.

        Pieces of one crowd are done in their order; between crowds the lane goes round.
        """
        with self._lock:
            if key in self._busy or self._stopping.is_set():
                return
            self._busy.add(key)
            self._line.add(crowd, (key, work))
            self._pool.submit(self._do_next)

    def stop(self) -> None:
        """Wait for what is under way; what has not begun is left out."""
        with self._lock:
            self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _do_next(self) -> None:
        with self._lock:  # as many calls as pieces wait, so there is one
            crowd, (key, work) = self._line.begin_next()
        try:
            work()
        except Exception as error:
            _log.error("worker_failed", **kind_and_place(error))
            self._stopping.wait(_REST_SECONDS)
        finally:
            with self._lock:
                self._busy.discard(key)
                self._line.end(crowd)
            self._on_end()
