"""Finds what points to one person in a text, all of it in one place; it changes nothing.

By form and check digits, by the words around it, and by what the people are known to be called. Names that
nobody gave it and that stand free in a sentence are not found.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.privacy.addresses import addresses
from knowledge.privacy.credentials import codes, passwords, tokens
from knowledge.privacy.harmless import HARMLESS
from knowledge.privacy.labels import with_labels_as_meant
from knowledge.privacy.links import EMAIL, emails, links
from knowledge.privacy.numbers import PHONE, accounts, hosts, identities, long_numbers, phones
from knowledge.privacy.orders import documents, labelled_numbers
from knowledge.privacy.people import birth_dates, health, known_names, names_by_position
from knowledge.privacy.places import Place, all_of, claim, digits_of

_SHORTEST_PUBLIC = 8
"""Fewer characters may stand in a public address by chance."""
_SHORTEST_ID = 4
"""A customer's id of fewer characters may be any word."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the people and the company beforehand."""

    names: tuple[str, ...] = ()
    """What the customer and agents are called."""
    customer_ids: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    """Phone numbers, e-mail and postal addresses that stand in the company's own articles: nobody's."""
    country: str | None = None
    """The company's (ISO 3166, two letters): where numbers without a country code are dialled."""


NOBODY = Known()


def find_personal_data(text: str, known: Known = NOBODY) -> list[Place]:
    """Every place that points to a person, in the order of the text; none overlap.

    Where kinds overlap the first of them wins: links, e-mail, ids, what is public, keys, accounts and
    cards (by check digits), documents, passwords and codes, labelled numbers, dates of birth, then what
    is nobody's (prices, years, versions), addresses, phones, other long numbers, health, names.
    """
    taken: list[tuple[int, int]] = []
    read = with_labels_as_meant(text)
    claimed = [place for place in _candidates(read, known) if claim(taken, place.begin, place.end)]
    public = [words.casefold() for words in known.public]
    found = [
        place
        for place in claimed
        if place.kind is not None and not _stands_in(read[place.begin : place.end], public)
    ]
    return sorted(found, key=lambda place: place.begin)


def public_contacts(texts: Iterable[str]) -> tuple[str, ...]:
    """The phone numbers, e-mail and postal addresses in the texts, such as all articles, once each."""
    seen: dict[str, None] = {}
    for text in texts:
        for pattern in (EMAIL, PHONE):
            seen.update(dict.fromkeys(match.group() for match in pattern.finditer(text)))
        seen.update(dict.fromkeys(text[place.begin : place.end] for place in addresses(text)))
    return tuple(seen)


def _candidates(text: str, known: Known) -> Iterator[Place]:
    numbers = frozenset(filter(None, map(digits_of, known.public)))
    yield from links(text)
    for customer_id in known.customer_ids:
        if len(customer_id) >= _SHORTEST_ID:
            yield from all_of(_literally(customer_id), text, "customer_id")
    for public in known.public:
        yield from all_of(_literally(public), text, None)
    yield from emails(text)
    yield from tokens(text)
    yield from accounts(text)
    yield from documents(text)
    yield from passwords(text)
    yield from codes(text)
    yield from birth_dates(text)
    yield from labelled_numbers(text)
    yield from identities(text)
    yield from hosts(text)
    yield from all_of(HARMLESS, text, None)
    yield from addresses(text)
    yield from phones(text, public=numbers, country=known.country)
    yield from long_numbers(text)
    yield from health(text)
    yield from known_names(text, known.names)
    yield from names_by_position(text)


def _stands_in(words: str, public: Iterable[str]) -> bool:
    """Whether what is public holds these words, such as the street of an address."""
    return len(words) >= _SHORTEST_PUBLIC and any(words.casefold() in known for known in public)


def _literally(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", re.IGNORECASE)
