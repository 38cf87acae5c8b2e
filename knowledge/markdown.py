"""The one Markdown parser of the folder, and plain text out of Markdown; renders no HTML."""

import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z][^<>]*>", re.DOTALL)


def parse(text: str) -> tuple[list[Token], dict[str, str]]:
    """Block tokens of the text, and its link definitions as label -> `[label]: target` lines."""
    env: dict[str, dict[str, dict[str, str]]] = {}
    tokens = _parser().parse(text, env)
    definitions = {
        label: f"[{label}]: <{found['href']}>" for label, found in env.get("references", {}).items()
    }
    return tokens, definitions


def plain_text(text: str) -> str:
    """The words of the Markdown: links become their text, markup goes, blocks end with a line break."""
    return "\n".join(line for line in _lines(_parser().parse(text)) if line)


def inline_text(token: Token) -> str:
    """The words of one inline token on one line."""
    return " ".join("".join(_inline_parts(token.children or ())).split())


def strip_tags(text: str) -> str:
    """The text without HTML tags and comments, entities resolved."""
    return html.unescape(_TAG.sub(" ", text))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _lines(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield inline_text(token)
        elif token.type in ("fence", "code_block"):
            yield token.content.strip()
        elif token.type == "html_block":
            yield " ".join(strip_tags(token.content).split())


def _inline_parts(children: Iterable[Token]) -> Iterator[str]:
    for child in children:
        if child.type == "image" or child.type in ("text", "code_inline"):
            yield child.content
        elif child.type in ("softbreak", "hardbreak"):
            yield " "
