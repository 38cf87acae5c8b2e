"""Takes what points to a person out of what a reply teaches; what is in doubt stays for whoever reads it."""

import re
from collections.abc import Iterator

from knowledge.privacy.detection import NOBODY, Known, find_personal_data
from knowledge.privacy.people import COMMON_WORDS
from knowledge.privacy.places import KINDS, Kind

_FIRST_MASK = 0xE000
"""Of the signs for private use, which mean nothing in any text (Unicode)."""
_MASK_OF = {kind: chr(_FIRST_MASK + place) for place, kind in enumerate(KINDS)}
_MASK = re.compile(f"[{_MASK_OF[KINDS[0]]}-{_MASK_OF[KINDS[-1]]}]")


def mask_of(kind: Kind) -> str:
    """The sign that stands for a place of this kind in a masked text."""
    return _MASK_OF[kind]


def sure_places(text: str, known: Known = NOBODY) -> list[tuple[int, int, Kind]]:
    """Begin, end and kind of what surely points to a person, in the order of the text."""
    return list(_sure(text, known))


def doubtful_places(text: str, known: Known = NOBODY) -> list[tuple[str, Kind]]:
    """The words that may point to a person, with what they may be, once each."""
    places = (place for place in find_personal_data(text, known) if not place.sure and place.kind)
    return list(dict.fromkeys((text[place.begin : place.end], place.kind) for place in places if place.kind))


def masked(text: str, known: Known = NOBODY) -> str:
    """The text with one sign, which no text has, for each place that surely points to a person.

    So the text may be cut into sentences, of which some would no longer tell what their number is.
    """
    text = _MASK.sub("", text)
    for begin, end, kind in reversed(sure_places(text, known)):
        text = text[:begin] + _MASK_OF[kind] + text[end:]
    return text


def masked_kinds(text: str) -> tuple[Kind, ...]:
    """The kinds that the masks in it stand for, in their order."""
    return tuple(KINDS[ord(mask) - _FIRST_MASK] for mask in _MASK.findall(text))


def without_masks(text: str, placeholder: str = "") -> str:
    """The text with something else for each mask."""
    return _MASK.sub(placeholder, text)


def without_name(text: str, name: str | None) -> str:
    """The text without the person's name; a possessive becomes "your", other mentions go."""
    if not name or not name.strip():
        return text
    for called in dict.fromkeys((name.strip(), *(part for part in name.split() if len(part) > 1))):
        word = re.escape(called)
        text = re.sub(rf"(?<![ \t])[ \t]*,[ \t]*{word}(?=\s*(?:[,.!?]|\Z|\n))", "", text, flags=re.IGNORECASE)
        spoken_to = rf"(^|[.!?]\s+){word}[ \t]*,[ \t]*(\w)"
        text = re.sub(spoken_to, lambda m: m[1] + m[2].upper(), text, flags=re.IGNORECASE | re.MULTILINE)
        if called.casefold() not in COMMON_WORDS:
            text = re.sub(rf"\b{word}['’]s\b", "your", text)
            text = re.sub(rf"(?<![ \t])[ \t]*\b{word}\b", "", text)
    return text


def _sure(text: str, known: Known) -> Iterator[tuple[int, int, Kind]]:
    for place in find_personal_data(text, known):
        if place.sure and place.kind is not None:
            yield place.begin, place.end, place.kind
