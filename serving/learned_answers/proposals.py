"""A person's word on a proposal: approve, reject, not reusable, undo; whole or not at all, never committed.

Of two people who decide at once one decides; deciding the same again changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.learning.draft import NearQuestion
from model.errors import ConflictError, DataError, NotFoundError
from serving.db.audit import Act, record_act
from serving.db.session import append_event
from serving.db.tables import OPEN_PROPOSAL, Event, Proposal, ProposalStatus
from serving.learned_answers import repository
from serving.learned_answers.approval import make_known, put_back
from serving.learned_answers.past_questions import past_texts
from serving.learned_answers.schemas import Approval, proposals_out
from serving.learned_answers.wording import Wording, checked_wording

AS_DRAFTED = Approval()
_COMPARED_QUESTIONS = 5
"""Ways to ask whose near misses are looked for; each is encoded and searched."""


def get_proposal(session: Session, proposal_id: int) -> Proposal:
    """The proposal in any state; raises `NotFoundError`."""
    proposal = repository.get_proposal(session, proposal_id)
    if proposal is None:
        raise NotFoundError(f"there is no proposal {proposal_id}; list them with GET /v1/proposals")
    return proposal


def questions_to_compare(session: Session, proposal_id: int, words: Approval) -> tuple[str, ...]:
    """The ways to ask that approving with these words would teach, the first few; none once it was decided.

    What is near them is found by encoding, before the transaction that approves: see `approve`.
    """
    proposal = get_proposal(session, proposal_id)
    if not proposal.is_open:
        return ()
    words = _with_past_questions(session, proposal, words)
    wording = _approved_wording(proposal, words)
    return (wording.question, *wording.phrasings)[:_COMPARED_QUESTIONS]


def approve(
    session: Session,
    proposal_id: int,
    agent_id: str,
    words: Approval = AS_DRAFTED,
    *,
    near: Sequence[NearQuestion] = (),
) -> Proposal:
    """Make the proposal known, with the words given or, left out, as drafted; again changes nothing.

    A new one becomes a learned answer; a phrasing is added to the similar one; a correction takes the similar
    one's place, which is kept as superseded. A phrasing whose answer was rewritten is a correction; one that
    resembles an article becomes a learned answer. `phrasings` replaces the drafted ones, but the drafted
    question, which is the customer's own, is always kept as a way to ask. Where only people handle the
    matter, the bot gives the answer to this question only where the words say `release`. With `join` it
    becomes another question of that learned answer, which says the same in the same words. The past questions
    that the words name become phrasings, as their customers put them. Of `near`, the
    questions near `questions_to_compare`, near misses become regression cases. Raises `DataError` for unfit
    words and `ConflictError` when it was decided otherwise, or another learned answer answers the same
    question differently.
    """
    with session.begin_nested():
        proposal = get_proposal(session, proposal_id)
        words = _with_past_questions(session, proposal, words)
        of_customers = tuple(past_texts(session, words.past_questions).values())
        wording = replace(_approved_wording(proposal, words), of_customers=of_customers)
        if not repository.claim_proposal(
            session, proposal_id, expected=OPEN_PROPOSAL, status="approved", agent_id=agent_id
        ):
            return _already_approved(get_proposal(session, proposal_id), words)
        proposal = get_proposal(session, proposal_id)
        make_known(
            session,
            proposal,
            wording,
            agent_id,
            near,
            release=words.release,
            join=words.join,
        )
        announce(session, proposal)
    record_act(session, Act(f"agent {agent_id}", "approved", f"proposal {proposal_id}"))
    return proposal


def turn_down(
    session: Session, proposal_id: int, agent_id: str, reason: Literal["rejected", "not_reusable"]
) -> Proposal:
    """Learn nothing: the proposal is wrong, or the reply was right for this customer only.

    Again changes nothing.
    """
    with session.begin_nested():
        claimed = repository.claim_proposal(
            session, proposal_id, expected=OPEN_PROPOSAL, status=reason, agent_id=agent_id
        )
        proposal = get_proposal(session, proposal_id)
        if claimed:
            announce(session, proposal)
        elif proposal.status != reason:
            raise _decided_otherwise(proposal)
    if claimed:
        record_act(session, Act(f"agent {agent_id}", reason, f"proposal {proposal_id}"))
    return proposal


def undo(session: Session, proposal_id: int, agent_id: str) -> Proposal:
    """Put back what the decision did, also what was superseded; the proposal can then be decided anew.

    Raises `ConflictError` when nothing was decided, or what the approval made was changed since.
    """
    with session.begin_nested():
        decided = get_proposal(session, proposal_id)
        if decided.status == "undone":
            return decided
        if decided.status == "pending":
            raise ConflictError(f"proposal {proposal_id} is not decided, so there is nothing to undo")
        target: ProposalStatus = "undone" if decided.status == "approved" else "pending"
        claimed = repository.claim_proposal(
            session,
            proposal_id,
            expected=(decided.status,),
            status=target,
            agent_id=agent_id if target == "undone" else None,
        )
        proposal = get_proposal(session, proposal_id)
        if not claimed:
            raise ConflictError(f"proposal {proposal_id} is {proposal.status} by now; look at it again")
        if target == "undone":
            put_back(session, proposal, agent_id)
        announce(session, proposal)
    record_act(session, Act(f"agent {agent_id}", "undid", f"proposal {proposal_id}"))
    return proposal


def _with_past_questions(session: Session, proposal: Proposal, words: Approval) -> Approval:
    """The words with the texts of the past questions they name. Raises `DataError` for one not offered."""
    if not words.past_questions:
        return words
    strange = [one for one in words.past_questions if one not in proposal.past_questions]
    if strange:
        raise DataError(
            f"past question {strange[0]} is not offered with proposal {proposal.id}; leave it out"
        )
    texts = past_texts(session, words.past_questions)
    drafted = proposal.phrasings if words.phrasings is None else words.phrasings
    return words.model_copy(update={"phrasings": [*drafted, *texts.values()]})


def _approved_wording(proposal: Proposal, words: Approval) -> Wording:
    """The words as approved; the question as the customer put it is always one of the ways to ask."""
    drafted = (proposal.undo or {}).get("drafted", {}).get("question", proposal.question)
    return checked_wording(
        proposal.question if words.question is None else words.question,
        proposal.answer if words.answer is None else words.answer,
        (drafted, *(proposal.phrasings if words.phrasings is None else words.phrasings)),
    )


def _already_approved(proposal: Proposal, words: Approval) -> Proposal:
    if proposal.status != "approved":
        raise _decided_otherwise(proposal)
    if _approved_wording(proposal, words) != _approved_wording(proposal, AS_DRAFTED):
        raise ConflictError(
            f"proposal {proposal.id} was approved with other words; edit learned answer "
            f"{proposal.learned_answer_id} instead"
        )
    return proposal


def _decided_otherwise(proposal: Proposal) -> ConflictError:
    status = "marked as not reusable" if proposal.status == "not_reusable" else proposal.status
    return ConflictError(f"proposal {proposal.id} is already {status}; undo that first")


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
    proposals = session.scalars(select(Proposal).where(Proposal.id.in_(ids))).all()
    return {shown.id: shown.model_dump(mode="json") for shown in proposals_out(session, proposals)}
