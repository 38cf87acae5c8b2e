"""Texts from outside: made safe to store, made tidy, and what is wrong with those that should not be kept."""

import unicodedata
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from model.errors import DataError


def storable(text: str) -> str:
    """The text without NUL characters; a lone surrogate, which no encoding can write, becomes `?`."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


SafeText = Annotated[str, AfterValidator(storable)]
"""Any text; say how long it may be beside it."""

ShortText = Annotated[SafeText, Field(max_length=200)]
"""A name or title."""

LongText = Annotated[SafeText, Field(max_length=100_000)]
"""A comment or body; messages have their own limit."""

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]+$", min_length=1, max_length=64)]
"""Made by the client, so that sending twice is sending once."""


_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Characters that turn the direction of all that follows."""


def without_directions(text: str) -> str:
    """The text without characters that would turn around what stands beside it: for names."""
    return text.translate(_DIRECTIONS)


def addressable(slug: str) -> str:
    """The slug as part of an address: without invisible characters, and without `.` and `..` as parts."""
    visible = "".join(char for char in slug if unicodedata.category(char) not in ("Cc", "Cf"))
    return "/".join(part for part in visible.split("/") if part.strip() not in ("", ".", ".."))


def tidied(text: str) -> str:
    """The text without what PostgreSQL refuses (NUL, lone surrogates), with line ends as LF, trimmed."""
    lines = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return lines.encode("utf-8", "replace").decode("utf-8").strip()


def one_line(text: str) -> str:
    """The tidied text with every run of white space as one space."""
    return " ".join(tidied(text).split())


def required(name: str, text: str, *, max_chars: int) -> str:
    """The tidied text; raises `DataError` when nothing is left of it or it is too long."""
    tidy = tidied(text)
    if not tidy:
        raise DataError(f"{name} is empty; write at least one word")
    return limited(name, tidy, max_chars=max_chars)


def limited(name: str, text: str, *, max_chars: int) -> str:
    """The tidied text, which may be empty; raises `DataError` when it is too long."""
    tidy = tidied(text)
    if len(tidy) > max_chars:
        raise DataError(f"{name} has {len(tidy):,} characters, at most {max_chars:,} are allowed; shorten it")
    return tidy


def checked_length(name: str, text: str, *, max_chars: int) -> str:
    """The text trimmed; raises `DataError` when nothing is left of it or it is too long."""
    trimmed = text.strip()
    if not 0 < len(trimmed) <= max_chars:
        raise DataError(f"{name} has {len(trimmed):,} characters; use 1 to {max_chars:,}")
    return trimmed


def folded(text: str) -> str:
    """What two texts have in common when they differ only in case and spacing."""
    return " ".join(text.casefold().split())


def distinct(texts: Iterable[str], *, besides: Iterable[str] = ()) -> list[str]:
    """The texts in order, without empty ones, repeats, or any found in `besides`; case and space ignored."""
    seen = {"", *(folded(text) for text in besides)}
    different: list[str] = []
    for text in texts:
        key = folded(text)
        if key not in seen:
            seen.add(key)
            different.append(tidied(text))
    return different
