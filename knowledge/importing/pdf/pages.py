"""PDF files to articles: headings, paragraphs, lists and tables are told by place, size and weight."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from knowledge.documents import ArticleDocument, Item
from knowledge.importing.files import RefusedError, SourceFile
from knowledge.importing.pdf.characters import pdf_text
from knowledge.importing.pdf.lines import Fragment, Row, reading_order
from knowledge.importing.plain_words import escaped, escaped_line, markdown_table
from knowledge.text import title_from

_HEADING_SHARE = 1.12
"""How much larger than most of the text a heading is, at least; bold ones may be as small."""
_MAX_HEADING_CHARS = 120
_MAX_HEADING_DEPTH = 4
_MAX_LEADING = 1.55
"""Of the size, from line to line of a paragraph; headings and paragraphs stand further apart."""
_BULLET = r"[•◦▪‣·●○■–*\-\uf0b7\ufffd]"
_ITEM = re.compile(rf"\A(?:(?P<bullet>{_BULLET})|(?P<number>\d{{1,3}})[.)]) (?P<words>\S.*+)\Z", re.DOTALL)
_MARK = re.compile(rf"\A(?:{_BULLET}|\d{{1,3}}[.)]?)\Z")
_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’»)]?\Z")
_HYPHENATED = re.compile(r"[^\W\d_]{2}[-\u00ad\u2010]\Z")
_NO_TITLE = re.compile(
    r"\A(?:microsoft word\b.*+|.*\.(?:docx?|indd|pdf|tex)|\(?(?:untitled|anonymous)\)?)\Z", re.IGNORECASE
)


@dataclass(slots=True)
class _Block:
    kind: Literal["heading", "item", "text", "table"]
    rows: list[Row] = field(default_factory=list)

    @property
    def last(self) -> Row:
        return self.rows[-1]


def pdf_page(file: SourceFile) -> Iterator[Item]:
    """The article of a PDF file; raises `RefusedError`.

    Its title is the largest heading, when the text begins with it, else the title among its properties, else
    the words of the file name. Running heads and page numbers go, columns are read one after the other, and
    words that a line end parts are joined.
    """
    text = pdf_text(file.read_bytes())
    rows = reading_order(text.pages)
    if not rows:
        raise RefusedError("the PDF holds nothing but page numbers and running heads")
    blocks = _blocks(rows)
    title = ""
    if blocks[0].kind == "heading" and blocks[0].rows[0].size >= max(row.size for row in rows):
        title = " ".join(row.text for row in blocks.pop(0).rows)
    if not title and not _NO_TITLE.match(text.title):
        title = text.title
    yield ArticleDocument(
        slug=file.stem,
        title=title or title_from(PurePosixPath(file.stem).name),
        body=_markdown(blocks, " ".join(row.text for row in rows)),
        path=file.name,
    )


def _blocks(rows: Sequence[Row]) -> list[_Block]:
    """The rows in headings, list items, tables and paragraphs."""
    sizes: Counter[float] = Counter()
    for row in rows:
        sizes[round(row.size, 1)] += len(row.text)
    body_size = sizes.most_common(1)[0][0]
    is_bold_throughout = sum(len(row.text) for row in rows if row.is_bold) > sum(sizes.values()) / 2
    column_ends: dict[int, float] = {}
    for row in rows:
        column_ends[row.column] = max(column_ends.get(row.column, 0.0), row.right)
    blocks: list[_Block] = []
    for row in rows:
        last = blocks[-1] if blocks else None
        kind = _kind(row, body_size, is_bold_throughout=is_bold_throughout)
        if last is not None and _goes_on(last, row, kind, column_ends):
            last.rows.append(row)
        else:
            blocks.append(_Block(kind, [row]))
    return [
        _Block("text", block.rows) if block.kind == "table" and not _cells(block) else block
        for block in blocks
    ]


def _kind(
    row: Row, body_size: float, *, is_bold_throughout: bool
) -> Literal["heading", "item", "text", "table"]:
    item = _as_item(row)
    is_large = row.size >= _HEADING_SHARE * body_size and len(row.text) <= _MAX_HEADING_CHARS
    if is_large and (item["number"] if item else len(row.fragments) == 1):
        return "heading"
    if item:
        return "item"
    if len(row.fragments) > 1:
        return "table"
    is_bold = row.is_bold and not is_bold_throughout and row.size >= 0.95 * body_size
    is_short = len(row.text) <= _MAX_HEADING_CHARS and not row.text.endswith((".", ",", ";"))
    return "heading" if is_bold and is_short else "text"


def _as_item(row: Row) -> re.Match[str] | None:
    """The row as an item of a list, its mark apart from its words."""
    if len(row.fragments) == 1:
        return _ITEM.match(row.text)
    mark, *words = row.fragments
    if len(words) > 1 or not _MARK.match(mark.text):
        return None
    text = f"{mark.text}." if mark.text.isdigit() else mark.text
    return _ITEM.match(f"{text} {words[0].text}")


def _goes_on(last: _Block, row: Row, kind: str, column_ends: dict[int, float]) -> bool:
    """Whether the row belongs to the block before it."""
    before = last.last
    if row.column != before.column:
        is_parted = kind == last.kind == "text" or (kind == "text" and last.kind == "item")
        return (
            is_parted
            and _is_unfinished(before.text)
            and (row.text[:1].islower() or _is_hyphenated(before.text))
        )
    size = max(before.size, row.size)
    is_near = 0 < before.baseline - row.baseline <= _MAX_LEADING * size
    if last.kind == "table":
        is_cell = kind == "table" or (kind == "text" and is_near and row.left > last.rows[0].left + size)
        return is_cell and before.baseline - row.baseline <= 2.5 * size
    if not is_near or abs(before.size - row.size) > 0.6:
        return False
    if last.kind == "heading":
        return kind == "heading" and before.is_bold == row.is_bold
    if kind != "text":
        return False
    if last.kind == "item":
        return row.left > last.rows[0].left + 0.3 * size or _is_full(before, row, column_ends)
    is_indented = row.left > min(one.left for one in last.rows if one.column == row.column) + 0.8 * size
    return not is_indented and (_is_full(before, row, column_ends) or _is_unfinished(before.text))


def _is_full(before: Row, row: Row, column_ends: dict[int, float]) -> bool:
    """Whether the next row's first word would not have fitted into the line before it."""
    share = len(row.text.split(" ", 1)[0]) / len(row.text)
    return before.right + share * (row.right - row.left) + 0.3 * row.size > column_ends[row.column]


