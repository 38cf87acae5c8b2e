"""Out-of-scope and risk metrics against their definitions and numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import RiskPoint, auroc, risk_coverage, threshold_keeping, wrong_among_answered

# few distinct values, so that ties are common
scored = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


def test_auroc_counts_the_pairs_in_the_right_order() -> None:
    # out of scope .9 and .4, in scope .5, .3, .1: .9 beats three, .4 beats two
    assert auroc([0.9, 0.4, 0.5, 0.3, 0.1], [1, 1, 0, 0, 0]) == pytest.approx(5 / 6)


def test_a_tie_counts_one_half() -> None:
    assert auroc([0.5, 0.5], [1, 0]) == 0.5
    assert auroc([0.5, 0.5, 0.1], [1, 0, 0]) == pytest.approx(0.75)


def test_auroc_needs_both_kinds() -> None:
    assert auroc([0.1, 0.2], [1, 1]) is None
    assert auroc([0.1, 0.2], [0, 0]) is None
    assert auroc([], []) is None


@given(scored)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    scores, positive = map(list, zip(*rows, strict=True))
    above = [score for score, is_positive in rows if is_positive]
    below = [score for score, is_positive in rows if not is_positive]
    if above and below:
        won = sum((high > low) + (high == low) / 2 for high in above for low in below)
        assert auroc(scores, positive) == pytest.approx(won / (len(above) * len(below)))


def test_the_threshold_keeps_95_of_100_scores() -> None:
    assert threshold_keeping(np.arange(1, 101)) == 95


def test_the_threshold_of_twenty_scores_is_the_nineteenth() -> None:
    assert threshold_keeping(np.arange(1, 21)) == 19


def test_the_threshold_of_one_score_is_that_score() -> None:
    assert threshold_keeping([0.3]) == 0.3


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_the_threshold_keeps_enough_and_the_next_lower_score_would_not(
    scores: list[int], share: float
) -> None:
    found = threshold_keeping(scores, share=share)
    kept = sum(score <= found for score in scores)
    assert kept >= share * len(scores) - 1e-9
    assert sum(score < found for score in scores) < share * len(scores)


def test_a_threshold_needs_scores() -> None:
    with pytest.raises(ValueError, match="no in-scope scores"):
        threshold_keeping([])


def test_risk_and_coverage_are_given_at_each_distinct_confidence() -> None:
    assert risk_coverage([0.9, 0.6, 0.8, 0.6], [1, 1, 0, 0]) == [
        RiskPoint(0.9, 0.25, 0.0),
        RiskPoint(0.8, 0.5, 0.5),
        RiskPoint(0.6, 1.0, 0.5),
    ]


def test_without_items_there_are_no_points() -> None:
    assert risk_coverage([], []) == []


def test_outcomes_and_confidences_must_pair_up() -> None:
    with pytest.raises(ValueError, match="1 outcomes were given beside 2 confidences"):
        risk_coverage([0.1, 0.2], [1])


@given(scored)
def test_the_last_point_answers_everything(rows: list[tuple[int, bool]]) -> None:
    confidences, correct = map(list, zip(*rows, strict=True))
    points = risk_coverage(confidences, correct)
    assert points[-1].coverage == 1.0
    assert points[-1].risk == pytest.approx(1 - sum(correct) / len(correct))
    assert [point.threshold for point in points] == sorted(set(confidences), reverse=True)


def test_no_answers_have_no_wrong_share() -> None:
    assert wrong_among_answered(0, 0) is None
    assert wrong_among_answered(1, 4) == 0.25
    with pytest.raises(ValueError, match="5 wrong of 4 answered"):
        wrong_among_answered(5, 4)
