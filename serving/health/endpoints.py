"""Alive, ready, and the counters, for load balancers and monitoring; open to all, so about nobody."""

import shutil
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from serving.dependencies import CurrentRuntime
from serving.problems import RETRY_SECONDS

router = APIRouter(tags=["health"])

_LEAST_FREE_BYTES = 50_000_000
"""Below it the disk may be full before the next look, and what customers write could not be kept."""


class TextFormat(Response):
    """Prometheus's text format."""

    media_type = "text/plain; version=0.0.4; charset=utf-8"


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether questions can be answered."""

    ready: bool
    database: bool
    """Whether the store answers."""
    disk: bool
    """Whether the disk of the home has room for what customers write."""
    encoder: str
    model: str | None
    passages: int
    """Passages that are indexed."""
    passages_total: int
    """Passages that will be; more than `passages` while the index is built."""
    last_model_error: str | None


@router.get("/healthz")
async def get_health() -> Health:
    """200 while the process is alive."""
    return Health()


@router.get("/readyz", responses={503: {"model": Readiness}})
def get_readiness(runtime: CurrentRuntime, response: Response) -> Readiness:
    """200 when the store answers and has room, the knowledge is indexed and a model set serves; else 503."""
    database, disk = runtime.database.is_reachable(), _has_room(runtime.settings.home)
    knowledge = runtime.knowledge
    model = runtime.resolver.version
    indexing = knowledge.sync.progress
    ready = database and disk and indexing is None and model is not None
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return Readiness(
        ready=ready,
        database=database,
        disk=disk,
        encoder=knowledge.encoder.fingerprint,
        model=model,
        passages=indexing.done if indexing else len(knowledge.index),
        passages_total=indexing.total if indexing else len(knowledge.index),
        last_model_error=runtime.resolver.last_error,
    )


@router.get("/metrics", response_class=TextFormat)
def get_metrics(runtime: CurrentRuntime) -> TextFormat:
    """The counters in Prometheus's text format."""
    return TextFormat(runtime.metrics.text())


def _has_room(home: Path) -> bool:
    try:
        return shutil.disk_usage(home).free >= _LEAST_FREE_BYTES
    except OSError:
        return False
