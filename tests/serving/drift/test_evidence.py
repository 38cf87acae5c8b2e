"""The betting score is fair while nothing changes, on whatever day it is read, and grows otherwise."""

import math
from itertools import product
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.drift.evidence import (
    _log_bets,
    _log_rise,
    _log_weekly,
    evidence,
    interval_of,
    mean_of,
    score_needed,
    tolerance,
)

YES_NO = np.array([0.0, 1.0])


def shares(n: int, *hits: int) -> NDArray[np.float64]:
    """Counts of no and yes of so many questions each."""
    return np.array([[n - hit, hit] for hit in hits], dtype=np.float64)


def days(n: int, *hits: int) -> NDArray[np.float64]:
    """One series: so many of `n` on each day."""
    return shares(n, *hits)[:, None, :]


def score(reference: NDArray[np.float64], daily: NDArray[np.float64], *, weeks: int = 4) -> float:
    return float(evidence(YES_NO, reference, daily, weeks=weeks).log_whole[-1])


def test_the_bets_on_one_mean_are_worth_exactly_their_stake_on_average() -> None:
    """Over all 2 ** 14 ways in which two weeks of one question a day can go."""
    share = 0.3
    bets = _log_bets(YES_NO, np.array([share]))
    by_day = np.zeros(14)
    for outcome in product((0, 1), repeat=14):
        counts = np.array([[1 - one, one] for one in outcome], dtype=np.float64)
        likely = math.prod(share if one else 1 - share for one in outcome)
        by_day += likely * np.exp(_log_weekly(counts, bets, 2)[:, 0])
    assert by_day == pytest.approx(np.ones(14))


def test_whatever_the_common_share_is_the_score_is_worth_at_most_its_stake() -> None:
    """Over every count of 20 questions then and of 21 in the week now; also at the edge of the tolerance."""
    table = np.array(
        [
            [_log_rise(YES_NO, shares(20, then)[0], week(now), 4)[-1]
             for now in range(22)]
            for then in range(21)
        ]
    )  # fmt: skip
    for share in (0.02, 0.1, 0.3, 0.5, 0.8, 0.97):
        then = np.array([comb(20, k) * share**k * (1 - share) ** (20 - k) for k in range(21)])
        most = min(1.0, share + float(tolerance(np.array([share]))[0]))
        now = np.array([comb(21, k) * most**k * (1 - most) ** (21 - k) for k in range(22)])
        assert float(then @ np.exp(table) @ now) <= 1.0
    assert table.max() > math.log(50)  # and yet it tells 0 of 20 from 21 of 21


def week(hits: int) -> NDArray[np.float64]:
    """21 questions of seven days, so many of them yes."""
    by_day = [min(3, max(0, hits - 3 * day)) for day in range(7)]
    return shares(3, *by_day)


def test_a_share_that_doubles_is_told_and_one_that_stays_is_not() -> None:
    before = shares(28 * 300, 28 * 15)  # 5 %
    needed = score_needed(false_alarm=0.05, tests=13, windows=8)
    assert score(before, days(300, *[15] * 21)) < 0
    assert score(before, days(300, *[30] * 7)) > needed
    assert score(before, days(300, *[3] * 14)) > needed  # also one that falls to 1 %


def test_nothing_is_told_before_a_week_is_over() -> None:
    found = evidence(YES_NO, shares(1000, 0), days(100, *[100] * 7), weeks=4)
    assert found.log_whole[:6] == pytest.approx(np.full(6, -math.log(7)))
    assert found.log_whole[6] > 20


def test_a_change_in_the_last_week_is_told_after_a_calm_time() -> None:
    before = shares(2800, 140)
    assert score(before, days(100, *[5] * 21, *[20] * 6)) > score_needed(
        false_alarm=0.05, tests=13, windows=8
    )


