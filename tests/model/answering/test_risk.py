"""The risk threshold: exact bounds, the promise kept over many draws, ties, and caution without data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from model.answering.risk import (
    NEVER,
    RiskThreshold,
    answers_needed,
    decisions_needed,
    fewest_proving,
    risk_threshold,
    wrong_share_bound,
)


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize(
    ("wrong", "answered"), [(0, 1), (0, 114), (1, 30), (1, 194), (5, 100), (99, 100), (20, 2000)]
)
def test_the_bound_is_clopper_and_pearsons(wrong: int, answered: int, level: float) -> None:
    expected = stats.beta.ppf(level, wrong + 1, answered - wrong)
    assert wrong_share_bound(wrong, answered, confidence_level=level) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 3000), st.data())
def test_the_bound_is_clopper_and_pearsons_for_any_counts(answered: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, answered - 1))
    expected = stats.beta.ppf(0.9, wrong + 1, answered - wrong)
    assert wrong_share_bound(wrong, answered) == pytest.approx(expected, abs=1e-8)


def test_the_bound_without_wrong_answers_by_hand() -> None:
    # (1 - bound)^2 = 0.1
    assert wrong_share_bound(0, 2, confidence_level=0.9) == pytest.approx(1 - 0.1**0.5)


@pytest.mark.parametrize(("wrong", "answered"), [(0, 0), (3, 3)])
def test_nothing_right_proves_nothing(wrong: int, answered: int) -> None:
    assert wrong_share_bound(wrong, answered) == 1.0


def test_the_fewest_answers_that_prove_a_budget_by_hand() -> None:
    # none wrong: 0.98^n <= 0.1 from n = 114 on (0.98^114 = .09996, 0.98^113 = .10200)
    assert answers_needed(0, risk=0.02) == 114
    # one wrong: 0.9^n + n * 0.1 * 0.9^(n-1) <= 0.1 from n = 38 on
    assert answers_needed(1, risk=0.1) == 38


def test_the_lowest_proven_threshold_is_taken() -> None:
    # 100 right at .9, 100 right at .8, then 100 of which 50 are wrong at .7
    confidences = np.repeat([0.9, 0.8, 0.7], 100)
    correct = np.array([True] * 200 + [True, False] * 50)
    got = risk_threshold(confidences, correct, risk=0.1)
    assert (got.value, got.guaranteed, got.answered, got.wrong) == (0.8, True, 200, 0)
    assert (got.risk, got.confidence_level) == (0.1, 0.9)


def test_equal_confidences_are_answered_together_or_not_at_all() -> None:
    # 60 right ones at .9; at .8 there are 40 right and 30 wrong: no part of the tie may pass
    confidences = np.repeat([0.9, 0.8], [60, 70])
    correct = np.array([True] * 100 + [False] * 30)
    got = risk_threshold(confidences, correct, risk=0.1)
    assert (got.value, got.answered) == (0.9, 60)


def test_the_order_of_rows_does_not_matter() -> None:
    generator = np.random.default_rng(3)
    confidences = generator.random(400).round(2)
    correct = generator.random(400) < 0.9 + confidences / 10
    order = generator.permutation(400)
    assert risk_threshold(confidences, correct, risk=0.1) == risk_threshold(
        confidences[order], correct[order], risk=0.1
    )


def test_everything_right_answers_everything() -> None:
    got = risk_threshold(np.linspace(0, 1, 300), np.ones(300, bool), risk=0.02)
    assert (got.value, got.guaranteed, got.answered, got.wrong) == (0.0, True, 300, 0)


def test_a_wrong_answer_at_the_top_does_not_end_the_search() -> None:
    correct = np.ones(300, bool)
    correct[0] = False
    got = risk_threshold(np.linspace(1, 0, 300), correct, risk=0.02)
    assert (got.guaranteed, got.answered, got.wrong) == (True, 300, 1)


def test_testing_ends_at_the_first_threshold_that_fails_though_a_later_one_would_pass() -> None:
    """Fixed-sequence testing at 10 %, by hand: the tests pass, fail, pass, and the first failure counts.

    1 wrong of 40 at .9 passes (.9^40 + 40 * .1 * .9^39 = .0805), 6 wrong of 50 from .8 on fail, 6 wrong of
    250 from .7 on would pass again. Whoever went on would try a promise again and again: in 1,500 draws of a
    world whose wrong share is .1 and a little from the second threshold on, 20 % of promises were false
    instead of 7 %.
    """
    confidences = np.repeat([0.9, 0.8, 0.7], [40, 10, 200])
    correct = np.array([False] + [True] * 39 + [False] * 5 + [True] * 5 + [True] * 200)
    assert wrong_share_bound(6, 50) > 0.1 > wrong_share_bound(6, 250)
    proof = risk_threshold(confidences, correct, risk=0.1, proven_only=True)
    assert (proof.value, proof.guaranteed, proof.answered, proof.wrong) == (0.9, True, 40, 1)


def test_nothing_is_proven_when_the_first_threshold_fails_though_a_later_one_would_pass() -> None:
    # 5 wrong of 50 at .9 fail at 10 %; 5 wrong of 250 from .8 on would pass
    confidences = np.repeat([0.9, 0.8], [50, 200])
    correct = np.array([False] * 5 + [True] * 245)
    assert wrong_share_bound(5, 50) > 0.1 > wrong_share_bound(5, 250)
    proof = risk_threshold(confidences, correct, risk=0.1, proven_only=True)
    assert (proof.value, proof.guaranteed, proof.answered) == (NEVER, False, 0)


def test_two_wrong_answers_at_the_first_threshold_prove_nothing_even_where_its_test_would_pass() -> None:
    """The order of tests must not depend on how many were wrong, so the first is laid for one wrong answer.

    38 answers are the fewest that prove 10 % with one wrong. A tie brings 60 at once, of which 2 are wrong:
    they would pass (.9^60 + 60 * .1 * .9^59 + 1770 * .01 * .9^58 = .053), one would, two are too many.
    """
    confidences = np.repeat([0.9, 0.8], [60, 140])
    assert wrong_share_bound(2, 60) < 0.1
    for wrong, answered in ((1, 200), (2, 0)):
        correct = np.array([False] * wrong + [True] * (200 - wrong))
        proof = risk_threshold(confidences, correct, risk=0.1, proven_only=True)
        assert (proof.guaranteed, proof.answered) == (answered > 0, answered)


def test_a_proof_that_answers_more_comes_before_an_estimate_that_answers_less() -> None:
    """100 right ones prove 10 % at .5, whose own confidences expect half of them to be wrong.

    The estimate trusts the 30 at .99 alone. What is proven needs no trust.
    """
    confidences = np.repeat([0.99, 0.5], [30, 70])
    got = risk_threshold(confidences, np.ones(100, bool), risk=0.1)
    assert (got.value, got.guaranteed, got.answered) == (0.5, True, 100)


def few(confidence: float, *, wrong: int) -> RiskThreshold:
    """The threshold from 25 decisions of one confidence and 5 wrong ones of .5: too few to prove 2 %."""
    correct = np.array([False] * wrong + [True] * (25 - wrong) + [False] * 5)
    return risk_threshold(np.repeat([confidence, 0.5], [25, 5]), correct, risk=0.02)


def test_too_little_data_is_cautious_and_says_so() -> None:
    # of 25 answers at .995 one in eight is wrong by their confidence; at .5 it would be 2.6 of 30
    got = few(0.995, wrong=0)
    assert (got.value, got.guaranteed, got.answered, got.wrong) == (0.995, False, 25, 0)


def test_without_proof_confidences_that_expect_too_many_wrong_answers_are_not_enough() -> None:
    # at .97 the confidences themselves expect 3 % to be wrong
    assert few(0.97, wrong=0).value == NEVER


@pytest.mark.parametrize(("wrong", "answers"), [(1, True), (2, False)])
def test_without_proof_outcomes_that_speak_against_the_budget_are_heard(wrong: int, answers: bool) -> None:
    # at 2 % one or more of 25 is wrong in .397 of all draws, two or more in .089: less than one in ten
    assert (few(0.995, wrong=wrong).value == 0.995) == answers


def needed(*groups: tuple[float, int, bool]) -> int | None:
    """How many decisions a budget of 2 % takes, given groups of confidence, count and rightness."""
    confidences = np.concatenate([np.full(count, value) for value, count, _ in groups])
    correct = np.concatenate([np.full(count, right) for _, count, right in groups])
    return decisions_needed(confidences, correct, risk=0.02)


def test_how_many_decisions_it_takes_follows_from_the_rule_itself() -> None:
    # an estimate wants 20 sure ones: half of these are, so that 39 have 20 of them
    assert needed((0.995, 10, True), (0.1, 10, False)) == 39
    # without an estimate (.9 expects a tenth to be wrong) it takes a proof: 194 with at most one wrong
    assert fewest_proving(0.02) == 194
    assert needed((0.9, 40, True)) == 194
    # what answers already needs no more
    assert needed((0.995, 25, True)) == 25


@pytest.mark.parametrize(
    "groups", [[], [(0.995, 5, True), (0.995, 5, False)], [(0.995, 2, True), (0.1, 40, False)]]
)
def test_where_the_surest_are_wrong_or_too_rare_more_of_the_same_would_not_do(
    groups: list[tuple[float, int, bool]],
) -> None:
    assert needed((0.1, 1, False), *groups) is None
    assert decisions_needed(np.empty(0), np.empty(0, bool), risk=0.02) is None


@pytest.mark.parametrize("n", [0, 1, 19])
def test_hardly_any_data_answers_never(n: int) -> None:
    got = risk_threshold(np.linspace(0, 1, n), np.ones(n, bool), risk=0.02)
    assert (got.value, got.guaranteed, got.answered) == (NEVER, False, 0)
    assert got.value > 1


def test_confidence_that_says_nothing_answers_never() -> None:
    generator = np.random.default_rng(0)
    got = risk_threshold(generator.random(500), generator.random(500) < 0.5, risk=0.02)
    assert (got.value, got.guaranteed) == (NEVER, False)


@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1])
def test_a_budget_outside_zero_and_one_is_refused(risk: float) -> None:
    with pytest.raises(ValueError, match=r"0\.02 means at most 2 % wrong"):
        risk_threshold(np.empty(0), np.empty(0, bool), risk=risk)


def test_rows_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="must be equal rows"):
        risk_threshold(np.zeros(2), np.zeros(3, bool), risk=0.1)


def test_a_larger_budget_never_answers_less_than_a_smaller_one_by_hand() -> None:
    """80 sure ones with 1 wrong, then 40 less sure ones with 2 wrong.

    1 wrong of 80 proves .0478 (.9522^80 + 80 * .0478 * .9522^79 = .1), 3 wrong of 120 nothing below
    .0548. At 2 % there is no proof; confidences of .99 and .98 expect 1.6 wrong of 120, three are not
    against it, so all 120 are answered. At 5 % the proof answers 80, and 80 are fewer than 120.
    """
    confidences = np.repeat([0.99, 0.98], [80, 40])
    correct = np.array([False] + [True] * 79 + [False] * 2 + [True] * 38)
    small = risk_threshold(confidences, correct, risk=0.02)
    large = risk_threshold(confidences, correct, risk=0.05)
    proof = risk_threshold(confidences, correct, risk=0.05, proven_only=True)
    assert (small.answered, small.guaranteed) == (120, False)
    assert (large.answered, large.guaranteed) == (120, False)
    assert (proof.answered, proof.guaranteed) == (80, True)
    # a budget that proves all 120 is guaranteed again
    assert risk_threshold(confidences, correct, risk=0.06) == RiskThreshold(0.98, True, 0.06, 0.9, 120, 3)


DECISIONS = st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9, 0.97, 0.99, 1.0]), st.booleans()), max_size=30)
"""A confidence, and whether the answer was right."""


@settings(max_examples=200)
@given(DECISIONS, st.integers(1, 12), st.lists(st.floats(0.001, 0.6), min_size=2, max_size=6), st.booleans())
def test_the_threshold_never_rises_with_the_budget(
    decisions: list[tuple[float, bool]], times: int, budgets: list[float], proven_only: bool
) -> None:
    confidences = np.repeat(np.array([one for one, _ in decisions]), times)
    correct = np.repeat(np.array([right for _, right in decisions], dtype=bool), times)
    values = [
        risk_threshold(confidences, correct, risk=risk, proven_only=proven_only).value
        for risk in sorted(budgets)
    ]
    assert values == sorted(values, reverse=True)


@settings(max_examples=200)
@given(DECISIONS, st.integers(1, 12), st.floats(0.001, 0.6), st.booleans())
def test_a_threshold_says_what_it_rests_on(
    decisions: list[tuple[float, bool]], times: int, risk: float, proven_only: bool
) -> None:
    confidences = np.repeat(np.array([one for one, _ in decisions]), times)
    correct = np.repeat(np.array([right for _, right in decisions], dtype=bool), times)
    got = risk_threshold(confidences, correct, risk=risk, proven_only=proven_only)
    answers = confidences >= got.value
    assert (got.answered, got.wrong) == (answers.sum(), (answers & ~correct).sum())
    if got.guaranteed:
        assert wrong_share_bound(got.wrong, got.answered) <= risk + 1e-9
    elif proven_only:
        assert got.value == NEVER


def test_everything_wrong_is_never_answered() -> None:
    got = risk_threshold(np.linspace(0, 1, 300), np.zeros(300, bool), risk=0.05)
    assert (got.value, got.guaranteed, got.answered) == (NEVER, False, 0)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("risk", [0.02, 0.1])
def test_where_every_guarantee_would_be_false_hardly_any_is_given(risk: float, ties: bool) -> None:
    """400 samples of a world in which each answer is wrong a little more often than the budget allows.

    Whatever is proven there is proven wrongly: promised in at most 10 % of samples. Were it 10 %, 60 or
    more of 400 would be seen once in a thousand times.
    """
    generator = np.random.default_rng(5)
    false_promises = 0
    for _ in range(400):
        confidences = generator.random(300)
        confidences = confidences.round(1) if ties else confidences
        correct = generator.random(300) >= risk * 1.001
        proof = risk_threshold(confidences, correct, risk=risk, proven_only=True)
        false_promises += proof.guaranteed
    assert false_promises <= 59


@pytest.mark.parametrize("risk", [0.05, 0.1])
def test_the_promise_is_broken_at_most_as_often_as_announced(risk: float) -> None:
    """300 random worlds, in each the true risk of the threshold found, known from the world itself.

    Promised at level .9: at most 10 % exceed the budget. Were the true share 10 %, 47 or more of 300
    would be seen once in a thousand times.
    """
    generator = np.random.default_rng(11)
    guaranteed = exceeded = 0
    for _ in range(300):
        steepness, middle = generator.uniform(2, 12), generator.uniform(-0.3, 0.5)
        confidences = generator.beta(*generator.uniform(0.5, 4, size=2), size=400)
        right = _share_right(confidences, steepness, middle)
        got = risk_threshold(confidences, generator.random(400) < right, risk=risk, proven_only=True)
        if got.guaranteed:
            guaranteed += 1
            many = np.concatenate([confidences, generator.choice(confidences, 4000)])
            answered = many[many >= got.value]
            exceeded += 1 - _share_right(answered, steepness, middle).mean() > risk
    assert guaranteed >= 60
    assert exceeded <= 0.1 * guaranteed + 3.1 * (0.1 * 0.9 * guaranteed) ** 0.5


def _share_right(confidences: np.ndarray, steepness: float, middle: float) -> np.ndarray:
    return 1 / (1 + np.exp(-steepness * (confidences - middle)))
