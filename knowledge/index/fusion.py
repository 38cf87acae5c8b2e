"""One order of answers out of meaning and words; pure arithmetic on scores."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

LEXICAL_WEIGHT = 0.3
"""What a perfect word match adds to a cosine."""
LEXICAL_HALF = 8.0
"""BM25 at which half of that is added."""
COVERAGE_WEIGHT = 0.1
"""What an answer gains that holds every word of the question."""

# Chosen on questions that report nothing (figures and alternatives in decision record 0003). The sums
# are flat around these round figures: weights of 0.2 to 0.4, halves of 5 to 20, coverage of 0.05 to 0.15.


def fuse(cosines: Scores, lexical: Scores) -> Scores:
    """How well passages fit a question: `cosine + 0.3 * bm25 / (bm25 + 8)` element by element.

    BM25 has no upper end and grows with the question's length; saturation keeps it beside a cosine
    without needing the other candidates, so a score does not move when an unrelated answer is added.
    """
    fused: Scores = cosines + np.float32(LEXICAL_WEIGHT) * lexical / (lexical + LEXICAL_HALF)
    return fused


def fuse_answers(nearest: Scores, whole: Scores, lexical: Scores, coverage: Scores) -> Scores:
    """How well answers of several passages fit a question: `fuse(meaning, bm25) + 0.1 * coverage`.

    Meaning is `s * nearest + (1 - s) * whole`, with `s` the square of the nearest passage's cosine (0 below
    0): the nearer a single passage, the more it speaks for itself, and one that repeats the question counts
    alone. Otherwise the answer as a whole steadies it: one passage is near by chance, all of them rarely.

    `nearest` and `lexical` are the greatest over an answer's passages, `whole` is the cosine to the mean of
    their vectors, `coverage` the share of the question's words that they hold, weighted by rarity. For an
    answer of one passage meaning is its cosine.
    """
    closeness: Scores = np.maximum(nearest, np.float32(0.0)) ** 2
    meaning: Scores = closeness * nearest + (np.float32(1.0) - closeness) * whole
    return fuse(meaning, lexical) + np.float32(COVERAGE_WEIGHT) * coverage


def descending(scores: Scores) -> NDArray[np.int64]:
    """Positions from the greatest score to the least; scores equal to six decimals keep their order."""
    order: NDArray[np.int64] = np.argsort(-np.round(scores.astype(np.float64), 6), kind="stable")
    return order


def ranks(scores: Scores) -> NDArray[np.int64]:
    """Rank of each score, 1 for the greatest; ties in the order given."""
    found = np.empty(len(scores), dtype=np.int64)
    found[descending(scores)] = np.arange(1, len(scores) + 1)
    return found
