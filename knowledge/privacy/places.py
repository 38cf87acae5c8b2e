"""A place in a text that points to a person: where, of what kind, how sure; it finds none itself."""

import re
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "name",
    "email",
    "phone",
    "address",
    "card",
    "iban",
    "national_id",
    "passport",
    "password",
    "pin",
    "one_time_code",
    "token",
    "ip_address",
    "birth_date",
    "health",
    "number",
    "link",
    "customer_id",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`number` is that of an order, parcel, account or ticket, and whatever long number is nothing else."""

GAP = r"""(?:[\s:=#,(["'“-]{1,3}[^\W\d_]{1,14}[.’']?){0,4}?[\s:=#,([<"'“-]{1,3}"""
"""What may stand between a label and its value: up to four words ("passport, the old one was")."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text, from `begin` up to `end`."""

    begin: int
    end: int
    kind: Kind | None
    """`None` for what is nobody's, such as a price: nothing else is found in it."""
    sure: bool = True
    """`False` where the words leave it open, as for a long number without a label."""


def all_of(
    pattern: re.Pattern[str],
    text: str,
    kind: Kind | None,
    counts: Callable[[str], bool] = lambda _: True,
    *,
    sure: bool = True,
) -> Iterator[Place]:
    """The pattern's matches, or what their named group holds, where `counts` takes it."""
    for match in pattern.finditer(text):
        named = next((name for name, value in match.groupdict().items() if value is not None), 0)
        if counts(match.group(named)):
            yield Place(*match.span(named), kind, sure)


def claim(taken: list[tuple[int, int]], begin: int, end: int) -> bool:
    """Put the place among those taken, in order, unless it is empty or overlaps one; whether it was put."""
    at = bisect(taken, (begin, end))
    overlaps = (at > 0 and taken[at - 1][1] > begin) or (at < len(taken) and taken[at][0] < end)
    if overlaps or begin >= end:
        return False
    taken.insert(at, (begin, end))
    return True


def digits_of(text: str) -> str:
    """Its digits alone."""
    return re.sub(r"\D", "", text)


def before(text: str, place: int, chars: int) -> str:
    """The characters of the text before the place, at most so many, of the same sentence or line."""
    return re.split(r"[!?\n]|\.\s", text[max(0, place - chars) : place])[-1]
