"""Threads for one kind of background work each, so that a slow kind never takes the threads of another."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

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
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def submit(self, key: str, work: Callable[[], object]) -> None:
        """Do the work in turn, unless the piece with this key is waiting or under way."""
        with self._lock:
            if key in self._busy or self._stopping.is_set():
                return
            self._busy.add(key)
            self._pool.submit(self._do, key, work)

    def stop(self) -> None:
        """Wait for what is under way; what has not begun is left out."""
        with self._lock:
            self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _do(self, key: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            _log.error("worker_failed", **kind_and_place(error))
            self._stopping.wait(_REST_SECONDS)
        finally:
            with self._lock:
                self._busy.discard(key)
            self._on_end()
