"""Words a customer's question as a heading; changes how it is written, never what it asks."""

import re
from collections.abc import Sequence
from functools import lru_cache

from knowledge.index.chunking import join_sentences, split_sentences
from knowledge.text import capitalised
from model.interfaces import Spellings
from model.understanding.courtesy import without_opening
from model.understanding.spelling import Words, as_meant, words_of

_AUXILIARY = (
    r"(?:(?:is|are|was|were|do|does|did|can|could|would|should|has|have|had)(?:n['’]?t)?|ca?n['’]t|wo?n['’]t|am|will"
    r"|may|might|shall|must)"
)
_SUBJECT = (
    r"(?:i|we|you|he|she|it|they|there|that|this|these|those|the|an?|my|your|our|his|her|its|their|any\w*+|some\w*+"
    r"|every\w*+)"
)
_ASKS = (
    rf"(?:{_AUXILIARY} {_SUBJECT}\b"
    rf"|(?:how|what|when|where|why|who|which|whose)(?:['’]s| (?:[^\W\d_]++ ){{0,2}}?{_AUXILIARY})\b"
    r"|who [a-z]+s\b|how (?:to|come|about)\b|what (?:if|about|to do|happens?)\b)"
)
_SENTENCE_ASKS = re.compile(
    rf"\A\W*+(?:(?:and|so|but|or|also|then|please|ok|okay|well),? )*+{_ASKS}", re.IGNORECASE
)
_CLAUSE_ASKS = re.compile(rf"(?:[,;:–] ?|\b(?:and|so|but) )(?:(?:then|so|please),? )*+{_ASKS}", re.IGNORECASE)
_STATES = re.compile(r"\A\W*+(?:when|where|what|who|which) (?:i|we|you|he|she|it|they|my)\b", re.IGNORECASE)
""""When I tap it, nothing does anything": asks nothing though it begins like a question."""
_MARKS = re.compile(r"[?!]{2,}+")
_SMALL_IM = re.compile(r"(?<![\w.'’@/-])i(?=['’](?:m|ve|d|ll)\b)")
_SMALL_I = re.compile(r"(?<![\w.'’@/-])i(?=[ ,?!]|\Z)")
_ENGLISH_WORDS = """
    a am an and are can cannot did do does for have how in is it my of on or that the this to want was what
    when where why with you your
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FEWEST_ENGLISH = 2
"""Words that other languages hardly share; fewer leave "i" as it is, which is a word of theirs too."""


def title_of(question: str, *, known: Spellings, common_words: frozenset[str]) -> str:
    """The question as a heading: without courtesies and mistypings, with capitals where they go.

    A question mark stands where it asks. `known` and `common_words` are the words that mistypings are read
    as, see `model.understanding.spelling`. Words that no pattern knows, such as other languages', stay.
    """
    text = as_meant(without_opening(question).strip(), known=known, common=_spellings(common_words))
    text = _SMALL_IM.sub("I", text)
    if len(_ENGLISH.intersection(words_of(text))) >= _FEWEST_ENGLISH:
        text = _SMALL_I.sub("I", text)
    text = _MARKS.sub(lambda marks: "?" if "?" in marks.group() else "!", text)
    return join_sentences([capitalised(sentence) for sentence in _marked(split_sentences(text))])


def _marked(sentences: Sequence[str]) -> list[str]:
    """The sentences, each that asks with a question mark at its end."""
    return [f"{sentence.rstrip(' .')}?" if _asks_unmarked(sentence) else sentence for sentence in sentences]


def _asks_unmarked(sentence: str) -> bool:
    if sentence.endswith(("?", "!", "…", "？")) or _STATES.match(sentence):
        return False
    clause = None if sentence.endswith(".") else _CLAUSE_ASKS.search(sentence)
    return bool(clause or _SENTENCE_ASKS.match(sentence))


@lru_cache(maxsize=2)
def _spellings(words: frozenset[str]) -> Words:
    return Words(words)
