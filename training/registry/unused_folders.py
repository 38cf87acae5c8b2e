"""Removes encoders that no model set of a home needs, and what interrupted trainings left; no set."""

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eval.promotion.comparison import folder_bytes
from model.model_set import encoders_of, stored_sets
from training.registry.locks import changing_registry

_YOUNG_SECONDS = 24 * 3600
_LEFT = (".tuning", ".adapting", ".measured-*")
"""State to go on from, and encoders tuned for a measurement alone, of trainings that never ended."""


@dataclass(frozen=True, slots=True)
class UnusedFolder:
    """An encoder that no model set needs, or what a killed training left."""

    folder: Path
    bytes: int


def unused_folders(models_folder: Path) -> list[UnusedFolder]:
    """The encoders that no model set in `models_folder` needs, by name, then what killed trainings left.

    Every set there counts, in service or not, so that each can still be promoted and gone back to. Where a
    file changed within a day the folder is left out: a training may still run, or be about to register a
    set on it. Raises `ArtifactError` for a set whose manifest cannot be read, since nobody knows what it
    needs.
    """
    needed = {fingerprint for folder in stored_sets(models_folder) for fingerprint in encoders_of(folder)}
    encoders = sorted((models_folder / "encoders").glob("*"))
    left = [folder for pattern in _LEFT for folder in sorted(models_folder.glob(pattern))]
    limit = time.time() - _YOUNG_SECONDS
    return [
        UnusedFolder(folder, folder_bytes(folder))
        for folder in [*(folder for folder in encoders if folder.name not in needed), *left]
        if folder.is_dir() and _changed_at(folder) < limit
    ]


def remove_unused_folders(models_folder: Path) -> list[UnusedFolder]:
    """Remove them; what was removed. No set is registered meanwhile."""
    with changing_registry(models_folder):
        unused = unused_folders(models_folder)
        for folder in unused:
            shutil.rmtree(folder.folder)
    return unused


def _changed_at(folder: Path) -> float:
    """When the folder or anything in it was last changed, in seconds since the epoch; now if it is gone."""
    moments = []
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):  # a training that runs moves its files
            moments.append(path.lstat().st_mtime)
    return max(moments, default=time.time())
