"""Tells what only announces an article from what it says."""

import re
from collections.abc import Sequence

_OF_THE_ARTICLE = re.compile(
    r"\A\W*+(?:(?:in|on) (?:this|the following) (?:article|page|guide|section|post|tutorial|topic)\b"
    r"|(?:this|the following) (?:help )?(?:article|page|guide|section|post|tutorial|topic|document)\b"
    r"[^.]{0,80}?\b(?:explains?|describes?|covers?|shows?|walks?|lists?|outlines?|tells?|contains|provides|gives|helps"
    r"|goes|sets? out|will|is about|is for)\b"
    r"|(?:read on|keep reading|learn (?:how|more|about))\b)",
    re.IGNORECASE,
)
"""How a sentence begins that says what an article is about instead of saying it."""
_ASKED = r"(?:how|what|where|when|which|why|all|everything)\b"
_OF_WHAT_FOLLOWS = re.compile(
    rf"\A\W*+(?:here(?:['’]s| is| are) {_ASKED}"
    r"|(?:here|below),? (?:you|we)(?:['’]ll| will| can)? (?:find|learn|see|explain|show|describe|list)\b"
    rf"|(?:you(?:['’]ll| will| can) )?(?:find out|learn|see|discover) (?:\w++ )?{_ASKED}"
    rf"|we(?:['’]ll| will)? (?:show|tell|explain|describe|walk)\b(?: (?:to )?you)? (?:through )?{_ASKED}"
    r"|everything (?:you need to know )?(?:about|on)\b"
    r"|an? (?:(?:short|quick|brief|complete|step-by-step) )*+(?:guide|overview|introduction|summary)\b)"
    r"[^:]*+\Z",
    re.IGNORECASE,
)
"""A sentence that leaves what it names to what follows."""
_TO_STEPS = re.compile(
    r"(?:follow|run through|go through|take|complete|use)"
    r" (?:(?:the|these|following|simple|easy|quick|few|short) )++(?:steps|instructions)\b[^:]*+\Z",
    re.IGNORECASE,
)
_MARKED_UP = re.compile(r"^[ \t>]*+(?:[-+*] |\d{1,9}[.)] |\||```|~~~|!\[|#)", re.MULTILINE)
"""A list item, row, block of code, picture or heading."""
_CLOSING = "*_ \"'”’)"
_MOST_CHARACTERS = 300


def announcing_first(sentences: Sequence[str]) -> int:
    """How many sentences at the beginning say what the article is about ("This page explains …")."""
    return next((n for n, each in enumerate(sentences) if not _OF_THE_ARTICLE.match(each)), len(sentences))


def only_announce(paragraph: str, sentences: Sequence[str]) -> bool:
    """Whether a paragraph says only that something follows ("Cracked? Here is how to get a new one.").

    Each of its `sentences` announces or asks then, and one announces. A long one says more than that.
    """
    if len(paragraph) > _MOST_CHARACTERS or _MARKED_UP.search(paragraph):
        return False
    ends = [sentence.rstrip(_CLOSING) for sentence in sentences]
    announcing = [_announces(sentence) for sentence in ends]
    return any(announcing) and all(
        announces or sentence.endswith("?") for announces, sentence in zip(announcing, ends, strict=True)
    )


def _announces(sentence: str) -> bool:
    return bool(
        sentence.endswith((":", "："))
        or _OF_THE_ARTICLE.match(sentence)
        or _OF_WHAT_FOLLOWS.match(sentence)
        or _TO_STEPS.search(sentence)
    )
