"""Cuts articles and learned answers into passages; never splits a list item, row or code block."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from markdown_it.token import Token

from knowledge.documents import HOLE, ArticleDocument
from knowledge.index.announcements import announcing_first, only_announce
from knowledge.markdown import inline_text, parse, plain_text
from model.refs import article_ref, learned_answer_ref
from model.types import Passage

CHUNKER_VERSION = "6"
"""Raised whenever the same document would be cut or described differently: old snapshots turn stale."""

TARGET_WORDS = 120
"""A passage is closed once it has this many words; about 160 word pieces, well inside the encoder's 256."""
MAX_WORDS = 160
"""A further piece is not added beyond this; a list item, row or code block that is longer stays whole."""

# Scripts written without spaces: each character counts as a word.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_SENTENCE_END = re.compile(
    r"(?:(?<=[.!?…])|(?<=[.!?…][\"'”’)\]*_])|(?<=[.!?…][\"'”’)\]*_]{2}))\s+(?=\S)|(?<=[。！？])(?=\S)"
)
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|approx|mrs?|ms|dr|st|[a-z])\.$", re.IGNORECASE)
_LONGEST_MARKUP = 2000
"""Characters after which markup that never closes is no longer waited for."""
_LINK_ITEM = re.compile(r"\A\s*(?:[-*+]|\d+[.)])\s+\[[^\[\]]+\](?:\([^()]*\)|\[[^\[\]]*\])\s*")
_LABEL = re.compile(r"\[([^\[\]]+)\]")
_BLOCK = re.compile(r"(?=\n\n)|(?<!\n)(?=\n[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]|\|))")
"""Where a paragraph, a list item or a row of a table begins."""
_MARK = re.compile(r"\A\s*+(?:>[ \t]*+)*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++|\|)?")
_LINE_BREAK = re.compile(r"\r\n?|\n")
_OF_THE_PAGE = re.compile(
    r"\A\W*+(?:(?:(?:last )?(?:updated|modified|edited|reviewed|published)\b[^.\n]{0,60}+"
    r"|(?:written|posted|published) by\b[^.\n]{0,60}+"
    r"|\d{1,3} min(?:ute)?s? read|(?:on|in) this (?:page|article)|(?:table of )?contents"
    r"|(?:home|help(?: cent(?:er|re))?|all collections|docs) ?[>›»/][^.\n]{0,120}+)\W*+)++\Z",
    re.IGNORECASE,
)
"""A paragraph that says something of the page: its date, its writer, where it stands."""


def article_passages(document: ArticleDocument) -> list[Passage]:
    """Passages of the article: its title, which says nothing itself, then pieces of about 120 words.

    Every word of the body is in the `text` of a piece or in a heading path, apart from lists of nothing but
    links ("Related articles"), which answer nothing; they stay where the article holds nothing else. A body
    without text yields the title passage only. An article that another one has superseded yields none: it
    must not be found. What merely announces the article is left out of what is shown, and so is every
    sentence with a hole.
    """
    if document.superseded_by is not None:
        return []
    chunks = [_without_holes(chunk) for chunk in _chunks(document)]
    chunks = [chunk for chunk in chunks if chunk.withheld or not _only_links(chunk.text)] or chunks
    chunks = [chunk for chunk in chunks if chunk.text or chunk.withheld]
    ref = article_ref(document.slug)
    says_something = any(chunk.text for chunk in chunks)
    title_passage = Passage(
        key=f"{ref}#0",
        ref=ref,
        kind="article",
        title=document.title,
        heading_path=(),
        text="" if says_something else document.title,
        search_text=document.title,
        url=document.url,
    )
    pieces = [
        replace(
            title_passage,
            key=f"{ref}#{number}",
            heading_path=chunk.heading_path,
            text=text,
            search_text="\n".join(
                filter(None, (document.title, *chunk.heading_path, plain_text(chunk.text), chunk.withheld))
            ),
            withheld=chunk.withheld,
        )
        for number, (chunk, text) in enumerate(zip(chunks, _shown(chunks), strict=True), start=1)
    ]
    return [title_passage, *pieces]


def learned_answer_passages(
    learned_answer_id: int,
    question: str,
    answer: str,
    phrasings: Sequence[str],
    *,
    released: bool = False,
    human_only: bool = False,
    picked: Collection[str] = (),
) -> list[Passage]:
    """One passage a way to ask, the question first; those that differ only in case or space count once.

    One on a matter that is `human_only` is for people, unless it is `released`. Of the phrasings, those
    `picked` no person approved.
    """
    ref = learned_answer_ref(learned_answer_id)
    texts: dict[str, str] = {}
    for text in (question, *phrasings):
        texts.setdefault(" ".join(text.casefold().split()), text.strip())
    texts.pop("", None)
    return [
        Passage(
            key=f"{ref}#{number}",
            ref=ref,
            kind="learned_answer",
            title=question,
            heading_path=(),
            text=answer,
            search_text=text,
            url="",
            released=released,
            for_people=human_only and not released,
            picked=text in picked,
        )
        for number, text in enumerate(texts.values())
    ]


