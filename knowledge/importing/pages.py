"""Markdown and HTML pages to articles; refuses a page whose front matter cannot be understood."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from frontmatter.default_handlers import YAMLHandler
from markdownify import MarkdownConverter
from yaml import YAMLError

from knowledge.documents import ArticleDocument
from knowledge.importing.files import RefusedError
from knowledge.markdown import inline_text, parse
from knowledge.text import capitalised

_FRONT_MATTER = re.compile(r"\A---[ \t]*(?:\r\n?|\n)")
_KEY_LINE = re.compile(r"\A---[ \t]*(?:\r\n?|\n)\s*[\w-]+[ \t]*:(?:\s|\Z)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SITE_MARKUP = re.compile(r"\{:[^{}\n]*\}|\{%[^%\n]*%\}")
_NOT_CONTENT = ("nav", "script", "style", "footer", "noscript", "template", "iframe", "svg")


def markdown_article(text: str, slug: str) -> ArticleDocument:
    """The article of a Markdown page with or without YAML front matter; raises `RefusedError`.

    Without a title in the front matter, the first top heading is the title, else the words of the slug.
    """
    front_matter, body = _split(text)
    body = without_site_markup(body).strip()
    return ArticleDocument(
        slug=_field(front_matter, "slug") or slug,
        title=_field(front_matter, "title") or _top_heading(body) or _words(slug),
        body=body,
        category=_field(front_matter, "category"),
        url=_field(front_matter, "url"),
        superseded_by=_field(front_matter, "superseded_by") or None,
    )


def html_article(text: str, slug: str) -> ArticleDocument:
    """The article of an HTML page: its main part as Markdown; raises `RefusedError`."""
    try:
        # The line break keeps Beautiful Soup from taking a page of a few words for a file name.
        soup = BeautifulSoup(_without_declaration(text) + "\n", "html.parser")
        title = _html_title(soup)
        canonical = soup.select_one("link[rel=canonical]")
        for unwanted in soup.find_all(_NOT_CONTENT):
            unwanted.decompose()
        content = soup.find("main") or soup.find("article") or soup.find("body") or soup
        converter = MarkdownConverter(heading_style="ATX", bullets="-", strip=["title"])
        body = str(converter.convert_soup(content)).strip()
    except RecursionError as error:
        raise RefusedError("the page is nested too deeply to be read; simplify it") from error
    if not body:
        raise RefusedError("the page holds no text")
    url = str(canonical.get("href") or "") if canonical else ""
    return ArticleDocument(slug=slug, title=title or _words(slug), body=body, url=url)


def without_site_markup(body: str) -> str:
    """The page without the tags and attributes of static site generators, outside fenced code."""
    lines = body.split("\n")
    open_fence = ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if open_fence:
            closes = fence and fence[1].startswith(open_fence) and not line[fence.end() :].strip()
            open_fence = "" if closes else open_fence
        elif fence:
            open_fence = fence[1]
        else:
            lines[number] = _SITE_MARKUP.sub("", line)
    return "\n".join(lines)


def slug_of(path: Path, folder: Path, *, flat: bool) -> str:
    """The path below the folder without its suffix, or the file's stem alone when `flat`."""
    return path.stem if flat else path.relative_to(folder).with_suffix("").as_posix()


def _split(text: str) -> tuple[dict[str, Any], str]:  # Any: whatever the YAML holds
    if not _FRONT_MATTER.match(text):
        return {}, text
    handler = YAMLHandler()
    try:
        source, body = handler.split(text)
    except ValueError as error:
        if _KEY_LINE.match(text):
            raise RefusedError("the front matter is not closed; end it with a line ---") from error
        return {}, text
    try:
        front_matter = handler.load(source)
    except (YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise RefusedError(f"the front matter is no YAML: {reason[:300]}") from error
    if front_matter is None:
        return {}, body
    if not isinstance(front_matter, dict):
        kind = type(front_matter).__name__
        raise RefusedError(f"the front matter is a {kind}, not a mapping; write it as `title: …`")
    return front_matter, body


def _field(front_matter: dict[str, Any], name: str) -> str:  # Any: whatever the YAML holds
    value = front_matter.get(name)
    if value is None:
        return ""
    if isinstance(value, (dict, list, set, tuple, bytes)):
        raise RefusedError(f"{name} in the front matter is a {type(value).__name__}, not a text")
    return " ".join(str(value).split())


def _top_heading(body: str) -> str:
    tokens, _ = parse(body)
    for token, following in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h1":
            return inline_text(following)
    return ""


def _words(slug: str) -> str:
    words = " ".join(re.split(r"[-_\s]+", slug.rsplit("/", 1)[-1])).strip()
    return capitalised(words)


def _without_declaration(text: str) -> str:
    return re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)


def _html_title(soup: BeautifulSoup) -> str:
    """The top heading, which is removed, else the title of the page."""
    heading = soup.find("h1")
    if isinstance(heading, Tag) and heading.get_text(strip=True):
        text = " ".join(heading.get_text(" ").split())
        heading.decompose()
        return text
    title = soup.find("title")
    return " ".join(title.get_text(" ").split()) if isinstance(title, Tag) else ""
