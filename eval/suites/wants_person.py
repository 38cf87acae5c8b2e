"""How surely a wish for a person is told from other messages, as it is and when taught; serves nobody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eval.data.labelled import LabelledText, read_labelled_texts
from eval.metrics.intervals import Rows, bootstrap, wilson
from eval.results import SuiteResult, Track, figure, untracked
from knowledge import GENERAL_FOLDER
from knowledge.json_lines import read_json_lines
from model.errors import DataError
from model.heads.head import LinearHead
from model.interfaces import Reader
from model.model_set import ModelSet
from model.understanding.follow_up import sentences
from model.understanding.message import NO_PERSON, PERSON

WISH_LABEL = "handoff"
DENIAL_LABEL = "deny"
SEED = 0

_NEGATED = re.compile(
    r"\b(?:do not|don'?t|needn'?t|need not|never|not)(?: (?:need|have|want|you|to))*"
    r" (?:transfer|connect|put|pass|hand|forward|switch|send|refer)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class TaughtHead:
    """A head with the labels `person` and `no`, and what it said of texts it was not fitted on."""

    head: LinearHead
    held_out: NDArray[np.float64]
    """Probability of `person` of each training text by a head that never saw it, `(n_texts,)`."""


class FitWish(Protocol):
    """Fits a head that tells wishes for a person."""

    def __call__(self, inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> TaughtHead:
        """A head on `inputs`, shape `(n_texts, n_inputs)`; the same seed gives the same head."""
        ...


@dataclass(frozen=True, slots=True)
class WishRow:
    """A message, and whether it asks for a person."""

    domain: str
    """The name of its file."""
    text: str
    fold: str
    wish: bool
    negated: bool
    """Whether it is labelled as speaking of a handover but turns it down: then it is no wish."""


def read_wishes(path: Path) -> list[WishRow]:
    """Rows `{"text", "labels", "fold"}` of a JSONL file, or of all in a folder, in the order of names.

    A row labelled `handoff` is a wish, unless it is negated: labelled `deny` too, with a negation right
    before a verb of handing over ("you don't need to transfer me"). NLU++ labels what is spoken of, and
    gives such a row `handoff` as well. Raises `DataError` for a bad row, naming file and line, and for
    rows of one fold alone.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    rows = [_row(row, where, file.stem) for file in files for where, row in read_json_lines(file)]
    if len({row.fold for row in rows}) < 2:
        raise DataError(
            f"{path} has {len(rows)} rows of fewer than two folds; give lines such as "
            '{"text": "…", "labels": ["handoff"], "fold": "1"}'
        )
    return rows


def own_texts(folder: Path = GENERAL_FOLDER) -> list[LabelledText]:
    """What the bot's own head is taught with: wishes, and as others also smalltalk and strange texts."""
    training = folder / "training"
    others = (
        row
        for name in ("smalltalk", "out_of_scope")
        for row in read_labelled_texts(training / f"{name}.jsonl")
    )
    return [
        *read_labelled_texts(training / "wants_person.jsonl"),
        *(LabelledText(row.text, NO_PERSON) for row in others),
    ]


def run(
    path: Path,
    *,
    encoder: Reader,
    models: ModelSet,
    fit: FitWish,
    own: Sequence[LabelledText],
    seed: int = SEED,
    track: Track = untracked,
) -> SuiteResult:
    """The champion's head as it is, and heads taught on folds of the rows, each asked a fold it never saw.

    A message counts as a wish when the strongest of the whole and of its sentences reaches the limit, as
    in service.

    - `champion`: the model set's head and limit;
    - `taught`: for each fold a head of all other folds and of the texts `own`. Its limit has the best F1
      on the messages of those other folds, each judged by a head that did not see it.

    Each has `precision`, `recall`, `f1`, `limit` (the mean of those used), `negated_taken_for_wishes` and
    how often wishes were `found`, `missed` and `imagined`; over all rows, and by domain. A precision or
    F1 with nothing found, and a recall without wishes, is `None`. Raises `DataError` for a bad row.
    """
    rows = read_wishes(path)
    read = _Messages.read(rows, encoder, track)
    champion = _Judged(
        read.strongest(models.heads["wants_person"]), np.full(len(rows), models.limits["wants_person"])
    )
    own_features = encoder.read([row.text for row in own]).features
    taught = _taught(rows, read, own, own_features, fit, seed, track)
    judged = {"champion": champion, "taught": taught}
    figures = {
        "n": len(rows),
        "wishes": sum(row.wish for row in rows),
        "negated": sum(row.negated for row in rows),
        "folds": len({row.fold for row in rows}),
        **{name: _by_domain(rows, one, np.random.default_rng(seed)) for name, one in judged.items()},
        "seed": seed,
    }
    return SuiteResult(figures, tuple(_items(rows, judged)))


