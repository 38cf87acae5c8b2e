"""Plain words to Markdown that shows them as they are; knows no format."""

import re
from collections.abc import Sequence

_IN_LINE = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])"  # an escape
    r"|`|(?<![\s*])\*|\*(?![\s*])|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|~~"  # code and emphasis
    r"|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)|\[(?=[^\[\]\n]{0,500}\](?:[(:\[]))"  # tags, entities, links
)
_AT_START = re.compile(
    r"\A(?:(#{1,6}(?=\s|\Z)|>|[-+*](?=\s|\Z)|=+(?=\s*\Z)|-+(?=\s*\Z))|(\d{1,9})([.)])(?=\s|\Z))"
)


def escaped(text: str) -> str:
    """One line of words, its signs escaped where Markdown would take them for markup within a line."""
    return _IN_LINE.sub(r"\\\g<0>", text)


def escaped_line(text: str) -> str:
    """The same for a line that begins a block, where more signs are markup; spaces around it go."""
    return escaped_start(escaped(text.strip()))


def escaped_start(markdown: str) -> str:
    """The Markdown of a line, its beginning escaped where it would begin another block than a paragraph."""
    return _AT_START.sub(_sign_escaped, markdown)


def code_span(code: str) -> str:
    """Code within a line, between more backticks than it holds."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if longest or not code.strip() else ""
    return f"{ticks}{space}{' '.join(code.split())}{space}{ticks}"


def fenced(code: str, language: str = "") -> str:
    """A block of code, in a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown cells, the first row as its header; empty without any cell."""
    width = max(map(len, rows), default=0)
    if not width:
        return ""
    lines = []
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join([*cells, *[''] * (width - len(cells))])} |")
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def _sign_escaped(found: re.Match[str]) -> str:
    if found[1] is not None:
        return f"\\{found[1]}"
    return f"{found[2]}\\{found[3]}"
