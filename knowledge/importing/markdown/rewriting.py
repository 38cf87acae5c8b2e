"""One page on its way to plain Markdown: what it says of itself, its site, its code, and what is missing."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from knowledge.documents import HOLE
from knowledge.importing.markdown.code import Code
from knowledge.importing.markdown.front_matter import split_front_matter
from knowledge.importing.markdown.site import Site

_MAX_NAME_CHARS = 80
_MAX_INCLUDES = 8
_LABELLED = frozenset(("danger", "warning", "caution", "important"))
_REMARKS = _LABELLED | {
    *("note", "tip", "info", "hint", "callout", "alert", "admonition", "notice", "check", "success", "aside"),
    *("seealso", "abstract", "summary", "todo", "failure", "bug", "example", "question", "quote", "error"),
    *("attention", "box", "banner", "prerequisite", "pageinfo"),
}
"""What generators call a remark that stands out."""
_SECTION, _SECTION_END = "\ue002", "\ue003"
BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n){2,}")
_HEADING = re.compile(r"\A {0,3}(#{1,6})(?=[ \t])")


@dataclass(slots=True)
class Rewriting:
    """A page while it is rewritten."""

    site: Site
    rewrite: Callable[["Rewriting", str], str]
    """Does the whole work for a text that is included."""
    variables: dict[str, Any] = field(default_factory=dict)
    """What the page itself says, by the first part of the name: `page`, `include`."""
    snippets: dict[str, str] = field(default_factory=dict)
    """Files that the page imports, by the name of their component."""
    code: Code = field(default_factory=Code)
    holes: list[str] = field(default_factory=list)
    mdx: bool = False
    """Whether braces are expressions."""
    depth: int = 0
    """How many includes led here."""

    def hole(self, name: str) -> str:
        """The mark for something that is kept elsewhere; `name` is how the page writes it."""
        name = " ".join(self.code.shown(name).split())
        self.holes.append(name if len(name) <= _MAX_NAME_CHARS else f"{name[: _MAX_NAME_CHARS - 1]}…")
        return HOLE

    def value(self, name: str) -> str | None:
        """The text of a variable; `None` when nobody says it."""
        return self.site.value(name.lstrip(".$"), self.variables)

    def included(self, name: str, arguments: dict[str, str]) -> str | None:
        """The text of another file, rewritten as a part of this page; `None` when it is not there."""
        text = self.site.included(name) if self.depth < _MAX_INCLUDES else None
        if text is None:
            return None
        _, body = split_front_matter(text)
        inner = replace(
            self,
            variables={**self.variables, "include": arguments, "props": arguments},
            snippets={},
            depth=self.depth + 1,
        )
        return self.rewrite(inner, body).strip("\n")


def is_remark(name: str) -> bool:
    """Whether something of this name is a remark that stands out, as a note or a warning does."""
    return name.casefold() in _REMARKS


def quoted(kind: str, title: str, text: str) -> str:
    """A remark as a quotation, under its title; what warns says so."""
    kind, title = kind.casefold(), " ".join(title.split())
    if not title and kind in _LABELLED:
        title = kind.capitalize()
    text = BLANK_LINES.sub("\n\n", dedented(text)).strip()
    lines = [*([f"**{title}**", ""] if title else []), *text.split("\n")]
    return "\n\n" + "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"


def section(title: str, text: str) -> str:
    """A part with its own title, a tab for example, to become a headed section by `with_headings`."""
    title = " ".join(title.split())
    return f"\n\n{_SECTION}{title}\n\n{dedented(text).strip()}\n\n{_SECTION_END}\n\n"


def with_headings(text: str) -> str:
    """The text with its sections under headings, each one level below the heading before it.

    Where text follows that belongs to the section around it, an empty heading says so.
    """
    lines: list[str] = []
    level, opened, owed = 1, [], 0
    for line in text.split("\n"):
        bare = line.strip("> \t")
        prefix = line[: len(line) - len(line.lstrip("> \t"))]
        heading = _HEADING.match(line)
        if bare.startswith(_SECTION):
            opened.append(level)
            level, owed = min(level + 1, 6), 0
            line = f"{prefix}{'#' * level} {bare[1:]}"
        elif bare == _SECTION_END:
            owed, level = level, opened.pop() if opened else level
            continue
        elif heading:
            level, owed = len(heading[1]), 0
        elif owed and bare:
            lines += ["#" * owed, ""]
            owed = 0
        lines.append(line)
    return "\n".join(lines)


def dedented(text: str) -> str:
    """The lines without the indentation that all of them have; the first may have none."""
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    if lines[0].strip() and indents[0] == 0:
        indents = indents[1:]
    least = min(indents, default=0)
    return "\n".join(line[least:] if not line[:least].strip() else line for line in lines)


@dataclass(slots=True)
class Tag:
    """A tag with what stands between it and its end; a text has only `source`."""

    source: str
    name: str = ""
    """Empty for a text."""
    rest: str = ""
    children: list["Tag"] = field(default_factory=list)
    closed: bool = False


def tag_tree(
    text: str, tags: Sequence[tuple[re.Match[str], Tag | None]], ends: Mapping[int, int]
) -> list[Tag]:
    """Texts and tags in order, each tag that has an end with what stands before that end.

    `tags` are all that stand in the text, with where they were found; `None` is left out. `ends` are those of
    `matched_ends`: what else such an end says belongs to the tag that it ends.
    """
    is_end = set(ends.values())
    path = [Tag("")]
    begin = 0
    for place, (match, tag) in enumerate(tags):
        if text[begin : match.start()]:
            path[-1].children.append(Tag(text[begin : match.start()]))
        begin = match.end()
        if place in is_end:
            ended = path.pop()
            ended.rest += f" {tag.rest}" if tag is not None and tag.rest else ""
        elif tag is not None:
            path[-1].children.append(tag)
            tag.closed = place in ends
            path += [tag] if tag.closed else []
    path[-1].children.append(Tag(text[begin:]))
    return path[0].children


def matched_ends(tags: Sequence[tuple[str, str]], *, deepest: int) -> dict[int, int]:
    """The place of each tag's end, by the place of the tag.

    `tags` are the names that each tag opens and ends, empty for none. An end belongs to the nearest open tag
    of its name; tags between them that were never ended hold nothing, and neither do those that more than
    `deepest` others are around. Pairs that are left lie within each other or apart. Linear in the tags.
    """
    ends: dict[int, int] = {}
    opened: list[int] = []
    open_names: Counter[str] = Counter()
    for place, (opens, closes) in enumerate(tags):
        while closes and open_names[closes]:
            begin = opened.pop()
            open_names[tags[begin][0]] -= 1
            if tags[begin][0] == closes:
                ends[begin] = place
                break
        if opens:
            opened.append(place)
            open_names[opens] += 1
    around: list[int] = []
    for begin in sorted(ends):
        while around and around[-1] < begin:
            around.pop()
        if len(around) >= deepest:
            del ends[begin]
        else:
            around.append(ends[begin])
    return ends


def named_arguments(text: str) -> dict[str, str]:
    """The `name="value"` pairs of a tag, and its values without a name under `0`, `1` and so on."""
    arguments: dict[str, str] = {}
    for match in _ARGUMENT.finditer(text):
        value = next(value for value in match.groups()[1:] if value is not None)
        arguments[match[1] or str(len(arguments))] = value
    return arguments


_ARGUMENT = re.compile(
    r"(?:([A-Za-z_:@][\w:.-]*+)\s*+=\s*+)?(?:\"([^\"]*+)\"|'([^']*+)'"
    r"|(\{(?:[^{}]++|\{[^{}]*+\})*+\})|([^\s\"'={}]++))"
)
