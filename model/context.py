"""Reads a message together with what was said before it; knows nothing of models."""

import re

from model.types import Question

_FOLLOW_UP = re.compile(
    r"^\s*(and|also|but|or|so|what about|how about|what if|and if|even if|same for|is that|does that|"
    r"do(es)? it|is it|can it|will it|that|it|this|those|these|them|which one|why|how so|how long|when)\b",
    re.IGNORECASE,
)
_MOST_FOLLOW_UP_WORDS = 9
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_MOST_SENTENCES = 6
_MOST_EARLIER = 6


def is_follow_up(text: str) -> bool:
    """Whether a short message leans on the one before it ("and for the yearly plan?")."""
    return len(text.split()) <= _MOST_FOLLOW_UP_WORDS and bool(_FOLLOW_UP.match(text))


def search_text(question: Question) -> str:
    """The text to search with: a follow-up is preceded by the customer's last question."""
    if not is_follow_up(question.text):
        return question.text
    earlier = [turn.text for turn in question.history if turn.author == "customer"]
    return f"{earlier[-1]}\n{question.text}" if earlier else question.text


def said_by_customer(question: Question) -> list[str]:
    """The customer's messages before this one, oldest first, the last six of them."""
    return [turn.text for turn in question.history if turn.author == "customer"][-_MOST_EARLIER:]


def sentences(text: str) -> list[str]:
    """The sentences of a message of more than one, the last few of a long one; else none.

    A wish in passing ("… forget it, let me talk to someone") is clearer in its own sentence.
    """
    parts = [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]
    return parts[-_MOST_SENTENCES:] if len(parts) > 1 else []
