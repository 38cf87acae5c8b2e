"""Turns at work that takes a processor: few at once, crowds in turn, and nobody waits in a thread."""

import asyncio
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

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
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._at_work: Counter[str] = Counter()
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
                self._at_work[crowd] += 1
                return None
            if len(self._waiting.get(crowd, ())) >= self._most_waiting:
                raise TooManyRequestsError(
                    f"{self._most_waiting} requests of yours wait already; send fewer at once",
                    retry_after_seconds=_RETRY_SECONDS,
                )
            turn = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(crowd, deque()).append(turn)
            return turn

    def _give_up(self, crowd: str, turn: asyncio.Future[None]) -> None:
        """Leave the line; a turn that was given meanwhile goes to the next."""
        with self._lock:
            line = self._waiting.get(crowd, deque())
            if turn in line:
                line.remove(turn)
                if not line:
                    del self._waiting[crowd]
                return
        self._end(crowd)

    def _end(self, crowd: str) -> None:
        """Pass the turn on: to the crowd with the fewest at work, of these to the one waiting longest."""
        with self._lock:
            self._at_work[crowd] -= 1
            if not self._at_work[crowd]:
                del self._at_work[crowd]
            if not self._waiting:
                self._free += 1
                return
            if crowd in self._waiting:
                self._waiting.move_to_end(crowd)
            following = min(self._waiting, key=self._at_work.__getitem__)
            line = self._waiting[following]
            turn = line.popleft()
            if not line:
                del self._waiting[following]
            self._at_work[following] += 1
        try:
            turn.get_loop().call_soon_threadsafe(_give, turn)
        except RuntimeError:  # the loop is closed, with all who waited in it
            self._end(following)


def _give(turn: asyncio.Future[None]) -> None:
    with suppress(asyncio.InvalidStateError):  # whoever waited has gone, and passes it on
        turn.set_result(None)
