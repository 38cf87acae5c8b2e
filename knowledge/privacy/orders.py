"""Numbers by their label: of orders, parcels, customers, documents of identity."""

import re
import string
from collections.abc import Iterator

from knowledge.privacy.harmless import HARMLESS
from knowledge.privacy.places import GAP, Place, all_of

_NUMBER = (
    r"(?:[ (]{0,2}(?:number|numbr|nummer|num|no\.?|nr\.?|id|code|reference|ref|locator|is|"
    r"was)){0,3}(?:[ ]?[:=]|[ ]is|[ ]was)?"
)
IDENTIFIER = re.compile(
    r"(?P<label>\b(?:order|parcel|package|shipment|tracking|invoice|ticket|case|customer|account|acount|"
    r"reference|"
    r"booking|reservation|serial|ref|confirmation|membership|member|policy|contract|routing|sort|claim|meter|"
    r"bestellung|bestellnummer|kundennummer|kunde|rechnung|rechnungsnummer|vertrag|vertragsnummer|sendung|"
    r"sendungsnummer|pedido|factura|cliente|reserva|pesanan|resi|pelanggan|invoice)\b)"
    rf"(?:[ ]+(?:serial|tracking|reference|account))?{_NUMBER}[ ]*"
    r"#?(?=(?:[A-Z/_-]{0,12}\d){3})[A-Z0-9]{1,40}(?:[-/_][A-Z0-9]{1,40}){0,5}\b",
    re.IGNORECASE,
)
"""A labelled number, "order no. 4411"; the label alone is general."""
_NUMBER_SIGNS = f"#/_-{string.ascii_letters}{string.digits}"
_YEAR = re.compile(r"(?:19|20)\d{2}\Z")
_ANOTHER = re.compile(
    r" (?:and|or|und|y|,) (?P<value>#?(?=[A-Z0-9/-]{0,40}\d{3})[A-Z0-9]{1,40}(?:[-/][A-Z0-9]{1,40}){0,5})\b",
    re.IGNORECASE,
)
"""Behind a labelled number: "order 4411 and 4412"."""
_BOOKING = re.compile(
    r"\b(?i:booking|reservation|pnr|reserva)\b(?i:"
    + _NUMBER
    + r")[ ]+#?(?P<value>(?=[A-Z]{0,8}\d)[A-Z0-9]{5,8})\b"
)
_PERSONS_ID = re.compile(
    r"\b(?:user|employee|staff|student|patient|subscription|subscriber|client|device|personnel|insurance|"
    r"vehicle|imei|vin|"
    r"device)\b(?:[ -]?(?:id|number|no\.?|nr\.?))(?: is| was|:|=)? ?#?"
    r"(?P<value>(?=(?:[A-Z_-]{0,12}\d){3})[A-Z0-9]{1,40}(?:[-/_][A-Z0-9]{1,40}){0,5})\b"
    r"|\b(?:imei|vin)\b(?: is|:)? (?P<device>(?=(?:[A-Z]{0,12}\d){3})[A-Z0-9]{10,20})\b",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"\b(?:licen[cs]e plate|number plate|plate(?: number)?|registration|kennzeichen|matr[ií]cula|"
    r"plat nomor)\b"
    r"[ :]{1,2}(?:is |no\.? )?(?P<value>[A-ZÄÖÜ]{1,3}(?:[ -][A-Z]{1,2})?[ -]?\d{1,4}(?: ?[A-Z]{1,3})?|"
    r"\d{4} ?[A-Z]{3})\b",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"\b(?:pass?port|reisepass|pasaporte|paspor|passeport|travel document|(?:personal)?ausweis\w{0,8}|"
    r"id card|"
    r"identity card|driv(?:ing|er['’]?s?) licen[cs]e|führerschein|carnet|sim)\b"
    rf"(?:{GAP})(?:(?P<value>(?=(?:[A-Z]{{0,6}}\d){{2}})[A-Z0-9]{{6,20}})|"
    rf"(?-i:(?P<letters>(?=[A-Z]{{0,9}}\d)[A-Z0-9]{{8,10}})))\b",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    r"\b(?:ssn|social(?: security)?|national insurance|ni|nino|steuer-?id\w{0,24}|tax id|taxpayer id|"
    r"dni|nie|nif|nik|ktp|curp|cpf|bsn|national id|id number|personnummer|aadhaar|insurance number|"
    r"identity number|identifikationsnummer)\b"
    rf"(?:{GAP})(?P<value>(?!(?:is|was|no|ist|"
    rf"es) )(?=[A-Z]{{0,3}}[ -]?\d)[A-Z0-9]{{1,16}}(?:[ -]?\d{{1,6}}){{0,4}}(?:[ "
    rf"-]?[A-Z](?![A-Z]))?)\b"
    r"|(?<![\w.,-])(?P<before>[A-Z0-9]{7,16})\??,? (?:[a-z']{1,10} ){0,4}?(?:as|is|my) (?:my |a )?(?:ssn|"
    r"nik|dni|nie|nif)\b",
    re.IGNORECASE,
)
_SAID_NUMBER = re.compile(r"order[ ]*(?:number|no|nr|id|code|ref|is|was|#|:|=)", re.IGNORECASE)
_ORDERING_CHARS = 60
_IS_DELIVERED = re.compile(
    r",|[ ]{0,3}(?:\Z|[.!?;:)]|(?:has|have|had|is|was|did|does|do|will|never|not|still|came|arrived|went|"
    r"shows?|says?|"
    r"and|from|of|hasn|isn|wasn|didn|doesn|won|which|that|but|please|ha|belum|ist|wurde|no)\b)",
    re.IGNORECASE,
)
"""What follows the number of an order, rather than the things that somebody should order."""
_IS_ORDERING = re.compile(r"\b(?:to|i|we|you|can|could|please|just) (?:\w+ly )?\Z", re.IGNORECASE)


