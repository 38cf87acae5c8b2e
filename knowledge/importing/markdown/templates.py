"""Tags of Liquid, Jinja and Hugo: includes and variables filled in where the site says them, else holes."""

import re

from knowledge.importing.markdown.rewriting import (
    Rewriting,
    Tag,
    is_remark,
    matched_ends,
    named_arguments,
    quoted,
    section,
    tag_tree,
)

_TAG = re.compile(
    r"\{%-?\s*+(?P<tag>(?:[^%}]|%(?!\})|\}(?<!%\})){0,2000}?)\s*-?%\}"
    r"|\{\{[<%]\s*+(?P<shortcode>[^<>]{0,2000}?)\s*[>%]\}\}"
    r"|(?<!=)\{\{-?\s*+(?P<value>[^{}]{0,500}?)\s*-?\}\}"
)
_NAME = re.compile(r"\A/?[\w:.-]+")
_COMPARISON = re.compile(r"\A([\w.-]+)\s*(==|!=)\s*(\"[^\"]*\"|'[^']*'|\d+)\Z")
_VARIABLE = re.compile(r"\A[.$]?[\w-]+(?:\.[\w-]+)*\Z")
_LITERAL = re.compile(r"\A(?:\"([^\"]*)\"|'([^']*)')\Z")
_ASSIGNMENT = re.compile(r"\A([\w-]+)\s*=\s*(.+)\Z", re.DOTALL)

_CONDITIONS = frozenset(
    ("if", "unless", "ifversion", "case", "for", "tablerow", "while", "range", "with", "block")
)
_BRANCHES = frozenset(("else", "elsif", "elseif", "elif", "when"))
_INCLUDES = frozenset(
    (
        "include",
        "include_relative",
        "include_cached",
        "render",
        "snippet",
        "partial",
        "readfile",
        "include-md",
    )
)
_SECTIONS = frozenset(
    ("tab", "details", "expand", "accordion", "collapse", "collapsible", "tabitem", "spoiler", "dropdown")
)
_IMAGES = frozenset(("figure", "image", "img"))
_LINKS = frozenset(("ref", "relref", "link", "post_url", "doc", "url"))
_SILENT = (
    "toc",
    "icon",
    "octicon",
    "fa",
    "svg",
    "badge",
    "break",
    "newline",
    "clear",
    "br",
    "tocs",
    "anchor",
)
_WORDS_OF_INCLUDES = ("content", "text", "note", "message", "body", "description", "items", "0")
_PLAIN_FILTERS = frozenset(("escape", "strip", "safe", "markdownify", "strip_html", "raw", "trim", "e", "t"))
_DEPTH = 40


def without_templates(page: Rewriting, text: str) -> str:
    """The text with every tag replaced by what the site would put there, or by a hole."""
    if "{%" not in text and "{{" not in text:
        return text
    return "".join(_rendered(page, tag) for tag in _tree(text))


def filled(page: Rewriting, expression: str) -> str | None:
    """The text of `name | filter`; `None` when the site does not say it."""
    name, *filters = (part.strip() for part in expression.split("|"))
    literal = _LITERAL.match(name)
    if literal is not None:
        value: str | None = literal[1] if literal[1] is not None else literal[2]
    else:
        value = page.value(name) if _VARIABLE.match(name) else None
    for step in filters:
        verb, _, argument = step.partition(":")
        verb, default = verb.strip(), _LITERAL.match(argument.strip())
        if verb == "default" and value is None and default is not None:
            value = default[1] if default[1] is not None else default[2]
        elif value is not None and verb in ("upcase", "upper"):
            value = value.upper()
        elif value is not None and verb in ("downcase", "lower"):
            value = value.lower()
        elif verb != "default" and verb not in _PLAIN_FILTERS:
            return None
    return value


def _tree(text: str) -> list[Tag]:
    """Texts and tags; a tag's name is in lower case, `{{` for a value."""
    tags = [(match, _parsed(match)) for match in _TAG.finditer(text)]
    names = [("" if tag.name == "{{" else tag.name, _ended(tag.name)) for _, tag in tags]
    return tag_tree(text, tags, matched_ends(names, deepest=_DEPTH))


def _ended(name: str) -> str:
    """The name of the tag that one of this name ends; empty for none."""
    return name[1:] if name.startswith("/") else name[3:] if name.startswith("end") else ""


def _parsed(match: re.Match[str]) -> Tag:
    if match["value"] is not None:
        return Tag(match[0], "{{", match["value"])
    source = match["tag"] if match["tag"] is not None else match["shortcode"]
    source = (source or "").strip().removesuffix("/").strip()
    name = _NAME.match(source)
    if name is None:
        return Tag(match[0], "/*" if source.startswith("/*") else "?", source)
    return Tag(match[0], name[0].casefold(), source[name.end() :].strip())


