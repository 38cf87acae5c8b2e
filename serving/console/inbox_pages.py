"""The inbox: reading, answering, noting, and all else that is done to one conversation or to many."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from model.errors import DataError, FirstlastError
from serving.attachments.repository import list_unsent
from serving.attachments.service import MOST_PER_MESSAGE
from serving.console.cards import CardDraft
from serving.console.inbox import Composer, conversation_context
from serving.console.inbox_lists import Filters, list_context, next_in_list
from serving.console.routing import PageRoute, see_other, sentence, written
from serving.console.shell import CurrentVisit, Visit, needs
from serving.console.snoozing import CHOICES, snooze_until
from serving.conversations import desk, service
from serving.conversations.desk_endpoints import change_each
from serving.conversations.schemas import NewMessage
from serving.db.tables import PRIORITIES, Conversation, Priority, new_id, now
from serving.problems import status_of
from serving.text import ClientId

router = APIRouter(
    prefix="/inbox", route_class=PageRoute, include_in_schema=False, dependencies=[needs("inbox")]
)

_LIST_FRAGMENTS = {
    "inbox-views": "inbox/views.html",
    "conversation-list": "inbox/list.html",
    "nothing-chosen": "inbox/nothing_chosen.html",
}
_CONVERSATION_FRAGMENTS = {
    **_LIST_FRAGMENTS,
    "conversation-header": "inbox/header.html",
    "thread": "inbox/thread.html",
    "composer": "inbox/composer.html",
    "composer-state": "inbox/composer_state.html",
    "details": "inbox/details.html",
}
Text = Annotated[str, Form()]
Short = Annotated[str, Form(max_length=400)]


async def current_filters(
    status: Annotated[str, Query()] = "",
    team: Annotated[str, Query()] = "",
    order: Annotated[str, Query()] = "",
    q: Annotated[str, Query()] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Filters:
    """The filters of the address, kept while reading and answering; what is unknown is the usual."""
    return Filters.of(status, team, order, q, after)


CurrentFilters = Annotated[Filters, Depends(current_filters)]


@router.get("")
def inbox_page(visit: CurrentVisit, filters: CurrentFilters) -> Response:
    """A list of conversations, at first of those that need a person."""
    context = list_context(visit.session, visit.viewer, filters)
    return visit.show("inbox", "inbox/page.html", context, fragments=_LIST_FRAGMENTS)


@router.post("/bulk")
def change_many(
    visit: CurrentVisit,
    filters: CurrentFilters,
    ids: Annotated[list[str], Form()] = [],  # noqa: B006 - read only
    act: Short = "",
    tag: Short = "",
    zone: Short = "",
) -> Response:
    """Do the same to all conversations that are ticked; those where it cannot be done stay as they are."""
    if not ids:
        raise DataError("no conversation is ticked; tick some first")
    if len(ids) > desk.MOST_AT_ONCE:
        raise DataError(f"{len(ids)} conversations are ticked, at most {desk.MOST_AT_ONCE} go at once")
    if not act and not tag:
        raise DataError("choose what to do with the ticked conversations, or write a tag")
    outcome = change_each(visit.session, ids, _act(visit, act, tag=tag, zone=zone), close=act == "close")
    done = "bulk-some" if outcome.refused else "bulk"
    return see_other(f"/inbox{filters.query}", done=done)


@router.get("/{conversation_id}")
def conversation_page(
    conversation_id: str,
    visit: CurrentVisit,
    filters: CurrentFilters,
    insert: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """One conversation beside the list; `insert` names what the reply begins with."""
    composer = Composer(max_chars=visit.runtime.settings.max_message_chars, insert=insert)
    return show_conversation(visit, filters, conversation_id, composer=composer)


@router.post("/{conversation_id}/messages")
def reply(
    conversation_id: str,
    visit: CurrentVisit,
    filters: CurrentFilters,
    text: Text = "",
    note: Text = "",
    anyway: Text = "",
    nonce: Annotated[str, Form(max_length=100)] = "",
    attachments: Annotated[list[ClientId], Form(max_length=MOST_PER_MESSAGE)] = [],  # noqa: B006
) -> Response:
    """Answer the customer, or leave a note; on an error the page keeps what was written."""
    words, settings = written(text), visit.runtime.settings
    body = NewMessage(
        client_id=_client_id(nonce, note, "\n".join([words, *attachments])),
        text=words,
        kind="note" if note else "message",
        anyway=bool(anyway),
        attachments=attachments,
    )
    try:
        conversation = service.get_conversation(visit.session, conversation_id, lock=True)
        service.post_agent_message(visit.session, settings, conversation, visit.viewer.id, body)
    except FirstlastError as error:
        visit.session.rollback()
        owner = error.owner if isinstance(error, desk.OwnedByOtherError) else ""
        composer = Composer(
            max_chars=settings.max_message_chars,
            text=words,
            note=bool(note),
            error="" if owner else sentence(error),
            owned_by=owner,
            attachments=list_unsent(visit.session, conversation_id, attachments),
        )
        return show_conversation(visit, filters, conversation_id, composer=composer, status=status_of(error))
    return _back(conversation_id, filters, done="note" if note else None)


@router.post("/{conversation_id}/assign")
def assign(
    conversation_id: str, visit: CurrentVisit, filters: CurrentFilters, to: Short = "", anyway: Text = ""
) -> Response:
    """Give the conversation to somebody, a team or nobody; without a word to who asks."""
    conversation = _locked(visit, conversation_id)
    if not anyway:
        desk.refuse_over_owner(visit.session, conversation, visit.viewer.id, what="take it")
    desk.act_on(visit.session, conversation, _act(visit, to or "me"))
    done = "assigned" if to in {"", "me"} else "team" if to.startswith("team:") else "reassigned"
    return _back(conversation_id, filters, done="unassigned" if to == "nobody" else done)


@router.post("/{conversation_id}/snooze")
def snooze(
    conversation_id: str,
    visit: CurrentVisit,
    filters: CurrentFilters,
    until: Short = "",
    at: Short = "",
    zone: Short = "",
    reason: Short = "",
) -> Response:
    """Put the conversation off and go on to the next one; `now` brings it back."""
    conversation = _locked(visit, conversation_id)
    if until == "now":
        desk.wake(visit.session, conversation)
        return _back(conversation_id, filters, done="woken")
    following = next_in_list(visit.session, visit.viewer, filters, conversation_id)
    desk.snooze(visit.session, conversation, snooze_until(until, at, zone, now()), reason)
    return _onwards(following, filters, done="snoozed")


@router.post("/{conversation_id}/priority")
def set_priority(
    conversation_id: str, visit: CurrentVisit, filters: CurrentFilters, priority: Short = ""
) -> Response:
    """Say how soon people should look at it."""
    desk.set_priority(visit.session, _locked(visit, conversation_id), _priority(priority))
    return _back(conversation_id, filters, done="priority")


@router.post("/{conversation_id}/tags")
def change_tags(
    conversation_id: str, visit: CurrentVisit, filters: CurrentFilters, add: Short = "", remove: Short = ""
) -> Response:
    """Put tags on, several with commas between them, or take one off."""
    conversation = _locked(visit, conversation_id)
    new = [tag for tag in add.split(",") if tag.strip()]
    desk.change_tags(visit.session, conversation, add=new, remove=[remove] if remove else [])
    return _back(conversation_id, filters, done="tagged")


@router.post("/{conversation_id}/intent")
def label_intent(
    conversation_id: str,
    visit: CurrentVisit,
    filters: CurrentFilters,
    intent: Annotated[str, Form()] = "",
    move_team: Annotated[bool, Form()] = False,
) -> Response:
    """Say what the customer wanted, and move it to the team that handles it; no intent is something else."""
    conversation = _locked(visit, conversation_id)
    service.label_intent(visit.session, conversation, intent or None, visit.viewer.id, move_team=move_team)
    return _back(conversation_id, filters, done="labelled")


@router.post("/{conversation_id}/close")
def close(conversation_id: str, visit: CurrentVisit, filters: CurrentFilters) -> Response:
    """End the matter, return the conversation to the bot, and go on to the next one of the list."""
    conversation = _locked(visit, conversation_id)
    following = next_in_list(visit.session, visit.viewer, filters, conversation_id)
    service.close(visit.session, conversation)
    return _onwards(following, filters, done="closed")


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
        **conversation_context(
            visit.session, visit.runtime, visit.viewer, conversation, composer=composer, draft=draft
        ),
        "snooze_choices": list(CHOICES.items()),
        "priorities": PRIORITIES,
    }
    return visit.show("inbox", "inbox/page.html", context, fragments=_CONVERSATION_FRAGMENTS, status=status)


def _act(visit: Visit, what: str, *, tag: str = "", zone: str = "") -> desk.Act:
    """What a choice of a form means: `me`, `nobody`, `close`, or `agent:` and the like with a name."""
    kind, _, value = what.partition(":")
    tags = [one for one in tag.split(",") if one.strip()]
    match kind:
        case "me":
            return desk.Act(agent_id=visit.viewer.id, add_tags=tags)
        case "nobody":
            return desk.Act(unassign=True, add_tags=tags)
        case "agent":
            return desk.Act(agent_id=value, add_tags=tags)
        case "team":
            return desk.Act(team=value, add_tags=tags)
        case "priority":
            return desk.Act(priority=_priority(value), add_tags=tags)
        case "snooze":
            return desk.Act(snooze_until=snooze_until(value, "", zone, now()), add_tags=tags)
        case "close" | "":
            return desk.Act(add_tags=tags)
    raise DataError(f"{what!r} is nothing that can be done; choose from the list")


def _priority(name: str) -> Priority:
    for priority in PRIORITIES:
        if name == priority:
            return priority
    raise DataError(f"there is no priority {name!r}; use {', '.join(PRIORITIES)}")


def _locked(visit: Visit, conversation_id: str) -> Conversation:
    return service.get_conversation(visit.session, conversation_id, lock=True)


def _back(conversation_id: str, filters: Filters, *, done: str | None) -> Response:
    return see_other(f"/inbox/{conversation_id}{filters.query}", done=done)


def _onwards(following: str | None, filters: Filters, *, done: str) -> Response:
    """To the next conversation of the list, or to the list when it was the last."""
    return see_other(f"/inbox{f'/{following}' if following else ''}{filters.query}", done=done)


def _client_id(nonce: str, note: str, text: str) -> str:
    """One form sent twice is one message; the same form with other words (after "back") is another."""
    if not nonce:
        return new_id()
    return hashlib.sha256(f"{nonce}\n{bool(note)}\n{text}".encode("utf-8", "replace")).hexdigest()[:40]