def documents(text: str) -> Iterator[Place]:
    """Passports, licences and national numbers behind their label."""
    yield from all_of(_DOCUMENT, text, "passport")
    yield from all_of(_IDENTITY, text, "national_id", lambda value: sum(map(str.isdigit, value)) >= 5)


def labelled_numbers(text: str) -> Iterator[Place]:
    """Numbers of orders, parcels, invoices, customers, cars; what somebody orders is none, nor is a year."""
    for match in IDENTIFIER.finditer(text):
        if not is_identifier(match):
            continue
        yield Place(_value_start(match), match.end(), "number")
        another = _ANOTHER.match(text, match.end())
        if another is not None:
            yield Place(*another.span("value"), "number")
    yield from all_of(_PERSONS_ID, text, "number")
    yield from all_of(_BOOKING, text, "number")
    yield from all_of(_PLATE, text, "number")


def is_identifier(labelled: re.Match[str]) -> bool:
    """Whether it is one's own number: not a year, not an amount, and not "order 1000 pods"."""
    begin = _value_start(labelled)
    amount = HARMLESS.match(labelled.string, begin)
    value = labelled.string[begin : labelled.end()]
    counted = amount is not None and (amount.end() > labelled.end() or _YEAR.match(value) is not None)
    return not counted and not _is_ordering(labelled)


def _value_start(labelled: re.Match[str]) -> int:
    """Where the number begins: behind the last sign that no number holds."""
    return labelled.start() + len(labelled.group().rstrip(_NUMBER_SIGNS))


def _is_ordering(labelled: re.Match[str]) -> bool:
    text = labelled.string
    before = max(0, labelled.start() - _ORDERING_CHARS)
    if labelled.group("label").casefold() != "order" or _SAID_NUMBER.match(labelled.group()):
        return False
    if _IS_ORDERING.search(text, before, labelled.start()):
        return True
    begins = re.search(r"(?:\A|[.!?]\s)\s*\Z", text[before : labelled.start()]) is not None
    return begins and _IS_DELIVERED.match(text, labelled.end()) is None
