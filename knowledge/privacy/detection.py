"""Finds what points to one person or one order in a text; recognises no names by itself."""

import re
from bisect import bisect
from collections.abc import Iterator

EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_ROLE = re.compile(
    r"(?:help|support|info|contact|hello|hi|team|billing|sales|service|care|privacy|press|legal|no-?reply|"
    r"orders|returns|office|mail)\Z",
    re.IGNORECASE,
)
"""Addresses of a business rather than a person: an answer may name them."""
URL = re.compile(r"https?://[^\s<>)\]]+", re.IGNORECASE)
PRIVATE_URL = re.compile(r"\d{6,}|(?:token|code|key|email|auth|session)=", re.IGNORECASE)
DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}")
PHONE = re.compile(r"(?<![\w.,$€£#/-])[+(]?\d(?:[ ().\-/]{0,3}\d){7,18}(?!\w)")
_PUBLIC_PHONE = re.compile(r"\b(?:call|phone|dial|ring|hotline|line|reach us)\b[^.!?]{0,40}\Z", re.IGNORECASE)
LONG_NUMBER = re.compile(
    r"(?<![\w$€£.,/-])"
    r"(?:#[ ]?\d{3,}|\d(?:[ -]?\d){6,30}|[A-Z]{2,5}-?\d{4}[A-Z0-9]*|[A-Z]{2}\d{2}(?: "
    r"?[A-Z0-9]{4}){3,8})(?!\w)"
)
"""Numbers of orders, cards, parcels and bank accounts; prices and years are shorter or marked."""
IDENTIFIER = re.compile(
    r"(?P<label>\b(?:order|parcel|package|shipment|tracking|invoice|ticket|case|customer|account|reference|"
    r"booking|serial|ref|confirmation)\b)"
    r"(?:[ ]+(?:number|no\.?|nr\.?|id|code|reference))?(?:[ ]*(?:is|was|:|=))?[ ]*"
    r"#?(?=[A-Z0-9-]{0,40}\d{3})[A-Z0-9]{1,40}(?:-[A-Z0-9]{1,40}){0,5}\b",
    re.IGNORECASE,
)
"""A labelled number, "order no. 4411"; the label alone is general."""
COMMON_WORDS = frozenset(
    {"art", "bill", "bob", "dawn", "drew", "faith", "frank", "grace", "grant", "guy", "hope", "iris", "ivy"}
    | {"jack", "joy", "june", "mark", "max", "may", "mint", "olive", "pat", "penny", "ray", "rich", "rob"}
    | {
        "rose",
        "ruby",
        "sandy",
        "sky",
        "sue",
        "summer",
        "terry",
        "violet",
        "will",
        "basil",
        "rosemary",
        "sage",
    }
    | {"baker", "black", "brown", "bush", "cook", "day", "field", "gray", "green", "hill", "king", "law"}
    | {"lane", "little", "long", "love", "moss", "park", "price", "rice", "sharp", "short", "stone", "swift"}
    | {"walker", "waters", "white", "wise", "wood", "young"}
)
"""Names that are also words: removed only where somebody is spoken to."""


def holds_personal_data(text: str) -> bool:
    """Whether it names a person's e-mail address, a phone number, a long number or a private link."""
    return next(_spans(text), None) is not None


def without_personal_data(text: str, *, placeholder: str = "") -> str:
    """The text with each such place replaced."""
    for begin, end in sorted(_spans(text), reverse=True):
        text = text[:begin] + placeholder + text[end:]
    return text


def without_identifiers(text: str) -> str:
    """The text with "order 4411" said as "order"."""
    return IDENTIFIER.sub(lambda found: found.group("label"), text)


def holds_identifier(text: str) -> bool:
    """Whether it holds a labelled number such as "order 4411"."""
    return IDENTIFIER.search(text) is not None


def without_name(text: str, name: str | None) -> str:
    """The text without the person's name; a possessive becomes "your", other mentions go."""
    if not name or not name.strip():
        return text
    for called in dict.fromkeys((name.strip(), *(part for part in name.split() if len(part) > 1))):
        word = re.escape(called)
        text = re.sub(rf"(?<![ \t])[ \t]*,[ \t]*{word}(?=\s*(?:[,.!?]|\Z|\n))", "", text, flags=re.IGNORECASE)
        spoken_to = rf"(^|[.!?]\s+){word}[ \t]*,[ \t]*(\w)"
        text = re.sub(spoken_to, lambda m: m[1] + m[2].upper(), text, flags=re.IGNORECASE | re.MULTILINE)
        if called.casefold() not in COMMON_WORDS:
            text = re.sub(rf"\b{word}['’]s\b", "your", text)
            text = re.sub(rf"(?<![ \t])[ \t]*\b{word}\b", "", text)
    return text


def claim(taken: list[tuple[int, int]], begin: int, end: int) -> bool:
    """Put the place among those taken, in order, unless it is empty or overlaps one; whether it was put."""
    at = bisect(taken, (begin, end))
    overlaps = (at > 0 and taken[at - 1][1] > begin) or (at < len(taken) and taken[at][0] < end)
    if overlaps or begin >= end:
        return False
    taken.insert(at, (begin, end))
    return True


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where personal data stands; places do not overlap."""
    links = list(URL.finditer(text))
    taken = [found.span() for found in links]  # in the order of the text
    yield from (found.span() for found in links if PRIVATE_URL.search(found.group()))
    for pattern, counts in ((EMAIL, _is_persons), (PHONE, _is_private), (LONG_NUMBER, _is_private)):
        for found in pattern.finditer(text):
            if counts(found) and claim(taken, *found.span()):
                yield found.span()


def _is_persons(email: re.Match[str]) -> bool:
    return _ROLE.match(email.group(1)) is None


def _is_private(number: re.Match[str]) -> bool:
    """Whether it is neither a date nor a number that customers are told to call."""
    if DATE.fullmatch(number.group().strip()):
        return False
    return _PUBLIC_PHONE.search(number.string[max(0, number.start() - 60) : number.start()]) is None
