"""Replaces what points to one person in a text by its kind, `[email]`; prices, dates and versions stay.

For texts that leave the store as training data: stricter than `detection`, which keeps a hotline in an
answer. Names that nobody gave it are found only where somebody introduces themselves or signs.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from stdnum import luhn

from knowledge.privacy.addresses import ADDRESS
from knowledge.privacy.detection import (
    COMMON_WORDS,
    DATE,
    EMAIL,
    HARMLESS,
    IDENTIFIER,
    LONG_NUMBER,
    PHONE,
    PRIVATE_URL,
    URL,
    claim,
    has_three_digits,
    iban_spans,
    looks_dialled,
)

Kind = Literal[
    "name",
    "email",
    "phone",
    "address",
    "card",
    "iban",
    "number",
    "link",
    "ip_address",
    "birth_date",
    "customer_id",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`number` is that of an order, parcel, account or ticket, and whatever long number is nothing else."""

_PHONE_DIGITS = 15
"""The most that a telephone number has (E.164)."""
_CARD = re.compile(r"(?<![\w.,-])\d(?:[ -]?\d){12,18}(?![\w-])")
_OPAQUE_URL = re.compile(r"\?[^\s?]*=|//[^/\s]*@|/(?=[^/\s]*\d)(?=[^/\s]*[A-Za-z])[\w~.-]{20,}(?:/|\Z)")
"""A query, a sign-in, or a long segment that nobody would type: links made for one person."""
_CODE = re.compile(r"(?<![\w-])(?=[A-Z0-9]*[A-Z])(?=(?:[A-Z]*\d){5})[A-Z0-9]{10,40}(?![\w-])")
"""A parcel or voucher: letters among digits."""
_IP = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|-\d)")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_BIRTH = re.compile(
    r"\b(?:born|birth ?(?:day|date)|date of birth|dob)\b[^.\d\n]{0,20}?"
    rf"(?P<value>{DATE.pattern}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}})",
    re.IGNORECASE,
)
_ORDERING_CHARS = 60
_IS_ORDERING = re.compile(r"\b(?:to|i|we|you|can|could|please|just) (?:\w+ly )?\Z", re.IGNORECASE)
_CAPITALISED = r"(?-i:[A-ZÀ-Þ])[\w'’-]+(?: (?-i:[A-ZÀ-Þ])[\w'’.-]+){0,2}"
_GREETED = r"hi|hello|hey|dear|thanks|thank you|name is|mr\.?|mrs\.?|ms\.?"
_INTRODUCED = re.compile(
    rf"\bmy name(?: is|['’]s) (?P<value>{_CAPITALISED})"
    rf"|\bthis is (?P<caller>{_CAPITALISED})(?= (?:from|speaking|here|writing|again)\b)"
    r"|\b(?:regards|sincerely|cheers|best wishes|yours|all the best|many thanks),?\s+"
    rf"(?P<signed>{_CAPITALISED})[.!]?\s*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without personal data, and how many places of each kind were replaced."""

    text: str
    counts: Mapping[Kind, int]


@dataclass(frozen=True, slots=True)
class _Place:
    begin: int
    end: int
    kind: Kind | None
    """`None` for a place that stays as it is."""


def scrub(text: str, *, names: Iterable[str] = (), customer_ids: Iterable[str] = ()) -> Scrubbed:
    """The text with each place that points to a person replaced by its kind in square brackets.

    `names` are those of the customer and of agents: the full name is found in any writing; its parts too,
    unless they are words (`COMMON_WORDS`), which count only beside a greeting or in a full name.
    `customer_ids` are taken literally. Where kinds overlap the first of them wins: links, e-mail, ids,
    IBAN, card (both by checksum), dates of birth, then what stays (prices, years, versions), addresses,
    labelled numbers, phones, other long numbers, names.
    """
    taken: list[tuple[int, int]] = []
    places = _places(text, tuple(names), tuple(customer_ids))
    claimed = [place for place in places if claim(taken, place.begin, place.end)]
    counts: Counter[Kind] = Counter()
    parts: list[str] = []
    end = 0
    for place in sorted(claimed, key=lambda place: place.begin):
        if place.kind is not None:
            counts[place.kind] += 1
            parts += [text[end : place.begin], f"[{place.kind}]"]
            end = place.end
    return Scrubbed("".join([*parts, text[end:]]), dict(counts))


def _places(text: str, names: tuple[str, ...], customer_ids: tuple[str, ...]) -> Iterator[_Place]:
    for match in URL.finditer(text):
        private = PRIVATE_URL.search(match.group()) or _OPAQUE_URL.search(match.group())
        yield _Place(*match.span(), "link" if private else None)
    yield from _all(EMAIL, text, "email")
    for known in customer_ids:
        if len(known) > 3:
            yield from _all(
                re.compile(rf"(?<!\w){re.escape(known)}(?!\w)", re.IGNORECASE), text, "customer_id"
            )
    yield from (_Place(begin, end, "iban") for begin, end in iban_spans(text))
    yield from _all(_CARD, text, "card", _is_card)
    yield from _all(_BIRTH, text, "birth_date")
    yield from _all(HARMLESS, text, None)
    yield from _all(ADDRESS, text, "address")
    yield from _numbers(text)
    yield from _all(_INTRODUCED, text, "name")
    for name in names:
        for pattern in _name_patterns(name):
            yield from _all(pattern, text, "name")


def _numbers(text: str) -> Iterator[_Place]:
    for match in IDENTIFIER.finditer(text):
        ordering = match.group("label").casefold() == "order" and _IS_ORDERING.search(
            text, max(0, match.start() - _ORDERING_CHARS), match.start()
        )
        if not ordering:
            value = match.group()
            last = re.search(r"[#\w-]*\Z", value)
            yield _Place(match.start() + (last.start() if last else 0), match.end(), "number")
    yield from _all(_IP, text, "ip_address", _is_ip)
    for match in PHONE.finditer(text):
        if looks_dialled(match.group()):
            groups = re.findall(r"\d+", match.group())
            grouped = match.group()[0] in "+(0" or len(groups) > 1
            is_phone = grouped and sum(map(len, groups)) <= _PHONE_DIGITS
            yield _Place(*match.span(), "phone" if is_phone else "number")
    yield from _all(_CODE, text, "number")
    yield from _all(LONG_NUMBER, text, "number", lambda match: has_three_digits(match.group()))


def _all(
    pattern: re.Pattern[str],
    text: str,
    kind: Kind | None,
    counts: Callable[[re.Match[str]], bool] = lambda _: True,
) -> Iterator[_Place]:
    """The pattern's matches, or what their named group holds."""
    for match in pattern.finditer(text):
        if counts(match):
            named = next((name for name, value in match.groupdict().items() if value is not None), None)
            yield _Place(*(match.span(named) if named else match.span()), kind)


def _is_card(match: re.Match[str]) -> bool:
    """No card begins with 0; telephone numbers do."""
    return match.group()[0] != "0" and luhn.is_valid(re.sub("[ -]", "", match.group()))


def _is_ip(match: re.Match[str]) -> bool:
    """Eight digits and more: shorter ones are versions."""
    parts = match.group().split(".")
    return sum(map(len, parts)) >= 8 and all(int(part) <= 255 for part in parts)


def _name_patterns(name: str) -> Iterator[re.Pattern[str]]:
    words = name.split()
    if not words:
        return
    if len(words) > 1:
        whole = r"\s+".join(map(re.escape, words))
        yield re.compile(rf"(?<!\w){whole}(?!\w)", re.IGNORECASE)
    for word in words:
        if len(word.strip(".")) < 2:
            continue
        escaped = re.escape(word)
        if word.casefold() not in COMMON_WORDS:
            yield re.compile(rf"(?<!\w){escaped}(?!\w)", re.IGNORECASE)
        else:
            yield re.compile(
                rf"\b(?i:{_GREETED}) (?P<value>{escaped})\b"
                rf"|(?:\A|[.!?]\s+)(?P<called>{escaped}),|, (?P<last>{escaped})(?=[.!?,]|\Z)"
            )
