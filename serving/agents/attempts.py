"""How often a password may be tried, so that guessing is slow and no stranger can lock an agent out.

Attempts are counted before the password is checked, together with all processes on the store, and by name
whether or not anybody has it. Who has to wait depends on where they come from:

- A browser in which this agent signed in before has a count of its own.
- Everybody else is counted by address and e-mail together, with pauses that grow.
- All strangers together have a count for each e-mail, against guessing from many addresses at once; it is no
  matter to browsers that are known.
"""

import math
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.strategies import FixedWindowRateLimiter

from serving.security.counters import CounterStorage
from serving.security.rate_limit import RequestLimits, Spender, TooManyAttemptsError
from serving.settings import Settings

_STRANGERS = 20
"""As many addresses may use up their attempts for one e-mail before other strangers have to wait."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody who wants to sign in."""

    email: str
    address: str | None
    device: str | None
    """Of the browser, when this agent signed in there before."""

    @property
    def key(self) -> str:
        """What the attempt is counted by."""
        if self.device is not None:
            return f"sign-in device {self.device}"
        return f"sign-in {self.address or 'here'} {self.email}"


class SignInAttempts:
    """Counts attempts to sign in and says who has to wait."""

    def __init__(self, settings: Settings, counters: CounterStorage, limits: RequestLimits) -> None:
        self._settings = settings
        self._counters = counters
        self._limits = limits
        self._strategy = FixedWindowRateLimiter(counters)
        self._by_strangers = RateLimitItemPerSecond(
            _STRANGERS * settings.login_attempts, math.ceil(settings.login_window_seconds)
        )

    def begin(self, attempt: Attempt) -> None:
        """Count the attempt. Raises `TooManyRequestsError` where it may not be made."""
        if attempt.device is None and attempt.address is not None:
            self._limits.spend("sign_in", [Spender("address", attempt.address)])
        wait = self._counters.begin_attempt(
            attempt.key,
            limit=self._settings.login_attempts,
            pause_seconds=self._settings.login_window_seconds,
        )
        if wait == 0 and attempt.device is None:
            wait = self._wait_of_strangers(attempt.email)
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyAttemptsError(
                f"too many failed attempts; try again in {seconds} seconds", retry_after_seconds=seconds
            )

    def succeeded(self, attempt: Attempt) -> None:
        """Forget the attempts of this browser or address with this e-mail."""
        self._counters.clear(attempt.key)

    def _wait_of_strangers(self, email: str) -> float:
        if self._strategy.hit(self._by_strangers, "sign-in strangers", email):
            return 0.0
        stats = self._strategy.get_window_stats(self._by_strangers, "sign-in strangers", email)
        return max(1.0, self._counters.seconds_until(stats.reset_time))
