"""The audit log over HTTP, for admins."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import select

from serving.db.tables import MAX_ROW_ID, AuditEntry
from serving.dependencies import DbSession
from serving.problems import problems
from serving.schemas import RowOut
from serving.security.principals import AgentPrincipal, agent_permitted

router = APIRouter(prefix="/v1", tags=["audit"], responses=problems(401, 403))
AuditReader = Annotated[AgentPrincipal, Depends(agent_permitted("audit:read"))]


class AuditEntryOut(RowOut):
    """Something somebody did."""

    id: int
    created_at: datetime
    who: str
    what: str
    on: str
    digest: str
    """SHA-256 of the entry and of the digest before it."""


class AuditOut(BaseModel):
    """Entries, the newest first; `next` is what to pass as `before` for those that follow."""

    entries: list[AuditEntryOut]
    next: int | None


@router.get("/audit")
def read_audit(
    _admin: AuditReader,
    session: DbSession,
    before: Annotated[int, Query(ge=1, le=MAX_ROW_ID)] = MAX_ROW_ID,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditOut:
    """Who did what, the newest first."""
    query = select(AuditEntry).where(AuditEntry.id < before).order_by(AuditEntry.id.desc()).limit(limit)
    entries = [AuditEntryOut.of(entry) for entry in session.scalars(query)]
    return AuditOut(entries=entries, next=entries[-1].id if len(entries) == limit else None)