def count_words(text: str) -> int:
    """Words of the text; in scripts without spaces each character counts."""
    return len(_WORD.findall(text))


def split_sentences(text: str) -> list[str]:
    """Sentences of the text in order, without the space between them; no cut inside a link, code or bold."""
    sentences: list[str] = []
    begin = 0
    for cut in _SENTENCE_END.finditer(text):
        candidate = text[begin : cut.start()]
        numbered = candidate[-3:].casefold() == "no." and text[cut.end()].isdigit()
        if len(candidate) < _LONGEST_MARKUP and (numbered or not _complete(candidate)):
            continue
        sentences.append(candidate)
        begin = cut.end()
    return [*sentences, text[begin:]] if text[begin:].strip() else sentences


def join_sentences(sentences: Sequence[str]) -> str:
    """The sentences on one line, spaced as their script wants it."""
    joined = ""
    for sentence in filter(None, sentences):
        joined += (_space_after(joined) if joined else "") + sentence
    return joined


def _space_after(sentence: str) -> str:
    return "" if sentence.endswith(("。", "！", "？")) else " "


@dataclass(frozen=True, slots=True)
class _Piece:
    """The smallest part that is never cut, with what joins it to the piece before it."""

    heading_path: tuple[str, ...]
    text: str
    glue: str


@dataclass(frozen=True, slots=True)
class _Chunk:
    heading_path: tuple[str, ...]
    text: str
    withheld: str = ""


def _chunks(document: ArticleDocument) -> Iterator[_Chunk]:
    tokens, definitions = parse(document.body)
    with_definitions = _definition_appender(definitions)
    gathered: list[_Piece] = []
    words = 0
    for piece in _pieces(tokens, _LINE_BREAK.split(document.body), document.title):
        size = count_words(piece.text)
        same_section = bool(gathered) and gathered[0].heading_path == piece.heading_path
        if gathered and (not same_section or words >= TARGET_WORDS or words + size > MAX_WORDS):
            lead_in = gathered[-1] if same_section and _introduces(gathered) else None
            yield _chunk(gathered[:-1] if lead_in else gathered, with_definitions)
            gathered = [lead_in] if lead_in else []
            words = count_words(lead_in.text) if lead_in else 0
        gathered.append(piece)
        words += size
    if gathered:
        yield _chunk(gathered, with_definitions)


def _without_holes(chunk: _Chunk) -> _Chunk:
    """The chunk without the sentences and table rows that have a hole; a step that is nothing else is `…`."""
    if HOLE not in chunk.text:
        return chunk
    withheld: list[str] = []
    parts = [_without_hole(part, withheld) for part in _BLOCK.split(chunk.text)]
    words = plain_text("\n\n".join(withheld)).replace(HOLE, " ")
    text = "".join(part for part in parts if part.strip()).strip("\n")
    return replace(chunk, text=text, withheld=" ".join(words.split()))


def _without_hole(part: str, withheld: list[str]) -> str:
    """A paragraph, item or row of a table without the sentences that have a hole, which go to `withheld`."""
    if HOLE not in part:
        return part
    mark, text = _split_mark(part)
    sentences = [text] if mark.strip().startswith("|") else split_sentences(text)
    withheld += [sentence for sentence in sentences if HOLE in sentence]
    said = [sentence for sentence in sentences if HOLE not in sentence]
    if not said:
        return f"{mark}…" if mark.strip(" \t\n>")[:1].isdigit() else ""
    return mark + join_sentences(said)


def _split_mark(part: str) -> tuple[str, str]:
    """What makes the part an item, a quotation or a row, and its text."""
    mark = _MARK.match(part)
    end = mark.end() if mark else 0
    return part[:end], part[end:]


def _shown(chunks: Sequence[_Chunk]) -> list[str]:
    """What is shown of each: not what merely announces the article or a part of it, unless that is all.

    "This page explains …" goes from the beginning of any text, an announcement alone as a whole.
    """
    shown = [_without_announcement(chunk.text) for chunk in chunks]
    return shown if any(shown) else [chunk.text for chunk in chunks]


def _without_announcement(text: str) -> str:
    paragraph, gap, rest = text.partition("\n\n")
    sentences = split_sentences(paragraph)
    if not gap and only_announce(paragraph, sentences):
        return ""
    announcing = announcing_first(sentences)
    if not announcing:
        return text
    return join_sentences(sentences[announcing:]) + gap + rest if sentences[announcing:] else rest


def _only_links(text: str) -> bool:
    """Whether every line is a list item that is one link and nothing more."""
    return all(_LINK_ITEM.fullmatch(line) for line in text.splitlines() if line.strip())


def _introduces(pieces: Sequence[_Piece]) -> bool:
    """Whether the last piece announces what follows ("Do this:") and may move to the next chunk."""
    return len(pieces) > 1 and pieces[-1].text.rstrip("*_ ").endswith((":", "："))


