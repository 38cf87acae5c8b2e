"""Remembers the vectors of messages read a moment ago, so that a conversation is encoded once."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from model.interfaces import Encoder
from model.types import Vector, Vectors

_MOST = 2000
"""At 384 dimensions about 3 MB."""


class RecentVectors:
    """Vectors of texts, the latest ones remembered; keeps no text; safe to use from several threads."""

    def __init__(self, encoder: Encoder, *, most: int = _MOST) -> None:
        self._encoder = encoder
        self._most = most
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, text: str, vector: Vector) -> None:
        """Remember the vector; when there are too many, the one kept longest ago is forgotten."""
        with self._lock:
            self._vectors[_key(text)] = vector.copy()  # a view would hold its whole batch
            self._vectors.move_to_end(_key(text))
            if len(self._vectors) > self._most:
                self._vectors.popitem(last=False)

    def of(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts, shape `(n_texts, dim)`; only what is not remembered is encoded."""
        with self._lock:
            remembered = {text: self._vectors.get(_key(text)) for text in texts}
        forgotten = [text for text, vector in remembered.items() if vector is None]
        if forgotten:
            for text, vector in zip(forgotten, self._encoder.encode(forgotten), strict=True):
                remembered[text] = vector
                self.keep(text, vector)
        vectors = [vector for text in texts if (vector := remembered[text]) is not None]
        return np.stack(vectors) if vectors else np.empty((0, self._encoder.dim), np.float32)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
