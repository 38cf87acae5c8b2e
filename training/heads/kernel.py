"""Fits a kernel head for two labels: a support vector machine on the chief directions; saves nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from model.errors import DataError
from model.heads.head import Head, Kernel, Linear
from training.heads.linear import FittedHead, folds_of, numbered, temperature_of
from training.heads.principal_directions import DIRECTIONS, chief_directions

GAMMA = 0.5
"""With features whose squared length is 4."""
STRENGTH = 10.0
"""Inverse regularisation."""


def cross_fitted_kernel_head(
    inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int, directions: int = DIRECTIONS
) -> FittedHead:
    """A calibrated kernel head on `inputs`, shape `(n_texts, n_inputs)`, for two labels.

    A support vector machine with a Gaussian kernel (Cortes & Vapnik 1995) on the principal directions of
    the inputs, found without their labels; both labels weigh alike. The temperature is the one with the
    least log loss on held-out folds. Raises `DataError` for other than two labels, or a label with
    fewer than 2 texts.
    """
    names, classes = numbered(labels)
    if len(names) != 2:
        raise DataError(f"a kernel head tells two labels apart, got {len(names)}: {', '.join(names)}")
    projection = chief_directions(inputs, directions, seed=seed)
    seen = inputs @ projection.T
    scores = _held_out_scores(seen, classes, seed)
    machine = _fitted(seen, classes)
    weights, bias = machine.dual_coef_[0] / 2, float(machine.intercept_[0]) / 2
    linear = Linear(np.vstack([-weights, weights]).astype(np.float32), np.array([-bias, bias], np.float32))
    kernel = Kernel(linear, projection, machine.support_vectors_.astype(np.float32), GAMMA)
    return FittedHead(Head(names, kernel, temperature_of(scores, classes)), STRENGTH, scores)


def _held_out_scores(seen: NDArray[np.float32], classes: NDArray[np.intp], seed: int) -> NDArray[np.float64]:
    scores = np.empty((len(seen), 2))
    splitter = StratifiedKFold(folds_of(classes), shuffle=True, random_state=seed)
    for train, test in splitter.split(seen, classes):
        machine = _fitted(seen[train], classes[train])
        margins = machine.decision_function(seen[test])
        scores[test] = np.column_stack([-margins / 2, margins / 2])
    return scores


def _fitted(seen: NDArray[np.float32], classes: NDArray[np.intp]) -> SVC:
    with threadpool_limits(1):
        return SVC(C=STRENGTH, gamma=GAMMA, class_weight="balanced").fit(seen, classes)
