"""Ranking metrics against scikit-learn and numbers worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from eval.metrics import hit_at_k, mrr_at_k, ndcg_at_k

RANKED = ["a", "b", "c", "d"]


def test_a_hit_counts_from_its_rank_on() -> None:
    assert hit_at_k(RANKED, {"b": 1}, 1) == 0
    assert hit_at_k(RANKED, {"b": 1}, 2) == 1
    assert hit_at_k(RANKED, {"b": 1}, 10) == 1


def test_reciprocal_rank_is_that_of_the_first_relevant_one() -> None:
    assert mrr_at_k(RANKED, {"c": 1, "d": 1}, 10) == pytest.approx(1 / 3)
    assert mrr_at_k(RANKED, {"c": 1}, 2) == 0


def test_ndcg_of_one_relevant_answer_depends_on_its_rank_alone() -> None:
    assert ndcg_at_k(RANKED, {"a": 1}, 10) == 1
    assert ndcg_at_k(RANKED, {"c": 1}, 10) == pytest.approx(1 / 2)  # 1 / log2(4)
    assert ndcg_at_k(RANKED, {"c": 1}, 2) == 0


def test_ndcg_uses_gains_as_they_are() -> None:
    gained = 1 / math.log2(2) + 3 / math.log2(3)
    best = 3 / math.log2(2) + 1 / math.log2(3)
    assert ndcg_at_k(RANKED, {"a": 1, "b": 3}, 10) == pytest.approx(gained / best)


def test_the_best_ranking_is_cut_at_k_too() -> None:
    assert ndcg_at_k(["a"], {"a": 1, "b": 1, "c": 1}, 1) == 1


def test_a_gain_of_zero_or_less_is_not_relevant() -> None:
    for relevant in ({}, {"a": 0}, {"a": -1}):
        assert hit_at_k(RANKED, relevant, 10) == 0
        assert mrr_at_k(RANKED, relevant, 10) == 0
        assert ndcg_at_k(RANKED, relevant, 10) == 0


def test_nothing_found_scores_zero() -> None:
    assert hit_at_k([], {"a": 1}, 3) == mrr_at_k([], {"a": 1}, 3) == ndcg_at_k([], {"a": 1}, 3) == 0


def test_an_answer_ranked_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="names each answer once"):
        hit_at_k(["a", "a"], {"a": 1}, 2)


def test_a_k_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        ndcg_at_k(RANKED, {"a": 1}, 0)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(1, 12))
def test_ndcg_agrees_with_scikit_learn(gains: list[int], k: int) -> None:
    ranked = [str(number) for number in range(len(gains))]
    ours = ndcg_at_k(ranked, dict(zip(ranked, map(float, gains), strict=True)), k)
    theirs = ndcg_score([gains], [list(range(len(gains), 0, -1))], k=k) if any(gains) else 0.0
    assert ours == pytest.approx(theirs)
