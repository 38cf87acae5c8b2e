"""Finds words that tell of danger, by phrases that the business lists; it does not decide what follows."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_GAP = "..."
_MOST_BETWEEN = 3
"""Words that may stand in a gap of a phrase."""
_SENTENCE_END = re.compile(r"[.!?;\n…]++")
_WORD = re.compile(r"[^\W_]++(?:'[^\W_]++)*+|,")
_PHRASE_WORD = re.compile(r"[^\W_]++(?:'[^\W_]++)*+\*?")
_FEWEST_BEFORE_STAR = 2
_CONTRACTED = ("is", "was", "are", "were", "do", "does", "did", "has", "have")
_DENIALS = frozenset({"no", "not", "never", "without", "nobody", "none"}).union(
    *({f"{verb}n't", f"{verb}nt"} for verb in _CONTRACTED)
)
_AFTER_DENIAL = frozenset(
    {"a", "an", "any", "the", "one", "of", "been", "being", "be", "is", "are", "was", "were"}
    | {"longer", "more", "sign", "signs"}
)
"""What may stand between a denial and what it denies ("no one was …", "not any longer …")."""


@dataclass(frozen=True, slots=True)
class DangerWords:
    """The phrases of one business.

    A phrase is words that stand next to each other in a sentence, in upper or lower case. `smok*` is any
    word that begins so, and `...` stands for up to three other words.
    """

    phrases: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    """Phrases whose words tell of nothing ("smoke detector")."""

    def found_in(self, text: str) -> str | None:
        """The first of the phrases that the text says and does not deny, else `None`."""
        sentences = _sentences(text) if self.phrases else []
        said = {word for words in sentences for word in words}
        likely = [phrase for phrase in _compiled(self.phrases) if phrase.may_begin_in(said)]
        if likely:
            passed_over = [phrase for phrase in _compiled(self.harmless) if phrase.may_begin_in(said)]
            sentences = [_without(words, passed_over) for words in sentences]
        found = (phrase.text for phrase in likely if any(map(phrase.is_said_in, sentences)))
        return next(found, None)


NO_DANGER = DangerWords()
"""Whatever is said."""


def checked_phrase(text: str) -> str:
    """The phrase in lower case with single spaces. Raises `ValueError` for what no message could match."""
    words = _folded(text).split()
    wrong = [word for word in words if word != _GAP and not _PHRASE_WORD.fullmatch(word)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} in the phrase {text!r} is no word; write words, `word*` and `...`")
    if not words or _GAP in (words[0], words[-1]) or (_GAP, _GAP) in pairwise(words):
        raise ValueError(f"the phrase {text!r} must begin and end with a word, with one `...` between two")
    short = [word for word in words if word.endswith("*") and len(word) <= _FEWEST_BEFORE_STAR]
    if short:
        raise ValueError(
            f"{short[0]!r} in the phrase {text!r} fits too many words; write at least "
            f"{_FEWEST_BEFORE_STAR} letters before the *"
        )
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    runs: tuple[tuple[str, ...], ...]
    """Words next to each other, with a gap between two runs."""

    @classmethod
    def of(cls, text: str) -> "_Phrase":
        return cls(text, tuple(tuple(run.split()) for run in _folded(text).split(_GAP)))

    def may_begin_in(self, words: Set[str]) -> bool:
        """Whether its first word is one of these."""
        first = self.runs[0][0]
        return first in words or (first.endswith("*") and any(_fits(first, word) for word in words))

    def is_said_in(self, words: Sequence[str]) -> bool:
        """Whether the sentence says it somewhere without denying it."""
        return any(not _is_denied(words, start) for start, _ in self.places(words))

    def places(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Where in the sentence it begins and ends, for each place where it stands."""
        first = self.runs[0][0]
        for start in [place for place, word in enumerate(words) if _fits(first, word)]:
            end = self._end(words, start)
            if end is not None:
                yield start, end

    def _end(self, words: Sequence[str], start: int, run: int = 0) -> int | None:
        end = start + len(self.runs[run])
        if not _is_run(self.runs[run], words[start:end]):
            return None
        if run + 1 == len(self.runs):
            return end
        for after in range(end, end + _MOST_BETWEEN + 1):
            found = self._end(words, after, run + 1)
            if found is not None:
                return found
            if after < len(words) and words[after] in _DENIALS:
                return None
        return None


@lru_cache(maxsize=16)
def _compiled(phrases: tuple[str, ...]) -> tuple[_Phrase, ...]:
    return tuple(_Phrase.of(text) for text in phrases)


def _sentences(text: str) -> list[list[str]]:
    """The words of each sentence; a comma is one of them, as it ends a denial ("no, it is …")."""
    return [_WORD.findall(sentence) for sentence in _SENTENCE_END.split(_folded(text))]


def _folded(text: str) -> str:
    return text.casefold().replace("’", "'")


def _without(words: list[str], harmless: Sequence[_Phrase]) -> list[str]:
    """The sentence with empty words in place of those of harmless phrases."""
    places = {place for phrase in harmless for found in phrase.places(words) for place in range(*found)}
    return ["" if place in places else word for place, word in enumerate(words)]


def _is_run(run: Sequence[str], words: Sequence[str]) -> bool:
    return len(run) == len(words) and all(map(_fits, run, words))


def _fits(wanted: str, word: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def _is_denied(words: Sequence[str], start: int) -> bool:
    for word in reversed(words[:start]):
        if word in _DENIALS:
            return True
        if word not in _AFTER_DENIAL:
            return False
    return False
