"""Front matter of a page: its fields, and whether the page is for customers yet."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import yaml

from knowledge.documents import HeldBackReason
from knowledge.importing.files import RefusedError

_BEGINNING = re.compile(r"\A(---|\+\+\+)[ \t]*(?:\r\n?|\n)")
_KEY_LINE = re.compile(r"\A\s*+[\w-]+[ \t]*[:=](?:\s|\Z)")
_UNPUBLISHED = ("unpublished", "private", "hidden", "notpublished")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a page says of itself; names in lower case, without `-` and `_`."""

    values: Mapping[str, Any]
    """Whatever the YAML, TOML or JSON holds."""

    def text(self, *names: str) -> str:
        """The first of these fields that holds a text, on one line; of a list its first text."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, list):
                value = next((entry for entry in value if isinstance(entry, (str, int))), None)
            if isinstance(value, (str, int, float, date)) and not isinstance(value, bool):
                text = " ".join(str(value).split())
                if text:
                    return text
        return ""

    def moment(self, *names: str) -> datetime | None:
        """The first of these fields that is a time; a day without a time begins at midnight UTC."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str):
                value = _parsed_moment(value)
            if isinstance(value, datetime):
                return value if value.tzinfo else value.replace(tzinfo=UTC)
            if isinstance(value, date):
                return datetime.combine(value, time(), UTC)
        return None

    @property
    def valid_until(self) -> datetime | None:
        """When the page stops being true."""
        return self.moment("validuntil", "expirydate", "expires", "expirationdate", "unpublishdate")

    def reason_to_hold_back(self, moment: datetime) -> HeldBackReason | None:
        """Why customers may not read the page at `moment`; `None` when they may."""
        values = self.values
        status = str(values.get("status") or "").casefold()
        if _is(values.get("draft"), True) or status == "draft":
            return HeldBackReason.DRAFT
        if any(_is(values.get(name), False) for name in ("published", "publish", "visible")):
            return HeldBackReason.UNPUBLISHED
        if status in _UNPUBLISHED or any(_is(values.get(name), True) for name in ("unpublished", "private")):
            return HeldBackReason.UNPUBLISHED
        if _is(values.get("internal"), True) or _is(values.get("headless"), True):
            return HeldBackReason.INTERNAL
        begins, ends = self.moment("publishdate", "pubdate", "availablefrom"), self.valid_until
        if begins is not None and begins > moment:
            return HeldBackReason.NOT_YET
        return HeldBackReason.EXPIRED if ends is not None and ends <= moment else None


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """The front matter in YAML (`---`), TOML (`+++`) or JSON (`{`), and the text after it.

    A page that begins with a horizontal rule has none. Raises `RefusedError` when it cannot be understood.
    """
    beginning = _BEGINNING.match(text)
    if beginning is None:
        return _json_front_matter(text)
    fence, rest = beginning[1], text[beginning.end() :]
    closing = re.search(rf"^{re.escape(fence)}[ \t]*$", rest, re.MULTILINE)
    if closing is None:
        if _KEY_LINE.match(rest):
            raise RefusedError(f"the front matter is not closed; end it with a line {fence}")
        return FrontMatter({}), text
    source, body = rest[: closing.start()], rest[closing.end() :]
    if fence == "---" and source.strip() and not _KEY_LINE.search(_without_comments(source)):
        return FrontMatter({}), text  # text between two rules
    values = _toml(source) if fence == "+++" else _yaml(source)
    return FrontMatter({_folded(name): value for name, value in values.items()}), body


def _json_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Hugo's third form: an object at the very beginning."""
    if not text.startswith("{"):
        return FrontMatter({}), text
    try:
        values, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return FrontMatter({}), text
    return FrontMatter({_folded(name): value for name, value in values.items()}), text[end:]


def _yaml(source: str) -> dict[str, Any]:  # Any: whatever the YAML holds
    try:
        values = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RefusedError(f"the front matter is no YAML: {' '.join(str(error).split())[:300]}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        kind = type(values).__name__
        raise RefusedError(f"the front matter is a {kind}, not a mapping; write it as `title: …`")
    return values


def _toml(source: str) -> dict[str, Any]:  # Any: whatever the TOML holds
    try:
        return tomllib.loads(source.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RefusedError(f"the front matter is no TOML: {error}") from error


def _without_comments(source: str) -> str:
    lines = (line for line in source.splitlines() if not line.lstrip().startswith("#"))
    return "\n".join(lines)


def _folded(name: object) -> str:
    return str(name).casefold().replace("-", "").replace("_", "")


def _is(value: object, wanted: bool) -> bool:
    """Whether the value says `wanted` as YAML and people write it."""
    words = ("true", "yes", "1") if wanted else ("false", "no", "0")
    return value is wanted or (isinstance(value, str) and value.strip().casefold() in words)


def _parsed_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None
