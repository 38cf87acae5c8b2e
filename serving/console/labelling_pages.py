"""What to label next: questions that stand for others, each with the bot's guesses and a choice of intent."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel, Field

from model.errors import FirstlastError
from serving.console import repository
from serving.console.routing import PageRoute, see_other, sentence
from serving.console.shell import CurrentVisit, Visit, needs
from serving.db.tables import MAX_ROW_ID
from serving.labelling import service
from serving.labelling.endpoints import WAIT_SECONDS
from serving.problems import status_of

router = APIRouter(
    prefix="/labelling", route_class=PageRoute, include_in_schema=False, dependencies=[needs("models:write")]
)

SHOWN = 20
_NO_INTENT = "-"
"""What the form sends for something that no intent is about."""
DecisionId = Annotated[int, Field(ge=1, le=MAX_ROW_ID)]


class LabelForm(BaseModel):
    """The label of one question: a guess of the bot taken by its button, or what was chosen."""

    decision_id: DecisionId
    same: list[DecisionId] = []
    """Of the questions shown with it that ask the same."""
    all: bool = False
    """Whether these get the label too."""
    intent: str = ""
    guess: str = ""


@router.get("")
def labelling_page(visit: CurrentVisit) -> Response:
    """The questions whose labels are expected to gain most."""
    return _show(visit)


@router.post("")
def label(visit: CurrentVisit, form: Annotated[LabelForm, Form()]) -> Response:
    """Give a question, or with it all that ask the same, its intent; then the list without them."""
    chosen = form.guess or form.intent
    if not chosen:
        return _show(visit, problem="Choose what the customer wanted, then save.", status=422)
    ids = [form.decision_id, *(form.same if form.all else ())]
    try:
        service.label_questions(visit.session, ids, None if chosen == _NO_INTENT else chosen, visit.viewer.id)
    except FirstlastError as error:
        visit.session.rollback()
        return _show(visit, problem=sentence(error), status=status_of(error))
    return see_other("/labelling", done="labelled")


def _show(visit: Visit, *, problem: str = "", status: int = 200) -> Response:
    visit.runtime.labelling.catch_up(wait_seconds=WAIT_SECONDS)
    context = {
        "labelling": service.next_to_label(visit.session, visit.runtime.labelling, n=SHOWN),
        "intent_titles": repository.intent_titles(visit.session),
        "no_intent": _NO_INTENT,
        "problem": problem,
    }
    fragments = {"labelling": "labelling/list.html"}
    return visit.show("labelling", "labelling/page.html", context, fragments=fragments, status=status)
