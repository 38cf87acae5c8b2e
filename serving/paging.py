"""Pages of lists that are sorted by a time and an id, the latest first; it runs no query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from model.errors import DataError
from serving.db.tables import MAX_ROW_ID

Row = TypeVar("Row")

NO_PAGE = "names no page; pass the `next` of the page before, or leave it out"
"""What is wrong with an `after` that no page gave."""


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
            raise DataError(f"after={text!r} {NO_PAGE}")
        return cls(datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC), row_id)

    @property
    def row_number(self) -> int:
        """The id of a row that is numbered. Raises `DataError`."""
        if not (self.row_id.isdecimal() and int(self.row_id) <= MAX_ROW_ID):
            raise DataError(f"after={str(self)!r} names no page of this list; leave it out")
        return int(self.row_id)

    def __str__(self) -> str:
        return f"{round(self.moment.timestamp() * 1_000_000)}-{self.row_id}"


def page_after(
    query: Select[Row],
    moment: InstrumentedAttribute[datetime],
    row_id: ColumnElement[Any] | InstrumentedAttribute[Any],  # a text or a number
    after: Place | None,
    limit: int,
) -> Select[Row]:
    """The rows after this place, and one more than `limit` if there are so many: `next_place` needs it."""
    if after is not None:
        last_id = after.row_number if isinstance(row_id.type, BigInteger) else after.row_id
        query = query.where(tuple_(moment, row_id) < tuple_(after.moment, last_id))
    return query.order_by(moment.desc(), row_id.desc()).limit(limit + 1)


def next_place(rows: Sequence[object], limit: int, *, moment: str) -> str | None:
    """Where the page of the first `limit` rows ends, for `after`; `None` on the last page."""
    if len(rows) <= limit:
        return None
    last: Any = rows[limit - 1]  # a row of any table with an id
    return str(Place(getattr(last, moment), str(last.id)))
