"""reStructuredText pages to articles: their tree as Markdown, with a hole for what stands elsewhere."""

import re
from collections.abc import Iterable, Iterator, Sequence

from docutils import nodes

from knowledge.documents import HOLE, ArticleDocument, HeldBack, Item
from knowledge.importing.files import NotKnowledgeError, RefusedError, SourceFile
from knowledge.importing.plain_words import code_span, escaped, escaped_start, fenced, markdown_table
from knowledge.importing.rst.markup import HOLE_NAME, REF_TARGET, parsed
from knowledge.importing.tables.records import held_back
from knowledge.text import title_from

_SUBSTITUTION = re.compile(r"\A\|[^|]+\|_{0,2}\Z")
_REFERENCE_MARKS = re.compile(r"\A`|`?_{1,2}\Z")
_NOT_SHOWN = (
    nodes.comment,
    nodes.substitution_definition,
    nodes.target,
    nodes.pending,
    nodes.decoration,
    nodes.raw,
)
_FIELDS = ("slug", "category", "url", "language", "draft", "published", "status")


def rst_page(file: SourceFile) -> Iterator[Item]:
    """The article of a reStructuredText page; raises `RefusedError`.

    Its title is the first heading, else the words of the file name. Fields at its top may give `slug`,
    `category`, `url` and `language`, and `status: draft`. A page of nothing but lists of other pages is
    passed over.
    """
    document = parsed(file.read_text())
    children = [child for child in document.children if not isinstance(child, _NOT_SHOWN)]
    fields: dict[str, str] = {}
    if children and isinstance(children[0], nodes.field_list):
        fields = _page_fields(children.pop(0))
    if reason := held_back({name: fields[name] for name in _FIELDS if name in fields}):
        yield HeldBack(file.name, reason)
        return
    title = ""
    if children and isinstance(children[0], nodes.section):
        first = children.pop(0)
        title = " ".join(first.children[0].astext().split())
        children = [*first.children[1:], *children]
    writer = _Writer(document)
    try:
        body = "\n\n".join(writer.blocks(children, depth=2))
    except RecursionError as error:
        raise RefusedError("the page is nested too deeply to be read; simplify it") from error
    if not body.replace(HOLE, "").strip():
        raise NotKnowledgeError("the page holds no text of its own")
    slug = fields.get("slug", "") or file.stem
    yield ArticleDocument(
        slug=slug,
        title=title or title_from(slug),
        body=body,
        category=fields.get("category", ""),
        url=fields.get("url", ""),
        language=fields.get("language", "").replace("_", "-"),
        path=file.name,
        holes=tuple(dict.fromkeys(writer.holes)),
    )


def _page_fields(field_list: nodes.Node) -> dict[str, str]:
    fields = {}
    for field in field_list.children:
        name, value = (part.astext() for part in field.children)
        fields["language" if name.lower() == "lang" else name.lower()] = " ".join(value.split())
    return fields


