"""Vectors of messages read a moment ago: the same ones as encoded anew, and only the latest."""

from collections.abc import Sequence

import numpy as np

from model.encoder.recent_vectors import RecentVectors
from model.types import Vector, Vectors


class CountingEncoder:
    """A text's vector holds its length; remembers what it was asked for."""

    dim = 1
    fingerprint = "lengths"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        return np.array([[len(text)] for text in texts], np.float32)

    def encode_one(self, text: str) -> Vector:
        return self.encode([text])[0]


def test_vectors_come_in_the_order_of_the_texts() -> None:
    recent = RecentVectors(CountingEncoder())
    assert recent.of(["aaa", "b", "aaa"]).tolist() == [[3], [1], [3]]
    assert recent.of([]).shape == (0, 1)


def test_only_what_is_not_remembered_is_encoded() -> None:
    encoder = CountingEncoder()
    recent = RecentVectors(encoder)
    recent.keep("kept", np.array([7], np.float32))
    assert recent.of(["kept", "new"]).tolist() == [[7], [3]]
    assert recent.of(["new", "kept"]).tolist() == [[3], [7]]
    assert encoder.asked == [["new"]]


def test_the_text_kept_longest_ago_is_forgotten_first() -> None:
    encoder = CountingEncoder()
    recent = RecentVectors(encoder, most=2)
    for text in ("one", "two", "one", "three"):
        recent.keep(text, np.array([0], np.float32))
    recent.of(["one", "three"])
    assert encoder.asked == []
    recent.of(["two"])
    assert encoder.asked == [["two"]]


def test_a_kept_vector_does_not_change_with_the_one_it_was_made_from() -> None:
    recent = RecentVectors(CountingEncoder())
    vector = np.array([1], np.float32)
    recent.keep("text", vector)
    vector[0] = 9
    assert recent.of(["text"]).tolist() == [[1]]


def test_a_text_that_is_no_valid_unicode_is_remembered_too() -> None:
    recent = RecentVectors(CountingEncoder())
    assert recent.of(["\ud83d"]).tolist() == [[1]]
