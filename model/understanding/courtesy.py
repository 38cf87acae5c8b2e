"""Courtesies around what a message says: openings taken off, and words that nobody is needed any more."""

import re

_ALL = r"(?: (?:there|all|team|everyone|everybody|again|guys|folks|or madam))?+"
_GREETING = (
    rf"(?:(?:hello|hi|hey|hiya|greetings){_ALL}(?:\s*+[,!.:;–-]++)?+\s++"
    rf"|(?:good (?:morning|afternoon|evening|day)|dear (?:all|team|support|sirs?)){_ALL}"
    r"(?:[,!.:;–-]++\s++|[^\S\n]*+\n\s*+))"
)
_HOPE = r"i hope (?:you are|you're|you guys are|this finds you|all is)(?: doing)?+ well\s*+[,.!]++\s*+"
_HELP = (
    r"(?:can|could|would|will) you (?:please |kindly |maybe )?+(?:help|assist)(?: me| us)?+(?: out)?+"
    r"(?: with (?:this|something))?+(?:,? please)?+\s*+[?.!,:]++\s*+"
)
_NEED = (
    r"(?:please )?+(?:help(?: me)?+|i (?:need|could use)(?: some| your)?+ help)(?:,? please)?+"
    r"\s*+[?.!,:]++\s*+"
)
_ANNOUNCED = (
    r"(?:(?:i have|i've got|i got|just) )?+(?:a |one )?+(?:quick |short |small |simple )?+question"
    r"(?: for you)?+\s*+[.!:,–-]++\s++"
)
_OPENING = re.compile(rf"\A(?:{_GREETING}|{_HOPE}|{_HELP}|{_NEED}|{_ANNOUNCED})", re.IGNORECASE)
_REQUEST = re.compile(rf"\A(?:{_HELP}|{_NEED})", re.IGNORECASE)
_MOST_OPENINGS = 4
_FOUND = (
    r"(?:i(?:'ve| have)?+ |we(?:'ve| have)?+ )?+(?:just |now |already )*+"
    r"(?:found (?:it|the answer|a solution|out)|solved (?:it|that|this)|sorted (?:it|that|this)(?: out)?+"
    r"|figured (?:it|that|this) out|fixed (?:it|that|this)|got it (?:working|sorted|to work|now))"
    r"(?: (?:myself|ourselves|now|already|meanwhile|in the meantime|on my own))*+"
)
_OVER = (
    r"(?:(?:it|that|this|everything)(?:'s| is)?+ )?+(?:all )?+"
    r"(?:sorted|solved|resolved|fixed|works(?: again)?+|working(?: again)?+)(?: itself)?+"
    r"(?: now| already| meanwhile| in the meantime)*+"
)
_NO_NEED = (
    r"(?:there is |there's )?+no (?:longer (?:needed|necessary)|need(?: any ?more| any longer)?+)"
    r"|(?:i |we )?+(?:don't|do not|no longer) need (?:help|this|that|it|an answer|any(?:body|one))"
    r"(?: any ?more)?+"
)
_NEVER_MIND = r"never ?mind|nvm|(?:please )?+(?:ignore|disregard) (?:this|that|it|my (?:message|question))"
_NEEDS_NOBODY = re.compile(
    rf"\A(?:(?:oh|ah|ok|okay|hi|hello|sorry|wait|actually|thanks|thank you|please|and|so)\b[\s,.!:;–-]*+)*+"
    rf"(?:{_NEVER_MIND}|{_FOUND}|{_OVER}|{_NO_NEED})"
    rf"(?:[\s,.!:;–-]++(?:(?:and|but|so|then|anyway|though|now)\b[\s,]*+)?+"
    rf"(?:{_NEVER_MIND}|{_FOUND}|{_OVER}|{_NO_NEED}"
    rf"|(?:many )?+thanks?(?: you)?+(?: so much| a lot| anyway| all)?+"
    r"|cheers|sorry(?: to (?:bother|disturb|trouble)(?: you)?+)?+|my (?:mistake|bad|fault)|bye|goodbye))*+"
    r"[\s,.!:;)–-]*+\Z",
    re.IGNORECASE,
)


def without_opening(text: str) -> str:
    """The message without greeting, request for help in general and announcement of a question at its start.

    A message of nothing else stays as it is.
    """
    rest = text.lstrip()
    for _ in range(_MOST_OPENINGS):
        found = _OPENING.match(rest)
        if found is None:
            break
        rest = rest[found.end() :]
    return rest or text


def is_request_for_help(sentence: str) -> bool:
    """Whether it asks for help and does not say with what ("Could you help me, please?")."""
    return _REQUEST.fullmatch(sentence.strip()) is not None


def needs_nobody(text: str) -> bool:
    """Whether the whole message says that an answer is no longer needed ("never mind, found it, thanks").

    Any further word ("never mind the refund, where is my parcel?") makes it something else. English only.
    """
    return _NEEDS_NOBODY.match(text.strip().replace("’", "'")) is not None
