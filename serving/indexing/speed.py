"""How fast an index takes passages in; keeps nothing of them."""

import time
from collections.abc import Sequence

from knowledge.index.knowledge_index import KnowledgeIndex
from model.interfaces import Encoder
from model.types import Passage

_REFS_AT_ONCE = 64


def seconds_to_index(passages: Sequence[Passage], encoder: Encoder) -> float:
    """Seconds to encode the passages and file them in an empty index, until they are found."""
    by_ref: dict[str, list[Passage]] = {}
    for passage in passages:
        by_ref.setdefault(passage.ref, []).append(passage)
    refs = list(by_ref)
    index = KnowledgeIndex(encoder)
    encoder.encode([passages[0].search_text])  # what is only slow the first time
    started = time.perf_counter()
    for at in range(0, len(refs), _REFS_AT_ONCE):
        index.put({ref: by_ref[ref] for ref in refs[at : at + _REFS_AT_ONCE]})
    return time.perf_counter() - started
