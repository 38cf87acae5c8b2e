"""Model sets over HTTP, for agents and keys with `models:read`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from serving.dependencies import CurrentRuntime
from serving.models.service import known_sets
from serving.problems import problems
from serving.security.principals import AgentPrincipal, ServerPrincipal, permitted

router = APIRouter(prefix="/v1/models", tags=["models"], responses=problems(401, 403))
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
    models = [
        ModelSetOut(
            version=known.version, champion=known.is_champion, in_service=known.in_service, card=known.card
        )
        for known in known_sets(runtime.settings.models_folder, runtime.resolver)
    ]
    return ModelsOut(
        models=models, in_service=runtime.resolver.version, last_error=runtime.resolver.last_error
    )
