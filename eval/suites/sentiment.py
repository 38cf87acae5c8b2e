"""How well the sentiment of messages is told; chooses nothing by the test rows."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.data.labelled import SENTIMENTS, LabelledText, read_labelled_texts
from eval.metrics import expected_calibration_errors, macro_f1s, macro_recalls
from eval.metrics.intervals import Rows
from eval.results import Figure, SuiteResult, figures_json, percentiles
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


@dataclass(frozen=True, slots=True)
class SentimentItem:
    """What a message was taken for."""

    row: int
    """From 1."""
    text: str
    label: str
    predicted: str
    probabilities: Mapping[str, float]

    @property
    def right(self) -> bool:
        """Whether its sentiment was read right."""
        return self.predicted == self.label


@dataclass(frozen=True, slots=True)
class SentimentFigures:
    """How well messages are told apart.

    - `accuracy`; `macro_recall`, the measure of SemEval 2017 task 4A (Rosenthal et al. 2017); `macro_f1`;
      `ece` (15 bins of equal width): with 1,000 bootstrap resamples, accuracy with Wilson's.
    - `recall` and `precision` by label, `None` for a label that no row has, or that is never predicted.
    - `confusion`: counts, true label first.
    """

    n: int
    accuracy: Figure
    macro_recall: Figure
    macro_f1: Figure
    ece: Figure
    recall: Mapping[str, Any]  # JSON
    precision: Mapping[str, Any]  # JSON
    confusion: Mapping[str, Mapping[str, int]]
    seed: int


@dataclass(frozen=True, slots=True)
class Sentiments:
    """What messages were taken for, one by one and all together."""

    figures: SentimentFigures
    items: tuple[SentimentItem, ...]

    @property
    def items_json(self) -> tuple[dict[str, Any], ...]:  # JSON
        """The items as they are written."""
        return tuple(asdict(item) for item in self.items)


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
    measured = measure(rows, classifier, seed=seed)
    times = _times(classifier, [row.text for row in rows[:_MOST_TIMED]])
    return SuiteResult(
        {**figures_json(measured.figures), "n_train": trained_on, **times}, measured.items_json
    )


def measure(rows: Sequence[LabelledText], classifier: HeadClassifier, *, seed: int = SEED) -> Sentiments:
    """How well the classifier tells the rows, one or more, apart."""
    probabilities = classifier.probabilities([row.text for row in rows])
    places: dict[str, int] = {label: place for place, label in enumerate(SENTIMENTS)}
    predicted = np.array([places[label] for label in classifier.labels])[probabilities.argmax(axis=1)]
    true = np.array([places[row.label] for row in rows])
    sure, right = probabilities.max(axis=1), true == predicted
    rng = np.random.default_rng(seed)

    def resampled(statistic: Callable[[Rows], NDArray[np.float64]]) -> Figure:
        return Figure.resampled_at_once(statistic, len(true), rng)

    figures = SentimentFigures(
        n=len(rows),
        accuracy=Figure.share(int(right.sum()), len(right)),
        macro_recall=resampled(lambda at: macro_recalls(true[at], predicted[at], len(SENTIMENTS))),
        macro_f1=resampled(lambda at: macro_f1s(true[at], predicted[at], len(SENTIMENTS))),
        ece=resampled(lambda at: expected_calibration_errors(sure[at], right[at])),
        recall=_by_label(right, true),
        precision=_by_label(right, predicted),
        confusion={
            label: dict(
                zip(SENTIMENTS, np.bincount(predicted[true == place], minlength=3).tolist(), strict=True)
            )
            for place, label in enumerate(SENTIMENTS)
        },
        seed=seed,
    )
    items = tuple(
        SentimentItem(
            row=number,
            text=row.text,
            label=row.label,
            predicted=SENTIMENTS[taken],
            probabilities=dict(zip(classifier.labels, map(float, chances), strict=True)),
        )
        for number, (row, taken, chances) in enumerate(zip(rows, predicted, probabilities, strict=True), 1)
    )
    return Sentiments(figures, items)


def _by_label(right: NDArray[np.bool_], labels: NDArray[np.intp]) -> dict[str, Any]:  # JSON
    """Share of right ones among those of each label, and how many there are."""
    shares: dict[str, Any] = {}
    for place, label in enumerate(SENTIMENTS):
        share = Figure.share(int(right[labels == place].sum()), int((labels == place).sum()))
        shares |= {**share.under(label), f"{label}_n": int((labels == place).sum())}
    return shares


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
