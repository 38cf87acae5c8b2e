"""How well the knowledge index finds the right answer; asks no model and decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.beir import BeirSet, Query, read_beir
from eval.intervals import bootstrap_mean, share_interval
from eval.metrics import hit_at_k, mrr_at_k, ndcg_at_k
from eval.results import SuiteResult, Track, figure, untracked
from knowledge.chunking import article_passages
from knowledge.documents import ArticleDocument
from knowledge.index import KnowledgeIndex
from model.interfaces import Encoder
from model.types import Candidate, Passage

SEED = 0
_HITS = ("hit@1", "hit@3", "hit@10")
_METRICS = (*_HITS, "mrr@10", "ndcg@10")
_TOP_K = 10
_COMPARED = 200
"""Candidates looked at for the plain lists: enough that none of their first ten is missing."""
_ARTICLES_AT_ONCE = 64
_QUERIES_AT_ONCE = 64


def run(
    folder: Path,
    *,
    encoder: Encoder,
    answers_only: bool = False,
    seed: int = SEED,
    track: Track = untracked,
) -> SuiteResult:
    """Builds an index of a BEIR folder's corpus and searches it with each query that has an answer.

    Articles are imported, cut and fused as in service. With `answers_only` their titles are left out, as
    if the question of an FAQ entry were not known. Intervals take queries with the same answers as one
    cluster. `comparison` has the same figures for the orders by cosine alone and by BM25 alone, from the
    same passages. Queries without an answer are left out and counted in `n_without_answer`.
    """
    data = read_beir(folder)
    index = build_index(data.articles, encoder, answers_only=answers_only, track=track)
    searched = [
        item
        for start in track(range(0, len(data.queries), _QUERIES_AT_ONCE), doing="Searching")
        for item in _search(index, encoder, data.queries[start : start + _QUERIES_AT_ONCE])
    ]
    return SuiteResult(
        figures={
            "n": len(data.queries),
            **_figures(data, [item["scores"] for item in searched], np.random.default_rng(seed)),
            "comparison": {
                name: _means([item["comparison"][name] for item in searched]) for name in ("dense", "bm25")
            },
            "n_without_answer": data.queries_without_answer,
            "n_unknown_answers": data.unknown_answers,
            "articles": len(data.articles),
            "passages": len(index),
            "seed": seed,
        },
        items=tuple(searched),
    )


def build_index(
    articles: Sequence[ArticleDocument],
    encoder: Encoder,
    *,
    answers_only: bool = False,
    track: Track = untracked,
) -> KnowledgeIndex:
    """The index of the articles, as service would build it."""
    index = KnowledgeIndex(encoder)
    for start in track(range(0, len(articles), _ARTICLES_AT_ONCE), doing="Indexing"):
        group = articles[start : start + _ARTICLES_AT_ONCE]
        index.put(
            {f"article:{article.slug}": _passages(article, answers_only=answers_only) for article in group}
        )
    return index


def _passages(article: ArticleDocument, *, answers_only: bool) -> list[Passage]:
    if not answers_only:
        return article_passages(article)
    untitled = article_passages(replace(article, title=""))
    return [passage for passage in untitled if passage.search_text]


def _search(
    index: KnowledgeIndex, encoder: Encoder, queries: Sequence[Query]
) -> list[dict[str, Any]]:  # JSON
    vectors = encoder.encode([query.text for query in queries])
    items = []
    for query, vector in zip(queries, vectors, strict=True):
        found = [one.ref for one in index.search(query.text, vector, top_k=_TOP_K)]
        pool = index.search(query.text, vector, top_k=_COMPARED)
        items.append(
            {
                "id": query.id,
                "text": query.text,
                "relevant": dict(query.gains),
                "found": found,
                "scores": _scores(found, query.gains),
                "comparison": {
                    "dense": _scores(_by_cosine(pool), query.gains),
                    "bm25": _scores(_by_words(pool), query.gains),
                },
            }
        )
    return items


def _by_cosine(pool: Sequence[Candidate]) -> list[str]:
    return [one.ref for one in sorted(pool, key=lambda one: one.dense_rank)]


def _by_words(pool: Sequence[Candidate]) -> list[str]:
    """Answers without any word of the question are not found by words."""
    return [one.ref for one in sorted(pool, key=lambda one: one.lexical_rank) if one.lexical_score > 0]


def _scores(found: Sequence[str], gains: Mapping[str, float]) -> dict[str, float]:
    return {
        "hit@1": hit_at_k(found, gains, 1),
        "hit@3": hit_at_k(found, gains, 3),
        "hit@10": hit_at_k(found, gains, 10),
        "mrr@10": mrr_at_k(found, gains, 10),
        "ndcg@10": ndcg_at_k(found, gains, 10),
    }


def _means(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in scores])) for name in _METRICS}


def _figures(
    data: BeirSet, scores: Sequence[Mapping[str, float]], rng: np.random.Generator
) -> dict[str, Any]:  # JSON
    clusters = [query.cluster for query in data.queries]
    figures: dict[str, Any] = {"n_clusters": len(set(clusters))}
    for name, mean in _means(scores).items():
        values = [one[name] for one in scores]
        interval_of = share_interval if name in _HITS else bootstrap_mean
        figures |= figure(name, mean, interval_of(values, rng=rng, clusters=clusters))
    return figures
