"""Finds what was said before a message: words to read it with, choices it names; knows nothing of models."""

import re
from collections.abc import Sequence

from model.types import Offered, Question, Turn

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_MOST_SENTENCES = 6
_FEWEST_WORDS = 5
"""Shorter words of the customer are read with those before them. On the sample company's calibration
dialogues 3 to 5 found the same right answers, 0 and 6 one fewer."""

_PLACES: tuple[tuple[str, int], ...] = (
    ("1|one|first|1st|former", 0),
    ("2|two|second|2nd", 1),
    ("3|three|third|3rd", 2),
    ("last|latter", -1),
)
_PLACE = re.compile(
    r"\W*(?:the\s+|no\.?\s*|nr\.?\s*|number\s+|option\s+|#\s*)*"
    + "(?:"
    + "|".join(f"({words})" for words, _ in _PLACES)
    + r")(?:\s+one)?(?:\s+(?:please|pls|thanks|thx))?\W*",
    re.IGNORECASE,
)
MOST_EARLIER = 6


def said_before(history: Sequence[Turn]) -> str:
    """The customer's last message; while it has fewer than five words, with the one before it.

    Oldest first, a line each; empty when the customer said nothing yet.
    """
    lines: list[str] = []
    for turn in reversed(history):
        if len(" ".join(lines).split()) >= _FEWEST_WORDS:
            break
        if turn.author == "customer":
            lines.insert(0, turn.text)
    return "\n".join(lines)


def in_context(question: Question) -> str | None:
    """The message as it reads with what was said before it; `None` when there is nothing to read it with.

    It is the title of the choice that the message names, or else the customer's words before it and its own.
    What a customer chose by a click says all by itself.
    """
    if question.chosen_ref is not None:
        return None
    choice = named_choice(question)
    if choice is not None:
        return choice.title
    said = said_before(question.history)
    return f"{said}\n{question.text}" if said else None


def named_choice(question: Question) -> Offered | None:
    """The choice that the message names by its place ("the second one"), if the bot just offered several."""
    asked = question.history[-1] if question.history else None
    named = _PLACE.fullmatch(question.text)
    if asked is None or asked.author != "bot" or len(asked.offered) < 2 or named is None:
        return None
    place = next(at for (_, at), found in zip(_PLACES, named.groups(), strict=True) if found)
    return asked.offered[place] if place < len(asked.offered) else None


def given_refs(history: Sequence[Turn]) -> frozenset[str]:
    """The answers that the bot has given, without those it only offered to choose from."""
    return frozenset(turn.offered[0].ref for turn in history if len(turn.offered) == 1)


def said_by_customer(question: Question) -> list[str]:
    """The customer's messages before this one, oldest first, the last six of them."""
    return [turn.text for turn in question.history if turn.author == "customer"][-MOST_EARLIER:]


def sentences(text: str) -> list[str]:
    """The sentences of a message of more than one, the last few of a long one; else none.

    A wish in passing ("… forget it, let me talk to someone") is clearer in its own sentence.
    """
    parts = [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]
    return parts[-_MOST_SENTENCES:] if len(parts) > 1 else []
