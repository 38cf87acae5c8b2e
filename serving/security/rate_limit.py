"""Counts failed sign-ins in memory and says when the next may be tried; it stores nothing."""

import threading
import time
from collections import deque
from collections.abc import Callable

from model.errors import FirstlastError

_MAX_KEYS = 50_000


class TooManyAttemptsError(FirstlastError):
    """Too many failed attempts; `retry_after_seconds` says when the next may be tried."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class FailureLimiter:
    """Allows `limit` failures of one key within `window_seconds`; thread-safe."""

    def __init__(
        self, *, limit: int, window_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._window = window_seconds
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, key: str) -> None:
        """Raise `TooManyAttemptsError` while `key` has used up its failures."""
        with self._lock:
            times = self._recent(key)
            if len(times) < self._limit:
                return
            wait = times[0] + self._window - self._clock()
        raise TooManyAttemptsError(
            f"{self._limit} failed attempts; try again in {max(1, round(wait))} seconds",
            retry_after_seconds=max(1.0, wait),
        )

    def add_failure(self, key: str) -> None:
        """Count one failure of `key`."""
        with self._lock:
            times = self._recent(key)
            times.append(self._clock())
            self._failures[key] = times
            if len(self._failures) > _MAX_KEYS:  # a flood of made-up keys must not fill the memory
                self._failures.pop(next(iter(self._failures)))

    def forget(self, key: str) -> None:
        """Forget the failures of `key`, after a success."""
        with self._lock:
            self._failures.pop(key, None)

    def _recent(self, key: str) -> deque[float]:
        times = self._failures.get(key, deque())
        while times and times[0] <= self._clock() - self._window:
            times.popleft()
        if not times:
            self._failures.pop(key, None)
        return times
