"""Admonitions, callouts and tabs that stand on lines of their own, to quotations and sections."""

import re

from knowledge.importing.markdown.rewriting import dedented, is_remark, quoted, section

_FENCED = re.compile(r"\A[ \t]*+(:{3,})[ \t]*+([A-Za-z][\w-]*+)?[ \t]*+(?:\[([^\]]*+)\])?(.*+)\Z")
_INDENTED = re.compile(r"\A([ \t]*+)(!!!|\?\?\?\+?|===[!+]?)[ \t]++(.++)\Z")
_ALERT = re.compile(r"\A([ \t]*+>[ \t]*+)\[!([A-Za-z]+)\][+-]?[ \t]*+(.*+)\Z")
_ROW = re.compile(r"\A[ \t]*+\|(?=.*\|[ \t]*\Z)")
_DASHES = re.compile(r"\A[ \t]*+\|?[\s:|-]++\Z")
_QUOTED_TITLE = re.compile(r"[\"“](.*)[\"”]")
_ATTRIBUTES = re.compile(r"\{[^{}]*+\}")
_TITLE_ATTRIBUTE = re.compile(r"\btitle\s*=\s*[\"']([^\"']*+)[\"']")
_COLLAPSED = frozenset(
    ("details", "collapse", "expand", "dropdown", "spoiler", "accordion", "tab", "tab-item")
)
_INDENT = 4


def without_fenced_blocks(text: str) -> str:
    """The text with `:::note` and `> [!NOTE]` in plain Markdown."""
    return _without_fenced(_without_alerts(text))


def with_table_headers(text: str) -> str:
    """The text with a line of dashes below the first row of each table that has none, as Kramdown allows."""
    lines = text.split("\n")
    done: list[str] = []
    for number, line in enumerate(lines):
        done.append(line)
        begins = _ROW.match(line) and not (number and _ROW.match(lines[number - 1]))
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if begins and _ROW.match(following) and not _DASHES.match(following):
            done.append("|" + " --- |" * (line.strip().count("|") - 1))
    return "\n".join(done)


def _without_alerts(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        alert = _ALERT.match(line)
        if alert is None:
            lines.append(line)
            continue
        kind, mark = alert[2].casefold(), alert[1].rstrip()
        title = alert[3].strip() or (kind.capitalize() if kind not in _PLAIN_ALERTS else "")
        lines += [f"{mark} **{title}**", mark] if title else []
    return "\n".join(lines)


_PLAIN_ALERTS = ("note", "tip", "info", "abstract", "summary")


def without_indented_blocks(text: str) -> str:
    """The text with `!!! note` and `=== "Tab"` in plain Markdown: what is indented below belongs to it."""
    lines = text.split("\n")
    done: list[str] = []
    number = 0
    while number < len(lines):
        opening = _INDENTED.match(lines[number])
        end = (
            number + 1 if opening is None else _end_of_indented(lines, number + 1, len(opening[1]) + _INDENT)
        )
        if opening is None or end == number + 1:
            done.append(lines[number])
            number += 1
            continue
        content = without_indented_blocks(dedented("\n".join(lines[number + 1 : end])))
        done += _indented_block(opening[2], opening[3], content).split("\n")
        number = end
    return "\n".join(done)


def _end_of_indented(lines: list[str], begin: int, indent: int) -> int:
    """The line after the last one that is so far indented; blank lines between them count."""
    end = begin
    for number in range(begin, len(lines)):
        line = lines[number].expandtabs(_INDENT)
        if not line.strip():
            continue
        if len(line) - len(line.lstrip(" ")) < indent:
            break
        end = number + 1
    return end


def _indented_block(mark: str, rest: str, content: str) -> str:
    title = _QUOTED_TITLE.search(rest)
    kind = rest.split()[0].strip("\"'")
    if mark.startswith("==="):
        return section(title[1] if title else rest, content)
    if mark.startswith("?"):
        return section(title[1] if title else kind.capitalize(), content)
    return quoted(kind, title[1] if title else "", content)


def _without_fenced(text: str) -> str:
    """Docusaurus and VitePress: a line of three colons and more begins the block, another one ends it."""
    opened: list[tuple[str, str, str]] = []  # colons, kind and title of the blocks around
    parts: list[list[str]] = [[]]
    for line in text.split("\n"):
        fence = _FENCED.match(line)
        if fence is None:
            parts[-1].append(line)
        elif fence[2]:
            opened.append((fence[1], fence[2], _title(fence[3], fence[4])))
            parts.append([])
        elif fence[4].strip():
            parts[-1].append(line)
        elif opened:
            _close(opened, parts)
    while opened:
        _close(opened, parts)
    return "\n".join(parts[0])


def _close(opened: list[tuple[str, str, str]], parts: list[list[str]]) -> None:
    _, kind, title = opened.pop()
    content = "\n".join(parts.pop())
    if kind.casefold() in _COLLAPSED:
        block = section(title or kind.capitalize(), content)
    elif is_remark(kind):
        block = quoted(kind, title, content)
    else:
        block = f"\n{dedented(content)}\n"
    parts[-1] += block.split("\n")


def _title(bracketed: str | None, rest: str) -> str:
    attribute = _TITLE_ATTRIBUTE.search(rest)
    if attribute is not None:
        return attribute[1]
    return (bracketed or _ATTRIBUTES.sub("", rest)).strip().strip("\"'")
