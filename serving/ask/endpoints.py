"""Questions without a conversation over HTTP, and suggestions while typing."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from model.errors import DataError, PermissionDeniedError
from model.types import Offered, Turn
from serving.ask import service
from serving.ask.schemas import (
    AskBatchBody,
    AskBatchOut,
    AskBody,
    AskOut,
    SuggestionOut,
    SuggestionsOut,
    TurnIn,
)
from serving.contacts.repository import find_contact
from serving.dependencies import CurrentRuntime, OneOfFewBatches
from serving.problems import problems
from serving.runtime.assembly import Runtime
from serving.security.limited import FairTurn, limited, limited_by_address
from serving.security.principals import AnyPrincipal, CustomerPrincipal, Principal, permitted
from serving.text import checked_length, storable

router = APIRouter(prefix="/v1", tags=["ask"])


@router.post("/ask", responses=problems(401, 403, 429), dependencies=[limited("ask")])
def ask(body: AskBody, principal: AnyPrincipal, runtime: CurrentRuntime, _turn: FairTurn) -> AskOut:
    """The decision for a question: nothing is stored, nobody is told."""
    if not principal.may("ask"):
        raise PermissionDeniedError("this needs the scope 'ask'; make a key that has it")
    _check_history("history", body, runtime)
    return _asked(
        runtime,
        body,
        contact=_attributes(runtime, principal),
        with_candidates=not isinstance(principal, CustomerPrincipal),
    )


@router.post(
    "/ask/batch",
    responses=problems(401, 403, 429),
    dependencies=[Depends(permitted("ask")), limited("ask")],
)
def ask_batch(body: AskBatchBody, runtime: CurrentRuntime, _slot: OneOfFewBatches) -> AskBatchOut:
    """The decisions for 1 to 64 questions, each as `/v1/ask` gives it to agents and keys.

    Nothing is decided when one of the questions is empty or too long.
    """
    for place, one in enumerate(body.questions):
        checked_length(
            f"questions.{place}.question", one.question, max_chars=runtime.settings.max_message_chars
        )
        _check_history(f"questions.{place}.history", one, runtime)
    return AskBatchOut(
        decisions=[_asked(runtime, one, contact={}, with_candidates=True) for one in body.questions]
    )


@router.get("/suggest", responses=problems(429), dependencies=[limited_by_address("suggest")])
def suggest(runtime: CurrentRuntime, q: Annotated[str, Query(max_length=1_000)] = "") -> SuggestionsOut:
    """Titles of answers that may fit what is being typed; open to anyone, as the help centre is."""
    found = service.suggest(runtime, storable(q))
    return SuggestionsOut(
        suggestions=[
            SuggestionOut(ref=one.ref, title=one.passage.title, kind=one.passage.kind) for one in found
        ]
    )


def _asked(
    runtime: Runtime,
    body: AskBody,
    *,
    contact: Mapping[str, Any],  # JSON attributes
    with_candidates: bool,
) -> AskOut:
    history = [_turn(turn) for turn in body.history]
    shown = service.ask(
        runtime, body.question, history=history, contact=contact, with_candidates=with_candidates
    )
    return AskOut.model_validate(shown)


def _check_history(name: str, body: AskBody, runtime: Runtime) -> None:
    chars = sum(len(turn.text) for turn in body.history)
    most = runtime.settings.max_history_chars
    if chars > most:
        raise DataError(f"{name} has {chars:,} characters, at most {most:,}; send the last messages only")


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