def test_weekends_that_always_differ_are_no_change() -> None:
    """10 % on weekdays, 40 % at weekends: of any two days alone one would say that it quadrupled."""
    usual = [100, 100, 100, 100, 100, 400, 400]
    before = shares(28_000, 4 * sum(usual))
    for first in range(7):
        daily = (usual * 5)[first : first + 28]
        assert score(before, days(1000, *daily)) < 0


def test_a_change_smaller_than_anybody_minds_is_none_however_many_ask() -> None:
    before = shares(2_800_000, 1_400_000)
    assert score(before, days(100_000, *[51_000] * 28)) < 0  # one point more
    assert score(before, days(100_000, *[53_000] * 28)) > 50  # three points


def test_the_score_never_falls_and_of_a_signal_is_the_mean_of_its_series() -> None:
    before = np.vstack([shares(2800, 140), shares(2800, 1400)])
    daily = np.stack([[[80, 20], [50, 50]]] * 7 + [[[95, 5], [50, 50]]] * 14).astype(float)
    found = evidence(YES_NO, before, daily, weeks=4)
    assert (np.diff(found.log_whole) >= 0).all()
    alone = evidence(YES_NO, before[:1], daily[:, :1], weeks=4)
    assert found.log_whole[-1] == pytest.approx(alone.log_whole[-1] - math.log(2), abs=1e-3)
    assert found.log_series[0] == pytest.approx(alone.log_whole[-1])
    wide = evidence(YES_NO, before, daily, weeks=4, among=20)  # the other 18 were never seen
    assert wide.log_whole[-1] == pytest.approx(found.log_whole[-1] - math.log(10))


def test_means_of_anything_bounded_are_compared_as_shares_are() -> None:
    values = np.arange(101) / 100

    def at(number: float, n: int) -> NDArray[np.float64]:
        counts = np.zeros((1, 101))
        counts[0, round((number - 0.1) * 100)] = counts[0, round((number + 0.1) * 100)] = n / 2
        return counts

    before = at(0.75, 2800)
    needed = score_needed(false_alarm=0.05, tests=13, windows=8)
    for now, is_told in ((0.75, False), (0.76, False), (0.65, True), (0.85, True)):
        found = evidence(values, before, np.stack([at(now, 100)] * 14), weeks=4)
        assert bool(found.log_whole[-1] > needed) is is_told, now


def test_no_days_and_no_series_tell_nothing() -> None:
    assert evidence(YES_NO, shares(10, 5), np.zeros((0, 1, 2)), weeks=4).log_whole.shape == (0,)
    none = evidence(YES_NO, np.zeros((0, 2)), np.zeros((3, 0, 2)), weeks=4)
    assert none.log_whole == pytest.approx(np.full(3, -math.log(7)))
    assert none.log_series.shape == (0,)
    assert score(shares(0, 0), days(0, *[0] * 14)) <= 0


def test_an_alarm_needs_more_the_more_tests_and_windows_there_are() -> None:
    assert score_needed(false_alarm=0.05, tests=1, windows=1) == pytest.approx(math.log(20))
    assert score_needed(false_alarm=0.05, tests=13, windows=8) == pytest.approx(math.log(2080))


def test_intervals_are_those_of_wilson() -> None:
    assert interval_of(0.1, 50) == pytest.approx((0.04348, 0.21360), abs=1e-4)
    assert interval_of(0.0, 10) == pytest.approx((0.0, 0.27753), abs=1e-4)
    assert interval_of(0.0, 0) == (0.0, 1.0)


def test_the_mean_of_nothing_is_zero() -> None:
    assert mean_of(YES_NO, np.zeros(2)) == 0.0
    assert mean_of(YES_NO, np.array([3.0, 1.0])) == 0.25


def test_the_tolerance_is_widest_at_a_half() -> None:
    assert tolerance(np.array([0.0, 0.02, 0.5, 1.0])) == pytest.approx([0.002, 0.00298, 0.0145, 0.002])