class _Writer:
    """Writes the nodes of one page as Markdown, and collects what is missing in it."""

    def __init__(self, document: nodes.document) -> None:
        self.holes: list[str] = []
        self._document = document

    def blocks(self, children: Iterable[nodes.Node], *, depth: int) -> list[str]:
        """The blocks that hold anything, headings of sections with `depth` signs and more."""
        found = []
        for child in children:
            if isinstance(child, nodes.section):
                found.append(f"{'#' * min(depth, 6)} {self._inline(child.children[0])}")
                found.extend(self.blocks(child.children[1:], depth=depth + 1))
            else:
                found.append(self._block(child, depth))
        return [block for block in found if block.strip()]

    def _block(self, node: nodes.Node, depth: int) -> str:
        match node:
            case nodes.system_message():
                return self._failed(node)
            case nodes.paragraph() | nodes.rubric() | nodes.attribution() | nodes.caption():
                return escaped_start(self._inline(node))
            case nodes.title() | nodes.subtitle():
                return f"**{self._inline(node)}**"
            case nodes.literal_block() | nodes.doctest_block() | nodes.math_block():
                return fenced(node.astext(), node.get("language", ""))
            case nodes.line_block():
                return "  \n".join(escaped_start(line) for line in self._lines(node))
            case nodes.bullet_list():
                return self._list(node.children, ["-"] * len(node.children))
            case nodes.enumerated_list():
                start = node.get("start", 1)
                return self._list(node.children, [f"{start + place}." for place in range(len(node.children))])
            case nodes.definition_list() | nodes.field_list() | nodes.option_list():
                return self._terms(node.children)
            case nodes.block_quote():
                return _quoted("\n\n".join(self.blocks(node.children, depth=depth)))
            case nodes.Admonition():
                return self._admonition(node, depth)
            case nodes.table():
                return self._table(node)
            case nodes.image():
                return self._image(node)
            case nodes.transition():
                return "---"
            case nodes.footnote() | nodes.citation():
                label, *rest = node.children
                return f"\\[{label.astext()}\\] {' '.join(self.blocks(rest, depth=depth))}"
            case nodes.Text() | nodes.Inline():
                return escaped_start(self._inline_of(node))
            case _ if isinstance(node, _NOT_SHOWN):
                return ""
            case _:
                return "\n\n".join(self.blocks(node.children, depth=depth))

    def _failed(self, message: nodes.Node) -> str:
        """A hole where docutils could not read a block; nothing for a mere remark."""
        sources = [
            child.astext().strip() for child in message.children if isinstance(child, nodes.literal_block)
        ]
        is_lost = message.get("level", 0) >= 3 or any(source.startswith("..") for source in sources)
        return self._hole(sources[0].split("\n")[0]) if sources and is_lost else ""

    def _hole(self, name: str) -> str:
        self.holes.append(name)
        return HOLE

    def _inline(self, node: nodes.Node) -> str:
        """The node's words on one line."""
        return " ".join("".join(map(self._inline_of, node.children)).split())

    def _inline_of(self, node: nodes.Node) -> str:
        match node:
            case nodes.Text():
                return escaped(node.astext().replace("\n", " "))
            case nodes.strong():
                return _marked("**", self._inline(node))
            case nodes.emphasis() | nodes.title_reference():
                return _marked("*", self._inline(node))
            case nodes.literal() | nodes.math():
                return code_span(node.astext())
            case nodes.reference() if node.get("refuri"):
                words = self._inline(node)
                return words if words == node["refuri"] else f"[{words}]({_target(node['refuri'])})"
            case nodes.image():
                return self._image(node)
            case nodes.footnote_reference() | nodes.citation_reference():
                return f"\\[{node.astext()}\\]"
            case nodes.problematic():
                return self._problematic(node.astext())
            case nodes.inline() if node.get(HOLE_NAME):
                return self._hole(node[HOLE_NAME])
            case nodes.inline() if node.get(REF_TARGET):
                return escaped(self._title_of(node[REF_TARGET]))
            case _ if isinstance(node, (*_NOT_SHOWN, nodes.system_message)):
                return ""
            case _:
                return "".join(map(self._inline_of, node.children))

    def _problematic(self, source: str) -> str:
        """A hole for a substitution that the page does not define, the words of a link without its target."""
        if _SUBSTITUTION.match(source):
            return self._hole(source)
        return escaped(_REFERENCE_MARKS.sub("", source))

    def _title_of(self, target: str) -> str:
        """The heading of a place on this page, else the words of its name."""
        place = self._document.ids.get(self._document.nameids.get(target.lower()) or "")
        if isinstance(place, nodes.section):
            return " ".join(place.children[0].astext().split())
        return title_from(target.strip("/").rsplit("/", 1)[-1])

    def _lines(self, block: nodes.Node) -> Iterator[str]:
        for child in block.children:
            if isinstance(child, nodes.line_block):
                yield from self._lines(child)
            else:
                yield self._inline(child)

    def _list(self, items: Sequence[nodes.Node], marks: Sequence[str]) -> str:
        texts = [self.blocks(item.children, depth=6) for item in items]
        is_loose = any(len(blocks) > 1 and not _is_list(blocks[1]) for blocks in texts)
        entries = []
        for mark, blocks in zip(marks, texts, strict=True):
            indent = " " * (len(mark) + 1)
            text = ("\n\n" if is_loose else "\n").join(blocks)
            entries.append(f"{mark} " + text.replace("\n", f"\n{indent}").replace(f"\n{indent}\n", "\n\n"))
        return ("\n\n" if is_loose else "\n").join(entries)

    def _terms(self, items: Sequence[nodes.Node]) -> str:
        """A list of terms, fields or options with what they mean."""
        entries = []
        for item in items:
            *terms, meaning = item.children
            term = ", ".join(self._inline(part) or escaped(part.astext()) for part in terms)
            blocks = self.blocks(meaning.children, depth=6)
            text = "\n\n".join([f"**{term}**: {blocks[0]}" if blocks else f"**{term}**", *blocks[1:]])
            entries.append("- " + text.replace("\n", "\n  ").replace("\n  \n", "\n\n"))
        return "\n".join(entries)

    def _admonition(self, node: nodes.Element, depth: int) -> str:
        children = list(node.children)
        label = type(node).__name__.capitalize()
        if children and isinstance(children[0], nodes.title):
            label = self._inline(children.pop(0))
        blocks = self.blocks(children, depth=depth)
        first = f"**{label}:** {blocks[0]}" if blocks and not _is_list(blocks[0]) else f"**{label}:**"
        rest = blocks[1:] if blocks and not _is_list(blocks[0]) else blocks
        return _quoted("\n\n".join([first, *rest]))

    def _table(self, table: nodes.Element) -> str:
        """The table with its first row as header; a cell's blocks stand on one line."""
        rows = [
            [" ".join(" ".join(self.blocks(entry.children, depth=6)).split()) for entry in row.children]
            for row in table.findall(nodes.row)
        ]
        titles = [f"**{self._inline(child)}**" for child in table.children if isinstance(child, nodes.title)]
        return "\n\n".join([*titles, markdown_table(rows)])

    def _image(self, node: nodes.Element) -> str:
        return f"![{escaped(node.get('alt', ''))}]({_target(node['uri'])})"


def _target(uri: str) -> str:
    """A link's target as Markdown takes it, in angles where it holds what would end it."""
    return f"<{uri}>" if re.search(r"[\s()]", uri) else uri


def _is_list(block: str) -> bool:
    return block.startswith(("- ", "1. "))


def _marked(mark: str, words: str) -> str:
    return f"{mark}{words}{mark}" if words else ""


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
