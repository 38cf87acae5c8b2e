"""Holidays as people write them: a date, a day of every year, or so many days from Easter; pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_DATE = re.compile(r"\A(\d{4})-(\d{2})-(\d{2})\Z", re.ASCII)
_YEARLY = re.compile(r"\A(\d{2})-(\d{2})\Z", re.ASCII)
_EASTER = re.compile(r"\Aeaster(?:([+-]\d{1,3}))?\Z", re.ASCII)
_LEAP_YEAR = 2024


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which nobody is there."""

    year: int | None = None
    """`None` for every year."""
    month: int = 1
    day: int = 1
    from_easter: int | None = None
    """Days after Easter Sunday, as western churches count it; then month and day say nothing."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The holiday of `2026-04-03`, `12-25` or `easter+1`. Raises `ValueError` saying what is wrong."""
        if match := _EASTER.match(text):
            return cls(from_easter=int(match[1] or 0))
        if match := _DATE.match(text):
            year, month, day = map(int, match.groups())
        elif match := _YEARLY.match(text):
            year, month, day = None, *map(int, match.groups())
        else:
            raise ValueError(
                f"{text!r} is no holiday; write a date such as 2026-04-03, a day of every year such as "
                "12-25, or days from Easter Sunday such as easter+1"
            )
        try:
            date(_LEAP_YEAR if year is None else year, month, day)
        except ValueError as error:
            raise ValueError(f"the holiday {text!r} is on no calendar; check its month and day") from error
        return cls(year, month, day)

    def in_year(self, year: int) -> date | None:
        """The day in that year; `None` when there is none."""
        if self.from_easter is not None:
            day = easter_sunday(year) + timedelta(days=self.from_easter)
            return day if day.year == year else None
        if self.year not in (None, year):
            return None
        try:
            return date(year, self.month, self.day)
        except ValueError:  # 29 February
            return None


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm of Nature, 1876; Meeus, 1991)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    skipped, century_rest = divmod(century, 4)
    moon_correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - skipped - moon_correction + 15) % 30
    leaps, leaps_rest = divmod(of_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leaps - epact - leaps_rest) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
