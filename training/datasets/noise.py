"""Finds the rows most likely mislabelled, by confident learning; corrects none, a person does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from eval.data.problems import normalised
from eval.metrics.intervals import wilson
from eval.results import Track, figure, untracked
from model.errors import DataError
from model.heads.head import Head
from model.types import Vectors

FOLDS = 5
FEWEST = 4
"""Rows that a label needs to be judged: with fewer, what is held out has too little to be judged by."""

FitHead = Callable[..., Head]
"""Fits a head on features, labels and, by name, a seed."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What heads that never saw a row say of it."""

    labels: tuple[str, ...]
    given: NDArray[np.intp]
    """Number of each judged row's label, `(n_judged,)`."""
    probabilities: NDArray[np.float64]
    """`(n_judged, n_labels)`."""
    judged: NDArray[np.intp]
    """Place of each judged row among all rows."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that is likely another label's."""

    row: int
    """Its place among all rows, counting from 0."""
    given: str
    suggested: str
    margin: float
    """Probability of the given label less that of the likeliest other, in [-1, 1]; the least first."""


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """What confident learning says of a set of rows."""

    suspects: tuple[Suspect, ...]
    """Least margin first; ties in the order of the rows."""
    n_judged: int
    n_too_few: int
    """Rows of labels with fewer than `FEWEST` rows: not judged."""
    estimated_share: float
    """Share of judged rows that carry a wrong label, by the joint calibrated to the labels' counts."""


def find_noise(
    features: Vectors,
    labels: Sequence[str],
    texts: Sequence[str],
    fit_head: FitHead,
    *,
    seed: int = 0,
    track: Track = untracked,
) -> Noise:
    """Confident learning (Northcutt, Jiang & Chuang 2021) over all rows.

    A row is confidently of label j when its held-out probability of j is at least the mean of that
    probability over the rows given j; of several such labels the likeliest counts. The suspects are the rows
    confidently of another label than theirs (the off-diagonal of the confident joint), ranked by normalised
    margin.
    """
    held_out = held_out_probabilities(features, labels, texts, fit_head, seed=seed, track=track)
    probabilities, given = held_out.probabilities, held_out.given
    everyone = np.arange(len(given))
    thresholds = class_thresholds(probabilities, given)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    suggested = confident.argmax(axis=1)
    is_confident = confident[everyone, suggested] >= 0
    joint = np.zeros((len(held_out.labels),) * 2, dtype=np.int64)
    np.add.at(joint, (given[is_confident], suggested[is_confident]), 1)
    others = probabilities.copy()
    others[everyone, given] = -1.0
    margins = probabilities[everyone, given] - others.max(axis=1)
    listed = np.flatnonzero(is_confident & (suggested != given))
    listed = listed[np.argsort(margins[listed], kind="stable")]
    return Noise(
        suspects=tuple(
            Suspect(
                int(held_out.judged[place]),
                held_out.labels[given[place]],
                held_out.labels[suggested[place]],
                float(margins[place]),
            )
            for place in listed
        ),
        n_judged=len(given),
        n_too_few=len(labels) - len(given),
        estimated_share=estimated_noise(joint, np.bincount(given, minlength=len(joint))),
    )


def class_thresholds(probabilities: NDArray[np.float64], given: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean held-out probability of each label over the rows that carry it, `(n_labels,)`."""
    return np.array([probabilities[given == j, j].mean() for j in range(probabilities.shape[1])])


def estimated_noise(joint: NDArray[np.int64], counts: NDArray[np.int64]) -> float:
    """The off-diagonal share of the joint once each row of it sums to its label's count (eq. 3 of the paper).

    A label without any confident row counts as wholly right.
    """
    sums = joint.sum(axis=1)
    wrong = sums - joint.diagonal()
    shares = np.divide(wrong, sums, out=np.zeros(len(joint)), where=sums > 0)
    return float((shares * counts).sum() / max(1, counts.sum()))


def held_out_probabilities(
    features: Vectors,
    labels: Sequence[str],
    texts: Sequence[str],
    fit_head: FitHead,
    *,
    seed: int,
    track: Track = untracked,
) -> HeldOut:
    """Each judged row scored by a head that saw neither it nor its text elsewhere, over `FOLDS` folds.

    Raises `DataError` when fewer than two labels have `FEWEST` rows.
    """
    all_names, all_given = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    enough = np.flatnonzero(np.bincount(all_given) >= FEWEST)
    judged = np.flatnonzero(np.isin(all_given, enough))
    if len(enough) < 2:
        raise DataError(
            f"{len(enough)} label(s) have {FEWEST} rows or more; label noise needs two of them, add rows"
        )
    names = all_names[enough]
    given = np.searchsorted(enough, all_given[judged])
    normal_texts = np.asarray([normalised(texts[place]) for place in judged.tolist()], dtype=str)
    _, groups = np.unique(normal_texts, return_inverse=True)
    folds = min(FOLDS, int(np.bincount(given).min()))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    probabilities = np.zeros((len(judged), len(names)))
    for train, test in track(list(splitter.split(given, given, groups)), doing="Fitting folds"):
        counts = np.bincount(given[train], minlength=len(names))
        known = train[counts[given[train]] >= 2]  # all texts of a small label may be held out at once
        head = fit_head(features[judged[known]], [str(names[number]) for number in given[known]], seed=seed)
        columns = np.searchsorted(names, np.asarray(head.labels, dtype=str))
        probabilities[np.ix_(test, columns)] = head.probabilities(features[judged[test]])
    return HeldOut(tuple(map(str, names)), given, probabilities, judged)


def with_flipped_labels(labels: Sequence[str], share: float, seed: int) -> tuple[list[str], NDArray[np.intp]]:
    """The labels with that share of them, rounded, each replaced by another at random; and where."""
    rng = np.random.default_rng(seed)
    names = sorted(set(labels))
    places = np.sort(rng.choice(len(labels), round(share * len(labels)), replace=False))
    changed = list(labels)
    for place in places.tolist():
        others = [name for name in names if name != labels[place]]
        changed[place] = others[int(rng.integers(len(others)))]
    return changed, places


def flip_figures(noise: Noise, places: NDArray[np.intp], top: int) -> dict[str, Any]:  # JSON
    """How well flipped labels were found, as shares with 95 % intervals.

    `precision` and `recall` over all listed; `precision_at_flipped` over the first as many as were flipped;
    `precision_top` over the first `top`. What the file itself mislabels counts as wrongly listed, so
    precision is understated.
    """
    wrong = set(places.tolist())
    hits = [suspect.row in wrong for suspect in noise.suspects]
    figures: dict[str, Any] = {"n_flipped": len(wrong), "n_listed": len(hits), "n_found": sum(hits)}
    first = hits[: len(wrong)]
    for key, right, of in (
        ("precision", sum(hits), len(hits)),
        ("recall", sum(hits), len(wrong)),
        ("precision_at_flipped", sum(first), len(first)),
        ("precision_top", sum(hits[:top]), len(hits[:top])),
    ):
        figures |= figure(key, right / of if of else None, wilson(right, of) if of else None)
    return figures
