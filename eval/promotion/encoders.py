"""Two encoders side by side: how well the index that each makes finds the right answer; adapts none."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eval.data.beir import Query
from eval.metrics import hit_at_k, mrr_at_k
from eval.results import Figure, SuiteResult, Track, untracked
from eval.suites.retrieval import index_of
from model.interfaces import Encoder
from model.types import Passage

SEED = 0
METRICS = ("hit@1", "mrr@10")
_TOP_K = 10
_COMPARED = 100
"""Candidates looked at for the order by cosine alone."""


def run(
    knowledge: Mapping[str, Sequence[Passage]],
    queries: Sequence[Query],
    *,
    before: Encoder,
    after: Encoder,
    seed: int = SEED,
    track: Track = untracked,
) -> SuiteResult:
    """Searches the knowledge for each query, by the index of each encoder, fused as in service.

    - `before`, `after`: `hit@1` and `mrr@10` of each; `dense_before`, `dense_after`: by cosine alone.
    - `gain`: the paired differences of the fused figures, after minus before.

    Intervals are 95 %, by the bootstrap over whole clusters of queries with the same answers. `n` counts
    queries, `n_clusters` clusters. Raises `ValueError` without queries.
    """
    clusters = [query.cluster for query in queries]

    def means(scores: Sequence[Mapping[str, float]]) -> dict[str, Any]:  # JSON
        figures: dict[str, Any] = {}
        for key in METRICS:
            values, rng = [scored[key] for scored in scores], np.random.default_rng(seed)
            figures |= Figure.mean(values, rng, clusters=clusters).under(key)
        return figures

    old, new = (_searched(knowledge, queries, encoder, track) for encoder in (before, after))
    figures: dict[str, Any] = {"n": len(queries), "n_clusters": len(set(clusters))}
    for name, items in (("before", old), ("after", new)):
        figures[name] = means(items)
        figures[f"dense_{name}"] = {
            key: float(np.mean([item["dense"][key] for item in items])) for key in METRICS
        }
    pairs = list(zip(old, new, strict=True))
    figures["gain"] = means([{key: late[key] - early[key] for key in METRICS} for early, late in pairs])
    return SuiteResult(
        figures,
        tuple(
            {"text": query.text, "refs": sorted(query.gains), "before": early, "after": late}
            for query, (early, late) in zip(queries, pairs, strict=True)
        ),
    )


def _searched(
    knowledge: Mapping[str, Sequence[Passage]], queries: Sequence[Query], encoder: Encoder, track: Track
) -> list[dict[str, Any]]:  # JSON
    index = index_of(knowledge, encoder, track=track)
    items = []
    for query, vector in zip(queries, encoder.encode([query.text for query in queries]), strict=True):
        candidates = index.search(query.text, vector, top_k=_COMPARED)
        fused = [candidate.ref for candidate in candidates[:_TOP_K]]
        by_cosine = sorted(candidates, key=lambda candidate: candidate.dense_rank)[:_TOP_K]
        dense = _scores([candidate.ref for candidate in by_cosine], query)
        items.append({"found": fused, **_scores(fused, query), "dense": dense})
    return items


def _scores(ranked: Sequence[str], query: Query) -> dict[str, float]:
    return {"hit@1": hit_at_k(ranked, query.gains, 1), "mrr@10": mrr_at_k(ranked, query.gains, _TOP_K)}
