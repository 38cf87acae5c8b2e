"""What the company's own articles say of how to reach it: no person's, though it looks like theirs."""

import re
from collections.abc import Iterable

from sqlalchemy.orm import Session

from knowledge.privacy.detection import NOBODY, find_personal_data, public_contacts
from serving.articles import repository

_MOST_ARTICLES = 20
_LOOKED_UP = 20
"""Places of one exchange that are looked for in the articles."""


def said_in_articles(session: Session, texts: Iterable[str]) -> tuple[str, ...]:
    """Phone numbers, e-mail and postal addresses of the texts that published articles hold too."""
    parts: dict[str, None] = {}
    for text in texts:
        for place in find_personal_data(text, NOBODY):
            words = text[place.begin : place.end]
            if place.kind == "phone":
                parts[re.sub(r"\D", " ", words).split()[-1]] = None  # the last group, written alike
            elif place.kind in ("email", "address"):
                parts[words.split(",")[0].strip()] = None
    if not parts:
        return ()
    bodies = repository.bodies_holding(session, list(parts)[:_LOOKED_UP], limit=_MOST_ARTICLES)
    return public_contacts(bodies)
