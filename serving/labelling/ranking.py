"""Orders unlabelled questions by what labelling them is expected to gain; knows no texts and no store.

The gain of labelling question `x` beside those chosen or labelled already is the number of questions that the
bot is expected to read wrongly and that `x` speaks for better than any of them:

    gain(x) = sum over u of asked(u) * (1 - p(u)) * max(0, k(x, u) - max over chosen s of k(s, u))

`p(u)` is the calibrated probability of the likeliest intent, so that `1 - p(u)` is the chance of an error
(least confidence: Settles 2009, "Active Learning Literature Survey", 2.1 and 5.5), `asked(u)` how often the
question was asked (his information density, 5.6), and `k` the likeness `likenesses`. It is a weighted
facility location, which has diminishing returns: the greedy order gains at least 63 % of what the best set of
the same size does (Nemhauser, Wolsey and Fisher 1978; for active learning Wei, Iyer and Bilmes 2015).
Decision record 0033 has what it gains and what else was tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.types import Vectors

ALIKE_ABOVE = 0.6
"""Cosine from which a question says anything about another; from .3 to .7 gained the same within noise."""
_ROWS_AT_ONCE = 512
"""Rows of likenesses in memory at a time: 20 MB beside 10,000 questions."""
_TRIED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Choice:
    """A question to label."""

    row: int
    gain: float
    """Questions that the bot is expected to read wrongly and that it speaks for, beside those before it."""


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Questions to label, the one with the greatest gain first."""

    chosen: tuple[Choice, ...]
    spoken_for: NDArray[np.intp]
    """Of each row the place among `chosen` that speaks for it best; -1 for none, or one labelled before."""


def likenesses(some: Vectors, others: Vectors) -> NDArray[np.float32]:
    """How far labelling the one tells of the other, in [0, 1], shape `(n_some, n_others)`.

    1 at the same vector, falling linearly with the cosine to 0 at `ALIKE_ABOVE`.
    """
    cosines = some @ others.T
    alike: NDArray[np.float32] = np.clip((cosines - ALIKE_ABOVE) / (1 - ALIKE_ABOVE), 0, 1)
    return alike


def spoken_for(vectors: Vectors, labelled: Vectors) -> NDArray[np.float32]:
    """The likeness of each row of `vectors` to the nearest labelled one, in [0, 1]; 0 without any."""
    nearest = np.zeros(len(vectors), np.float32)
    for begin in range(0, len(labelled), _ROWS_AT_ONCE):
        alike = likenesses(labelled[begin : begin + _ROWS_AT_ONCE], vectors)
        np.maximum(nearest, alike.max(axis=0), out=nearest)
    return nearest


def most_gains(vectors: Vectors, weights: NDArray[np.float32], others: Vectors) -> NDArray[np.float32]:
    """The gain of each row of `others` with nothing chosen yet; no later gain of it is greater.

    `weights` are those of the rows of `vectors`, at least 0: the gains of several parts add up.
    """
    gains = np.zeros(len(others), np.float32)
    for begin in range(0, len(vectors), _ROWS_AT_ONCE):
        part = slice(begin, begin + _ROWS_AT_ONCE)
        gains += weights[part] @ likenesses(vectors[part], others)
    return gains


def choose(
    vectors: Vectors,
    weights: NDArray[np.float32],
    *,
    most: NDArray[np.float32],
    known: NDArray[np.float32],
    n: int,
) -> Choices:
    """At most `n` rows to label, in greedy order; fewer when no further one gains anything.

    `weights`, `(n_rows,)`, are `asked * (1 - p)`, `most` at least the gain of each row with nothing chosen
    (`most_gains`; 0 keeps a row from being chosen), `known` is how far what is labelled speaks for each row
    (`spoken_for`). Gains only fall as more is chosen, so a gain of before is a bound on that of now, and
    few must be computed again (Minoux 1978). Ties go to the lower row.
    """
    bounds = most.astype(np.float64)
    best = known.copy()
    owner = np.full(len(vectors), -1)
    chosen: list[Choice] = []
    while len(chosen) < n:
        row = _greatest(vectors, weights, best, bounds)
        if row is None:
            break
        chosen.append(Choice(row, float(bounds[row])))
        bounds[row] = 0.0
        alike = likenesses(vectors[row : row + 1], vectors)[0]
        owner[alike > best] = len(chosen) - 1
        np.maximum(best, alike, out=best)
    return Choices(tuple(chosen), owner)


def _greatest(
    vectors: Vectors, weights: NDArray[np.float32], best: NDArray[np.float32], bounds: NDArray[np.float64]
) -> int | None:
    """The row that gains most now, its exact gain left in `bounds`; `None` when none gains anything."""
    is_exact = np.zeros(len(bounds), np.bool_)
    while len(bounds):
        row = int(bounds.argmax())
        if bounds[row] <= 0:
            return None
        if is_exact[row]:
            return row
        rows = _likeliest(np.where(is_exact, 0.0, bounds))
        gained = np.maximum(likenesses(vectors[rows], vectors) - best, 0) @ weights
        bounds[rows], is_exact[rows] = np.minimum(gained, bounds[rows]), True
    return None


def _likeliest(bounds: NDArray[np.float64]) -> NDArray[np.intp]:
    if len(bounds) <= _TRIED_AT_ONCE:
        return np.flatnonzero(bounds > 0)
    rows = np.argpartition(bounds, -_TRIED_AT_ONCE)[-_TRIED_AT_ONCE:]
    return rows[bounds[rows] > 0]


def nearly_same(vectors: Vectors, row: int, candidates: NDArray[np.bool_], *, above: float) -> Sequence[int]:
    """The other candidates with a cosine of at least `above` to the row, the nearest first."""
    cosines = vectors @ vectors[row]
    rows = np.flatnonzero(candidates & (cosines >= above))
    nearest = rows[np.argsort(-cosines[rows], kind="stable")]
    return [int(other) for other in nearest if other != row]
