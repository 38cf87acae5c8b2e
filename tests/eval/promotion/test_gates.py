"""The gates of a promotion, on outcomes small enough to count."""

import pytest

from eval.metrics import mcnemar_worse
from eval.promotion.gates import failures, growth_gate, paired_gate, regression_gate, risk_gate, time_gate


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


@pytest.mark.parametrize(("after", "outcome"), [(1.0, "passed"), (2.2, "passed"), (2.21, "failed")])
def test_more_than_a_tenth_slower_or_larger_fails(after: float, outcome: str) -> None:
    assert growth_gate("p95_ms", 2.0, after, unit="ms").outcome == outcome


@pytest.mark.parametrize(
    ("n", "after", "gate"),
    [
        (20, {"p50_ms": 1.0, "p95_ms": 2.3}, ("p95_ms", "failed")),
        (20, {"p50_ms": 1.2, "p95_ms": 2.1}, ("p95_ms", "passed")),
        (19, {"p50_ms": 1.0, "p95_ms": 2.3}, ("p50_ms", "passed")),
        (19, {"p50_ms": 1.2, "p95_ms": 2.1}, ("p50_ms", "failed")),
        (0, {}, ("p50_ms", "skipped")),
    ],
)
def test_the_median_time_decides_where_questions_are_too_few_for_a_95th_percentile(
    n: int, after: dict[str, float], gate: tuple[str, str]
) -> None:
    found = time_gate({"p50_ms": 1.0, "p95_ms": 2.0}, after, n=n)
    assert (found.name, found.outcome) == gate


def test_growth_is_told_in_numbers() -> None:
    reason = growth_gate("size_mb", 4.0, 6.0, unit="MB").reason
    assert reason == "6.00 MB, the champion 4.00 (+50.0%, fails above +10%)"


def test_what_cannot_be_decided_is_skipped_and_stops_nothing() -> None:
    gates = [
        regression_gate([], []),
        paired_gate("answered_right", [], [], of="questions"),
        risk_gate(0, 0, budget=0.02),
        growth_gate("p95_ms", None, 3.0, unit="ms"),
    ]
    assert [gate.outcome for gate in gates] == ["skipped"] * 4
    assert failures(gates) == []
