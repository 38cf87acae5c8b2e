"""Finds the part of a page that is its article, without what is the site's: menus, votes, related links."""

import re
from collections.abc import Iterator
from itertools import chain, dropwhile

from lxml import etree
from lxml import html as lxml_html

from knowledge.importing.files import RefusedError
from knowledge.importing.html.inline import Element
from knowledge.importing.html.markdown import BLOCKS, HEADINGS
from knowledge.importing.html.site_lines import (
    MAX_LINE_CHARS,
    is_heading_of_links,
    is_pager,
    is_site_line,
    is_site_link,
)

MAX_ELEMENTS = 100_000
"""Of a page, so that none takes its reader longer than seconds; a long one has 5,000."""

_NEVER_READ = (
    "applet", "audio", "canvas", "datalist", "dialog", "embed", "frame", "frameset", "head", "iframe",
    "input", "map", "math", "menu", "meter", "nav", "noscript", "object", "progress", "script",
    "select", "style", "svg", "template", "textarea", "video",
)  # fmt: skip
_SITE_ROLES = frozenset((
    "alertdialog", "banner", "complementary", "contentinfo", "dialog", "menu", "menubar", "navigation",
    "search", "toolbar",
))  # fmt: skip
_SITE_WORDS = frozenset((
    "author", "authors", "avatar", "breadcrumb", "breadcrumbs", "byline", "comments", "cookie",
    "cookies", "feedback", "footer", "masthead", "meta", "nav", "navbar", "navigation", "newsletter",
    "pager", "pagination", "promo", "rate", "rating", "ratings", "reaction", "reactions", "related",
    "relatives", "search", "share", "sharing", "sidebar", "sidenav", "social", "subscribe", "survey",
    "tags", "toc", "topbar", "updated", "vote", "votes",
))  # fmt: skip
"""Of the words in the class of an element: those that say that it is not the article's."""
_SITE_NAMES = (
    "announcementbar", "articlecomments", "backtotop", "copybutton", "copyright", "doclastupdated",
    "editthispage", "hashlink", "headeranchor", "headerlink", "headinganchor", "jprelatedposts",
    "languageselector", "languageswitcher", "lastupdated", "recentarticles", "recentlyviewed",
    "returntotop", "skiplink", "skipto", "stillneedhelp", "tableofcontents", "wasthishelpful",
)  # fmt: skip
"""What the class of such an element may begin with, without its separators."""
_NEVER_SITE = frozenset(("html", "body", "main", "article", "code", "pre", "td", "th", "tr", "li", *HEADINGS))
_FOR_SCREEN_READERS = frozenset(("sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text"))
_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")

_ARTICLE_CLASSES = (
    "article-body", "article_body", "article__body", "articleBody", "theme-doc-markdown",
    "csh-article-content-text", "article-content", "article__content", "entry-content", "post-content",
    "markdown-body", "solution-article",
)  # fmt: skip
"""By what helpdesks and site builders call the text of an article alone, the surest first."""
_MENU_SHARE = 0.5
"""So much of the words of a menu is in links; more than half of a page that is less so is its article."""
_PAGE_SHARE = 0.25
"""Of the page's text: what an <article> must hold to be the article, and not one card of many."""

_BETWEEN_LINKS = re.compile(r"[\W\d]*")
_MAX_LAYOUT_CELLS = 4
_CONTENT_CELLS = ("td", "th", "dd", "pre", "code", "figure", "summary")


_PARTS_OF_HEAD = frozenset(("title", "meta", "link", "base", "script", "style", "noscript", "template"))


