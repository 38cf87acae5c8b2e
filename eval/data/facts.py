"""What a text must hold to answer a question, and whether it does; judges words, not the article."""

import html
import re
from collections.abc import Sequence

from model.errors import DataError

Facts = tuple[tuple[str, ...], ...]
"""Groups of alternatives: a text answers that holds one alternative of every group, after `plain`."""

_QUOTES_AND_DASHES = str.maketrans(
    {
        "\u00a0": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
    }
)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)\s]*\)")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_TAG = re.compile(r"<[^<>\n]+>")
_EMPHASIS = re.compile(r"[*`#|]+")
_LIST_MARK = re.compile(r"^[ \t]*(?:[-+]|\d+\.)[ \t]+", re.MULTILINE)
_SPACE_BEFORE_STOP = re.compile(r" ([.,;:!?%)])")


def plain(text: str) -> str:
    """The text without Markdown and tags, case folded, quotes and dashes made plain, spaces collapsed."""
    text = html.unescape(text).translate(_QUOTES_AND_DASHES)
    text = _LINK.sub(r"\1", _IMAGE.sub(" ", text))
    text = _EMPHASIS.sub(" ", _TAG.sub(" ", text))
    text = " ".join(_LIST_MARK.sub(" ", text).split()).casefold()
    return _SPACE_BEFORE_STOP.sub(r"\1", text).strip()


def groups_met(text: str, facts: Facts) -> int:
    """How many of the groups the text holds an alternative of."""
    shown = plain(text)
    return sum(any(alternative in shown for alternative in group) for group in facts)


def holds(text: str, facts: Facts) -> bool:
    """Whether the text holds an alternative of every group; true without any."""
    return groups_met(text, facts) == len(facts)


def facts_of(value: object, where: str) -> Facts:
    """The groups as JSON has them, `[[alternative, …], …]`, made plain. Raises `DataError`."""
    if not isinstance(value, list) or not all(_is_group(group) for group in value):
        raise DataError(f"{where}: facts is {value!r}, expected a list of lists of texts, none of them empty")
    return tuple(tuple(plain(alternative) for alternative in group) for group in value)


def _is_group(group: object) -> bool:
    return (
        isinstance(group, Sequence)
        and not isinstance(group, str)
        and len(group) > 0
        and all(isinstance(alternative, str) and alternative.strip() for alternative in group)
    )
