"""Alive, ready, and the counters, for load balancers and monitoring; open to all, so about nobody."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from serving.dependencies import CurrentRuntime

router = APIRouter(tags=["health"])
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether questions can be answered."""

    ready: bool
    database: bool
    encoder: str
    model: str | None
    passages: int
    last_model_error: str | None


@router.get("/healthz")
async def healthz() -> Health:
    """200 while the process is alive."""
    return Health()


@router.get("/readyz", responses={503: {"model": Readiness}})
def readyz(runtime: CurrentRuntime, response: Response) -> Readiness:
    """200 when the store answers and a model set is in service, else 503."""
    database = runtime.database.is_reachable()
    knowledge = runtime.knowledge
    model = runtime.resolver.version
    ready = database and model is not None
    response.status_code = 200 if ready else 503
    return Readiness(
        ready=ready,
        database=database,
        encoder=knowledge.encoder.fingerprint,
        model=model,
        passages=len(knowledge.index),
        last_model_error=runtime.resolver.last_error,
    )


@router.get("/metrics", response_class=Response)
def metrics(runtime: CurrentRuntime) -> Response:
    """The counters in Prometheus's text format."""
    return Response(runtime.metrics.text(), media_type=_TEXT_FORMAT)
