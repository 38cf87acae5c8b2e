"""An encoder that remembers what it has read, for runs that ask the same texts again; it forgets nothing."""

from collections.abc import Sequence

import numpy as np

from model.interfaces import Reader
from model.types import Reading, Vector, Vectors

_BATCH = 512


class CachingEncoder:
    """Reads each distinct text once with another encoder; memory grows with every new text."""

    def __init__(self, encoder: Reader) -> None:
        self._encoder = encoder
        self._rows: dict[str, int] = {}
        empty = encoder.read([])
        self._vectors, self._features = empty.vectors, empty.features

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._encoder.dim

    @property
    def fingerprint(self) -> str:
        """Identity of the encoder behind."""
        return self._encoder.fingerprint

    @property
    def words(self) -> frozenset[str]:
        """The words that the encoder behind knows."""
        return self._encoder.words

    def read(self, texts: Sequence[str]) -> Reading:
        """Vectors and features of the texts, in the order given."""
        self._learn([text for text in dict.fromkeys(texts) if text not in self._rows])
        rows = [self._rows[text] for text in texts]
        return Reading(self._vectors[rows], self._features[rows])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape `(n_texts, dim)`, in the order given."""
        return self.read(texts).vectors

    def encode_one(self, text: str) -> Vector:
        """The unit vector of one text, shape `(dim,)`."""
        vector: Vector = self.encode([text])[0]
        return vector

    def pieces(self, word: str) -> int:
        """How many pieces the encoder behind cuts the word into."""
        return self._encoder.pieces(word)

    def _learn(self, texts: list[str]) -> None:
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            reading = self._encoder.read(batch)
            first = len(self._rows)
            self._rows |= {text: first + i for i, text in enumerate(batch)}
            self._vectors = _room(self._vectors, len(self._rows))
            self._features = _room(self._features, len(self._rows))
            self._vectors[first : len(self._rows)] = reading.vectors
            self._features[first : len(self._rows)] = reading.features


def _room(rows: Vectors, needed: int) -> Vectors:
    """The rows, with place for `needed` of them; doubled, so that adding one by one stays cheap."""
    if needed <= len(rows):
        return rows
    grown = np.empty((max(needed, 2 * len(rows)), rows.shape[1]), dtype=rows.dtype)
    grown[: len(rows)] = rows
    return grown
