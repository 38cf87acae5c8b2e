"""What the parts ask of each other, as Protocols of one or two methods."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from model.types import Candidate, Reading, Source, Vector, Vectors

ProgressBar = Callable[[int, int], None]
"""Told how much of long work is done, and of how much."""


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identity of the weights and settings; vectors of two fingerprints never mix."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape `(n_texts, dim)`, float32, in the order given; `(0, dim)` for none."""
        ...

    def encode_one(self, text: str) -> Vector:
        """The unit vector of one text, shape `(dim,)`."""
        ...


class Reader(Encoder, Protocol):
    """An encoder that also gives the features of its inner layers, in the same pass."""

    @property
    def words(self) -> frozenset[str]:
        """The common words that it knows whole, lower case, of four letters and more."""
        ...

    def read(self, texts: Sequence[str]) -> Reading:
        """Vectors and features of the texts, in the order given."""
        ...

    def pieces(self, word: str) -> int:
        """How many pieces the word is cut into before it is read; noise has more than words have."""
        ...


class Spellings(Protocol):
    """Finds words by how they are spelt."""

    def has_word(self, word: str) -> bool:
        """Whether the word, in lower case, is known."""
        ...

    def words_like(self, word: str) -> Mapping[str, int]:
        """The known words that are spelt nearly so, with how often they occur."""
        ...


class Retriever(Spellings, Protocol):
    """Finds the answers that may fit a question, and the words of the knowledge."""

    def search(self, text: str, vector: Vector, *, top_k: int) -> list[Candidate]:
        """At most `top_k` candidates, one per answer, best first; ties by `ref`."""
        ...

    def text_of(self, ref: str, text: str, vector: Vector) -> Candidate | None:
        """This answer as a candidate, with the text of it that fits best; `None` when it is not known."""
        ...


class Generator(Protocol):
    """Writes the words of an answer from its sources."""

    def answer(self, question: str, sources: Sequence[Source]) -> str:
        """Markdown that says nothing beyond the sources."""
        ...
