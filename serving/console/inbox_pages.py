"""The inbox: reading, answering, noting, taking and closing conversations."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from model.errors import FirstlastError
from serving.console.cards import CardDraft
from serving.console.inbox import CHOICES, Composer, Filters, conversation_context, list_context
from serving.console.routing import PageRoute, see_other, sentence, written
from serving.console.shell import CurrentVisit, Visit, needs
from serving.conversations import service
from serving.conversations.schemas import NewMessage
from serving.db.tables import new_id
from serving.problems import status_of

router = APIRouter(
    prefix="/inbox", route_class=PageRoute, include_in_schema=False, dependencies=[needs("inbox")]
)

_LIST_FRAGMENTS = {"conversation-list": "inbox/list.html", "nothing-chosen": "inbox/nothing_chosen.html"}
_CONVERSATION_FRAGMENTS = {
    **_LIST_FRAGMENTS,
    "conversation-header": "inbox/header.html",
    "thread": "inbox/thread.html",
    "composer": "inbox/composer.html",
    "details": "inbox/details.html",
}


async def current_filters(
    status: Annotated[str, Query()] = "", team: Annotated[str, Query()] = ""
) -> Filters:
    """The filters of the address, kept while reading and answering; an unknown status is the usual one."""
    return Filters(status if status in CHOICES else "needs_person", team)


CurrentFilters = Annotated[Filters, Depends(current_filters)]


@router.get("")
def inbox_page(visit: CurrentVisit, filters: CurrentFilters) -> Response:
    """The list of conversations that need a person."""
    context = list_context(visit.session, visit.viewer, filters)
    return visit.show("inbox", "inbox/page.html", context, fragments=_LIST_FRAGMENTS)


@router.get("/{conversation_id}")
def conversation_page(conversation_id: str, visit: CurrentVisit, filters: CurrentFilters) -> Response:
    """One conversation beside the list."""
    return show_conversation(visit, filters, conversation_id)


@router.post("/{conversation_id}/messages")
def reply(
    conversation_id: str,
    visit: CurrentVisit,
    filters: CurrentFilters,
    text: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    nonce: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Answer the customer, or leave a note; on an error the page keeps what was written."""
    words, settings = written(text), visit.runtime.settings
    body = NewMessage(
        client_id=_client_id(nonce, note, words), text=words, kind="note" if note else "message"
    )
    try:
        conversation = service.get_conversation(visit.session, conversation_id, lock=True)
        service.post_agent_message(visit.session, settings, conversation, visit.viewer.id, body)
    except FirstlastError as error:
        visit.session.rollback()
        composer = Composer(
            max_chars=settings.max_message_chars, text=words, note=bool(note), error=sentence(error)
        )
        return show_conversation(visit, filters, conversation_id, composer=composer, status=status_of(error))
    return _back(conversation_id, filters, done="note" if note else None)


@router.post("/{conversation_id}/assign")
def assign_to_me(conversation_id: str, visit: CurrentVisit, filters: CurrentFilters) -> Response:
    """Take the conversation."""
    conversation = service.get_conversation(visit.session, conversation_id, lock=True)
    service.assign(visit.session, conversation, visit.viewer.id)
    return _back(conversation_id, filters, done="assigned")


@router.post("/{conversation_id}/intent")
def label_intent(
    conversation_id: str,
    visit: CurrentVisit,
    filters: CurrentFilters,
    intent: Annotated[str, Form()] = "",
    move_team: Annotated[bool, Form()] = False,
) -> Response:
    """Say what the customer wanted, and move it to the team that handles it; no intent is something else."""
    conversation = service.get_conversation(visit.session, conversation_id, lock=True)
    service.label_intent(visit.session, conversation, intent or None, visit.viewer.id, move_team=move_team)
    return _back(conversation_id, filters, done="labelled")


@router.post("/{conversation_id}/close")
def close(conversation_id: str, visit: CurrentVisit, filters: CurrentFilters) -> Response:
    """End the matter and return the conversation to the bot."""
    service.close(visit.session, service.get_conversation(visit.session, conversation_id, lock=True))
    return _back(conversation_id, filters, done="closed")


def show_conversation(
    visit: Visit,
    filters: Filters,
    conversation_id: str,
    *,
    composer: Composer | None = None,
    draft: CardDraft | None = None,
    status: int = 200,
) -> Response:
    """The page of one conversation, with what could not be sent in the composer or the draft of a card."""
    conversation = service.get_conversation(visit.session, conversation_id)
    composer = composer or Composer(max_chars=visit.runtime.settings.max_message_chars)
    context = {
        **list_context(visit.session, visit.viewer, filters),
        **conversation_context(visit.session, conversation, composer=composer, draft=draft),
    }
    return visit.show("inbox", "inbox/page.html", context, fragments=_CONVERSATION_FRAGMENTS, status=status)


def _back(conversation_id: str, filters: Filters, *, done: str | None) -> Response:
    return see_other(f"/inbox/{conversation_id}{filters.query}", done=done)


def _client_id(nonce: str, note: str, text: str) -> str:
    """One form sent twice is one message; the same form with other words (after "back") is another."""
    if not nonce:
        return new_id()
    return hashlib.sha256(f"{nonce}\n{bool(note)}\n{text}".encode("utf-8", "replace")).hexdigest()[:40]
