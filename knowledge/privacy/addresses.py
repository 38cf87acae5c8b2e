"""How postal addresses look in five countries; a city or a street alone is none."""

import re
from collections.abc import Iterator

from knowledge.privacy.places import Place, all_of

_I = re.IGNORECASE
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|"
    "OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_ZIP = rf"(?:(?:{_STATES}|(?i:{_STATES})(?= \d{{5}}\b)),? \d{{5}}(?:-\d{{4}})?)"
_UK_CODE = r"(?:[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})"
_UK_CODE_ANYHOW = r"(?i:[a-z]{1,2}\d[a-z\d]? ?\d[abd-hjlnp-uw-z]{2}\b)"
_PLACE_NAME = r"[^\W\d_][\w'’.-]{1,30}(?: [^\W\d_][\w'’.-]{1,30}){0,2}"
_TOWN = rf"(?:, {_PLACE_NAME})?"
_PLAIN_STREET = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Terrace|Crescent|"
    r"Highway|Hwy|Parkway|Pkwy|Grove)\b\.?"
)
_ANY_STREET = (
    rf"(?:{_PLAIN_STREET}|(?:Close|Way|Gardens|Place|Pl|Hill|Row|Mews|Walk|View|Park|Circle|Trail)\b)"
)
"""The words of the second kind follow numbers in other sentences too: they need a postcode or a cue."""
_FLAT = r"(?:,? (?:Apt|Apartment|Unit|Suite|Flat|Floor|#)\.? ?\w{1,5}\b|, #\d{1,4}\b)?"
_FLAT_BEFORE = r"(?:(?:Flat|Unit|Apt|Apartment|Suite|Wohnung) \w{1,4},? )?"
_NO_STREET = (
    r"(?!(?:of|the|my|an?|this|that|your|down|on|in|at|to|more|other|different|long|met(?:er|re)s?|miles?|"
    r"blocks?|minutes?|hours?|days?|pods?|boxes|box|am|pm|is|are|and|or|per|for)\b)"
)
_HOUSE = r"\b\d{1,5}[A-Za-z]?(?:-\d{1,5})?,? "
_STREET_NAME = r"(?:[NSEWnsew]\.? )?(?:(?:[A-Z]|\d{1,3}(?:st|nd|rd|th)\b)[\w.'’-]{0,30} ){0,3}"
_ANGLO_TAIL = (
    rf"{_FLAT}(?:,? {_PLACE_NAME}(?=,? (?:{_ZIP}|{_UK_CODE_ANYHOW})))?(?:,? (?:{_ZIP}|{_UK_CODE_ANYHOW}|"
    rf"\d{{5}}\b))"
)
_GERMAN_TAIL = r"(?:(?:,| in)? \d{5} [^\W\d_][\w-]{1,30}(?: (?:Homburg|am|an|bei|im|a\.)[\w .-]{0,20})?)?"
_GERMAN_SUFFIX = (
    r"(?:straße|strasse|str\.|weg|allee|gasse|platz|damm|ufer|ring|stieg|grund|markt|hof|chaussee)"
)
_SPANISH = (
    r"\b(?:Calle|C/|C\.|Cl\.|Avenida|Avda\.?|Av\.|Plaza|Pza\.?|Paseo|P[ºo]\.|Ronda|Carrer|Camino|"
    r"Travesía|Carretera|"
    r"Ctra\.?|Rambla|Passeig)[ ]?(?:(?:de la|de los|de las|del|de|d['’]) ?)?[^\W\d_][\w'’.-]{1,30}"
    r"(?: (?:(?:de la|de los|de|del|i|y) )?[^\W\d_][\w'’.-]{1,30}){0,4}?"
)
_SPANISH_NUMBER = r"(?:,| nº| n\.º| núm\.?| no\.?)? ?\d{1,4}\b(?! ?(?:%|€|euros?|días|años))"
_SPANISH_TAIL = (
    r"(?:, ?\d{1,2}º(?: ?\w\b)?| \d{1,2}º ?\w?\b|"
    r", \d{1,2}ª(?: planta)?)?(?:,? \d{5} [^\W\d_][\w'’-]{1,30}(?: de [^\W\d_][\w-]{1,30})?)?"
)
_INDONESIAN = (
    r"\b(?:Jl\.?|Jln\.?|Jalan|Gg\.?|Gang|Komplek|"
    r"Perum\w{0,8}) [^\W\d_][\w'’.-]{1,30}(?: [^\W\d_][\w'’.-]{1,30}){0,3}?"
    r"(?: Blok \w{1,3})?,? ?(?:No\.? ?|"
    r"Nomor )?\d{1,4}[A-Za-z]?\b(?:,? RT[ .]?\d{1,3} ?/ ?(?:RW[ .]?)?\d{1,3})?"
    rf"(?:, {_PLACE_NAME}(?:,? \d{{5}})?)?"
)

