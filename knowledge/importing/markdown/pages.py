"""Markdown pages to articles; refuses a page whose front matter cannot be understood."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from knowledge.documents import HOLE, ArticleDocument, HeldBack, Item
from knowledge.importing.files import SourceFile
from knowledge.importing.markdown.blocks import (
    with_table_headers,
    without_fenced_blocks,
    without_indented_blocks,
)
from knowledge.importing.markdown.components import (
    is_mdx,
    without_comments,
    without_components,
    without_expressions,
    without_module_code,
)
from knowledge.importing.markdown.front_matter import FrontMatter, split_front_matter
from knowledge.importing.markdown.rewriting import BLANK_LINES, Rewriting, with_headings
from knowledge.importing.markdown.site import Site
from knowledge.importing.markdown.templates import without_templates
from knowledge.markdown import inline_text, parse
from knowledge.text import title_from

_INCLUDE = re.compile(
    r"^[ \t]*+(?:<!--\s*+@include:\s*+(?P<vitepress>[^\s>]{1,500}?)\s*+-->"
    r"|--8<--[ \t]++[\"'](?P<mkdocs>[^\"'\n]++)[\"'])[ \t]*+$",
    re.MULTILINE,
)
_ATTRIBUTES = re.compile(r"(?<![ \t])[ \t]*+\{:?[ \t]*+[#.:][^{}\n]{0,300}+\}|\{:[^{}\n]{0,300}+\}")
_OUR_MARKS = re.compile(f"[\ue002\ue003{HOLE}]")
_CONTENTS = re.compile(r"^[ \t]*+(?:\[TOC\]|\[\[_?TOC_?\]\]|\$toc\$)[ \t]*+$", re.MULTILINE | re.IGNORECASE)
_SITE_ICON = re.compile(r":(?:material|octicons|fontawesome|simple)-[\w-]++:[ \t]?")
_LINK_TO_HOLE = re.compile(rf"(!?)\[([^\[\]]{{0,1000}}+)\]\([^()\n]{{0,1000}}?{HOLE}[^()\n]{{0,1000}}+\)")
_HEADING_LINE = re.compile(r"^( {0,3}#{1,6}[ \t].*+)$", re.MULTILINE)


def markdown_page(file: SourceFile) -> Iterator[Item]:
    """The article of a Markdown page of any site generator, with or without front matter.

    Without a title in the front matter, the first top heading is the title, else the words of the slug. A
    page that is not for customers yet, or any more, is held back. Raises `RefusedError`.
    """
    front_matter, body = split_front_matter(file.read_text())
    reason = front_matter.reason_to_hold_back(datetime.now(UTC))
    if reason is not None:
        yield HeldBack(file.name, reason)
        return
    page = rewriting_of(file, front_matter)
    body = rewritten_body(page, body)
    slug = front_matter.text("slug").strip("/") or file.stem
    title = without_templates(page, front_matter.text("title")).replace(HOLE, "").strip()
    yield ArticleDocument(
        slug=slug,
        title=title
        or _top_heading(body)
        or front_matter.text("linktitle", "sidebarlabel")
        or title_from(slug),
        body=body,
        category=front_matter.text("category", "categories", "section", "collection"),
        url=_address(front_matter),
        superseded_by=front_matter.text("supersededby").strip("/") or None,
        language=front_matter.text("language", "lang", "locale"),
        translation_key=front_matter.text("translationkey"),
        valid_until=front_matter.valid_until,
        path=file.name,
        holes=tuple(dict.fromkeys(page.holes)),
    )


def rewriting_of(file: SourceFile, front_matter: FrontMatter) -> Rewriting:
    """The page of this file before any of it is rewritten."""
    own = dict(front_matter.values)
    variables = {"page": own, "frontmatter": own, "Params": own, "Title": own.get("title")}
    return Rewriting(Site(file), rewrite=_rewritten, variables=variables, mdx=file.suffix == ".mdx")


def rewritten_body(page: Rewriting, text: str) -> str:
    """The body of a page as plain Markdown."""
    text = page.code.shown(_rewritten(page, text))
    text = with_headings(text)
    return BLANK_LINES.sub("\n\n", text).strip()


def _rewritten(page: Rewriting, text: str) -> str:
    """The text with everything of its generator replaced; its code is still hidden."""
    text = page.code.hidden(_OUR_MARKS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    page.mdx = page.mdx or is_mdx(text)
    text = without_module_code(page, text)
    text = _INCLUDE.sub(lambda match: _included(page, match), text)
    text = without_comments(text)
    text = without_indented_blocks(text)
    if not page.mdx:
        text = page.code.without_indented(text)
    text = without_fenced_blocks(text)
    text = _CONTENTS.sub("", _SITE_ICON.sub("", text))
    text = without_templates(page, text)
    text = without_components(page, text)
    text = with_table_headers(_ATTRIBUTES.sub("", text))
    if page.mdx:
        text = without_expressions(page, text)
    text = _LINK_TO_HOLE.sub(lambda match: "" if match[1] else match[2], text)
    return _HEADING_LINE.sub(lambda match: match[1].replace(HOLE, "").rstrip(), text)


def _included(page: Rewriting, match: re.Match[str]) -> str:
    text = page.included(match["vitepress"] or match["mkdocs"], {})
    return page.hole(match[0]) if text is None else text


def _address(front_matter: FrontMatter) -> str:
    """Where customers read the page; the path of a page on its site says nothing elsewhere."""
    own, elsewhere = front_matter.text("url"), front_matter.text("canonicalurl", "permalink")
    return own or (elsewhere if elsewhere.startswith(("http://", "https://")) else "")


def _top_heading(body: str) -> str:
    tokens, _ = parse(body)
    for token, following in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h1":
            return inline_text(following)
    return ""