def _rendered(page: Rewriting, tag: Tag) -> str:
    if not tag.name:
        return tag.source
    if tag.name == "{{":
        return _value(page, tag)
    if tag.name in ("comment", "/*") or tag.name.startswith(("end", "/")):
        return ""
    if tag.name in ("raw", "verbatim"):
        return page.code.hide("".join(map(_source, tag.children)))
    if tag.name in _CONDITIONS and tag.closed:
        return _conditional(page, tag)
    return _block(page, tag) if tag.closed else _single(page, tag)


def _source(tag: Tag) -> str:
    return tag.source + "".join(map(_source, tag.children))


def _value(page: Rewriting, tag: Tag) -> str:
    value = filled(page, tag.rest)
    if value is None:
        return page.hole(tag.source)
    return value


def _conditional(page: Rewriting, tag: Tag) -> str:
    """The branch that is true by what the site says; where that is not known, a hole for them all."""
    branches: list[tuple[Tag, list[Tag]]] = [(tag, [])]
    for child in tag.children:
        if child.name in _BRANCHES:
            branches.append((child, []))
        else:
            branches[-1][1].append(child)
    for condition, children in branches:
        truth = True if condition.name == "else" and not condition.rest else _truth(page, condition)
        if truth is None:
            return page.hole(condition.source)
        if truth:
            return "".join(_rendered(page, child) for child in children)
    return ""


def _truth(page: Rewriting, tag: Tag) -> bool | None:
    """Whether the condition holds; `None` when the site does not say."""
    if tag.name not in ("if", "unless", "elsif", "elseif", "elif"):
        return None
    comparison = _COMPARISON.match(tag.rest)
    name = comparison[1] if comparison else tag.rest
    value = page.value(name) if _VARIABLE.match(name) else None
    if value is None:
        return None
    truth = True
    if comparison is not None:
        truth = (value == comparison[3].strip("\"'")) == (comparison[2] == "==")
    return truth != (tag.name == "unless")


def _block(page: Rewriting, tag: Tag) -> str:
    inner = "".join(_rendered(page, child) for child in tag.children)
    arguments = named_arguments(tag.rest)
    title = arguments.get("title") or arguments.get("header") or arguments.get("summary")
    if tag.name == "highlight":
        language = tag.rest.split()[0] if tag.rest else ""
        return "\n" + page.code.hide(f"```{language}\n{page.code.shown(inner).strip()}\n```") + "\n"
    if tag.name == "capture":
        page.variables[tag.rest.strip("\"' ")] = inner
        return ""
    if tag.name in _SECTIONS:
        name = title or arguments.get("name") or arguments.get("label") or arguments.get("0") or tag.name
        return section(name.capitalize() if name == tag.name else name, inner)
    if is_remark(tag.name):
        kind = arguments.get("style") or arguments.get("type") or arguments.get("color") or arguments.get("0")
        return quoted(kind if kind and is_remark(kind) else tag.name, title or "", inner)
    return inner


def _single(page: Rewriting, tag: Tag) -> str:
    arguments = named_arguments(tag.rest)
    if tag.name in _INCLUDES or (tag.name == "data" and tag.rest.startswith("reusables")):
        return _included(page, tag, _given(page, tag.rest))
    if tag.name in ("data", "param", "variable", "var"):
        value = page.value(tag.rest if tag.name == "data" else f"param.{arguments.get('0', '')}")
        return page.hole(tag.source) if value is None else value
    if tag.name == "assign":
        assignment = _ASSIGNMENT.match(tag.rest)
        value = filled(page, assignment[2]) if assignment else None
        if assignment and value is not None:
            page.variables[assignment[1]] = value
        return ""
    if tag.name in _IMAGES and (arguments.get("src") or arguments.get("0")):
        alt = arguments.get("alt") or arguments.get("caption") or arguments.get("title") or ""
        return f"![{alt}]({arguments.get('src') or arguments['0']})"
    if tag.name in _LINKS and arguments:
        return arguments.get("path") or arguments.get("0") or next(iter(arguments.values()))
    if tag.name == "embed" and arguments.get("url"):
        return f"<{arguments['url']}>"
    if tag.name in _SILENT or tag.name in _BRANCHES:
        return ""
    return page.hole(tag.source)


def _included(page: Rewriting, tag: Tag, arguments: dict[str, str]) -> str:
    """The included text; where it is not there, the words given to it, else a hole."""
    name = arguments.pop("0", "") or arguments.pop("file", "") or arguments.pop("path", "")
    if tag.name == "data":
        name = name.replace(".", "/")
    text = page.included(name, arguments) if name else None
    if text is not None:
        return text
    words = [arguments[key] for key in _WORDS_OF_INCLUDES if arguments.get(key)]
    if not words:
        return page.hole(tag.source)
    kind = arguments.get("type", "")
    return quoted(kind, "", "\n\n".join(words)) if is_remark(kind) else "\n\n".join(words)


def _given(page: Rewriting, rest: str) -> dict[str, str]:
    """The arguments of an include: what is not in quotes names a variable, except the file."""
    arguments = named_arguments(rest)
    for name, value in arguments.items():
        is_name = name != "0" and f"={value}" in rest.replace("= ", "=")
        if is_name:
            arguments[name] = page.value(value) or ""
    return arguments
