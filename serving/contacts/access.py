"""Whether a customer's token still opens anything: agents revoke tokens, and block who abuses the bot."""

from model.errors import AuthenticationError, PermissionDeniedError
from serving.db.tables import Contact
from serving.security.tokens import ReadToken


def check_access(contact: Contact, token: ReadToken | None = None) -> None:
    """Raise `PermissionDeniedError` for a blocked customer, `AuthenticationError` for a revoked token.

    A token tells its second alone, so that one made in the second of the revocation is refused with those
    before.
    """
    if contact.blocked:
        raise PermissionDeniedError("this customer is blocked; write to the business in another way")
    revoked_at = contact.tokens_revoked_at
    if token is not None and revoked_at is not None and token.issued_at <= revoked_at:
        raise AuthenticationError("the customer token was revoked; get a new one")