ADDRESS = re.compile(
    "|".join(
        (
            rf"{_FLAT_BEFORE}{_HOUSE}{_STREET_NAME}{_ANY_STREET}{_ANGLO_TAIL}",
            rf"{_FLAT_BEFORE}{_HOUSE}(?:[NSEW]\.? )?(?:(?:[A-Z]|\d{{1,3}}(?:st|nd|rd|"
            rf"th)\b)[\w.'’-]{{0,30}} ){{1,3}}"
            rf"{_PLAIN_STREET}(?: {_PLAIN_STREET})?{_FLAT}(?:, (?:[A-Z][\w'’-]{{1,30}} ?){{1,3}})?",
            rf"\b\d{{1,5}}[a-z]? (?:{_NO_STREET}[a-z.'’-]{{2,30}} ){{1,2}}(?:street|road|avenue|lane|"
            rf"boulevard|drive)\b"
            rf"(?:,? [a-z]{{3,20}}(?=,? {_UK_CODE_ANYHOW}))?(?:,? {_UK_CODE_ANYHOW})?",
            rf"\b[A-ZÄÖÜ][\w-]{{0,60}}{_GERMAN_SUFFIX} \d{{1,4}} ?[a-z]?\b{_GERMAN_TAIL}",
            r"\b(?:(?:Am|An der|Im|Unter den|Auf dem|Zum|Zur|Alte[rn]?|Große|"
            r"Kleine) )?(?:[A-ZÄÖÜ][\w-]{1,60} ){1,2}"
            rf"(?:Straße|Strasse|Str\.|Weg|Allee|Gasse|Platz|Ring|Ufer) \d{{1,4}} ?[a-z]?\b{_GERMAN_TAIL}",
            rf"\b(?:Am|An der|Im|Unter den|Auf dem|Zum|"
            rf"Zur) (?:[A-ZÄÖÜ][\w-]{{1,60}} ?){{1,2}} ?\d{{1,4}} ?[a-z]?\b{_GERMAN_TAIL}",
            r"\b\d{1,4}(?: bis| ter)?,? (?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Cc]hemin|impasse|allée|quai|place) "
            r"(?:(?:de la|des?|du) |de l['’]|"
            r"d['’])?[A-ZÀ-Ý][\w'’-]{1,40}(?: [A-ZÀ-Ý][\w'’-]{1,40}){0,2}(?:,? \d{5} "
            r"[A-ZÀ-Ý][\w-]{1,40})?",
            rf"\bStraße (?:des|der) [\w. ]{{3,30}} \d{{1,4}}\b{_GERMAN_TAIL}",
            r"\b(?:[Pp]\.? ?[Oo]\.? ?[Bb]ox|Postfach|Apartado) \d{1,8}\b",
            rf"\b{_UK_CODE}\b",
            rf"\b(?:{_STATES}),? \d{{5}}(?:-\d{{4}})?\b",
        )
    )
)
"""A house number with its street, with what follows of it; a box; a British or American postcode."""
ADDRESS_ANYHOW = re.compile(
    "|".join(
        (
            _SPANISH + _SPANISH_NUMBER + _SPANISH_TAIL,
            _INDONESIAN,
            rf"{_FLAT_BEFORE}{_HOUSE}(?:{_NO_STREET}[\w.'’-]{{1,30}} ){{1,3}}{_ANY_STREET}{_ANGLO_TAIL}",
            rf"\b[a-zäöü][\w-]{{2,60}}(?:straße|strasse|str\.) \d{{1,4}} ?[a-z]?\b{_GERMAN_TAIL}",
        )
    ),
    _I,
)
_CUE = (
    r"(?:address(?: is|:)?|adress(?: is|:)?|live at|lives at|lived at|moved to|deliver(?:ed)? to|"
    r"deliver it to|send (?:it |them )?to|"
    r"ship(?:ped)? (?:it )?to|post it to|left at|went to|flat at|office (?:at|to)|my (?:work|home|"
    r"place),?|at|to|change|mother,|find|never lived at)"
)
CUED = re.compile(
    rf"\b{_CUE} (?P<value>{_FLAT_BEFORE}\d{{1,5}}[a-z]?,? (?:{_NO_STREET}[\w.'’-]{{1,30}} ){{1,3}}"
    rf"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|square|terrace|crescent|"
    rf"close|way|gardens|place|"
    rf"grove|mews|walk|hill)\b\.?{_FLAT}(?:,? (?:{_PLACE_NAME},? )?(?:{_ZIP}|{_UK_CODE_ANYHOW})|"
    rf",(?: (?-i:[A-Z])[\w'’-]{{1,30}}){{1,2}})?)"
    rf"|\b(?:post ?code|zip(?: ?code)?|plz|código postal|kode pos)\b(?: is| ist| es|"
    rf":)? (?P<code>{_UK_CODE_ANYHOW}|{_ZIP}|\d{{5}}(?:-\d{{4}})?)\b",
    _I,
)
"""Of streets in lower case and such as "12 Mill Close", where the words before them tell of an address."""


def addresses(text: str) -> Iterator[Place]:
    """Postal addresses, from the flat and house to the postcode and town."""
    yield from all_of(CUED, text, "address")
    yield from all_of(ADDRESS, text, "address")
    yield from all_of(ADDRESS_ANYHOW, text, "address")
