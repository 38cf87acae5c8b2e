"""The API of learned answers (editors write) and proposals (agents decide)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy.orm import Session

from knowledge.learning.draft import near_questions
from serving.db.tables import MAX_ROW_ID, LearnedAnswerStatus, Proposal, ProposalStatus
from serving.dependencies import CurrentRuntime, DbSession
from serving.learned_answers import proposals, repository, service, wording
from serving.learned_answers.schemas import (
    Approval,
    LearnedAnswerEdit,
    LearnedAnswerList,
    LearnedAnswerOut,
    NewLearnedAnswer,
    ProposalList,
    ProposalOut,
    Rejection,
    proposal_out,
    proposals_out,
)
from serving.paging import Place, next_place
from serving.problems import problems
from serving.security.principals import AgentPrincipal, ServerPrincipal, agent_permitted, author_of, permitted

router = APIRouter(prefix="/v1", tags=["learned answers"], responses=problems(401, 403))

_READ = Depends(permitted("learned_answers:read"))
_DECIDE = Depends(agent_permitted("proposals:decide"))
Writer = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("learned_answers:write"))]
Decider = Annotated[AgentPrincipal, _DECIDE]
RowId = Annotated[int, Path(ge=1, le=MAX_ROW_ID)]


@router.get("/learned-answers", dependencies=[_READ])
def list_learned_answers(
    session: DbSession,
    status: LearnedAnswerStatus | None = None,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> LearnedAnswerList:
    """Learned answers, latest first; `next` is what to pass as `after` for the page that follows."""
    place = Place.parse(after) if after else None
    rows = repository.list_learned_answers(session, status=status, after=place, limit=limit)
    return LearnedAnswerList(
        learned_answers=[LearnedAnswerOut.of(answer) for answer in rows[:limit]],
        next=next_place(rows, limit, moment="approved_at"),
    )


@router.post("/learned-answers", status_code=201, responses=problems(409))
def create_learned_answer(new: NewLearnedAnswer, session: DbSession, writer: Writer) -> LearnedAnswerOut:
    """A new learned answer, found in under a second."""
    made = service.create(session, **new.model_dump(), agent_id=_agent_id(writer), author=author_of(writer))
    return LearnedAnswerOut.of(made)


@router.get("/learned-answers/{learned_answer_id}", dependencies=[_READ], responses=problems(404))
def get_learned_answer(learned_answer_id: RowId, session: DbSession) -> LearnedAnswerOut:
    """One learned answer in any state."""
    return LearnedAnswerOut.of(service.get(session, learned_answer_id))


@router.put("/learned-answers/{learned_answer_id}", responses=problems(404, 409))
def edit_learned_answer(
    learned_answer_id: RowId, edit: LearnedAnswerEdit, session: DbSession, writer: Writer
) -> LearnedAnswerOut:
    """Other words or another end of validity; what is left out stays."""
    words = edit.model_dump(exclude={"valid_until"})
    author = author_of(writer)
    answer = service.edit(session, learned_answer_id, **words, agent_id=_agent_id(writer), author=author)
    if "valid_until" in edit.model_fields_set:
        answer = service.set_valid_until(session, learned_answer_id, edit.valid_until, author=author)
    return LearnedAnswerOut.of(answer)


@router.post("/learned-answers/{learned_answer_id}/retire", responses=problems(404, 409))
def retire_learned_answer(learned_answer_id: RowId, session: DbSession, writer: Writer) -> LearnedAnswerOut:
    """The learned answer is kept but no longer given."""
    return LearnedAnswerOut.of(service.retire(session, learned_answer_id, author=author_of(writer)))


@router.post("/learned-answers/{learned_answer_id}/restore", responses=problems(404, 409))
def restore_learned_answer(learned_answer_id: RowId, session: DbSession, writer: Writer) -> LearnedAnswerOut:
    """A retired learned answer is given again."""
    return LearnedAnswerOut.of(service.restore(session, learned_answer_id, author=author_of(writer)))


@router.get("/proposals", dependencies=[_DECIDE])
def list_proposals(
    session: DbSession,
    status: ProposalStatus | None = None,
    conversation_id: Annotated[str | None, Query(max_length=32)] = None,
    after: Annotated[int, Query(ge=0, le=MAX_ROW_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> ProposalList:
    """Proposals, oldest first; `after` is the id of the last one seen."""
    rows = repository.list_proposals(
        session, status=status, conversation_id=conversation_id, after=after, limit=limit
    )
    return ProposalList(proposals=proposals_out(session, rows))


@router.get("/proposals/{proposal_id}", dependencies=[_DECIDE], responses=problems(404))
def get_proposal(proposal_id: RowId, session: DbSession) -> ProposalOut:
    """One proposal in any state."""
    return proposal_out(session, proposals.get_proposal(session, proposal_id))


@router.post("/proposals/{proposal_id}/approve", responses=problems(404, 409))
def approve_proposal(
    proposal_id: RowId, approval: Approval, session: DbSession, agent: Decider, runtime: CurrentRuntime
) -> ProposalOut:
    """The proposal is known from now on, with the words given; 409 when it was decided otherwise."""
    proposal = approve_compared(session, runtime.knowledge, proposal_id, agent.id, approval)
    return proposal_out(session, proposal)


def approve_compared(
    session: Session, tools: wording.LearningTools, proposal_id: int, agent_id: str, words: Approval
) -> Proposal:
    """Approve, having compared the words with what is known; nothing is encoded while the store is locked."""
    asked = proposals.questions_to_compare(session, proposal_id, words)
    session.commit()  # even the reads of a request that may write keep all other writers of SQLite waiting
    near = near_questions(tools.index, tools.encoder, asked) if asked else ()
    return proposals.approve(session, proposal_id, agent_id, words, near=near)


@router.post("/proposals/{proposal_id}/reject", responses=problems(404, 409))
def reject_proposal(
    proposal_id: RowId, rejection: Rejection, session: DbSession, agent: Decider
) -> ProposalOut:
    """Nothing is learned from the reply."""
    turned_down = proposals.turn_down(session, proposal_id, agent.id, rejection.reason)
    return proposal_out(session, turned_down)


@router.post("/proposals/{proposal_id}/undo", responses=problems(404, 409))
def undo_proposal(proposal_id: RowId, session: DbSession, agent: Decider) -> ProposalOut:
    """What the decision did is put back; 409 when what it made was changed since."""
    return proposal_out(session, proposals.undo(session, proposal_id, agent.id))


def _agent_id(principal: AgentPrincipal | ServerPrincipal) -> str | None:
    return principal.id if isinstance(principal, AgentPrincipal) else None