def parse_html(text: str) -> Element:
    """The root of the page or fragment, without comments; raises `RefusedError` for one too deep or big."""
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = text.replace("\0", "").encode("utf-8", "replace")
    try:
        root = lxml_html.document_fromstring(data, parser=parser)
    except etree.ParserError:  # nothing but space and comments
        return lxml_html.document_fromstring(b"<body></body>")
    if any("depth" in entry.message for entry in parser.error_log):
        raise RefusedError("the page is nested too deeply to be read; simplify it")
    count = sum(1 for _ in root.iter())
    if count > MAX_ELEMENTS:
        raise RefusedError(f"the page has {count:,} elements, at most {MAX_ELEMENTS:,} are read; split it")
    _end_head_where_browsers_do(root)
    return root


def _end_head_where_browsers_do(root: Element) -> None:
    """Moves what is no part of a head into the body: of a page without tags for both, libxml2 ends the head
    only at an element that it knows from HTML 4, and <main> is none.
    """
    head = root.find("head")
    strays = [] if head is None else list(dropwhile(lambda part: part.tag in _PARTS_OF_HEAD, head))
    if not strays:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    body[:0] = strays


def remove_unread(root: Element) -> None:
    """Takes out what no reader of the page sees as text: scripts, forms, frames, what is hidden."""
    opened = _opened_by_readers(root)
    _label_tabs(root)
    _keep_buttons_that_unfold(root)
    for element in list(root.iter(*_NEVER_READ, "button")):
        _drop(element)
    for form in list(root.iter("form")):
        if next(form.iter("h1", "main", "article"), None) is None:
            _drop(form)
    for element in list(root.iter()):
        is_for_printing = element.tag == "a" and element.get("href", "").lower().startswith(
            "javascript:print"
        )
        if is_for_printing or (element.get("id") not in opened and _is_hidden(element)):
            _drop(element)
        elif "csh-markdown-emphasis" in element.get("class", ""):
            element.tag = "div"


def title_heading(root: Element, named: str) -> Element | None:
    """The heading that is the page's title: the first that says what the page calls itself, else the top."""
    headings = [heading for heading in root.iter("h1", "h2", "h3") if text_of(heading)]
    same = (heading for heading in headings if text_of(heading).casefold() == named.casefold())
    top = [heading for heading in headings if heading.tag == "h1"]
    of_article = (heading for heading in top if _is_within(heading, "main", "article"))
    of_page = (heading for heading in top if not _is_within(heading, "header", "footer"))
    return next(chain(same, of_article, of_page), None)


def main_part(root: Element, title: Element | None) -> Element:
    """The element that holds the page's article, its title and what belongs to the site taken out of it."""
    _remove_site_elements(root, title)
    body = root.find("body") if root.find("body") is not None else root
    found = _article_place(body)
    if title is not None:
        if found in title.iterancestors():
            _remove_before(title, found)
        _drop(title)
    _remove_site_lines(found)
    _remove_cells_of_links(found)
    return found


def text_of(element: Element) -> str:
    """Its words on one line."""
    return " ".join("".join(element.itertext()).split())


def _is_within(element: Element, *tags: str) -> bool:
    return next(element.iterancestors(*tags), None) is not None


def _drop(element: Element) -> None:
    """Takes the element out, and leaves the text behind it."""
    if element.getparent() is not None:
        element.drop_tree()


def _label_tabs(root: Element) -> None:
    """Puts the label of each tab above its panel, as a bold line, and shows the panel."""
    panels = root.xpath("//*[@role='tabpanel']")
    if not panels:
        return
    tabs = root.xpath("//*[@role='tab']")
    by_panel = {tab.get("aria-controls"): tab for tab in tabs if tab.get("aria-controls")}
    by_id = {tab.get("id"): tab for tab in tabs if tab.get("id")}
    for panel, in_order in zip(
        panels, tabs if len(tabs) == len(panels) else [None] * len(panels), strict=True
    ):
        tab = by_panel.get(panel.get("id")) if panel.get("id") else None
        if tab is None:
            tab = by_id.get(panel.get("aria-labelledby") or "", in_order)
        label = text_of(tab) if tab is not None else panel.get("aria-label", "")
        panel.attrib.pop("hidden", None)
        panel.attrib.pop("style", None)
        panel.attrib.pop("aria-hidden", None)
        if label:
            line = lxml_html.Element("p")
            bold = etree.SubElement(line, "strong")
            bold.text = label
            line.tail, panel.text = panel.text, None
            panel.insert(0, line)
    for tab_list in root.xpath("//*[@role='tablist']"):
        _drop(tab_list)


