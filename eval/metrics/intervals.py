"""How far a measured figure may be from the truth: 95 % intervals; computes no figure itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, norm, rankdata

LEVEL = 0.95
RESAMPLES = 1000

Rows = NDArray[np.int64]
"""Positions of the drawn items, with repeats."""
_DRAWN_AT_ONCE = 1_000_000
"""Positions: 8 MB of them."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies with the given level of confidence."""

    low: float
    high: float


def wilson(successes: int, n: int) -> Interval:
    """Interval of a share of independent items (Wilson 1927), inside [0, 1] and never of no width.

    With nothing observed it is (0, 1).
    """
    return _binomial(successes, n, "wilson")


def clopper_pearson(successes: int, n: int) -> Interval:
    """Exact interval of a share (Clopper & Pearson 1934): never too narrow, for promises such as a risk.

    With nothing observed it is (0, 1).
    """
    return _binomial(successes, n, "exact")


def _binomial(successes: int, n: int, method: str) -> Interval:
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a share; successes must be between 0 and n")
    if n == 0:
        return Interval(0.0, 1.0)
    ends = binomtest(successes, n).proportion_ci(LEVEL, method)
    return Interval(float(ends.low), float(ends.high))


def auroc_interval(scores: ArrayLike, positive: ArrayLike) -> Interval:
    """Interval of the area under the ROC curve (DeLong et al. 1988), inside [0, 1].

    The variance is that of each item's share of the others ranked rightly against it, within either kind;
    ties count one half. Raises `ValueError` with fewer than two items of a kind.
    """
    values, is_positive = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    above, below = int(is_positive.sum()), int((~is_positive).sum())
    if min(above, below) < 2:
        raise ValueError(f"{above} items above and {below} below vary too little; two of each are needed")
    ranks = rankdata(values)
    beaten = (ranks[is_positive] - rankdata(values[is_positive])) / below
    beating = 1 - (ranks[~is_positive] - rankdata(values[~is_positive])) / above
    half = float(norm.ppf(0.5 + LEVEL / 2)) * float(
        np.sqrt(beaten.var(ddof=1) / above + beating.var(ddof=1) / below)
    )
    area = float(beaten.mean())
    return Interval(max(0.0, area - half), min(1.0, area + half))


def share_interval(
    successes: ArrayLike, *, rng: np.random.Generator, clusters: Sequence[str] | None = None
) -> Interval:
    """Interval of a share: Wilson for independent items, the clustered bootstrap for items in `clusters`.

    Where all clustered items agree, which no resampling can vary, it is Wilson over the clusters.
    """
    observed = np.asarray(successes, dtype=bool)
    if clusters is None:
        return wilson(int(observed.sum()), len(observed))
    if len(observed) and observed.min() != observed.max():
        return bootstrap_mean(observed, rng=rng, clusters=clusters)
    independent = len(set(clusters))
    return wilson(independent if observed.any() else 0, independent)


def bootstrap_mean(
    scores: ArrayLike,
    *,
    rng: np.random.Generator,
    clusters: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
) -> Interval:
    """Interval of the mean of per-item scores, by `bootstrap`."""
    values = np.asarray(scores, dtype=np.float64)
    if clusters is None:
        return bootstrap_at_once(
            lambda rows: values[rows].mean(axis=1), len(values), rng=rng, resamples=resamples
        )

    def mean(rows: Rows) -> float:
        return float(values[rows].mean())

    return bootstrap(mean, len(values), rng=rng, clusters=clusters, resamples=resamples)


def bootstrap(
    statistic: Callable[[Rows], float | None],
    n: int,
    *,
    rng: np.random.Generator,
    clusters: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
) -> Interval:
    """Percentile interval of `statistic`, a function of item positions (Efron & Tibshirani 1993, ch. 13).

    Each resample draws `n` of the items with replacement; with `clusters`, one name an item, it draws as
    many whole clusters as there are (items that belong together, such as rewordings of one question).
    Resamples in which the statistic is undefined (`None`) are left out. With no item, or where it never
    is defined, raises `ValueError`.
    """
    if clusters is not None and len(clusters) != n:
        raise ValueError(f"{len(clusters)} clusters were given for {n} items, one an item is needed")
    drawn = _resamples(n, clusters, rng, resamples)
    values = [value for rows in drawn if (value := statistic(rows)) is not None]
    return _percentiles(np.array(values, dtype=np.float64), n)


def bootstrap_at_once(
    statistic: Callable[[Rows], NDArray[np.float64]],
    n: int,
    *,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Interval:
    """`bootstrap` of independent items, to the digit, for a statistic that takes many resamples in one call.

    It is given their positions, `(n_resamples, n)`, and gives a value each, NaN where it is undefined. Of
    small sets that takes a tenth of the time. Raises `ValueError` as `bootstrap`.
    """
    values = [np.empty(0)]
    at_once = max(1, _DRAWN_AT_ONCE // max(n, 1))
    for begin in range(0, resamples if n else 0, at_once):
        values.append(statistic(rng.integers(0, n, size=(min(at_once, resamples - begin), n))))
    all_values = np.concatenate(values)
    return _percentiles(all_values[~np.isnan(all_values)], n)


def _percentiles(values: NDArray[np.float64], n: int) -> Interval:
    if not len(values):
        raise ValueError(f"the figure is undefined in every resample of {n} items; give more data")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _resamples(
    n: int, clusters: Sequence[str] | None, rng: np.random.Generator, resamples: int
) -> Iterator[Rows]:
    if n == 0:
        return
    if clusters is None:
        for _ in range(resamples):
            yield rng.integers(0, n, size=n)
        return
    _, cluster_of = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    members = [np.flatnonzero(cluster_of == number) for number in range(int(cluster_of.max()) + 1)]
    for _ in range(resamples):
        chosen = rng.integers(0, len(members), size=len(members))
        yield np.concatenate([members[number] for number in chosen])
