"""Bytes of text files to characters: UTF-8, UTF-16, or the code page that fits; refuses what is no text."""

import codecs
import re
from collections.abc import Iterable
from itertools import pairwise

from charset_normalizer import from_bytes

from model.errors import DataError

PROBE_BYTES = 8192
"""How much of a file's beginning says whether it is UTF-16 or binary."""
UTF_16 = ("utf-16-le", "utf-16-be")
_SAMPLE_BYTES = 20_000
_MARKS = ((codecs.BOM_UTF8, "utf-8"), *zip((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), UTF_16, strict=True))
_CODE_PAGES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5", "cp949", "koi8_r"),
    *("cp1255", "cp1256", "iso8859_2", "mac_roman"),
)
"""In this order where two fit equally well."""
_CYRILLIC_PAGES = ("cp1251", "koi8_r")
_DECLARABLE = frozenset(_CODE_PAGES) | {
    *("cp1257", "cp1258", "cp866", "cp874", "koi8_u", "iso8859_3", "iso8859_4", "iso8859_5"),
    *("iso8859_6", "iso8859_7", "iso8859_8", "iso8859_10", "iso8859_13", "iso8859_14", "iso8859_15"),
    *("iso8859_16", "euc_jp", "euc_kr", "shift_jis", "gbk", "gb2312", "iso2022_jp"),
}
_AS_BROWSERS_READ = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874"}
"""What a page declares, and the larger code page that it means in practice (WHATWG, Encoding Standard)."""

_BETWEEN_WORDS = re.compile(rb"[\s!-/:;<=>?]+")
_ACCENTED = "àáâãäåæçèéêëìíîïñòóôõöøùúûüÿœßªº"
_WESTERN_LETTERS = frozenset(_ACCENTED + _ACCENTED.upper())
_SIGNS_BETWEEN_WORDS = frozenset("€£§©®™°±×¼½¾²³•‘“”„«»‹›¡¿\u00a0")
_WESTERN_SIGNS = _SIGNS_BETWEEN_WORDS | frozenset("·…–—’‚´\u00ad")
_EASTERN_IN_WESTERN = re.compile(r"[ìù][^\W\d_]|õ(?!e)")
"""Letters of Czech (`ě`, `ů`) and Hungarian (`ő`) as they look in cp1252."""
_TURKISH_IN_WESTERN = re.compile(r"\Bþ")
"""A `ş` as it looks in cp1252; Icelandic has `þ` where a word or its second part begins."""
_CYRILLIC = re.compile(r"(?:[А-ЯЁІЇЄҐЎ]?[а-яёіїєґў]+|[А-ЯЁІЇЄҐЎ]+)")
_WESTERN_SIGNS_AT_ENDS = re.compile(r"\A\W++|(?<!\W)\W++\Z")
_MAX_WESTERN_SHARE = 0.3


class NotTextError(DataError):
    """The bytes are no text that can be read; the message is the plain reason."""


def decode(data: bytes, *, declared: str = "") -> str:
    """The text, without a byte order mark.

    `declared` is the charset that the file itself names, an HTML page for example; it counts where the bytes
    are not plainly Unicode. Raises `NotTextError` with the first wrong byte.
    """
    beginning = data[:PROBE_BYTES]
    encoding = unicode_encoding(beginning)
    if encoding is None:
        refuse_binary(beginning)
        encoding = _declared_encoding(data, declared) or encoding_of(data.split(b"\n"))
    return decode_as(data, encoding)


def decode_as(data: bytes, encoding: str, *, offset: int = 0) -> str:
    """The text in this encoding, without a byte order mark.

    Raises `NotTextError` naming the first wrong byte, counted from `offset`.
    """
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        name = encoding.upper()
        raise NotTextError(
            f"not {name}: byte 0x{data[error.start]:02x} at offset {offset + error.start}; save it as UTF-8"
        ) from error


def unicode_encoding(beginning: bytes) -> str | None:
    """UTF-8 or UTF-16 as the byte order mark says it, or the UTF-16 that a file without mark plainly is."""
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    pairs = len(beginning) // 2
    first_zeros, second_zeros = beginning[: 2 * pairs : 2].count(0), beginning[1 : 2 * pairs : 2].count(0)
    for zeros, other_zeros, encoding in (
        (second_zeros, first_zeros, UTF_16[0]),
        (first_zeros, second_zeros, UTF_16[1]),
    ):
        if pairs > 1 and zeros > 0.6 * pairs and other_zeros == 0:
            return encoding
    return None


def refuse_binary(beginning: bytes) -> None:
    """Raises `NotTextError` for a zero byte, which no text but UTF-16 holds."""
    if b"\0" in beginning:
        raise NotTextError(f"binary: a zero byte at offset {beginning.index(0)}; only text is imported")


