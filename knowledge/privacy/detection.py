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
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)", re.IGNORECASE)
_AMOUNT = r"(?:\d{1,5} ?[-–] ?)?(?:\d{1,3}(?:[ '’]\d{3}){1,6}|\d+)(?:[.,]\d+)*"
_CURRENCY = (
    r"(?:[$€£¥]|(?:usd|eur|gbp|chf|sek|nok|dkk|pln|inr|aud|cad|kr|kronor|euros?|dollars?|"
    r"pounds?|cents?|bucks)\b)"
)
_UNIT = (
    r"(?:%|(?:kg|mg|grams?|g|ml|cl|lit(?:er|re)s?|l|mm|cm|km|met(?:er|re)s?|m|inch(?:es)?|miles?|"
    r"pods?|box(?:es)?|"
    r"plants?|seeds?|seedlings?|gardens?|lamps?|pumps?|items?|pieces?|packs?|bottles?|times|seconds?|"
    r"minutes?|"
    r"hours?|days?|weeks?|months?|years?|people|persons|users|customers|points|percent|steps|pages|mb|gb|kb|"
    r"watts?|kwh|volts?|mah|hz|lumens?|k|calories|words|characters)\b)"
)
HARMLESS = re.compile(
    rf"(?<![\w.,]){_CURRENCY} ?{_AMOUNT}(?!\d)|(?<![\w.,#+-]){_AMOUNT}[ -]?(?:{_CURRENCY}|{_UNIT})(?! ?\d)"
    r"|\b(?:v|version|firmware|build|release|ios|android|windows|macos|error(?: code)?)"
    r"(?: (?:number|no\.?))?(?: is)?:? ?v?\d+(?:[._-]\d+)*\b"
    r"|(?<![\w.-])(?:19|20)\d{2}(?: ?[-–/,] ?(?:19|20)\d{2}| (?:19|20)\d{2}| and (?:19|"
    r"20)\d{2})*(?![\w-]|\.\d| \d)"
    rf"|(?<![\w.+/-])(?:{DATE.pattern})(?![\w/-])",
    re.IGNORECASE,
)
"""Prices, amounts, versions, years, dates: no number in them is anybody's."""
CONTACT = re.compile(r"[\w.+-]@[\w-]+\.\w|(?<![\w$€£.,/])\+?\(?\d(?:[ ().\-/]{0,3}\d){6,}")
"""An e-mail address, or a number of seven digits and more, whoever's it is."""
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
    """Whether it names a person's e-mail address, a phone, account or long number, or a private link."""
    return next(_spans(text), None) is not None


def holds_contact_data(text: str) -> bool:
    """Whether it holds an e-mail address or a long number, a business's own too: a question needs neither."""
    return CONTACT.search(text) is not None


def without_personal_data(text: str, *, placeholder: str = "") -> str:
    """The text with each such place replaced."""
    for begin, end in sorted(_spans(text), reverse=True):
        text = text[:begin] + placeholder + text[end:]
    return text


def without_identifiers(text: str) -> str:
    """The text with "order 4411" said as "order"."""
    return IDENTIFIER.sub(lambda match: match.group("label"), text)


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


def iban_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where account numbers stand; a word behind one may look like its end.

    Judged by the country's length and form and by the check digits, not by whether its bank exists.
    """
    for match in _IBAN.finditer(text):
        from stdnum import iban  # 40 ms, spent on texts that hold something like one

        groups = match.group().split(" ")
        beginnings = (" ".join(groups[:count]) for count in range(len(groups), 0, -1))
        number = next(
            (beginning for beginning in beginnings if iban.is_valid(beginning, check_country=False)), None
        )
        if number is not None:
            yield match.start(), match.start() + len(number)


def looks_dialled(number: str) -> bool:
    """Whether digits in groups may be a telephone number, and not a list such as "10 20 30 40 50".

    It begins as one does, or has a group of three digits, or is four pairs (Denmark, Norway).
    """
    groups = re.findall(r"\d+", number)
    pairs = len(groups) == 4 and all(len(group) == 2 for group in groups)
    return number[0] in "+(0" or pairs or any(len(group) > 2 for group in groups)


def has_three_digits(number: str) -> bool:
    """Whether a part of it, between spaces, has three digits."""
    return any(sum(sign.isdigit() for sign in part) >= 3 for part in number.split())


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where personal data stands; places do not overlap."""
    links = list(URL.finditer(text))
    taken = [link.span() for link in links]  # in the order of the text
    yield from (link.span() for link in links if PRIVATE_URL.search(link.group()))
    emails = (match.span() for match in EMAIL.finditer(text) if not _ROLE.match(match.group(1)))
    yield from (span for span in (*emails, *iban_spans(text)) if claim(taken, *span))
    for match in HARMLESS.finditer(text):
        claim(taken, *match.span())
    phones = (match for match in PHONE.finditer(text) if looks_dialled(match.group()))
    numbers = (match for match in LONG_NUMBER.finditer(text) if has_three_digits(match.group()))
    for match in (*phones, *numbers):
        if _is_private(match) and claim(taken, *match.span()):
            yield match.span()


def _is_private(number: re.Match[str]) -> bool:
    """Whether it is neither a date nor a number that customers are told to call."""
    if DATE.fullmatch(number.group().strip()):
        return False
    return _PUBLIC_PHONE.search(number.string[max(0, number.start() - 60) : number.start()]) is None
