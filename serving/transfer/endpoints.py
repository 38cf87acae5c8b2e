"""The API of imports and their sources: what each did, what it left out, and how it is undone."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents import HeldBackReason
from serving.db.tables import Import
from serving.dependencies import DbSession
from serving.paging import Place, next_place, page_after
from serving.problems import problems
from serving.schemas import RowOut
from serving.security.principals import AgentPrincipal, ServerPrincipal, author_of, permitted
from serving.transfer.sources import list_sources, retire_source

router = APIRouter(prefix="/v1", tags=["articles"], responses=problems(401, 403))

_READ = Depends(permitted("articles:read"))


class HeldBackOut(BaseModel):
    """Something that is not for customers, and so not imported."""

    path: str
    reason: HeldBackReason


class HoleOut(BaseModel):
    """Something that a source keeps elsewhere than in its pages."""

    name: str
    """As the source writes it: `{{ site.phone }}`."""
    articles: int
    """In how many pages it is missing."""
    paths: list[str]


class MissingFileOut(BaseModel):
    """A picture or file that a page shows and the source does not have."""

    file: str
    path: str


class RefusedOut(BaseModel):
    """Something that was not imported, and why."""

    path: str
    reason: str


class ImportReportOut(BaseModel):
    """What an import did, in numbers of articles and answers, and what it left out."""

    added: int
    changed: int
    unchanged: int
    moved: int
    retired: int
    kept: int
    """Not found in the source, which could not be read in full."""
    read: dict[str, int]
    """Files read, by suffix."""
    renamed: dict[str, str]
    """Slugs of articles whose own was taken, by path."""
    same_as: dict[str, list[str]] = {}
    """Paths not taken, because another source says the same, by that source."""
    held_back: list[HeldBackOut]
    passed_over: dict[str, int]
    """Files not read, by suffix."""
    holes: list[HoleOut]
    missing_files: list[MissingFileOut]
    refused: list[RefusedOut]


class ImportOut(RowOut):
    """One import of a source."""

    id: int
    source: str
    report: ImportReportOut
    created_at: datetime


class ImportList(BaseModel):
    """Imports, latest first."""

    imports: list[ImportOut]
    next: str | None = None
    """Pass it as `after` for the next page; `null` after the last."""


class KnowledgeSourceOut(RowOut):
    """What one source brought."""

    name: str
    articles: int
    """How many of them customers may be given now."""
    learned_answers: int
    """The same of learned answers."""
    imported_at: datetime | None
    """When it was last imported or retired; `null` when that was before imports were noted."""


class KnowledgeSourceList(BaseModel):
    """Sources by name; a retired one has nothing in use."""

    sources: list[KnowledgeSourceOut]


class RetiredSource(BaseModel):
    """What became of a source that was retired."""

    name: str
    retired: int
    """Articles and learned answers that customers are no longer given."""


@router.get("/imports", dependencies=[_READ])
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


@router.get("/sources", dependencies=[_READ])
def get_sources(session: DbSession) -> KnowledgeSourceList:
    """All sources that were imported, with what each has in use."""
    return KnowledgeSourceList(sources=[KnowledgeSourceOut.of(source) for source in list_sources(session)])


@router.delete("/sources/{name:path}", responses=problems(404))
def delete_source(
    name: str,
    writer: Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("articles:write"))],
    session: DbSession,
) -> RetiredSource:
    """Undo an import: all that the source brought is retired. Importing it again brings that back."""
    return RetiredSource(
        name=name, retired=len(retire_source(session, name, author=author_of(writer)).retired)
    )
