"""What is told of waiting for people."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from serving.hours.waiting import Basis, Told
from serving.hours.words import greeting_words


class WaitingOut(BaseModel):
    """When people are there, and how long they take."""

    open: bool
    """Whether people are there now; always true where nothing is known of hours."""
    opens_at: datetime | None
    """When they are there again; null while they are, and when that is not known."""
    minutes: int | None
    """Opening minutes within which an answer comes; null when nothing is known of it."""
    by: datetime | None
    """By when that is, at the latest."""
    basis: Basis | None
    """`measured`: nine in ten got an answer within them; `expected`: the team says so."""
    time_zone: str | None
    """The zone of the calendar, such as `Europe/Berlin`; null without a calendar."""
    words: str
    """All of it in a sentence; empty when nothing is known."""

    @classmethod
    def of(cls, told: Told) -> Self:
        """What is told, as it is shown."""
        return cls(
            open=told.is_open,
            opens_at=told.opens_at,
            minutes=told.minutes,
            by=told.by,
            basis=told.basis,
            time_zone=told.calendar.zone.key if told.calendar else None,
            words=greeting_words(told),
        )
