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


def macro_recalls(true: NDArray[np.intp], predicted: NDArray[np.intp], n_labels: int) -> NDArray[np.float64]:
    """`macro_recall` of many sets of items at once, `(n_sets,)`; NaN where a set is empty.

    `true` and `predicted`, `(n_sets, n_items)`, are the labels' places among `n_labels`. The same to the
    digit for up to seven labels.
    """
    counts = _counts(true, predicted, n_labels)
    return _means_of_met(counts, _quotients(counts.diagonal(axis1=1, axis2=2), counts.sum(axis=2)))


def macro_f1s(true: NDArray[np.intp], predicted: NDArray[np.intp], n_labels: int) -> NDArray[np.float64]:
    """`macro_f1` of many sets of items at once, as `macro_recalls`."""
    counts = _counts(true, predicted, n_labels)
    either = counts.sum(axis=1) + counts.sum(axis=2)
    return _means_of_met(counts, _quotients(2 * counts.diagonal(axis1=1, axis2=2), either))


def expected_calibration_errors(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_], *, bins: int = CALIBRATION_BINS
) -> NDArray[np.float64]:
    """`expected_calibration_error` of many sets of items at once, both `(n_sets, n_items)`: `(n_sets,)`."""
    sure = np.asarray(confidences, dtype=np.float64)
    sets, items = sure.shape
    numbers = _bins(sure, bins) + bins * np.arange(sets)[:, None]
    weights = (correct.astype(np.float64) - sure).ravel()
    gaps = np.bincount(numbers.ravel(), weights=weights, minlength=sets * bins).reshape(sets, bins)
    errors: NDArray[np.float64] = np.abs(gaps).sum(axis=1) / items
    return errors


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
    gaps = np.bincount(_bins(sure, bins), weights=right - sure, minlength=bins)
    return float(np.abs(gaps).sum() / len(sure))


def _bins(confidences: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = np.clip(np.ceil(confidences * bins).astype(np.int64) - 1, 0, bins - 1)
    return numbers


def _counts(true: NDArray[np.intp], predicted: NDArray[np.intp], n_labels: int) -> NDArray[np.int64]:
    """A confusion matrix of each set, `(n_sets, n_labels, n_labels)`."""
    shape = (len(true), n_labels, n_labels)
    places = (np.arange(len(true))[:, None] * n_labels + true) * n_labels + predicted
    return np.bincount(places.ravel(), minlength=int(np.prod(shape))).reshape(shape)


def _means_of_met(counts: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over the labels that are true or predicted of some item of the set; those of others are 0."""
    met = (counts.any(axis=1) | counts.any(axis=2)).sum(axis=1)
    means: NDArray[np.float64] = np.where(met, values.sum(axis=1) / np.maximum(met, 1), np.nan)
    return means


def _quotients(numerators: NDArray[np.int64], denominators: NDArray[np.int64]) -> NDArray[np.float64]:
    """Element by element, 0 over 0 being 0."""
    quotients: NDArray[np.float64] = numerators / np.maximum(denominators, 1)
    return quotients


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None


def _check_lengths(true: int, predicted: int) -> None:
    if true != predicted:
        raise ValueError(f"{true} true values were given beside {predicted} predicted ones")
