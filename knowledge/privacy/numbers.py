"""Numbers of a person by their form: phones, cards, accounts, identities, internet addresses, parcels."""

import ipaddress
import re
from collections.abc import Collection, Iterator

from stdnum import luhn

from knowledge.privacy.harmless import DATE
from knowledge.privacy.places import Kind, Place, all_of, before, digits_of

_PHONE_DIGITS = 15
"""The most that a telephone number has (E.164)."""
PHONE = re.compile(r"(?<![\w.,$€£#/-])[+(]?\d(?:[ ().\-/]{0,3}\d){7,18}(?!\w)")
_PHONE_CUE = re.compile(
    r"\b(?:phone|mobile|cell|landline|handy\w*|tel\w*|móvil|movil|hp|whatsapp|wa|sms|text|call|ring|rang|"
    r"dial|reach(?:able)?|numbers?|number['’]s|nomor|número|nummer|fax)\b",
    re.IGNORECASE,
)
_PHONE_CUE_BEHIND = re.compile(
    r"[ ,(]{1,2}(?:is|was|ist|es|adalah)? ?(?:my|our|his|her|mein\w{0,2}|mi|\w{2,8}['’]s)? ?(?:\w{1,10} )?"
    r"(?:cell|mobile|phone|landline|handy|number|móvil|hp|whatsapp)\b",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"\d{1,12}\.\d{1,12}")
_HOTLINE = re.compile(
    r"\b(?:hotline|helpline|(?:call|phone|dial|ring|reach|contact) (?:us|our|the (?:hotline|team|shop))|"
    r"our (?:phone|number|line|support)|(?:support|service|help) (?:line|number))\b[^.!?]{0,40}\Z",
    re.IGNORECASE,
)
_REGIONS = ("US", "GB", "DE", "ES", "ID")
"""Asked about free numbers where the company's country is not known."""
_CARD = re.compile(r"(?<![\w.,-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)", re.IGNORECASE)
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|-\d)|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?=\.?(?:\s|\Z))"
)
_IP_CUE = re.compile(
    r"\b(?:ips?|from|whitelist|allow|firewall|ping|host|sign-?in|connect\w*)\b", re.IGNORECASE
)
_VERSION_CUE = re.compile(r"\b(?:v|versions?|firmware|build|release|update to)\W{0,2}\Z", re.IGNORECASE)
_IP6 = re.compile(r"(?<![\w:.])(?=[0-9a-f]{0,4}:)[0-9a-f:]{6,39}(?![\w:])", re.IGNORECASE)
_EVERYBODYS_HOSTS = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"})
_SSN = re.compile(r"(?<![\w.,+-])(?!000|666|9)\d{3}(?P<mark>[- ])\d{2}(?P=mark)\d{4}(?![\w-])")
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.IGNORECASE)
_DNI = re.compile(r"(?<![\w-])(?:[XYZ]-?\d{7}|\d{8})-?[A-Z](?!\w)", re.IGNORECASE)
_NIK = re.compile(r"(?<![\w.,-])\d{6}[ .]?\d{6}[ .]?\d{4}(?![\w-])")
_GROUPED_TAX_ID = re.compile(r"(?<![\w.,+-])\d{2} \d{3} \d{3} \d{3}(?![\w-]| \d)")
_PERSONNUMMER = re.compile(r"(?<![\w.,+-])(?:19|20)?\d{6}[-+]\d{4}(?![\w-])")
_PARCEL = re.compile(
    r"\b(?:1Z[A-Z0-9]{16}|[A-Z]{2}\d{9}[A-Z]{2}|JJD\d{12,18}|[A-Z]{2,4}\d{10,18})\b"
    r"|(?<![\w-])(?=[A-Z0-9]{0,40}[A-Z])(?=(?:[A-Z]{0,40}\d){5})[A-Z0-9]{10,40}(?![\w-])"
)
LONG_NUMBER = re.compile(
    r"(?<![\w$€£.,/-])(?:#[ ]?\d{3,18}|\d(?:[ -]?\d){6,30}|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,8})(?!\w)"
)
_MOST_SURE_OF_PLAIN = 15
"""A row of more digits than this is no amount."""


def accounts(text: str) -> Iterator[Place]:
    """Bank accounts and cards, by their check digits."""
    yield from (Place(begin, end, "iban") for begin, end in iban_spans(text))
    yield from all_of(_NIK, text, "national_id", _is_nik)
    yield from (Place(begin, end, "card") for begin, end in card_spans(text))


def identities(text: str) -> Iterator[Place]:
    """National identity, insurance and tax numbers of a form that nothing else has."""
    yield from (Place(*match.span(), "national_id") for match in _SSN.finditer(text))
    yield from all_of(_NINO, text, "national_id")
    yield from all_of(_DNI, text, "national_id", _is_dni)
    yield from all_of(_GROUPED_TAX_ID, text, "national_id", _is_tax_id)
    yield from all_of(_PERSONNUMMER, text, "national_id", _is_personnummer)


