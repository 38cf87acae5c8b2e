"""Web and e-mail addresses: those made for one person, and those that everybody may have."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from knowledge.privacy.places import Place

EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_ROLE = re.compile(
    r"(?:help|support|info|contact|hello|hi|team|billing|sales|service|care|privacy|press|legal|no-?reply|"
    r"orders|returns|office|mail|accounts?|post|parts|groups?|pay|payments?|parking|fines|events|jobs|"
    r"bookings?|"
    r"reservations?|feedback|desk|kontakt|soporte|ventas|bantuan)\Z",
    re.IGNORECASE,
)
"""Addresses of a business rather than a person: an answer may name them."""
URL = re.compile(
    r"https?://[^\s<>)\]]+|(?<![\w@./+-])(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}/[^\s<>)\]]*", re.IGNORECASE
)
_PRIVATE_QUERY = re.compile(
    r"(?:\A|[&;])(?:token|code|key|e-?mail|auth|session|sid|sig|signature|u|uid|user|user_?id|customer|"
    r"account|id|t|k|otp|password|pwd|pass|passcode|invite|hash|secret|api_?key)=",
    re.IGNORECASE,
)
_PERSONS_PAGE = re.compile(
    r"/(?:orders?|invoices?|accounts?|users?|u|profiles?|parcels?|track(?:ing)?|tickets?|customers?|p|r|"
    r"bookings?|cases?|requests?|members?|payments?|conversations?)/[^/]{0,60}\d{4}",
    re.IGNORECASE,
)
_OPAQUE = re.compile(
    r"/(?=[^/]{0,80}\d)(?=[^/]{0,80}[A-Za-z])[A-Za-z0-9_~.]{16,256}(?=/|\Z)|/[0-9a-f]{8}-[0-9a-f-]{27}",
    re.IGNORECASE,
)
"""A long segment that nobody would type, without the hyphens between the words of an article's name."""


def links(text: str) -> Iterator[Place]:
    """The web addresses; those of articles stay, whatever numbers they hold."""
    for match in URL.finditer(text):
        url = match.group().rstrip(".,;:!?'\"")
        yield Place(match.start(), match.start() + len(url), "link" if _is_private(url) else None)


def emails(text: str) -> Iterator[Place]:
    """The e-mail addresses; a business's own, such as help@…, is in doubt."""
    for match in EMAIL.finditer(text):
        yield Place(*match.span(), "email", sure=_ROLE.match(match.group(1)) is None)


def _is_private(url: str) -> bool:
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
    except ValueError:  # such as an open bracket
        return False
    if "@" in parts.netloc or _PRIVATE_QUERY.search(parts.query) is not None:
        return True
    return any(pattern.search(parts.path) for pattern in (_PERSONS_PAGE, _OPAQUE))
