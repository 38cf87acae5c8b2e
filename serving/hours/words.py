"""Says when people are there and how long they take, in words; pure."""

from datetime import datetime, timedelta

from serving.hours.calendar import Calendar
from serving.hours.waiting import Told

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def handed_over_words(told: Told, *, who: str) -> str:
    """What a customer hears who is handed over to `who`, such as "our Billing team"."""
    answer = _answer_words(told) or "someone will answer here"
    if told.is_open:
        return f"I am handing you over to {who}; {answer}."
    return f"I am handing you over to {who}. {_closed_words(told)}; {answer}."


def greeting_words(told: Told) -> str:
    """The same for somebody who has not asked yet; empty when nothing is known."""
    answer = _answer_words(told)
    if not told.is_open:
        return "; ".join(filter(None, (_closed_words(told), answer))) + "."
    return f"{answer[0].upper()}{answer[1:]}." if answer else ""


def zone_words(calendar: Calendar) -> str:
    """What people call the time of the calendar's zone: "Berlin time"."""
    name = calendar.zone.key
    if "/" not in name or name.startswith("Etc/"):
        return name.removeprefix("Etc/")
    return f"{name.rpartition('/')[2].replace('_', ' ')} time"


def length_words(minutes: int) -> str:
    """ "20 minutes", "2 hours", "1 hour and 30 minutes"."""
    hours, rest = divmod(minutes, 60)
    parts = [
        f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in ((hours, "hour"), (rest, "minute"))
    ]
    said = [part for part in parts if not part.startswith("0 ")]
    return " and ".join(said) or "0 minutes"


def _closed_words(told: Told) -> str:
    if told.opens_at is None or told.calendar is None:
        return "We are closed now"
    day = _day_words(told.calendar, told.opens_at, told.at)
    opens = f"{told.calendar.local(told.opens_at):%H:%M} ({zone_words(told.calendar)})"
    return (
        f"We are closed now and open again {day} at {opens}"
        if day
        else f"We are closed now and open again at {opens}"
    )


def _answer_words(told: Told) -> str:
    if told.minutes is None or told.by is None:
        return ""
    measured = told.basis == "measured"
    if told.is_length or told.calendar is None:
        length = length_words(told.minutes)
        if measured:
            return f"nine in ten get an answer within {length}"
        return f"an answer usually takes about {length}"
    clock = f"{told.calendar.local(told.by):%H:%M}"
    day = _day_words(told.calendar, told.by, told.opens_at or told.at)
    zone = "" if told.opens_at else f"({zone_words(told.calendar)})"
    verb = "nine in ten get an answer by" if measured else "an answer usually comes by"
    return " ".join(filter(None, (verb, clock, day, zone)))


def _day_words(calendar: Calendar, moment: datetime, since: datetime) -> str:
    """ "on Monday", "tomorrow" or, for the day of `since`, nothing."""
    then, today = calendar.local(moment).date(), calendar.local(since).date()
    if then == today:
        return ""
    if then == today + timedelta(days=1):
        return "tomorrow"
    if then < today + timedelta(days=7):
        return f"on {_DAYS[then.weekday()]}"
    return f"on {_DAYS[then.weekday()]}, {then.day} {_MONTHS[then.month - 1]}"
