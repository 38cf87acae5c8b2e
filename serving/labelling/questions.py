"""Customers' questions as one model set reads them: vectors and numbers, no texts; it reads no store."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.types import Vectors
from model.understanding.classifying import IntentsRead
from serving.labelling.ranking import most_gains
from serving.text import folded

GUESSES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of each question, row by row."""

    vectors: Vectors
    errors: NDArray[np.float32]
    """1 - the probability of the likeliest intent; 1 where no intents are trained."""
    guesses: NDArray[np.intp]
    """Places of the likeliest labels, the likeliest first, `(n_rows, n_guesses)`."""
    probabilities: NDArray[np.float32]
    """Of the guesses."""
    out_of_scope: NDArray[np.bool_]
    most: NDArray[np.float32]
    """The gain of each with nothing labelled: see `ranking.most_gains`."""

    @classmethod
    def none(cls) -> "Rows":
        """No rows."""
        nothing = np.zeros(0, np.float32)
        table = np.zeros((0, 0), np.float32)
        return cls(table, nothing, table.astype(np.intp), table, nothing.astype(np.bool_), nothing)

    @classmethod
    def of(cls, read: IntentsRead) -> "Rows":
        """The rows of texts just read; what they gain is not known yet."""
        places = np.argsort(-read.probabilities, axis=1, kind="stable")[:, :GUESSES]
        probabilities = np.take_along_axis(read.probabilities, places, axis=1).astype(np.float32)
        errors = 1 - probabilities[:, 0] if probabilities.shape[1] else np.ones(len(places), np.float32)
        nothing = np.zeros(len(places), np.float32)
        return cls(read.vectors, errors, places, probabilities, read.out_of_scope, nothing)

    def at(self, places: Sequence[int] | NDArray[np.intp]) -> "Rows":
        """The rows at these places."""
        return Rows(*(column[places] for column in self._columns()))

    def beside(self, more: "Rows") -> "Rows":
        """These rows, then the others."""
        if not len(self.errors):
            return more
        pairs = zip(self._columns(), more._columns(), strict=True)
        return Rows(*(np.concatenate(pair) for pair in pairs))

    def _columns(self) -> Iterator[NDArray[Any]]:  # each of its own kind
        yield from (self.vectors, self.errors, self.guesses)
        yield from (self.probabilities, self.out_of_scope, self.most)


@dataclass(frozen=True, slots=True, eq=False)
class ReadQuestions:
    """Different questions, the one first asked longest ago first; never changed, only exchanged."""

    model: str | None = None
    """Version of the set that read them."""
    labels: tuple[str, ...] = ()
    ids: tuple[tuple[int, ...], ...] = ()
    """Of each row the decisions on it, oldest first."""
    words: tuple[bytes, ...] = ()
    """A digest of each row's words, case and spaces apart."""
    rows: Rows = field(default_factory=Rows.none)
    newest: int = 0
    """The greatest decision id."""

    @property
    def oldest(self) -> int:
        """The least decision id; 0 without questions."""
        return min((own[0] for own in self.ids), default=0)

    @property
    def asked(self) -> NDArray[np.float32]:
        """How often each was asked."""
        return np.array([len(own) for own in self.ids], np.float32)

    def are_labelled(self, labelled: Set[int]) -> NDArray[np.bool_]:
        """Of each row whether one of its decisions is labelled."""
        return np.array([not labelled.isdisjoint(own) for own in self.ids], np.bool_)

    def with_more(
        self, asked: Sequence[tuple[int, str]], new: Rows, labels: tuple[str, ...]
    ) -> "ReadQuestions":
        """These and newer ones, each a decision's id and text with its row of `new`.

        One in words that are there already counts for their row.
        """
        row_of = {words: row for row, words in enumerate(self.words)}
        ids = [list(own) for own in self.ids]
        fresh: list[int] = []
        for place, (decision_id, text) in enumerate(asked):
            row = row_of.setdefault(_digest(text), len(ids))
            if row == len(ids):
                ids.append([])
                fresh.append(place)
            ids[row].append(decision_id)
        grown = replace(
            self,
            labels=labels,
            ids=tuple(map(tuple, ids)),
            words=tuple(row_of),
            rows=self.rows.beside(new.at(np.array(fresh, np.intp))),
            newest=max(decision_id for decision_id, _ in asked),
        )
        return grown._gaining(self)

    def newest_only(self, most_questions: int) -> "ReadQuestions":
        """The rows last asked that hold at least so many questions, or all that there are."""
        if int(self.asked.sum()) <= most_questions:
            return self
        latest = np.argsort([-own[-1] for own in self.ids], kind="stable")
        enough = int(np.searchsorted(np.cumsum(self.asked[latest]), most_questions)) + 1
        kept = np.sort(latest[:enough])
        smaller = replace(
            self,
            ids=tuple(self.ids[row] for row in kept),
            words=tuple(self.words[row] for row in kept),
            rows=replace(self.rows.at(kept), most=np.zeros(len(kept), np.float32)),
        )
        return smaller._gaining(ReadQuestions())

    def named_guesses(self, row: int) -> Mapping[str, float]:
        """The likeliest intents of a row with their probabilities, the likeliest first."""
        pairs = zip(self.rows.guesses[row], self.rows.probabilities[row], strict=True)
        return {self.labels[place]: float(probability) for place, probability in pairs}

    def _gaining(self, before: "ReadQuestions") -> "ReadQuestions":
        """With the gains of its first rows, which were those `before`, and its others, brought up to date."""
        rows, old = self.rows, len(before.ids)
        weights = self.asked * rows.errors
        added = weights.copy()
        added[:old] -= before.asked * rows.errors[:old]
        changed = np.flatnonzero(added)
        most = rows.most.copy()
        most[:old] += most_gains(rows.vectors[changed], added[changed], rows.vectors[:old])
        most[old:] = most_gains(rows.vectors, weights, rows.vectors[old:])
        return replace(self, rows=replace(rows, most=most))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(folded(text).encode("utf-8", "replace"), digest_size=16).digest()
