"""Reads from MLflow's SQLite file which model sets are registered; loading MLflow for it takes seconds."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from eval.report.artifacts import FORMER_NAME, REGISTERED_NAME
from model.errors import ArtifactError
from model.model_set import read_pointer

_NAMES = (REGISTERED_NAME, FORMER_NAME)
"""A home that only reads keeps the name of before."""
VERSION_TAG = "model_set"
_DELETED = "Deleted_Internal"
"""How MLflow marks a version that was deleted."""


@dataclass(frozen=True, slots=True)
class RegisteredSet:
    """A model set as the registry knows it."""

    number: int
    """MLflow's version number, counting up from 1."""
    version: str
    """Name of its folder in `models/`."""
    run_id: str
    aliases: tuple[str, ...]
    in_service: bool
    """Whether the pointer that servers follow names it."""
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    """What promotions wrote down about it."""


def list_sets(home: Path) -> list[RegisteredSet]:
    """All registered sets, newest first; empty when nothing was trained in this home.

    Raises `ArtifactError` when the registry is damaged, or of an MLflow that keeps it otherwise.
    """
    path = home / "mlflow.db"
    if not path.is_file():
        return []
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        ) as registry:
            sets = _read_sets(registry, read_pointer(home / "models"))
    except sqlite3.DatabaseError as error:
        raise ArtifactError(
            f"the registry {path} cannot be read ({error}); restore it, or move it away and train again"
        ) from error
    return sorted(sets, key=lambda registered: -registered.number)


def _read_sets(registry: sqlite3.Connection, champion: str | None) -> list[RegisteredSet]:
    tags: dict[int, dict[str, str]] = {}
    for number, key, value in registry.execute(
        "SELECT version, key, value FROM model_version_tags WHERE name IN (?, ?)", _NAMES
    ):
        tags.setdefault(number, {})[key] = value
    aliases: dict[int, list[str]] = {}
    for number, alias in registry.execute(
        "SELECT version, alias FROM registered_model_aliases WHERE name IN (?, ?) ORDER BY alias",
        _NAMES,
    ):
        aliases.setdefault(number, []).append(alias)
    versions = registry.execute(
        "SELECT version, run_id FROM model_versions WHERE name IN (?, ?) AND current_stage IS NOT ?",
        (*_NAMES, _DELETED),
    ).fetchall()
    return [
        RegisteredSet(
            number=int(number),
            version=tags.get(number, {}).get(VERSION_TAG, ""),
            run_id=run_id or "",
            aliases=tuple(aliases.get(number, ())),
            in_service=tags.get(number, {}).get(VERSION_TAG, "") == champion,
            metrics=_metrics(registry, run_id),
            tags={key: value for key, value in tags.get(number, {}).items() if key != VERSION_TAG},
        )
        for number, run_id in versions
    ]


def _metrics(registry: sqlite3.Connection, run_id: str | None) -> dict[str, float]:
    rows = registry.execute(
        "SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ? ORDER BY rowid", (run_id or "",)
    )
    return {key: float("nan") if is_nan else float(value) for key, value, is_nan in rows}
