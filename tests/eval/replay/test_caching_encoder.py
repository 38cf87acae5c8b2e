"""What was read once is not read again, and reads the same."""

from collections.abc import Sequence

import numpy as np

from eval.replay.caching_encoder import CachingEncoder
from model.types import Reading
from tests.eval.eval_parts import WordEncoder


class CountingEncoder(WordEncoder):
    """Keeps what it was asked to read."""

    def __init__(self) -> None:
        super().__init__(["refund", "pump"])
        self.asked: list[str] = []

    def read(self, texts: Sequence[str]) -> Reading:
        self.asked += texts
        return super().read(texts)


def test_each_distinct_text_is_read_once() -> None:
    inner = CountingEncoder()
    reader = CachingEncoder(inner)
    reader.read(["refund", "pump", "refund"])
    reader.encode(["pump", "a pump"])
    reader.encode_one("a pump")
    assert inner.asked == ["refund", "pump", "a pump"]


def test_vectors_and_features_come_in_the_order_given() -> None:
    reader = CachingEncoder(CountingEncoder())
    reader.read(["pump"])
    reading = reader.read(["refund", "pump", "refund"])
    assert reading.vectors.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert np.array_equal(reading.features, reading.vectors)
    assert reader.read([]).vectors.shape == (0, 3)
    assert (reader.dim, reader.fingerprint) == (3, "words")
