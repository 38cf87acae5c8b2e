"""Calendars as people write them, in the company file and by API, and what is wrong with others.

Hours are written `09:00-17:30`. Those past midnight count on: `22:00-30:00` ends at six the next morning.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from serving.company.entries import Entry, Name
from serving.hours.calendar import MINUTES_A_DAY, Calendar, Closure, Hours
from serving.hours.holidays import Holiday

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"\A(\d{2}):([0-5]\d)-(\d{2}):([0-5]\d)\Z", re.ASCII)
_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOSED_DAYS = re.compile(rf"\A({_DAY}) to ({_DAY})\Z", re.ASCII)
_CLOSED_HOURS = re.compile(rf"\A({_DAY} \d{{2}}:\d{{2}}) to ({_DAY} \d{{2}}:\d{{2}})\Z", re.ASCII)
_WEEK_MINUTES = 7 * MINUTES_A_DAY


def parsed_hours(text: str) -> Hours:
    """The hours of `09:00-17:30`. Raises `ValueError` saying what is wrong with them."""
    match = _HOURS.match(text)
    if match is None:
        raise ValueError(f"{text!r} are no hours; write them as 09:00-17:30")
    from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
    begin, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if begin >= MINUTES_A_DAY or end > 2 * MINUTES_A_DAY:
        raise ValueError(f"{text!r} are no hours; a day begins at 00:00 and ends at 24:00")
    if end <= begin:
        onwards = f"{text[:6]}{to_hour + 24:02d}:{to_minute:02d}"
        raise ValueError(
            f"{text!r} end before they begin; for hours past midnight count on: "
            f"{onwards} end at {text[6:]} the next day"
        )
    return Hours(begin, end)


def parsed_closure(text: str) -> Closure:
    """The closure of `2026-08-03 to 2026-08-14`, both days closed, or of two times of the clock.

    Raises `ValueError` saying what is wrong with it.
    """
    days, hours = _CLOSED_DAYS.match(text), _CLOSED_HOURS.match(text)
    match = days or hours
    if match is None:
        raise ValueError(
            f"{text!r} is no closure; write 2026-08-03 to 2026-08-14, or 2026-08-03 13:00 to 2026-08-03 17:00"
        )
    try:
        begin, end = map(datetime.fromisoformat, match.groups())
    except ValueError as error:
        raise ValueError(f"the closure {text!r} is on no calendar; check days and times") from error
    end += timedelta(days=1) if days else timedelta()
    if end <= begin:
        raise ValueError(f"the closure {text!r} ends before it begins; swap the two")
    return Closure(begin, end)


def known_zone(name: str) -> str:
    """The name of a time zone. Raises `ValueError`, with the nearest that there is."""
    if name in _zones():
        return name
    near = difflib.get_close_matches(name, _zones(), n=1)
    meant = f"did you mean {near[0]}?" if near else "write one such as Europe/Berlin or UTC"
    raise ValueError(f"{name!r} is no time zone; {meant}")


def _checked(text: str) -> str:
    parsed_hours(text)
    return text


def _checked_holiday(text: str) -> str:
    Holiday.parse(text)
    return text


def _checked_closure(text: str) -> str:
    parsed_closure(text)
    return text


WrittenHours = Annotated[str, AfterValidator(_checked)]
WrittenHoliday = Annotated[str, AfterValidator(_checked_holiday)]
WrittenClosure = Annotated[str, AfterValidator(_checked_closure)]
WrittenDay = Annotated[tuple[WrittenHours, ...], Field(max_length=20)]


class CalendarBody(Entry):
    """When people are there."""

    time_zone: Annotated[str, AfterValidator(known_zone)]
    """An IANA name, such as `Europe/Berlin`."""
    hours: Mapping[Day, WrittenDay] = Field(default_factory=dict)
    """By day; what lies between two is a break, a day left out is closed."""
    holidays: Annotated[tuple[WrittenHoliday, ...], Field(max_length=500)] = ()
    """`2026-04-03`, `12-25` for every year, or `easter+1`; closed from midnight to midnight."""
    closures: Annotated[tuple[WrittenClosure, ...], Field(max_length=500)] = ()
    """`2026-08-03 to 2026-08-14`, or `2026-08-03 13:00 to 2026-08-03 17:00`."""

    @model_validator(mode="after")
    def _hours_do_not_overlap(self) -> Self:
        stretches = sorted(
            (DAYS.index(day) * MINUTES_A_DAY + parsed_hours(text).begin, parsed_hours(text), day, text)
            for day, texts in self.hours.items()
            for text in texts
        )
        for number, (begin, hours, day, text) in enumerate(stretches):
            following, _, next_day, next_text = stretches[(number + 1) % len(stretches)]
            if number == len(stretches) - 1:
                following += _WEEK_MINUTES
            if begin + hours.end - hours.begin > following and len(stretches) > 1:
                raise ValueError(
                    f"hours: {text} of {day} and {next_text} of {next_day} overlap; make one of them shorter"
                )
        return self

    def calendar(self) -> Calendar:
        """What answers questions of it."""
        return Calendar(
            zone=ZoneInfo(self.time_zone),
            week={DAYS.index(day): _parsed_all(texts) for day, texts in self.hours.items()},
            holidays=tuple(map(Holiday.parse, self.holidays)),
            closures=tuple(map(parsed_closure, self.closures)),
        )


class CompanyCalendar(CalendarBody):
    """A calendar by its name."""

    name: Name


def _parsed_all(texts: Sequence[str]) -> tuple[Hours, ...]:
    return tuple(sorted(map(parsed_hours, texts), key=lambda hours: hours.begin))


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
