"""CSV, TSV, JSONL and parsed JSON to question/answer pairs and articles; refuses a row, never the rest."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from knowledge.documents import Item, Refusal
from knowledge.importing.files import NotKnowledgeError, RefusedError, SourceFile
from knowledge.importing.tables.records import (
    COLUMNS,
    LISTS,
    checked,
    holds_knowledge,
    record,
    table_items,
)
from knowledge.importing.tables.text import known_columns, text_rows

_NOT_TEXTS = frozenset({"draft", "published", "status", "released", "human_only"})
"""Fields that JSON may have as true or false."""


def csv_rows(file: SourceFile) -> Iterator[Item]:
    """Pairs of a CSV or TSV file with columns `question` and `answer`, or articles with `title` and `body`.

    Other columns and names are in `knowledge.importing.tables.records.COLUMNS`. Phrasings are separated by
    `|`. Comma, semicolon, tab and bar are understood as separators.
    """
    refusals: list[Refusal] = []
    rows = text_rows(file.read_lines(refusals))
    header = next(rows, None)
    if header is None:
        raise RefusedError("the file has no line below sep=; the next one must name question and answer")
    try:
        yield from table_items(header, rows, file.name)
    except RefusedError:
        if not refusals:
            raise
    yield from refusals


def jsonl_rows(file: SourceFile) -> Iterator[Item]:
    """Pairs and articles with the keys of the CSV columns, and articles of a BEIR corpus (`_id`, `title`,
    `text`)."""
    refusals: list[Refusal] = []
    for number, line in file.read_lines(refusals):
        if not line.strip():
            continue
        try:
            yield _json_item(_parsed(line), file.name)
        except RefusedError as error:
            yield Refusal(f"{file.name}:{number}", str(error))
    yield from refusals


def json_rows(value: object, file_name: str) -> Iterator[Item]:
    """Pairs and articles of parsed JSON: a list of objects with the keys of the CSV columns, or an object
    that holds one such list.

    Refused objects are called by the file and their number, from 1. Raises `NotKnowledgeError` when no
    object has the keys.
    """
    lists = [value] if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    for objects in lists:
        if isinstance(objects, list) and any(_is_record(row) for row in objects):
            break
    else:
        raise NotKnowledgeError("no list of objects with question and answer, or title and body")
    for number, row in enumerate(objects, start=1):
        try:
            yield _json_item(row, file_name)
        except RefusedError as error:
            yield Refusal(f"{file_name}:{number}", str(error))


def _is_record(row: object) -> bool:
    return isinstance(row, dict) and holds_knowledge(_keys(row))


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"not JSON: {error}") from error


def _json_item(row: object, file_name: str) -> Item:
    if not isinstance(row, dict):
        raise RefusedError(f"a JSON {type(row).__name__}, not an object with question and answer")
    keys = _keys(row)
    of_beir = "_id" in row and ("text" in row or "title" in row)
    if of_beir and not _text("_id", row["_id"]):
        raise RefusedError("_id is empty")
    if not of_beir and not holds_knowledge(keys):
        names = ", ".join(map(repr, row)) or "no keys"
        raise RefusedError(f"needs question and answer (or _id, title and text); has {names}")
    lists = {field: _list(field, row[keys[field]]) for field in LISTS if field in keys}
    texts = {field: _text(field, row[key]) for field, key in keys.items() if field not in LISTS}
    return record({**texts, **lists}, file_name)


def _list(field: str, value: object) -> list[str]:
    texts = value or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise RefusedError(f"{field} is not a list of texts")
    return texts


def _keys(row: Mapping[str, Any]) -> dict[str, str]:  # JSON
    """The object's key for each column that it has."""
    keys = list(row)
    return {field: keys[place] for field, place in known_columns(keys, COLUMNS).items()}


def _text(field: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) and field in _NOT_TEXTS:
        return "yes" if value else "no"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise RefusedError(f"{field} is a JSON {type(value).__name__}, not a text")
    return checked(field, str(value).strip())
