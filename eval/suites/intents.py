"""How well intents are told apart, and texts with none of them noticed; fits nothing."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.data.few_shot import over_draws
from eval.data.labelled import LabelledText, read_labelled_texts
from eval.data.problems import contradictions, duplicates, normalised
from eval.metrics import Confusion, auroc, confusion_matrix, confusions, expected_calibration_error, macro_f1
from eval.metrics.intervals import Rows, auroc_interval
from eval.results import Figure, SuiteResult, Track, figure, untracked
from eval.suites.classifiers import read_all
from model.errors import DataError
from model.heads.head import Head, softmax
from model.heads.out_of_scope import ScopeDetector, clearness
from model.interfaces import Reader

OOS_LABEL = "oos"
_SCORED_AT_ONCE = 1024
"""Texts compared at once with all training texts: 60 MB of cosines for 15,000 of them."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedIntents:
    """An intent head to be measured, and what it took to fit it."""

    encoder: Reader
    head: Head
    scope: ScopeDetector
    """Of the texts it was fitted on."""
    scope_threshold: Callable[[], float | None]
    """The out-of-scope score that 95 % of training texts held out from a fit stay under; asked when there are
    texts out of scope, since it takes a fit of its own. `None` when none could be held out."""
    n_train: int
    n_unlabelled: int
    fit_seconds: float
    """From training texts to a head ready for use; of a tuned encoder all its tuning and exporting."""
    encode_seconds: float
    """Of these for encoding."""


def read_rows(path: Path) -> list[LabelledText]:
    """Rows `{"text", "label"}` of a JSONL file. Raises `DataError` for a bad row, or for none."""
    rows = read_labelled_texts(path)
    if not rows:
        raise DataError(f'{path} has no rows; give lines such as {{"text": "…", "label": "…"}}')
    return rows


def measure(
    test: Sequence[LabelledText],
    fitted: FittedIntents,
    *,
    rng: np.random.Generator,
    oos_label: str = OOS_LABEL,
    track: Track = untracked,
) -> SuiteResult:
    """What the head says of the test rows; those labelled `oos_label` count for the `oos_` figures alone.

    - `accuracy`, `macro_f1`, `ece` (15 bins of equal width): over in-scope rows; a label that the head does
      not have counts as wrong, is counted in `n_unknown_label` and named in `unknown_labels`.
      `ece_uncalibrated` is the error without the head's temperature.
    - `oos_auroc`: of the bot's score, with out-of-scope rows as the positive ones.
    - `oos_recall_at_95`: share of out-of-scope rows above `oos_threshold`, which keeps 95 % of training texts
      held out from a fit; `in_scope_kept` is the share of in-scope rows that it keeps.
    - `confusions`: the 20 pairs of labels most often taken for another.

    Figures without rows to measure them on are `None`.
    """
    outcome = _outcome(test, fitted, oos_label, track)
    figures = {
        "n": len(test),
        **_intent_figures(outcome, fitted.head.labels, rng),
        **_scope_figures(outcome, fitted.scope_threshold() if outcome.is_oos.any() else None),
        "fit_seconds": fitted.fit_seconds,
        "encode_seconds": fitted.encode_seconds,
        "n_train": fitted.n_train,
        "n_unlabelled": fitted.n_unlabelled,
        "labels": len(fitted.head.labels),
        "confusions": [asdict(confusion) for confusion in _confusions(outcome.items, oos_label)],
    }
    return SuiteResult(figures, outcome.items)


def mean_over_draws(draws: Sequence[SuiteResult], *, oos_label: str = OOS_LABEL) -> SuiteResult:
    """Several draws of training rows as one: means, with intervals as in `eval.data.few_shot.over_draws`."""
    items = tuple({**item, "draw": number} for number, one in enumerate(draws) for item in one.items)
    figures = over_draws([draw.figures for draw in draws])
    figures["confusions"] = [asdict(confusion) for confusion in _confusions(items, oos_label)]
    return SuiteResult(figures, items)


