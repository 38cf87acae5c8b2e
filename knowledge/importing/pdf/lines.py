"""Lines of PDF pages in the order in which people read them, column by column; knows no Markdown."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest
from statistics import median

from knowledge.importing.pdf.characters import Character, CharacterPage

_SPACE_SHARE = 0.18
"""Of the size: a wider gap is a space between words."""
_CELL_SHARE = 1.0
"""Of the size: a wider gap parts cells of a table, columns, or a bullet from its words."""
_MIN_GUTTER = 9.0
_MIN_COLUMN_FRAGMENTS = 4
_FULL_SHARE = 0.5
"""How much of a column's width its lines fill in the middle, at least; cells of a table fill less."""
_EDGE_SHARE = 0.1
"""Of the page's height, at its top and bottom: where running heads and page numbers stand."""
_EDGE_ROWS = 2
_PAGE_NUMBER = re.compile(
    r"\A[-–—|\s]*+(?:page|seite|página|pagina|p\.)?\s*+\d{1,4}+"
    r"(?:\s*+(?:of|/|von|de|di)\s*+\d{1,4}+)?[-–—|\s]*+\Z"
    r"|\A[ivxl]{1,6}\Z",
    re.IGNORECASE,
)
_CONTENTS_LINE = re.compile(r"(?:\.\s?){5}\s{0,3}(?:\d{1,4}|[ivxl]{1,6})\Z")
_CONTENTS_HEADING = re.compile(
    r"\A(?:table of contents|contents|inhalt(?:sverzeichnis)?|índice|sommaire)\Z", re.IGNORECASE
)
_NUMBERED = re.compile(r"\A0 | 0\Z")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words next to each other on a line."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_bold: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What stands on one line of a column, from left to right: one fragment, or the cells of a table."""

    fragments: tuple[Fragment, ...]
    page: int
    column: int
    """Counted over page and band, so that rows of one number stand below each other."""

    @property
    def text(self) -> str:
        """Its words on one line."""
        return " ".join(fragment.text for fragment in self.fragments)

    @property
    def baseline(self) -> float:
        """Where it stands on its page."""
        return self.fragments[0].baseline

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.fragments[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.fragments[-1].right

    @property
    def size(self) -> float:
        """The size of most of it."""
        return max(self.fragments, key=lambda fragment: len(fragment.text)).size

    @property
    def is_bold(self) -> bool:
        """Whether all of it is."""
        return all(fragment.is_bold for fragment in self.fragments)


def reading_order(pages: Sequence[CharacterPage]) -> list[Row]:
    """The rows of all pages, without running heads, feet, page numbers and a table of contents."""
    by_page = [_rows(_fragments(page.characters)) for page in pages]
    repeated = _repeated(by_page, pages)
    rows: list[Row] = []
    column = 0
    for number, (page, found) in enumerate(zip(pages, by_page, strict=True)):
        kept = [row for place, row in enumerate(found) if not _runs_along(place, row, found, page, repeated)]
        fragments = [fragment for row in kept for fragment in row]
        for part in _columns(fragments):
            rows.extend(Row(tuple(row), number, column) for row in _rows(part))
            column += 1
    return [row for row, following in zip_longest(rows, rows[1:]) if not _lists_contents(row, following)]


def _lists_contents(row: Row, following: Row | None) -> bool:
    """Whether the row is a line of a table of contents, dots before its page, or the heading above it."""
    if _CONTENTS_LINE.search(row.text):
        return True
    is_above = following is not None and _CONTENTS_LINE.search(following.text) is not None
    return is_above and _CONTENTS_HEADING.match(row.text) is not None


def _fragments(characters: Iterable[Character]) -> list[Fragment]:
    """Characters joined to words and lines; spaces come from gaps as well as from characters."""
    found = []
    ordered = sorted(characters, key=lambda one: (-round(one.baseline), one.left))
    for _, line in groupby(ordered, key=lambda one: round(one.baseline)):
        run: list[Character] = []
        for character in line:
            if run and character.left - run[-1].right > _CELL_SHARE * max(run[-1].size, character.size):
                found.append(_fragment(run))
                run = []
            if character.text.strip() or run:
                run.append(character)
        if run:
            found.append(_fragment(run))
    return [fragment for fragment in found if fragment.text]


def _fragment(run: Sequence[Character]) -> Fragment:
    parts = [run[0].text]
    for before, character in pairwise(run):
        gap = character.left - before.right
        parts.append(f" {character.text}" if gap > _SPACE_SHARE * character.size else character.text)
    text = "".join(parts)
    shown = [character for character in run if character.text.strip()] or run
    sizes = Counter(round(character.size, 1) for character in shown)
    return Fragment(
        " ".join(text.split()),
        shown[0].left,
        shown[-1].right,
        median(character.baseline for character in shown),
        sizes.most_common(1)[0][0],
        sum(character.is_bold for character in shown) > len(shown) / 2,
    )


def _rows(fragments: Iterable[Fragment]) -> list[list[Fragment]]:
    """Fragments on one line together, lines from the top, fragments from the left."""
    rows: list[list[Fragment]] = []
    for fragment in sorted(fragments, key=lambda one: (-one.baseline, one.left)):
        if rows and abs(rows[-1][0].baseline - fragment.baseline) < 0.35 * min(
            rows[-1][0].size, fragment.size
        ):
            rows[-1].append(fragment)
        else:
            rows.append([fragment])
    return [sorted(row, key=lambda one: one.left) for row in rows]


def _repeated(by_page: Sequence[list[list[Fragment]]], pages: Sequence[CharacterPage]) -> set[str]:
    """Texts at the edge of three pages; of two, where a number begins or ends them or there are no more."""
    counts: Counter[str] = Counter()
    for rows, page in zip(by_page, pages, strict=True):
        edge = {
            _without_numbers(row) for place, row in enumerate(rows) if _is_at_edge(place, row, rows, page)
        }
        counts.update(edge)
    return {
        text
        for text, count in counts.items()
        if count > 2 or (count == 2 and (len(pages) < 4 or _NUMBERED.search(text) is not None))
    }


def _runs_along(
    place: int, row: list[Fragment], rows: list[list[Fragment]], page: CharacterPage, repeated: set[str]
) -> bool:
    """Whether the row is a running head or foot, or a page number."""
    if not _is_at_edge(place, row, rows, page):
        return False
    text = " ".join(fragment.text for fragment in row)
    return _without_numbers(row) in repeated or _PAGE_NUMBER.match(text) is not None


def _is_at_edge(place: int, row: list[Fragment], rows: list[list[Fragment]], page: CharacterPage) -> bool:
    is_outermost = place < _EDGE_ROWS or place >= len(rows) - _EDGE_ROWS
    height = row[0].baseline / page.height if page.height else 0.5
    return is_outermost and not _EDGE_SHARE < height < 1 - _EDGE_SHARE


def _without_numbers(row: list[Fragment]) -> str:
    return _DIGITS.sub("0", " ".join(fragment.text for fragment in row).casefold())


def _columns(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    """The fragments in columns, in the order of reading: what stands over both columns parts them."""
    gutter = _gutter(fragments)
    if gutter is None:
        return [list(fragments)] if fragments else []
    parts: list[list[Fragment]] = []
    band: list[Fragment] = []
    for row in _rows(fragments):
        if any(fragment.left < gutter < fragment.right for fragment in row):
            parts += [*_sides(band, gutter), row]
            band = []
        else:
            band += row
    return _joined_spans([*parts, *_sides(band, gutter)], gutter)


def _sides(band: list[Fragment], gutter: float) -> list[list[Fragment]]:
    left = [fragment for fragment in band if fragment.right <= gutter]
    right = [fragment for fragment in band if fragment.right > gutter]
    return [part for side in (left, right) for part in _columns(side)]


def _joined_spans(parts: list[list[Fragment]], gutter: float) -> list[list[Fragment]]:
    """Rows over both columns that follow each other, as one part."""
    joined: list[list[Fragment]] = []
    for part in parts:
        spans = any(fragment.left < gutter < fragment.right for fragment in part)
        if spans and joined and any(fragment.left < gutter < fragment.right for fragment in joined[-1]):
            joined[-1] = joined[-1] + part
        else:
            joined.append(part)
    return joined


def _gutter(fragments: Sequence[Fragment]) -> float | None:
    """The middle of the gap between two columns of text, where few fragments cross it."""
    if len(fragments) < 2 * _MIN_COLUMN_FRAGMENTS:
        return None
    left, right = min(one.left for one in fragments), max(one.right for one in fragments)
    best: float | None = None
    fewest = 0.2 * len(fragments)
    widest = _MIN_GUTTER
    for begin, end, crossing in _gaps(fragments, left + 0.2 * (right - left), right - 0.2 * (right - left)):
        if end - begin < _MIN_GUTTER or crossing > fewest:
            continue
        middle = (begin + end) / 2
        on_left = [one for one in fragments if one.right <= middle]
        on_right = [one for one in fragments if one.left >= middle]
        is_better = crossing < fewest or end - begin > widest
        if is_better and _is_column(on_left) and _is_column(on_right):
            best, fewest, widest = middle, crossing, end - begin
    return best


def _gaps(fragments: Sequence[Fragment], left: float, right: float) -> list[tuple[float, float, int]]:
    """Stretches from left to right with how many fragments cross each."""
    steps = Counter[float]()
    for fragment in fragments:
        steps[fragment.left] += 1
        steps[fragment.right] -= 1
    places = sorted(steps)
    crossing, gaps = 0, []
    for begin, end in pairwise(places):
        crossing += steps[begin]
        if begin < right and end > left:
            gaps.append((begin, end, crossing))
    return gaps


def _is_column(fragments: Sequence[Fragment]) -> bool:
    """Whether they are lines of text that fill their width, and no cells of a table."""
    if len(fragments) < _MIN_COLUMN_FRAGMENTS:
        return False
    width = max(one.right for one in fragments) - min(one.left for one in fragments)
    lengths = [sum(one.right - one.left for one in row) for row in _rows(fragments)]
    return median(lengths) >= _FULL_SHARE * width
