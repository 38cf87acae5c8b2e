"""Replaces what points to one person in a text by its kind, `[email]`; prices, dates and versions stay.

For texts that leave the store as training data, which need nobody: what is in doubt goes too, such as the
hotline that an answer may name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from knowledge.privacy.detection import Known, find_personal_data
from knowledge.privacy.places import Kind


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without personal data, and how many places of each kind were replaced."""

    text: str
    counts: Mapping[Kind, int]


def scrub(text: str, *, names: Iterable[str] = (), customer_ids: Iterable[str] = ()) -> Scrubbed:
    """The text with each place that points to a person replaced by its kind in square brackets.

    `names` are those of the customer and of agents: the full name is found in any writing; its parts too,
    unless they are words (`COMMON_WORDS`), which count only beside a greeting or in a full name.
    `customer_ids` are taken literally.
    """
    known = Known(names=tuple(names), customer_ids=tuple(customer_ids))
    counts: Counter[Kind] = Counter()
    parts: list[str] = []
    end = 0
    for place in find_personal_data(text, known):
        if place.kind is not None:
            counts[place.kind] += 1
            parts += [text[end : place.begin], f"[{place.kind}]"]
            end = place.end
    return Scrubbed("".join([*parts, text[end:]]), dict(counts))
