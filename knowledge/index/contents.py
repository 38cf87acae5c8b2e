"""What a knowledge index holds at one moment, and how it is searched; leaves locking and encoding to it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from knowledge.index.dense import DenseIndex, Numbers
from knowledge.index.differences import difference
from knowledge.index.fusion import Scores, descending, fuse, fuse_answers, ranks
from knowledge.index.lexical import LexicalIndex, tokenise
from model.types import Candidate, Difference, Passage, Vector, Vectors
from model.understanding.spelling import Words, words_of

POOL_ANSWERS = 30
"""Answers taken from each list before they are compared: 20, 50 and 200 found the same on every set tried."""
NEIGHBOURS = 8
"""Passages that vote, the nearest ones."""
_SHARPNESS = 4
"""Power of the cosine that a passage votes with: the nearest say the most."""
_PASSAGES_PER_ANSWER = 4
_UNSEEN = -2.0
"""Below every cosine."""
_MAX_QUESTION_TERMS = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage made ready outside any lock."""

    passage: Passage
    vector: Vector
    terms: Counter[str]
    words: Counter[str]
    """As `word_counts` gives them."""


@dataclass(frozen=True, slots=True)
class _Pool:
    """The answers compared for one question, and what each has, in the same order."""

    numbers: Numbers
    dense: Scores
    whole: Scores
    votes: Scores
    lexical: Scores
    coverage: Scores


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The text that speaks for an answer, among the passages of it that are not hidden."""

    passage: Passage
    second_score: float
    """Second greatest cosine of all its passages."""
    passages: int
    """How many there are."""
    next_passage: Passage | None
    """The text that fits next best."""
    difference: Difference | None
    asks_for_withheld: bool


class Contents:
    """Passages with both indexes over them. Slots of removed passages are used again."""

    def __init__(self, dim: int) -> None:
        self._dense = DenseIndex(dim)
        self._lexical = LexicalIndex()
        self._words = Words()
        self._passages: dict[int, Passage] = {}
        self._slots: dict[str, list[int]] = {}
        self._answers: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._answer_of: NDArray[np.int64] = np.zeros(64, dtype=np.int64)
        self._sums: Vectors = np.zeros((64, dim), dtype=np.float32)
        self._free_slots: list[int] = []
        self._free_numbers: list[int] = []
        self._slot_of_text: dict[str, set[int]] = {}

    def __len__(self) -> int:
        """Number of passages."""
        return len(self._passages)

    def refs(self) -> frozenset[str]:
        """The answers held."""
        return frozenset(self._slots)

    def passages_of(self, ref: str) -> tuple[Passage, ...]:
        """Passages of the answer in the order they were put; empty when it is not held."""
        return tuple(self._passages[slot] for slot in self._slots.get(ref, ()))

    def passages(self) -> tuple[list[Passage], Vectors]:
        """All passages, by ref, with their vectors as rows."""
        slots = [slot for ref in sorted(self._slots) for slot in self._slots[ref]]
        return [self._passages[slot] for slot in slots], self._dense.vectors(slots)

    def known_vectors(self, texts: Iterable[str]) -> dict[str, Vector]:
        """Vectors of those texts that a passage held here was embedded from."""
        slots = {text: min(self._slot_of_text[text]) for text in texts if text in self._slot_of_text}
        return dict(zip(slots, self._dense.vectors(list(slots.values())), strict=True))

    def replace(self, entries_by_ref: Mapping[str, Sequence[Entry]]) -> None:
        """Puts the entries in place of all that each ref held; no entries removes it."""
        self._dense.remove([slot for ref in entries_by_ref for slot in self._slots.get(ref, ())])
        for ref in entries_by_ref:
            self._forget(ref)
        slots: list[int] = []
        vectors: list[Vector] = []
        for ref, entries in entries_by_ref.items():
            for entry in entries:
                slots.append(self._hold(ref, entry))
                vectors.append(entry.vector)
            if entries:
                self._sums[self._numbers[ref]] = np.sum([entry.vector for entry in entries], axis=0)
        self._dense.add(slots, np.asarray(vectors, dtype=np.float32))

    def search(
        self, text: str, vector: Vector, *, top_k: int, without_itself: bool = False
    ) -> list[Candidate]:
        """At most `top_k` candidates, one per ref, best first; ties by ref.

        `without_itself` passes over every passage that was embedded from this very text.
        """
        hidden = self._slot_of_text.get(text, set()) if without_itself else set[int]()
        if len(self._passages) == len(hidden) or top_k < 1:
            return []
        terms = list(dict.fromkeys(tokenise(text)))[:_MAX_QUESTION_TERMS]
        by_word = self._lexical.scores(terms)
        by_word[list(hidden)] = 0.0
        hits = np.flatnonzero(by_word)
        wanted = max(POOL_ANSWERS, top_k)
        dense, votes = self._nearest(vector, wanted, hidden)
        lexical = self._greatest(hits, by_word[hits], otherwise=0.0)
        found = set(_top(dense, wanted, above=_UNSEEN)) | set(_top(lexical, wanted, above=0.0))
        pool = np.asarray(sorted(found, key=self._answers.__getitem__), dtype=np.int64)
        self._complete(dense, pool, vector, hidden)
        compared = _Pool(
            numbers=pool,
            dense=dense[pool],
            whole=self._wholes(pool, vector, hidden),
            votes=votes[pool],
            lexical=lexical[pool],
            coverage=self._coverage(terms, hidden)[pool],
        )
        return self._candidates(compared, text, vector, by_word, hidden, top_k=top_k)

    def text_of(self, ref: str, text: str, vector: Vector) -> Candidate | None:
        """The answer as a candidate for the question, whatever else fits better; `None` when not held."""
        if ref not in self._numbers:
            return None
        terms = list(dict.fromkeys(tokenise(text)))[:_MAX_QUESTION_TERMS]
        number = self._numbers[ref]
        by_word = self._lexical.scores(terms)
        slots = np.asarray(self._slots[ref], dtype=np.int64)
        pool = np.asarray([number], dtype=np.int64)
        compared = _Pool(
            numbers=pool,
            dense=np.asarray([self._cosines(slots, vector).max()]),
            whole=self._wholes(pool, vector, set()),
            votes=np.zeros(1, dtype=np.float32),
            lexical=np.asarray([by_word[slots].max()]),
            coverage=self._coverage(terms, set())[pool],
        )
        return self._candidates(compared, text, vector, by_word, set(), top_k=1)[0]

    def has_word(self, word: str) -> bool:
        """Whether a passage holds the word, given in lower case."""
        return self._words.has_word(word)

    def words_like(self, word: str) -> Mapping[str, int]:
        """The passages' words that are spelt nearly so, with how often they occur."""
        return self._words.words_like(word)

    def _hold(self, ref: str, entry: Entry) -> int:
        if ref not in self._slots:
            number = self._free_numbers.pop() if self._free_numbers else len(self._answers)
            self._slots[ref], self._numbers[ref], self._answers[number] = [], number, ref
            if number >= len(self._sums):
                self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
        slot = self._free_slots.pop() if self._free_slots else len(self._passages)
        if slot >= len(self._answer_of):
            self._answer_of = np.concatenate([self._answer_of, np.zeros_like(self._answer_of)])
        self._answer_of[slot] = self._numbers[ref]
        self._passages[slot] = entry.passage
        self._slots[ref].append(slot)
        self._slot_of_text.setdefault(entry.passage.search_text, set()).add(slot)
        self._lexical.add(slot, entry.terms)
        self._words.add(entry.words)
        return slot

    def _forget(self, ref: str) -> None:
        """Drops everything about the answer but its vectors."""
        for slot in self._slots.pop(ref, ()):
            passage = self._passages.pop(slot)
            text = passage.search_text
            self._words.remove(word_counts(passage))
            self._slot_of_text[text].discard(slot)
            if not self._slot_of_text[text]:
                del self._slot_of_text[text]
            self._lexical.remove(slot)
            self._free_slots.append(slot)
        number = self._numbers.pop(ref, None)
        if number is not None:
            del self._answers[number]
            self._free_numbers.append(number)

    def _nearest(self, vector: Vector, wanted: int, hidden: Set[int]) -> tuple[Scores, Scores]:
        """Greatest cosine by answer for at least the `wanted` nearest answers, and each one's votes."""
        top_k = wanted * _PASSAGES_PER_ANSWER + len(hidden)
        while True:
            cosines, slots = self._dense.nearest(vector, top_k=top_k)
            if hidden:
                seen = ~np.isin(slots, list(hidden))
                cosines, slots = cosines[seen], slots[seen]
            greatest = self._greatest(slots, cosines, otherwise=_UNSEEN)
            enough = np.count_nonzero(greatest > _UNSEEN) >= min(wanted, len(self._answers))
            if enough or top_k >= len(self._passages):
                return greatest, self._votes(slots[:NEIGHBOURS], cosines[:NEIGHBOURS])
            top_k *= 4  # few answers, such as one with many phrasings, hold all the near passages

    def _votes(self, slots: Numbers, cosines: Scores) -> Scores:
        """Share of the passages' votes by answer number, adding up to 1; zeros where none is near."""
        votes = np.zeros(len(self._answers) + len(self._free_numbers), dtype=np.float32)
        np.add.at(votes, self._answer_of[slots], np.maximum(cosines, 0.0) ** _SHARPNESS)
        total = votes.sum()
        return votes / total if total else votes

    def _greatest(self, slots: Numbers, scores: Scores, *, otherwise: float) -> Scores:
        """The greatest of the passages' scores by answer number."""
        greatest = np.full(len(self._answers) + len(self._free_numbers), otherwise, dtype=np.float32)
        np.maximum.at(greatest, self._answer_of[slots], scores)
        return greatest

    def _complete(self, dense: Scores, pool: Numbers, vector: Vector, hidden: Set[int]) -> None:
        """Fills in the cosine of answers that only their words brought into the pool."""
        unseen = pool[dense[pool] == _UNSEEN].tolist()
        slots = np.asarray([s for number in unseen for s in self._shown(number, hidden)], dtype=np.int64)
        np.maximum.at(dense, self._answer_of[slots], self._cosines(slots, vector))

    def _cosines(self, slots: Numbers, vector: Vector) -> Scores:
        # einsum stays on this thread; a matrix product would wake BLAS threads for a few hundred rows
        cosines: Scores = np.einsum("ij,j->i", self._dense.vectors(slots), vector.astype(np.float32))
        return cosines

    def _wholes(self, pool: Numbers, vector: Vector, hidden: Set[int]) -> Scores:
        """Cosine to the mean of all vectors of each of the pool's answers; 0 where they cancel out."""
        sums = self._sums[pool]
        for slot in hidden:
            sums[pool == self._answer_of[slot]] -= self._dense.vectors([slot])[0]
        lengths = np.maximum(np.linalg.norm(sums, axis=1), np.float32(1e-9))
        wholes: Scores = np.einsum("ij,j->i", sums, vector.astype(np.float32)) / lengths
        return wholes

    def _shown(self, number: int, hidden: Set[int]) -> list[int]:
        """Slots of the answer, without the hidden ones."""
        return [slot for slot in self._slots[self._answers[number]] if slot not in hidden]

    def _coverage(self, terms: Sequence[str], hidden: Set[int]) -> Scores:
        """Share of the terms' rarity that each answer holds, by answer number."""
        covered = np.zeros(len(self._answers) + len(self._free_numbers), dtype=np.float32)
        total = 0.0
        for term in terms:
            rarity = self._lexical.rarity(term)
            total += rarity
            holds = np.zeros(len(covered), dtype=bool)
            holders = self._lexical.holders(term)
            shown = holders[~np.isin(holders, list(hidden))] if hidden else holders
            holds[self._answer_of[shown]] = True
            covered[holds] += rarity
        return np.minimum(covered / np.float32(total), np.float32(1.0)) if total else covered

    def _candidates(
        self, pool: _Pool, text: str, vector: Vector, by_word: Scores, hidden: Set[int], *, top_k: int
    ) -> list[Candidate]:
        """Candidates of the pool's `top_k` greatest fused scores."""
        fused = fuse_answers(pool.dense, pool.whole, pool.lexical, pool.coverage)
        dense_ranks, lexical_ranks = ranks(pool.dense), ranks(pool.lexical)
        places: list[int] = descending(fused)[:top_k].tolist()
        groups = [self._shown(number, hidden) for number in pool.numbers[places].tolist()]
        spoken = self._spoken(groups, text, vector, by_word)
        return [
            Candidate(
                passage=found.passage,
                dense_score=float(pool.dense[place]),
                second_score=found.second_score,
                lexical_score=float(pool.lexical[place]),
                fused_score=float(fused[place]),
                coverage=float(pool.coverage[place]),
                dense_rank=int(dense_ranks[place]),
                lexical_rank=int(lexical_ranks[place]) if pool.lexical[place] > 0 else len(fused) + 1,
                whole_score=float(pool.whole[place]),
                vote=float(pool.votes[place]),
                passages=found.passages,
                next_passage=found.next_passage,
                difference=found.difference,
                asks_for_withheld=found.asks_for_withheld,
            )
            for place, found in zip(places, spoken, strict=True)
        ]

    def _spoken(
        self, groups: Sequence[list[int]], text: str, vector: Vector, by_word: Scores
    ) -> Iterator[_Spoken]:
        """Of each answer's slots the text that fits best, and the next best; the first of equals.

        Passages that say nothing speak only for an answer that has no others. An answer of one passage has
        its only cosine twice.
        """
        slots = np.asarray([slot for group in groups for slot in group], dtype=np.int64)
        cosines = self._cosines(slots, vector)
        fitting = np.round(fuse(cosines, by_word[slots]).astype(np.float64), 6)
        rarity = cache(self._lexical.relative_rarity)
        begin = 0
        for group in groups:
            own = slice(begin, begin + len(group))
            begin += len(group)
            second = float(np.sort(cosines[own])[-min(2, len(group))])
            texts = [place for place, slot in enumerate(group) if self._passages[slot].text]
            order = sorted(texts or range(len(group)), key=lambda place, fits=fitting[own]: -fits[place])
            best, *others = (self._passages[group[place]] for place in order)
            other = next((passage for passage in others if passage.text != best.text), None)
            phrasings = [self._passages[slot] for slot in group]
            differs = difference(text, best, phrasings, rarity)
            withheld = " ".join(passage.withheld for passage in phrasings if passage.withheld)
            asks = bool(withheld) and _asks_for(text, withheld, (best, other))
            yield _Spoken(best, second, len(group), other, differs, asks)


def _asks_for(question: str, withheld: str, shown: Iterable[Passage | None]) -> bool:
    """Whether a word of the question stands in what is withheld, and in nothing that is shown."""
    said = {term for passage in shown if passage for term in tokenise(_all_said(passage))}
    return bool((set(tokenise(question)) & set(tokenise(withheld))) - said)


def _all_said(passage: Passage) -> str:
    return "\n".join((passage.title, *passage.heading_path, passage.text))


def word_counts(passage: Passage) -> Counter[str]:
    """How often each word occurs in what the passage is found by, and in a learned answer's text."""
    said = passage.text if passage.kind == "learned_answer" else ""
    return Counter(words_of(f"{passage.search_text}\n{said}"))


def _top(scores: Scores, wanted: int, *, above: float) -> list[int]:
    """Positions of the `wanted` greatest scores above a bound, in no order; ties may fall either way."""
    found = np.flatnonzero(scores > above)
    if len(found) > wanted:
        found = found[np.argpartition(-scores[found], wanted)[:wanted]]
    positions: list[int] = found.tolist()
    return positions
