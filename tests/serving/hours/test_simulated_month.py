"""What customers are told of waiting holds for nine in ten, in a month of breaks, holidays and time zones.

Three teams in three zones answer in order, each person one customer at a time and only while they are there.
Their speed and the traffic change by the hour; a fifth of the customers come at night or at the weekend. The
first three weeks are the past that the waits are measured from; the month after that is judged. `-s` prints
the shares.
"""

import heapq
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from serving.hours.calendar import Calendar
from serving.hours.waiting import Wait, told_wait, usual_wait
from serving.hours.written import DAYS, CalendarBody

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)  # the clocks of all three change within it, and Easter is
LEARNING, DAYS_IN_ALL = timedelta(days=21), 52
TEAMS = {
    "Berlin with a lunch break": (
        {"time_zone": "Europe/Berlin", "hours": {d: ["09:00-12:30", "13:30-17:00"] for d in DAYS[:5]}},
        ["easter-2", "easter+1"],
    ),
    "New York, long days": (
        {"time_zone": "America/New_York", "hours": {d: ["08:00-20:00"] for d in DAYS[:6]}},
        ["easter"],
    ),
    "Sydney by night": (
        {"time_zone": "Australia/Sydney", "hours": {d: ["20:00-28:00"] for d in DAYS}},
        ["04-25"],
    ),
}


@dataclass
class Told:
    at: datetime
    by: datetime | None
    answered_at: datetime
    was_open: bool


def traffic(hours: Calendar, random_: random.Random) -> list[datetime]:
    """When customers are handed over: eight an hour at peak, one every two hours while nobody is there."""
    at, moments = BEGIN, []
    while at < BEGIN + timedelta(days=DAYS_IN_ALL):
        peak = 8 if hours.local(at).hour in (9, 10, 21) else 4
        at += timedelta(hours=random_.expovariate(peak if hours.is_open(at) else 0.5))
        moments.append(at)
    return moments


def as_known(wait: Wait, begin: datetime, reply_at: datetime, at: datetime, hours: Calendar) -> Wait:
    """The wait as it stands at that moment."""
    if reply_at <= at:
        return wait
    return replace(wait, minutes=hours.open_minutes_between(begin, at), answered=False)


def month_of(hours: Calendar, random_: random.Random) -> list[Told]:
    """Each handover of the team with what its customer was told and when the answer came."""
    free = [BEGIN] * 3
    heapq.heapify(free)
    past: list[tuple[datetime, datetime, Wait]] = []
    told: list[Told] = []
    for at in traffic(hours, random_):
        opens = hours.next_open(at) or at
        local = hours.local(opens)
        hour_of_week = local.weekday() * 24 + local.hour
        known = [as_known(wait, begin, reply, at, hours) for begin, reply, wait in reversed(past[-250:])]
        ahead = sum(not wait.answered for wait in known)
        usual = usual_wait(known, was_open=opens <= at, hour_of_week=hour_of_week, ahead=ahead)
        promise = told_wait(hours, at, usual=usual, expected=None)
        begins = hours.next_open(max(at, heapq.heappop(free))) or at
        reply_at = hours.after_open_minutes(begins, random_.lognormvariate(1.2, 0.8)) or begins
        free_at = hours.after_open_minutes(reply_at, random_.expovariate(1 / 12)) or reply_at
        heapq.heappush(free, free_at)
        waited = hours.open_minutes_between(at, reply_at)
        past.append((at, reply_at, Wait(waited, True, opens <= at, hour_of_week, ahead)))
        told.append(Told(at, promise.by, reply_at, opens <= at))
    return told


def test_nine_in_ten_are_answered_by_the_time_they_were_told() -> None:
    random_ = random.Random(20)
    kept = promised = 0
    for name, (written, holidays) in TEAMS.items():
        hours = CalendarBody.model_validate({**written, "holidays": holidays}).calendar()
        judged = [one for one in month_of(hours, random_) if one.at >= BEGIN + LEARNING]
        with_promise = [one for one in judged if one.by is not None]
        shares = {}
        for was_open in (True, False):
            alike = [one for one in with_promise if one.was_open == was_open]
            shares[was_open] = sum(one.answered_at <= one.by for one in alike if one.by) / len(alike)
        kept += sum(one.answered_at <= one.by for one in with_promise if one.by)
        promised += len(with_promise)
        print(  # noqa: T201
            f"{name}: {len(with_promise)} of {len(judged)} told a time; "
            f"kept {shares[True]:.3f} while open, {shares[False]:.3f} while closed"
        )
        assert len(with_promise) > 0.95 * len(judged)
        assert sum(one.answered_at <= one.by for one in with_promise if one.by) >= 0.9 * len(with_promise)
    print(f"in all {kept / promised:.3f} of {promised}")  # noqa: T201
    assert kept / promised >= 0.9
