"""How fast an index takes passages in; keeps nothing of them."""

import time
from collections.abc import Sequence

from knowledge.index.knowledge_index import KnowledgeIndex
from model.errors import DataError
from model.interfaces import Encoder
from model.refs import article_ref
from model.types import Passage

WORDS = 120
"""Of one passage, as articles are cut."""
_PASSAGES_PER_ANSWER = 5
_ANSWERS_AT_ONCE = 32


def passages_of(texts: Sequence[str], *, count: int) -> list[Passage]:
    """`count` different passages of 120 words each, cut from all the texts one after another.

    They begin at equal distances, and overlap where the texts are short. Raises `DataError` when the texts
    have fewer words than that takes.
    """
    words = " ".join(texts).split()
    beginnings = len(words) - WORDS + 1
    if beginnings < count:
        raise DataError(
            f"{len(words)} words of text are not enough for {count} passages that differ; "
            "give more text or ask for fewer passages"
        )
    cut = [" ".join(words[at : at + WORDS]) for at in (place * beginnings // count for place in range(count))]
    refs = [article_ref(str(number // _PASSAGES_PER_ANSWER)) for number in range(count)]
    return [
        Passage(f"{ref}#{number % _PASSAGES_PER_ANSWER}", ref, "article", "", (), text, text, "")
        for number, (ref, text) in enumerate(zip(refs, cut, strict=True))
    ]


def seconds_to_index(passages: Sequence[Passage], encoder: Encoder) -> float:
    """Seconds to encode the passages and file them in an empty index, until they are found."""
    by_ref: dict[str, list[Passage]] = {}
    for passage in passages:
        by_ref.setdefault(passage.ref, []).append(passage)
    refs = list(by_ref)
    index = KnowledgeIndex(encoder)
    encoder.encode([passages[0].search_text])  # what is only slow the first time
    started = time.perf_counter()
    for at in range(0, len(refs), _ANSWERS_AT_ONCE):
        index.put({ref: by_ref[ref] for ref in refs[at : at + _ANSWERS_AT_ONCE]})
    return time.perf_counter() - started
