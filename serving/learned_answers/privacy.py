"""A last check that a customer's words, as learned, carry no way to reach them; cleans nothing else."""

import re

from knowledge.index.chunking import split_sentences
from knowledge.text import capitalised

_REACHABLE = re.compile(r"[\w.+-]@[\w-]+\.\w|(?<![\w$€£.,/])\+?\(?\d(?:[ ().\-/]{0,3}\d){6,}")
"""An e-mail address, or a number of seven digits and more: a phone, an order, a card."""


def without_contact_data(question: str) -> str:
    """The question without the sentences that hold an address or a long number; may be empty.

    Unlike an answer, in which a hotline may stand, a question needs none of them. When every sentence
    holds one, only the clauses around it are left out.
    """
    if not _REACHABLE.search(question):
        return question
    kept = [sentence for sentence in split_sentences(question) if not _REACHABLE.search(sentence)]
    if not kept:
        kept = [clause for clause in re.split(r"[,;:]\s+", question) if not _REACHABLE.search(clause)]
    text = " ".join(part.strip() for part in kept)
    return capitalised(text)
