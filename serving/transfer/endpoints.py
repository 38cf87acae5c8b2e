"""The API of imports: what each did and what it left out."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.tables import Import
from serving.dependencies import DbSession
from serving.paging import Place, next_place, page_after
from serving.schemas import RowOut
from serving.security.principals import permitted

router = APIRouter(prefix="/v1/imports", tags=["articles"])


class ImportOut(RowOut):
    """One import of a source."""

    id: int
    source: str
    report: dict[str, Any]  # the JSON line of `firstlast import`
    created_at: datetime


class ImportList(BaseModel):
    """Imports, latest first."""

    imports: list[ImportOut]
    next: str | None = None
    """Pass it as `after` for the next page; `null` after the last."""


@router.get("", dependencies=[Depends(permitted("articles:read"))])
def get_imports(
    session: DbSession,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
) -> ImportList:
    """Imports, latest first; `next` is what to pass as `after` for the page that follows."""
    rows = list_imports(session, after=Place.parse(after) if after else None, limit=limit)
    return ImportList(
        imports=[ImportOut.of(row) for row in rows[:limit]],
        next=next_place(rows, limit, moment="created_at"),
    )


def list_imports(session: Session, *, after: Place | None, limit: int) -> list[Import]:
    """Imports, latest first, and one more than `limit` if there are so many."""
    return list(session.scalars(page_after(select(Import), Import.created_at, Import.id, after, limit)))
