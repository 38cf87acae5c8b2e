"""Out-of-scope scores of whole data sets, and honest ones of the training texts; decides no threshold."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from model.heads.head import LinearHead
from model.heads.out_of_scope import NEIGHBOURS, clearness, guided_scores, neighbour_distances
from model.types import Reading, Vectors

PRODUCT = "guided_by_lead"
"""The score that the bot uses, among `all_scores`."""

_BATCH = 1024
"""Texts compared at once with all training texts: 60 MB of cosines for 15,000 of them."""
_ITSELF = -2.0
"""Below every cosine."""
_FOLDS = 5
_LEAST_FITTED = 2
"""Texts a label needs to be fitted."""
_COUNTS = (1, NEIGHBOURS, 10)
_SHARPNESS = 20.0
"""Of the density's kernel: with cosines .1 apart the nearer text counts for 7 times the other."""
_SHRINKAGE = 0.3
"""Share of the covariance that is spread evenly; .1 was a little worse on both validation sets."""

Scores = NDArray[np.float64]


class FitHead(Protocol):
    """Fits a head whose probabilities are calibrated."""

    def __call__(self, inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> LinearHead:
        """A head on `inputs`, shape `(n_texts, n_inputs)`; the same seed gives the same head."""
        ...


class FitIntents(Protocol):
    """Fits the head of intents, which may learn from texts that nobody labelled too."""

    def __call__(
        self,
        inputs: NDArray[np.float32],
        labels: Sequence[str],
        *,
        seed: int,
        unlabelled: NDArray[np.float32] | None = None,
    ) -> LinearHead:
        """As `FitHead`; `unlabelled` has shape `(n_unlabelled, n_inputs)`."""
        ...


def training_distances(known: Vectors) -> Scores:
    """Distance of each training text to its nearest others, itself left out; 1 for one without others.

    `(n_texts,)`, in [0, 1], as `ScopeDetector.distance` gives it for other texts.
    """
    if len(known) < 2:
        return np.ones(len(known))
    return _by_neighbours(known, known, itself=np.arange(len(known)))[_nearest(NEIGHBOURS)]


def all_scores(
    reading: Reading,
    head: LinearHead,
    known: Reading,
    labels: Sequence[str],
    *,
    itself: NDArray[np.intp] | None = None,
) -> dict[str, Scores]:
    """Out-of-scope scores of each text by name, greater being stranger; `PRODUCT` is the bot's own.

    - `probability`: 1 - the greatest (Hendrycks & Gimpel 2017); `entropy` of all, in nats;
    - `energy`: -log sum exp of the head's scores (Liu et al. 2020); `strongest_score`: -the greatest;
    - `nearest_1`, `nearest_5`, `nearest_10`: 1 - mean cosine to so many texts of `known` (Sun et al. 2022);
    - `density`: -log of a kernel density of `known` (von Mises-Fisher);
    - `mahalanobis` to the nearest mean of `labels`, with their shared, shrunken covariance (Lee et al.
      2018), and `relative_mahalanobis`, less that to the mean of all (Ren et al. 2021);
    - `guided`: nearness times greatest score (Park et al. 2023); `guided_by_lead`: see
      `model.heads.out_of_scope`.

    `itself` gives the place of each text among `known` where it is one of them, which is then left out of
    its neighbours (not of the means).
    """
    scores = head.scores(reading.features)
    probabilities = head.as_probabilities(scores)
    near = _by_neighbours(reading.vectors, known.vectors, itself=itself)
    distance = near[_nearest(NEIGHBOURS)]
    inner = probabilities * np.log(np.maximum(probabilities, 1e-12))
    return {
        "probability": 1 - probabilities.max(axis=1),
        "entropy": -inner.sum(axis=1),
        "energy": -logsumexp(scores, axis=1),
        "strongest_score": -scores.max(axis=1),
        **near,
        **_by_means(reading.vectors, known.vectors, labels),
        "guided": guided_scores(distance, scores.max(axis=1)),
        PRODUCT: guided_scores(distance, clearness(scores)),
    }


def held_out_scores(
    known: Reading, labels: Sequence[str], fit_head: FitHead, *, seed: int
) -> dict[str, Scores]:
    """`all_scores` of a fifth of the training texts, by a head fitted on the rest.

    The fifth is drawn by label: of fewer than ten texts one, of fewer than three none, so that two are
    left to fit on. Neighbours are all other training texts, as in service. Empty when no label has three.
    """
    held_out = _a_fifth_of_each(labels, np.random.default_rng(seed))
    if not held_out.any():
        return {}
    rest = ~held_out
    kept = [label for label, keep in zip(labels, rest, strict=True) if keep]
    head = fit_head(known.features[rest], kept, seed=seed)
    reading = known.at(held_out)
    found = all_scores(reading, head, known, labels, itself=np.flatnonzero(held_out))
    return found | _by_means(reading.vectors, known.vectors[rest], kept)


def _a_fifth_of_each(labels: Sequence[str], rng: np.random.Generator) -> NDArray[np.bool_]:
    chosen = np.zeros(len(labels), dtype=bool)
    names = np.asarray(labels, dtype=str)
    for label in np.unique(names):
        places = np.flatnonzero(names == label)
        count = max(1, len(places) // _FOLDS) if len(places) > _LEAST_FITTED else 0
        chosen[rng.permutation(places)[:count]] = True
    return chosen


def _nearest(count: int) -> str:
    return f"nearest_{count}"


def _by_neighbours(vectors: Vectors, known: Vectors, *, itself: NDArray[np.intp] | None) -> dict[str, Scores]:
    """Scores by the cosines to the training texts; there must be one that is not the text itself."""
    others = len(known) - (itself is not None)
    names = (*map(_nearest, _COUNTS), "density")
    rows: dict[str, list[Scores]] = {name: [np.empty(0)] for name in names}
    for start in range(0, len(vectors), _BATCH):
        similarities = vectors[start : start + _BATCH] @ known.T
        if itself is not None:
            own = itself[start : start + _BATCH]
            similarities[np.arange(len(own)), own] = _ITSELF
        for count in _COUNTS:
            distances = neighbour_distances(similarities, neighbours=min(count, others))
            rows[_nearest(count)].append(distances)
        rows["density"].append(-logsumexp(_SHARPNESS * similarities.astype(np.float64), axis=1))
    return {name: np.concatenate(found) for name, found in rows.items()}


def _by_means(vectors: Vectors, known: Vectors, labels: Sequence[str]) -> dict[str, Scores]:
    names, classes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    wide = known.astype(np.float64)
    means = np.stack([wide[classes == number].mean(axis=0) for number in range(len(names))])
    middle = wide.mean(axis=0, keepdims=True)
    to_label = _squared_distances(vectors, means, wide - means[classes]).min(axis=1)
    to_middle = _squared_distances(vectors, middle, wide - middle)[:, 0]
    return {"mahalanobis": to_label, "relative_mahalanobis": to_label - to_middle}


def _squared_distances(vectors: Vectors, means: Scores, residuals: Scores) -> Scores:
    """Mahalanobis distances, squared, `(n_texts, n_means)`, under the residuals' shrunken covariance."""
    covariance = residuals.T @ residuals / len(residuals)
    spread = max(float(np.trace(covariance)) / len(covariance), 1e-9)
    shrunken = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * spread * np.eye(len(covariance))
    root = np.linalg.cholesky(np.linalg.inv(shrunken))
    ours, theirs = vectors.astype(np.float64) @ root, means @ root
    squared: Scores = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1) - 2 * ours @ theirs.T
    return np.maximum(squared, 0)