def row_figures(train: Sequence[LabelledText], test: Sequence[LabelledText]) -> dict[str, Any]:  # JSON
    """Rows that say the same as others of their file, and test rows that were trained on; all are measured.

    - `n_duplicate`, `n_contradictory`: test rows whose text and label stand earlier too, and rows whose text
      has another label elsewhere (case, spacing and outer marks ignored); `n_train_…` the same of the
      training rows; `n_test_in_train`: test rows whose text was trained on.
    """
    trained = [(normalised(row.text), row.label) for row in train]
    asked = [(normalised(row.text), row.label) for row in test]
    known = {text for text, _ in trained}
    counted = Counter(label for _, label in trained)
    return {
        "n_duplicate": len(duplicates(asked)),
        "n_contradictory": len(contradictions(asked)),
        "n_train_duplicate": len(duplicates(trained)),
        "n_train_contradictory": len(contradictions(trained)),
        "n_test_in_train": sum(text in known for text, _ in asked),
        "labels_with_one_row": sorted(label for label, rows in counted.items() if rows == 1),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """What became of each test row."""

    labels: NDArray[np.str_]
    is_oos: NDArray[np.bool_]
    predicted: NDArray[np.str_]
    confidences: NDArray[np.float64]
    uncalibrated: NDArray[np.float64]
    strangeness: NDArray[np.float64]
    items: tuple[dict[str, Any], ...]  # JSON


def _outcome(rows: Sequence[LabelledText], fitted: FittedIntents, oos_label: str, track: Track) -> _Outcome:
    reading = read_all(fitted.encoder, [row.text for row in rows], track, doing="Encoding test texts")
    labels = np.asarray([row.label for row in rows])
    scores = fitted.head.scores(reading.features)
    confidences = fitted.head.as_probabilities(scores).max(axis=1)
    predicted = np.asarray(fitted.head.labels)[scores.argmax(axis=1)]
    clear = clearness(scores)
    parts = (slice(start, start + _SCORED_AT_ONCE) for start in range(0, len(rows), _SCORED_AT_ONCE))
    strangeness = np.concatenate([fitted.scope.score(reading.vectors[part], clear[part]) for part in parts])
    is_oos = labels == oos_label
    items = tuple(
        {
            "row": number,
            "text": row.text,
            "label": row.label,
            "predicted": str(predicted[number - 1]),
            "wrong": bool(~is_oos[number - 1] & (predicted[number - 1] != row.label)),
            "confidence": float(confidences[number - 1]),
            "out_of_scope_score": float(strangeness[number - 1]),
        }
        for number, row in enumerate(rows, start=1)
    )
    uncalibrated = softmax(scores).max(axis=1)
    return _Outcome(labels, is_oos, predicted, confidences, uncalibrated, strangeness, items)


def _confusions(items: Sequence[dict[str, Any]], oos_label: str) -> list[Confusion]:  # JSON
    in_scope = [item for item in items if item["label"] != oos_label]
    matrix = confusion_matrix([item["label"] for item in in_scope], [item["predicted"] for item in in_scope])
    return confusions(matrix)


def _intent_figures(
    outcome: _Outcome, known_labels: Sequence[str], rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    in_scope = ~outcome.is_oos
    names, predicted = outcome.labels[in_scope], outcome.predicted[in_scope]
    sure, unsure = outcome.confidences[in_scope], outcome.uncalibrated[in_scope]
    # numbers instead of names: a thousand resamples take seconds instead of minutes
    _, numbers = np.unique(np.concatenate([names, predicted]), return_inverse=True)
    true, taken = numbers[: len(names)], numbers[len(names) :]
    right = true == taken

    def resampled(statistic: Callable[[Rows], float | None]) -> Figure:
        return Figure.resampled(statistic, len(names), rng)

    f1 = resampled(lambda rows: macro_f1(confusion_matrix(true[rows], taken[rows])))
    ece = resampled(lambda rows: expected_calibration_error(sure[rows], right[rows]))
    uncalibrated = resampled(lambda rows: expected_calibration_error(unsure[rows], right[rows]))
    return {
        "n_in_scope": len(names),
        "n_unknown_label": int((~np.isin(names, known_labels)).sum()),
        "unknown_labels": sorted({str(name) for name in names} - set(known_labels)),
        **Figure.share(int(right.sum()), len(names)).under("accuracy"),
        **f1.under("macro_f1"),
        **ece.under("ece"),
        **uncalibrated.under("ece_uncalibrated"),
    }


def _scope_figures(outcome: _Outcome, threshold: float | None) -> dict[str, Any]:  # JSON
    oos, scores = outcome.is_oos, outcome.strangeness
    n_oos, n = int(oos.sum()), int((~oos).sum())
    noticed = in_scope_kept = Figure(None, None)
    if threshold is not None:
        noticed = Figure.share(int((scores[oos] > threshold).sum()), n_oos)
        in_scope_kept = Figure.share(int((scores[~oos] <= threshold).sum()), n)
    return {
        "n_out_of_scope": n_oos,
        **figure("oos_auroc", auroc(scores, oos), auroc_interval(scores, oos) if min(n_oos, n) > 1 else None),
        **noticed.under("oos_recall_at_95"),
        "oos_threshold": threshold,
        **in_scope_kept.under("in_scope_kept"),
    }
