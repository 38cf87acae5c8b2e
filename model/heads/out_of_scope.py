"""Tells how unlike the training texts a message is; does not decide what follows from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.types import Vectors

NEIGHBOURS = 5


@dataclass(frozen=True, slots=True, eq=False)
class ScopeDetector:
    """Out-of-scope score by the nearest training texts, guided by the intent head."""

    vectors: Vectors
    """Unit vectors of the in-scope training texts, shape `(n_texts, dim)`."""

    def distance(self, vectors: Vectors) -> NDArray[np.float64]:
        """1 - mean cosine to the 5 nearest training texts (Sun et al. 2022), in [0, 1]; `(n_texts,)`.

        With fewer training texts all of them are used; with none every distance is 1.
        """
        if not len(self.vectors):
            return np.ones(len(vectors))
        return neighbour_distances(vectors @ self.vectors.T)

    def score(self, vectors: Vectors, clear: NDArray[np.float64]) -> NDArray[np.float64]:
        """Out-of-scope score in (0, 1], shape `(n_texts,)`; greater is stranger.

        `clear` says how clearly the intent head points to one label; see `clearness`, `guided_scores`.
        """
        return guided_scores(self.distance(vectors), clear)


def neighbour_distances(
    similarities: NDArray[np.float32], *, neighbours: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """Distances from cosines to the training texts, shape `(n_texts, n_training_texts)`."""
    count = min(neighbours, similarities.shape[1])
    nearest = np.partition(similarities, -count, axis=1)[:, -count:]
    distances: NDArray[np.float64] = np.clip(1.0 - nearest.mean(axis=1, dtype=np.float64), 0.0, 1.0)
    return distances


def clearness(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The head's greatest score and half its lead over the second, `(n_texts,)`, of `(n_texts, n_labels)`.

    Scores are taken before softmax and temperature, so that the order of texts does not depend on how
    sure the head was made. The lead notices texts between two labels.
    """
    two = np.partition(scores, -2, axis=1)[:, -2:]
    clear: NDArray[np.float64] = two[:, 1] + (two[:, 1] - two[:, 0]) / 2
    return clear


def guided_scores(distances: NDArray[np.float64], clear: NDArray[np.float64]) -> NDArray[np.float64]:
    """`1 / (1 + mean cosine to the nearest texts * clearness of the head)`, in (0, 1].

    Nearest neighbour guidance (Park et al. 2023) without its weights: a text is familiar when it lies
    near known ones *and* points clearly to one label. Compared with others in decision record 0016.
    """
    scores: NDArray[np.float64] = 1 / (1 + (1 - distances) * np.maximum(clear, 0))
    return scores
