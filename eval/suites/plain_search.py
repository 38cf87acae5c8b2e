"""What plain vector search and plain BM25 find in the same articles, set up as is usual; fuses nothing."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from knowledge.index.fusion import descending
from knowledge.index.lexical import LexicalIndex, count_terms, tokenise
from model.types import Passage, Vector, Vectors


class PlainSearch:
    """Chunks searched by vector alone or by words alone; an answer counts as its best chunk.

    A chunk is a piece of an article under its title and headings, or a phrasing of a learned answer: what
    the index holds, without the passages that it makes of titles alone. Exact cosine; BM25 (k1 1.2, b .75)
    over stemmed words without stop words, each chunk a document.
    """

    def __init__(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """`passages` come by ref, each answer's in their order; `vectors` are theirs, row by row."""
        chunks = _chunks(passages)
        self._refs = list(dict.fromkeys(passages[row].ref for row in chunks))
        number = {ref: position for position, ref in enumerate(self._refs)}
        self._owner = np.array([number[passages[row].ref] for row in chunks], dtype=np.int64)
        self._vectors = vectors[chunks]
        self._words = LexicalIndex()
        for position, row in enumerate(chunks):
            self._words.add(position, count_terms(passages[row].search_text))

    def by_vector(self, vector: Vector, *, top_k: int) -> list[str]:
        """Refs of the answers with the greatest cosines, best first; ties by ref."""
        return self._best(self._vectors @ vector, above=-np.inf, top_k=top_k)

    def by_words(self, text: str, *, top_k: int) -> list[str]:
        """Refs of the answers with the greatest BM25, best first; none without a word of `text`."""
        return self._best(self._words.scores(tokenise(text))[: len(self._owner)], above=0.0, top_k=top_k)

    def _best(self, scores: NDArray[np.float32], *, above: float, top_k: int) -> list[str]:
        greatest = np.full(len(self._refs), -np.inf, dtype=np.float32)
        np.maximum.at(greatest, self._owner, scores)
        places = [place for place in descending(greatest).tolist() if greatest[place] > above]
        return [self._refs[place] for place in places[:top_k]]


def _chunks(passages: Sequence[Passage]) -> list[int]:
    """Rows of the passages, without an article's title passage where the article has pieces too."""
    rows: list[int] = []
    for _, group in groupby(range(len(passages)), key=lambda row: passages[row].ref):
        own = list(group)
        first = passages[own[0]]
        title_alone = first.kind == "article" and first.search_text == first.title
        rows += own[1:] if title_alone and len(own) > 1 else own
    return rows
