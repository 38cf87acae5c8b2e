"""How well intents are told apart, and texts with none of them noticed; chooses nothing by the test rows."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.intervals import Rows, bootstrap, wilson
from eval.metrics import (
    accuracy,
    auroc,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    share_above,
    threshold_keeping,
)
from eval.results import SuiteResult, Track, figure, untracked
from eval.scope import FitHead, Scores, distances, guided, held_out_guided, strongest
from eval.tuned import TuneTexts
from knowledge.company import LabelledText, read_labelled_texts
from knowledge.data_problems import contradictions, duplicates, normalised
from model.errors import DataError
from model.heads import LinearHead
from model.interfaces import Reader
from model.types import Reading

OOS_LABEL = "oos"
SEED = 0

_ENCODE_BATCH = 512


def run(
    train_file: Path,
    test_file: Path,
    *,
    encoder: Reader,
    fit_head: FitHead,
    oos_label: str = OOS_LABEL,
    seed: int = SEED,
    tune: TuneTexts | None = None,
    track: Track = untracked,
) -> SuiteResult:
    """Fits an intent head on the rows `{"text", "label"}` of one file and measures it on another's.

    The head sees the encoder's features, as in service; with `tune` those of an encoder tuned to the
    training rows, and `encoder` is not used. Rows labelled `oos_label` are no class: those of
    the training file are left out, those of the test file count for the out-of-scope figures alone.

    - `accuracy`, `macro_f1`, `ece` (15 bins of equal width): over in-scope test rows; a label that the
      training file does not have counts as wrong, is counted in `n_unknown_label` and named in
      `unknown_labels`.
    - `oos_auroc`: of the score `eval.scope.guided`, with out-of-scope rows as the positive ones.
    - `oos_recall_at_95`: share of out-of-scope rows above the threshold that keeps 95 % of training texts
      held out from a fit; `in_scope_kept` is the share of in-scope test rows that it keeps.
    - `oos_comparison`: AUROC of that score; of its halves, the distance to the nearest texts and the
      head's greatest score; and of the greatest probability (Hendrycks & Gimpel 2017).
    - `fit_seconds`: from training texts to a head ready for use, of which `encode_seconds` for encoding;
      of a tuned encoder all its tuning and exporting.
    - `n_duplicate`, `n_contradictory`: test rows whose text and label stand earlier too, and rows whose text
      has another label elsewhere (case, spacing and outer marks ignored); `n_train_…` the same of the
      training rows; `n_test_in_train`: test rows whose text was trained on. All are measured like others.

    Figures without rows to measure them on are `None`. Raises `DataError` for a bad row.
    """
    train = [row for row in _rows(train_file) if row.label != oos_label]
    if not train:
        raise DataError(f"{train_file} has no row with another label than {oos_label!r}; give some")
    test = _rows(test_file)
    fitted = _tuned(train, tune, seed, track) if tune else _frozen(train, encoder, fit_head, seed, track)
    reading = _read(fitted.encoder, test, track, doing="Encoding test texts")
    outcome = _outcome(test, fitted.head, reading, fitted.known, oos_label)
    rng = np.random.default_rng(seed)
    figures = {"n": len(test), **_intent_figures(outcome, fitted.head.labels, rng)}
    held_out = fitted.held_out_scope() if outcome.is_oos.any() else np.empty(0)
    figures |= _scope_figures(outcome, threshold_keeping(held_out) if len(held_out) else None, rng)
    figures |= _row_figures(train, test)
    figures |= {
        "fit_seconds": round(fitted.fit_seconds, 3),
        "encode_seconds": round(fitted.encode_seconds, 3),
        "n_train": len(train),
        "labels": len(fitted.head.labels),
        "finetuned": tune is not None,
        "seed": seed,
    }
    return SuiteResult(figures, tuple(_items(outcome)))


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """What the test rows are put to."""

    encoder: Reader
    head: LinearHead
    known: Reading
    """The training texts, as the encoder reads them."""
    held_out_scope: Callable[[], Scores]
    """Out-of-scope scores of training texts held out from a fit."""
    fit_seconds: float
    encode_seconds: float


def _frozen(
    train: Sequence[LabelledText], encoder: Reader, fit_head: FitHead, seed: int, track: Track
) -> _Fitted:
    """A head on the encoder as it is."""
    labels = [row.label for row in train]
    started = time.perf_counter()
    known = _read(encoder, train, track, doing="Encoding training texts")
    encoded = time.perf_counter()
    head = fit_head(known.features, labels, seed=seed)
    fitted = time.perf_counter()
    return _Fitted(
        encoder,
        head,
        known,
        lambda: held_out_guided(known, labels, fit_head, seed=seed),
        fitted - started,
        encoded - started,
    )


def _tuned(train: Sequence[LabelledText], tune: TuneTexts, seed: int, track: Track) -> _Fitted:
    """A head on an encoder tuned to the training rows."""
    started = time.perf_counter()
    found = tune([row.text for row in train], [row.label for row in train], seed=seed)
    fitted = time.perf_counter()
    known = _read(found.encoder, train, track, doing="Encoding training texts")
    encoding = time.perf_counter() - fitted
    return _Fitted(found.encoder, found.head, known, lambda: found.held_out_scope, fitted - started, encoding)


def _row_figures(train: Sequence[LabelledText], test: Sequence[LabelledText]) -> dict[str, Any]:  # JSON
    """Rows that say the same as others of their file, and test rows that were trained on."""
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

    texts: Sequence[str]
    labels: NDArray[np.str_]
    is_oos: NDArray[np.bool_]
    predicted: NDArray[np.str_]
    confidences: Scores
    by_distance: Scores
    strongest: Scores
    guided: Scores


def _outcome(
    rows: Sequence[LabelledText], head: LinearHead, reading: Reading, known: Reading, oos_label: str
) -> _Outcome:
    labels = np.asarray([row.label for row in rows])
    probabilities = head.probabilities(reading.features)
    by_distance = distances(reading.vectors, known.vectors)
    return _Outcome(
        texts=[row.text for row in rows],
        labels=labels,
        is_oos=labels == oos_label,
        predicted=np.asarray(head.labels)[probabilities.argmax(axis=1)],
        confidences=probabilities.max(axis=1),
        by_distance=by_distance,
        strongest=strongest(head, reading.features),
        guided=guided(by_distance, head, reading.features),
    )


def _items(outcome: _Outcome) -> list[dict[str, Any]]:  # JSON
    return [
        {
            "row": number,
            "text": text,
            "label": str(outcome.labels[number - 1]),
            "predicted": str(outcome.predicted[number - 1]),
            "confidence": float(outcome.confidences[number - 1]),
            "out_of_scope_score": float(outcome.guided[number - 1]),
        }
        for number, text in enumerate(outcome.texts, start=1)
    ]


def _intent_figures(
    outcome: _Outcome, known_labels: Sequence[str], rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    kept = ~outcome.is_oos
    names, predicted, sure = outcome.labels[kept], outcome.predicted[kept], outcome.confidences[kept]
    # numbers instead of names: a thousand resamples take seconds instead of minutes
    _, numbers = np.unique(np.concatenate([names, predicted]), return_inverse=True)
    true, taken = numbers[: len(names)], numbers[len(names) :]
    right = true == taken
    share = wilson(int(right.sum()), len(names)) if len(names) else None
    return {
        "n_in_scope": len(names),
        "n_unknown_label": int((~np.isin(names, known_labels)).sum()),
        "unknown_labels": sorted({str(name) for name in names} - set(known_labels)),
        **figure("accuracy", accuracy(true, taken), share),
        **_resampled(
            "macro_f1", lambda rows: macro_f1(confusion_matrix(true[rows], taken[rows])), len(names), rng
        ),
        **_resampled(
            "ece", lambda rows: expected_calibration_error(sure[rows], right[rows]), len(names), rng
        ),
    }


def _scope_figures(
    outcome: _Outcome, threshold: float | None, rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    oos, scores = outcome.is_oos, outcome.guided
    noticed = None if threshold is None else share_above(scores[oos], threshold)
    passed = None if threshold is None else share_above(scores[~oos], threshold)
    recall = None if noticed is None else wilson(round(noticed * int(oos.sum())), int(oos.sum()))
    return {
        "n_out_of_scope": int(oos.sum()),
        **_resampled("oos_auroc", lambda rows: auroc(scores[rows], oos[rows]), len(oos), rng),
        **figure("oos_recall_at_95", noticed, recall),
        "oos_threshold": threshold,
        "in_scope_kept": None if passed is None else 1 - passed,
        "oos_comparison": {
            "guided": auroc(scores, oos),
            "nearest_texts": auroc(outcome.by_distance, oos),
            "strongest_score": auroc(-outcome.strongest, oos),
            "probability": auroc(1 - outcome.confidences, oos),
        },
    }


def _resampled(
    key: str, statistic: Callable[[Rows], float | None], n: int, rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    """The statistic of all `n` rows with its bootstrap interval."""
    value = statistic(np.arange(n))
    return figure(key, value, None if value is None else bootstrap(statistic, n, rng=rng))


def _rows(path: Path) -> list[LabelledText]:
    rows = read_labelled_texts(path)
    if not rows:
        raise DataError(f'{path} has no rows; give lines such as {{"text": "…", "label": "…"}}')
    return rows


def _read(encoder: Reader, rows: Sequence[LabelledText], track: Track, *, doing: str) -> Reading:
    starts = range(0, len(rows), _ENCODE_BATCH)
    readings = [
        encoder.read([row.text for row in rows[start : start + _ENCODE_BATCH]])
        for start in track(starts, doing=doing)
    ]
    return Reading(
        np.concatenate([one.vectors for one in readings]), np.concatenate([one.features for one in readings])
    )
