"""Elements of HTML as Markdown; decides nothing about what of a page belongs to its article.

Instead of markdownify, which numbers a list in quadratic time, escapes every underscore, and knows no folded
sections, notes, definition lists or tables without a header.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from knowledge.importing.html.inline import Element, bold, code, code_block, emphasised, escaped, image, link

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr",
    "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "h1", "h2", "h3", "h4", "h5", "h6",
))  # fmt: skip
_LISTS = ("ul", "ol", "menu", "dir")
_BOLD, _ITALIC, _STRUCK = ("b", "strong"), ("i", "em", "cite", "dfn", "var"), ("s", "del", "strike")
_CODE = ("code", "kbd", "samp", "tt")

_NOTE = re.compile(
    r"(?:^|\s)(?:[\w-]*callout|[\w-]*admonition|alert|alert-[a-z]+|note|warning|tip|hint|info|caution|danger|important"
    r"|notice|info-?box|csh-markdown-emphasis|hint-[a-z]+|wysiwyg-callout|panel-(?:info|warning|danger))(?:\s|$)"
)
_SPACE_RUNS = re.compile(r"  ++")
_LINE_BEGIN = re.compile(r"^(?:#(?=#{0,5}(?:\s|$))|>|[-=](?=[-= ]*$))", re.MULTILINE)
_RAISED = str.maketrans("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
_RULE = "---"
_MAX_COLUMNS = 100
_MAX_REPEATED_CHARS = 200


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece of Markdown between blank lines; a list follows its paragraph closely in an item."""

    text: str
    is_list: bool = False


def element_to_markdown(element: Element) -> str:
    """The Markdown of what the element holds; empty when that is nothing to read.

    A page that is nested hundreds of levels deep raises `RecursionError`.
    """
    return _Writer(element).markdown()


