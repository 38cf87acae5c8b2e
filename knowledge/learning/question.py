"""Finds what a customer wants to know among their messages; understands no meaning, only wording."""

import re
from collections.abc import Sequence

from knowledge.index.chunking import count_words
from knowledge.index.lexical import tokenise
from knowledge.learning import patterns
from knowledge.learning.cleaning import Cleaned, clean_question
from knowledge.privacy.detection import NOBODY, Known
from knowledge.privacy.places import Kind
from knowledge.text import capitalised

_BURST_WORDS = 40
"""Messages are joined while together they are no longer than this."""
_WISH_WORDS = 12
"""A longer sentence that asks for a person usually says what for, too."""
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


def pick_question(
    messages: Sequence[str], *, customer_name: str | None = None, known: Known = NOBODY
) -> Cleaned:
    """What the customer wants to know, from their messages oldest first; empty when none says it.

    The last message with substance, joined with the ones before it while it does not stand alone
    ("my pump is loud", "since yesterday", "what can I do?").
    """
    cleaned = [
        clean_question(wanted, customer_name=customer_name, known=known)
        for message in messages
        if (wanted := _without_wishes(message)) and not patterns.EMPTY_TALK.match(wanted)
    ]
    texts = [part for part in cleaned if part and not patterns.EMPTY_TALK.match(part.text)]
    if not texts:
        return Cleaned("", tuple(kind for part in cleaned for kind in part.removed))
    picked, removed = "", list[Kind]()
    while texts:
        part = texts.pop()
        before = part.text
        joined = f"{before} {picked[:1].lower() + picked[1:]}".strip() if picked else before
        if picked and count_words(joined) > _BURST_WORDS:
            break
        picked, removed = joined, [*part.removed, *removed]
        if _stands_alone(before):
            break
    picked = patterns.JOINING_WORD.sub("", picked)
    return Cleaned(capitalised(picked), tuple(removed))


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
