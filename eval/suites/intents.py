"""How well intents are told apart, and texts with none of them noticed; chooses nothing by the test rows."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.data.few_shot import drawn, over_draws
from eval.data.label_names import with_label_names
from eval.data.labelled import LabelledText, read_labelled_texts
from eval.data.problems import contradictions, duplicates, normalised
from eval.data.unlabelled import without_known
from eval.metrics import (
    accuracy,
    auroc,
    confusion_matrix,
    confusions,
    expected_calibration_error,
    macro_f1,
    share_above,
    threshold_keeping,
)
from eval.metrics.intervals import Interval, Rows, auroc_interval, bootstrap, wilson
from eval.results import SuiteResult, Track, figure, untracked
from eval.scope import PRODUCT, FitHead, FitIntents, Scores, all_scores, held_out_scores
from eval.tuned import TuneTexts
from knowledge.json_lines import read_texts
from model.errors import DataError
from model.heads.head import LinearHead, softmax
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
    fit_head: FitIntents,
    oos_label: str = OOS_LABEL,
    seed: int = SEED,
    shots: int | None = None,
    repeats: int = 1,
    tune: TuneTexts | None = None,
    unlabelled_files: Sequence[Path] = (),
    track: Track = untracked,
) -> SuiteResult:
    """Fits an intent head on the rows `{"text", "label"}` of one file and measures it on another's.

    The head sees the encoder's features, as in service, and the names of labels with few texts, as in
    training; with `tune` those of an encoder tuned to the training rows, and `encoder` is not used. Rows
    labelled `oos_label` are no class: those of the training file are left out, those of the
    test file count for the out-of-scope figures alone. With `shots`, so many training rows a label are
    drawn, `repeats` times with the seeds `seed`, `seed + 1` …; figures are then means over the draws, with
    intervals as in `eval.data.few_shot.over_draws`.

    Of the rows of `unlabelled_files` the texts alone are read, for the head to learn from as training does:
    each once, and none that was drawn or is a test row. `n_unlabelled` counts them. With `tune` none is read.

    - `accuracy`, `macro_f1`, `ece` (15 bins of equal width): over in-scope test rows; a label that the
      training file does not have counts as wrong, is counted in `n_unknown_label` and named in
      `unknown_labels`. `ece_uncalibrated` is the error without the head's temperature.
    - `confusions`: the 20 pairs of labels most often taken for another, over all draws.
    - `oos_auroc`: of the bot's score, with out-of-scope rows as the positive ones.
    - `oos_recall_at_95`: share of out-of-scope rows above the threshold that keeps 95 % of training texts
      held out from a fit; `in_scope_kept` is the share of in-scope test rows that it keeps.
    - `oos_comparison`: AUROC and that recall of each of `eval.scope.all_scores`.
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
    offered = [text for path in unlabelled_files for text in read_texts(path)]
    draws = []
    for number in range(repeats):
        rng = np.random.default_rng(seed + number)
        rows = with_label_names(train if shots is None else drawn(train, shots, rng))
        if tune:
            known = _tuned(rows, tune, seed=seed + number, track=track)
        else:
            others = without_known(offered, (row.text for row in (*rows, *test)))
            known = _fitted(rows, others, encoder, fit_head, seed=seed + number, track=track)
        read = _read(known.encoder, [row.text for row in test], track, doing="Encoding test texts")
        outcome = _outcome(test, read, known, oos_label)
        held_out = known.held_out_scope() if outcome.is_oos.any() else {}
        draws.append((outcome, _figures(outcome, known, held_out, rng)))
    figures = over_draws([one for _, one in draws]) if repeats > 1 else draws[0][1]
    figures |= {"confusions": _confusions([outcome for outcome, _ in draws])}
    figures |= _row_figures(train, test)
    figures |= {"finetuned": tune is not None, "seed": seed, "shots": shots, "repeats": repeats}
    items = [
        item | ({"draw": i} if repeats > 1 else {})
        for i, (one, _) in enumerate(draws)
        for item in _items(one)
    ]
    return SuiteResult(figures, tuple(items))


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What was learned from, and the head that was."""

    encoder: Reader
    reading: Reading
    """The training texts, as the encoder reads them."""
    labels: Sequence[str]
    head: LinearHead
    held_out_scope: Callable[[], Mapping[str, Scores]]
    """Out-of-scope scores of training texts held out from a fit, by name."""
    n_unlabelled: int
    fit_seconds: float
    encode_seconds: float


def _fitted(
    rows: Sequence[LabelledText],
    others: Sequence[str],
    encoder: Reader,
    fit_intents: FitIntents,
    *,
    seed: int,
    track: Track,
) -> _Known:
    labels = [row.label for row in rows]
    started = time.perf_counter()
    reading = _read(encoder, [row.text for row in rows], track, doing="Encoding training texts")
    fit_head: FitHead = fit_intents
    if others:
        unlabelled = _read(encoder, others, track, doing="Encoding unlabelled texts").features
        fit_head = partial(fit_intents, unlabelled=unlabelled)
    encoded = time.perf_counter()
    head = fit_head(reading.features, labels, seed=seed)
    fitted = time.perf_counter()
    return _Known(
        encoder,
        reading,
        labels,
        head,
        lambda: held_out_scores(reading, labels, fit_head, seed=seed),
        len(others),
        round(fitted - started, 3),
        round(encoded - started, 3),
    )


def _tuned(rows: Sequence[LabelledText], tune: TuneTexts, *, seed: int, track: Track) -> _Known:
    """A head on an encoder tuned to the training rows."""
    labels = [row.label for row in rows]
    started = time.perf_counter()
    found = tune([row.text for row in rows], labels, seed=seed)
    fitted = time.perf_counter()
    reading = _read(found.encoder, [row.text for row in rows], track, doing="Encoding training texts")
    encoding = time.perf_counter() - fitted
    return _Known(
        found.encoder,
        reading,
        labels,
        found.head,
        lambda: found.held_out_scope,
        0,
        round(fitted - started, 3),
        round(encoding, 3),
    )


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
    uncalibrated: Scores
    strangeness: Mapping[str, Scores]
    """By score, as `eval.scope.all_scores`."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """In-scope rows whose label was not the predicted one."""
        wrong: NDArray[np.bool_] = ~self.is_oos & (self.labels != self.predicted)
        return wrong


def _outcome(rows: Sequence[LabelledText], reading: Reading, known: _Known, oos_label: str) -> _Outcome:
    labels = np.asarray([row.label for row in rows])
    scores = known.head.scores(reading.features)
    probabilities = known.head.as_probabilities(scores)
    return _Outcome(
        texts=[row.text for row in rows],
        labels=labels,
        is_oos=labels == oos_label,
        predicted=np.asarray(known.head.labels)[scores.argmax(axis=1)],
        confidences=probabilities.max(axis=1),
        uncalibrated=softmax(scores).max(axis=1),
        strangeness=all_scores(reading, known.head, known.reading, known.labels),
    )


def _items(outcome: _Outcome) -> list[dict[str, Any]]:  # JSON
    strangeness, wrong = outcome.strangeness[PRODUCT], outcome.wrong
    return [
        {
            "row": number,
            "text": text,
            "label": str(outcome.labels[number - 1]),
            "predicted": str(outcome.predicted[number - 1]),
            "wrong": bool(wrong[number - 1]),
            "confidence": float(outcome.confidences[number - 1]),
            "out_of_scope_score": float(strangeness[number - 1]),
        }
        for number, text in enumerate(outcome.texts, start=1)
    ]


def _confusions(outcomes: Sequence[_Outcome]) -> list[dict[str, Any]]:  # JSON
    true = np.concatenate([one.labels[~one.is_oos] for one in outcomes])
    predicted = np.concatenate([one.predicted[~one.is_oos] for one in outcomes])
    return [asdict(one) for one in confusions(confusion_matrix(true, predicted))]


def _figures(
    outcome: _Outcome, known: _Known, held_out: Mapping[str, Scores], rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    return {
        "n": len(outcome.texts),
        **_intent_figures(outcome, known.head.labels, rng),
        **_scope_figures(outcome, held_out),
        "fit_seconds": known.fit_seconds,
        "encode_seconds": known.encode_seconds,
        "n_train": len(known.labels),
        "n_unlabelled": known.n_unlabelled,
        "labels": len(known.head.labels),
    }


def _intent_figures(
    outcome: _Outcome, known_labels: Sequence[str], rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    kept = ~outcome.is_oos
    names, predicted = outcome.labels[kept], outcome.predicted[kept]
    sure, unsure = outcome.confidences[kept], outcome.uncalibrated[kept]
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
        **_resampled(
            "ece_uncalibrated",
            lambda rows: expected_calibration_error(unsure[rows], right[rows]),
            len(names),
            rng,
        ),
    }


def _scope_figures(outcome: _Outcome, held_out: Mapping[str, Scores]) -> dict[str, Any]:  # JSON
    oos = outcome.is_oos
    told = {
        name: _told_apart(scores, oos, held_out.get(name)) for name, scores in outcome.strangeness.items()
    }
    threshold = threshold_keeping(held_out[PRODUCT]) if held_out else None
    kept = None if threshold is None else int((outcome.strangeness[PRODUCT][~oos] <= threshold).sum())
    n = int((~oos).sum())
    return {
        "n_out_of_scope": int(oos.sum()),
        **{f"oos_{key}": value for key, value in told[PRODUCT].items()},
        "oos_threshold": threshold,
        **figure("in_scope_kept", kept / n if kept is not None and n else None, _wilson(kept, n)),
        "oos_comparison": told if oos.any() else {},
    }


def _told_apart(scores: Scores, oos: NDArray[np.bool_], held_out: Scores | None) -> dict[str, Any]:  # JSON
    """AUROC of one score, and its recall at the threshold of the held-out scores."""
    noticed = None if held_out is None else share_above(scores[oos], threshold_keeping(held_out))
    found = None if noticed is None else round(noticed * int(oos.sum()))
    area = auroc(scores, oos)
    enough = area is not None and min(oos.sum(), (~oos).sum()) > 1
    return {
        **figure("auroc", area, auroc_interval(scores, oos) if enough else None),
        **figure("recall_at_95", noticed, _wilson(found, int(oos.sum()))),
    }


def _wilson(found: int | None, n: int) -> Interval | None:
    return None if found is None or not n else wilson(found, n)


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


def _read(encoder: Reader, texts: Sequence[str], track: Track, *, doing: str) -> Reading:
    starts = range(0, len(texts), _ENCODE_BATCH)
    readings = [encoder.read(texts[start : start + _ENCODE_BATCH]) for start in track(starts, doing=doing)]
    return Reading(
        np.concatenate([one.vectors for one in readings]), np.concatenate([one.features for one in readings])
    )
