"""What reStructuredText says with directives and roles, Sphinx's too; includes no file, runs nothing."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from docutils import nodes, utils
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

from knowledge.documents import HOLE
from knowledge.importing.files import RefusedError

HOLE_NAME = "hole"
"""Attribute of a node that stands for what the page has elsewhere: how the page writes it."""
REF_TARGET = "ref"
"""Attribute of a node that names another place without words for it."""

_DROPPED = frozenset(
    {
        *("toctree", "contents", "index", "meta", "highlight", "currentmodule", "module", "tags", "comment"),
        *("todo", "todolist", "sectnum", "header", "footer", "target-notes", "tabularcolumns", "rst-class"),
        *("sectionauthor", "codeauthor", "youtube", "video", "vimeo"),
    }
)
_ELSEWHERE = frozenset({"include", "literalinclude", "raw", "ifconfig"})
_LABELLED = frozenset(
    {
        *("tab", "tab-item", "group-tab", "dropdown", "details", "collapse"),
        *("card", "grid-item-card", "panel"),
    }
)
"""Their argument is a heading of what they hold; a directive that nobody knows only keeps what it holds."""
_CODE = frozenset({"code", "code-block", "sourcecode", "prompt", "code-tab"})
_VERSIONS = {
    "versionadded": "New in version {}.",
    "versionchanged": "Changed in version {}.",
    "deprecated": "Deprecated since version {}.",
}
_LITERAL_ROLES = frozenset(
    {
        *("file", "samp", "kbd", "code", "command", "program", "option", "envvar"),
        *("regexp", "makevar", "mailheader"),
    }
)
_DOCUTILS_ROLES = frozenset(
    {
        *("emphasis", "strong", "literal", "math", "sub", "subscript", "sup", "superscript"),
        *("title-reference", "title", "t"),
    }
)
_WITH_TARGET = re.compile(r"\A(?P<words>[^<]*+)<(?P<target>[^<>]*+)>\Z", re.DOTALL)
_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "line_length_limit": 1_000_000,
    "raw_enabled": False,
    "report_level": 5,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "warning_stream": False,
}
_patching = threading.Lock()


def parsed(text: str) -> nodes.document:
    """The tree of a page; raises `RefusedError` when it cannot be made."""
    try:
        with _sphinx_markup():
            return publish_doctree(text, settings_overrides=_SETTINGS)
    except RecursionError as error:
        raise RefusedError("the page is nested too deeply to be read; simplify it") from error
    except Exception as error:  # the library raises whatever unexpected markup makes it raise
        reason = " ".join(str(error).split())[:200]
        raise RefusedError(
            f"the page is no reStructuredText that can be read ({reason}); correct it"
        ) from error


@contextmanager
def _sphinx_markup() -> Iterator[None]:
    """Lets docutils find our directives and roles, as Sphinx does; functions of two modules look them up.

    Both are as before afterwards, and the roles too that a page defines, which docutils keeps for the next.
    """
    with _patching:
        find_directive, find_role, known_roles = directives.directive, roles.role, dict(roles._roles)

        def directive_of(name: str, language: Any, document: Any) -> tuple[Any, list[Any]]:
            ours = _directive(name.lower().split(":")[-1])
            found, _ = (ours, []) if ours else find_directive(name, language, document)
            return found or _Held, []

        def role_of(name: str, language: Any, line: int, reporter: Any) -> tuple[Any, list[Any]]:
            if name.lower() in _DOCUTILS_ROLES or name in roles._roles:
                return find_role(name, language, line, reporter)  # type: ignore[no-any-return]
            return _role, []

        directives.directive, roles.role = directive_of, role_of
        try:
            yield
        finally:
            directives.directive, roles.role = find_directive, find_role
            roles._roles.clear()
            roles._roles.update(known_roles)


class _AnyOption(dict[str, Callable[[str], str]]):
    """Takes every option as it is written."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, name: str) -> Callable[[str], str]:
        return str


class _Held(Directive):  # type: ignore[misc]  # docutils is untyped
    """Keeps what the directive holds, and nothing else of it."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[Any] = _AnyOption()
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The nodes that stand where the directive does."""
        return self.held()

    def held(self) -> list[nodes.Node]:
        """What it holds, parsed."""
        container = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, container)
        return list(container.children)

    @property
    def argument(self) -> str:
        """What stands behind the two colons."""
        return " ".join(self.arguments[0].split()) if self.arguments else ""

    def words(self, text: str) -> list[nodes.Node]:
        """The text as inline markup."""
        inline, messages = self.state.inline_text(text, self.lineno)
        return [*inline, *messages]


class _Dropped(_Held):
    def run(self) -> list[nodes.Node]:
        return []


class _Elsewhere(_Held):
    def run(self) -> list[nodes.Node]:
        name = f".. {self.name}:: {self.argument}".strip()
        return [nodes.paragraph("", "", nodes.inline(HOLE, HOLE, **{HOLE_NAME: name}))]


class _Only(_Held):
    """Kept where pages for the web keep it."""

    def run(self) -> list[nodes.Node]:
        words = self.argument.split()
        return self.held() if "html" in words and "not" not in words else []


class _Labelled(_Held):
    def run(self) -> list[nodes.Node]:
        if not self.argument:
            return self.held()
        return [nodes.paragraph("", "", nodes.strong("", "", *self.words(self.argument))), *self.held()]


class _Code(_Held):
    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        language = self.argument.split()[0] if self.argument else ""
        return [nodes.literal_block(code, code, language=language)]


class _Version(_Held):
    def run(self) -> list[nodes.Node]:
        version, _, words = self.argument.partition(" ")
        told = _VERSIONS[self.name.lower()].format(version)
        return [nodes.paragraph("", "", nodes.Text(told + " "), *self.words(words)), *self.held()]


class _SeeAlso(_Held):
    def run(self) -> list[nodes.Node]:
        words = [nodes.paragraph("", "", *self.words(self.argument))] if self.argument else []
        return [nodes.admonition("", nodes.title("", "See also"), *words, *self.held())]


def _directive(name: str) -> type[_Held] | None:
    """Ours of this name; docutils has the others."""
    for names, ours in (
        (_DROPPED, _Dropped),
        (_ELSEWHERE, _Elsewhere),
        (_LABELLED, _Labelled),
        (_CODE, _Code),
        (_VERSIONS, _Version),
        (("only",), _Only),
        (("seealso",), _SeeAlso),
    ):
        if name in names:
            return ours
    return None


def _role(
    name: str, raw: str, text: str, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """The words of a role: those before a target, those of the target where there are none."""
    text = utils.unescape(text)
    role = name.lower().rsplit(":", 1)[-1]
    if role in _LITERAL_ROLES:
        return [nodes.literal(raw, text)], []
    if role == "menuselection":
        return [nodes.inline(raw, text.replace("-->", "→").replace("&", ""))], []
    if role == "guilabel":
        return [nodes.strong(raw, text.replace("&", ""))], []
    found = _WITH_TARGET.match(text)
    if found and found["words"].strip():
        return [nodes.inline(raw, found["words"].strip())], []
    if role in ("ref", "doc", "numref", "any"):
        return [nodes.inline(raw, text, **{REF_TARGET: found["target"] if found else text})], []
    return [nodes.inline(raw, text.lstrip("~!"))], []
