"""What to label next over HTTP, for engineers; labels are given by `PUT /v1/conversations/{id}/intent`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from serving.dependencies import CurrentRuntime, DbSession
from serving.labelling import service
from serving.labelling.schemas import MOST_GROUPS, LabellingOut
from serving.problems import problems
from serving.security.principals import agent_permitted

WAIT_SECONDS = 1.0
"""How long a request waits for what is new to be read; a long reading goes on without it."""
router = APIRouter(prefix="/v1", tags=["labelling"], responses=problems(401, 403))


@router.get("/labelling", dependencies=[Depends(agent_permitted("models:write"))])
def list_next_to_label(
    runtime: CurrentRuntime, session: DbSession, n: Annotated[int, Query(ge=1, le=MOST_GROUPS)] = 20
) -> LabellingOut:
    """Customers' first questions that people should give an intent, the greatest expected gain first.

    Each stands for others like it. The newest 10,000 are considered. The list is not `complete` while they
    are read for the first time, or by a new model set: ask again. Label one with
    `PUT /v1/conversations/{conversation_id}/intent` and its `decision_id`.
    """
    runtime.labelling.catch_up(wait_seconds=WAIT_SECONDS)
    return service.next_to_label(session, runtime.labelling, n=n)
