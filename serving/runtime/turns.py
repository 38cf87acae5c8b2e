"""Turns at work that takes a processor: few at once, crowds in turn, and nobody waits in a thread."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from serving.runtime.crowds import CrowdLine
from serving.security.rate_limit import TooManyRequestsError

_RETRY_SECONDS = 5.0


class FairTurns:
    """So many turns at once; those who wait get theirs crowd by crowd, each crowd's in their order.

    Safe for requests of several event loops.
    """

    def __init__(self, at_once: int, *, most_waiting: int) -> None:
        """`most_waiting`: how many requests of one crowd may wait; more are refused."""
        self._free = at_once
        self._most_waiting = most_waiting
        self._line: CrowdLine[asyncio.Future[None]] = CrowdLine()
        self._lock = threading.Lock()

    @asynccontextmanager
    async def take(self, crowd: str) -> AsyncIterator[None]:
        """A turn until the block ends. Raises `TooManyRequestsError` where too many of the crowd wait."""
        turn = self._begin(crowd)
        if turn is not None:
            try:
                await turn
            except BaseException:
                self._give_up(crowd, turn)
                raise
        try:
            yield
        finally:
            self._end(crowd)

    def _begin(self, crowd: str) -> asyncio.Future[None] | None:
        with self._lock:
            if self._free > 0:
                self._free -= 1
                self._line.begin(crowd)
                return None
            if self._line.length(crowd) >= self._most_waiting:
                raise TooManyRequestsError(
                    f"{self._most_waiting} requests of yours wait already; send fewer at once",
                    retry_after_seconds=_RETRY_SECONDS,
                )
            turn = asyncio.get_running_loop().create_future()
            self._line.add(crowd, turn)
            return turn

    def _give_up(self, crowd: str, turn: asyncio.Future[None]) -> None:
        """Leave the line; a turn that was given meanwhile goes to the next."""
        with self._lock:
            if self._line.leave(crowd, turn):
                return
        self._end(crowd)

    def _end(self, crowd: str) -> None:
        """Pass the turn on."""
        with self._lock:
            self._line.end(crowd)
            if not self._line:
                self._free += 1
                return
            following, turn = self._line.begin_next()
        try:
            turn.get_loop().call_soon_threadsafe(_give, turn)
        except RuntimeError:  # the loop is closed, with all who waited in it
            self._end(following)


def _give(turn: asyncio.Future[None]) -> None:
    with suppress(asyncio.InvalidStateError):  # whoever waited has gone, and passes it on
        turn.set_result(None)
