"""How much one customer, address or key may ask of the server; refuses more, and says when to come back."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from limits import RateLimitItem, parse_many
from limits.strategies import FixedWindowRateLimiter

from model.errors import FirstlastError
from serving.security.counters import CounterStorage
from serving.settings import Settings

Limited = Literal["tokens", "conversations", "messages", "ask", "classify", "suggest", "sign_in"]
"""What is limited; each has its setting `limit_…`."""
LIMITED: tuple[Limited, ...] = get_args(Limited)


class TooManyRequestsError(FirstlastError):
    """More than is allowed; `retry_after_seconds` says when the next may be tried."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TooManyAttemptsError(TooManyRequestsError):
    """Too many attempts to sign in."""


@dataclass(frozen=True, slots=True)
class Spender:
    """Who is counted: one customer, address or API key."""

    kind: Literal["contact", "address", "key"]
    id: str


class RequestLimits:
    """The limits of the settings, counted together with all processes on the store."""

    def __init__(self, settings: Settings, storage: CounterStorage) -> None:
        self._storage = storage
        self._strategy = FixedWindowRateLimiter(storage)
        self._items = {what: parse_many(written) for what in LIMITED if (written := settings.limit_of(what))}
        self._factors = {"contact": 1, "address": settings.limit_per_address, "key": settings.limit_per_key}

    def spend(self, what: Limited, spenders: Iterable[Spender]) -> None:
        """Count one request of each. Raises `TooManyRequestsError` where one has used up what it may."""
        waits = [
            self._wait(item, what, spender)
            for spender in spenders
            for item in self._items.get(what, ())
            if not self._strategy.hit(self._enlarged(item, spender), what, spender.kind, spender.id)
        ]
        if waits:
            seconds = max(1, math.ceil(max(waits)))
            raise TooManyRequestsError(
                f"too many requests of this kind; try again in {seconds} seconds", retry_after_seconds=seconds
            )

    def _wait(self, item: RateLimitItem, what: Limited, spender: Spender) -> float:
        stats = self._strategy.get_window_stats(self._enlarged(item, spender), what, spender.kind, spender.id)
        return self._storage.seconds_until(stats.reset_time)

    def _enlarged(self, item: RateLimitItem, spender: Spender) -> RateLimitItem:
        return type(item)(item.amount * self._factors[spender.kind], item.multiples)
