"""A short form of details that people want to know beforehand, and what is wrong with its answers; pure.

Patterns are read as they look: `#` is a digit, `@` a letter, anything else itself. Nobody can write one that
takes for ever to match.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from serving.company.entries import Entry, Title
from serving.text import one_line

Kind = Literal["text", "email", "number", "choice", "order"]
MAX_FIELDS = 8
MAX_CHARS = 500
_EMAIL = re.compile(r"\A[^\s@<>]{1,64}@[^\s@<>.]{1,63}(?:\.[^\s@<>.]{1,63})+\Z")
_NUMBER = re.compile(r"\A[+-]?\d{1,15}(?:[.,]\d{1,6})?\Z", re.ASCII)


class DetailField(Entry):
    """One thing to ask for."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """What it is called in data, such as `order_number`."""
    label: Title
    """What the customer reads."""
    kind: Kind = "text"
    required: bool = False
    """Whether the form cannot be sent without it; the form as a whole can always be skipped."""
    choices: Annotated[tuple[Title, ...], Field(max_length=20)] = ()
    """Of kind `choice`: what may be picked."""
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    """Of kind `order`: what the number looks like, `#` for a digit and `@` for a letter."""

    @model_validator(mode="after")
    def _kind_has_what_it_needs(self) -> Self:
        if (self.kind == "choice") != bool(self.choices) or len(set(self.choices)) != len(self.choices):
            raise ValueError(
                f"detail {self.name!r}: kind choice, and no other, has choices, each of them once"
            )
        if (self.kind == "order") != (self.pattern is not None):
            raise ValueError(f"detail {self.name!r}: kind order, and no other, has a pattern such as AB-####")
        return self


def _checked_fields(fields: tuple[DetailField, ...]) -> tuple[DetailField, ...]:
    names = [field.name for field in fields]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise ValueError(f"detail {doubled!r} stands there twice; leave one of them out")
    return fields


Details = Annotated[tuple[DetailField, ...], Field(max_length=MAX_FIELDS), AfterValidator(_checked_fields)]


def parsed_fields(stored: Iterable[Mapping[str, Any]]) -> tuple[DetailField, ...]:
    """The fields of a row."""
    return tuple(DetailField.model_validate(one) for one in stored)


def checked_values(
    fields: Sequence[DetailField], given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The values as they are kept, and by field what is wrong with the others; empty ones are left out."""
    values: dict[str, str] = {}
    unknown = given.keys() - {field.name for field in fields}
    wrong = dict.fromkeys(sorted(unknown), "nobody asked for this; leave it out")
    for field in fields:
        value = one_line(given.get(field.name, ""))
        problem = _problem(field, value)
        if problem:
            wrong[field.name] = problem
        elif value:
            values[field.name] = _as_kept(field, value)
    return values, wrong


def _problem(field: DetailField, value: str) -> str:
    """What is wrong with the value, in words for the customer; empty when nothing is."""
    if not value:
        return f"{field.label} is needed; write it, or skip the form" if field.required else ""
    if len(value) > MAX_CHARS:
        return f"{field.label} has {len(value)} characters, at most {MAX_CHARS} are taken; shorten it"
    if field.kind == "email" and not _EMAIL.match(value):
        return f"{value!r} is no e-mail address; write one such as name@example.com"
    if field.kind == "number" and not _NUMBER.match(value):
        return f"{value!r} is no number; write one such as 12 or 3.5"
    if field.kind == "choice" and value not in field.choices:
        return f"{value!r} is none of the choices; pick one of: {', '.join(field.choices)}"
    if field.pattern is not None and not matches(field.pattern, value):
        return f"{value!r} does not look like {field.pattern} (# is a digit, @ a letter); check it"
    return ""


def matches(pattern: str, value: str) -> bool:
    """Whether the value looks like the pattern; capitals do not count."""
    value = value.removeprefix("#") if not pattern.startswith("#") or len(value) > len(pattern) else value
    return len(value) == len(pattern) and all(map(_fits, pattern, value))


def _fits(sign: str, character: str) -> bool:
    if sign == "#":
        return character in "0123456789"
    return character.isalpha() if sign == "@" else character.casefold() == sign.casefold()


def _as_kept(field: DetailField, value: str) -> str:
    if field.pattern is None:
        return value
    kept = value.removeprefix("#") if len(value) > len(field.pattern) else value
    return kept.upper() if field.pattern.upper() == field.pattern else kept