def best_limit(probabilities: NDArray[np.float64], wishes: NDArray[np.bool_]) -> float:
    """The limit with the best F1: half way between two neighbouring probabilities; 0.5 without wishes.

    Of equally good ones the greatest.
    """
    if not wishes.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    found = np.cumsum(wishes[order])
    scores = 2 * found / (np.arange(1, len(ordered) + 1) + wishes.sum())
    ends = np.append(ordered[1:] < ordered[:-1], True)  # equal probabilities are on one side of any limit
    best = int(np.argmax(np.where(ends, scores, -1.0)))
    return float((ordered[best] + (ordered[best + 1] if best + 1 < len(ordered) else 0.0)) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """What a head said of each row, and the limit it was held against."""

    probabilities: NDArray[np.float64]
    limits: NDArray[np.float64]

    @property
    def taken(self) -> NDArray[np.bool_]:
        """Which rows count as wishes."""
        taken: NDArray[np.bool_] = self.probabilities >= self.limits
        return taken


@dataclass(frozen=True, slots=True, eq=False)
class _Messages:
    """Features of the rows, and of the sentences of those with several."""

    whole: NDArray[np.float32]
    parts: NDArray[np.float32]
    owner: NDArray[np.intp]
    """The row that each part belongs to."""

    @classmethod
    def read(cls, rows: Sequence[WishRow], encoder: Reader, track: Track) -> "_Messages":
        """The rows read in batches."""
        parts = [(i, part) for i, row in enumerate(rows) for part in sentences(row.text)]
        texts = [*(row.text for row in rows), *(part for _, part in parts)]
        starts = track(range(0, len(texts), 512), doing="Encoding messages")
        features = np.concatenate([encoder.read(texts[start : start + 512]).features for start in starts])
        owner = np.array([i for i, _ in parts], dtype=np.intp)
        return cls(features[: len(rows)], features[len(rows) :], owner)

    def strongest(self, head: LinearHead) -> NDArray[np.float64]:
        """Each row's probability of a wish: the greatest of the whole and of its sentences."""
        column = head.labels.index(PERSON)
        strongest = head.probabilities(self.whole)[:, column]
        np.maximum.at(strongest, self.owner, head.probabilities(self.parts)[:, column])
        return strongest


def _taught(
    rows: Sequence[WishRow],
    read: _Messages,
    own: Sequence[LabelledText],
    own_features: NDArray[np.float32],
    fit: FitWish,
    seed: int,
    track: Track,
) -> _Judged:
    """Each fold judged by a head, and held against a limit, of the other folds."""
    wishes, folds = np.array([row.wish for row in rows]), np.array([row.fold for row in rows])
    judged = _Judged(np.empty(len(rows)), np.empty(len(rows)))
    for fold in track(sorted(set(folds)), doing="Teaching without a fold"):
        asked = folds == fold
        features = np.concatenate([own_features, read.whole[~asked]])
        labels = [*(row.label for row in own), *np.where(wishes[~asked], PERSON, NO_PERSON)]
        fitted = fit(features, labels, seed=seed)
        judged.probabilities[asked] = read.strongest(fitted.head)[asked]
        judged.limits[asked] = best_limit(fitted.held_out[len(own) :], wishes[~asked])
    return judged


def _row(row: Mapping[str, Any], where: str, domain: str) -> WishRow:  # JSON
    text, labels, fold = row.get("text"), row.get("labels"), row.get("fold")
    if not isinstance(text, str) or not text.strip() or not isinstance(labels, list) or fold is None:
        raise DataError(f"{where}: expected a text, a list of labels and a fold, got {str(row)[:80]}")
    spoken_of = WISH_LABEL in labels
    negated = spoken_of and DENIAL_LABEL in labels and bool(_NEGATED.search(text))
    return WishRow(domain, text, str(fold), spoken_of and not negated, negated)


def _by_domain(rows: Sequence[WishRow], judged: _Judged, rng: np.random.Generator) -> dict[str, Any]:  # JSON
    """The figures over all rows, and by domain where there are several."""
    domains = np.array([row.domain for row in rows])
    names = sorted(set(domains))
    figures = _figures(rows, judged, np.arange(len(rows)), rng)
    if len(names) > 1:
        figures |= {name: _figures(rows, judged, np.flatnonzero(domains == name), rng) for name in names}
    return figures


def _figures(
    rows: Sequence[WishRow], judged: _Judged, chosen: Rows, rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    wishes = np.array([rows[i].wish for i in chosen])
    negated = np.array([rows[i].negated for i in chosen])
    taken = judged.taken[chosen]
    found, missed, imagined = _counts(wishes, taken)
    f1 = _f1(wishes, taken)
    resampled = (
        None
        if f1 is None
        else bootstrap(lambda drawn: _f1(wishes[drawn], taken[drawn]), len(chosen), rng=rng)
    )
    return {
        "n": len(chosen),
        "wishes": int(wishes.sum()),
        **_share("precision", found, found + imagined),
        **_share("recall", found, found + missed),
        **figure("f1", f1, resampled),
        "found": found,
        "missed": missed,
        "imagined": imagined,
        "limit": float(judged.limits[chosen].mean()),
        "negated": int(negated.sum()),
        "negated_taken_for_wishes": int((taken & negated).sum()),
    }


def _counts(wishes: NDArray[np.bool_], taken: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Wishes found, missed and imagined."""
    return int((wishes & taken).sum()), int((wishes & ~taken).sum()), int((~wishes & taken).sum())


def _f1(wishes: NDArray[np.bool_], taken: NDArray[np.bool_]) -> float | None:
    """2 found / (2 found + missed + imagined); `None` without any."""
    found, missed, imagined = _counts(wishes, taken)
    whole = 2 * found + missed + imagined
    return 2 * found / whole if whole else None


def _share(key: str, part: int, whole: int) -> dict[str, Any]:  # JSON
    return figure(key, part / whole if whole else None, wilson(part, whole) if whole else None)


def _items(rows: Sequence[WishRow], judged: Mapping[str, _Judged]) -> list[dict[str, Any]]:  # JSON
    taken = {name: one.taken for name, one in judged.items()}
    return [
        {
            "domain": row.domain,
            "fold": row.fold,
            "text": row.text,
            "wish": row.wish,
            "negated": row.negated,
            **{f"{name}_probability": float(one.probabilities[i]) for name, one in judged.items()},
            **{f"{name}_wrong": bool(taken[name][i] != row.wish) for name in judged},
        }
        for i, row in enumerate(rows)
    ]
