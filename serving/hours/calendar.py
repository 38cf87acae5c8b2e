"""When people are there: weekly hours, holidays and closures of one calendar, in its time zone; pure.

Hours are what the clock on the wall says. They begin when it first shows their beginning and end when it last
shows their end: on the night when it is set back that hour counts twice, and an hour that it skips counts not
at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from serving.hours.holidays import Holiday

MINUTES_A_DAY = 24 * 60
_LOOKED_AHEAD_DAYS = 400
"""A calendar that stays closed for longer opens never, as far as anybody is told."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Open from one minute of the day until another, which may be of the next day: 22:00 to 30:00."""

    begin: int
    """Minutes after midnight, below a day."""
    end: int
    """Minutes after the same midnight, at most two days."""


@dataclass(frozen=True, slots=True)
class Closure:
    """Closed from one moment until another, both on the clock of the calendar."""

    begin: datetime
    """Without a zone."""
    end: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment until another, the second left out; UTC."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Calendar:
    """When a team works."""

    zone: ZoneInfo
    week: Mapping[int, Sequence[Hours]]
    """By day of the week, Monday 0; a day left out is closed."""
    holidays: Sequence[Holiday] = ()
    """Closed from midnight to midnight, whatever began the day before."""
    closures: Sequence[Closure] = field(default=())

    def is_open(self, at: datetime) -> bool:
        """Whether people are there at this moment."""
        moment = _utc(at)
        return any(span.begin <= moment < span.end for span in self._spans(moment, moment + _MINUTE))

    def next_open(self, at: datetime) -> datetime | None:
        """The first open moment from this one on, UTC; `None` when there is none for over a year."""
        moment = _utc(at)
        span = next(self._spans(moment, moment + timedelta(days=_LOOKED_AHEAD_DAYS)), None)
        return None if span is None else max(span.begin, moment)

    def open_minutes_between(self, begin: datetime, end: datetime) -> float:
        """How many minutes people are there from the one moment until the other; 0 when it is not later."""
        since, until = _utc(begin), _utc(end)
        spans = self._spans(since, until)
        return sum(((min(s.end, until) - max(s.begin, since)) / _MINUTE for s in spans), start=0.0)

    def after_open_minutes(self, at: datetime, minutes: float) -> datetime | None:
        """The moment by which people have been there for so many minutes since this one, UTC.

        `None` when that takes over a year. With 0 minutes the next open moment.
        """
        moment, left = _utc(at), timedelta(minutes=minutes)
        for span in self._spans(moment, moment + timedelta(days=_LOOKED_AHEAD_DAYS)):
            begin = max(span.begin, moment)
            if begin + left <= span.end:
                return begin + left
            left -= span.end - begin
        return None

    def local(self, at: datetime) -> datetime:
        """The moment on the clock of the calendar."""
        return at.astimezone(self.zone)

    def _spans(self, since: datetime, until: datetime) -> Iterator[Span]:
        """The open spans that meet this one, in order, not touching each other."""
        if until <= since:
            return
        closed = self._closed(since, until)
        current: Span | None = None
        for span in self._weekly(since, until):
            if current is not None and span.begin <= current.end:
                current = Span(current.begin, max(current.end, span.end))
                continue
            if current is not None:
                yield from _outside(current, closed, since, until)
            current = span
        if current is not None:
            yield from _outside(current, closed, since, until)

    def _weekly(self, since: datetime, until: datetime) -> Iterator[Span]:
        """The weekly hours around this span by their beginning, as if there were no holidays."""
        for day in _days(self.local(since).date() - timedelta(days=2), self.local(until).date()):
            for hours in self.week.get(day.weekday(), ()):
                midnight = datetime.combine(day, time())
                begin = _instant(midnight + hours.begin * _MINUTE, self.zone, last=False)
                end = _instant(midnight + hours.end * _MINUTE, self.zone, last=True)
                if begin < end:  # else the clock skipped them
                    yield Span(begin, end)

    def _closed(self, since: datetime, until: datetime) -> list[Span]:
        """Holidays and closures that meet this span, by their beginning."""
        first, last = self.local(since).date() - timedelta(days=2), self.local(until).date()
        days = [
            day
            for year in range(first.year, last.year + 1)
            for holiday in self.holidays
            if (day := holiday.in_year(year)) is not None and first <= day <= last
        ]
        closures = [
            Closure(datetime.combine(d, time()), datetime.combine(d, time()) + timedelta(1)) for d in days
        ]
        spans = [
            Span(_instant(c.begin, self.zone, last=False), _instant(c.end, self.zone, last=False))
            for c in (*closures, *self.closures)
        ]
        return sorted(
            (span for span in spans if span.end > since and span.begin < until), key=lambda s: s.begin
        )


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"time {at!r} has no zone; pass datetime.now(UTC)")
    return at.astimezone(UTC)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _outside(span: Span, closed: Sequence[Span], since: datetime, until: datetime) -> Iterator[Span]:
    """What is left of the open span without the closed ones, as far as it meets the time looked at."""
    begin = span.begin
    for gap in closed:
        if gap.begin > begin and begin < span.end:
            yield from _meeting(Span(begin, min(gap.begin, span.end)), since, until)
        begin = max(begin, gap.end)
    if begin < span.end:
        yield from _meeting(Span(begin, span.end), since, until)


def _meeting(span: Span, since: datetime, until: datetime) -> Iterator[Span]:
    if span.end > since and span.begin < until:
        yield span


@lru_cache(maxsize=4096)
def _instant(wall: datetime, zone: ZoneInfo, *, last: bool) -> datetime:
    """When the clock first, or last, shows this time; when it jumps past it, the moment of the jump."""
    early, late = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return late if last else early
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):  # the jump lies between the two
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
