"""What an adapted encoder gains for the business and costs elsewhere, beside another one; adapts none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from eval.data.beir import Query, read_beir
from eval.data.labelled import LabelledText
from eval.metrics.intervals import Interval
from eval.promotion import encoders
from eval.promotion.gates import Gate, gain_gate, loss_gate, paired_gate
from eval.results import SuiteResult, Track, untracked
from knowledge.index.chunking import article_passages
from model.interfaces import Reader
from model.refs import article_ref, ref_kind
from training.datasets.training_data import general_data, general_wording
from training.encoder.need_sources import question_sources
from training.encoder.needs import Asked, Needs, is_held_out, needs_of
from training.heads.model_set import labelled_texts

_WORDING = ("sentiment", "wants_person", "smalltalk")
_STRENGTH = 10.0
"""Inverse regularisation of the heads that are compared: the same for both encoders."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was measured of one thing, and the gates that decide on it."""

    figures: Mapping[str, Any]  # JSON
    gates: tuple[Gate, ...]
    items: tuple[Mapping[str, Any], ...] = ()  # JSON


@dataclass(frozen=True, slots=True)
class EncoderComparison:
    """The encoder in service and the one that asks to replace it."""

    before: Reader
    after: Reader
    track: Track = untracked

    def gain(self, needs: Needs, held_out: Sequence[Asked]) -> Check:
        """What the business wins: its held-out questions, searched in all that it knows.

        Passes when the mean reciprocal rank rises beyond chance and the first hits do not fall beyond it.
        """
        of = f"{len(held_out)} held-out questions of the business"
        searched = self._searched(needs, held_out)
        gates = (
            gain_gate("gain.mrr@10", *_gain(searched.figures, "mrr@10"), of=of),
            loss_gate("gain.hit@1", *_gain(searched.figures, "hit@1"), of=of),
        )
        return Check(searched.figures, gates, searched.items)

    def cost(self, name: str, needs: Needs) -> Check:
        """What other questions lose, by a name for people; fails when a figure falls beyond chance."""
        of = f"{len(needs.asked)} questions of {name}"
        searched = self._searched(needs, needs.asked)
        gates = (loss_gate(f"{name}.{key}", *_gain(searched.figures, key), of=of) for key in encoders.METRICS)
        return Check(searched.figures, tuple(gates), searched.items)

    def wording(self, rows_by_name: Mapping[str, Sequence[LabelledText]], *, seed: int) -> dict[str, Check]:
        """By head: one fitted on each encoder, asked the texts that neither head nor encoder has seen."""
        texts = list(dict.fromkeys(row.text for rows in rows_by_name.values() for row in rows))
        places = {text: i for i, text in enumerate(texts)}
        old, new = (encoder.read(texts).features for encoder in (self.before, self.after))
        checks = {}
        for name in self.track(sorted(rows_by_name), doing="Comparing heads"):
            rows = rows_by_name[name]
            at = [places[row.text] for row in rows]
            away = np.array([is_held_out(row.text, seed=seed) for row in rows])
            labels = np.array([row.label for row in rows])
            before, after = (_right(features[at], labels, away) for features in (old, new))
            gate = paired_gate(name, list(before), list(after), of=f"held-out texts with their {name} right")
            checks[name] = Check(
                {"n": len(before), "before": float(before.mean()), "after": float(after.mean())}, (gate,)
            )
        return checks

    def _searched(self, needs: Needs, asked: Sequence[Asked]) -> SuiteResult:
        queries = [
            Query(question.text, question.text, dict.fromkeys(question.refs, 1.0)) for question in asked
        ]
        return encoders.run(needs.knowledge, queries, before=self.before, after=self.after, track=self.track)


def general_needs(needs: Needs) -> Needs | None:
    """The general questions, which an adaptation must not cost; `None` where they are the business's own."""
    data = general_data()
    general = needs_of(question_sources(data.articles, data.learned_answers, data.questions))
    own = {ref for ref in general.knowledge if ref_kind(ref) == "article"} <= needs.knowledge.keys()
    return None if own else general


def beir_needs(folder: Path) -> Needs:
    """The test questions of a BEIR folder and its articles."""
    data = read_beir(folder)
    return Needs(
        {article_ref(article.slug): tuple(article_passages(article)) for article in data.articles},
        tuple(Asked(query.text, frozenset(query.gains)) for query in data.queries),
    )


def wording_rows() -> dict[str, Sequence[LabelledText]]:
    """The texts that ship for sentiment, the wish for a person and smalltalk, by head."""
    rows = labelled_texts(general_wording())
    return {name: rows[name] for name in _WORDING}


def _gain(figures: Mapping[str, Any], key: str) -> tuple[float, Interval]:  # JSON
    return figures["gain"][key], Interval(*figures["gain"][f"{key}_interval"])


def _right(
    features: NDArray[np.float32], labels: NDArray[np.str_], away: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether a head fitted on the other texts has each of those `away` right."""
    head = LogisticRegression(C=_STRENGTH, max_iter=300, tol=1e-4, class_weight="balanced")
    with threadpool_limits(1):
        head.fit(features[~away], labels[~away])
    right: NDArray[np.bool_] = head.predict(features[away]) == labels[away]
    return right
