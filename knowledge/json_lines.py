"""Reads JSONL files strictly; knows nothing of what the rows are about."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.errors import DataError


def read_json_lines(path: Path) -> list[tuple[str, dict[str, Any]]]:  # JSON
    """The objects of a JSONL file, each with its file and line; empty lines are left out.

    Raises `DataError` naming file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # a text may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}; save it as UTF-8") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{number}: not JSON ({error})") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: a JSON {type(row).__name__}, expected an object")
        rows.append((f"{path}:{number}", row))
    return rows


def read_texts(path: Path) -> list[str]:
    """The `text` of each row of a JSONL file. Raises `DataError` naming file and line, or for no rows."""
    texts = [text_of(row, "text", where) for where, row in read_json_lines(path)]
    if not texts:
        raise DataError(f"{path} has no rows; give a JSONL file with one text per line")
    return texts


def text_of(row: Mapping[str, Any], key: str, where: str) -> str:  # JSON
    """The text under `key`. Raises `DataError` for anything else, or for a blank one."""
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where}: {key} is {value!r}, expected a text")
    return value
