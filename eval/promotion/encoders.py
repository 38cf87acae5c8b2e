"""Two encoders side by side: how well the index that each makes finds the right answer; adapts none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.metrics import hit_at_k, mrr_at_k
from eval.metrics.intervals import bootstrap_mean
from eval.results import SuiteResult, Track, figure, untracked
from eval.suites.retrieval import index_of
from model.interfaces import Encoder
from model.types import Candidate, Passage

SEED = 0
METRICS = ("hit@1", "mrr@10")
_TOP_K = 10
_COMPARED = 100
"""Candidates looked at for the order by cosine alone."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A question with the answers that fit it."""

    text: str
    refs: frozenset[str]

    @property
    def cluster(self) -> str:
        """Equal for questions with the same answers, which are rewordings of each other."""
        return "\n".join(sorted(self.refs))


def run(
    knowledge: Mapping[str, Sequence[Passage]],
    questions: Sequence[Sought],
    *,
    before: Encoder,
    after: Encoder,
    seed: int = SEED,
    track: Track = untracked,
) -> SuiteResult:
    """Searches the knowledge for each question, by the index of each encoder, fused as in service.

    - `before`, `after`: `hit@1` and `mrr@10` of each; `dense_before`, `dense_after`: by cosine alone.
    - `gain`: the paired differences of the fused figures, after minus before.

    Intervals are 95 %, by the bootstrap over whole clusters of questions with the same answers. `n` counts
    questions, `n_clusters` clusters. Raises `ValueError` without questions.
    """
    sides: dict[str, list[dict[str, Any]]] = {  # JSON
        name: _searched(knowledge, questions, encoder, track=track)
        for name, encoder in (("before", before), ("after", after))
    }
    clusters = [one.cluster for one in questions]
    items: list[dict[str, Any]] = [  # JSON
        {"text": one.text, "refs": sorted(one.refs), "before": old, "after": new}
        for one, old, new in zip(questions, sides["before"], sides["after"], strict=True)
    ]
    figures: dict[str, Any] = {"n": len(items), "n_clusters": len(set(clusters))}  # JSON
    for name, found in sides.items():
        figures[name] = _figures({key: [one[key] for one in found] for key in METRICS}, clusters, seed)
        figures[f"dense_{name}"] = {
            key: float(np.mean([one["dense"][key] for one in found])) for key in METRICS
        }
    differences = {key: [item["after"][key] - item["before"][key] for item in items] for key in METRICS}
    figures["gain"] = _figures(differences, clusters, seed)
    return SuiteResult(figures, tuple(items))


def _searched(
    knowledge: Mapping[str, Sequence[Passage]],
    questions: Sequence[Sought],
    encoder: Encoder,
    *,
    track: Track,
) -> list[dict[str, Any]]:  # JSON
    index = index_of(knowledge, encoder, track=track)
    vectors = encoder.encode([one.text for one in questions])
    return [
        _scored(index.search(one.text, vector, top_k=_COMPARED), one.refs)
        for one, vector in zip(questions, vectors, strict=True)
    ]


def _scored(found: Sequence[Candidate], right: frozenset[str]) -> dict[str, Any]:  # JSON
    fused = [one.ref for one in found[:_TOP_K]]
    dense = [one.ref for one in sorted(found, key=lambda one: one.dense_rank)[:_TOP_K]]
    return {"found": fused, **_scores(fused, right), "dense": _scores(dense, right)}


def _scores(ranked: Sequence[str], right: frozenset[str]) -> dict[str, float]:
    gains = dict.fromkeys(right, 1.0)
    return {"hit@1": hit_at_k(ranked, gains, 1), "mrr@10": mrr_at_k(ranked, gains, _TOP_K)}


def _figures(
    values: Mapping[str, Sequence[float]], clusters: Sequence[str], seed: int
) -> dict[str, Any]:  # JSON
    figures: dict[str, Any] = {}
    for key, scores in values.items():
        interval = bootstrap_mean(scores, rng=np.random.default_rng(seed), clusters=clusters)
        figures |= figure(key, float(np.mean(scores)), interval)
    return figures
