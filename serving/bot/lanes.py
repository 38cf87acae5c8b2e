"""Threads for one kind of background work each, so that a slow kind never takes the threads of another.

Within a lane crowds take turns: the next piece is of the crowd that has the fewest under way, and of these of
the one whose last turn was the longest ago.
"""

import threading
from collections import Counter, OrderedDict, deque
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
        self._waiting: OrderedDict[str, deque[tuple[str, Callable[[], object]]]] = OrderedDict()
        self._at_work: Counter[str] = Counter()
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
            self._waiting.setdefault(crowd, deque()).append((key, work))
            self._pool.submit(self._do_next)

    def stop(self) -> None:
        """Wait for what is under way; what has not begun is left out."""
        with self._lock:
            self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _do_next(self) -> None:
        with self._lock:  # as many calls as pieces wait, so there is one
            crowd = min(
                self._waiting, key=self._at_work.__getitem__
            )  # of those with as few, the first in line
            pieces = self._waiting[crowd]
            key, work = pieces.popleft()
            if not pieces:
                del self._waiting[crowd]
            self._at_work[crowd] += 1
        try:
            work()
        except Exception as error:
            _log.error("worker_failed", **kind_and_place(error))
            self._stopping.wait(_REST_SECONDS)
        finally:
            with self._lock:
                self._busy.discard(key)
                self._at_work[crowd] -= 1
                if not self._at_work[crowd]:
                    del self._at_work[crowd]
                if crowd in self._waiting:
                    self._waiting.move_to_end(crowd)
            self._on_end()
