"""The API of learned answers (editors write) and proposals (agents decide)."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy.orm import Session

from knowledge.learning.draft import near_questions
from serving.db.tables import Proposal
from serving.dependencies import CurrentRuntime, DbSession
from serving.learned_answers import proposals, repository, service, wording
from serving.learned_answers.schemas import (
    Approval,
    LearnedAnswerEdit,
    LearnedAnswerList,
    LearnedAnswerView,
    NewLearnedAnswer,
    ProposalList,
    ProposalView,
    Rejection,
)
from serving.security.principals import AgentPrincipal, ServerPrincipal, agent_permitted, permitted

router = APIRouter(prefix="/v1", tags=["learned answers"])

_READ = Depends(permitted("learned_answers:read"))
_DECIDE = Depends(agent_permitted("proposals:decide"))
Writer = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("learned_answers:write"))]
Decider = Annotated[AgentPrincipal, _DECIDE]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/learned-answers", dependencies=[_READ])
def list_learned_answers(
    session: DbSession,
    status: Annotated[Literal["approved", "retired", "superseded"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> LearnedAnswerList:
    """Learned answers, latest first."""
    found = repository.list_learned_answers(session, status=status, limit=limit, offset=offset)
    return LearnedAnswerList(learned_answers=[LearnedAnswerView.of(answer) for answer in found])


@router.post("/learned-answers", status_code=201)
def create_learned_answer(new: NewLearnedAnswer, session: DbSession, writer: Writer) -> LearnedAnswerView:
    """A new learned answer, found in under a second."""
    made = service.create(
        session,
        question=new.question,
        answer=new.answer,
        phrasings=new.phrasings,
        agent_id=_agent_id(writer),
        valid_until=new.valid_until,
        released=new.released,
    )
    return LearnedAnswerView.of(made)


@router.get("/learned-answers/{learned_answer_id}", dependencies=[_READ])
def get_learned_answer(learned_answer_id: RowId, session: DbSession) -> LearnedAnswerView:
    """One learned answer in any state."""
    return LearnedAnswerView.of(service.get(session, learned_answer_id))


@router.put("/learned-answers/{learned_answer_id}")
def edit_learned_answer(
    learned_answer_id: RowId, edit: LearnedAnswerEdit, session: DbSession, writer: Writer
) -> LearnedAnswerView:
    """Other words or another end of validity; what is left out stays."""
    answer = service.edit(
        session,
        learned_answer_id,
        question=edit.question,
        answer=edit.answer,
        phrasings=edit.phrasings,
        released=edit.released,
        agent_id=_agent_id(writer),
    )
    if "valid_until" in edit.model_fields_set:
        answer = service.set_valid_until(session, learned_answer_id, edit.valid_until)
    return LearnedAnswerView.of(answer)


@router.post("/learned-answers/{learned_answer_id}/retire")
def retire_learned_answer(learned_answer_id: RowId, session: DbSession, _writer: Writer) -> LearnedAnswerView:
    """The learned answer is kept but no longer given."""
    return LearnedAnswerView.of(service.retire(session, learned_answer_id))


@router.post("/learned-answers/{learned_answer_id}/restore")
def restore_learned_answer(
    learned_answer_id: RowId, session: DbSession, _writer: Writer
) -> LearnedAnswerView:
    """A retired learned answer is given again."""
    return LearnedAnswerView.of(service.restore(session, learned_answer_id))


@router.get("/proposals", dependencies=[_DECIDE])
def list_proposals(
    session: DbSession,
    status: Annotated[
        Literal["pending", "approved", "rejected", "not_reusable", "undone"] | None, Query()
    ] = None,
    conversation_id: Annotated[str | None, Query(max_length=32)] = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> ProposalList:
    """Proposals, oldest first; `after` is the id of the last one seen."""
    found = repository.list_proposals(
        session, status=status, conversation_id=conversation_id, after=after, limit=limit
    )
    return ProposalList(proposals=ProposalView.of_all(session, found))


@router.get("/proposals/{proposal_id}", dependencies=[_DECIDE])
def get_proposal(proposal_id: RowId, session: DbSession) -> ProposalView:
    """One proposal in any state."""
    return ProposalView.of(session, proposals.get_proposal(session, proposal_id))


@router.post("/proposals/{proposal_id}/approve")
def approve_proposal(
    proposal_id: RowId, approval: Approval, session: DbSession, agent: Decider, runtime: CurrentRuntime
) -> ProposalView:
    """The proposal is known from now on, with the words given; 409 when it was decided otherwise."""
    proposal = approve_compared(
        session,
        runtime.knowledge,
        proposal_id,
        agent.id,
        question=approval.question,
        answer=approval.answer,
        phrasings=approval.phrasings,
    )
    return ProposalView.of(session, proposal)


def approve_compared(
    session: Session,
    tools: wording.LearningTools,
    proposal_id: int,
    agent_id: str,
    *,
    question: str | None,
    answer: str | None,
    phrasings: Sequence[str] | None,
) -> Proposal:
    """Approve, having compared the words with what is known; nothing is encoded while the store is locked."""
    asked = proposals.questions_to_compare(
        session, proposal_id, question=question, answer=answer, phrasings=phrasings
    )
    session.commit()  # even the reads of a request that may write keep all other writers of SQLite waiting
    near = near_questions(tools.index, tools.encoder, asked) if asked else ()
    return proposals.approve(
        session, proposal_id, agent_id, question=question, answer=answer, phrasings=phrasings, near=near
    )


@router.post("/proposals/{proposal_id}/reject")
def reject_proposal(
    proposal_id: RowId, rejection: Rejection, session: DbSession, agent: Decider
) -> ProposalView:
    """Nothing is learned from the reply."""
    decide = proposals.not_reusable if rejection.reason == "not_reusable" else proposals.reject
    return ProposalView.of(session, decide(session, proposal_id, agent.id))


@router.post("/proposals/{proposal_id}/undo")
def undo_proposal(proposal_id: RowId, session: DbSession, agent: Decider) -> ProposalView:
    """What the decision did is put back; 409 when what it made was changed since."""
    return ProposalView.of(session, proposals.undo(session, proposal_id, agent.id))


def _agent_id(principal: AgentPrincipal | ServerPrincipal) -> str | None:
    return principal.id if isinstance(principal, AgentPrincipal) else None
