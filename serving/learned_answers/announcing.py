"""Tells the agents of a conversation what became of a proposal; it changes no proposal."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.session import append_event
from serving.db.tables import Event, Proposal
from serving.learned_answers.schemas import ProposalView


def announce(session: Session, proposal: Proposal) -> None:
    """Write the event `proposal`, for agents only: which proposal, and its status now."""
    session.flush()
    append_event(
        session,
        Event(
            conversation_id=proposal.conversation_id,
            kind="proposal",
            agents_only=True,
            data={"id": proposal.id, "status": proposal.status},
        ),
    )


def announced_proposals(
    session: Session, ids: Collection[int]
) -> Mapping[int, dict[str, Any]]:  # JSON objects
    """What is told of these proposals, as they are now, by id."""
    if not ids:
        return {}
    proposals = session.scalars(select(Proposal).where(Proposal.id.in_(ids)))
    return {row.id: ProposalView.of(session, row).model_dump(mode="json") for row in proposals}
