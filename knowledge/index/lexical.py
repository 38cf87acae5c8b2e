"""Word matching by BM25 over an inverted index that changes in place; keeps no text of its own."""

import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import Stemmer
from numpy.typing import NDArray

# Letters and digits with their combining marks, which `\w` leaves out for Arabic, Indic scripts and Thai.
_MARKS = r"\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|(?:[^\W_{_UNSPACED}]|[{_MARKS}])+(?:['’][^\W_{_UNSPACED}]+)*")
_LATIN_MARKS = re.compile(r"[\u0300-\u036f]")
_LONGEST_WORD = 64
"""Longer words are cut: nobody types them twice, and a stemmer need not see them."""

_STOP_WORDS = """
    a an the this that these those i me my mine we us our you your yours he him his she her it its they
    them their am is are was were be been being do does did have has had will would shall should can could
    may might must to of in on at by for from with as and or if so than then there here how what when where
    which who whom whose why im ive id ill its youre dont doesnt didnt cant please
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words too common to tell one answer from another; "not", "no" and "without" do tell."""


def tokenise(text: str) -> list[str]:
    """Stems of the text's words in order, lower case, without accents and stop words.

    Scripts written without spaces (Chinese, Japanese, Thai …) give overlapping pairs of characters.
    """
    return [term for word in _words(text) for term in _terms(word)]


def count_terms(text: str) -> Counter[str]:
    """How often each term occurs in the text."""
    return Counter(tokenise(text))


class LexicalIndex:
    """BM25 over texts known by small integers; many may read it at once, who writes does so alone.

    `KnowledgeIndex` sees to that.

    Robertson & Zaragoza 2009, with the inverse document frequency of Lucene, `log(1 + (N - n + .5) /
    (n + .5))`, which is never negative. N and n change with every add and remove, so that scores always
    equal those of a fresh index over the same texts.
    """

    def __init__(self, *, k1: float = 1.2, b: float = 0.75) -> None:
        self._k1 = k1
        self._b = b
        self._postings: dict[str, dict[int, int]] = {}
        self._arrays: dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]] = {}
        self._making_arrays = threading.Lock()
        self._terms: dict[int, Counter[str]] = {}
        self._lengths: NDArray[np.float32] = np.zeros(64, dtype=np.float32)
        self._total_length = 0

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._terms)

    def add(self, number: int, terms: Counter[str]) -> None:
        """Indexes a text by its counted terms under `number`, which must be free."""
        self._terms[number] = terms
        for term, frequency in terms.items():
            self._postings.setdefault(term, {})[number] = frequency
            self._arrays.pop(term, None)
        if number >= len(self._lengths):
            self._lengths = np.concatenate([self._lengths, np.zeros(number + 1, dtype=np.float32)])
        length = terms.total()
        self._lengths[number] = length
        self._total_length += length

    def remove(self, number: int) -> None:
        """Forgets the text known by `number`."""
        terms = self._terms.pop(number)
        for term in terms:
            posting = self._postings[term]
            del posting[number]
            self._arrays.pop(term, None)
            if not posting:
                del self._postings[term]
        self._total_length -= terms.total()
        self._lengths[number] = 0.0

    def scores(self, terms: Iterable[str]) -> NDArray[np.float32]:
        """BM25 of every text for the distinct terms, indexed by number; 0 where no term occurs."""
        scores = np.zeros(len(self._lengths), dtype=np.float32)
        average = max(1.0, self._total_length / max(1, len(self._terms)))
        for term in sorted(set(terms)):
            if term in self._postings:
                numbers, frequencies = self._posting(term)
                norm = self._k1 * (1 - self._b + self._b * self._lengths[numbers] / average)
                scores[numbers] += self.rarity(term) * frequencies * (self._k1 + 1) / (frequencies + norm)
        return scores

    def rarity(self, term: str) -> float:
        """Inverse document frequency of the term, greater for rarer ones, above 0."""
        found = len(self._postings.get(term, ()))
        return math.log1p((len(self._terms) - found + 0.5) / (found + 0.5))

    def relative_rarity(self, term: str) -> float:
        """Rarity of the term as a share of that of one that occurs nowhere, in (0, 1]."""
        return self.rarity(term) / self.rarity("")

    def holders(self, term: str) -> NDArray[np.int64]:
        """Numbers of the texts that hold the term, in no particular order."""
        return self._posting(term)[0] if term in self._postings else np.zeros(0, dtype=np.int64)

    def _posting(self, term: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers and frequencies of a term as arrays, made when first asked for after a change."""
        with self._making_arrays:
            arrays = self._arrays.get(term)
            if arrays is None:
                posting = self._postings[term]
                numbers = np.fromiter(posting.keys(), dtype=np.int64, count=len(posting))
                frequencies = np.fromiter(posting.values(), dtype=np.float32, count=len(posting))
                arrays = self._arrays[term] = (numbers, frequencies)
            return arrays


def _words(text: str) -> Sequence[str]:
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = unicodedata.normalize("NFC", _LATIN_MARKS.sub("", decomposed))
    words: list[str] = _TOKEN.findall(text.casefold())
    return words


@lru_cache(maxsize=65_536)
def _terms(word: str) -> tuple[str, ...]:
    word = word.removesuffix("'s").removesuffix("’s").replace("'", "").replace("’", "")
    if not word or word in STOP_WORDS:
        return ()
    if not word.isascii() and re.match(rf"[{_UNSPACED}]", word):
        pairs = tuple(word[i : i + 2] for i in range(min(len(word), _LONGEST_WORD * 16) - 1))
        return pairs or (word,)
    return (_stemmer().stemWord(word[:_LONGEST_WORD]),)


_local = threading.local()


def _stemmer() -> Stemmer.Stemmer:
    """One stemmer a thread: they keep state between words."""
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer("english")
    return _local.stemmer