def hosts(text: str) -> Iterator[Place]:
    """Internet addresses; loopback, masks and well-known ones stay, as do versions of four numbers."""
    for match in _IP.finditer(text):
        kind = _host_kind(match.group())
        said_before = before(text, match.start(), 40)
        cue = sum(map(str.isdigit, match.group())) >= 8 or _IP_CUE.search(said_before)
        if kind is None or (cue and not _VERSION_CUE.search(said_before)):
            yield Place(*match.span(), kind)
    for match in _IP6.finditer(text):
        if match.group().count(":") >= 3 or "::" in match.group():
            kind = _host_kind(match.group().rstrip(":"))
            yield Place(*match.span(), kind)


def phones(text: str, *, public: Collection[str] = (), country: str | None = None) -> Iterator[Place]:
    """Telephone numbers, and numbers in groups that are too long for one.

    `public` are the digits of numbers that the company's own articles name: they stay. One that customers
    are told to call, and a free one, is in doubt, as is a row of digits with nothing said about it.
    """
    for match in PHONE.finditer(text):
        number = match.group()
        if DATE.fullmatch(number.strip()) or _DECIMAL.fullmatch(number):
            continue
        if _is_public(digits_of(number), public):
            yield Place(*match.span(), None)
        elif looks_dialled(number):
            yield _phone(match, country)


def long_numbers(text: str) -> Iterator[Place]:
    """Parcels by their forms; what else has seven digits or more is in doubt, unless written in groups."""
    yield from all_of(_PARCEL, text, "number")
    for match in LONG_NUMBER.finditer(text):
        number = match.group()
        if any(sum(sign.isdigit() for sign in part) >= 3 for part in number.split()):
            grouped = re.search(r"\d[ -]\d", number) is not None
            sure = grouped or number[0] == "#" or len(number) > _MOST_SURE_OF_PLAIN
            yield Place(*match.span(), "number", sure)


def card_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand."""
    for match in _CARD.finditer(text):
        if _is_card(match.group()):
            yield match.span()


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


def _phone(match: re.Match[str], country: str | None) -> Place:
    number = match.group()
    groups = re.findall(r"\d+", number)
    grouped = number[0] in "+(0" or len(groups) > 1
    if sum(map(len, groups)) > _PHONE_DIGITS:
        return Place(*match.span(), "number", sure=True)
    said_before = before(match.string, match.start(), 60)
    behind = _PHONE_CUE_BEHIND.match(match.string, match.end())
    cue = behind is not None or _PHONE_CUE.search(said_before[-40:]) is not None
    if _HOTLINE.search(said_before) or _is_free(number, country):
        return Place(*match.span(), "phone", sure=False)
    is_phone = grouped or cue or (country is not None and _is_mobile(number, country))
    return Place(*match.span(), "phone" if is_phone else "number", sure=is_phone)


def _is_public(digits: str, public: Collection[str]) -> bool:
    """Whether a public number ends with the same eight digits, or is the same: 0800… and +44 800… are one."""
    return any(
        digits == known or (min(len(digits), len(known)) >= 8 and digits[-8:] == known[-8:])
        for known in public
    )


def _is_free(number: str, country: str | None) -> bool:
    """Whether calling it costs nothing, or a fixed sum: no person's number."""
    import phonenumbers
    from phonenumbers import PhoneNumberType as Of

    free = {Of.TOLL_FREE} if country is None else {Of.TOLL_FREE, Of.SHARED_COST, Of.PREMIUM_RATE, Of.UAN}
    for region in (country,) if country else _REGIONS:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.number_type(parsed) in free:
            return True
    return False


def _is_mobile(number: str, country: str) -> bool:
    """Whether a row of digits is a mobile number there, which no amount or code is likely to be."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE)


def _is_card(number: str) -> bool:
    """No card begins with 0; telephone numbers do."""
    return number[0] != "0" and luhn.is_valid(re.sub("[ -]", "", number))


def _is_nik(number: str) -> bool:
    """The date within an Indonesian number; women's days have 40 added."""
    digits = digits_of(number)
    day, month = int(digits[6:8]), int(digits[8:10])
    province = int(digits[:2])
    return 11 <= province <= 96 and 1 <= (day - 40 if day > 40 else day) <= 31 and 1 <= month <= 12


def _is_dni(number: str) -> bool:
    from stdnum.es import dni, nie

    return bool(dni.is_valid(number) or nie.is_valid(number))


def _is_tax_id(number: str) -> bool:
    from stdnum.de import idnr

    return bool(idnr.is_valid(number))


def _is_personnummer(number: str) -> bool:
    from stdnum.se import personnummer

    return bool(personnummer.is_valid(number))


def _host_kind(host: str) -> Kind | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    everybodys = (
        host in _EVERYBODYS_HOSTS or address.is_loopback or address.is_unspecified or address.is_link_local
    )
    masks = host.startswith(("255.", "0."))
    documented = host.lower().startswith("2001:db8")
    return None if everybodys or masks or documented else "ip_address"
