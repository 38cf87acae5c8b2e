"""Tags of HTML and JSX: text stays, structure becomes Markdown, what only a program can fill is a hole."""

import html
import re

from knowledge.documents import HOLE
from knowledge.importing.html.pages import html_to_markdown
from knowledge.importing.markdown.rewriting import (
    Rewriting,
    Tag,
    dedented,
    is_remark,
    matched_ends,
    named_arguments,
    quoted,
    section,
    tag_tree,
)

_BRACES = r"\{(?:[^{}]++|\{(?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+\}){0,200}+\}"
_TAG = re.compile(
    r"(?<!\]\()<(?P<end>/?)(?P<name>[A-Za-z][\w.:-]*+)"
    rf"(?P<rest>(?:[^<>\"'{{}}/]++|/(?!>)|\"[^\"]{{0,4000}}+\"|'[^']{{0,4000}}+'|{_BRACES}){{0,200}}+)"
    r"(?P<closed>/?)>|(?P<empty></?>)"
)
_EXPRESSION = re.compile(rf"(?<!\\){_BRACES}")
_TEXT_LITERAL = re.compile(r"\A\{\s*(?:\"([^\"]*)\"|'([^']*)'|`([^`$]*)`)\s*\}\Z")
_REFERENCE = re.compile(r"\A\{\s*(?:frontMatter|frontmatter|props|page)\.[\w.]+\s*\}\Z")
_IMPORT = re.compile(
    r"^import\s++(?:(?P<name>[A-Za-z_$][\w$]*+)\s*+,?\s*+)?(?:[*{][^}'\"]{0,4000}+\}?\s*+)?"
    r"(?:from\s*+)?(?P<quote>['\"])(?P<path>[^'\"\n]++)(?P=quote)[ \t]*+;?[ \t]*+$\n?",
    re.MULTILINE,
)
_EXPORT = re.compile(r"^export\s+(?:default|const|let|var|function|async|class)\b", re.MULTILINE)
_COMMENT = re.compile(r"<!--(?:(?!-->).)*+(?:-->|\Z)|\{/\*(?:(?!\*/).)*+(?:\*/\}|\Z)", re.DOTALL)
_MARKDOWN_COMMENT = re.compile(r"^\[(?://|comment|_)\]:[ \t]*+(?:#|<>)[ \t]*+.*+$\n?", re.MULTILINE)

