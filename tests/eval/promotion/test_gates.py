"""The gates of a promotion, on outcomes small enough to count."""

from collections.abc import Sequence

import numpy as np
import pytest

from eval.metrics import mcnemar_worse
from eval.metrics.intervals import Interval, clopper_pearson
from eval.promotion.gates import (
    Gate,
    failures,
    gain_gate,
    growth_gate,
    loss_gate,
    paired_gate,
    regression_gate,
    risk_gate,
    time_gate,
)


@pytest.mark.parametrize(
    ("lost", "won", "p"),
    [
        (5, 0, 1 / 32),
        (4, 0, 1 / 16),
        (0, 5, 1.0),
        (2, 1, 0.5),  # 3 + 1 of the 8 ways
        (0, 0, 1.0),
    ],
)
def test_the_paired_test_counts_only_items_that_differ(lost: int, won: int, p: float) -> None:
    before = [True] * lost + [False] * won + [True] * 7 + [False] * 3
    after = [False] * lost + [True] * won + [True] * 7 + [False] * 3
    assert mcnemar_worse(before, after) == pytest.approx(p)


def test_the_paired_test_refuses_outcomes_of_other_items() -> None:
    with pytest.raises(ValueError, match="1 outcomes were given beside 2"):
        mcnemar_worse([True, False], [True])


def test_five_lost_and_none_won_is_worse_and_four_may_be_chance() -> None:
    five = paired_gate("best_right", [True] * 10, [False] * 5 + [True] * 5, of="questions")
    four = paired_gate("best_right", [True] * 10, [False] * 4 + [True] * 6, of="questions")
    assert (five.outcome, four.outcome) == ("failed", "passed")
    assert five.reason == (
        "5 of 10 questions, the champion 10: 5 lost, 0 won "
        "(exact McNemar test, one-sided p 0.031, fails below 0.05)"
    )


def test_a_broken_case_fails_and_one_that_both_break_does_not() -> None:
    assert regression_gate([True, True], [True, False]).outcome == "failed"
    both = regression_gate([True, False], [True, False])
    assert both.outcome == "passed"
    assert both.reason == "of 2 cases the challenger breaks 0 that the champion keeps; 1 are broken by both"


@pytest.mark.parametrize(
    ("wrong", "answered", "outcome", "words"),
    [
        (3, 35, "passed", "too few answers to tell it from the budget"),  # from 0.018 on
        (4, 35, "failed", "above the budget beyond chance"),  # from 0.032 on
        (0, 200, "passed", "the budget is kept"),  # up to 0.018
    ],
)
def test_the_risk_budget_is_broken_when_the_whole_exact_interval_lies_above_it(
    wrong: int, answered: int, outcome: str, words: str
) -> None:
    gate = risk_gate(wrong, answered, budget=0.02)
    assert gate.outcome == outcome
    assert gate.reason.endswith(words)


def test_a_budget_that_the_interval_just_reaches_is_kept() -> None:
    low, high = (clopper_pearson(3, 35).low, clopper_pearson(3, 35).high)
    assert risk_gate(3, 35, budget=low).outcome == "passed"
    assert risk_gate(3, 35, budget=low - 1e-9).outcome == "failed"
    assert risk_gate(3, 35, budget=high).reason.endswith("the budget is kept")


@pytest.mark.parametrize(
    ("low", "outcome"), [(-0.001, "failed"), (0.0, "failed"), (0.001, "passed"), (0.01, "passed")]
)
def test_a_gain_counts_only_when_its_whole_interval_lies_above_0(low: float, outcome: str) -> None:
    gate = gain_gate("accuracy", 0.02, Interval(low, 0.04), of="120 texts")
    assert gate.outcome == outcome
    assert gate.reason == (f"+0.0200 on 120 texts, 95 % interval [{low:+.4f}, +0.0400]; must lie above 0")


@pytest.mark.parametrize(
    ("high", "outcome"), [(-0.01, "failed"), (-0.001, "failed"), (0.0, "passed"), (0.001, "passed")]
)
def test_a_loss_counts_only_when_its_whole_interval_lies_below_0(high: float, outcome: str) -> None:
    gate = loss_gate("accuracy", -0.02, Interval(-0.04, high), of="120 texts")
    assert gate.outcome == outcome
    assert gate.reason == (
        f"-0.0200 on 120 texts, 95 % interval [-0.0400, {high:+.4f}]; must not lie below 0"
    )


@pytest.mark.parametrize(("after", "outcome"), [(1.0, "passed"), (2.2, "passed"), (2.21, "failed")])
def test_more_than_a_tenth_larger_fails(after: float, outcome: str) -> None:
    assert growth_gate("size_mb", 2.0, after, unit="MB").outcome == outcome


def timed(before: Sequence[float], after: Sequence[float]) -> Gate:
    return time_gate(np.array(before), np.array(after), rng=np.random.default_rng(0))


@pytest.mark.parametrize(("slower", "outcome"), [(1.0, "passed"), (1.099, "passed"), (1.101, "failed")])
def test_a_set_that_takes_over_a_tenth_longer_for_every_question_fails(slower: float, outcome: str) -> None:
    times = np.arange(1.0, 31.0)
    assert timed(times, times * slower).outcome == outcome


def test_a_median_that_a_few_questions_moved_by_chance_fails_nothing() -> None:
    # of seven the median is 14 % up, but three of them got faster: the interval reaches below +10 %
    gate = timed([1.0, 1.1, 1.2, 1.4, 1.5, 1.6, 1.7], [0.9, 1.0, 1.1, 1.6, 1.7, 1.8, 2.0])
    assert (gate.name, gate.outcome) == ("p50_ms", "passed")
    assert gate.reason.startswith("1.60 ms, the champion 1.40 (+14.3%, 95 % interval [-9.")
    assert gate.reason.endswith("fails when all of it is above +10%)")


@pytest.mark.parametrize(
    ("n", "slow", "gate"),
    [
        (20, 4, ("p95_ms", "failed")),  # a fifth of the questions takes three times as long
        (19, 4, ("p50_ms", "passed")),  # as it does here, where the median does not tell
        (19, 19, ("p50_ms", "failed")),
        (6, 6, ("p50_ms", "failed")),
        (5, 5, ("p50_ms", "skipped")),
        (0, 0, ("p50_ms", "skipped")),
    ],
)
def test_the_median_time_decides_where_questions_are_too_few_for_a_95th_percentile(
    n: int, slow: int, gate: tuple[str, str]
) -> None:
    found = timed([1.0] * n, [3.0] * slow + [1.0] * (n - slow))
    assert (found.name, found.outcome) == gate


def test_too_few_questions_to_time_are_said_to_be_so() -> None:
    assert timed([1.0], [3.0]).reason == "1 questions are too few to time; 6 are enough"


def test_growth_is_told_in_numbers() -> None:
    reason = growth_gate("size_mb", 4.0, 6.0, unit="MB").reason
    assert reason == "6.00 MB, the champion 4.00 (+50.0%, fails above +10%)"


def test_what_cannot_be_decided_is_skipped_and_stops_nothing() -> None:
    gates = [
        regression_gate([], []),
        paired_gate("answered_right", [], [], of="questions"),
        risk_gate(0, 0, budget=0.02),
        growth_gate("size_mb", None, 3.0, unit="MB"),
        growth_gate("size_mb", 3.0, None, unit="MB"),
        growth_gate("size_mb", 0.0, 3.0, unit="MB"),  # nothing grows by a tenth of nothing
    ]
    assert [gate.outcome for gate in gates] == ["skipped"] * 6
    assert failures(gates) == []
