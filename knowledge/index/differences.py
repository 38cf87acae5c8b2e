"""What differs between a question and a known one: numbers, opposites, negation, tense, rare words."""

import re
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from knowledge.index.lexical import tokenise
from model.types import Difference, Passage

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
_WHY = re.compile(r"\b(?:why|how come)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:(?:was|were|did|had)(?:n['’]?t)?|been|ago)\b", re.IGNORECASE)
"""A known question asks what is to be done; who tells of the past often complains about what went wrong."""
_TOKEN = re.compile(r"\w+")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class _Wording:
    words: tuple[str, ...]
    numbers: frozenset[str]
    """Numbers, and codes with a digit."""
    values: frozenset[tuple[int, int]]
    """Group and meaning of its words that exclude others."""
    negated: bool
    asks_why: bool
    past: bool
    terms: frozenset[str]
    """Stems of all words that tell texts apart."""


def difference(
    text: str, best: Passage, passages: Sequence[Passage], rarity: Callable[[str], float]
) -> Difference | None:
    """How the text differs from a known question; `None` for an article, whose text is no question.

    `best` is the phrasing that the text is nearest to, among all `passages` of its learned answer. `rarity`
    is that of a term among all that is known, in [0, 1]. People reword: a word that the answer or another
    phrasing has differs less.
    """
    if best.kind != "learned_answer":
        return None
    asked, phrasing, answer = _wording(text), _wording(best.search_text), _wording(best.text)
    known = answer.terms.union(*(_wording(passage.search_text).terms for passage in passages))
    return Difference(
        same_words=bool(asked.words) and asked.words == phrasing.words,
        other_number=bool(asked.numbers - phrasing.numbers - answer.numbers),
        missing_number=bool(phrasing.numbers - asked.numbers),
        opposite=_excludes(asked.values, phrasing.values),
        negation=int(asked.negated) - int(phrasing.negated),
        asks_why=int(asked.asks_why) - int(phrasing.asks_why),
        past=int(asked.past) - int(phrasing.past),
        unheard=_share(asked.terms - phrasing.terms, asked.terms, rarity),
        unknown=_share(asked.terms - known, asked.terms, rarity),
        rarest_unknown=max(map(rarity, asked.terms - known), default=0.0),
        unsaid=_share(phrasing.terms - asked.terms, phrasing.terms, rarity),
        rarest_unsaid=max(map(rarity, phrasing.terms - asked.terms), default=0.0),
    )


@lru_cache(maxsize=16_384)
def _wording(text: str) -> _Wording:
    folded = text.casefold()
    words = tuple(_TOKEN.findall(folded))
    return _Wording(
        words,
        frozenset(word for word in words if any(map(str.isdigit, word))),
        frozenset[tuple[int, int]]().union(
            *(_VALUES.get(word, frozenset()) for word in _WORD.findall(folded))
        ),
        _NEGATION.search(text) is not None,
        _WHY.search(text) is not None,
        _PAST.search(text) is not None,
        frozenset(tokenise(text)),
    )


def _excludes(asked: Set[tuple[int, int]], known: Set[tuple[int, int]]) -> bool:
    """Whether both have a word of one group, and none in common."""
    groups = {group for group, _ in asked} & {group for group, _ in known}
    common = {group for group, _ in asked & known}
    return bool(groups - common)


def _share(some: Collection[str], terms: Collection[str], rarity: Callable[[str], float]) -> float:
    """Share of the terms' rarity that some of them have; 0 for no terms."""
    total = sum(map(rarity, terms))
    return sum(map(rarity, some)) / total if total else 0.0
