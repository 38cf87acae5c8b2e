"""Makes an agent's reply and a customer's message general; when in doubt a sentence stays.

A person reads every draft before a customer does, so leaving a case detail in costs a moment's editing
and cutting an instruction out costs the answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.index.chunking import count_words, join_sentences, split_sentences
from knowledge.learning import patterns as phrases
from knowledge.learning.signatures import without_signature
from knowledge.privacy.detection import NOBODY, Known
from knowledge.privacy.places import KINDS, Kind
from knowledge.privacy.removing import mask_of, masked, masked_kinds, without_masks, without_name
from knowledge.text import capitalised

_MAX_CHARS = 20_000
"""Nobody writes longer messages by hand; what follows is a log or a quoted thread."""
_STRUCTURE = re.compile(r"\A(?:\s*(?:[-*+]|\d+[.)])\s|\s{4,}|\s*[|>#]|\s*```)")
"""A line of a list, table, code block, quote or heading: kept whole."""
_IN_ITS_CLAUSE: frozenset[Kind] = frozenset(set(KINDS) - {"name", "number", "link", "customer_id"})
"""Kinds whose clause says nothing without them."""
_CLAUSE_END = re.compile(r"[,;:]\s{1,3}|\s{1,3}(?:and|but|so|because|und|y|dan)\s{1,3}", re.IGNORECASE)
_CLAUSE_WORDS = 3
_INTRODUCTION = re.compile(
    r"(?:\A|(?<=[,.;:!?] ))(?:and )?(?:i['’]?m|i am|my name(?:['’]s| is)|this is|here is|here['’]s) "
    rf"{mask_of('name')}(?: here)?(?:[,;:–-] | and |(?=[.!?])|\Z)",
    re.IGNORECASE,
)
"""A clause that says who is writing."""
_OF_ONE_ORDER = re.compile(
    r" (?:with|under|for|on|about|regarding) (?:(?:my|the|our|this) )?"
    r"(?:order|booking|invoice|ticket|case|parcel)(?: (?:number|no\.?|id))?"
    rf"[ :#]{{0,3}}{mask_of('number')}",
    re.IGNORECASE,
)
_YOUR_NUMBER = re.compile(rf"\byour\b[^.!?]{{0,60}}{mask_of('number')}", re.IGNORECASE)
"""What tells of one customer's order; "for order … the limit is 3" holds without the number."""
_FEWEST_WORDS_LEFT = 4
_QUOTED_BELOW = re.compile(r"\n[^\S\n]*On [^\n]{5,120} wrote:[^\S\n]*\n|\n-{2,} ?(?:Original|Forwarded)")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What of a text may be said to anybody, and what was left out of it because it points to a person."""

    text: str
    """Empty when nothing is left."""
    removed: tuple[Kind, ...] = ()
    """The kinds of it, in the order of the text."""

    def __bool__(self) -> bool:
        return bool(self.text)


def clean_answer(
    reply: str, *, agent_names: Sequence[str] = (), customer_name: str | None = None, known: Known = NOBODY
) -> Cleaned:
    """What of an agent's reply holds for the next customer too, Markdown; empty when nothing does.

    A sentence with personal data goes; in a list, table or heading a gap `[…]` stands for it.
    """
    lines = without_signature(_own_words(reply).split("\n"), agent_names)
    # several replies sent one after the other come as paragraphs, each with its own hello and regards
    paragraphs = [_bare_paragraph(part, agent_names) for part in "\n".join(lines).split("\n\n")]
    named = replace(known, names=(*known.names, customer_name)) if customer_name else known
    text = masked(without_name("\n\n".join(paragraphs), customer_name), named)
    cleaned_lines: list[str] = []
    removed: list[Kind] = []
    after_case_work = False
    for line in text.split("\n"):
        if _STRUCTURE.match(line) or not line.strip():
            cleaned_lines.append(without_masks(line, "[…]"))
            removed += masked_kinds(line)
            continue
        general: list[str] = []
        for sentence in split_sentences(line.strip()):
            part = _general_part(sentence, after_case_work=after_case_work)
            after_case_work = not part.text
            general += [part.text] if part.text else []
            removed += part.removed
        cleaned_lines.append(join_sentences(general))
    cleaned = re.sub(r"\n{3,}", "\n\n", "\n".join(cleaned_lines)).strip()
    return Cleaned(_begun_anew(cleaned, reply) if _says_something(cleaned) else "", tuple(removed))


def clean_question(message: str, *, customer_name: str | None = None, known: Known = NOBODY) -> Cleaned:
    """A customer's message without greeting, thanks, names and identifiers, on one line; may be empty."""
    named = replace(known, names=(*known.names, customer_name)) if customer_name else known
    text = masked(_without_greeting(_own_words(message)), named)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    sentences = [sentence for line in lines for sentence in split_sentences(line)]
    parts = [_question_part(sentence) for sentence in sentences]
    removed = tuple(kind for part in parts for kind in part.removed)
    return Cleaned(capitalised(join_sentences([part.text for part in parts])), removed)


def only_stalls(reply: str, *, agent_names: Sequence[str] = ()) -> bool:
    """Whether a reply answers nothing yet: it greets, wins time or asks back."""
    lines = without_signature(_own_words(reply).split("\n"), agent_names)
    text = "\n".join(_bare_paragraph(part, agent_names) for part in "\n".join(lines).split("\n\n"))
    patterns = (phrases.CLOSING, phrases.STALLING, phrases.ACKNOWLEDGEMENT)
    for line in text.split("\n"):
        for sentence in split_sentences(line.strip()):
            said = _without_pleasantries(sentence)
            asks_back = said.rstrip().endswith("?")
            if re.search(r"\w", said) and not asks_back and not any(one.match(said) for one in patterns):
                return False
    return True


