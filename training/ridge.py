"""Kernel ridge regression for any number of labels, with exact leave-one-out scores; blends nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import ssymm
from scipy.linalg.lapack import spotrf, spotri

from model.heads import KernelHead, likenesses
from training.directions import DIRECTIONS, chief_directions
from training.linear import layer_weights

LOWER = 0.4
"""What the features of the lower layers are multiplied with."""
PENALTY = 0.1
"""What is added to the kernel's diagonal. Penalties of .1 and .3, weights of .3 to .5 and gammas of 1 and 2
differ by less than the draw of the texts; whitening the directions made all sets worse."""
GAMMA = 1.0
"""With directions scaled to a mean squared distance of 1 from the middle."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedRidge:
    """A kernel head with what it says of each training text when it is left out."""

    head: KernelHead
    held_out_scores: NDArray[np.float64]
    """`(n_texts, n_labels)`."""


def fit_ridge(
    inputs: NDArray[np.float32], names: Sequence[str], classes: NDArray[np.intp], *, seed: int
) -> FittedRidge:
    """Regression of 1 for a text's own label and `-1 / (n_labels - 1)` for the others on a Gaussian kernel.

    `inputs` has shape `(n_texts, n_inputs)`, `classes` the place of each text's label among `names`. Texts
    of a label share one weight, however many they are. Every text is a landmark: time grows with the cube
    of their number (10,000 take some 10 seconds on two cores), memory with its square (400 MB).

    The scores of a text left out follow from one inverse (Rasmussen & Williams 2006, equation 5.12), and
    are the very scores of a fit without it.
    """
    by_layer = layer_weights(inputs.shape[1], LOWER)
    projection = by_layer * chief_directions(inputs * by_layer, DIRECTIONS, seed=seed)
    seen = inputs @ projection.T
    scale = np.float32(1 / max(float(np.sqrt(seen.var(axis=0).sum())), 1e-9))
    projection, seen = projection * scale, seen * scale
    inverse = _inverse(seen, classes, len(names))
    targets = np.full((len(classes), len(names)), -1 / (len(names) - 1), np.float32, order="F")
    targets[np.arange(len(classes)), classes] = 1
    weights = ssymm(1.0, inverse, targets, lower=1)
    head = KernelHead(
        tuple(names),
        np.ascontiguousarray(weights.T),
        np.zeros(len(names), np.float32),
        projection=projection,
        landmarks=seen,
        gamma=GAMMA,
    )
    left_out = targets - weights / inverse.diagonal()[:, None]
    return FittedRidge(head, left_out.astype(np.float64))


def _inverse(seen: NDArray[np.float32], classes: NDArray[np.intp], n_labels: int) -> NDArray[np.float32]:
    """Of the kernel with its penalties; the lower triangle alone is filled."""
    counts = np.bincount(classes, minlength=n_labels)
    kernel = likenesses(seen, seen, gamma=GAMMA).T  # symmetric; columns side by side, as LAPACK wants them
    kernel[np.diag_indices(len(kernel))] += (PENALTY * counts[classes] / counts.mean()).astype(np.float32)
    factor, failed = spotrf(kernel, lower=1, overwrite_a=1)
    inverse, failed_too = spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise np.linalg.LinAlgError("the kernel of the training texts has no inverse")
    found: NDArray[np.float32] = inverse
    return found
