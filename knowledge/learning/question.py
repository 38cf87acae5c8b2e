"""Finds what a customer wants to know among their messages: by what the reply answers, else by wording."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.index.chunking import count_words, split_sentences
from knowledge.index.lexical import tokenise
from knowledge.learning import patterns
from knowledge.learning.cleaning import Cleaned, clean_question
from knowledge.privacy.detection import NOBODY, Known
from knowledge.privacy.places import Kind
from knowledge.text import capitalised
from model.interfaces import Encoder

_BURST_WORDS = 40
"""Messages are joined while together they are no longer than this."""
_WISH_WORDS = 12
"""A longer sentence that asks for a person usually says what for, too."""
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_CLEARLY_NEARER = 0.05
"""By how much nearer the reply must be to an earlier part than to the last, which it mostly answers."""
_NEAR = 0.2
"""Cosine to the reply below which nothing is told by meaning; the last part is taken then."""
_MOST_PARTS = 40
"""The last so many parts are considered."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Something said, with what was left out of it because it points to a person."""

    text: str
    removed: tuple[Kind, ...]


def pick_question(
    messages: Sequence[str],
    *,
    answer: str = "",
    encoder: Encoder | None = None,
    customer_name: str | None = None,
    known: Known = NOBODY,
) -> Cleaned:
    """What the customer wants to know, from their messages oldest first; empty when none says it.

    With an `encoder` the part that is nearest to `answer` in meaning, the last one unless another is clearly
    nearer, together with parts beside it that bring it nearer still. Without one the last message with
    substance. Either is joined with the ones before it while it does not stand alone ("my pump is loud",
    "since yesterday", "what can I do?").
    """
    said = messages if encoder is None else [part for message in messages for part in _questions_of(message)]
    cleaned = [
        clean_question(wanted, customer_name=customer_name, known=known)
        for message in said
        if (wanted := _without_wishes(message)) and not patterns.EMPTY_TALK.match(wanted)
    ]
    parts = [
        _Part(part.text, part.removed)
        for part in cleaned
        if part and not patterns.EMPTY_TALK.match(part.text)
    ][-_MOST_PARTS:]
    if not parts:
        return Cleaned("", tuple(kind for part in cleaned for kind in part.removed))
    begin, end = _until_it_stands(parts, len(parts))
    if encoder is not None and answer and len(parts) > 1:
        begin, end = _by_meaning(parts, answer, encoder) or (begin, end)
    picked = _bare(_joined(parts[begin:end]))
    removed = tuple(kind for part in parts[begin:end] for kind in part.removed)
    return Cleaned(capitalised(picked), removed)


def _by_meaning(parts: Sequence[_Part], answer: str, encoder: Encoder) -> tuple[int, int] | None:
    """Begin and end of the parts that the reply answers; `None` when it is near to none of them."""
    vectors = encoder.encode([answer, *(_bare(part.text) for part in parts)])
    near: list[float] = (vectors[1:] @ vectors[0]).tolist()
    last = len(parts) - 1
    best = max(range(len(parts)), key=lambda place: (near[place], place))
    if near[best] < _NEAR:
        return None
    if near[last] >= near[best] - _CLEARLY_NEARER:
        best = last
    begin, end = (
        (best, best + 1) if _stands_alone(_bare(parts[best].text)) else _until_it_stands(parts, best + 1)
    )
    if end < len(parts) and count_words(_joined(parts[begin : end + 1])) <= _BURST_WORDS:
        alone, further = (
            encoder.encode([_joined(parts[begin:end]), _joined(parts[begin : end + 1])]) @ vectors[0]
        )
        end += bool(further > alone)
    return begin, end


def _until_it_stands(parts: Sequence[_Part], end: int) -> tuple[int, int]:
    """The parts up to `end` from the last one that says by itself what is meant."""
    begin = end - 1
    while begin > 0 and not _stands_alone(parts[begin].text):
        if count_words(_joined(parts[begin - 1 : end])) > _BURST_WORDS:
            break
        begin -= 1
    return begin, end


def _joined(parts: Sequence[_Part]) -> str:
    first, *rest = [part.text for part in parts]
    return " ".join([first, *(text[:1].lower() + text[1:] for text in rest)]).strip()


def _bare(text: str) -> str:
    """Without words such as "and also", which mean nothing here."""
    return patterns.ASIDE.sub("", patterns.JOINING_WORD.sub("", text))


def _questions_of(message: str) -> list[str]:
    """The message in parts that each end with a question, if it asks several; else whole."""
    sentences = [one for line in message.split("\n") for one in split_sentences(line.strip())]
    if sum(one.rstrip().endswith("?") for one in sentences) < 2:
        return [message]
    parts: list[list[str]] = [[]]
    for sentence in sentences:
        if parts[-1] and parts[-1][-1].rstrip().endswith("?"):
            parts.append([])
        parts[-1].append(sentence)
    return [" ".join(part) for part in parts]


def _without_wishes(message: str) -> str:
    """The message without sentences that only ask for a person."""
    return " ".join(
        sentence
        for sentence in _SENTENCE_END.split(message)
        if not (patterns.WANTS_PERSON.search(sentence) and count_words(sentence) <= _WISH_WORDS)
    ).strip()


def _stands_alone(text: str) -> bool:
    """Whether the text says by itself what is meant."""
    words = len(set(tokenise(text)))
    if patterns.CONTINUES.match(text) or words < 2:
        return False
    return words >= 4 or not patterns.REFERS_BACK.search(text)
