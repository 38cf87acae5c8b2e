"""How long customers wait for a person, from past handovers, and by when nine in ten get an answer; pure.

Waits are opening minutes. What is told is meant to hold for at least nine in ten of those who are told it: of
n earlier waits the one at place ceil(0.9 (n + 1)), which a further one of the same kind does not exceed with
probability .9 at least (split conformal prediction, Vovk et al. 2005), rounded up. Waits are compared by how
long they took for each who was ahead: after a long weekend the queue is longer than it ever was before.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from serving.hours.calendar import Calendar

SHARE = 0.9
FEWEST = 20
"""Waits from which a kind of hour speaks for itself; with fewer a wider kind speaks."""
_NEWEST = 200
"""Waits of a kind that count, the newest: what was usual last spring may not be so now."""
_AT_HAND = 3
"""Added to those ahead: who is next waits, too."""
_LEVELS = (0, 2, 5, 10, 20)
"""Numbers of those ahead up to which waits are of one kind."""
_STEPS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480)
_WORKING_DAY = 480
_LONGEST_WITHIN = 240
"""Minutes up to which a wait is told as a length; beyond it a time of the clock says more."""
Basis = Literal["measured", "expected"]


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a customer waited."""

    minutes: float
    """Opening minutes until a person answered, or so far."""
    answered: bool
    was_open: bool
    hour_of_week: int
    ahead: int = 0
    """How many others waited for the team when this one began."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a customer is told of waiting."""

    at: datetime
    """The moment at which they are told."""
    calendar: Calendar | None
    """`None` when nothing is known of hours."""
    is_open: bool
    opens_at: datetime | None
    """When people are there again; `None` while they are, and when that is not known."""
    minutes: int | None = None
    """Opening minutes within which an answer comes; `None` when nothing is known of it."""
    by: datetime | None = None
    """By when that is."""
    basis: Basis | None = None
    """`measured`: nine in ten got an answer by then; `expected`: the team says so."""

    @property
    def is_length(self) -> bool:
        """Whether it is told as "within 20 minutes": people are there all the while, and it is short."""
        if self.by is None or self.minutes is None or not self.is_open or self.minutes > _LONGEST_WITHIN:
            return False
        return self.by - self.at <= timedelta(minutes=self.minutes + 15)


def usual_wait(waits: Sequence[Wait], *, was_open: bool, hour_of_week: int, ahead: int = 0) -> float | None:
    """Opening minutes within which nine in ten get an answer who ask now; `None` with too few waits.

    `waits` come newest first; `ahead` wait already. Waits with about as many ahead count: of the same hour of
    the week where there are enough, else of the same hour of the day, else of all hours in which people were
    there as they are now, or not. Else all do.
    """
    alike = [wait for wait in waits if wait.was_open == was_open]
    queued = [wait for wait in alike if _level(wait.ahead) == _level(ahead)]
    of_day = [wait for wait in queued if wait.hour_of_week % 24 == hour_of_week % 24]
    of_week = [wait for wait in of_day if wait.hour_of_week == hour_of_week]
    for kind in (of_week, of_day, queued, alike, waits):
        for_each = _nine_in_ten(kind)
        if for_each is not None:
            return for_each * (ahead + _AT_HAND)
    return None


def told_wait(calendar: Calendar | None, at: datetime, *, usual: float | None, expected: int | None) -> Told:
    """What is told at this moment: what was measured, else what the team expects, else only the hours.

    Without a calendar people are there at any time.
    """
    opens_at = calendar.next_open(at) if calendar else at
    is_open = opens_at is not None and opens_at <= at
    later = None if is_open else opens_at
    minutes = expected if usual is None else rounded_up(usual)
    if minutes is None or opens_at is None:
        return Told(at, calendar, is_open, later)
    by = calendar.after_open_minutes(at, minutes) if calendar else at + timedelta(minutes=minutes)
    basis: Basis = "expected" if usual is None else "measured"
    return Told(at, calendar, is_open, later, minutes, by and _on_the_clock(by, at), basis)


def rounded_up(minutes: float) -> int:
    """A length that people would say, not shorter than this one."""
    for step in _STEPS:
        if minutes <= step:
            return step
    return math.ceil(minutes / _WORKING_DAY) * _WORKING_DAY


def _level(ahead: int) -> int:
    return bisect_left(_LEVELS, ahead)


def _nine_in_ten(waits: Sequence[Wait]) -> float | None:
    """The wait for each who was ahead that a further one does not exceed nine times in ten.

    Who waits still, or left without an answer, counts once that lasted longer than those answered did.
    """
    newest = [(wait.minutes / (wait.ahead + _AT_HAND), wait.answered) for wait in waits[:_NEWEST]]
    answered = sorted(minutes for minutes, was_answered in newest if was_answered)
    if len(answered) < FEWEST:
        return None
    place = math.ceil(SHARE * (len(answered) + 1))
    longer = sum(not was_answered and minutes > answered[place - 1] for minutes, was_answered in newest)
    place = math.ceil(SHARE * (len(answered) + longer + 1))
    return answered[place - 1] if place <= len(answered) else None


def _on_the_clock(by: datetime, at: datetime) -> datetime:
    """The next five minutes of the clock, or a quarter of an hour where that is hours away."""
    step = timedelta(minutes=5 if by - at <= timedelta(hours=2) else 15)
    day = by.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + math.ceil((by - day) / step) * step