def _chunk(pieces: Sequence[_Piece], with_definitions: Callable[[str], str]) -> _Chunk:
    text = pieces[0].text
    for piece in pieces[1:]:
        text += piece.glue + piece.text
    return _Chunk(pieces[0].heading_path, with_definitions(text))


def _definition_appender(definitions: dict[str, str]) -> Callable[[str], str]:
    """Keeps reference links alive in a chunk that is cut off from their definitions."""

    def append(text: str) -> str:
        labels = dict.fromkeys(" ".join(label.upper().split()) for label in _LABEL.findall(text))
        used = [definitions[label] for label in labels if label in definitions]
        return "\n\n".join((text, "\n".join(used))) if used else text

    return append


def _pieces(tokens: Sequence[Token], lines: Sequence[str], title: str) -> Iterator[_Piece]:
    headings: list[tuple[int, str]] = []
    bare: str | None = None  # source of a heading with nothing under it yet
    for block in _top_level(tokens):
        first = block[0]
        source = _source(first, lines)
        if first.type == "heading_open":
            if bare is not None and int(first.tag[1]) <= headings[-1][0]:
                yield _Piece(_path(headings[:-1]), bare, "\n\n")
            headings = [(level, text) for level, text in headings if level < int(first.tag[1])]
            text = inline_text(block[1])
            bare = None
            if text and not (first.tag == "h1" and text.casefold() == title.casefold()):
                headings.append((int(first.tag[1]), text))
                bare = source
            continue
        for piece in _block_pieces(block, source, lines, _path(headings)):
            bare = None
            yield piece
    if bare is not None:
        yield _Piece(_path(headings[:-1]), bare, "\n\n")


def _path(headings: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(text for _, text in headings)


def _block_pieces(
    block: Sequence[Token], source: str, lines: Sequence[str], path: tuple[str, ...]
) -> Iterator[_Piece]:
    first = block[0]
    if first.type == "hr" or not source.strip():
        return
    if first.type in ("bullet_list_open", "ordered_list_open"):
        yield from _item_pieces(block, lines, path)
    elif first.type == "paragraph_open":
        if not _OF_THE_PAGE.match(source):
            yield from _paragraph_pieces(source.strip(), path)
    elif first.type == "table_open":
        yield from _table_pieces(source.split("\n"), path)
    else:
        yield _Piece(path, source, "\n\n")


def _item_pieces(block: Sequence[Token], lines: Sequence[str], path: tuple[str, ...]) -> Iterator[_Piece]:
    """One piece an item, with everything nested under it, spaced as in the source."""
    glue = "\n\n"
    for item in (token for token in block if token.type == "list_item_open" and token.level == 1):
        yield _Piece(path, _source(item, lines), glue)
        begin, end = item.map or (0, 0)
        glue = "\n\n" if end > begin and not lines[end - 1].strip() else "\n"


def _paragraph_pieces(text: str, path: tuple[str, ...]) -> Iterator[_Piece]:
    glue = "\n\n"
    if count_words(text) <= MAX_WORDS:
        yield _Piece(path, text, glue)
        return
    for sentence in split_sentences(text):
        for part in _fitting(sentence):
            yield _Piece(path, part, glue)
            glue = _space_after(part)


def _table_pieces(rows: Sequence[str], path: tuple[str, ...]) -> Iterator[_Piece]:
    """The table whole, or in parts of its rows when it is too long, each under the header."""
    header, body = "\n".join(rows[:2]), rows[2:]
    gathered: list[str] = []
    for row in body:
        if gathered and count_words("\n".join((header, *gathered, row))) > MAX_WORDS:
            yield _Piece(path, "\n".join((header, *gathered)), "\n\n")
            gathered = []
        gathered.append(row)
    yield _Piece(path, "\n".join((header, *gathered)), "\n\n")


def _fitting(sentence: str) -> Iterator[str]:
    """The sentence whole, or cut between words when it is longer than two passages."""
    words = list(_WORD.finditer(sentence))
    if len(words) <= 2 * MAX_WORDS:
        yield sentence
        return
    starts = [0, *(words[number].start() for number in range(MAX_WORDS, len(words), MAX_WORDS))]
    for begin, end in pairwise((*starts, len(sentence))):
        yield sentence[begin:end].strip()


def _source(token: Token, lines: Sequence[str]) -> str:
    begin, end = token.map or (0, 0)
    return "\n".join(lines[begin:end]).strip("\n").rstrip()


def _top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each block of the outermost level."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []


def _complete(text: str) -> bool:
    """Whether a sentence may end here: not after an abbreviation, nor inside a link, code or bold."""
    return (
        not _ABBREVIATION.search(text[-12:])
        and text.count("`") % 2 == 0
        and text.count("**") % 2 == 0
        and text.count("[") <= text.count("]")
        and text.count("(") <= text.count(")")
    )
