"""Keeps code out of the way while the rest of a page is rewritten: what stands in code is content."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from knowledge.markdown import parse

_FENCE = re.compile(r"\A[ \t]*+(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]++)*+(`{3,}|~{3,})")
_HTML = re.compile(
    r"\A\s*+</?(?:a|b|br|div|details|figure|h[1-6]|hr|img|li|ol|p|section|span|summary|table|tbody|td|th|tr|ul)\b"
)
_RUN = re.compile(r"`+")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLACE = re.compile(rf"(?:(?<=\n)|\A)([> \t]*+){_OPEN}(\d+){_CLOSE}|{_OPEN}(\d+){_CLOSE}")


class Code:
    """The pieces of code of one page, each replaced by a placeholder that no rewriting touches."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def hide(self, text: str) -> str:
        """The placeholder that stands for this piece."""
        self._pieces.append(text)
        return f"{_OPEN}{len(self._pieces) - 1}{_CLOSE}"

    def hidden(self, text: str) -> str:
        """The text with its fenced blocks and code spans hidden."""
        return self._without_spans(self._without_fences(text.replace(_OPEN, "").replace(_CLOSE, "")))

    def without_indented(self, text: str) -> str:
        """The text with the code hidden that is no more than indented; HTML is indented for its writers."""
        if "\n    " not in text and "\t" not in text:
            return text
        tokens, _ = parse(text)
        lines = text.split("\n")
        for token in tokens:
            if token.type == "code_block" and token.map and not _HTML.match(token.content):
                begin, end = token.map
                lines[begin:end] = [self._hidden_lines(lines[begin:end]), *[""] * (end - begin - 1)]
        return "\n".join(lines)

    def shown(self, text: str) -> str:
        """The text with every piece in its place again."""
        while _PLACE.search(text):  # a piece may hold another
            text = _PLACE.sub(self._shown_piece, text)
        return text

    def _shown_piece(self, place: re.Match[str]) -> str:
        """The piece, each of its lines after whatever quotes or indents the line of the placeholder."""
        prefix = place[1] or ""
        piece = self._pieces[int(place[2] or place[3])]
        return prefix + piece.replace("\n", f"\n{prefix}")

    def _without_fences(self, text: str) -> str:
        lines = text.split("\n")
        hidden: list[str] = []
        number = 0
        while number < len(lines):
            end = _end_of_fence(lines, number)
            if end is None:
                hidden.append(lines[number])
                number += 1
            else:
                hidden.append(self._hidden_lines(lines[number:end]))
                number = end
        return "\n".join(hidden)

    def _hidden_lines(self, lines: list[str]) -> str:
        """One placeholder as far indented as the lines are."""
        indent = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        return " " * indent + self.hide("\n".join(line[indent:] for line in lines))

    def _without_spans(self, text: str) -> str:
        parts, begin = [], 0
        for start, end in _spans(text):
            parts += [text[begin:start], self.hide(text[start:end])]
            begin = end
        return "".join((*parts, text[begin:]))


def _end_of_fence(lines: list[str], number: int) -> int | None:
    """The line after the fenced block that begins here; `None` when none does."""
    fence = _FENCE.match(lines[number])
    if fence is None or ("`" in lines[number][fence.end() :] and fence[1].startswith("`")):
        return None
    for end in range(number + 1, len(lines)):
        closing = lines[end].strip("> \t")
        if closing.startswith(fence[1]) and not closing.strip(fence[1][0]):
            return end + 1
    return len(lines)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Beginning and end of each code span: runs of equally many backticks in one paragraph."""
    runs = [(run.start(), run.end()) for run in _RUN.finditer(text)]
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for start, end in runs:
        by_length[end - start].append(start)
    breaks = [gap.start() for gap in _BLANK_LINE.finditer(text)] + [len(text)]
    position = 0
    for start, end in runs:
        if start < position:
            continue
        same = by_length[end - start]
        following = bisect_right(same, start)
        paragraph_end = breaks[bisect_right(breaks, start)] if start < breaks[-1] else len(text)
        if following < len(same) and same[following] < paragraph_end:
            position = same[following] + end - start
            yield start, position
