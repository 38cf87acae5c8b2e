"""Queries on handovers and the waiting they took; it decides nothing and never commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.tables import Handover

_MOST = 1_000


class PastWait(NamedTuple):
    """What is measured of a handover."""

    handed_over_at: datetime
    ended_at: datetime | None
    answered: bool
    waited_minutes: float | None
    was_open: bool
    hour_of_week: int
    ahead: int


def list_waits(session: Session, team: str | None, since: datetime) -> list[PastWait]:
    """The team's handovers since then, or with `None` all teams', newest first, at most 1,000."""
    columns = [getattr(Handover, name) for name in PastWait._fields]
    query = select(*columns).where(Handover.handed_over_at >= since)
    if team is not None:
        query = query.where(Handover.team == team)
    rows = session.execute(query.order_by(Handover.handed_over_at.desc()).limit(_MOST))
    return [PastWait(*row) for row in rows]


def find_waiting(session: Session, conversation_id: str) -> Handover | None:
    """The handover of the conversation that has not ended."""
    query = select(Handover).where(Handover.conversation_id == conversation_id, Handover.ended_at.is_(None))
    return session.scalar(query.order_by(Handover.id.desc()).limit(1))


def handovers_since(session: Session, since: datetime) -> Sequence[Handover]:
    """All handovers since then, oldest first."""
    query = select(Handover).where(Handover.handed_over_at >= since)
    return session.scalars(query.order_by(Handover.handed_over_at)).all()
