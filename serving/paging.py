"""Pages of lists that are sorted by a time and an id, the latest first; it runs no query."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from model.errors import DataError


@dataclass(frozen=True, slots=True)
class Place:
    """Where in such a list a page ended; the next one begins after it."""

    moment: datetime
    row_id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that `str` wrote. Raises `DataError`."""
        microseconds, _, row_id = text.partition("-")
        if not (microseconds.isdecimal() and len(microseconds) <= 17 and row_id.isalnum()):
            raise DataError(
                f"after={text!r} names no page; pass the `next` of the page before, or leave it out"
            )
        return cls(datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC), row_id)

    def __str__(self) -> str:
        return f"{round(self.moment.timestamp() * 1_000_000)}-{self.row_id}"
