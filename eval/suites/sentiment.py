"""How well the sentiment of messages is told; chooses nothing by the test rows."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.data.labelled import SENTIMENTS, LabelledText, read_labelled_texts
from eval.metrics import confusion_matrix, expected_calibration_error, macro_f1, macro_recall
from eval.metrics.intervals import Rows, bootstrap, wilson
from eval.results import SuiteResult, figure, percentiles
from eval.suites.classifiers import HeadClassifier
from model.errors import DataError

SEED = 0
_MOST_TIMED = 200


def read_sentiments(path: Path) -> list[LabelledText]:
    """Rows `{"text", "label"}`, negative, neutral or positive. Raises `DataError` for a bad or no row."""
    rows = read_labelled_texts(path, labels=SENTIMENTS)
    if not rows:
        raise DataError(f'{path} has no rows; give lines such as {{"text": "…", "label": "neutral"}}')
    return rows


def run(
    rows: Sequence[LabelledText],
    classifier: HeadClassifier,
    *,
    trained_on: int | None = None,
    seed: int = SEED,
) -> SuiteResult:
    """The figures of `measure`, and beside them:

    - `n_train`: rows it was fitted on, `None` where it was not fitted here.
    - `p50_ms`, `p95_ms`: one message by itself, its encoding included, over at most 200 of the rows;
      `head_p50_ms`, `head_p95_ms`: what it adds where all heads share one pass, `None` where it does not.
    """
    result = measure(rows, classifier, seed=seed)
    times = _times(classifier, [row.text for row in rows[:_MOST_TIMED]])
    return SuiteResult({**result.figures, "n_train": trained_on, **times}, result.items)


def measure(rows: Sequence[LabelledText], classifier: HeadClassifier, *, seed: int = SEED) -> SuiteResult:
    """How well the classifier tells the rows, one or more, apart.

    - `accuracy`; `macro_recall`, the measure of SemEval 2017 task 4A (Rosenthal et al. 2017); `macro_f1`;
      `ece` (15 bins of equal width): with 1,000 bootstrap resamples, accuracy with Wilson's.
    - `recall` and `precision` by label, `None` for a label that no row has, or that is never predicted.
    - `confusion`: counts, true label first.
    """
    probabilities = classifier.probabilities([row.text for row in rows])
    places: dict[str, int] = {label: place for place, label in enumerate(SENTIMENTS)}
    predicted = np.array([places[label] for label in classifier.labels])[probabilities.argmax(axis=1)]
    true = np.array([places[row.label] for row in rows])
    sure = probabilities.max(axis=1)
    figures = {
        "n": len(rows),
        **_overall(true, predicted, sure, np.random.default_rng(seed)),
        **_by_label(true, predicted),
        "confusion": _confusion(true, predicted),
        "seed": seed,
    }
    return SuiteResult(figures, tuple(_items(rows, predicted, probabilities, classifier.labels)))


def _overall(
    true: NDArray[np.intp], predicted: NDArray[np.intp], sure: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    right = true == predicted

    def resampled(key: str, statistic: Callable[[Rows], float | None]) -> dict[str, Any]:  # JSON
        return figure(key, statistic(np.arange(len(true))), bootstrap(statistic, len(true), rng=rng))

    return {
        **figure("accuracy", float(right.mean()), wilson(int(right.sum()), len(right))),
        **resampled("macro_recall", lambda rows: macro_recall(confusion_matrix(true[rows], predicted[rows]))),
        **resampled("macro_f1", lambda rows: macro_f1(confusion_matrix(true[rows], predicted[rows]))),
        **resampled("ece", lambda rows: expected_calibration_error(sure[rows], right[rows])),
    }


def _by_label(true: NDArray[np.intp], predicted: NDArray[np.intp]) -> dict[str, Any]:  # JSON
    recall: dict[str, Any] = {}
    precision: dict[str, Any] = {}
    for place, label in enumerate(SENTIMENTS):
        hits = int(((true == place) & (predicted == place)).sum())
        recall |= _share(label, hits, int((true == place).sum()))
        precision |= _share(label, hits, int((predicted == place).sum()))
    return {"recall": recall, "precision": precision}


def _share(label: str, hits: int, n: int) -> dict[str, Any]:  # JSON
    share = figure(label, hits / n if n else None, wilson(hits, n) if n else None)
    return {**share, f"{label}_n": n}


def _confusion(true: NDArray[np.intp], predicted: NDArray[np.intp]) -> dict[str, dict[str, int]]:
    return {
        label: {
            taken: int(((true == row) & (predicted == column)).sum())
            for column, taken in enumerate(SENTIMENTS)
        }
        for row, label in enumerate(SENTIMENTS)
    }


def _times(classifier: HeadClassifier, texts: Sequence[str]) -> dict[str, float | None]:
    alone = []
    for text in texts:
        started = time.perf_counter()
        classifier.probabilities([text])
        alone.append((time.perf_counter() - started) * 1000)
    times: dict[str, float | None] = {**percentiles(alone), "head_p50_ms": None, "head_p95_ms": None}
    if classifier.shared:
        head = percentiles(classifier.head_milliseconds(texts))
        times |= {f"head_{name}": value for name, value in head.items()}
    return times


def _items(
    rows: Sequence[LabelledText],
    predicted: NDArray[np.intp],
    probabilities: NDArray[np.float64],
    labels: Sequence[str],
) -> list[dict[str, Any]]:  # JSON
    return [
        {
            "row": number,
            "text": row.text,
            "label": row.label,
            "predicted": SENTIMENTS[taken],
            "probabilities": dict(zip(labels, map(float, chances), strict=True)),
        }
        for number, (row, taken, chances) in enumerate(zip(rows, predicted, probabilities, strict=True), 1)
    ]
