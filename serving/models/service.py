"""Which model sets a home has, and what their cards tell; from the files in `models/`, without MLflow."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model.model_set import read_pointer
from serving.runtime.in_service import ResolverBox

_MANIFEST = "manifest.json"
_TIME_CHARS = 15
"""A version begins with the time at which the set was made."""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A model set of the home folder."""

    version: str
    is_champion: bool
    in_service: bool
    """Whether this process answers with it now."""
    card: dict[str, Any]  # JSON: metrics, data hashes, versions

    @property
    def made_at(self) -> datetime | None:
        """When it was trained; `None` for a name of another kind."""
        try:
            return datetime.strptime(self.version[:_TIME_CHARS], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None


def known_sets(models_folder: Path, box: ResolverBox) -> list[KnownSet]:
    """All model sets of the folder, the last first; a folder without a manifest is none."""
    champion, in_service = read_pointer(models_folder), box.version
    manifests = sorted(models_folder.glob(f"[!.]*/{_MANIFEST}"), reverse=True)
    return [
        KnownSet(
            version=manifest.parent.name,
            is_champion=manifest.parent.name == champion,
            in_service=manifest.parent.name == in_service,
            card=card_of(manifest.parent),
        )
        for manifest in manifests
    ]


def card_of(folder: Path) -> dict[str, Any]:  # JSON
    """What the set in `folder` tells about itself; empty when that cannot be read."""
    try:
        card = json.loads((folder / _MANIFEST).read_text(encoding="utf-8")).get("card")
    except (OSError, ValueError, AttributeError):
        return {}
    return card if isinstance(card, dict) else {}
