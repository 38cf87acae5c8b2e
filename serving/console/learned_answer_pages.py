"""Learned answers: found, read, edited, retired and brought back."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel

from model.errors import FirstlastError
from serving.console.cards import agent_names
from serving.console.routing import PageRoute, Written, see_other, sentence, written_lines
from serving.console.shell import CurrentVisit, Visit, needs
from serving.learned_answers import repository as learned_answers
from serving.learned_answers import service
from serving.learned_answers.endpoints import RowId
from serving.paging import Place, next_place
from serving.problems import status_of

router = APIRouter(
    prefix="/learned-answers",
    route_class=PageRoute,
    include_in_schema=False,
    dependencies=[needs("learned_answers:read")],
)

MAX_ROWS = 200
STATUS_CHOICES = (("approved", "Live"), ("retired", "Retired"), ("superseded", "Replaced"), ("all", "All"))
_ONE_DEED = timedelta(seconds=2)
"""Times closer together than this were set by one deed."""
_SECTION = "learned-answers"
_WRITERS = [needs("learned_answers:write")]


class EditForm(BaseModel):
    """What stands in the form to edit."""

    question: Written = ""
    answer: Written = ""
    phrasings: Written = ""
    released: bool = False


@router.get("")
def list_page(
    visit: CurrentVisit,
    q: Annotated[str, Query(max_length=500)] = "",
    status: Annotated[str, Query()] = "approved",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Learned answers, latest first, those that hold every word of `q`."""
    status = status if status in {value for value, _ in STATUS_CHOICES} else "approved"
    place, chosen = Place.parse(after) if after else None, None if status == "all" else status
    answers = learned_answers.list_learned_answers(
        visit.session, status=chosen, text=q, after=place, limit=MAX_ROWS
    )
    context = {
        "q": q,
        "status": status,
        "status_choices": STATUS_CHOICES,
        "rows": answers[:MAX_ROWS],
        "after": after,
        "next": next_place(answers, MAX_ROWS, moment="approved_at"),
        "agent_names": agent_names(visit.session),
    }
    fragments = {"learned-answers": "learned_answers/list.html"}
    return visit.show(_SECTION, "learned_answers/page.html", context, fragments=fragments)


@router.get("/{learned_answer_id}")
def detail_page(learned_answer_id: RowId, visit: CurrentVisit) -> Response:
    """One learned answer with its phrasings and history."""
    return _show(visit, learned_answer_id)


@router.post("/{learned_answer_id}", dependencies=_WRITERS)
def save(learned_answer_id: RowId, visit: CurrentVisit, form: Annotated[EditForm, Form()]) -> Response:
    """Give it other words; on an error the page keeps what was written."""
    words = {**form.model_dump(), "phrasings": written_lines(form.phrasings)}
    try:
        service.edit(
            visit.session, learned_answer_id, **words, agent_id=visit.viewer.id, author=visit.viewer.email
        )
    except FirstlastError as error:
        visit.session.rollback()
        return _show(visit, learned_answer_id, form=form, error=error)
    return see_other(f"/learned-answers/{learned_answer_id}", done="saved")


@router.post("/{learned_answer_id}/retire", dependencies=_WRITERS)
def retire(learned_answer_id: RowId, visit: CurrentVisit) -> Response:
    """The bot stops giving it."""
    service.retire(visit.session, learned_answer_id, author=visit.viewer.email)
    return see_other(f"/learned-answers/{learned_answer_id}", done="retired")


@router.post("/{learned_answer_id}/restore", dependencies=_WRITERS)
def restore(learned_answer_id: RowId, visit: CurrentVisit) -> Response:
    """The bot gives it again."""
    service.restore(visit.session, learned_answer_id, author=visit.viewer.email)
    return see_other(f"/learned-answers/{learned_answer_id}", done="restored")


def _show(
    visit: Visit, learned_answer_id: int, *, form: EditForm | None = None, error: FirstlastError | None = None
) -> Response:
    session = visit.session
    answer = service.get(session, learned_answer_id)
    others = [phrasing for phrasing in answer.phrasings if phrasing.text != answer.question]
    successor_id = answer.superseded_by_id
    stored = {
        "question": answer.question,
        "answer": answer.answer,
        "phrasings": "\n".join(other.text for other in others),
        "released": answer.released,
    }
    context = {
        "answer": answer,
        "agent_names": agent_names(session),
        "others": others,
        "changed_at": answer.updated_at if answer.updated_at - answer.created_at > _ONE_DEED else None,
        "replaced_by": learned_answers.get(session, successor_id) if successor_id else None,
        "replaces": learned_answers.list_superseded_by(session, answer.id),
        "form": form or EditForm.model_validate(stored),
        "problem": sentence(error) if error else "",
    }
    status = status_of(error) if error else 200
    return visit.show(_SECTION, "learned_answers/detail.html", context, status=status)
