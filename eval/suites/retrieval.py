"""How well the knowledge index finds the right answer; asks no model and decides nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.data.beir import Query
from eval.data.retrieval_sets import RetrievalSet, beir_set
from eval.metrics import hit_at_k, mrr_at_k, ndcg_at_k
from eval.metrics.intervals import bootstrap_mean, share_interval
from eval.results import Figure, SuiteResult, Track, figure, untracked
from eval.suites.plain_search import PlainSearch
from knowledge.index.knowledge_index import KnowledgeIndex
from model.interfaces import Encoder
from model.types import Passage

SEED = 0
PEERS = ("dense", "bm25")
_HITS = ("hit@1", "hit@3", "hit@10")
_METRICS = (*_HITS, "mrr@10", "ndcg@10")
_COMPARED = ("hit@1", "mrr@10", "ndcg@10")
_TOP_K = 10
_ANSWERS_AT_ONCE = 64
_QUERIES_AT_ONCE = 64

Scores = Mapping[str, float]


def run(
    folder: Path, *, encoder: Encoder, answers_only: bool = False, seed: int = SEED, track: Track = untracked
) -> SuiteResult:
    """`run_set` on a BEIR folder; with `answers_only` the titles of its corpus are left out."""
    return run_set(beir_set(folder, answers_only=answers_only), encoder=encoder, seed=seed, track=track)


def run_set(
    data: RetrievalSet, *, encoder: Encoder, seed: int = SEED, track: Track = untracked
) -> SuiteResult:
    """Builds an index of the set's passages and searches it with each query, as in service.

    `comparison` has the same figures for plain vector search (`dense`) and plain BM25 (`bm25`), see
    `PlainSearch`, and for hit@1, mrr@10 and ndcg@10 what the index gains over each, query by query:

    - `<figure>_gain`: mean over the queries of the index's score less the peer's;
    - `<figure>_gain_interval`: `None` where no query differs, or all differ alike, which no resample varies;
    - `<figure>_gain_excludes_0`: whether that interval lies wholly above or wholly below 0.

    Intervals take queries with the same answers as one cluster; all come from the same resamples. Queries
    without an answer are left out and counted in `n_without_answer`.
    """
    index = index_of(data.passages, encoder, track=track)
    plain = PlainSearch(*index.passages())
    searched = [
        item
        for start in track(range(0, len(data.queries), _QUERIES_AT_ONCE), doing="Searching")
        for item in _search(index, plain, encoder, data.queries[start : start + _QUERIES_AT_ONCE])
    ]
    clusters = [query.cluster for query in data.queries]
    ours = [item["scores"] for item in searched]
    theirs = {peer: [item["comparison"][peer] for item in searched] for peer in PEERS}
    return SuiteResult(
        figures={
            "n": len(data.queries),
            "n_clusters": len(set(clusters)),
            **_figures(ours, clusters, seed),
            "comparison": {
                peer: {**_figures(scores, clusters, seed), **_gains(ours, scores, clusters, seed)}
                for peer, scores in theirs.items()
            },
            "n_without_answer": data.queries_without_answer,
            "n_unknown_answers": data.unknown_answers,
            "answers": len(index.refs()),
            "passages": len(index),
            "seed": seed,
        },
        items=tuple(searched),
    )


def index_of(
    passages: Mapping[str, Sequence[Passage]], encoder: Encoder, *, track: Track = untracked
) -> KnowledgeIndex:
    """An index that holds the passages, by ref."""
    index = KnowledgeIndex(encoder)
    refs = list(passages)
    for start in track(range(0, len(refs), _ANSWERS_AT_ONCE), doing="Indexing"):
        index.put({ref: passages[ref] for ref in refs[start : start + _ANSWERS_AT_ONCE]})
    return index


def _search(
    index: KnowledgeIndex, plain: PlainSearch, encoder: Encoder, queries: Sequence[Query]
) -> list[dict[str, Any]]:  # JSON
    vectors = encoder.encode([query.text for query in queries])
    items = []
    for query, vector in zip(queries, vectors, strict=True):
        refs = [candidate.ref for candidate in index.search(query.text, vector, top_k=_TOP_K)]
        items.append(
            {
                "id": query.id,
                "text": query.text,
                "relevant": dict(query.gains),
                "found": refs,
                "scores": _scores(refs, query.gains),
                "comparison": {
                    "dense": _scores(plain.by_vector(vector, top_k=_TOP_K), query.gains),
                    "bm25": _scores(plain.by_words(query.text, top_k=_TOP_K), query.gains),
                },
            }
        )
    return items


def _scores(refs: Sequence[str], gains: Mapping[str, float]) -> dict[str, float]:
    return {
        **{f"hit@{k}": hit_at_k(refs, gains, k) for k in (1, 3, 10)},
        "mrr@10": mrr_at_k(refs, gains, 10),
        "ndcg@10": ndcg_at_k(refs, gains, 10),
    }


def _figures(scores: Sequence[Scores], clusters: Sequence[str], seed: int) -> dict[str, Any]:  # JSON
    figures: dict[str, Any] = {}
    for name in _METRICS:
        values = [scored[name] for scored in scores]
        interval_of = share_interval if name in _HITS else bootstrap_mean
        interval = interval_of(values, rng=np.random.default_rng(seed), clusters=clusters)
        figures |= figure(name, float(np.mean(values)), interval)
    return figures


def _gains(
    ours: Sequence[Scores], theirs: Sequence[Scores], clusters: Sequence[str], seed: int
) -> dict[str, Any]:  # JSON
    """The generator starts anew for each figure, so that all are resampled alike."""
    figures: dict[str, Any] = {}
    for name in _COMPARED:
        gains = [one[name] - other[name] for one, other in zip(ours, theirs, strict=True)]
        gain = Figure(float(np.mean(gains)), None)
        if min(gains) < max(gains):
            gain = Figure.mean(gains, np.random.default_rng(seed), clusters=clusters)
        figures |= gain.under(f"{name}_gain")
        interval = gain.interval
        figures[f"{name}_gain_excludes_0"] = interval is not None and not interval.low <= 0 <= interval.high
    return figures
