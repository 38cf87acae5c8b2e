"""How surely a wish for a person is told from other messages; fits nothing, serves nobody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.metrics.intervals import Rows
from eval.results import Figure, SuiteResult, Track, untracked
from eval.suites.classifiers import read_all
from knowledge.json_lines import read_json_lines
from model.errors import DataError
from model.heads.head import Head
from model.interfaces import Reader
from model.understanding.follow_up import sentences
from model.understanding.message import PERSON

WISH_LABEL = "handoff"
DENIAL_LABEL = "deny"
SEED = 0

_NEGATED = re.compile(
    r"\b(?:do not|don'?t|needn'?t|need not|never|not)(?: (?:need|have|want|you|to))*"
    r" (?:transfer|connect|put|pass|hand|forward|switch|send|refer)\b",
    re.IGNORECASE,
)


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


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What a head said of each row, and the limit it was held against."""

    probabilities: NDArray[np.float64]
    limits: NDArray[np.float64]

    @property
    def taken(self) -> NDArray[np.bool_]:
        """Which rows count as wishes."""
        taken: NDArray[np.bool_] = self.probabilities >= self.limits
        return taken


@dataclass(frozen=True, slots=True, eq=False)
class Messages:
    """Features of the rows, and of the sentences of those with several."""

    whole: NDArray[np.float32]
    parts: NDArray[np.float32]
    owner: NDArray[np.intp]
    """The row that each part belongs to."""

    @classmethod
    def read(cls, rows: Sequence[WishRow], encoder: Reader, track: Track = untracked) -> "Messages":
        """The rows read in batches."""
        parts = [(i, part) for i, row in enumerate(rows) for part in sentences(row.text)]
        texts = [*(row.text for row in rows), *(part for _, part in parts)]
        features = read_all(encoder, texts, track, doing="Encoding messages").features
        owner = np.array([i for i, _ in parts], dtype=np.intp)
        return cls(features[: len(rows)], features[len(rows) :], owner)

    def strongest(self, head: Head) -> NDArray[np.float64]:
        """Each row's probability of a wish: the greatest of the whole and of its sentences, as in service."""
        column = head.labels.index(PERSON)
        strongest = head.probabilities(self.whole)[:, column]
        np.maximum.at(strongest, self.owner, head.probabilities(self.parts)[:, column])
        return strongest


def measure(rows: Sequence[WishRow], judged: Mapping[str, Judged], *, seed: int = SEED) -> SuiteResult:
    """How well wishes for a person were noticed, by the name of whoever `judged` the rows.

    Each has `precision`, `recall`, `f1`, `limit` (the mean of those used), `negated_taken_for_wishes` and
    how often wishes were `found`, `missed` and `imagined`; over all rows, and by domain. A precision or
    F1 with nothing found, and a recall without wishes, is `None`.
    """
    figures = {
        "n": len(rows),
        "wishes": sum(row.wish for row in rows),
        "negated": sum(row.negated for row in rows),
        "folds": len({row.fold for row in rows}),
        **{name: _by_domain(rows, one, np.random.default_rng(seed)) for name, one in judged.items()},
        "seed": seed,
    }
    return SuiteResult(figures, tuple(_items(rows, judged)))


def _row(row: Mapping[str, Any], where: str, domain: str) -> WishRow:  # JSON
    text, labels, fold = row.get("text"), row.get("labels"), row.get("fold")
    if not isinstance(text, str) or not text.strip() or not isinstance(labels, list) or fold is None:
        raise DataError(f"{where}: expected a text, a list of labels and a fold, got {str(row)[:80]}")
    spoken_of = WISH_LABEL in labels
    negated = spoken_of and DENIAL_LABEL in labels and bool(_NEGATED.search(text))
    return WishRow(domain, text, str(fold), spoken_of and not negated, negated)


def _by_domain(rows: Sequence[WishRow], judged: Judged, rng: np.random.Generator) -> dict[str, Any]:  # JSON
    """The figures over all rows, and by domain where there are several."""
    domains = np.array([row.domain for row in rows])
    names = sorted(set(domains))
    figures = _figures(rows, judged, np.arange(len(rows)), rng)
    if len(names) > 1:
        figures |= {name: _figures(rows, judged, np.flatnonzero(domains == name), rng) for name in names}
    return figures


def _figures(
    rows: Sequence[WishRow], judged: Judged, chosen: Rows, rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    wishes = np.array([rows[i].wish for i in chosen])
    negated = np.array([rows[i].negated for i in chosen])
    taken = judged.taken[chosen]
    found, missed, imagined = (
        int(flags.sum()) for flags in (wishes & taken, wishes & ~taken, ~wishes & taken)
    )

    def f1(at: Rows) -> float | None:
        whole = int(wishes[at].sum() + taken[at].sum())
        return 2 * int((wishes & taken)[at].sum()) / whole if whole else None

    return {
        "n": len(chosen),
        "wishes": int(wishes.sum()),
        **Figure.share(found, found + imagined).under("precision"),
        **Figure.share(found, found + missed).under("recall"),
        **Figure.resampled(f1, len(chosen), rng).under("f1"),
        "found": found,
        "missed": missed,
        "imagined": imagined,
        "limit": float(judged.limits[chosen].mean()),
        "negated": int(negated.sum()),
        "negated_taken_for_wishes": int((taken & negated).sum()),
    }


def _items(rows: Sequence[WishRow], judged: Mapping[str, Judged]) -> list[dict[str, Any]]:  # JSON
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
