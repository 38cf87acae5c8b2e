"""Texts from outside made safe to store: no NUL characters, which PostgreSQL refuses, no half characters."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


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
