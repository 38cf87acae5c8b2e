"""Tells the agents of a conversation what became of a proposal; it changes no proposal."""

from sqlalchemy.orm import Session

from serving.db.session import append_event
from serving.db.tables import Event, Proposal
from serving.learned_answers.schemas import ProposalView


def announce(session: Session, proposal: Proposal) -> None:
    """Write the event `proposal`, for agents only, with the proposal as it is now."""
    session.flush()
    view = ProposalView.of(session, proposal)
    append_event(
        session,
        Event(
            conversation_id=proposal.conversation_id,
            kind="proposal",
            agents_only=True,
            data=view.model_dump(mode="json"),
        ),
    )
