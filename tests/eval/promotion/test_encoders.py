"""Two encoders side by side, and the gates for gains and losses, with figures worked out by hand."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from eval.data.beir import Query
from eval.metrics.intervals import Interval
from eval.promotion.encoders import run
from eval.promotion.gates import gain_gate, loss_gate
from knowledge.index.chunking import learned_answer_passages
from model.types import Passage, Vector, Vectors


class TableEncoder:
    """Gives each text the direction that a table says."""

    dim = 2

    def __init__(self, fingerprint: str, degrees: Mapping[str, float]) -> None:
        self.fingerprint = fingerprint
        self._degrees = degrees

    def encode(self, texts: Sequence[str]) -> Vectors:
        angles = np.radians([self._degrees[text] for text in texts])
        return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)

    def encode_one(self, text: str) -> Vector:
        vector: Vector = self.encode([text])[0]
        return vector


KNOWN = {"apples": 0.0, "pears": 90.0}
KNOWLEDGE: dict[str, Sequence[Passage]] = {
    f"learned_answer:{number}": learned_answer_passages(number, text, "Yes.", ())
    for number, text in enumerate(KNOWN)
}
QUESTIONS = [
    Query("red", "something red", {"learned_answer:0": 1.0}),
    Query("green", "something green", {"learned_answer:1": 1.0}),
]
BEFORE = TableEncoder("before", {**KNOWN, "something red": 80.0, "something green": 80.0})
AFTER = TableEncoder("after", {**KNOWN, "something red": 10.0, "something green": 80.0})


def test_the_gain_is_the_difference_on_the_same_questions() -> None:
    """Before, both questions find the pears first: the red one finds its answer second."""
    result = run(KNOWLEDGE, QUESTIONS, before=BEFORE, after=AFTER)
    figures = result.figures
    assert (figures["n"], figures["n_clusters"]) == (2, 2)
    assert (figures["before"]["hit@1"], figures["after"]["hit@1"]) == (0.5, 1.0)
    assert (figures["before"]["mrr@10"], figures["after"]["mrr@10"]) == (0.75, 1.0)
    assert (figures["gain"]["hit@1"], figures["gain"]["mrr@10"]) == (0.5, 0.25)
    assert figures["gain"]["hit@1_interval"] == [
        0.0,
        1.0,
    ]  # one of two draws in four has both red, or both green
    assert figures["dense_before"] == {"hit@1": 0.5, "mrr@10": 0.75}
    assert [item["after"]["found"][0] for item in result.items] == ["learned_answer:0", "learned_answer:1"]


def test_without_questions_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="undefined in every resample of 0 items"):
        run(KNOWLEDGE, [], before=BEFORE, after=AFTER)


@pytest.mark.parametrize(
    ("low", "high", "gain", "loss"),
    [
        (0.01, 0.05, "passed", "passed"),
        (0.0, 0.05, "failed", "passed"),
        (-0.02, 0.03, "failed", "passed"),
        (-0.05, 0.0, "failed", "passed"),
        (-0.05, -0.01, "failed", "failed"),
    ],
)
def test_a_gain_must_be_beyond_chance_and_a_loss_must_not_be(
    low: float, high: float, gain: str, loss: str
) -> None:
    middle = (low + high) / 2
    assert gain_gate("x", middle, Interval(low, high), of="9 questions").outcome == gain
    assert loss_gate("x", middle, Interval(low, high), of="9 questions").outcome == loss


def test_a_gate_says_its_numbers() -> None:
    gate = gain_gate("gain.mrr@10", 0.02, Interval(-0.01, 0.05), of="30 questions")
    assert gate.reason == "+0.0200 on 30 questions, 95 % interval [-0.0100, +0.0500]; must lie above 0"
