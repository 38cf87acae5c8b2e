"""The head for unhappy conversations: what it learns from, and a limit with few false alarms."""

from collections.abc import Sequence

import numpy as np
import pytest

from eval.data.labelled import MoodConversation, Outcome
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from model.types import Reading, Turn
from model.understanding.mood import UNHAPPY, unhappy_inputs
from training.heads.moods import FittedMoods, fit_moods, limit_for_false_alarms


def conversation(name: str, outcome: Outcome, *said: str) -> MoodConversation:
    """Unhappy ones end with their event."""
    turns = [turn for text in said for turn in (Turn("customer", text), Turn("bot", "Hm."))][:-1]
    at = None if outcome in ("neutral", "satisfied") else len(turns) - 1
    return MoodConversation(name, tuple(turns), outcome, at)


THINGS = ["pump", "lamp", "tank", "hose", "box", "app", "plan", "order"]
CALM = [
    conversation(
        f"calm {thing}", "satisfied", f"how do I clean the {thing}", "where is that", "got it, thanks"
    )
    for thing in THINGS
]
UNHAPPY_ONES = [
    conversation(
        f"unhappy {thing}",
        "leaves",
        f"how do I clean the {thing}",
        "that is useless again",
        "I give up on you",
    )
    for thing in THINGS
]
SENTENCES = [
    ("this is a disgrace", True),
    ("I am fed up", True),
    ("thank you", False),
    ("where is it", False),
]


def fit(encoder: OnnxEncoder, conversations: Sequence[MoodConversation]) -> FittedMoods:
    reading = encoder.read([text for text, _ in SENTENCES])
    negative = np.array([negative for _, negative in SENTENCES])
    return fit_moods(conversations, encoder, sentences=reading, negative=negative, seed=0)


def probability(fitted: FittedMoods, encoder: OnnxEncoder, *said: str) -> float:
    reading: Reading = encoder.read(said)
    return fitted.head.read(unhappy_inputs(reading.features[-1], reading.vectors))[UNHAPPY]


def test_unhappy_conversations_are_told_from_calm_ones_that_begin_alike(encoder: OnnxEncoder) -> None:
    fitted = fit(encoder, [*CALM, *UNHAPPY_ONES])
    begun = "how do I clean the filter"
    assert probability(fitted, encoder, begun, "which one is that") < 0.3
    assert probability(fitted, encoder, begun, "useless, as always") > 0.9
    assert (fitted.false_alarms, fitted.warned) == (0.0, 1.0)  # of 8 calm ones 5 % are none


def test_the_same_seed_gives_the_same_head(encoder: OnnxEncoder) -> None:
    first, second = (fit(encoder, [*CALM, *UNHAPPY_ONES]) for _ in range(2))
    assert np.array_equal(first.head.scorer.weights, second.head.scorer.weights)
    assert first.limit == second.limit


AT_ONCE = [
    conversation(f"at once {thing}", "asks_for_person", f"a person for my {thing}") for thing in THINGS
]


@pytest.mark.parametrize("rows", [[*CALM, UNHAPPY_ONES[0]], [CALM[0], *UNHAPPY_ONES], [*CALM, *AT_ONCE], []])
def test_fewer_than_two_conversations_of_a_kind_are_refused(
    encoder: OnnxEncoder, rows: list[MoodConversation]
) -> None:
    with pytest.raises(DataError, match="two of each are needed"):
        fit(encoder, rows)


def test_the_limit_lets_one_in_twenty_calm_conversations_reach_it() -> None:
    highest = np.array([0.5 + i / 100 for i in range(40)])  # two of forty: .89 and .88
    limit = limit_for_false_alarms(highest)
    assert (highest >= limit).sum() == 2
    assert limit == pytest.approx(0.87)
    assert limit > highest[37]


def test_the_limit_is_a_half_at_least() -> None:
    assert limit_for_false_alarms(np.array([0.0, 0.1, 0.49])) == 0.5


def test_of_fewer_than_twenty_calm_conversations_none_may_reach_the_limit() -> None:
    highest = np.array([0.2, 0.9, 0.4])
    assert limit_for_false_alarms(highest) == np.nextafter(0.9, 1)


def test_of_equal_conversations_that_are_too_many_none_reaches_the_limit() -> None:
    highest = np.array([0.1] * 37 + [0.6] * 3)
    assert (highest >= limit_for_false_alarms(highest)).sum() == 0
