"""Plain text files to articles: title, underlined headings, lists and paragraphs as they stand there."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from knowledge.documents import ArticleDocument, Item
from knowledge.importing.files import SourceFile
from knowledge.importing.plain_words import escaped, escaped_line
from knowledge.text import title_from

_MAX_TITLE_CHARS = 100
_UNDERLINE = re.compile(r"\A(?:={3,}|-{3,}|~{3,}|\*{3,})\Z")
_ITEM = re.compile(
    r"\A(?P<indent>\s*+)(?:(?P<bullet>[-*+•◦▪‣·–])|(?P<number>\d{1,3})[.)])\s++(?P<words>\S.*+)\Z"
)
_MAX_WIDTH = 120
"""Longer lines are not wrapped: each line break in such a text is meant."""
_SPACES_OF_A_LEVEL = 2


def text_page(file: SourceFile) -> Iterator[Item]:
    """The article of a text file; raises `RefusedError`.

    A short first line above a blank one, or an underlined one, is the title, else the words of the file name.
    """
    lines = [line.expandtabs(4).rstrip() for line in file.read_text().splitlines()]
    title, rest = _title(lines)
    yield ArticleDocument(
        slug=file.stem,
        title=title or title_from(file.stem),
        body=text_to_markdown(rest),
        path=file.name,
    )


def text_to_markdown(lines: Sequence[str]) -> str:
    """The Markdown of lines without line ends: paragraphs stay, and line breaks in them that are meant."""
    longest = max(map(len, lines), default=0)
    width = longest if longest <= _MAX_WIDTH else 0
    blocks: list[str] = []
    paragraph: list[str] = []
    items: list[str] = []
    heading_signs: list[str] = []  # in the order in which they underline, the higher heading first

    def end_paragraph() -> None:
        if paragraph:
            blocks.append(_paragraph(paragraph, width))
            paragraph.clear()

    def end_list() -> None:
        if items:
            blocks.append("\n".join(items))
            items.clear()

    for place, line in enumerate(lines):
        item = _ITEM.match(line)
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if not line.strip():
            end_paragraph()
            if not _ITEM.match(following):
                end_list()
        elif _UNDERLINE.match(line.strip()) and len(paragraph) == 1:
            end_list()
            sign = line.strip()[0]
            heading_signs += [sign] if sign not in heading_signs else []
            blocks.append(f"{'#' * (heading_signs.index(sign) + 2)} {escaped(paragraph.pop().strip())}")
        elif _UNDERLINE.match(line.strip()):
            end_paragraph()
            end_list()
        elif item:
            end_paragraph()
            items.append(_item(item))
        elif items and line.startswith(" "):
            items[-1] += f" {escaped(line.strip())}"
        else:
            end_list()
            paragraph.append(line)
    end_paragraph()
    end_list()
    return "\n\n".join(blocks)


def _title(lines: list[str]) -> tuple[str, list[str]]:
    """The title, if the text has one, and the lines below it."""
    first = next(place for place, line in enumerate(lines) if line.strip())
    title = " ".join(lines[first].split())
    following = lines[first + 1] if first + 1 < len(lines) else ""
    is_last = not any(line.strip() for line in lines[first + 1 :])
    if is_last or len(title) > _MAX_TITLE_CHARS or _ITEM.match(lines[first]):
        return "", lines
    if _UNDERLINE.match(following.strip()):
        return title, lines[first + 2 :]
    return ("", lines) if following.strip() else (title, lines[first + 1 :])


def _item(found: re.Match[str]) -> str:
    mark = f"{found['number']}." if found["number"] else "-"
    level = len(found["indent"]) // _SPACES_OF_A_LEVEL
    return f"{'   ' * level}{mark} {escaped(found['words'])}"


def _paragraph(lines: Sequence[str], width: int) -> str:
    """The lines, with a hard break where the next word would have fitted into a line of this width."""
    parts = [escaped_line(lines[0])]
    for before, line in pairwise(lines):
        first_word = line.split(maxsplit=1)[0]
        is_meant = len(before) + 1 + len(first_word) <= width or not width
        parts.append(f"{'  ' if is_meant else ''}\n{escaped_line(line)}")
    return "".join(parts)
