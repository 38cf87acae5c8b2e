"""Fits linear heads: regularisation by cross-validation, temperature on held-out folds; saves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from model.errors import DataError
from model.heads import LinearHead, softmax

STRENGTHS = (3.0, 10.0)
"""Inverse regularisation tried; on BANKING77 10 was better than 30 by .0025 (two of five folds)."""
SENTIMENT_STRENGTHS = (0.1, 0.3, 1.0)
"""The same for sentiment, where few labels have many texts that are hard to tell apart. Held out, macro
recall on 15,000 tweets was .685 at .1; on the sample company's sentences .894, .907 and .908 at these three.
The less a head is held back, the worse it reads what is unlike its texts: tweets .606, .595 and .578."""
FOLDS = 4
_MANY_TEXTS = 5000
"""From here on one fold is held out, a quarter of the texts: enough to find a temperature."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """A head with what it said of texts it was not fitted on."""

    head: LinearHead
    strength: float
    """The inverse regularisation taken."""
    held_out_scores: NDArray[np.float64]
    """Scores of each training text, before softmax and temperature, by a head that never saw it:
    `(n_texts, n_labels)`; NaN for the texts that no fold held out."""


def fit_head(
    inputs: NDArray[np.float32],
    labels: Sequence[str],
    *,
    seed: int,
    strengths: Sequence[float] = STRENGTHS,
) -> LinearHead:
    """The head of `cross_fitted_head`, without its held-out probabilities."""
    return cross_fitted_head(inputs, labels, seed=seed, strengths=strengths).head


def cross_fitted_head(
    inputs: NDArray[np.float32],
    labels: Sequence[str],
    *,
    seed: int,
    strengths: Sequence[float] = STRENGTHS,
) -> FittedHead:
    """A calibrated head on `inputs`, shape `(n_texts, n_inputs)`.

    Classes weigh alike however many texts they have. The regularisation with the least held-out log
    loss over 4 folds is taken (fewer when a label has fewer texts; of very many texts one fold), then
    the temperature that makes those held-out scores most likely. Raises `DataError` for fewer than two
    labels, or a label with fewer than 2 texts.
    """
    names, classes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    counts = np.bincount(classes, minlength=len(names))
    if len(names) < 2 or counts.min() < 2:
        found = dict(zip(map(str, names), counts.tolist(), strict=True))
        raise DataError(f"a head needs two labels with two texts each, got {found}")
    folds = min(FOLDS, int(counts.min()))
    scored = [_held_out_scores(inputs, classes, strength, folds, seed) for strength in strengths]
    best = int(np.argmin([_best_log_loss(scores, classes) for scores in scored]))
    temperature = fitted_temperature(scored[best], classes)
    weights, bias = _fitted(inputs, classes, strengths[best])
    head = LinearHead(tuple(map(str, names)), weights, bias, temperature=temperature)
    return FittedHead(head, strengths[best], scored[best])


def _held_out_scores(
    inputs: NDArray[np.float32], classes: NDArray[np.intp], strength: float, folds: int, seed: int
) -> NDArray[np.float64]:
    scores = np.full((len(inputs), int(classes.max()) + 1), np.nan)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for train, test in splitter.split(inputs, classes):
        weights, bias = _fitted(inputs[train], classes[train], strength)
        scores[test] = inputs[test] @ weights.T + bias
        if len(inputs) >= _MANY_TEXTS:
            break
    return scores


def _fitted(
    inputs: NDArray[np.float32], classes: NDArray[np.intp], strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and bias, one row a class (two rows for two classes)."""
    regression = LogisticRegression(C=strength, max_iter=300, tol=1e-4, class_weight="balanced")
    with threadpool_limits(1):  # two threads on a busy machine took 24 times as long
        regression.fit(inputs, classes)
    weights, bias = regression.coef_, regression.intercept_
    if len(weights) == 1:  # scikit-learn keeps one row for two classes
        weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    return weights.astype(np.float32), bias.astype(np.float32)


def _best_log_loss(scores: NDArray[np.float64], classes: NDArray[np.intp]) -> float:
    return _log_loss(scores, classes, fitted_temperature(scores, classes))


def fitted_temperature(scores: NDArray[np.float64], classes: NDArray[np.intp]) -> float:
    """The temperature that makes the classes most likely, in (e^-3, e^3).

    `scores` are those of texts held out from the fit, `(n_texts, n_labels)`; rows of NaN do not count.
    """
    found: Any = minimize_scalar(  # SciPy's result object is untyped
        lambda log_t: _log_loss(scores, classes, float(np.exp(log_t))), bounds=(-3, 3), method="bounded"
    )
    return float(np.exp(found.x))


def _log_loss(scores: NDArray[np.float64], classes: NDArray[np.intp], temperature: float) -> float:
    scored = np.flatnonzero(~np.isnan(scores[:, 0]))
    probabilities = softmax(scores[scored] / temperature)[np.arange(len(scored)), classes[scored]]
    return float(-np.log(np.clip(probabilities, 1e-12, 1)).mean())
