"""Mood by hand: the running average, and when it calls for a person."""

import pytest

from model.mood import mood_trigger, updated_mood


def test_the_newest_message_counts_half() -> None:
    assert updated_mood(0.0, -0.8) == pytest.approx(-0.4)
    assert updated_mood(-0.4, -0.8) == pytest.approx(-0.6)
    assert updated_mood(-0.6, 1.0) == pytest.approx(0.2)


def test_a_weight_of_one_forgets_everything_before() -> None:
    assert updated_mood(-0.9, 0.3, weight=1.0) == pytest.approx(0.3)


@pytest.mark.parametrize("weight", [0.0, -0.5, 1.1])
def test_a_weight_that_is_no_share_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match=r"weight must be in \(0, 1\]"):
        updated_mood(0.0, 0.5, weight=weight)


def test_a_low_level_calls_for_a_person_from_exactly_there() -> None:
    assert mood_trigger(-0.4, -0.6, -0.8) == "mood_low"
    assert mood_trigger(-0.4, -0.59, -0.78) is None


def test_a_steep_fall_from_a_good_mood_calls_for_a_person() -> None:
    # .4 before, -.9 now: a fall of 1.3, to a mood of -.25
    assert mood_trigger(0.4, -0.25, -0.9) == "mood_fall"


def test_one_bad_message_at_the_start_is_no_fall() -> None:
    assert mood_trigger(0.0, -0.45, -0.9) is None


def test_a_fall_that_stays_positive_is_no_fall() -> None:
    assert mood_trigger(1.0, 0.05, -0.9) is None


def test_a_rise_is_no_fall() -> None:
    assert mood_trigger(-0.5, 0.2, 0.9) is None


def test_the_limits_can_be_set() -> None:
    assert mood_trigger(0.0, -0.2, -0.4, low=-0.2) == "mood_low"
    assert mood_trigger(0.2, -0.1, -0.4, fall=0.5) == "mood_fall"