def _own_words(text: str) -> str:
    """The text above a quoted earlier message."""
    text = _QUOTED_BELOW.split(re.sub(r"\r\n?", "\n", text[:_MAX_CHARS]))[0]
    return "\n".join(line for line in text.split("\n") if not line.startswith(">")).strip()


def _bare_paragraph(paragraph: str, agent_names: Sequence[str]) -> str:
    return "\n".join(without_signature(_without_greeting(paragraph).split("\n"), agent_names))


def _begun_anew(cleaned: str, reply: str) -> str:
    """With a capital letter where the reply began with something else, such as a greeting of its own line."""
    first_word = cleaned.split(maxsplit=1)[0]
    return cleaned if reply.lstrip().startswith(first_word) else capitalised(cleaned)


def _without_greeting(text: str) -> str:
    without = phrases.GREETING.sub("", text, count=1)
    return text if without == text else capitalised(without)


def _general_part(sentence: str, *, after_case_work: bool) -> Cleaned:
    """The sentence as it may be said to anybody, or nothing."""
    sentence = _without_pleasantries(sentence)
    patterns = (phrases.CLOSING, phrases.STALLING, phrases.ACKNOWLEDGEMENT)
    if not re.search(r"\w", sentence) or any(pattern.match(sentence) for pattern in patterns):
        return Cleaned("")
    if _is_case_work(sentence):
        sentence = _general_rest(sentence)
    elif after_case_work and phrases.FOLLOW_UP.match(sentence) and not phrases.GENERAL.search(sentence):
        return Cleaned("")
    removed = masked_kinds(sentence)
    only_numbers = set(removed) <= {"number"} and not _YOUR_NUMBER.search(sentence)
    return Cleaned(
        _tidied(without_masks(sentence)) if removed and only_numbers else "" if removed else sentence, removed
    )


def _without_pleasantries(sentence: str) -> str:
    while (shorter := phrases.PLEASANTRY.sub("", sentence, count=1)) != sentence:
        sentence = capitalised(shorter)
    return sentence


def _is_case_work(sentence: str) -> bool:
    deed = phrases.OWN_DEED.match(sentence)
    if deed is not None:
        # "We changed our refund policy in March" tells of everybody, "we changed your plan" of one
        return deed.group("we") is None or phrases.ADDRESSED.search(sentence) is not None
    return phrases.YOUR_CASE.match(sentence) is not None and phrases.GENERAL.search(sentence) is None


def _general_rest(sentence: str) -> str:
    """What follows "I checked and", unless that is about this customer too."""
    leading = phrases.LEADS_ON.match(sentence)
    rest = leading.group("rest") if leading else ""
    if len(rest.split()) < 4 or re.search(r"\byou(?:r|rs)?\b", rest, re.IGNORECASE):
        return ""
    return capitalised(rest)


def _says_something(text: str) -> bool:
    """Whether statements of at least three words are left, not only questions back to the customer."""
    sentences = [sentence for line in text.split("\n") for sentence in split_sentences(line.strip())]
    statements = [
        sentence for sentence in sentences if not sentence.rstrip("\"'”’)*_ ").endswith(("?", "？"))
    ]
    return sum(count_words(sentence) for sentence in statements) >= 3


def _question_part(sentence: str) -> Cleaned:
    """The sentence without what identifies the customer, or nothing when that is all it says.

    Where it goes on without the clause that does, "my key is … and I get a 401", the clause goes.
    """
    sentence = phrases.FIRST_FILLER.sub("", _without_pleasantries(sentence))
    removed = masked_kinds(sentence)
    sentence = phrases.LAST_PLEASE.sub(_end_mark, sentence)
    if phrases.SELF_INTRODUCTION.match(sentence):
        return Cleaned("", removed)
    sentence = capitalised(_INTRODUCTION.sub("", sentence)) if "name" in removed else sentence
    without_order = _OF_ONE_ORDER.sub("", sentence)
    if count_words(without_order) >= _FEWEST_WORDS_LEFT:
        sentence = without_order
    general = _tidied(without_masks(sentence))
    if removed and phrases.BARE_IDENTIFIER.match(general):
        return Cleaned("", removed)
    if _IN_ITS_CLAUSE & set(removed):
        general = _clauses_without_masks(sentence) or general
    return Cleaned(general if re.search(r"\w", general) else "", removed)


def _clauses_without_masks(sentence: str) -> str:
    """What the sentence says in clauses without personal data.

    Empty when that is less than three words, or would lose a number that is nobody's, such as a product's.
    """
    clauses = _CLAUSE_END.split(sentence)
    kept = [clause for clause in clauses if not masked_kinds(clause)]
    if any(masked_kinds(clause) and re.search(r"\d", clause) for clause in clauses):
        return ""
    text = _tidied(" ".join(clause.strip() for clause in kept))
    return capitalised(text) if count_words(text) >= _CLAUSE_WORDS else ""


def _tidied(text: str) -> str:
    text = re.sub(r"\(\s*\)|[\"“”]\s*[\"“”]|\s+(?=[,.!?])", "", re.sub(r"\s+", " ", text))
    return text.strip(" ,;:-–—")


def _end_mark(last_please: re.Match[str]) -> str:
    mark = last_please["mark"]
    return "?" if "?" in mark else "." if "." in mark else ""