def encoding_of(lines: Iterable[bytes]) -> str:
    """UTF-8, or the code page that the lines of a file without zero bytes are written in.

    A file is UTF-8 unless more of its lines are not; those that are not are then for the caller to refuse.
    So is everything where no code page fits.
    """
    in_utf8 = not_in_utf8 = size = 0
    sample: list[bytes] = []
    for line in lines:
        if line.isascii():
            continue
        if _is_utf8(line):
            in_utf8 += 1
            continue
        not_in_utf8 += 1
        if size < _SAMPLE_BYTES:
            sample.append(line[:_SAMPLE_BYTES])
            size += len(sample[-1])
    if not_in_utf8 <= in_utf8:
        return "utf-8"
    return _code_page(b"\n".join(sample)) or "utf-8"


def _declared_encoding(data: bytes, declared: str) -> str | None:
    """Python's name of the charset that a page declares; `None` where there is none, none that pages use, or
    where the bytes are not it or are UTF-8 after all."""
    try:
        name = codecs.lookup(declared.strip()).name
    except (LookupError, ValueError):
        return None
    name = _AS_BROWSERS_READ.get(name, name).replace("-", "_")
    is_in_ascii = name == "iso2022_jp"
    if name in _DECLARABLE and _decodes(data, name) and (is_in_ascii or not _is_utf8(data)):
        return name
    return None


def _code_page(sample: bytes) -> str | None:
    """The code page that the words with other than ASCII bytes fit best, if any."""
    words = [word for word in _BETWEEN_WORDS.split(sample) if not word.isascii()]
    pages = [page for page in _CODE_PAGES if _decodes(sample, page) and not _has_controls(sample, page)]
    if "cp1252" in pages:
        western = [word.decode("cp1252") for word in words]
        if _is_western(western):
            return "cp1252"
        if any(map(_TURKISH_IN_WESTERN.search, western)) and not any(map(_breaks, western)):
            return "cp1254"
        if any(_breaks(word) or _EASTERN_IN_WESTERN.search(word) for word in western):
            pages = [page for page in pages if page not in ("cp1252", "cp1254")]
    for page in _CYRILLIC_PAGES:
        if page in pages and all(_is_cyrillic(word.decode(page)) for word in words):
            return page
    if not pages:
        return None
    matches = from_bytes(sample, cp_isolation=pages, enable_fallback=False)
    ranked = [
        (round(match.chaos, 1), -round(match.coherence, 2), pages.index(match.encoding), match.encoding)
        for match in matches
        if match.encoding in pages
    ]
    return min(ranked)[-1] if ranked else None


def _is_western(words: list[str]) -> bool:
    """Whether they are plainly words of a Western European language.

    Other alphabets read as Western have accents on most letters; Turkish, Polish, Czech and Hungarian give
    letters or signs that hardly a word has, or has in that place.
    """
    letters = [sign for word in words for sign in word if sign.isalpha()]
    accented = sum(not sign.isascii() for sign in letters)
    return accented <= max(3, _MAX_WESTERN_SHARE * len(letters)) and not any(
        _breaks(word) or _is_doubtful(word) for word in words
    )


def _breaks(word: str) -> bool:
    """Whether a sign, or a capital after a small letter, stands where a Western word would go on."""
    for place, (before, sign) in enumerate(pairwise(word)):
        after = word[place + 2 : place + 3]
        if sign in _SIGNS_BETWEEN_WORDS and before.isalpha() and after.isalpha():
            return True
        if not sign.isascii() and sign.isupper() and before.islower():
            return True
    return any(not (sign.isascii() or sign.isalpha() or sign in _WESTERN_SIGNS) for sign in word)


def _is_doubtful(word: str) -> bool:
    """Whether most letters are accented, or one is that other alphabets are more likely to give."""
    letters = [sign for sign in word if sign.isalpha()]
    accented = sum(not sign.isascii() for sign in letters)
    return (
        accented > max(3, len(letters) / 2)
        or any(not (sign.isascii() or sign in _WESTERN_LETTERS) for sign in letters)
        or _EASTERN_IN_WESTERN.search(word) is not None
    )


def _is_cyrillic(word: str) -> bool:
    letters = _WESTERN_SIGNS_AT_ENDS.sub("", word)
    return len(letters) > 1 and _CYRILLIC.fullmatch(letters) is not None


def _is_utf8(data: bytes) -> bool:
    return _decodes(data, "utf-8")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _has_controls(sample: bytes, page: str) -> bool:
    """Whether it holds control characters, which bytes that are no text soon do."""
    return any(sign < " " and sign not in "\t\n\r\f\v\x1a" for sign in sample.decode(page))
