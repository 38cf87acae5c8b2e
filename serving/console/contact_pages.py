"""Contacts: found, read, blocked and let in again."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from serving.console.repository import intent_titles
from serving.console.routing import PageRoute, see_other
from serving.console.shell import CurrentVisit, needs
from serving.contacts import repository, service
from serving.contacts.repository import WHICH, Which
from serving.conversations.repository import last_messages, list_of_contact
from serving.paging import Place, next_place

router = APIRouter(
    prefix="/contacts", route_class=PageRoute, include_in_schema=False, dependencies=[needs("contacts:read")]
)

MAX_ROWS = 100
MAX_CONVERSATIONS = 50
_WHICH_CHOICES = (("all", "All"), ("known", "Confirmed by your site"), ("blocked", "Blocked"))


@router.get("")
def list_page(
    visit: CurrentVisit,
    q: Annotated[str, Query(max_length=500)] = "",
    status: Annotated[str, Query()] = "all",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Contacts, who was seen last first, those that hold every word of `q`."""
    which: Which = next((one for one in WHICH if one == status), "all")
    place = Place.parse(after) if after else None
    rows = repository.list_contacts(visit.session, text=q, which=which, after=place, limit=MAX_ROWS)
    context = {
        "q": q,
        "status": which,
        "status_choices": _WHICH_CHOICES,
        "rows": rows[:MAX_ROWS],
        "after": after,
        "next": next_place(rows, MAX_ROWS, moment="last_seen_at"),
    }
    return visit.show("contacts", "contacts/page.html", context, fragments={"contacts": "contacts/list.html"})


@router.get("/{contact_id}")
def detail_page(
    contact_id: str, visit: CurrentVisit, after: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """One contact with what the business says of them, and their conversations, the latest first."""
    contact = service.get_contact(visit.session, contact_id)
    place = Place.parse(after) if after else None
    rows = list_of_contact(visit.session, contact.id, after=place, limit=MAX_CONVERSATIONS)
    shown = rows[:MAX_CONVERSATIONS]
    context = {
        "contact": contact,
        "conversations": shown,
        "last_messages": last_messages(visit.session, [row.id for row in shown], notes=False),
        "intent_titles": intent_titles(visit.session),
        "after": after,
        "next": next_place(rows, MAX_CONVERSATIONS, moment="created_at"),
    }
    return visit.show("contacts", "contacts/detail.html", context)


@router.post("/{contact_id}/access", dependencies=[needs("inbox")])
def change_access(contact_id: str, visit: CurrentVisit, blocked: Annotated[bool, Form()]) -> Response:
    """Block the contact, or let them in again."""
    service.change_access(visit.session, contact_id, blocked=blocked, author=visit.viewer.email)
    return see_other(f"/contacts/{contact_id}", done="blocked" if blocked else "unblocked")
