"""Out-of-scope scores of whole data sets, and honest ones of the training texts; decides no threshold."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.heads import LinearHead
from model.scope import NEIGHBOURS, ScopeDetector, guided_scores, neighbour_distances
from model.types import Reading, Vectors

_BATCH = 1024
"""Texts compared at once with all training texts: 60 MB of cosines for 15,000 of them."""
_ITSELF = -2.0
"""Below every cosine."""
_FOLDS = 5
_LEAST_FITTED = 2
"""Texts a label needs to be fitted."""

Scores = NDArray[np.float64]


class FitHead(Protocol):
    """Fits a head whose probabilities are calibrated."""

    def __call__(self, inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> LinearHead:
        """A head on `inputs`, shape `(n_texts, n_inputs)`; the same seed gives the same head."""
        ...


def distances(vectors: Vectors, known: Vectors) -> Scores:
    """Out-of-scope score of each text by its nearest training texts, `(n_texts,)`, in [0, 1]."""
    scope = ScopeDetector(known)
    starts = range(0, len(vectors), _BATCH)
    return np.concatenate([np.empty(0), *(scope.distance(vectors[i : i + _BATCH]) for i in starts)])


def training_distances(known: Vectors) -> Scores:
    """The same of each training text by the others, itself left out; 1 for a text without others."""
    if len(known) < 2:
        return np.ones(len(known))
    scores = []
    for start in range(0, len(known), _BATCH):
        similarities = known[start : start + _BATCH] @ known.T
        rows = np.arange(len(similarities))
        similarities[rows, start + rows] = _ITSELF
        if len(known) <= NEIGHBOURS:  # all are neighbours: the text itself has to go
            similarities = np.sort(similarities, axis=1)[:, 1:]
        scores.append(neighbour_distances(similarities))
    return np.concatenate(scores)


def guided(by_distance: Scores, head: LinearHead, features: NDArray[np.float32]) -> Scores:
    """The bot's own out-of-scope score of each text, `(n_texts,)`, from its distance."""
    return guided_scores(by_distance, strongest(head, features))


def strongest(head: LinearHead, features: NDArray[np.float32]) -> Scores:
    """The head's greatest score of each text, `(n_texts,)`, before softmax and temperature."""
    scores: Scores = head.scores(features).max(axis=1)
    return scores


def held_out_guided(known: Reading, labels: Sequence[str], fit_head: FitHead, *, seed: int) -> Scores:
    """Guided scores of a fifth of the training texts, by a head fitted on the rest.

    The fifth is drawn by label: of fewer than ten texts one, of fewer than three none, so that two are
    left to fit on. Empty when no label has three.
    """
    held_out = _a_fifth_of_each(labels, np.random.default_rng(seed))
    if not held_out.any():
        return np.empty(0)
    rest = ~held_out
    kept = [label for label, keep in zip(labels, rest, strict=True) if keep]
    head = fit_head(known.features[rest], kept, seed=seed)
    return guided(training_distances(known.vectors)[held_out], head, known.features[held_out])


def _a_fifth_of_each(labels: Sequence[str], rng: np.random.Generator) -> NDArray[np.bool_]:
    chosen = np.zeros(len(labels), dtype=bool)
    names = np.asarray(labels, dtype=str)
    for label in np.unique(names):
        places = np.flatnonzero(names == label)
        count = max(1, len(places) // _FOLDS) if len(places) > _LEAST_FITTED else 0
        chosen[rng.permutation(places)[:count]] = True
    return chosen