class _Writer:
    """Remembers, while one element is written, what lies in it and how deep its headings are."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._level = 1
        self._in_note = False
        # lxml makes its elements anew for each look unless they are held
        self._holds_blocks: set[Element] = set()
        for element in root.iter(*BLOCKS):
            above = element.getparent()
            while above is not None and above not in self._holds_blocks:
                self._holds_blocks.add(above)
                above = above.getparent()

    def markdown(self) -> str:
        blocks = [block.text for block in self._within(self._root)]
        while blocks and blocks[-1] == _RULE:  # a rule before what was the site's
            blocks.pop()
        return "\n\n".join(blocks).removeprefix(f"{_RULE}\n\n")

    def _within(self, element: Element) -> list[_Block]:
        """The blocks in an element: paragraphs of its loose text, and its block elements."""
        blocks: list[_Block] = []
        loose: list[str] = [escaped(element.text)]
        for child in element:
            if not isinstance(child.tag, str):
                pass
            elif child.tag in BLOCKS or child in self._holds_blocks:
                blocks.extend(_paragraphs(loose))
                loose = []
                blocks.extend(self._block(child))
            else:
                loose.append(self._inline(child))
            loose.append(escaped(child.tail))
        return [*blocks, *_paragraphs(loose)]

    def _block(self, element: Element) -> list[_Block]:
        tag = element.tag
        if tag in HEADINGS:
            return self._heading(element)
        if tag in _LISTS:
            return self._list(element)
        if tag == "table":
            return self._table(element)
        if tag == "pre":
            text = code_block(element)
            return [_Block(text)] if text else []
        if tag == "dl":
            return self._definitions(element)
        if tag == "details":
            return self._folded(element)
        if tag == "hr":
            return [_Block(_RULE)]
        if tag == "summary" and element.getparent().tag == "details":
            return []
        if tag == "a" and element.get("href") and element.find(".//h2") is None:
            return list(_paragraphs([link(element, self._line(element))]))
        if tag == "blockquote" or (not self._in_note and is_note(element)):
            return self._quote(element)
        return self._within(element)

    def _heading(self, element: Element) -> list[_Block]:
        text = self._line(element)
        if not text:
            return []
        level = int(element.tag[1])
        self._level = level
        return [_Block(f"{'#' * level} {text}")]

    def _line(self, element: Element) -> str:
        """What the element holds in one line, without emphasis around the whole of it."""
        text = " ".join(block.text for block in self._within(element))
        text = " ".join(text.split())
        whole = re.fullmatch(r"\*\*([^*]+)\*\*", text)
        return whole[1] if whole else text

    def _list(self, element: Element) -> list[_Block]:
        numbered = element.tag == "ol"
        number = _number(element.get("start"), 1)
        items: list[str] = []
        for child in element:
            if not isinstance(child.tag, str):
                continue
            if child.tag in _LISTS and items:  # a list straight in a list belongs to the item before it
                nested = "\n".join(block.text for block in self._block(child))
                items[-1] += "\n" + _indented(nested, "   " if numbered else "  ")
                continue
            number = _number(child.get("value"), number) if numbered else number
            marker = f"{number}. " if numbered else "- "
            text = _joined(self._block(child) if child.tag != "li" else self._within(child))
            if text:
                items.append(marker + _indented(text, " " * len(marker)).lstrip(" "))
                number += 1
        return [_Block("\n".join(items), is_list=True)] if items else []

    def _quote(self, element: Element) -> list[_Block]:
        was_in_note, self._in_note = self._in_note, True
        text = "\n\n".join(block.text for block in self._within(element))
        self._in_note = was_in_note
        return [_Block("\n".join(f"> {line}".rstrip(" ") for line in text.split("\n")))] if text else []

    def _folded(self, element: Element) -> list[_Block]:
        """A section that unfolds: its summary as a heading, or a bold line where text goes on behind."""
        summary = element.find("summary")
        title = self._line(summary) if summary is not None else ""
        following = element.getnext()
        stands_alone = not (element.tail or "").strip() and (
            following is None or following.tag in ("details", *HEADINGS)
        )
        level = self._level
        is_heading = title and stands_alone and not self._in_note and level < 6 and not _in_item(element)
        if is_heading:
            self._level = level + 1
        content = self._within(element)
        self._level = level
        if not title:
            return content
        return [_Block(f"{'#' * (level + 1)} {title}" if is_heading else bold(title)), *content]

    def _definitions(self, element: Element) -> list[_Block]:
        """Terms and what they mean as a list, or below bold lines where a meaning has several paragraphs."""
        terms: list[tuple[str, list[_Block]]] = []
        for child in element.iter("dt", "dd"):
            if next(child.iterancestors("dl")) is not element:
                continue
            if child.tag == "dt":
                terms.append((self._line(child), []))
            elif terms:
                terms[-1][1].extend(self._within(child))
            else:
                terms.append(("", self._within(child)))
        terms = [(term, meaning) for term, meaning in terms if term or meaning]
        if any(len(meaning) > 1 or not term for term, meaning in terms):
            heads = ([_Block(bold(term))] if term else [] for term, _ in terms)
            return list(
                chain.from_iterable(
                    (*head, *meaning) for head, (_, meaning) in zip(heads, terms, strict=True)
                )
            )
        lines = [
            f"- {bold(term)}: {_indented(meaning[0].text, '  ').lstrip()}" if meaning else f"- {bold(term)}"
            for term, meaning in terms
        ]
        return [_Block("\n".join(lines), is_list=True)] if lines else []

    def _table(self, element: Element) -> list[_Block]:
        rows = [row for row in element.iter("tr") if next(row.iterancestors("table"), None) is element]
        cells = [[cell for cell in row if cell.tag in ("td", "th")] for row in rows]
        if sum(map(len, cells)) <= 1 or element.find(".//table") is not None:  # a frame around text
            return list(chain.from_iterable(self._within(cell) for row in cells for cell in row))
        caption = element.find("caption")
        blocks = self._within(caption) if caption is not None else []
        lines = [line for line in self._grid(cells) if any(line)]
        if lines:
            header = lines[0] + [""] * (max(map(len, lines)) - len(lines[0]))
            table = [header, ["---"] * len(header), *lines[1:]]
            blocks.append(_Block("\n".join(f"| {' | '.join(line)} |" for line in table)))
        return blocks

    def _grid(self, rows: Iterable[Iterable[Element]]) -> Iterator[list[str]]:
        """The texts of the rows; a cell over several rows is said again in each, if it is short."""
        hanging: dict[int, tuple[int, str]] = {}
        for row in rows:
            line: list[str] = []

            def let_hang(line: list[str] = line) -> None:
                while len(line) in hanging:
                    left, text = hanging.pop(len(line))
                    if left > 1:
                        hanging[len(line)] = (left - 1, text)
                    line.append(text)

            for cell in row:
                let_hang()
                if len(line) >= _MAX_COLUMNS:
                    break
                text = self._cell(cell)
                height = _number(cell.get("rowspan"), 1)
                if height > 1 and len(text) <= _MAX_REPEATED_CHARS:
                    hanging[len(line)] = (min(height, 1000) - 1, text)
                line.append(text)
                line.extend([""] * (min(_number(cell.get("colspan"), 1), _MAX_COLUMNS) - 1))
            let_hang()
            yield line

    def _cell(self, element: Element) -> str:
        """One line: paragraphs joined by spaces, items of a list behind dots."""
        parts = (
            re.sub(
                r"^\s*(?:- |(?=\d+\. ))",
                lambda found: "• " if "-" in found[0] else "",
                block.text,
                flags=re.M,
            )
            if block.is_list
            else block.text
            for block in self._within(element)
        )
        return " ".join(" ".join(parts).split()).replace("\\|", "|").replace("|", "\\|")

    def _inline(self, element: Element) -> str:
        """The element's text within a line; line breaks are marked by `\\n`, and by nothing else."""
        tag = element.tag
        if tag == "br":
            return "\n"
        if tag == "img":
            return image(element)
        if tag in _CODE:
            return code(element)
        text = "".join(
            chain(
                [escaped(element.text)],
                *(
                    (self._inline(child) if isinstance(child.tag, str) else "", escaped(child.tail))
                    for child in element
                ),
            )
        )
        if tag == "a":
            return link(element, text)
        if tag in _BOLD:
            return emphasised(element, text.replace("**", ""), "**")
        if tag in _ITALIC:
            return emphasised(element, text, "*")
        if tag in _STRUCK:
            return emphasised(element, text, "~~")
        if tag == "sup":
            return text.translate(_RAISED) if text.isascii() and not re.search("[A-Za-z]", text) else text
        if tag == "sub":
            return text.translate(_LOWERED) if text.isascii() and not re.search("[A-Za-z]", text) else text
        if tag == "q":
            return f"“{text}”"
        return "" if tag in ("rt", "rp") else text


