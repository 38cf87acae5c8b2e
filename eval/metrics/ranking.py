"""How high the right answers stand in one ranked list; means over questions are the suites' job."""

import math
from collections.abc import Mapping, Sequence


def hit_at_k(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """1 when one of the first `k` is relevant (gain above 0), else 0; 0 when nothing is relevant."""
    return float(any(relevant.get(ref, 0) > 0 for ref in _first(ranked, k)))


def mrr_at_k(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """1 / rank of the first relevant one among the first `k`, else 0 (Voorhees 1999)."""
    for rank, ref in enumerate(_first(ranked, k), start=1):
        if relevant.get(ref, 0) > 0:
            return 1 / rank
    return 0.0


def ndcg_at_k(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """`DCG / best possible DCG` of the first `k`, with `DCG = sum(gain / log2(rank + 1))`.

    Järvelin & Kekäläinen 2002 with the gain as it is given (not `2^gain - 1`), as in trec_eval; binary
    relevance is a gain of 1. 0 when nothing is relevant.
    """
    gains = [max(0.0, relevant.get(ref, 0.0)) for ref in _first(ranked, k)]
    best = _dcg(sorted((gain for gain in relevant.values() if gain > 0), reverse=True)[:k])
    return _dcg(gains) / best if best > 0 else 0.0


def _first(ranked: Sequence[str], k: int) -> Sequence[str]:
    """The first `k`. Ties are the ranking's affair: the order given counts."""
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if len(set(ranked)) != len(ranked):
        raise ValueError(f"a ranking names each answer once, got {list(ranked)}")
    return ranked[:k]


def _dcg(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