def _is_unfinished(text: str) -> bool:
    return _SENTENCE_END.search(text) is None


def _is_hyphenated(text: str) -> bool:
    return _HYPHENATED.search(text) is not None


def _markdown(blocks: Sequence[_Block], whole_text: str) -> str:
    headings = sorted({_heading_rank(block) for block in blocks if block.kind == "heading"}, reverse=True)
    parts: list[str] = []
    list_lefts: list[float] = []
    for block in blocks:
        if block.kind != "item":
            list_lefts.clear()
        if block.kind == "heading":
            depth = min(headings.index(_heading_rank(block)) + 2, _MAX_HEADING_DEPTH)
            parts.append(f"{'#' * depth} {escaped(_joined(block.rows, whole_text))}")
        elif block.kind == "table":
            parts.append(markdown_table([[escaped(cell) for cell in row] for row in _cells(block)]))
        elif block.kind == "text":
            parts.append(escaped_line(_joined(block.rows, whole_text)))
        else:
            was_list = bool(list_lefts)
            item = _item(block, list_lefts, whole_text)
            if was_list and (item.startswith(" ") or item[0].isdigit() == parts[-1][0].isdigit()):
                parts[-1] += f"\n{item}"
            else:
                parts.append(item)
    return "\n\n".join(part for part in parts if part)


def _heading_rank(block: _Block) -> tuple[float, bool]:
    return round(block.rows[0].size, 1), block.rows[0].is_bold


def _item(block: _Block, list_lefts: list[float], whole_text: str) -> str:
    """The item below the others of its list, whose places `list_lefts` holds, the outer ones first."""
    first, *rest = block.rows
    while list_lefts and list_lefts[-1] > first.left + 1:
        list_lefts.pop()
    if not list_lefts or first.left > list_lefts[-1] + 1:
        list_lefts.append(first.left)
    found = _as_item(first)
    mark = f"{found['number']}." if found and found["number"] else "-"
    words = _join_texts([found["words"] if found else first.text, *(row.text for row in rest)], whole_text)
    return f"{'   ' * (len(list_lefts) - 1)}{mark} {escaped(words)}"


def _joined(rows: Sequence[Row], whole_text: str) -> str:
    return _join_texts([row.text for row in rows], whole_text)


def _join_texts(texts: Sequence[str], whole_text: str) -> str:
    """Lines as one, words joined that a line end parts, unless the text has them with a hyphen elsewhere."""
    joined = texts[0]
    for text in texts[1:]:
        if _is_hyphenated(joined) and text[:1].islower():
            first_part = joined.rsplit(" ", 1)[-1][:-1]
            second_part = re.split(r"\W", text, maxsplit=1)[0]
            has_hyphen = f"{first_part}-{second_part}" in whole_text
            joined = f"{joined if has_hyphen else joined[:-1]}{text}"
        else:
            joined += f" {text}"
    return joined.replace("\ufffd", "").replace("\u00ad", "")


def _cells(block: _Block) -> list[list[str]]:
    """The texts of a table's cells; empty when its rows share no columns."""
    spans: list[tuple[float, float]] = []
    rows = [row for row in block.rows if len(row.fragments) > 1]
    for left, right in sorted((one.left, one.right) for row in rows for one in row.fragments):
        if spans and left < spans[-1][1]:
            spans[-1] = spans[-1][0], max(right, spans[-1][1])
        else:
            spans.append((left, right))
    if len(rows) < 2 or len(spans) < 2:
        return []
    table: list[list[str]] = []
    for row in block.rows:
        if len(row.fragments) > 1 or not table:
            table.append([""] * len(spans))
        for fragment in row.fragments:
            place = _span_of(fragment, spans)
            table[-1][place] = f"{table[-1][place]} {fragment.text}".strip()
    return table


def _span_of(fragment: Fragment, spans: Sequence[tuple[float, float]]) -> int:
    middle = (fragment.left + fragment.right) / 2
    return min(
        range(len(spans)), key=lambda place: max(spans[place][0] - middle, middle - spans[place][1], 0.0)
    )
