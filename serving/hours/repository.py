"""Queries on handovers and the waiting they took; it decides nothing and never commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.tables import Handover

_MOST = 2_000


def list_handovers(session: Session, team: str | None, since: datetime) -> Sequence[Handover]:
    """The team's handovers since then, or with `None` all teams', newest first, at most 2,000."""
    query = select(Handover).where(Handover.handed_over_at >= since)
    if team is not None:
        query = query.where(Handover.team == team)
    return session.scalars(query.order_by(Handover.handed_over_at.desc()).limit(_MOST)).all()


def find_waiting(session: Session, conversation_id: str) -> Handover | None:
    """The handover of the conversation that has not ended."""
    query = select(Handover).where(Handover.conversation_id == conversation_id, Handover.ended_at.is_(None))
    return session.scalar(query.order_by(Handover.id.desc()).limit(1))


def handovers_since(session: Session, since: datetime) -> Sequence[Handover]:
    """All handovers since then, oldest first."""
    query = select(Handover).where(Handover.handed_over_at >= since)
    return session.scalars(query.order_by(Handover.handed_over_at)).all()
