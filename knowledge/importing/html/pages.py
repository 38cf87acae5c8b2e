"""HTML to Markdown: whole pages to articles by their main part, and fragments as they are."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from urllib.parse import urljoin

from knowledge.documents import ArticleDocument, HeldBack, HeldBackReason, Item
from knowledge.importing.decoding import NotTextError, decode
from knowledge.importing.files import EmptyFileError, RefusedError, SourceFile
from knowledge.importing.html.cleaning import main_part, parse_html, remove_unread, text_of, title_heading
from knowledge.importing.html.inline import Element
from knowledge.importing.html.markdown import element_to_markdown
from knowledge.importing.languages import language_tag
from knowledge.text import title_from

_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|code|dd|del|details|div|dl|dt|em|figure|font|h[1-6]|hr|html|i|iframe|img|ins|"
    r"kbd|li|ol|p|pre|s|section|small|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul|video)"
    r"(?:\s[^<>]{0,2000}+)?/?>",
    re.IGNORECASE,
)
_DECLARED = re.compile(
    rb"<(?:meta\b[^>]{0,500}?\bcharset|\?xml\b[^>]{0,500}?\bencoding)\s{0,9}=\s{0,9}[\"']?([\w:.-]{1,40})",
    re.IGNORECASE,
)
_DECLARATION_BYTES = 4096
_PAGE_SUFFIXES = ("", ".html", ".htm", ".php", ".asp", ".aspx", ".jsp")
_HAS_SCHEME = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]{0,20}:")
_SITE_SEPARATOR = re.compile(r" (?:\||-|–|—|·|•|::?|»|«) ")
_REDIRECT_CHARS = 200
"""A page that only leads elsewhere has at most so much text."""


def html_page(file: SourceFile) -> Iterator[Item]:
    """The article of an HTML page; a page that only leads to another is held back. Raises `RefusedError`."""
    text = page_text(file.read_bytes())
    if not text.strip():
        raise EmptyFileError
    if _leads_elsewhere(text):
        yield HeldBack(file.name, HeldBackReason.INTERNAL)
    else:
        yield html_article(text, slug=file.stem, path=file.name)


def html_article(text: str, *, slug: str, path: str) -> ArticleDocument:
    """The article of an HTML document: its main part as Markdown; raises `RefusedError`.

    Its title is the top heading, else what the page calls itself, without the name of the site.
    """
    try:
        root = parse_html(text)
        named = _named_title(root)
        url = _address(root)
        language = _language(root)
        _make_targets_whole(root, url)
        remove_unread(root)
        heading = title_heading(root, named)
        title = text_of(heading).rstrip("#¶ ") if heading is not None else named
        body = element_to_markdown(main_part(root, heading))
    except RecursionError as error:
        raise RefusedError("the page is nested too deeply to be read; simplify it") from error
    if not body:
        raise RefusedError("the page holds no text")
    return ArticleDocument(
        slug=slug, title=title or title_from(slug), body=body, url=url, language=language, path=path
    )


def html_to_markdown(html: str) -> str:
    """The Markdown of a fragment, a helpdesk's article for example; raises `RefusedError` as pages do."""
    try:
        root = parse_html(html)
        remove_unread(root)
        return element_to_markdown(root)
    except RecursionError as error:
        raise RefusedError("the text is nested too deeply to be read; simplify it") from error


def looks_like_html(text: str) -> bool:
    """Whether the text holds a real tag: `<p>`, `<br>`, `<a href=…>`, not `<3` or `<your name>`."""
    return _TAG.search(text) is not None


def page_text(data: bytes) -> str:
    """The text of a page, in the charset that it declares or looks like; raises `RefusedError`."""
    found = _DECLARED.search(data[:_DECLARATION_BYTES])
    try:
        return decode(data, declared=found[1].decode("ascii", "ignore") if found else "")
    except NotTextError as error:
        raise RefusedError(str(error)) from error


def _leads_elsewhere(text: str) -> bool:
    """Whether the page sends its readers on at once, and says nothing but that."""
    if "refresh" not in text.lower():
        return False
    root = parse_html(text)
    refreshes = [meta for meta in root.iter("meta") if meta.get("http-equiv", "").lower() == "refresh"]
    if not any("url" in meta.get("content", "").lower() for meta in refreshes):
        return False
    remove_unread(root)
    return len(text_of(root)) <= _REDIRECT_CHARS


def _named_title(root: Element) -> str:
    """What the page calls itself, without the name of the site behind it."""
    site = _meta(root, "og:site_name")
    shared = _meta(root, "og:title")
    title = root.find(".//head/title")
    name = shared or (text_of(title) if title is not None else "")
    separators = list(_SITE_SEPARATOR.finditer(name))
    if not separators:
        return name
    tail = name[separators[-1].end() :]
    if (
        shared and tail != site and separators[-1][0] != " | "
    ):  # what is made for sharing seldom names the site
        return name
    return name[: separators[-1].start()]


def _meta(root: Element, name: str) -> str:
    for meta in root.iter("meta"):
        if name in (meta.get("property"), meta.get("name")):
            return " ".join(meta.get("content", "").split())
    return ""


def _address(root: Element) -> str:
    """Where the page says that it stands, as a full web address; empty when it does not."""
    canonical = (
        link.get("href", "")
        for link in root.iter("link")
        if "canonical" in link.get("rel", "").lower().split()
    )
    for address in (*canonical, _meta(root, "og:url")):
        if address.strip().lower().startswith(("http://", "https://")):
            return str(address).strip()
    return ""


def _make_targets_whole(root: Element, url: str) -> None:
    """Makes full addresses of what the page leads to, as far as it says where it stands.

    Pictures and files may lie beside the page instead, unless it has a `<base>`.
    """
    base = next((element.get("href", "").strip() for element in root.iter("base")), "")
    is_based = base.lower().startswith(("http://", "https://"))
    if not (is_based or url):
        return
    for element, name in (
        *((link, "href") for link in root.iter("a")),
        *((image, name) for image in root.iter("img") for name in ("src", "data-src") if is_based),
    ):
        target = (element.get(name) or "").strip()
        suffix = PurePosixPath(target.split("?")[0].split("#")[0]).suffix.lower()
        if target[:1] in ("", "#") or _HAS_SCHEME.match(target) or not (is_based or suffix in _PAGE_SUFFIXES):
            continue
        with suppress(ValueError):  # a target that is no address stays as it is
            element.set(name, urljoin(base if is_based else url, target))


def _language(root: Element) -> str:
    return language_tag(root.get("lang") or root.get("xml:lang") or "")
