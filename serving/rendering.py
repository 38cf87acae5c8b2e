"""How pages are made: their templates, and Markdown to HTML that is safe to show, no tag but the listed."""

import re
from functools import cache
from pathlib import Path

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from knowledge.documents import HOLE

ALLOWED_TAGS = frozenset(
    {"a", "blockquote", "br", "code", "del", "em", "hr", "img", "li", "ol", "p", "pre", "s", "strong", "ul"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"}
)
_ALLOWED_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
_ALLOWED_SCHEMES = {"http", "https", "mailto", "tel"}
_EMPTY_HEADING = re.compile(r"<h([1-6])></h\1>\n?")
_ARTICLE_LINK = re.compile(r"\A(?![a-z][a-z0-9+.-]*:|/)(?:[^?#]*/)?([^/?#]+)\.mdx?(#.*)?", re.IGNORECASE)


def render_markdown(text: str, *, line_breaks: bool = False) -> str:
    """Safe HTML of CommonMark text with tables; `line_breaks` keeps single line ends, as chat messages want.

    Raw HTML comes out as visible text. Links may be `http`, `https`, `mailto`, `tel` or relative, and carry
    `rel="noopener noreferrer"`; one to another article's file (`../deliveries/skip-a-box.md`) leads to
    `/help/skip-a-box`. Pictures come from this server only. What the text's source keeps elsewhere is shown
    as […]. Empty text gives the empty string.
    """
    html: str = _parser(line_breaks).render(text.replace(HOLE, "[…]"))
    html = _EMPTY_HEADING.sub("", html)
    return clean_html(html).strip()


def strict_templates(folder: Path) -> Environment:
    """The templates of a folder, with autoescape on and an error on any missing value."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def clean_html(html: str) -> str:
    """The HTML with every tag, attribute and address that is not on the list taken out."""
    return nh3.clean(
        html,
        tags=set(ALLOWED_TAGS),
        attributes=_ALLOWED_ATTRIBUTES,
        attribute_filter=_own_address,
        url_schemes=_ALLOWED_SCHEMES,
        link_rel="noopener noreferrer",
    )


def _own_address(tag: str, attribute: str, value: str) -> str | None:
    """Links to other articles' files lead to their pages; a picture from elsewhere has no address."""
    if (tag, attribute) == ("img", "src"):
        return value if value.startswith("/") and not value.startswith("//") else None
    if (tag, attribute) != ("a", "href"):
        return value
    link = _ARTICLE_LINK.fullmatch(value)
    return f"/help/{link[1]}{link[2] or ''}" if link else value


@cache
def _parser(line_breaks: bool) -> MarkdownIt:
    options = {"html": False, "linkify": False, "breaks": line_breaks}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