_VOID = frozenset(
    ("br", "hr", "img", "input", "source", "link", "meta", "wbr", "col", "area", "base", "embed")
)
_STRUCTURE = frozenset(("table", "ul", "ol", "dl", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))
_PARTS = frozenset(("thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "li", "dt", "dd"))
_BLOCKS = frozenset(
    ("div", "p", "section", "article", "main", "header", "figure", "center", "picture", "aside", "figcaption")
)
_INLINE = frozenset(
    (
        "a",
        "b",
        "strong",
        "i",
        "em",
        "code",
        "kbd",
        "samp",
        "var",
        "del",
        "s",
        "strike",
        "span",
        "u",
        "sup",
        "sub",
    )
) | {"small", "mark", "abbr", "font", "big", "ins", "cite", "q", "time", "label", "tt", "bdi", "nobr"}
_GONE = frozenset(
    (
        "script",
        "style",
        "head",
        "svg",
        "template",
        "noscript",
        "button",
        "form",
        "select",
        "nav",
        "footer",
        "title",
    )
)
_MEDIA = frozenset(("iframe", "video", "audio", "object", "canvas"))
_HTML = _VOID | _STRUCTURE | _PARTS | _BLOCKS | _INLINE | _GONE | _MEDIA | {"details", "summary"}
_SECTIONS = frozenset(
    (
        "tab",
        "tabitem",
        "tabpanel",
        "accordion",
        "accordionitem",
        "expandable",
        "collapse",
        "collapsible",
        "details",
    )
)
_TITLES = ("title", "label", "header", "summary", "name", "value")
_MAX_DEPTH = 60


def is_mdx(text: str) -> bool:
    """Whether the page imports or exports as a module does, so that braces are expressions."""
    return _IMPORT.search(text) is not None or _EXPORT.search(text) is not None


def without_module_code(page: Rewriting, text: str) -> str:
    """The text without the imports and exports of a module; what is imported of texts is remembered."""

    def remembered(match: re.Match[str]) -> str:
        if match["name"] and match["path"].endswith((".md", ".mdx")):
            page.snippets[match["name"]] = match["path"]
        return ""

    text = _IMPORT.sub(remembered, text)
    parts, begin = [], 0
    for export in _EXPORT.finditer(text):
        if export.start() >= begin:
            parts.append(text[begin : export.start()])
            begin = _end_of_statement(text, export.end())
    return "".join((*parts, text[begin:]))


def without_comments(text: str) -> str:
    """The text without what only its writers should read."""
    return _MARKDOWN_COMMENT.sub("", _COMMENT.sub("", text))


def without_components(page: Rewriting, text: str) -> str:
    """The text with its tags in plain Markdown."""
    if "<" not in text:
        return text
    return "".join(_rendered(page, node) for node in _tree(text))


def without_expressions(page: Rewriting, text: str) -> str:
    """The text with JSX expressions replaced by the text that they are, or by a hole."""

    def replacement(match: re.Match[str]) -> str:
        literal = _TEXT_LITERAL.match(match[0])
        if literal is not None:
            return next(part for part in literal.groups() if part is not None)
        if _REFERENCE.match(match[0]):
            name = match[0].strip("{} ")
            value = page.value(name.replace("frontMatter", "page").replace("frontmatter", "page"))
            if value is not None:
                return value
        return page.hole(match[0])

    return _EXPRESSION.sub(replacement, text)


def _end_of_statement(text: str, begin: int) -> int:
    """Where the statement ends: at the end of the line on which all its brackets are closed."""
    depth = 0
    for position in range(begin, len(text)):
        character = text[position]
        depth += (character in "{[(") - (character in "}])")
        if character == "\n" and depth <= 0:
            return position + 1
    return len(text)


def _tree(text: str) -> list[Tag]:
    """Texts and tags; an end that ends nothing is a text unless it is one of HTML."""
    matches = [match for match in _TAG.finditer(text) if match["empty"] or _is_tag(match["name"], match)]
    ends = matched_ends([(_opened(match), _ended(match)) for match in matches], deepest=_MAX_DEPTH)
    is_end = set(ends.values())
    tags = [None if place in is_end else _parsed(match) for place, match in enumerate(matches)]
    return tag_tree(text, list(zip(matches, tags, strict=True)), ends)


def _parsed(match: re.Match[str]) -> Tag | None:
    if _ended(match):
        return None if match["name"].casefold() in _HTML else Tag(match[0])
    return None if match["empty"] else Tag(match[0], match["name"], match["rest"])


def _is_component(tag: Tag) -> bool:
    return tag.name[:1].isupper() or "." in tag.name or "-" in tag.name


def _arguments(tag: Tag) -> dict[str, str]:
    values = named_arguments(tag.rest)
    return {name: html.unescape(value).strip("{}\"'`") for name, value in values.items()}


def _opened(match: re.Match[str]) -> str:
    """The name of what the tag opens; empty for an end, and for what is whole by itself."""
    name = match["name"] or ""
    return "" if match["end"] or match["closed"] or name.casefold() in _VOID else name


def _ended(match: re.Match[str]) -> str:
    return (match["name"] or "") if match["end"] else ""


def _is_tag(name: str, match: re.Match[str]) -> bool:
    """Whether this is a tag and not a placeholder for people, `<your name>`."""
    if name.casefold() in _HTML:
        return True
    rest = match["rest"].strip()
    return (name[0].isupper() or "-" in name) and (
        bool(match["end"] or match["closed"] or "=" in rest) or not rest
    )


def _rendered(page: Rewriting, node: Tag) -> str:
    if not node.name:
        return node.source
    if _is_component(node):
        return _component(page, node)
    name = node.name.casefold()
    if name in _GONE and "aria-expanded" not in node.rest:  # a button that unfolds says what is in it
        return ""
    if name in _MEDIA:
        return f"\n\n{_hole(page, node)}\n\n"
    if name in _STRUCTURE and node.closed:
        return f"\n\n{html_to_markdown(_as_html(page, node)).strip()}\n\n"
    if name in _STRUCTURE or name in _PARTS:
        return _inner(page, node)
    if name == "details":
        return _details(page, node)
    return _plain_element(page, name, node)


def _inner(page: Rewriting, node: Tag) -> str:
    return "".join(_rendered(page, child) for child in node.children)


def _plain_element(page: Rewriting, name: str, node: Tag) -> str:
    if name == "img":
        return _image(page, node)
    if name in ("br", "hr"):
        return "  \n" if name == "br" else "\n\n---\n\n"
    inner = _inner(page, node)
    bare = inner.strip()
    if name in _BLOCKS:
        return f"\n\n{dedented(inner).strip()}\n\n" if bare else "\n\n"
    if not bare:
        return inner
    mark = _MARKS.get(name)
    if mark is not None:
        return (
            inner.replace(bare, f"{mark}{bare}{mark}", 1)
            if mark not in bare and "\n\n" not in bare
            else inner
        )
    if name in ("code", "kbd", "samp", "tt"):
        return page.code.hide(f"`{page.code.shown(bare)}`")
    if name == "a" and _arguments(node).get("href", "").strip().startswith(
        ("http", "/", "#", ".", "mailto", "tel")
    ):
        return f"[{' '.join(bare.split())}]({_arguments(node)['href']})"
    return inner


_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "del": "~~", "s": "~~", "strike": "~~"}


def _image(page: Rewriting, node: Tag) -> str:
    """The image by its address; one whose address only a program knows is a hole without words."""
    arguments = _arguments(node)
    source = arguments.get("src", "")
    address = _QUOTED_ADDRESS.search(source) or _ADDRESS.match(source)
    if address is None:
        _hole(page, node)
        return ""
    return f"![{' '.join(arguments.get('alt', '').split())}]({address[1]})"


_ADDRESS = re.compile(r"\A([^\s'\"(){}]+)\Z")
_QUOTED_ADDRESS = re.compile(r"['\"`]([^\s'\"`(){}]+\.\w{2,5})['\"`]")
"""In an expression such as `useBaseUrl('img/pause.png')`."""


def _details(page: Rewriting, node: Tag) -> str:
    summary = next((child for child in node.children if child.name.casefold() == "summary"), None)
    text = "".join(_rendered(page, child) for child in node.children if child is not summary)
    title = _inner(page, summary) if summary else _arguments(node).get("summary", "")
    return section(_without_marks(title), text) if title.strip() else f"\n\n{text}\n\n"


def _without_marks(title: str) -> str:
    return " ".join(re.sub(r"^#+\s+|\*\*", "", title.strip()).split())


def _component(page: Rewriting, node: Tag) -> str:
    name = node.name.rpartition(".")[2].casefold()
    arguments = _arguments(node)
    snippet = page.snippets.get(node.name) or (arguments.get("file", "") if name == "snippet" else "")
    if snippet:
        text = page.included(snippet, arguments)
        return _hole(page, node) if text is None else f"\n\n{text}\n\n" if "\n\n" in text else text
    inner = _inner(page, node)
    if not inner.strip():
        return _empty_component(page, node, name)
    title = next((arguments[key] for key in _TITLES if arguments.get(key)), "")
    if name in _SECTIONS:
        return section(title or node.name, inner)
    if name in ("steps", "stepper"):
        return f"\n\n{_steps(page, node)}\n\n"
    if is_remark(name):
        kind = arguments.get("type") or arguments.get("kind") or arguments.get("variant") or name
        return quoted(kind if is_remark(kind) else name, arguments.get("title", ""), inner)
    if name in ("link", "navlink", "button") and arguments.get("to", arguments.get("href")):
        return f"[{' '.join(inner.split())}]({arguments.get('to') or arguments['href']})"
    if name == "codeblock":
        code = page.code.shown(dedented(inner).strip()).removeprefix("{`").removesuffix("`}")
        return "\n\n" + page.code.hide(f"```\n{code}\n```") + "\n\n"
    if name in ("card", "linkcard", "step") and title:
        return f"\n\n**{title}**\n\n{dedented(inner).strip()}\n\n"
    return f"\n\n{dedented(inner).strip()}\n\n" if "\n" in inner else inner


def _empty_component(page: Rewriting, node: Tag, name: str) -> str:
    if name in ("image", "img", "themedimage", "zoom"):
        return _image(page, node)
    if name in ("br", "tableofcontents", "toc") or "icon" in name:
        return ""
    return _hole(page, node)


def _hole(page: Rewriting, node: Tag) -> str:
    return page.hole(f"<{node.name} />")


def _steps(page: Rewriting, node: Tag) -> str:
    """A numbered list, one item a step."""
    steps = [child for child in node.children if child.name.rpartition(".")[2].casefold() == "step"]
    if not steps:
        return _inner(page, node).strip()
    items = []
    for number, step in enumerate(steps, start=1):
        mark = f"{number}. "
        title = _arguments(step).get("title", "")
        parts = (f"**{title}**" if title else "", dedented(_inner(page, step)).strip())
        lines = "\n\n".join(filter(None, parts)).split("\n")
        items.append(
            mark + "\n".join([lines[0], *(f"{' ' * len(mark)}{line}".rstrip() for line in lines[1:])])
        )
    return "\n\n".join(items)


def _as_html(page: Rewriting, node: Tag) -> str:
    """The element as HTML again, its texts hidden so that no mark in them is taken for a letter."""
    if not node.name:
        return _hidden_words(page, html.unescape(node.source))
    name = node.name.casefold()
    if name in _STRUCTURE or name in _PARTS or name in ("br", "p"):
        inner = "".join(_as_html(page, child) for child in node.children)
        return f"{node.source}{inner}</{name}>" if name not in _VOID else node.source
    return _hidden_words(page, _rendered(page, node))


def _hidden_words(page: Rewriting, text: str) -> str:
    """The text on one line as a placeholder, with the space around it as it was."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    if HOLE in words:
        return f"{' ' * text[0].isspace()}{words}{' ' * text[-1].isspace()}"
    return f"{' ' * text[0].isspace()}{page.code.hide(words)}{' ' * text[-1].isspace()}"
