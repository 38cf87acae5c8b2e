"""How strange texts in scope look to the bot, each held out from what it is compared with; decides nothing.

The score is the bot's own, see `model.heads.out_of_scope`; decision record 0016 has others tried.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from model.heads.head import Head
from model.heads.out_of_scope import NEIGHBOURS, clearness, guided_scores, neighbour_distances
from model.types import Reading, Vectors

_BATCH = 1024
"""Texts compared at once with all training texts: 60 MB of cosines for 15,000 of them."""
_ITSELF = -2.0
"""Below every cosine."""
_FOLDS = 5
_LEAST_FITTED = 2
"""Texts a label needs to be fitted."""

FitHead = Callable[[NDArray[np.float32], Sequence[str]], Head]
"""Fits a head on features, `(n_texts, n_inputs)`, and labels."""


def distances_of_known(known: Vectors, rows: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
    """Distance of known texts to their nearest others, themselves left out; 1 for one without others.

    Of those at `rows`, else of all: `(n_texts,)`, in [0, 1], as `ScopeDetector.distance` gives it for others.
    """
    chosen = np.arange(len(known)) if rows is None else rows
    if len(known) < 2:
        return np.ones(len(chosen))
    distances = [np.empty(0)]
    for start in range(0, len(chosen), _BATCH):
        own = chosen[start : start + _BATCH]
        similarities = known[own] @ known.T
        similarities[np.arange(len(own)), own] = _ITSELF
        distances.append(neighbour_distances(similarities, neighbours=min(NEIGHBOURS, len(known) - 1)))
    return np.concatenate(distances)


def held_out_scores(known: Reading, labels: Sequence[str], fit: FitHead, *, seed: int) -> NDArray[np.float64]:
    """Out-of-scope scores of a fifth of the training texts, by a head fitted on the rest.

    The fifth is drawn by label: of fewer than ten texts one, of fewer than three none, so that two are
    left to fit on. Neighbours are all other training texts, as in service. Empty when no label has three.
    """
    rng = np.random.default_rng(seed)
    names = np.asarray(labels, dtype=str)
    held_out = np.zeros(len(names), dtype=bool)
    for label in np.unique(names):
        places = np.flatnonzero(names == label)
        count = max(1, len(places) // _FOLDS) if len(places) > _LEAST_FITTED else 0
        held_out[rng.permutation(places)[:count]] = True
    if not held_out.any():
        return np.empty(0)
    head = fit(known.features[~held_out], names[~held_out].tolist())
    clear = clearness(head.scores(known.features[held_out]))
    return guided_scores(distances_of_known(known.vectors, np.flatnonzero(held_out)), clear)
