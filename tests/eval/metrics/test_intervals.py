"""Intervals against published values, their own coverage, and what they do at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from eval.metrics.intervals import (
    Interval,
    auroc_interval,
    bootstrap,
    bootstrap_at_once,
    bootstrap_mean,
    clopper_pearson,
    share_interval,
    wilson,
)

counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_wilson_gives_the_published_interval_for_81_of_263() -> None:
    # Newcombe 1998, table I, method 3
    found = wilson(81, 263)
    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)


def test_clopper_pearson_gives_the_published_interval_for_81_of_263() -> None:
    # Newcombe 1998, table I, method 5
    found = clopper_pearson(81, 263)
    assert found.low == pytest.approx(0.2527, abs=5e-5)
    assert found.high == pytest.approx(0.3676, abs=5e-5)


@given(counts)
def test_the_ends_of_both_share_intervals_are_where_their_definitions_say(case: tuple[int, int]) -> None:
    successes, n = case
    exact = clopper_pearson(successes, n)
    # at the ends, as many or as few successes come by chance in one of 40 draws
    low = beta.ppf(0.025, successes, n - successes + 1) if successes else 0.0
    high = beta.ppf(0.975, successes + 1, n - successes) if successes < n else 1.0
    assert (exact.low, exact.high) == pytest.approx((low, high), abs=1e-9)
    score = wilson(successes, n)
    for end in (score.low, score.high):  # 1.96 standard errors of such a share away from the one observed
        assert abs(successes / n - end) == pytest.approx(1.959964 * (end * (1 - end) / n) ** 0.5, abs=1e-6)


@given(counts)
def test_the_share_itself_lies_in_the_interval_which_stays_between_0_and_1(case: tuple[int, int]) -> None:
    successes, n = case
    for found in (wilson(successes, n), clopper_pearson(successes, n)):
        assert 0 <= found.low <= successes / n <= found.high <= 1
        assert found.low < found.high


def test_without_observations_everything_is_possible() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)
    assert clopper_pearson(0, 0) == Interval(0.0, 1.0)


def test_more_successes_than_items_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2 is not a share"):
        wilson(3, 2)


def test_the_bootstrap_of_equal_scores_has_no_width() -> None:
    assert bootstrap_mean([0.5] * 20, rng=rng()) == Interval(0.5, 0.5)


@pytest.mark.parametrize("n", [1, 7, 2500])  # resamples of 2,500 items are drawn in three parts
def test_resamples_at_once_give_the_interval_of_resamples_one_by_one(n: int) -> None:
    times = np.random.default_rng(1).random(n)
    one_by_one = bootstrap(lambda rows: float(np.median(times[rows])), n, rng=np.random.default_rng(0))
    at_once = bootstrap_at_once(lambda rows: np.median(times[rows], axis=1), n, rng=np.random.default_rng(0))
    assert at_once == one_by_one


def test_resamples_without_a_figure_are_left_out_and_all_of_them_are_an_error() -> None:
    kinds = np.array([1.0, np.nan])  # a quarter of the draws has no second item
    found = bootstrap_at_once(lambda rows: kinds[rows].max(axis=1), 2, rng=np.random.default_rng(0))
    assert (found.low, found.high) == (1, 1)
    with pytest.raises(ValueError, match="undefined in every resample of 2 items"):
        bootstrap_at_once(lambda rows: np.full(len(rows), np.nan), 2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="undefined in every resample of 0 items"):
        bootstrap_at_once(lambda rows: rows.mean(axis=1), 0, rng=np.random.default_rng(0))


def test_the_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    scores = np.random.default_rng(1).normal(10, 2, size=400)
    half = 1.96 * scores.std() / 20
    found = bootstrap_mean(scores, rng=rng(), resamples=4000)
    assert found.low == pytest.approx(scores.mean() - half, abs=0.02)
    assert found.high == pytest.approx(scores.mean() + half, abs=0.02)


def test_the_same_generator_state_gives_the_same_interval() -> None:
    scores = [0.0, 1.0, 1.0, 0.0, 0.25]
    assert bootstrap_mean(scores, rng=rng()) == bootstrap_mean(scores, rng=rng())


def test_clustered_items_give_a_wider_interval_than_independent_ones() -> None:
    scores = np.repeat([0.0, 1.0] * 10, 10)  # twenty questions, each reworded ten times
    clusters = [str(number // 10) for number in range(200)]
    alone = bootstrap_mean(scores, rng=rng())
    together = bootstrap_mean(scores, rng=rng(), clusters=clusters)
    assert (together.high - together.low) > 2.5 * (alone.high - alone.low)


def test_clusters_of_one_item_each_are_as_good_as_none() -> None:
    scores = np.random.default_rng(3).random(60)
    alone = bootstrap_mean(scores, rng=rng(), resamples=3000)
    together = bootstrap_mean(scores, rng=rng(), clusters=[str(n) for n in range(60)], resamples=3000)
    assert together.low == pytest.approx(alone.low, abs=0.01)
    assert together.high == pytest.approx(alone.high, abs=0.01)


def test_a_cluster_for_every_item_is_demanded() -> None:
    with pytest.raises(ValueError, match="2 clusters were given for 3 items"):
        bootstrap_mean([1, 0, 1], rng=rng(), clusters=["a", "b"])


def test_resamples_without_a_value_are_left_out() -> None:
    found = bootstrap(lambda rows: 1.0 if 0 in rows else None, 3, rng=rng())
    assert found == Interval(1.0, 1.0)


def test_a_figure_that_is_never_defined_is_refused() -> None:
    with pytest.raises(ValueError, match="undefined in every resample"):
        bootstrap(lambda rows: None, 3, rng=rng())
    with pytest.raises(ValueError, match="undefined in every resample of 0 items"):
        bootstrap_mean([], rng=rng())


def test_a_share_of_independent_items_gets_the_wilson_interval() -> None:
    assert share_interval([True, True, False, True], rng=rng()) == wilson(3, 4)


def test_a_share_of_clusters_that_all_agree_still_has_width() -> None:
    clusters = ["a", "a", "a", "b", "b", "b"]
    assert share_interval([1] * 6, rng=rng(), clusters=clusters) == wilson(2, 2)
    assert share_interval([0] * 6, rng=rng(), clusters=clusters) == wilson(0, 2)


def test_a_share_of_clusters_that_differ_is_resampled_by_cluster() -> None:
    clusters = [str(number // 5) for number in range(50)]
    hits = np.repeat([1, 1, 1, 1, 1, 1, 1, 0, 0, 0], 5)
    found = share_interval(hits, rng=rng(), clusters=clusters)
    # of ten clusters, binomial(10, 0.7) has its 2.5 % and 97.5 % points at 4 and 9 (10 with chance .028)
    assert found.low == pytest.approx(0.4)
    assert found.high in (pytest.approx(0.9), pytest.approx(1.0))


def test_the_interval_of_an_area_under_the_curve_by_hand() -> None:
    # positives 3 and 2 rank above 2 and 1.5 of the negatives 1 and 2: shares 1 and .75, area .875;
    # negatives 1 and 2 rank below 2 and 1.5 of the positives. Variance .03125 / 2 twice over.
    half = 1.959964 * np.sqrt(2 * 0.03125 / 2)
    found = auroc_interval([3, 2, 1, 2], [True, True, False, False])
    assert found.low == pytest.approx(0.875 - half, abs=1e-5)
    assert found.high == 1.0


def test_the_interval_of_an_area_holds_the_truth_as_often_as_it_says() -> None:
    # scores of positives are normal around 1, of negatives around 0: the area is P(N(1, 2) > 0) = .7602
    generator, held = rng(), 0
    positive = np.arange(100) < 40
    for _ in range(400):
        found = auroc_interval(generator.normal(size=100) + positive, positive)
        held += found.low <= 0.7602 <= found.high
    assert 0.91 <= held / 400 <= 0.98


def test_the_interval_of_an_area_needs_two_of_each_kind() -> None:
    with pytest.raises(ValueError, match="1 items above and 2 below"):
        auroc_interval([1, 2, 3], [True, False, False])
