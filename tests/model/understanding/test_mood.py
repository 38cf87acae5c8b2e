"""Mood by hand: the running average, the repetition, and when they call for a person."""

import numpy as np
import pytest

from model.types import Vectors
from model.understanding.mood import mood_trigger, repetition, unhappy_inputs, updated_mood


def test_the_newest_message_counts_four_tenths() -> None:
    assert updated_mood(0.0, -0.8) == pytest.approx(-0.32)
    assert updated_mood(-0.32, -0.8) == pytest.approx(-0.512)
    assert updated_mood(-0.5, 1.0) == pytest.approx(0.1)


def test_a_weight_of_one_forgets_everything_before() -> None:
    assert updated_mood(-0.9, 0.3, weight=1.0) == pytest.approx(0.3)


@pytest.mark.parametrize("weight", [0.0, -0.5, 1.1])
def test_a_weight_that_is_no_share_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match=r"weight must be in \(0, 1\]"):
        updated_mood(0.0, 0.5, weight=weight)


def test_a_low_level_calls_for_a_person_from_exactly_there() -> None:
    assert mood_trigger(-0.6, -0.7, -0.85) == "mood_low"
    assert mood_trigger(-0.6, -0.699, -0.85) is None


def test_a_steep_fall_from_a_good_mood_calls_for_a_person() -> None:
    # .4 before, -.9 now: a fall of 1.3, to a mood of -.25
    assert mood_trigger(0.4, -0.25, -0.9) == "mood_fall"
    assert mood_trigger(0.4, -0.22, -0.85) is None


def test_one_bad_message_at_the_start_is_no_fall() -> None:
    assert mood_trigger(0.0, -0.45, -0.9) is None


def test_a_fall_that_stays_positive_is_no_fall() -> None:
    assert mood_trigger(1.0, 0.05, -0.9) is None


def test_a_rise_is_no_fall() -> None:
    assert mood_trigger(-0.5, 0.2, 0.9) is None


def test_the_limits_can_be_set() -> None:
    assert mood_trigger(0.0, -0.2, -0.4, low=-0.2) == "mood_low"
    assert mood_trigger(0.2, -0.1, -0.4, fall=0.5) == "mood_fall"


def unit(*degrees: float) -> Vectors:
    """Messages as directions in a plane: the cosine of two is that of the angle between them."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_first_message_repeats_nothing() -> None:
    assert repetition(unit(0)) == 0.0
    assert repetition(np.empty((0, 2), np.float32)) == 0.0


def test_the_same_words_again_count_more_each_time() -> None:
    # each repeats fully: .4 * 1, then .6 * .4 + .4, then .6 * .64 + .4
    assert repetition(unit(0, 0)) == pytest.approx(0.4)
    assert repetition(unit(0, 0, 0)) == pytest.approx(0.64)
    assert repetition(unit(0, 0, 0, 0)) == pytest.approx(0.784)


def test_a_similar_message_repeats_as_far_as_it_is_more_similar_than_unrelated_ones() -> None:
    # the cosine of 60 degrees is .5: (.5 - .1) / .9 of a repetition
    assert repetition(unit(0, 60)) == pytest.approx(0.4 * 4 / 9)
    assert repetition(unit(0, 90)) == 0.0
    assert repetition(unit(0, 180)) == 0.0


def test_what_was_said_more_than_three_messages_ago_is_not_repeated() -> None:
    axes = np.eye(4, dtype=np.float32)
    assert repetition(np.vstack([axes[:3], axes[:1]])) == pytest.approx(0.4)
    assert repetition(np.vstack([axes, axes[:1]])) == 0.0


def test_repetition_fades_when_the_customer_turns_to_something_else() -> None:
    assert repetition(unit(0, 0, 90)) == pytest.approx(0.24)


def test_a_first_message_is_looked_at_alone() -> None:
    features = np.array([0.5, 0.25, 0.125], np.float32)
    assert unhappy_inputs(features, unit(0)).tolist() == [0.5, 0.25, 0.125, 0, 0, 0]


def test_a_later_message_is_looked_at_with_the_mean_of_those_before_it_and_their_repetition() -> None:
    got = unhappy_inputs(np.array([0.5], np.float32), unit(0, 90, 90))
    # (1, 0) and (0, 1) before it; it repeats fully: 7 * .4
    assert got == pytest.approx([0.5, 0.5, 0.5, 2.8], abs=1e-6)
    assert got.dtype == np.float32
