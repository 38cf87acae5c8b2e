"""Queries on customers; it decides nothing."""

from typing import Literal, get_args

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from serving.db.tables import Contact
from serving.paging import Place, page_after

Which = Literal["all", "known", "blocked"]
"""All contacts, those the business signed for, or those who are blocked."""
WHICH: tuple[Which, ...] = get_args(Which)
_MOST_WORDS = 10


def find_contact(session: Session, contact_id: str) -> Contact | None:
    """The contact with this id."""
    return session.get(Contact, contact_id)


def find_by_external_id(session: Session, external_id: str) -> Contact | None:
    """The contact the business knows by this id."""
    return session.scalar(select(Contact).where(Contact.external_id == external_id))


def list_contacts(
    session: Session, *, text: str = "", which: Which = "all", after: Place | None = None, limit: int
) -> list[Contact]:
    """Contacts after this place, who was seen last first, and one more than `limit`.

    Each word of `text` (the first ten count) stands in name, e-mail address, external id, or begins the id.
    """
    query = select(Contact)
    if which == "known":
        query = query.where(Contact.external_id.is_not(None))
    elif which == "blocked":
        query = query.where(Contact.blocked)
    for word in text.split()[:_MOST_WORDS]:
        stands = (
            column.icontains(word, autoescape=True)
            for column in (Contact.name, Contact.email, Contact.external_id)
        )
        query = query.where(or_(*stands, Contact.id.startswith(word.lower(), autoescape=True)))
    return list(session.scalars(page_after(query, Contact.last_seen_at, Contact.id, after, limit)))
