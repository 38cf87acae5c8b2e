"""Until when an agent snoozes: the usual choices and a time of their own, in their own time zone."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from model.errors import DataError

CHOICES: Mapping[str, str] = {
    "later": "Later today, in 3 hours",
    "tomorrow": "Tomorrow morning, 9:00",
    "next_week": "Monday morning, 9:00",
}
_LATER = timedelta(hours=3)
_MORNING = time(9)


def snooze_until(choice: str, at: str, zone: str, moment: datetime) -> datetime:
    """The moment chosen, `at` being a local time of the reader's `zone`; an unknown zone counts as UTC.

    Raises `DataError` for a time that cannot be read.
    """
    here = zone_named(zone)
    local = moment.astimezone(here)
    if choice == "later":
        return moment + _LATER
    if choice == "tomorrow":
        return _morning(local, days=1)
    if choice == "next_week":
        return _morning(local, days=7 - local.weekday())
    try:
        own = datetime.fromisoformat(at)
    except ValueError:
        raise DataError(f"{at[:40]!r} is no date and time; choose one, such as 2026-12-24T09:00") from None
    return (own if own.tzinfo else own.replace(tzinfo=here)).astimezone(UTC)


def zone_named(name: str) -> tzinfo:
    """The time zone of this name, UTC when there is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError):  # `ZoneInfoNotFoundError` is a `KeyError`
        return UTC
    except KeyError:
        return UTC


def _morning(local: datetime, *, days: int) -> datetime:
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, _MORNING, tzinfo=local.tzinfo).astimezone(UTC)
