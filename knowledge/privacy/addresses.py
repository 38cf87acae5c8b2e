"""How postal addresses look in English, German and French; a city or a street alone is none."""

import re

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|"
    "OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_ZIP = rf"(?:{_STATES}),? \d{{5}}(?:-\d{{4}})?"
_UK_CODE = r"[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}"
_STREET = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Terrace|Crescent|"
    r"Highway|Hwy|Parkway|Pkwy)\b\.?"
)
"""Without "Place", "Close", "Way" and "Gardens", which follow numbers in other sentences too."""
_FLAT = r"(?:,? (?:Apt|Apartment|Unit|Suite|Flat|Floor)\.? ?\w{1,5}\b)?"
_NO_STREET = (
    r"(?!(?:of|the|my|an?|this|that|your|down|on|in|at|to|more|other|different|long|met(?:er|re)s?|miles?|"
    r"blocks?|minutes?|hours?|days?|pods?|boxes|box)\b)"
)
_GERMAN_STREET = r"(?:straße|strasse|str\.|weg|allee|gasse|platz|damm|ufer)"

ADDRESS = re.compile(
    "|".join(
        (
            rf"\b\d{{1,5}}[A-Za-z]?(?:-\d{{1,5}})?,? (?:[NSEW]\.? )?(?:[A-Z][\w'’.-]* ){{1,3}}{_STREET}"
            rf"{_FLAT}"
            rf"(?:, (?:[A-Z][\w'’-]+ ?){{1,3}})?(?:,? ?(?:{_ZIP}|{_UK_CODE}|\d{{5}}\b))?",
            rf"\b\d{{1,5}}[a-z]? (?:{_NO_STREET}[a-z'’-]{{3,}} ){{1,2}}(?:street|road|avenue|lane|"
            rf"boulevard)\b",
            rf"\b[A-ZÄÖÜ][\w-]{{0,60}}{_GERMAN_STREET} \d{{1,4}} ?[a-z]?\b(?:,? \d{{5}} [A-ZÄÖÜ][\w-]+)?",
            r"\b[A-ZÄÖÜ][\w-]{1,60} (?:Straße|Strasse|Str\.|Weg|Allee|Gasse|Platz) \d{1,4} ?[a-z]?\b"
            r"(?:,? \d{5} [A-ZÄÖÜ][\w-]+)?",
            r"\b\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|chemin|impasse|allée|quai|place) "
            r"(?:(?:de la|des?|du) |de l['’]|d['’])?[A-ZÀ-Ý][\w'’-]+(?: [A-ZÀ-Ý][\w'’-]+){0,2}(?:,? \d{5} "
            r"[A-ZÀ-Ý][\w-]+)?",
            r"\b(?:[Pp]\.? ?[Oo]\.? ?[Bb]ox|Postfach) \d{1,8}\b",
            rf"\b{_UK_CODE}\b",
            rf"\b{_ZIP}\b",
        )
    )
)
"""A house number with its street, with what follows of it; a box; a British or American postcode."""
