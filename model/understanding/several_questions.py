"""Finds the questions of a message that asks more than one; answers none."""

import re
from collections.abc import Sequence

from model.understanding.courtesy import is_request_for_help

_WH = r"(?:how|what|when|where|which|who|whom|whose|why|whether)"
_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|can|could|will|would|may|should|must|has|have(?! an?\b))"
    r"(?= (?:i|we|you|he|she|it|they|there|that|this|the|a|an|my|your|our|his|her|anyone|somebody)\b)"
)
_ASKS = rf"(?:(?:(?:from|until|till|up to|by|on|in|at|for|of) )?{_WH}\b|{_AUXILIARY})"
_SENTENCE_END = re.compile(r"(?<=[.!?…]) |\n| - |(?<!\w)\d[.)] ")
_NEXT_QUESTION = re.compile(rf"[,;]? (?:and|also|plus|or) (?:also |then )?(?={_ASKS})", re.IGNORECASE)
_CLAUSE_ASKS = re.compile(rf"(?:\A\W*+|[,:;(] ?)(?:(?:and|also|plus|then),? )*+{_ASKS}", re.IGNORECASE)
_NEEDS = re.compile(
    r"\A\W*+(?:and\s++)?(?:i (?:need|want|would like)|i['’]d like to know|please (?:tell|send|give)"
    r"|the one)\b",
    re.IGNORECASE,
)
_FEWEST_WORDS = 3
_MOST = 3


def split_questions(text: str) -> Sequence[str]:
    """The questions of a message, two or three of them in their order; none for a message with fewer or more.

    Each has the words between it and the question before it. A part that asks nothing belongs to the
    question after it, at the end to the last one.
    """
    parts: list[str] = []
    waiting: list[str] = []
    collapsed = "\n".join(" ".join(line.split()) for line in text.splitlines())
    for sentence in filter(None, map(str.strip, _SENTENCE_END.split(collapsed))):
        for piece in _pieces(sentence):
            waiting.append(piece)
            if _asks(piece):
                parts.append(" ".join(waiting))
                waiting = []
    if waiting and parts:
        parts[-1] = " ".join((parts[-1], *waiting))
    return parts if 2 <= len(parts) <= _MOST else []


def asking_sentence(sentences: Sequence[str]) -> int | None:
    """The place of the only one of the sentences that asks; `None` where none does, or several do."""
    places = [place for place, sentence in enumerate(sentences) if _asks(sentence)]
    return places[0] if len(places) == 1 else None


def _pieces(sentence: str) -> list[str]:
    """The sentence cut before each further question in it ("… and how long …"), if both sides ask."""
    pieces = _NEXT_QUESTION.split(sentence)
    long_enough = all(len(piece.split()) >= _FEWEST_WORDS for piece in pieces)
    return pieces if len(pieces) > 1 and long_enough and _asks(pieces[0]) else [sentence]


def _asks(piece: str) -> bool:
    if len(piece.split()) < _FEWEST_WORDS or is_request_for_help(piece):
        return False
    return bool(piece.rstrip(" )\"'").endswith("?") or _CLAUSE_ASKS.search(piece) or _NEEDS.match(piece))
