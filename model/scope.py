"""Tells how unlike the training texts a message is; does not decide what follows from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.types import Vectors

NEIGHBOURS = 5


@dataclass(frozen=True, slots=True, eq=False)
class ScopeDetector:
    """Out-of-scope score by distance to the nearest training texts (Sun et al. 2022, deep kNN)."""

    vectors: Vectors
    """Unit vectors of the in-scope training texts, shape `(n_texts, dim)`."""

    def score(self, vectors: Vectors) -> NDArray[np.float64]:
        """1 - mean cosine to the 5 nearest training texts, clipped to [0, 1]; shape `(n_texts,)`.

        With fewer training texts all of them are used; with none every score is 1.
        """
        if not len(self.vectors):
            return np.ones(len(vectors))
        return out_of_scope_scores(vectors @ self.vectors.T)


def out_of_scope_scores(similarities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores from cosines to the training texts, shape `(n_texts, n_training_texts)`."""
    kept = min(NEIGHBOURS, similarities.shape[1])
    nearest = np.partition(similarities, -kept, axis=1)[:, -kept:]
    scores: NDArray[np.float64] = np.clip(1.0 - nearest.mean(axis=1, dtype=np.float64), 0.0, 1.0)
    return scores
