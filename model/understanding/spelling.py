"""Reads mistyped words as the words that were meant; changes nothing that is stored or shown."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import IntEnum
from itertools import groupby

from rapidfuzz import process
from rapidfuzz.distance import OSA

from model.interfaces import Spellings

_WORD = re.compile(r"[^\W\d_]++")
_TYPED = re.compile(r"(?<![\w'’@/.])(?<!\d-)[^\W\d_]{4,}+(?![\w'’@/]|\.\w|-\d)")
"""A word of letters that is no part of an address, a code or a contraction."""
_LONGEST = 32
_MOST_LOOKED_UP = 20
"""Unknown words of one message that are looked up, so that no message takes long."""
_TWO_MISTAKES = 10
"""Letters from which on a word may hold two mistakes."""


class Mistake(IntEnum):
    """What was done to a word, the surest to be a mistake first."""

    DOUBLED = 0
    """A letter doubled or not ("adress", "weeek")."""
    SWAPPED = 1
    """Two neighbouring letters changed places."""
    MISSING = 2
    OTHER = 3
    """Another letter within the word."""
    EXTRA = 4
    TWO = 5


_FEWEST_LETTERS = {
    Mistake.DOUBLED: 5,
    Mistake.SWAPPED: 4,
    Mistake.MISSING: 5,
    Mistake.OTHER: 9,
    Mistake.EXTRA: 9,
    Mistake.TWO: _TWO_MISTAKES,
}
"""Of the word typed. Shorter ones are often words of their own: "lice" for "line", "unblock" for "unlock"."""
_FEWEST_LETTERS_COMMON = {Mistake.DOUBLED: 6, Mistake.SWAPPED: 6, Mistake.MISSING: 9}
"""For words that the knowledge does not hold; there are more of them, so that more are near by chance."""


class Words:
    """Words with how often they occur, found by how they are spelt; not thread-safe while it is changed."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._counts: defaultdict[tuple[str, int], dict[str, int]] = defaultdict(dict)
        self.add(dict.fromkeys(words, 1))

    def add(self, counts: Mapping[str, int]) -> None:
        """Counts each word so many times more."""
        for word, count in counts.items():
            words = self._counts[word[0], len(word)]
            words[word] = words.get(word, 0) + count

    def remove(self, counts: Mapping[str, int]) -> None:
        """Counts each word so many times less; one that does not occur any more is forgotten."""
        for word, count in counts.items():
            words = self._counts[word[0], len(word)]
            words[word] -= count
            if not words[word]:
                del words[word]

    def has_word(self, word: str) -> bool:
        """Whether the word is held."""
        return word in self._counts.get((word[0], len(word)), ())

    def words_like(self, word: str) -> Mapping[str, int]:
        """Words a mistake away that begin with the same letter, with their counts, the word among them.

        Two mistakes where it has ten letters or more. Of the others only the one whose first two letters
        changed places: hardly anybody mistypes the first one, and "un-" or "re-" makes another word.
        """
        most = 2 if len(word) >= _TWO_MISTAKES else 1
        near: dict[str, int] = {}
        for length in range(len(word) - most, len(word) + most + 1):
            words = self._counts.get((word[0], length), {})
            found = process.extract(word, list(words), scorer=OSA.distance, score_cutoff=most, limit=None)
            near |= {spelt: words[spelt] for spelt, _, _ in found}
        turned = word[1::-1] + word[2:]
        if count := self._counts.get((turned[0], len(turned)), {}).get(turned):
            near[turned] = count
        return near


def words_of(text: str) -> list[str]:
    """The words of a text in their order, without regard to case; numbers and codes are none."""
    return _WORD.findall(text.casefold())


def as_meant(text: str, *, known: Spellings, common: Spellings) -> str:
    """The text with mistyped words replaced by those that the customer must have meant, in lower case.

    A word is mistyped when the knowledge (`known`) does not hold it, it is no `common` word, and exactly one
    word is nearest to it by the order of `Mistake`, near enough for its length; of equals the knowledge's.
    A word with a digit or an apostrophe stays as it is, and so does another form of a known word
    ("capsules"). A name, capital within a sentence, is no mistyped common word.
    """
    looked_up: dict[str, str] = {}

    def meant(found: re.Match[str]) -> str:
        written = found.group()
        typed = written.casefold()
        if written in looked_up:
            return looked_up[written]
        if len(looked_up) == _MOST_LOOKED_UP or common.has_word(typed) or known.has_word(typed):
            return written
        is_name = written.istitle() and not _begins_sentence(text[: found.start()])
        looked_up[written] = _meant(typed, known, common, is_name=is_name) or written
        return looked_up[written]

    return _TYPED.sub(meant, text)


def _begins_sentence(before: str) -> bool:
    before = before.rstrip(" \t\"'(")
    return not before or before[-1] in ".!?…:\n"


def _meant(typed: str, known: Spellings, common: Spellings, *, is_name: bool) -> str | None:
    """The word meant by one that neither holds; `None` where none is sure."""
    if len(typed) > _LONGEST:
        return None
    ours, others = known.words_like(typed), common.words_like(typed)
    mistakes = {word: _mistake(typed, word) for word in {*ours, *others} if not _is_other_form(typed, word)}
    best = min(mistakes.values(), default=None)
    nearest = [word for word, mistake in mistakes.items() if mistake == best]
    nearest = [word for word in nearest if word in ours] or nearest
    if best is None or len(nearest) != 1:
        return None
    word = nearest[0]
    is_ours = ours.get(word, 0) > 1 or (word in ours and common.has_word(word))
    if is_name and not is_ours:
        return None
    fewest = _FEWEST_LETTERS if is_ours else _FEWEST_LETTERS_COMMON
    return word if best in fewest and len(typed) >= fewest[best] else None


def _is_other_form(typed: str, word: str) -> bool:
    """Whether one is the other with an ending, which is no mistake."""
    is_longer = typed.startswith(word) or word.startswith(typed)
    return is_longer and _single(typed) != _single(word)


def _mistake(typed: str, word: str) -> Mistake:
    """What makes the one of the other, which is at most two mistakes away."""
    if OSA.distance(typed, word) == 1:
        if len(typed) == len(word):
            if sorted(typed) == sorted(word):
                return Mistake.SWAPPED
            return Mistake.OTHER if typed[-1] == word[-1] else Mistake.TWO
        if _single(typed) == _single(word):
            return Mistake.DOUBLED
        return Mistake.MISSING if len(word) > len(typed) else Mistake.EXTRA
    return Mistake.TWO


def _single(word: str) -> str:
    """The word with each doubled letter once."""
    return "".join(letter for letter, _ in groupby(word))
