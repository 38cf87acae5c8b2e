"""Kernel ridge regression for any number of labels, with exact leave-one-out scores; blends nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import ssymm
from scipy.linalg.lapack import spotrf, spotri, spotrs

from model.heads.head import Kernel, Linear, likenesses
from training.heads.kernel import DIRECTIONS, chief_directions
from training.heads.linear import layer_weights

LOWER = 0.4
"""What the features of the lower layers are multiplied with."""
PENALTY = 0.1
"""What is added to the kernel's diagonal. Penalties of .1 and .3, weights of .3 to .5 and gammas of 1 and 2
differ by less than the draw of the texts; whitening the directions made all sets worse."""
GAMMA = 1.0
"""With directions scaled to a mean squared distance of 1 from the middle."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedRidge:
    """A kernel with what it says of each training text when it is left out."""

    kernel: Kernel
    held_out_scores: NDArray[np.float64]
    """`(n_texts, n_labels)`."""


def fit_ridge(
    inputs: NDArray[np.float32],
    classes: NDArray[np.intp],
    *,
    n_labels: int,
    seed: int,
    sample_weights: NDArray[np.float64] | None = None,
) -> FittedRidge:
    """The kernel of `fit_ridge_kernel` with what it says of each text when it is left out.

    These scores follow from one inverse (Rasmussen & Williams 2006, equation 5.12), and are the very scores
    of a fit without the text. Takes twice as long as the kernel alone.
    """
    system = _System.of(inputs, classes, n_labels, sample_weights, seed=seed)
    inverse, failed = spotri(system.factor, lower=1, overwrite_c=1)
    _check(failed)
    weights = ssymm(1.0, inverse, system.targets, lower=1)
    left_out = system.targets - weights / inverse.diagonal()[:, None]
    return FittedRidge(system.scorer(weights), left_out.astype(np.float64))


def fit_ridge_kernel(
    inputs: NDArray[np.float32],
    classes: NDArray[np.intp],
    *,
    n_labels: int,
    seed: int,
    sample_weights: NDArray[np.float64] | None = None,
) -> Kernel:
    """Regression of 1 for a text's own label and `-1 / (n_labels - 1)` for the others on a Gaussian kernel.

    `inputs` has shape `(n_texts, n_inputs)`, `classes` the place of each text's label, `(n_texts,)`. Texts
    of a label share one weight, however many they are; of it each has its part by `sample_weights`,
    `(n_texts,)`, by default the same. Every text is a landmark: time grows with the cube
    of their number (10,000 take some 5 seconds on two cores), memory with its square (400 MB).
    """
    system = _System.of(inputs, classes, n_labels, sample_weights, seed=seed)
    weights, failed = spotrs(system.factor, system.targets, lower=1)
    _check(failed)
    return system.scorer(weights)


@dataclass(frozen=True, slots=True, eq=False)
class _System:
    """The equations of a ridge: the kernel's factor, and what each text's scores should be."""

    projection: NDArray[np.float32]
    seen: NDArray[np.float32]
    factor: NDArray[np.float32]
    """Cholesky, lower triangle, of the kernel with its penalties; `(n_texts, n_texts)`."""
    targets: NDArray[np.float32]
    """`(n_texts, n_labels)`."""

    @classmethod
    def of(
        cls,
        inputs: NDArray[np.float32],
        classes: NDArray[np.intp],
        n_labels: int,
        sample_weights: NDArray[np.float64] | None,
        *,
        seed: int,
    ) -> "_System":
        by_layer = layer_weights(inputs.shape[1], LOWER)
        projection = by_layer * chief_directions(inputs * by_layer, DIRECTIONS, seed=seed)
        seen = inputs @ projection.T
        scale = np.float32(1 / max(float(np.sqrt(seen.var(axis=0).sum())), 1e-9))
        projection, seen = projection * scale, seen * scale
        targets = np.full((len(classes), n_labels), -1 / (n_labels - 1), np.float32, order="F")
        targets[np.arange(len(classes)), classes] = 1
        return cls(projection, seen, _factor(seen, _penalties(classes, n_labels, sample_weights)), targets)

    def scorer(self, weights: NDArray[np.float32]) -> Kernel:
        """The kernel whose landmarks have these weights, `(n_texts, n_labels)`."""
        linear = Linear(np.ascontiguousarray(weights.T), np.zeros(weights.shape[1], np.float32))
        return Kernel(linear, self.projection, landmarks=self.seen, gamma=GAMMA)


def _penalties(
    classes: NDArray[np.intp], n_labels: int, sample_weights: NDArray[np.float64] | None
) -> NDArray[np.float32]:
    """What is added to the diagonal for each text, `(n_texts,)`: the more, the less its label counts."""
    counts = np.bincount(classes, minlength=n_labels)
    penalties = PENALTY * counts[classes] / counts.mean()
    believed: NDArray[np.float32] = (
        penalties if sample_weights is None else penalties / sample_weights
    ).astype(np.float32)
    return believed


def _factor(seen: NDArray[np.float32], penalties: NDArray[np.float32]) -> NDArray[np.float32]:
    kernel = likenesses(seen, seen, gamma=GAMMA).T  # symmetric; columns side by side, as LAPACK wants them
    kernel[np.diag_indices(len(kernel))] += penalties
    factor, failed = spotrf(kernel, lower=1, overwrite_a=1)
    _check(failed)
    lower_triangle: NDArray[np.float32] = factor
    return lower_triangle


def _check(failed: int) -> None:
    if failed:
        raise np.linalg.LinAlgError("the kernel of the training texts has no inverse")
