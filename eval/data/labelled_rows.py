"""Rows of labelled files, JSONL, CSV or TSV, as objects with `text` and `label`; judges neither."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from knowledge.documents import Refusal
from knowledge.importing.files import EmptyFileError, RefusedError, SourceFile
from knowledge.importing.tables.text import Row, known_columns, text_rows
from model.errors import DataError

TABLE_SUFFIXES = (".csv", ".tsv")
_KEYS = {
    "text": ("text", "question", "utterance", "message"),
    "label": ("label", "intent", "category"),
}
"""What each is called, by names after `folded`; the first that is there counts."""

Fault = Literal["unreadable_encoding", "too_long", "not_json", "not_csv", "not_an_object"]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that holds no object, and why."""

    fault: Fault
    reason: str


def read_labelled_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | BadRow]]:  # JSON
    """The rows with their first line, in the order of the file; nothing of an empty one.

    Text and label stand under `text` and `label` whatever the file calls them, other fields under their own
    names; a label that is a number is the text of it. Separators, quotes and encodings are read as an
    import reads them. Raises `DataError` for a file that cannot be read, or a table without the columns.
    """
    refusals: list[Refusal] = []
    lines = SourceFile(path, path.name).read_lines(refusals)
    rows = _table_rows(lines, path) if path.suffix.casefold() in TABLE_SUFFIXES else _json_rows(lines)
    try:
        for line, row in rows:
            yield from _unreadable(refusals)
            yield line, row
        yield from _unreadable(refusals)
    except EmptyFileError:
        return
    except RefusedError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _unreadable(refusals: list[Refusal]) -> Iterator[tuple[int, BadRow]]:
    """The lines refused since the last time."""
    for refusal in refusals:
        line = int(refusal.path.rsplit(":", 1)[-1])
        fault: Fault = "too_long" if "bytes" in refusal.reason else "unreadable_encoding"
        yield line, BadRow(fault, refusal.reason)
    refusals.clear()


def _json_rows(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Mapping[str, Any] | BadRow]]:  # JSON
    for number, line in lines:
        if line.strip():
            yield number, _json_row(line)


def _json_row(line: str) -> Mapping[str, Any] | BadRow:  # JSON
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return BadRow("not_json", f"not JSON ({error})")
    if not isinstance(row, dict):
        return BadRow("not_an_object", f"a JSON {type(row).__name__}, expected an object")
    return _named({key: row[key] for key in row}, _places(list(row)))


def _table_rows(
    lines: Iterator[tuple[int, str]], path: Path
) -> Iterator[tuple[int, Mapping[str, Any] | BadRow]]:  # JSON
    rows = text_rows(lines)
    header = next(rows, None)
    if header is None:
        return
    if header.problem:
        raise DataError(f"{path}:{header.number}: {header.problem}")
    names = [name.strip() for name in header.cells]
    places = _places(names)
    missing = [name for name in _KEYS if name not in places]
    if missing:
        raise DataError(
            f"{path} has no column {missing[0]!r} in its first line, only {', '.join(names)}; name the "
            "columns there"
        )
    for row in rows:
        yield row.number, _table_row(row, names, places)


def _table_row(row: Row, names: list[str], places: Mapping[str, str]) -> Mapping[str, Any] | BadRow:
    try:
        cells = row.fitted(len(names))
    except RefusedError as error:
        return BadRow("not_csv", str(error))
    return _named(dict(zip(names, cells, strict=False)), places)


def _places(names: list[str]) -> dict[str, str]:
    """What the file calls text and label."""
    return {key: names[place] for key, place in known_columns(names, _KEYS).items()}


def _named(row: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:  # JSON
    others = {key: value for key, value in row.items() if key not in places.values()}
    named = {key: row[name] for key, name in places.items()}
    label = named.get("label")
    is_number = isinstance(label, int | float) and not isinstance(label, bool) and math.isfinite(label)
    if is_number:
        named["label"] = f"{label:.15g}" if isinstance(label, float) else str(label)
    return {**others, **named}
