"""Tells whether two answers say the same or contradict each other, by their words and numbers."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.index.chunking import split_sentences
from knowledge.index.lexical import tokenise
from knowledge.markdown import plain_text

SAME_SENTENCE = 0.6
"""Share of words in common from which two sentences speak of the same thing."""
_BARE_WORDS = 2
_MAX_SENTENCES = 60
"""Sentences are held against each other in pairs; passages and replies have fewer."""

_NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_QUANTITY = re.compile(
    r"(?P<currency>[$€£])\s?(?P<price>\d+(?:[.,]\d+)*)"
    r"|(?P<number>\b\d+(?:[.,:]\d+)*)(?:\s?[-–]\s?(?P<upto>\d+(?:[.,:]\d+)*))?(?:\s?(?P<percent>%))?"
    r"(?:[\s-](?:(?:working|business|calendar|full|more|free)\s)?(?P<unit>[^\W\d_]+))?"
)
_NEGATION = re.compile(r"\b(?:not|no|never|none|without|cannot|nor)\b|n['’]t\b", re.IGNORECASE)
_ANSWER_WORD = re.compile(r"\A\W*(?P<word>yes|no|yep|nope)\b", re.IGNORECASE)
_NEGATIVE_STEMS = frozenset({"not", "no", "never", "none", "without", "cannot", "nor", "yes"})


def overlap(reply: str, known: str) -> float:
    """Share of the reply's distinct words that the known answer holds, in [0, 1]; 0 for no words."""
    words = set(tokenise(plain_text(reply)))
    return len(words & set(tokenise(plain_text(known)))) / len(words) if words else 0.0


def contradicts(reply: str, known: str) -> bool:
    """Whether one says yes and one no, or two of their sentences differ in a number or in being negative.

    Only sentences that share most of their words are held against each other: "5 days" for a refund does
    not contradict "45 days" for a return.
    """
    mine, theirs = _sentences(plain_text(reply)), _sentences(plain_text(known))
    if _answers_differ(reply, known):
        return True
    if len(mine) == len(theirs) == 1 and _is_bare(mine[0], theirs[0]) and _numbers_differ(mine[0], theirs[0]):
        return True
    return any(_denies(own, other) or _differs(own, other) for own in mine for other in theirs)


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: frozenset[str]
    """Stems without numbers and negations."""
    quantities: Mapping[str, frozenset[str]]
    negative: bool


def _answers_differ(reply: str, known: str) -> bool:
    words = [match["word"].casefold()[0] for text in (reply, known) if (match := _ANSWER_WORD.match(text))]
    return len(words) == 2 and words[0] != words[1]


def _differs(own: _Sentence, other: _Sentence) -> bool:
    """Whether sentences about the same thing give different numbers of one unit."""
    shorter = min(len(own.words), len(other.words))
    shared = len(own.words & other.words)
    return shared >= 2 and shared / shorter >= SAME_SENTENCE and _numbers_differ(own, other)


def _is_bare(own: _Sentence, other: _Sentence) -> bool:
    """Whether one is as short as "30 days.": it can only be about what was asked."""
    return min(len(own.words), len(other.words)) <= _BARE_WORDS


def _numbers_differ(own: _Sentence, other: _Sentence) -> bool:
    units = own.quantities.keys() & other.quantities.keys()
    return any(not own.quantities[unit] & other.quantities[unit] for unit in units)


def _denies(own: _Sentence, other: _Sentence) -> bool:
    """Whether only one of two sentences is negative that share most words of the longer one.

    What a long sentence adds to a short one may be the exception that it denies.
    """
    longer = max(len(own.words), len(other.words))
    alike = longer >= 2 and len(own.words & other.words) / longer >= SAME_SENTENCE
    return alike and own.negative != other.negative


def _sentences(text: str) -> list[_Sentence]:
    sentences = [sentence for line in text.split("\n") for sentence in split_sentences(line)]
    return [
        _Sentence(
            frozenset(word for word in tokenise(sentence) if not word.isdigit()) - _NEGATIVE_STEMS,
            _quantities(sentence),
            _NEGATION.search(sentence) is not None,
        )
        for sentence in sentences[:_MAX_SENTENCES]
    ]


def _quantities(text: str) -> dict[str, frozenset[str]]:
    """Numbers by their unit: `{"day": {"30"}, "$": {"12"}}`; numbers without a unit are left out."""
    for value, word in enumerate(_NUMBER_WORDS):
        text = re.sub(rf"\b{word}\b", str(value), text, flags=re.IGNORECASE)
    quantities: defaultdict[str, set[str]] = defaultdict(set)
    for match in _QUANTITY.finditer(text):
        if match["currency"]:
            quantities[match["currency"]].add(match["price"])
            continue
        unit = match["percent"] or "".join(tokenise(match["unit"] or ""))
        if unit:
            number = f"{match['number']}-{match['upto']}" if match["upto"] else match["number"]
            quantities[unit].add(number)
    return {unit: frozenset(numbers) for unit, numbers in quantities.items()}
