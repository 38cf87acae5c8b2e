"""Text files of rows to cells, with separators, quotes and line breaks; knows not what the cells mean."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.importing.files import MAX_LINE_BYTES, RefusedError

MAX_RECORD_LINES = 2000
"""A quoted cell with more line breaks is taken for a stray quote."""
_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"\A\s*+sep=([,;\t|:])\s*+\Z", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*+"')
_NOT_IN_NAMES = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row."""

    number: int
    """Of its first line, from 1; for a sheet, of the row."""
    cells: tuple[str, ...]
    problem: str = ""
    """Why its cells cannot be told apart; empty when they can."""

    @property
    def is_blank(self) -> bool:
        """Whether it is neither a problem nor holds anything."""
        return not self.problem and not any(cell.strip() for cell in self.cells)

    def fitted(self, width: int) -> tuple[str, ...]:
        """A cell for each of so many columns, empty where the row ends early; raises `RefusedError`."""
        if self.problem:
            raise RefusedError(self.problem)
        if any(cell.strip() for cell in self.cells[width:]):
            raise RefusedError(
                f"{len(self.cells)} cells for {width} columns; put texts with separators in quotes"
            )
        return (*self.cells, *[""] * (width - len(self.cells)))[:width]


def text_rows(lines: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """The rows of a CSV or TSV file, the header first, without blank ones.

    The separator is what the first line holds most of, or what Excel's `sep=;` above it says. A row whose
    quotes do not fit is a problem of its first line alone: reading goes on with the line below it.
    """
    # csv refuses fields over 128 kB unless told; the setting is the process's, so it is only ever raised
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))
    rest = iter(lines)
    begin = _first_filled(rest)
    named = _SEPARATOR_LINE.match(begin[1]) if begin else None
    begin = _first_filled(rest) if named else begin
    if begin is None:
        return
    separator = named[1] if named else max(_SEPARATORS, key=_QUOTED.sub("", begin[1]).count)
    yield from (row for row in _records(_Ahead(begin, rest), separator) if not row.is_blank)


def folded(name: str) -> str:
    """A column's name as it is looked up: `Valid_Until?` and `valid until` are the same."""
    return _NOT_IN_NAMES.sub(" ", name).strip().casefold()


def known_columns(names: Iterable[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where each of the columns stands; each may have several names, as `folded` writes them.

    The first of them that is there counts, and of columns with one name the first.
    """
    at: dict[str, int] = {}
    for place, name in enumerate(names):
        at.setdefault(folded(name), place)
    found = {
        column: next((at[name] for name in known if name in at), None) for column, known in columns.items()
    }
    return {column: place for column, place in found.items() if place is not None}


def _first_filled(lines: Iterator[tuple[int, str]]) -> tuple[int, str] | None:
    return next(((number, line) for number, line in lines if line.strip()), None)


class _Ahead:
    """Lines that can be given back."""

    def __init__(self, first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> None:
        self._returned = deque([first])
        self._rest = rest

    def take(self) -> tuple[int, str] | None:
        """The next line with its number; `None` at the end."""
        return self._returned.popleft() if self._returned else next(self._rest, None)

    def give_back(self, lines: list[tuple[int, str]]) -> None:
        """These lines come next."""
        self._returned.extendleft(reversed(lines))


def _records(lines: _Ahead, separator: str) -> Iterator[Row]:
    while (first := lines.take()) is not None:
        taken = [first]
        try:
            cells = next(csv.reader(_record_lines(lines, taken), delimiter=separator, strict=True), [])
        except csv.Error as error:
            lines.give_back(taken[1:])
            reason = str(error).replace("\n", " ").replace("\r", " ")
            yield Row(first[0], (), f"no CSV row: {reason}; check its quotes")
            continue
        yield Row(first[0], tuple(cells))


def _record_lines(lines: _Ahead, taken: list[tuple[int, str]]) -> Iterator[str]:
    """The first line taken, and further ones as long as they are asked for, which are then taken as well."""
    yield taken[0][1]
    size = len(taken[0][1])
    while len(taken) < MAX_RECORD_LINES and size < MAX_LINE_BYTES and (line := lines.take()) is not None:
        taken.append(line)
        size += len(line[1])
        yield line[1]
