"""Measures what labelling the questions that `data next` lists gains over labelling as many at random.

A business is drawn a seed: how often its customers want each intent (Zipf), a few labelled texts of each
intent, or of some intents none, and the questions that its customers asked. The head that training would fit
picks what to label; fitted again with those labels, it is asked the test file. Accuracy counts an intent as
often as customers do. Gains are differences within a seed, with Student's 95 % interval over the seeds.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from eval.data.further_texts import with_label_names
from eval.data.labelled import LabelledText, read_labelled_texts
from eval.suites.classifiers import read_all
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head
from model.interfaces import Reader
from model.types import Reading
from model.understanding.classifying import IntentsRead
from serving.labelling.questions import ReadQuestions, Rows
from serving.labelling.ranking import choose
from serving.settings import Settings
from training.encoder.export import ensure_encoder
from training.heads.linear import Recipe, fit_head
from training.heads.self_training import fit_intent_head

NO_INTENT = "oos"
_ZIPF = 0.8
"""Exponent: of 77 intents the most wanted one has 13 % of the questions, the least wanted .4 %."""
WAYS = ("random", "least_confident", "next")


def main() -> int:
    """0 once everything is measured and printed, as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="Rows of text and label to draw from.")
    parser.add_argument("--test", type=Path, required=True, help="Rows of text and label to be asked.")
    parser.add_argument("--home", type=Path, help="Whose encoder reads the texts.")
    parser.add_argument("--shots", type=int, default=5, help="Labelled texts an intent to begin with.")
    parser.add_argument("--new", type=float, default=0.0, help="Share of intents that begin without any.")
    parser.add_argument("--pool", type=int, default=2000, help="Unlabelled questions.")
    parser.add_argument("-n", type=int, nargs="+", default=[30, 100], help="How many get a label.")
    parser.add_argument("--seeds", type=int, default=8, help="How many businesses are drawn.")
    parser.add_argument("--quick", action="store_true", help="Fit a linear head by one recipe, not a blend.")
    options = parser.parse_args()
    settings = Settings.load(options.home)
    ensure_encoder(settings.encoder_folder, settings.encoder)
    texts = _Texts.read(options.train, options.test, OnnxEncoder.load(settings.encoder_folder))
    fit = partial(fit_head, recipes=(Recipe(30.0, lower=0.3),)) if options.quick else fit_intent_head
    drawn = {"shots": options.shots, "new": options.new, "pool": options.pool, "fit": fit}
    gained = [_measured(texts.business(seed, **drawn), options.n) for seed in range(options.seeds)]
    figures = {
        name: [
            round(float(np.mean([one[name] for one in gained])), 4),
            *_interval([one[name] for one in gained]),
        ]
        for name in gained[0]
    }
    asked = {name: getattr(options, name) for name in ("shots", "new", "pool", "n", "seeds", "quick")}
    print(json.dumps({"data": options.train.parent.name, **asked, **figures}))
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """Everything that is read once: rows to draw from, rows to ask, names of intents."""

    train: Reading
    train_labels: NDArray[np.str_]
    labels: tuple[str, ...]
    names: Reading
    """Of the names of labels that tell something, which training adds where texts are few."""
    named: tuple[str, ...]
    """The labels of these names."""
    test: Reading
    test_labels: NDArray[np.str_]

    @classmethod
    def read(cls, train: Path, test: Path, encoder: Reader) -> "_Texts":
        rows = [row for row in read_labelled_texts(train) if row.label != NO_INTENT]
        asked = [row for row in read_labelled_texts(test) if row.label != NO_INTENT]
        labels = sorted({row.label for row in rows})
        named = with_label_names([LabelledText("?", label) for label in labels])[len(labels) :]
        return cls(
            read_all(encoder, [row.text for row in rows]),
            np.array([row.label for row in rows]),
            tuple(labels),
            read_all(encoder, [row.text for row in named]),
            tuple(row.label for row in named),
            read_all(encoder, [row.text for row in asked]),
            np.array([row.label for row in asked]),
        )

    def business(
        self, seed: int, *, shots: int, new: float, pool: int, fit: Callable[..., Head]
    ) -> "_Business":
        rng = np.random.default_rng(seed)
        shares = rng.permutation(1 / np.arange(1, len(self.labels) + 1) ** _ZIPF)
        wanted = dict(zip(self.labels, shares / shares.sum(), strict=True))
        begun = rng.choice(self.labels, round(len(self.labels) * (1 - new)), replace=False)
        labelled = np.concatenate(
            [rng.choice(np.flatnonzero(self.train_labels == label), shots, replace=False) for label in begun]
        )
        left = np.setdiff1d(np.arange(len(self.train_labels)), labelled)
        counts = {label: np.sum(self.train_labels[left] == label) for label in self.labels}
        chances = np.array([wanted[label] / counts[label] for label in self.train_labels[left]])
        asked = rng.choice(left, min(pool, len(left) // 2), replace=False, p=chances / chances.sum())
        return _Business(self, wanted, labelled, asked, fit, rng)


@dataclass(frozen=True, slots=True, eq=False)
class _Business:
    """How often its customers want what, and which rows are labelled, or asked and not labelled."""

    texts: _Texts
    wanted: Mapping[str, float]
    labelled: NDArray[np.intp]
    asked: NDArray[np.intp]
    fit: Callable[..., Head]
    rng: np.random.Generator

    def head(self, more: Sequence[int] = ()) -> Head:
        """What training fits on the labelled rows and those of the asked questions."""
        rows = np.concatenate([self.labelled, self.asked[list(more)]])
        labels = self.texts.train_labels[rows]
        names = [place for place, label in enumerate(self.texts.named) if label in set(labels)]
        features = np.concatenate([self.texts.train.features[rows], self.texts.names.features[names]])
        named = np.array([*labels, *(self.texts.named[place] for place in names)])
        kept = np.array([np.sum(named == label) > 1 for label in named])  # a head needs two texts a label
        return self.fit(features[kept], named[kept].tolist(), seed=0)

    def accuracy(self, head: Head) -> float:
        """The share of its customers' questions read rightly, as the test rows are."""
        read = np.array(head.labels)[head.probabilities(self.texts.test.features).argmax(axis=1)]
        right = read == self.texts.test_labels
        return float(
            sum(share * right[self.texts.test_labels == label].mean() for label, share in self.wanted.items())
        )

    def order(self, way: str, head: Head, n: int) -> list[int]:
        """The places among the asked questions of the `n` to label."""
        if way == "random":
            return list(map(int, self.rng.permutation(len(self.asked))[:n]))
        reading = self.texts.train.at(self.asked)
        probabilities = head.probabilities(reading.features)
        if way == "least_confident":
            return list(map(int, np.argsort(probabilities.max(axis=1), kind="stable")[:n]))
        nothing = np.zeros(len(self.asked), np.bool_)
        read = IntentsRead("", head.labels, probabilities, nothing, reading.vectors)
        pool = [(place + 1, str(place)) for place in range(len(self.asked))]
        questions = ReadQuestions().with_more(pool, Rows.of(read), head.labels)
        rows, weights = questions.rows, questions.asked * questions.rows.errors
        known = np.zeros(len(pool), np.float32)
        return [one.row for one in choose(rows.vectors, weights, most=rows.most, known=known, n=n).chosen]


def _measured(business: _Business, budgets: Sequence[int]) -> dict[str, float]:
    """Accuracy before, what each way gains for each number of labels, and how much more than at random."""
    head = business.head()
    before = business.accuracy(head)
    figures = {"before": before}
    for n in budgets:
        for way in WAYS:
            figures[f"{way}_{n}"] = business.accuracy(business.head(business.order(way, head, n))) - before
        for way in WAYS[1:]:
            figures[f"{way}_{n}_over_random"] = figures[f"{way}_{n}"] - figures[f"random_{n}"]
    return figures


def _interval(values: Sequence[float]) -> list[float]:
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return [round(float(np.mean(values) - half), 4), round(float(np.mean(values) + half), 4)]


if __name__ == "__main__":
    raise SystemExit(main())
