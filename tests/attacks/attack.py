"""What an attack is, as `attacks.jsonl` lists them, and what came of it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "attacks.jsonl"


@dataclass(frozen=True, slots=True)
class Attack:
    """One attempt, by the way it enters."""

    name: str
    enters: str
    """`message`, `ask`, `article`, `reply`, `teach`, `file`, `address`, `attributes` or `request`."""
    tries: str
    """What it wants, in words."""
    says: Any  # JSON, by the way it enters
    must_not: tuple[str, ...]
    """What may stand in nothing that comes of it; what holds for every attack is in `home.py`."""

    def __str__(self) -> str:
        return f"{self.enters}: {self.name}"


@dataclass(slots=True)
class Outcome:
    """What the other side got to see."""

    said: list[str] = field(default_factory=list)
    """Words of the bot, answers of the API, and what was stored of it: what `must_not` is looked for in."""
    pages: list[str] = field(default_factory=list)
    """Pages that somebody's browser shows."""
    wrong: list[str] = field(default_factory=list)
    """What the way it enters found wrong by itself."""


def read_attacks(path: Path = FILE) -> list[Attack]:
    """All attacks of the file, in its order."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Attack(**{**row, "must_not": tuple(row["must_not"])}) for row in rows]
