"""When people are there, over HTTP, for anyone who thinks of asking them."""

from typing import Annotated

from fastapi import APIRouter, Query

from model.errors import NotFoundError
from serving.db.tables import Team
from serving.dependencies import DbSession
from serving.hours import service
from serving.hours.schemas import WaitingOut
from serving.problems import problems
from serving.security.limited import limited_by_address

router = APIRouter(prefix="/v1", tags=["company"])


@router.get("/waiting", responses=problems(404, 429), dependencies=[limited_by_address("suggest")])
def get_waiting(session: DbSession, team: Annotated[str | None, Query(max_length=64)] = None) -> WaitingOut:
    """Whether people are there now, when they are again, and by when nine in ten get an answer.

    Of one team by its name, or of the whole company; open to anyone, as the help centre is.
    """
    row = None if team is None else session.get(Team, team)
    if team is not None and row is None:
        raise NotFoundError(f"no team {team!r}")
    return WaitingOut.of(service.waiting_now(session, row))
