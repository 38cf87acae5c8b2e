"""Tells a question from a known one that it only looks like, by numbers, opposites and negation."""

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

from model.types import Passage

_EXCLUSIVE = (
    "before|after",
    "from|to",
    "in|out",
    "into|out",
    "on|off",
    "up|down",
    "with|without",
    "start starting begin|stop stopping end ending cancel cancelling",
    "add adding|remove removing delete deleting",
    "open opening|close closing",
    "upload uploading|download downloading",
    "import importing|export exporting",
    "send sending|receive receiving|return returning",
    "buy buying|sell selling|rent renting",
    "enable enabling activate activating|disable disabling deactivate deactivating",
    "lock locking|unlock unlocking",
    "join joining|leave leaving",
    "lend lending|borrow borrowing",
    "lost|found|stolen|broken",
    "increase increasing raise|decrease decreasing lower reduce",
    "upgrade upgrading|downgrade downgrading",
    "arrive arriving arrival|depart departing departure",
    "pay paying|refund refunded",
    "early earlier|late later",
    "first|second|third|last",
    "new|old|used",
    "small|medium|large",
    "cheap cheapest|expensive",
    "min minimum least|max maximum most",
    "adult adults|child children kids",
    "monthly|yearly annual annually|weekly|daily",
    "free|paid",
    "public|private",
    "left|right",
    "front|rear back",
    "inside indoor|outside outdoor",
    "online|offline",
    "hot warm|cold",
    "day|night",
    "morning|noon|afternoon|evening",
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "weekday weekdays|weekend weekends",
    "spring|summer|autumn fall|winter",
    "january|february|march|april|may|june|july|august|september|october|november|december",
    "ios iphone ipad|android|windows|mac macos|linux",
    "chrome|firefox|safari|edge",
    "google|apple|microsoft|facebook",
    "cash|card|invoice",
    "red|green|blue|yellow|white|black|orange",
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
)
"""Groups of words that exclude each other, `|` between those that mean another thing; a question with one
of them is not the question with another."""
_VALUES: dict[str, frozenset[tuple[int, int]]] = {}
for _group, _line in enumerate(_EXCLUSIVE):
    for _value, _words in enumerate(_line.split("|")):
        for _word in _words.split():
            _VALUES[_word] = _VALUES.get(_word, frozenset()) | {(_group, _value)}

_NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|neither|nor|cannot|without)\b|n['’]t\b"
    r"|\b(?:dont|doesnt|didnt|cant|wont|isnt|arent|wasnt|couldnt|shouldnt|wouldnt)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\w+")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class _Wording:
    numbers: frozenset[str]
    """Numbers, and codes with a digit."""
    values: frozenset[tuple[int, int]]
    """Group and meaning of its words that exclude others."""
    negated: bool


def looks_alike(text: str, known: Passage) -> bool:
    """Whether a text that is near to the phrasing of a learned answer asks something else all the same.

    It has a number or code that neither the phrasing nor the answer has, a word whose opposite the phrasing
    has, or one of them is in the negative and the other not. Other words may differ: people reword. False
    for an article, whose text is no question.
    """
    if known.kind != "learned_answer":
        return False
    asked, phrasing = _wording(text), _wording(known.search_text)
    has_other_number = bool(asked.numbers - phrasing.numbers - _wording(known.text).numbers)
    return has_other_number or asked.negated != phrasing.negated or _excludes(asked.values, phrasing.values)


@lru_cache(maxsize=16_384)
def _wording(text: str) -> _Wording:
    folded = text.casefold()
    return _Wording(
        frozenset(word for word in _TOKEN.findall(folded) if any(map(str.isdigit, word))),
        frozenset[tuple[int, int]]().union(
            *(_VALUES.get(word, frozenset()) for word in _WORD.findall(folded))
        ),
        _NEGATION.search(text) is not None,
    )


def _excludes(asked: Set[tuple[int, int]], known: Set[tuple[int, int]]) -> bool:
    """Whether both have a word of one group, and none in common."""
    groups = {group for group, _ in asked} & {group for group, _ in known}
    common = {group for group, _ in asked & known}
    return bool(groups - common)