def _keep_buttons_that_unfold(root: Element) -> None:
    """Makes text of the buttons that are the headings of folded sections."""
    for button in list(root.iter("button")):
        above = button.getparent()
        if above is not None and (above.tag in HEADINGS or above.tag == "summary"):
            button.drop_tag()
        elif above is not None and button.get("aria-expanded") and button.get("aria-controls"):
            button.tag = "h3"


def _opened_by_readers(root: Element) -> set[str]:
    """The ids of what is hidden until its reader clicks."""
    names = ("aria-controls", "data-target", "data-bs-target")
    return {element.get(name).lstrip("#") for name in names for element in root.xpath(f"//*[@{name}]")}


def _is_hidden(element: Element) -> bool:
    if element.get("hidden") is not None and element.get("hidden") != "until-found":
        return True
    if element.get("aria-hidden") == "true" and element.tag not in BLOCKS and element.tag != "img":
        return True
    if not _FOR_SCREEN_READERS.isdisjoint(element.get("class", "").lower().split()):
        return True
    style = element.get("style")
    return style is not None and _HIDDEN.search(style) is not None


def _remove_site_elements(root: Element, title: Element | None) -> None:
    """Takes out what the names of elements, classes and roles tell to be the site's."""
    needed = set(title.iterancestors()) if title is not None else set()
    for place in root.xpath("//main | //article | //*[@role='main']"):
        needed.update(place.iterancestors())
    most = len(text_of(root)) / 2
    for element in list(root.iter()):
        if element.tag in _NEVER_SITE or element in needed or not _is_named_as_site(element):
            continue
        if len(text_of(element)) <= most or _linked_share(element) > _MENU_SHARE:
            _drop(element)


def _is_named_as_site(element: Element) -> bool:
    if element.tag in ("header", "footer"):
        return element.tag == "footer" or not _is_within(element, "main", "article")
    if element.get("role") in _SITE_ROLES:
        return True
    if element.get("aria-label", "").lower() in ("breadcrumb", "breadcrumbs", "table of contents"):
        return True
    if element.tag in BLOCKS or element.tag in ("a", "button"):
        identifier = element.get("id", "")
        if identifier and not any(True for _ in element.iter(*HEADINGS)) and _says_site(identifier):
            return True
        return any(_says_site(name) for name in element.get("class", "").split())
    return False


