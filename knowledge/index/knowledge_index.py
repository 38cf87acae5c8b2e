"""The searchable knowledge of one process: passages in, candidates out, live; reads no document."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import structlog

from knowledge.index import snapshots
from knowledge.index.contents import Contents, Entry, word_counts
from knowledge.index.lexical import count_terms
from knowledge.index.read_write_lock import ReadWriteLock
from model.interfaces import Encoder
from model.types import Candidate, Passage, Vector, Vectors

_ENCODE_BATCH = 512
_REFS_PER_WRITE = 32
"""Answers changed at once while searches wait; 32 of five passages took about 5 ms."""

_Item = TypeVar("_Item")

_log = structlog.get_logger(__name__)


class KnowledgeIndex:
    """A `Retriever` that changes while it is searched.

    Searches run side by side, one writer at a time changes the contents. Encoding happens before
    searches are held up, and a text that is already embedded here is not embedded again.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._contents = Contents(encoder.dim)
        self._lock = ReadWriteLock()
        self._one_writer = threading.Lock()

    def __len__(self) -> int:
        """Number of passages."""
        return len(self._contents)

    def refs(self) -> frozenset[str]:
        """The answers that can be found."""
        with self._lock.reading():
            return self._contents.refs()

    def passages_of(self, ref: str) -> tuple[Passage, ...]:
        """Passages of the answer in the order they were put; empty when it is not known."""
        with self._lock.reading():
            return self._contents.passages_of(ref)

    def passages(self) -> tuple[list[Passage], Vectors]:
        """All passages, by ref in the order they were put, with their vectors as rows."""
        with self._lock.reading():
            return self._contents.passages()

    def search(self, text: str, vector: Vector, *, top_k: int) -> list[Candidate]:
        """At most `top_k` candidates, one per ref, best first; ties by ref. Empty for an empty index."""
        with self._lock.reading():
            return self._contents.search(text, vector, top_k=top_k)

    def text_of(self, ref: str, text: str, vector: Vector) -> Candidate | None:
        """The answer as a candidate for the question, whatever else fits better; `None` when not known."""
        with self._lock.reading():
            return self._contents.text_of(ref, text, vector)

    def has_word(self, word: str) -> bool:
        """Whether a passage holds the word, given in lower case."""
        with self._lock.reading():
            return self._contents.has_word(word)

    def words_like(self, word: str) -> Mapping[str, int]:
        """The passages' words that are spelt nearly so, with how often they occur."""
        with self._lock.reading():
            return self._contents.words_like(word)

    def search_without_itself(self, text: str, vector: Vector, *, top_k: int) -> list[Candidate]:
        """As `search`, as if no passage had been embedded from this very text.

        What was learned from a question can so be asked again as if it came for the first time. Rarity of
        words still counts the hidden passages.
        """
        with self._lock.reading():
            return self._contents.search(text, vector, top_k=top_k, without_itself=True)

    def put(self, passages_by_ref: Mapping[str, Sequence[Passage]]) -> None:
        """Replaces all passages of each ref (none removes it); searches see it when this returns.

        Each ref changes at once; between refs of one large call a search may see some changed and some
        not yet. Raises `ValueError`, with nothing changed, for a passage filed under another's ref.
        """
        for ref, passages in passages_by_ref.items():
            for passage in passages:
                if passage.ref != ref:
                    raise ValueError(f"passage {passage.key!r} has ref {passage.ref!r}, put under {ref!r}")
        with self._one_writer:
            vectors = self._vectors(passages_by_ref)
            for group in _batched(passages_by_ref.items(), _REFS_PER_WRITE):
                self._write({ref: _entries(passages, vectors) for ref, passages in group})

    def remove(self, refs: Iterable[str]) -> None:
        """Forgets the answers; unknown ones are passed over."""
        with self._one_writer:
            for group in _batched(dict.fromkeys(refs), _REFS_PER_WRITE):
                self._write(dict.fromkeys(group, ()))

    def save(self, folder: Path, *, content_hash: str, last_change: int) -> None:
        """Writes a snapshot that `load` accepts; a crash at any point leaves the old one or the new one."""
        passages, vectors = self.passages()
        snapshots.write(
            folder,
            snapshots.Snapshot(passages, vectors, last_change),
            fingerprint=self._encoder.fingerprint,
            content_hash=content_hash,
        )
        _log.info("index_saved", passages=len(passages), last_change=last_change)

    @classmethod
    def load(
        cls, folder: Path, encoder: Encoder, *, content_hash: str | None
    ) -> "tuple[KnowledgeIndex, int]":
        """The index kept in `folder`, and the last change it holds.

        `content_hash` is what the snapshot must have been saved with; `None` accepts any. Raises
        `ArtifactError` saying whether the snapshot is missing, stale, foreign, unreadable or damaged.
        """
        snapshot = snapshots.read(
            folder, fingerprint=encoder.fingerprint, dim=encoder.dim, content_hash=content_hash
        )
        index = cls(encoder)
        index._contents.replace(_grouped(snapshot))
        _log.info("index_loaded", passages=len(index), last_change=snapshot.last_change)
        return index, snapshot.last_change

    def _vectors(self, passages_by_ref: Mapping[str, Sequence[Passage]]) -> dict[str, Vector]:
        """A vector for each search text, embedding only those not known yet."""
        texts = dict.fromkeys(p.search_text for passages in passages_by_ref.values() for p in passages)
        with self._lock.reading():
            vectors = self._contents.known_vectors(texts)
        for batch in _batched([text for text in texts if text not in vectors], _ENCODE_BATCH):
            vectors.update(zip(batch, self._encoder.encode(batch), strict=True))
        return vectors

    def _write(self, entries_by_ref: Mapping[str, Sequence[Entry]]) -> None:
        with self._lock.writing():
            self._contents.replace(entries_by_ref)


def _entries(passages: Sequence[Passage], vectors: Mapping[str, Vector]) -> list[Entry]:
    return [_entry(passage, vectors[passage.search_text]) for passage in passages]


def _entry(passage: Passage, vector: Vector) -> Entry:
    return Entry(passage, vector, count_terms(passage.search_text), word_counts(passage))


def _grouped(snapshot: snapshots.Snapshot) -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = {}
    for passage, vector in zip(snapshot.passages, snapshot.vectors, strict=True):
        entries.setdefault(passage.ref, []).append(_entry(passage, vector))
    return entries


def _batched(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in lists of at most `size`; `itertools.batched` came with Python 3.12."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
