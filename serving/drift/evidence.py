"""How strongly daily counts speak against "as in the reference"; pure numbers, it knows no store.

The evidence may be looked at every day: it is a betting score (e-process) that starts at 1 and, while nothing
changes, exceeds x with a probability of at most 1/x over all days together (Ramdas, Grünwald, Vovk & Shafer
2023, "Game-theoretic statistics and safe anytime-valid inference"). A share is the mean of zeros and ones, so
that one test does for shares and for means of anything bounded (Waudby-Smith & Ramdas 2024, "Estimating means
of bounded random variables by betting").
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEK_DAYS = 7
_FRACTIONS = np.array([0.0, *(0.5**k for k in range(1, 10))])
"""Shares of the capital that are staked, one bettor each; the first never bets, so that none goes broke."""
_MEANS = 60
"""Cells of the means that the common one may have, beside those below and above."""
_ERRORS = 4
"""How many standard errors around the means are divided into cells."""
_Z = 1.959963984540054
"""Of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What some series of one signal say together, day by day."""

    log_whole: NDArray[np.float64]
    """Natural logarithm of the signal's score after each day, shape `(n_days,)`; it never falls."""
    log_series: NDArray[np.float64]
    """The same of each series alone, shape `(n_series,)`, after the last day."""


def tolerance(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much a mean in [0, 1] may differ before anybody minds: .2 points at the ends, 1.45 at a half."""
    return 0.002 + 0.05 * mean * (1 - mean)


def evidence(
    values: NDArray[np.float64],
    reference: NDArray[np.float64],
    daily: NDArray[np.float64],
    *,
    weeks: int,
    among: int | None = None,
) -> Evidence:
    """How strongly the days speak against means like the reference's, in either direction.

    Each of the series counts how often each of the `values` in [0, 1], shape `(n_values,)`, was seen: in the
    `reference`, shape `(n_series, n_values)`, and on each day, shape `(n_days, n_series, n_values)`, at most
    `weeks` of them. A change is anything beyond `tolerance`. The series may be chosen by what was seen,
    `among` as many that might have been, by default just these.

    Bets are on whole weeks, which end on every day and begin anew at every week: weekends that differ
    from weekdays are no change, one that comes late in the time is found, and still every day gives a
    score. The score of a signal is the mean over all its series and both directions (Vovk & Wang 2021),
    divided by 7 for the days on which weeks may end; series that were left out count as 0. While the mean of
    each series stays within the tolerance, a score of x or more on any day has a probability of at most 1/x.
    """
    n_days, n_series, _ = daily.shape
    if not n_days or not n_series:
        return Evidence(np.full(n_days, -math.log(WEEK_DAYS)), np.zeros(n_series))
    logs = np.array(
        [
            [_log_rise(given, reference[row], daily[:, row], weeks) for given in (values, 1 - values)]
            for row in range(n_series)
        ]
    )
    whole = np.logaddexp.reduce(logs.reshape(-1, n_days), axis=0) - math.log(2 * max(n_series, among or 0))
    alone = np.logaddexp.reduce(logs, axis=1) - math.log(2)
    return Evidence(_greatest_so_far(whole), _greatest_so_far(alone)[:, -1])


def score_needed(*, false_alarm: float, tests: int, windows: int) -> float:
    """The natural logarithm of the score from which one of several tests, in several windows, is an alarm.

    With at most `false_alarm` probability any of them is one while nothing changes: each gets an equal
    share (Bonferroni, which for such scores holds whatever their dependence: Wang & Ramdas 2022).
    """
    return math.log(tests * windows / false_alarm)


def mean_of(values: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """The mean of what was counted; 0 for nothing."""
    n = float(counts.sum())
    return float(counts @ values) / n if n else 0.0


def interval_of(mean: float, n: float) -> tuple[float, float]:
    """95 % interval of a mean of `n` numbers in [0, 1] (Wilson 1927); (0, 1) for none.

    Exact enough for shares, too wide for other means: none varies more than zeros and ones do.
    """
    if not n:
        return 0.0, 1.0
    middle = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _log_rise(
    values: NDArray[np.float64],
    reference: NDArray[np.float64],
    daily: NDArray[np.float64],
    weeks: int,
) -> NDArray[np.float64]:
    """Score that the mean has risen above the reference's, of each day, shape `(n_days,)`.

    Were there a common mean m, the score of betting that the reference's is below m, times that of betting
    that the days' is above m and the tolerance, would be an e-process. None knows m: the least over all m is
    one, too. The former rises with m and the latter falls, so that within a cell of means the product is at
    least the former at its left end times the latter at its right end.
    """
    edges = _edges(values, reference, daily)
    left, right = edges[:-1], edges[1:]
    below = _mixed(reference @ _log_bets(1 - values, 1 - left))
    above = _log_weekly(daily, _log_bets(values, np.minimum(right + tolerance(right), 1.0)), weeks)
    return np.asarray((below + above).min(axis=1), dtype=np.float64)


def _edges(
    values: NDArray[np.float64], reference: NDArray[np.float64], daily: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Ends of the cells, from 0 to 1: narrow where a common mean is likeliest, a few errors around both."""
    ends = []
    for counts in (reference, daily.sum(axis=0)):
        n, mean = max(1.0, float(counts.sum())), mean_of(values, counts)
        error = math.sqrt((mean * (1 - mean) + 1 / n) / n)
        ends += [mean - _ERRORS * error, mean + _ERRORS * error]
    inner = np.linspace(max(min(ends), 1e-6), min(max(ends), 1 - 1e-6), _MEANS)
    return np.concatenate([[0.0], inner, [1.0]])


def _log_bets(values: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of what a stake becomes by each value where the mean is at most each of `means`.

    Shape `(n_values, n_means * n_fractions)`. The capital is multiplied by 1 - f + f * value / mean.
    """
    ratio = values[:, None, None] / means[None, :, None]
    return np.log((1 - _FRACTIONS) + _FRACTIONS * ratio).reshape(len(values), -1)


def _mixed(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over the bettors, who come last within each mean: `(…, n_means)`."""
    by_bettor = logs.reshape(*logs.shape[:-1], -1, len(_FRACTIONS))
    mixed = np.logaddexp.reduce(by_bettor, axis=-1) - math.log(len(_FRACTIONS))
    return np.asarray(mixed, dtype=np.float64)


def _log_weekly(daily: NDArray[np.float64], log_bets: NDArray[np.float64], weeks: int) -> NDArray[np.float64]:
    """Score after each day of bets on whole weeks, shape `(n_days, n_means)`; 1 before a week is over.

    An equal share of the capital waits for each of the `weeks` to begin (Shiryaev-Roberts, as a mixture).
    """
    by_day = daily @ log_bets
    sums = np.vstack([np.zeros(by_day.shape[1]), by_day.cumsum(axis=0)])
    staked: dict[int, NDArray[np.float64]] = {}
    scores = np.zeros((len(daily), by_day.shape[1] // len(_FRACTIONS)))
    for day in range(WEEK_DAYS, len(daily) + 1):
        begun = day // WEEK_DAYS
        week = sums[day] - sums[day - WEEK_DAYS]
        before = staked.get(day - WEEK_DAYS)
        staked[day] = week + (0.0 if before is None else np.logaddexp(before, 0.0))
        waiting = math.log(weeks - begun) if begun < weeks else -math.inf
        capital = np.logaddexp(staked[day], waiting) - math.log(weeks)
        scores[day - 1] = _mixed(capital)
    return scores


def _greatest_so_far(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running maximum over the last axis, divided by the days of the week; at least 1/7."""
    highest = np.maximum.accumulate(np.maximum(logs, 0.0), axis=-1)
    return np.asarray(highest - math.log(WEEK_DAYS), dtype=np.float64)
