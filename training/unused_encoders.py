"""Removes encoders in `models/encoders/` that no model set of the home needs; nothing else is removed."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from eval.comparison import folder_bytes
from model.artifacts import encoders_of, stored_sets
from training.locks import changing_registry

_YOUNG_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class UnusedEncoder:
    """An encoder that no model set needs, or what a killed tuning left."""

    folder: Path
    bytes: int


def unused_encoders(models_folder: Path) -> list[UnusedEncoder]:
    """The encoders that no model set in `models_folder` needs, and what killed tunings left, by name.

    Every set there counts, in service or not, so that each can still be promoted and gone back to. What is
    younger than a day is left out: a training that still runs may be about to register a set on it. Raises
    `ArtifactError` for a set whose manifest cannot be read, since nobody knows what it needs.
    """
    needed = {fingerprint for folder in stored_sets(models_folder) for fingerprint in encoders_of(folder)}
    limit = time.time() - _YOUNG_SECONDS
    return [
        UnusedEncoder(folder, folder_bytes(folder))
        for folder in sorted((models_folder / "encoders").glob("*"))
        if folder.is_dir() and folder.name not in needed and folder.stat().st_mtime < limit
    ]


def remove_unused_encoders(models_folder: Path) -> list[UnusedEncoder]:
    """Remove them; what was removed. No set is registered meanwhile."""
    with changing_registry(models_folder):
        found = unused_encoders(models_folder)
        for one in found:
            shutil.rmtree(one.folder)
    return found
