"""Fits a kernel head for two labels, and finds the chief directions that kernels compare texts in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from model.errors import DataError
from model.heads.head import Head, Kernel, Linear
from training.heads.linear import FittedHead, folds_of, numbered, temperature_of

DIRECTIONS = 256
"""Of the features of four layers these keep nine tenths of the variance, in a sixth of the time."""
GAMMA = 0.5
"""With features whose squared length is 4."""
STRENGTH = 10.0
"""Inverse regularisation."""


def cross_fitted_kernel_head(
    inputs: NDArray[np.float32],
    labels: Sequence[str],
    *,
    seed: int,
    directions: int = DIRECTIONS,
    sample_weights: NDArray[np.float64] | None = None,
) -> FittedHead:
    """A calibrated kernel head on `inputs`, shape `(n_texts, n_inputs)`, for two labels.

    A support vector machine with a Gaussian kernel (Cortes & Vapnik 1995) on the principal directions of
    the inputs, found without their labels; both labels weigh alike, and their texts too unless
    `sample_weights`, `(n_texts,)`, say otherwise. The temperature is the one with the
    least log loss on held-out folds. Raises `DataError` for other than two labels, or a label with
    fewer than 2 texts.
    """
    names, classes = numbered(labels)
    if len(names) != 2:
        raise DataError(f"a kernel head tells two labels apart, got {len(names)}: {', '.join(names)}")
    projection = chief_directions(inputs, directions, seed=seed)
    seen = inputs @ projection.T
    believed = np.ones(len(seen)) if sample_weights is None else sample_weights
    scores = _held_out_scores(seen, classes, believed, seed)
    machine = _fitted(seen, classes, believed)
    weights, bias = machine.dual_coef_[0] / 2, float(machine.intercept_[0]) / 2
    linear = Linear(np.vstack([-weights, weights]).astype(np.float32), np.array([-bias, bias], np.float32))
    kernel = Kernel(linear, projection, machine.support_vectors_.astype(np.float32), GAMMA)
    return FittedHead(Head(names, kernel, temperature_of(scores, classes)), STRENGTH, scores)


def _held_out_scores(
    seen: NDArray[np.float32], classes: NDArray[np.intp], believed: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    scores = np.empty((len(seen), 2))
    splitter = StratifiedKFold(folds_of(classes), shuffle=True, random_state=seed)
    for train, test in splitter.split(seen, classes):
        machine = _fitted(seen[train], classes[train], believed[train])
        margins = machine.decision_function(seen[test])
        scores[test] = np.column_stack([-margins / 2, margins / 2])
    return scores


def _fitted(seen: NDArray[np.float32], classes: NDArray[np.intp], believed: NDArray[np.float64]) -> SVC:
    machine = SVC(C=STRENGTH, gamma=GAMMA, class_weight="balanced")
    with threadpool_limits(1):
        return machine.fit(seen, classes, sample_weight=believed)


def chief_directions(inputs: NDArray[np.float32], directions: int, *, seed: int) -> NDArray[np.float32]:
    """The principal directions of `(n_texts, n_inputs)`, as rows `(n_directions, n_inputs)`.

    At most as many as there are texts or inputs. Inputs are not to be centred before they are projected:
    a kernel of distances needs no centre.
    """
    count = min(directions, *inputs.shape)
    with threadpool_limits(1):
        _, _, rows = randomized_svd(inputs - inputs.mean(axis=0), count, n_iter=3, random_state=seed)
    return np.ascontiguousarray(rows, dtype=np.float32)
