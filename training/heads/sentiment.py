"""Trains the sentiment head on labelled messages, with an encoder of its own if asked; registers nothing."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eval.data.labelled import SENTIMENTS, LabelledText, read_labelled_texts
from eval.metrics import ConfusionMatrix, confusion_matrix, macro_f1, macro_recall
from eval.report.tracking import Step, numbers, package_versions
from eval.report.used_data import UsedData
from eval.results import Figure, Track, untracked
from eval.suites.classifiers import read_all
from knowledge import GENERAL_FOLDER
from model.errors import DataError
from model.interfaces import Reader
from model.model_set import ModelSet
from training.encoder.finetuning import Finetune
from training.heads.blending import cross_fitted_sentiment
from training.heads.linear import FittedHead
from training.heads.model_set import TrainedSet

_FEWEST = 2
_HEAD = "sentiment"
_OF_FILE = "sentiment"
_OF_GENERAL = "sentiment.general"


@dataclass(frozen=True, slots=True)
class SentimentData:
    """Messages to train on, each text once."""

    rows: tuple[LabelledText, ...]
    general_rows: tuple[LabelledText, ...]
    """The general ones, without those whose text is among `rows`."""
    duplicates: int
    """Rows left out because the same text stood before with the same label."""
    contradictory: int
    """Rows left out because the same text has several labels."""
    source: str = ""
    """The file of `rows`."""

    def left_out(self) -> list[str]:
        """What was left out, in words; empty when nothing was."""
        counted = (
            (self.duplicates, "rows left out: their text stands there already, with the same label"),
            (self.contradictory, "rows left out: their text has several labels"),
        )
        return [f"{count} {words}" for count, words in counted if count]


def sentiment_data(
    rows: Sequence[LabelledText],
    *,
    with_general: bool,
    general: Sequence[LabelledText] | None = None,
    source: str = "",
) -> SentimentData:
    """The rows of the file `source` without repeated and contradictory texts, beside general ones if wanted.

    Texts are compared without regard to case and spacing. Raises `DataError` when a sentiment is missing.
    """
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        labels[_folded(row.text)].add(row.label)
    clear = [row for row in rows if len(labels[_folded(row.text)]) == 1]
    once: dict[str, LabelledText] = {}
    for row in clear:
        once.setdefault(_folded(row.text), row)
    if general is None:
        general = read_labelled_texts(GENERAL_FOLDER / "training" / "sentiment.jsonl", labels=SENTIMENTS)
    data = SentimentData(
        tuple(once.values()),
        tuple(row for row in general if with_general and _folded(row.text) not in labels),
        duplicates=len(clear) - len(once),
        contradictory=len(rows) - len(clear),
        source=source,
    )
    _check_labels((*data.rows, *data.general_rows))
    return data


def train_sentiment(
    data: SentimentData,
    champion: ModelSet,
    encoder: Reader,
    *,
    seed: int = 0,
    finetune: Finetune | None = None,
    track: Track = untracked,
) -> TrainedSet:
    """The champion with a sentiment head fitted on `data`, and its held-out figures.

    With `finetune` the head has an encoder of its own, tuned along.

    `sentiment.*` are over the file's rows, `sentiment.general.*` over the general ones.
    """
    rows = (*data.rows, *data.general_rows)
    labels = [row.label for row in rows]
    others = {name: one for name, one in champion.head_encoders.items() if name != _HEAD}
    steps: dict[str, Sequence[Step]] = {}
    if finetune is not None:
        tuned = finetune([row.text for row in rows], labels)
        fitted, own = tuned.fitted, {_HEAD: tuned.encoder.fingerprint}
        steps = {f"{_HEAD}.{name}": taken for name, taken in tuned.steps.items()}
    else:
        texts = [row.text for row in rows]
        features = read_all(encoder, texts, track, doing=f"Encoding {len(texts)} messages").features
        fitted, own = cross_fitted_sentiment(features, labels, seed=seed), {}
    metrics, confusion = _figures(fitted, labels, n_of_file=len(data.rows))
    return TrainedSet(
        models=replace(
            champion, heads={**champion.heads, _HEAD: fitted.head}, head_encoders={**others, **own}
        ),
        metrics=metrics,
        parameters={
            "sentiment.seed": seed,
            "sentiment.data_sha256": hashlib.sha256(
                json.dumps([[row.text, row.label] for row in rows]).encode()
            ).hexdigest(),
            "sentiment.texts": len(rows),
            "sentiment.general_texts": len(data.general_rows),
            "sentiment.duplicates": data.duplicates,
            "sentiment.contradictory": data.contradictory,
            "sentiment.labels": len(fitted.head.labels),
            "sentiment.strength": fitted.strength,
            "sentiment.encoder": own.get(_HEAD, champion.encoder_fingerprint),
            **package_versions(),
        },
        confusion=confusion,
        used=[
            UsedData(name, source, [row.text for row in some], [row.label for row in some])
            for name, source, some in (
                ("sentiment", data.source, data.rows),
                ("general sentiment", str(GENERAL_FOLDER), data.general_rows),
            )
            if some
        ],
        steps=steps,
    )


def _figures(
    fitted: FittedHead, labels: Sequence[str], *, n_of_file: int
) -> tuple[dict[str, float], dict[str, ConfusionMatrix]]:
    """Of the texts that a fold held out, by where they come from; with 95 % intervals."""
    scores = fitted.held_out_scores
    held_out = ~np.isnan(scores[:, 0])
    true = np.array([SENTIMENTS.index(label) for label in labels])
    order = np.array([SENTIMENTS.index(label) for label in fitted.head.labels])
    predicted = order[np.nan_to_num(scores).argmax(axis=1)]
    of_file = np.arange(len(labels)) < n_of_file
    metrics: dict[str, float] = {}
    confusion: dict[str, ConfusionMatrix] = {}
    for name, chosen in ((_OF_FILE, held_out & of_file), (_OF_GENERAL, held_out & ~of_file)):
        if chosen.any():
            metrics |= _quality(name, true[chosen], predicted[chosen])
            names = np.array(SENTIMENTS)
            confusion[name] = confusion_matrix(names[true[chosen]], names[predicted[chosen]])
    return metrics, confusion


def _quality(name: str, true: NDArray[np.intp], predicted: NDArray[np.intp]) -> dict[str, float]:
    rng = np.random.default_rng(0)

    def resampled(of: Callable[[ConfusionMatrix], float | None]) -> Figure:
        return Figure.resampled(lambda at: of(confusion_matrix(true[at], predicted[at])), len(true), rng)

    return numbers(
        {
            f"{name}.n": len(true),
            **Figure.share(int((true == predicted).sum()), len(true)).under(f"{name}.accuracy"),
            **resampled(macro_recall).under(f"{name}.macro_recall"),
            **resampled(macro_f1).under(f"{name}.macro_f1"),
        }
    )


def _check_labels(rows: Iterable[LabelledText]) -> None:
    counts = Counter(row.label for row in rows)
    few = {label: counts[label] for label in SENTIMENTS if counts[label] < _FEWEST}
    if few:
        raise DataError(f"each sentiment needs {_FEWEST} messages, but there are {few}; give more rows")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
