"""Makes customers known: anonymous, signed by the business, or again after their token ended."""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from model.errors import AuthenticationError, NotFoundError
from serving.contacts import repository
from serving.contacts.access import check_access
from serving.db.audit import Act, named_contact, record_act
from serving.db.tables import Contact, now
from serving.security import tokens
from serving.security.tokens import CustomerToken
from serving.settings import Settings


def anonymous_token(session: Session, settings: Settings) -> CustomerToken:
    """A token for a customer nobody knows yet."""
    contact = Contact()
    session.add(contact)
    session.flush()
    return tokens.make_customer_token(settings, contact.id)


def identified_token(session: Session, settings: Settings, identity_token: str) -> CustomerToken:
    """A token for the customer the business signed for, with what it says about them brought up to date."""
    identity = tokens.read_identity(settings, identity_token)
    contact = _known_contact(session, identity.external_id)
    check_access(contact)
    contact.name = identity.name or contact.name
    contact.email = identity.email or contact.email
    if identity.attributes is not None:
        contact.attributes = dict(identity.attributes)
    contact.last_seen_at = now()
    return tokens.make_customer_token(settings, contact.id)


def refreshed_token(session: Session, settings: Settings, old_token: str) -> CustomerToken:
    """A new token for an old one.

    An anonymous customer's may have ended up to `customer_refresh_days` ago, so that a conversation is not
    lost with it; a known customer's must still be valid, for the business can sign again.
    """
    ended = tokens.read_customer_token(settings, old_token, may_have_ended=True)
    contact = repository.find_contact(session, ended.contact_id)
    if contact is None:
        raise AuthenticationError("this customer is no longer known; get a new token")
    check_access(contact, ended)
    grace = timedelta(days=settings.customer_refresh_days if contact.external_id is None else 0)
    if ended.expires_at + grace <= now():
        raise AuthenticationError("the customer token expired too long ago; get a new one")
    contact.last_seen_at = now()
    return tokens.make_customer_token(settings, contact.id)


def get_contact(session: Session, contact_id: str) -> Contact:
    """The contact. Raises `NotFoundError`."""
    contact = repository.find_contact(session, contact_id)
    if contact is None:
        raise NotFoundError(f"no contact {contact_id!r}")
    return contact


def change_access(session: Session, contact_id: str, *, blocked: bool, author: str) -> Contact:
    """Refuse every token of the customer made so far and, while `blocked`, accept and make none.

    Raises `NotFoundError`.
    """
    contact = get_contact(session, contact_id)
    contact.blocked = blocked
    contact.tokens_revoked_at = now()
    record_act(session, Act(author, "blocked" if blocked else "revoked tokens", named_contact(contact.id)))
    return contact


def _known_contact(session: Session, external_id: str) -> Contact:
    contact = repository.find_by_external_id(session, external_id)
    if contact is not None:
        return contact
    contact = Contact(external_id=external_id)
    try:
        with session.begin_nested():
            session.add(contact)
    except IntegrityError:  # another request for the same customer was first
        first = repository.find_by_external_id(session, external_id)
        if first is None:
            raise
        return first
    return contact
