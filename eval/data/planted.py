"""Reads texts in which personal data was planted, with where it stands and what only looks like it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.json_lines import read_json_lines, text_of
from knowledge.privacy.places import KINDS, Kind
from model.errors import DataError

Half = str
"""Which part of the set a row belongs to; empty in a set of one part."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Personal data at a place of a text."""

    begin: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class PlantedText:
    """A message with the personal data in it."""

    text: str
    planted: tuple[Planted, ...]
    stays: tuple[tuple[int, int], ...]
    """What looks like personal data and is none; all of a text without anything planted is so too."""
    contact_name: str | None
    """What the customer is known to be called."""
    public: tuple[str, ...]
    """What the company's own articles say."""
    half: Half
    template: str
    """Texts of one template belong together."""


def read_planted(path: Path) -> list[PlantedText]:
    """Rows `{"text", "spans": [[begin, end, kind]], "stays", "contact_name", "public", "half", "template"}`.

    Only text and spans are needed. Raises `DataError` naming file and line, also for a place outside its
    text or of an unknown kind.
    """
    rows = [_planted_text(row, where) for where, row in read_json_lines(path)]
    if not rows:
        raise DataError(f"{path} has no rows; give a JSONL file with one text per line")
    return rows


def _planted_text(row: Mapping[str, Any], where: str) -> PlantedText:  # JSON
    text = text_of(row, "text", where)
    try:
        planted = tuple(Planted(int(begin), int(end), kind) for begin, end, kind in row.get("spans", ()))
        stays = tuple((int(begin), int(end)) for begin, end in row.get("stays", ()))
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: spans must be [begin, end, kind], stays [begin, end]") from error
    for begin, end in (*((one.begin, one.end) for one in planted), *stays):
        if not 0 <= begin < end <= len(text):
            raise DataError(f"{where}: [{begin}, {end}] lies outside the text of {len(text)} characters")
    unknown = next((one.kind for one in planted if one.kind not in KINDS), None)
    if unknown is not None:
        raise DataError(f"{where}: {unknown!r} is no kind of personal data; take one of {', '.join(KINDS)}")
    return PlantedText(
        text=text,
        planted=planted,
        stays=stays,
        contact_name=row.get("contact_name"),
        public=tuple(map(str, row.get("public", ()))),
        half=str(row.get("half", "")),
        template=str(row.get("template", where)),
    )
