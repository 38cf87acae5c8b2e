"""Which model sets lie in the home folder, and which one answers; it changes none."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.model_set import read_pointer

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class ModelSetInfo:
    """A model set as far as its manifest tells."""

    version: str
    is_champion: bool
    """Whether the pointer names it."""
    card: dict[str, Any]  # JSON: metrics, data hashes, versions
    """Empty when the manifest cannot be read."""


def list_model_sets(models_folder: Path) -> list[ModelSetInfo]:
    """The sets by version, the last first; folders without a manifest are none."""
    champion = read_pointer(models_folder)
    manifests = sorted(models_folder.glob(f"[!.]*/{_MANIFEST}"), reverse=True)
    return [ModelSetInfo(path.parent.name, path.parent.name == champion, _card(path)) for path in manifests]


def _card(manifest: Path) -> dict[str, Any]:
    try:
        card = json.loads(manifest.read_text(encoding="utf-8")).get("card")
    except (OSError, ValueError, AttributeError):
        return {}
    return card if isinstance(card, dict) else {}
