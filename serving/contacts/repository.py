"""Queries on customers; it decides nothing."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.tables import Contact


def find_contact(session: Session, contact_id: str) -> Contact | None:
    """The contact with this id."""
    return session.get(Contact, contact_id)


def find_by_external_id(session: Session, external_id: str) -> Contact | None:
    """The contact the business knows by this id."""
    return session.scalar(select(Contact).where(Contact.external_id == external_id))
