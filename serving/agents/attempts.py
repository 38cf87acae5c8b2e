"""How often a password or code may be tried, so that guessing is slow and no stranger can lock an agent out.

Attempts are counted before the password is checked, together with all processes on the store, and by name
whether or not anybody has it. Who has to wait depends on where they come from:

- A browser in which this agent signed in before has a count of its own.
- Everybody else is counted by address and e-mail together, with pauses that grow.
- All strangers together have a count for each e-mail, against guessing from many addresses at once; it is no
  matter to browsers that are known.

Passwords and codes are counted apart: who has the one must not use up the attempts at the other. Attempts
that failed are written into the audit log, so many an hour and then ever more rarely: a flood must not fill
the store, and whether somebody has the name must not show in how long it takes.
"""

import math
from dataclasses import dataclass
from typing import Literal

from limits import RateLimitItemPerHour, RateLimitItemPerSecond
from limits.strategies import FixedWindowRateLimiter

from serving.db.audit import Act, record_act
from serving.db.session import Database
from serving.security.counters import CounterStorage
from serving.security.rate_limit import RequestLimits, Spender, TooManyAttemptsError
from serving.settings import Settings

_STRANGERS = 20
"""As many addresses may use up their attempts for one e-mail before other strangers have to wait."""
_STRANGERS_WITH_CODES = 4
"""The same within an hour for those who know the password: of a million codes three are right at a time."""
_WRITTEN_AN_HOUR = 60
"""So many failed attempts are written down one by one; then only the one that doubles their number."""
_HOUR_SECONDS = 3600

Step = Literal["password", "code"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody who wants to sign in."""

    email: str
    address: str | None
    device: str | None
    """Of the browser, when this agent signed in there before."""
    step: Step = "password"

    @property
    def key(self) -> str:
        """What the attempt is counted by."""
        counted = "sign-in" if self.step == "password" else "sign-in code"
        if self.device is not None:
            return f"{counted} device {self.device}"
        return f"{counted} {self.address or 'here'} {self.email}"


class SignInAttempts:
    """Counts attempts to sign in and says who has to wait."""

    def __init__(
        self, settings: Settings, counters: CounterStorage, limits: RequestLimits, database: Database
    ) -> None:
        self._database = database
        self._settings = settings
        self._counters = counters
        self._limits = limits
        self._strategy = FixedWindowRateLimiter(counters)
        self._by_strangers = {
            "password": RateLimitItemPerSecond(
                _STRANGERS * settings.login_attempts, math.ceil(settings.login_window_seconds)
            ),
            "code": RateLimitItemPerHour(_STRANGERS_WITH_CODES * settings.login_attempts),
        }

    def begin(self, attempt: Attempt) -> None:
        """Count the attempt. Raises `TooManyRequestsError` where it may not be made."""
        if attempt.step == "password" and attempt.device is None and attempt.address is not None:
            self._limits.spend("sign_in", [Spender("address", attempt.address)])
        wait = self._counters.begin_attempt(
            attempt.key,
            limit=self._settings.login_attempts,
            pause_seconds=self._settings.login_window_seconds,
        )
        if wait == 0 and attempt.device is None:
            wait = self._wait_of_strangers(attempt)
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyAttemptsError(
                f"too many failed attempts; try again in {seconds} seconds", retry_after_seconds=seconds
            )

    def succeeded(self, attempt: Attempt) -> None:
        """Forget the attempts of this browser or address with this e-mail."""
        self._counters.clear(attempt.key)

    def failed(self, attempt: Attempt, *, is_known: bool) -> None:
        """Write the failed attempt down; what no agent has is not named, it may be a password.

        In a transaction of its own: that of the request must not have begun.
        """
        count = self._counters.incr("sign-ins failed", _HOUR_SECONDS)
        if count > _WRITTEN_AN_HOUR and count & (count - 1):
            return
        who = attempt.email if is_known else "somebody"
        what = "failed to sign in" if attempt.step == "password" else "gave a wrong code"
        whose = f"agent {attempt.email}" if is_known else "no agent"
        on = f"{whose} from {attempt.address or 'this machine'}"
        if count > _WRITTEN_AN_HOUR:
            on += f", the {count}th within an hour"
        with self._database.session() as session:
            record_act(session, Act(who, what, on))

    def _wait_of_strangers(self, attempt: Attempt) -> float:
        names = f"sign-in strangers {attempt.step}", attempt.email
        if self._strategy.hit(self._by_strangers[attempt.step], *names):
            return 0.0
        stats = self._strategy.get_window_stats(self._by_strangers[attempt.step], *names)
        return max(1.0, self._counters.seconds_until(stats.reset_time))
