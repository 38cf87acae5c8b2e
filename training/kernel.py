"""Fits a kernel head for two labels: a support vector machine on the chief directions; saves nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from model.errors import DataError
from model.heads import KernelHead
from training.linear import FittedHead, best_log_loss, folds_of, numbered, temperature_of

DIRECTIONS = 256
"""Of the features of four layers these keep nine tenths of the variance, in a sixth of the time."""
GAMMA = 0.5
"""With features whose squared length is 4."""
STRENGTHS = (3.0, 10.0)
"""Inverse regularisation tried."""


def cross_fitted_kernel_head(
    inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int, directions: int = DIRECTIONS
) -> FittedHead:
    """A calibrated kernel head on `inputs`, shape `(n_texts, n_inputs)`, for two labels.

    A support vector machine with a Gaussian kernel (Cortes & Vapnik 1995) on the principal directions of
    the inputs, found without their labels; both labels weigh alike. Regularisation, then temperature, are
    those with the least held-out log loss. Raises `DataError` for other than two labels, or a label with
    fewer than 2 texts.
    """
    names, classes = numbered(labels)
    if len(names) != 2:
        raise DataError(f"a kernel head tells two labels apart, got {len(names)}: {', '.join(names)}")
    projection = _projection(inputs, directions)
    seen = inputs @ projection.T
    scored = [_held_out_scores(seen, classes, strength, seed) for strength in STRENGTHS]
    best = int(np.argmin([best_log_loss(scores, classes) for scores in scored]))
    machine = _fitted(seen, classes, STRENGTHS[best])
    weights, bias = machine.dual_coef_[0] / 2, float(machine.intercept_[0]) / 2
    head = KernelHead(
        names,
        np.vstack([-weights, weights]).astype(np.float32),
        np.array([-bias, bias], dtype=np.float32),
        temperature_of(scored[best], classes),
        projection=projection,
        landmarks=machine.support_vectors_.astype(np.float32),
        gamma=GAMMA,
    )
    return FittedHead(head, STRENGTHS[best], scored[best])


def _projection(inputs: NDArray[np.float32], directions: int) -> NDArray[np.float32]:
    """The principal directions, `(n_directions, n_inputs)`; a kernel of distances needs no centre."""
    _, _, rows = np.linalg.svd(inputs - inputs.mean(axis=0), full_matrices=False)
    return np.ascontiguousarray(rows[:directions], dtype=np.float32)


def _held_out_scores(
    seen: NDArray[np.float32], classes: NDArray[np.intp], strength: float, seed: int
) -> NDArray[np.float64]:
    scores = np.empty((len(seen), 2))
    splitter = StratifiedKFold(folds_of(classes), shuffle=True, random_state=seed)
    for train, test in splitter.split(seen, classes):
        machine = _fitted(seen[train], classes[train], strength)
        margins = machine.decision_function(seen[test])
        scores[test] = np.column_stack([-margins / 2, margins / 2])
    return scores


def _fitted(seen: NDArray[np.float32], classes: NDArray[np.intp], strength: float) -> SVC:
    with threadpool_limits(1):
        return SVC(C=strength, gamma=GAMMA, class_weight="balanced").fit(seen, classes)
