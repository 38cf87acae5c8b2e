"""What has moved over HTTP, for agents and keys with `models:read`."""

from fastapi import APIRouter

from serving.dependencies import CurrentRuntime
from serving.drift.schemas import DriftOut, drift_json
from serving.models.endpoints import ModelReader
from serving.problems import problems

router = APIRouter(prefix="/v1/drift", tags=["models"], responses=problems(401, 403))


@router.get("")
def get_drift(_reader: ModelReader, runtime: CurrentRuntime) -> DriftOut:
    """Whether what customers ask, and how it goes, has moved; counted once a day."""
    return drift_json(runtime.drift.report())
