"""Passwords, PINs and codes by the words around them; keys and tokens by their form."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from knowledge.privacy.places import GAP, Place, all_of

_I = re.IGNORECASE
_KNOWN_FORM = re.compile(
    r"\b(?:(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{12,200}|gh[pousr]_\w{20,255}|github_pat_\w{20,255}"
    r"|glpat-[\w-]{16,64}|xox[abeprs]-[\w-]{10,250}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,40}"
    r"|eyJ[\w-]{8,2000}\.[\w-]{8,4000}(?:\.[\w-]{8,1000})?|SG\.[\w-]{16,64}\.[\w-]{16,128}"
    r"|whsec_[\w+/=-]{20,128}|npm_\w{20,64}|hf_\w{20,64}|pypi-[\w-]{20,255}|ya29\.[\w-]{20,255}"
    r"|[a-z]{2,10}_(?:live|test|prod|secret|key)_\w{12,128})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
"""Of services whose keys tell by their beginning what they are, and of sentences such as ours."""
_OPAQUE = re.compile(
    r"(?<![\w/.-])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[\w+/=-]{0,200}\d)(?=[\w+/=-]{0,200}[A-Za-z])[A-Za-z0-9][\w+/=-]{19,300})(?![\w/])",
)
_ENTROPY_BITS = 3.3
"""A sign of a random word of hexadecimal digits has nearly 4 bits; of a name with hyphens about 3."""
_LABELLED_KEY = re.compile(
    r"(?:\b(?:api|access|secret|private|auth|client|app|session|refresh|webhook|bearer|zugangs)[ _-]?"
    r"(?:key|token|secret|id|cookie)?|\b(?:token|bearer|apikey|sid|key)|\b[A-Z][A-Z0-9]{0,20}_(?:KEY|"
    r"TOKEN|SECRET))"
    rf"(?:{GAP})(?P<value>(?=[\w+/=.-]{{0,60}}\d)[\w+/=.-]{{12,300}}[\w=])",
    _I,
)
_LABEL = (
    r"(?:secret (?:word|phrase)|pass?(?:[- ]?(?:words?|wor[dt]|wrd|phrase|code|key))?|pas?wor[dt]|pwd?|"
    r"psw|kennwort|contraseña|contrasena|"
    r"clave|kata ?sandi|sandi|mot de passe|senha|wachtwoord|passwort)"
)
_VALUE = r"""(?P<value{}>(?:"[^"\n]{{3,60}}"|“[^”\n]{{3,60}}”|[^\s"“”,;()]{{3,64}}[^\s"“”.,;:!?()]))"""
_IS = (
    r"(?:\s?[:=]\s?|\s[-–]\s|\s(?:is|was|ist|war|lautet|es|era|adalah|saya|to|should be|set as|"
    r"reads)\s(?:now |still |set to )?)"
)
_AFTER_PASSWORD = re.compile(
    rf"\b{_LABEL}(?: (?:for|of|from|to) (?:the |my |our |your )?\w{{1,20}}(?: \w{{1,20}})?| for you|"
    rf" saya| kita)?"
    rf"{_IS}"
    + _VALUE.format("")
    + rf"|\b(?:user(?:name)?|log-?in)\b[^.!?\n]{{1,40}}?\b{_LABEL}[ :]{{1,2}}"
    + _VALUE.format("_beside"),
    _I,
)
_BARE_PASS = re.compile(r"pass(?:\s|:)", _I)
_CHANGED_FROM = re.compile(rf"\b{_LABEL}\b[^.!?\n]{{0,20}}? from (?P<value>\S{{3,64}}) to (?=\S{{4}})", _I)
_CHANGED_TO = re.compile(
    rf"\b{_LABEL}\b[^.!?\n]{{0,20}}? from \S{{3,64}} to (?P<value>\S{{3,64}}[^\s.,;!?])", _I
)
_BESIDE_PASSWORD = re.compile(
    rf"\b{_LABEL}[ ,(]{{1,3}}(?P<value>[^\s()\"“”]{{3,64}}[^\s()\"“”.,;:!?])"
    rf"|(?<![\w.])(?P<before>[^\s()\"“”]{{3,64}}[^\s()\"“”.,;:!?]) (?:is|as|for) (?:my |the |"
    rf"a )?{_LABEL}\b"
    r"|\b(?:log(?:ging|ged)? ?in|log-?in|sign(?:ed|ing)? in|"
    r"credentials)\b[^!?\n]{1,80}?[,/] ?(?P<after>[^\s()\"“”]{3,64}[^\s()\"“”.,;:!?])"
    rf"|\b{_LABEL} (?P<quoted>\"[^\"\n]{{3,60}}\")"
    r"|\badmin ?/ ?(?P<admin>[^\s()\"“”]{3,64}[^\s()\"“”.,;:!?])",
    _I,
)
_SET_TO = re.compile(
    r"\b(?:(?:set|changed|reset) (?:it|mine|that) to|(?:the )?new one is) (?P<value>[^\s]{3,64}[^\s.,;:!?])",
    _I,
)
_LOCKED_OUT = re.compile(rf"\b(?:{_LABEL}|log ?in|logged|sign(?:ed)? ?in|locked|credentials)\b", _I)
_SECRET_ANSWER = re.compile(
    r"\b(?:security|secret) (?:question|answer) (?:is|was|to|:) ?(?P<value>[^.,;!?\n]{3,40})"
    r"|\b(?:first|childhood|favou?rite) (?:pet|school|teacher|street|car|friend)\b (?:is|was|"
    r":) ?(?P<first>[^\s.,;!?]{2,40})"
    r"|\bmaiden name (?:is|was|:) ?(?P<maiden>[^\s.,;!?]{2,40})",
    _I,
)
_SENTENCE_WORDS = """
well running closed price refunded open valid printed safe
wrong not incorrect invalid expired too rejected the my your our being still now never always also
empty correct right fine ok okay weak strong short long old new same different required needed
accepted refused blocked locked lost forgotten stolen gone unknown missing saved stored sent reset
changed protected case page link field form box rules policy manager hint prompt screen must should
doesn't doesnt does don't dont cannot can't cant won't wont isn't isnt and but for that this what
when where how who which with without because falsch ungültig incorrecta incorrecto salah vergessen
olvidada working stopped asked at least be by email mail sms you them him her someone anybody
everyone everything please reset. no longer displayed shown word words phrase code codes
"""
_NO_SECRET = frozenset(_SENTENCE_WORDS.split())
_PIN_LABEL = (
    r"(?:pin(?:[- ]?(?:code|number|nummer))?|cvv2?|cvc2?|"
    r"(?:card )?security code(?=\W{1,3}(?:is )?\d{3}\b)|(?:three|3) digits (?:on|at|from) the back|"
    r"security code (?:on|of) (?:my|the) card|"
    r"(?:unlock|door|gate|alarm|entry|access|lock|safe) code|code (?:to|of|for) (?:our|my|the) [\w ]{2,30})"
)
_PIN = re.compile(rf"\b{_PIN_LABEL}\b(?! ?pad)(?:{GAP})(?P<value>(?<!\d)\d{{3,8}})(?![\w.,]\d|\w)", _I)
_PIN_BEHIND = re.compile(
    r"(?<![\w.,-])(?P<before>\d{4,8}) (?:[a-z]{1,10} ){0,4}?(?:as )?(?:a |my |the )?pin\b"
    rf"|\b{_PIN_LABEL}\b[^.!?\d\n]{{0,20}} from (?P<old>\d{{4,8}}) to \d{{4,8}}",
    _I,
)
_CODE_LABEL = (
    r"(?:otp|tan|totp|2fa|mfa|one[- ]?time|verification|verify|confirmation|confirm|log-?in|sign-?in|"
    r"security|sms|"
    r"auth\w{0,12}|backup|recovery|bestätigungs|sicherheits|bestätigungscode|sicherheitscode)"
)
_CODE_VALUE = (
    r"(?:\d{2} ){2}\d{2}(?![\w]| \d)|(?:G-)?\d{3} \d{3}(?![\w]| \d)|(?:G-)?\d{4,8}(?![\w]|[.,]\d)|"
    r"[a-z0-9]{4}-[a-z0-9]{4}(?![\w-])"
)
_NOT_CODE = (
    r"(?<!error )(?<!fehler)(?<!zip )(?<!postal )(?<!country )(?<!area )(?<!voucher )(?<!promo )(?<!dress )"
    r"(?<!discount )(?<!product )(?<!item )(?<!colour )(?<!color )(?<!status )(?<!exit )(?<!qr "
    r")(?<!coupon )(?<!bar)"
)
_CODE_OF_KIND = re.compile(
    rf"\b{_CODE_LABEL}(?:[- ]?(?:codes?|passwords?|pins?|tokens?|"
    rf"numbers?))?\b(?:{GAP})(?P<value>{_CODE_VALUE})",
    _I,
)
_CODE_BEFORE = re.compile(
    rf"{_NOT_CODE}\b(?:codes?|código|codigo|kode(?: otp)?|"
    rf"digits)\b(?! error)(?:{GAP})(?P<plain>{_CODE_VALUE})",
    _I,
)
_CODE_BEHIND = re.compile(
    rf"(?<![\w.,-])(?P<before>{_CODE_VALUE}) (?:[a-z']{{1,10}} ){{0,4}}?(?:[a-z]{{1,12}} )?(?:code|otp)\b"
    r"|\b(?:got|received|was sent|texted me) (?P<got>\d{3} ?\d{3}|\d{4,8}) (?:by|via|per|in a) (?:text|"
    r"sms|mail|message)"
    r"|\b(?P<google>G-\d{5,6})\b(?=[^\n]{0,60}\b(?:google|code))",
    _I,
)
_ERROR = re.compile(r"\b(?:error|fehler|err|voucher|promo|coupon|discount|zip|postal|status|exit)\b", _I)


def tokens(text: str) -> Iterator[Place]:
    """Keys and tokens: of known form, behind such a label, or long and random."""
    yield from all_of(_KNOWN_FORM, text, "token")
    yield from all_of(_LABELLED_KEY, text, "token", _is_random)
    for match in _OPAQUE.finditer(text):
        if _is_random(match.group()) and len(match.group()) >= 24:
            yield Place(*match.span(), "token")


def passwords(text: str) -> Iterator[Place]:
    """Passwords and answers to security questions, where the words before or behind say so."""
    yield from all_of(_CHANGED_FROM, text, "password", lambda value: value.casefold() not in _NO_SECRET)
    yield from all_of(_CHANGED_TO, text, "password", lambda value: value.casefold() not in _NO_SECRET)
    yield from _secrets(_AFTER_PASSWORD, text, any_word=True)
    yield from _secrets(_BESIDE_PASSWORD, text, any_word=False)
    yield from all_of(_SECRET_ANSWER, text, "password", lambda value: value.split()[0] not in _NO_SECRET)
    if _LOCKED_OUT.search(text):
        for place in _secrets(_SET_TO, text, any_word=True):
            yield replace(place, sure=_looks_secret(text[place.begin : place.end]))


def codes(text: str) -> Iterator[Place]:
    """PINs and one-time codes; those of errors, vouchers and places stay."""
    yield from all_of(_PIN, text, "pin")
    yield from all_of(_PIN_BEHIND, text, "pin")
    for pattern in (_CODE_OF_KIND, _CODE_BEFORE, _CODE_BEHIND):
        for place in all_of(pattern, text, "one_time_code"):
            if not _ERROR.search(text, max(0, place.begin - 30), place.begin):
                yield place


def _secrets(pattern: re.Pattern[str], text: str, *, any_word: bool) -> Iterator[Place]:
    for match in pattern.finditer(text):
        named = next(name for name, value in match.groupdict().items() if value is not None)
        value = match.group(named).strip("*_`")
        # a pass may be a ticket, too
        any_here = any_word and not (_BARE_PASS.match(match.group()) and not _looks_secret(value))
        is_word = value.casefold().strip("'.,!") in _NO_SECRET or value.endswith("%")
        if value[:1] in ('"', "“") or (not is_word and (any_here or _looks_secret(value))):
            yield Place(*match.span(named), "password")


def _looks_secret(value: str) -> bool:
    """Letters together with digits, or with a mark in their middle: no word of a sentence."""
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    marks = re.search(r"\w[^\w\s'’./:-]|[^\w\s'’./:(<-]\w|_", value) is not None
    return (letters and digits) or (letters and marks) or (digits and len(value) >= 6 and value.isdigit())


def _is_random(value: str) -> bool:
    """Whether its signs are as mixed as those of a made-up key: names and words repeat a few."""
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    words = re.findall(r"[a-z]{4,}", value)
    return bits >= min(_ENTROPY_BITS, math.log2(len(value)) - 1) and sum(map(len, words)) * 2 < len(value)