def is_note(element: Element) -> bool:
    """Whether the element is a note beside the text: a callout, a warning, a hint."""
    if element.tag not in ("div", "section", "aside", "figure", "p") or element.find(".//h1") is not None:
        return False
    if element.tag == "aside" or element.get("role") == "note":
        return True
    return _NOTE.search(element.get("class", "").lower()) is not None


def _joined(blocks: list[_Block]) -> str:
    """The blocks of a list item; a list follows its paragraph without a blank line."""
    text = ""
    for block in blocks:
        text += ("\n" if block.is_list else "\n\n") if text else ""
        text += block.text
    return text


def _paragraphs(parts: list[str]) -> Iterator[_Block]:
    """Paragraphs of loose text; two line breaks part them."""
    text = re.sub(r" *\n *", "\n", _SPACE_RUNS.sub(" ", "".join(parts))).strip(" \n")
    for paragraph in re.split(r"\n\n+", text):
        if paragraph:
            paragraph = _LINE_BEGIN.sub(r"\\\g<0>", paragraph.replace("****", ""))
            yield _Block(paragraph.replace("\n", "  \n"))


def _in_item(element: Element) -> bool:
    """Whether no heading may stand here."""
    return next(element.iterancestors("li", "td", "th", "dd", "details"), None) is not None


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line if line else "" for line in text.split("\n"))


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else otherwise
