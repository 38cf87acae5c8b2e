"""The gates of a promotion, on outcomes small enough to count."""

from collections.abc import Sequence

import numpy as np
import pytest

from eval.metrics import mcnemar_worse
from eval.metrics.intervals import Interval, clopper_pearson
from eval.promotion.gates import (
    Gate,
    failures,
    fewer_gate,
    gain_gate,
    loss_gate,
    paired_gate,
    reach_gate,
    regression_gate,
    risk_gate,
    size_gate,
    time_gate,
)
from model.model_set import CalibrationSample


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


@pytest.mark.parametrize(
    ("before", "after", "passages", "outcome"),
    [
        (0.5, 10.5, 0, "passed"),  # 10 MB however small the champion is
        (0.5, 10.6, 0, "failed"),
        (200.0, 220.0, 0, "passed"),  # a tenth
        (200.0, 220.1, 0, "failed"),
        (10.0, 50.0, 20_000, "passed"),  # 2 kB for each passage
        (10.0, 50.1, 20_000, "failed"),
        (90.0, 94.6, 0, "passed"),  # what learning twenty intents took
    ],
)
def test_a_set_may_grow_by_a_tenth_by_ten_megabytes_or_with_the_knowledge(
    before: float, after: float, passages: int, outcome: str
) -> None:
    assert size_gate("size_mb", before, after, passages=passages).outcome == outcome


def sample(confidence: float, *, right: int, wrong: int = 0) -> CalibrationSample:
    """Ten articles that are hardly sure and wrong, and some of this confidence; no learned answers."""
    correct = np.array([True] * right + [False] * (wrong + 10))
    confidences = np.array([confidence] * (right + wrong) + [0.1] * 10)
    return CalibrationSample(confidences, correct, np.zeros(len(correct), dtype=bool))


def test_a_set_that_can_answer_nothing_fails_and_says_how_many_more_questions_would_do() -> None:
    # at least 20 sure answers let an estimate through: half of 20 decisions are sure, so it takes 39
    gate = reach_gate(sample(0.995, right=10), budget=0.02, kinds={"article"})
    assert gate.outcome == "failed"
    assert gate.reason == (
        "articles are never given at a budget of 0.02: of 20 calibration questions 10 found the right one, "
        "about 19 more like these would do"
    )


def test_where_the_champion_answers_nothing_either_the_gate_says_that_lifting_it_costs_no_answer() -> None:
    silent, able = sample(0.995, right=10), sample(0.995, right=45)
    either = reach_gate(silent, budget=0.02, kinds={"article"}, champion=sample(0.995, right=9))
    assert either.outcome == "failed"
    assert either.reason.endswith(
        "about 19 more like these would do; the champion answers nothing either: lifting this gate costs no "
        "answer"
    )
    assert "champion" not in reach_gate(silent, budget=0.02, kinds={"article"}, champion=able).reason
    assert "champion" not in reach_gate(able, budget=0.02, kinds={"article"}, champion=silent).reason


def test_where_the_surest_are_wrong_few_questions_may_be_too_few_and_many_need_looking_at() -> None:
    few = reach_gate(sample(0.995, right=5, wrong=5), budget=0.02, kinds={"article"})
    assert few.outcome == "failed"
    assert "the surest are wrong" in few.reason
    assert "with 100 questions of your own customers" in few.reason
    many = reach_gate(sample(0.995, right=45, wrong=45), budget=0.02, kinds={"article"})
    assert "see which are wrong" in many.reason


def test_a_set_that_answers_one_kind_of_what_the_home_has_passes_and_the_other_is_named() -> None:
    articles = sample(0.995, right=10)
    learned = CalibrationSample(np.full(25, 0.995), np.ones(25, bool), np.ones(25, bool))
    both = CalibrationSample(
        *(np.concatenate(pair) for pair in zip(parts(articles), parts(learned), strict=True))
    )
    gate = reach_gate(both, budget=0.02, kinds={"article", "learned_answer"})
    assert gate.outcome == "passed"
    assert "articles are never given" in gate.reason
    assert "learned answers are given from a confidence of 0.99 on: to 25 of 25" in gate.reason
    assert reach_gate(both, budget=0.02, kinds={"article"}).outcome == "failed"
    assert reach_gate(both, budget=0.02, kinds=()).outcome == "skipped"


def parts(of: CalibrationSample) -> tuple[np.ndarray, ...]:
    return of.confidences, of.correct, of.learned


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (20, 15, "passed"),  # three quarters
        (20, 14, "failed"),  # 6 lost: p .016
        (4, 0, "passed"),  # 4 lost may be chance: p .062
        (5, 0, "failed"),
        (100, 76, "passed"),  # fewer beyond chance, but not far fewer
    ],
)
def test_far_fewer_answers_are_less_than_three_quarters_and_beyond_chance(
    before: int, after: int, outcome: str
) -> None:
    gate = fewer_gate([True] * before, [True] * after + [False] * (before - after))
    assert gate.outcome == outcome


def test_a_champion_that_answers_nothing_cannot_be_fallen_short_of() -> None:
    assert fewer_gate([False] * 9, [False] * 9).outcome == "skipped"
    assert fewer_gate([], []).outcome == "skipped"


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
    reason = size_gate("size_mb", 4.0, 6.0, passages=500).reason
    assert reason == (
        "6.00 MB, the champion 4.00 (+2.00), fails above +10.00: the greatest of 10%, 10 MB and 2 kB for "
        "each of 500 passages"
    )


def test_what_cannot_be_decided_is_skipped_and_stops_nothing() -> None:
    gates = [
        regression_gate([], []),
        paired_gate("answered_right", [], [], of="questions"),
        risk_gate(0, 0, budget=0.02),
    ]
    assert [gate.outcome for gate in gates] == ["skipped"] * 3
    assert failures(gates) == []
