"""Model sets over HTTP, for agents and keys with `models:read`."""

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from model.model_set import read_pointer
from serving.dependencies import CurrentRuntime
from serving.problems import problems
from serving.security.principals import AgentPrincipal, ServerPrincipal, permitted

router = APIRouter(prefix="/v1/models", tags=["models"], responses=problems(401, 403))
_MANIFEST = "manifest.json"
ModelReader = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("models:read"))]


class ModelSetOut(BaseModel):
    """A model set."""

    version: str
    champion: bool
    in_service: bool
    """Whether this process answers with it now."""
    card: dict[str, Any]  # JSON: metrics, data hashes, versions


class ModelsOut(BaseModel):
    """All model sets of the home folder, the last first."""

    models: list[ModelSetOut]
    in_service: str | None
    last_error: str | None
    """Why the champion is not in service, if it is not."""


@router.get("")
def list_models(_reader: ModelReader, runtime: CurrentRuntime) -> ModelsOut:
    """Which model sets there are and which one answers."""
    folder, in_service = runtime.settings.models_folder, runtime.resolver.version
    champion = read_pointer(folder)
    manifests = sorted(folder.glob(f"[!.]*/{_MANIFEST}"), reverse=True)  # a folder without one is no set
    models = [
        ModelSetOut(
            version=manifest.parent.name,
            champion=manifest.parent.name == champion,
            in_service=manifest.parent.name == in_service,
            card=_card(manifest),
        )
        for manifest in manifests
    ]
    return ModelsOut(models=models, in_service=in_service, last_error=runtime.resolver.last_error)


def _card(manifest: Path) -> dict[str, Any]:  # JSON
    """What the manifest tells; empty when it cannot be read."""
    try:
        card = json.loads(manifest.read_text(encoding="utf-8")).get("card")
    except (OSError, ValueError, AttributeError):
        return {}
    return card if isinstance(card, dict) else {}
