"""Takes the courtesies off the beginning of a message; reads no meaning."""

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
