"""Questions without a conversation over HTTP, and suggestions while typing."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from model.errors import PermissionDeniedError
from model.types import Offered, Turn
from serving.ask import service
from serving.ask.schemas import AskBody, AskOut, SuggestionOut, SuggestionsOut, TurnIn
from serving.contacts.repository import find_contact
from serving.dependencies import CurrentRuntime
from serving.problems import problems
from serving.runtime.assembly import Runtime
from serving.security.principals import AnyPrincipal, CustomerPrincipal, Principal
from serving.text import storable

router = APIRouter(prefix="/v1", tags=["ask"])


@router.post("/ask", responses=problems(401, 403))
def ask(body: AskBody, principal: AnyPrincipal, runtime: CurrentRuntime) -> AskOut:
    """The decision for a question: nothing is stored, nobody is told."""
    if not principal.may("ask"):
        raise PermissionDeniedError("this needs the scope 'ask'; make a key that has it")
    shown = service.ask(
        runtime,
        body.question,
        history=[_turn(turn) for turn in body.history],
        contact=_attributes(runtime, principal),
        with_candidates=not isinstance(principal, CustomerPrincipal),
    )
    return AskOut.model_validate(shown)


@router.get("/suggest")
def suggest(runtime: CurrentRuntime, q: Annotated[str, Query(max_length=1_000)] = "") -> SuggestionsOut:
    """Titles of answers that may fit what is being typed; open to anyone, as the help centre is."""
    found = service.suggest(runtime, storable(q))
    return SuggestionsOut(
        suggestions=[
            SuggestionOut(ref=one.ref, title=one.passage.title, kind=one.passage.kind) for one in found
        ]
    )


def _turn(turn: TurnIn) -> Turn:
    offered, given = (
        tuple(Offered(answer.ref, answer.title) for answer in answers)
        for answers in (turn.offered, turn.given)
    )
    return Turn(turn.author, turn.text, offered, given)


def _attributes(runtime: Runtime, principal: Principal) -> dict[str, Any]:  # JSON attributes
    if not isinstance(principal, CustomerPrincipal):
        return {}
    with runtime.database.reading() as session:
        contact = find_contact(session, principal.contact_id)
    return dict(contact.attributes) if contact else {}
