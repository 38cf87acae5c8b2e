"""How right and how honest predicted labels are; one pure function a metric."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """How often each label was taken for each."""

    labels: tuple[str, ...]
    """All labels that are true or predicted of some item, sorted."""
    counts: NDArray[np.int64]
    """Row: true label, column: predicted label, in the order of `labels`."""


def confusion_matrix(true: ArrayLike, predicted: ArrayLike) -> ConfusionMatrix:
    """Counts of (true, predicted) over all items; without items, an empty matrix."""
    rows, columns = np.asarray(true), np.asarray(predicted)
    _check_lengths(len(rows), len(columns))
    labels, places = np.unique(np.concatenate([rows, columns]), return_inverse=True)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (places[: len(rows)], places[len(rows) :]), 1)
    return ConfusionMatrix(tuple(map(str, labels)), counts)


@dataclass(frozen=True, slots=True)
class Confusion:
    """One label taken for another, so many times."""

    label: str
    predicted: str
    count: int


def confusions(matrix: ConfusionMatrix, *, most: int = 20) -> list[Confusion]:
    """The pairs most often confused, the most frequent first, ties in the order of their names."""
    pairs = [
        Confusion(matrix.labels[row], matrix.labels[column], int(matrix.counts[row, column]))
        for row, column in np.argwhere(matrix.counts)
        if row != column
    ]
    return sorted(pairs, key=lambda pair: (-pair.count, pair.label, pair.predicted))[:most]


def accuracy(true: ArrayLike, predicted: ArrayLike) -> float | None:
    """Share of items with the right label; `None` without items."""
    rows, columns = np.asarray(true), np.asarray(predicted)
    _check_lengths(len(rows), len(columns))
    return float((rows == columns).mean()) if len(rows) else None


def macro_recall(matrix: ConfusionMatrix) -> float | None:
    """Mean over labels of right / true; `None` without labels.

    A label that is no item's true one counts 0, as in scikit-learn: predicting it was wrong each time.
    """
    return _mean(_quotients(matrix.counts.diagonal(), matrix.counts.sum(axis=1)))


def macro_f1(matrix: ConfusionMatrix) -> float | None:
    """Mean over labels of 2 right / (true + predicted), the mean of F1 scores; `None` without labels.

    Every label of the matrix is true or predicted somewhere, so no denominator is 0. This is not the F1
    of macro precision and macro recall (Opitz & Burst 2019).
    """
    counts = matrix.counts
    return _mean(_quotients(2 * counts.diagonal(), counts.sum(axis=0) + counts.sum(axis=1)))


def expected_calibration_error(
    confidences: ArrayLike, correct: ArrayLike, *, bins: int = CALIBRATION_BINS
) -> float | None:
    """Mean distance of confidence from accuracy, over 15 bins of equal width (Guo et al. 2017).

    `sum(n_bin / n * |accuracy(bin) - mean confidence(bin)|)`; a bin is open below and closed above, the
    first also holds 0, and an empty one adds nothing. `None` without items.
    """
    sure, right = np.asarray(confidences, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    _check_lengths(len(right), len(sure))
    if not len(sure):
        return None
    numbers = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(numbers, weights=right - sure, minlength=bins)
    return float(np.abs(gaps).sum() / len(sure))


def _quotients(numerators: NDArray[np.int64], denominators: NDArray[np.int64]) -> NDArray[np.float64]:
    """Element by element, 0 over 0 being 0."""
    quotients: NDArray[np.float64] = numerators / np.maximum(denominators, 1)
    return quotients


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None


def _check_lengths(true: int, predicted: int) -> None:
    if true != predicted:
        raise ValueError(f"{true} true values were given beside {predicted} predicted ones")