def _says_site(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    return not _SITE_WORDS.isdisjoint(words) or "".join(words).startswith(_SITE_NAMES)


def _article_place(body: Element) -> Element:
    """Where the article stands: what its site's builder calls so, else <article>, <main>, the whole page."""
    by_class: dict[str, list[Element]] = {}
    for element in body.iter():
        for name in element.get("class", "").split():
            by_class.setdefault(name, []).append(element)
        if element.get("itemprop") == "articleBody" or element.get("id") == "fullArticle":
            by_class.setdefault(_ARTICLE_CLASSES[0], []).append(element)
    for name in _ARTICLE_CLASSES:
        named = by_class.get(name, [])
        if len(named) == 1 and _is_worth_reading(named[0]):
            return named[0]
    size = len(text_of(body))
    for place in (
        "//article",
        "//main | //*[@role='main']",
        "//*[@id='main-content' or @id='main' or @id='content']",
    ):
        found = body.xpath(place)
        if len(found) == 1 and _is_worth_reading(found[0]) and len(text_of(found[0])) >= size * _PAGE_SHARE:
            return found[0]
    return body


def _is_worth_reading(element: Element) -> bool:
    return bool(text_of(element)) or element.find(".//img") is not None


def _remove_before(title: Element, place: Element) -> None:
    """Takes out what stands before the title: paths, searches, dates."""
    before = list(title.itersiblings(preceding=True))
    for above in title.iterancestors():
        if above is place:
            break
        before.extend(above.itersiblings(preceding=True))
    if sum(len(text_of(element)) for element in before) * 2 > len(text_of(place)):
        return
    for element in before:
        _drop(element)


def _remove_site_lines(place: Element) -> None:
    """Takes out the lines of a site: when the page was updated, whether it helped, related articles."""
    for element in list(place.iter()):
        if element is place or element.getparent() is None or _in_content_cell(element):
            continue
        text = _short_text(element)
        if not text:
            continue
        if element.tag == "a":
            if is_site_link(text) or (is_pager(text) and _is_of_links(element.getparent())):
                _drop(element)
        elif is_heading_of_links(text):
            _drop_heading_of_links(element)
        elif _is_table_of_contents(element) or (is_site_line(text) and _may_be_site_line(element, text)):
            _drop(element)


def _remove_cells_of_links(place: Element) -> None:
    """Takes the menu out of a page whose parts stand in the cells of a table."""
    for row in list(place.iter("tr")):
        cells = [cell for cell in row if cell.tag == "td"]
        if not 1 < len(cells) <= _MAX_LAYOUT_CELLS:
            continue
        menus = [cell for cell in cells if len(list(cell.iter("a"))) > 2 and _is_of_links(cell)]
        texts = (cell for cell in cells if next(cell.iter("p", "ol", "ul", "table"), None) is not None)
        if menus and any(cell not in menus for cell in texts):
            for cell in menus:
                _drop(cell)


def _in_content_cell(element: Element) -> bool:
    return element.tag in _CONTENT_CELLS or _is_within(element, *_CONTENT_CELLS)


def _short_text(element: Element) -> str:
    """What the element says, or nothing when that is too long for a line of the site's."""
    parts: list[str] = []
    chars = 0
    for part in element.itertext():
        parts.append(part)
        chars += len(part.strip())
        if chars > MAX_LINE_CHARS and element.tag not in ("ul", "ol"):
            return ""
    return " ".join("".join(parts).split())


def _drop_heading_of_links(heading: Element) -> None:
    """Takes out the heading with the links below it; a heading above other text stays."""
    following = heading.getnext()
    while (
        following is None
        and heading.getparent() is not None
        and heading.getparent().tag in ("div", "p", "header")
    ):
        heading = heading.getparent()
        following = heading.getnext()
    if following is None:
        _drop(heading)
        return
    links = list(_runs_of_links(following))
    if links:
        for element in (heading, *links):
            _drop(element)


def _runs_of_links(element: Element | None) -> Iterator[Element]:
    while element is not None and _is_of_links(element):
        yield element
        element = element.getnext()


def _is_of_links(element: Element) -> bool:
    """Whether the words of the element are all in links."""
    linked = _linked_chars(element)
    return linked > 0 and len(_BETWEEN_LINKS.sub("", text_of(element))) <= linked


def _linked_share(element: Element) -> float:
    """Which share of the element's words are in links; 1 where it has none."""
    chars = len(text_of(element))
    return _linked_chars(element) / chars if chars else 1.0


def _linked_chars(element: Element) -> int:
    return sum(len(text_of(link)) for link in element.iter("a"))


def _may_be_site_line(element: Element, text: str) -> bool:
    """A heading is only when it asks."""
    return "?" in text or element.tag not in HEADINGS


def _is_table_of_contents(element: Element) -> bool:
    """Whether it is a list of links within the page."""
    if element.tag not in ("ul", "ol"):
        return False
    links = list(element.iter("a"))
    return (
        len(links) > 1
        and all(link.get("href", "").startswith("#") for link in links)
        and _is_of_links(element)
    )
