"""Deciding on proposals, on their own page and beside the reply: the same deeds, the same cards."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel, Field

from model.errors import FirstlastError
from serving.console import repository
from serving.console.cards import CardDraft, quoted_cards
from serving.console.inbox_pages import CurrentFilters, show_conversation
from serving.console.routing import PageRoute, Written, see_other, sentence, written_lines
from serving.console.shell import CurrentVisit, Visit, needs
from serving.learned_answers import proposals
from serving.learned_answers.endpoints import RowId, approve_compared
from serving.learned_answers.repository import list_proposals
from serving.learned_answers.schemas import Approval
from serving.problems import status_of

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[needs("proposals:decide")])

MAX_CARDS = 50
Verb = Literal["approve", "not-reusable", "reject", "undo"]


class CardForm(BaseModel):
    """The fields of a card as the browser sent them; all `None` when it is approved as drafted."""

    question: Written | None = None
    answer: Written | None = None
    phrasings: Written | None = None
    release: bool = False
    join: Written | None = None
    past_questions: Annotated[list[int], Field(max_length=20)] = Field(default_factory=list)


CurrentCardForm = Annotated[CardForm, Form()]


@router.get("/proposals")
def proposals_page(
    visit: CurrentVisit,
    tab: Annotated[str, Query()] = "pending",
    decided: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """Proposals to decide, oldest first; or those decided, latest first."""
    return _show_proposals(visit, tab=tab, decided=decided)


@router.post("/proposals/{proposal_id}/{verb}")
def decide(proposal_id: RowId, verb: Verb, visit: CurrentVisit, form: CurrentCardForm) -> Response:
    """Decide on the page of proposals."""
    try:
        _decide(visit, proposal_id, verb, form)
    except FirstlastError as error:
        draft = _failed(visit, proposal_id, form, error)
        return _show_proposals(visit, decided=proposal_id, draft=draft, status=status_of(error))
    return see_other(f"/proposals?decided={proposal_id}")


@router.post("/inbox/{conversation_id}/proposals/{proposal_id}/{verb}", dependencies=[needs("inbox")])
def decide_beside_reply(
    conversation_id: str,
    proposal_id: RowId,
    verb: Verb,
    visit: CurrentVisit,
    filters: CurrentFilters,
    form: CurrentCardForm,
) -> Response:
    """Decide beside the reply."""
    try:
        _decide(visit, proposal_id, verb, form)
    except FirstlastError as error:
        draft = _failed(visit, proposal_id, form, error)
        return show_conversation(visit, filters, conversation_id, draft=draft, status=status_of(error))
    return see_other(f"/inbox/{conversation_id}{filters.query}#proposal-{proposal_id}")


def _decide(visit: Visit, proposal_id: int, verb: Verb, form: CardForm) -> None:
    session, agent_id = visit.session, visit.viewer.id
    if verb == "approve":
        phrasings = None if form.phrasings is None else written_lines(form.phrasings)
        words = Approval(
            question=form.question,
            answer=form.answer,
            phrasings=phrasings,
            release=form.release,
            join=form.join,
            past_questions=form.past_questions,
        )
        approve_compared(session, visit.runtime.knowledge, proposal_id, agent_id, words)
    elif verb == "undo":
        proposals.undo(session, proposal_id, agent_id)
    else:
        reason: Literal["rejected", "not_reusable"] = "rejected" if verb == "reject" else "not_reusable"
        proposals.turn_down(session, proposal_id, agent_id, reason)


def _failed(visit: Visit, proposal_id: int, form: CardForm, error: FirstlastError) -> CardDraft:
    """The card with what was written into it; raises `NotFoundError` when there is no such proposal."""
    visit.session.rollback()
    proposal = proposals.get_proposal(visit.session, proposal_id)
    return CardDraft(
        proposal_id=proposal_id,
        question=proposal.question if form.question is None else form.question,
        answer=proposal.answer if form.answer is None else form.answer,
        phrasings="\n".join(proposal.phrasings) if form.phrasings is None else form.phrasings,
        error=sentence(error),
        is_edited=form.question is not None,
    )


def _show_proposals(
    visit: Visit,
    *,
    tab: str = "pending",
    decided: int | None = None,
    draft: CardDraft | None = None,
    status: int = 200,
) -> Response:
    if tab == "decided":
        rows = repository.list_decided_proposals(visit.session, limit=MAX_CARDS + 1)
    else:
        tab = "pending"
        rows = list_proposals(visit.session, status="pending", limit=MAX_CARDS + 1)
        if decided is not None and decided not in {row.id for row in rows}:
            # It keeps its place in the order, so that its undo is where its buttons were.
            rows = sorted([*rows, proposals.get_proposal(visit.session, decided)], key=lambda row: row.id)
    cards = quoted_cards(visit.session, rows[:MAX_CARDS], draft=draft)
    context = {"tab": tab, "cards": cards, "more": len(rows) > MAX_CARDS}
    fragments = {"proposals": "proposals/list.html"}
    return visit.show("proposals", "proposals/page.html", context, fragments=fragments, status=status)
