"""JSON as helpdesks give out their articles: Zendesk, Intercom, Freshdesk, Help Scout and Crisp.

What their interfaces for programs answer is read, page by page or joined; other JSON is left to others.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from knowledge.documents import ArticleDocument, HeldBack, HeldBackReason, Item, Refusal
from knowledge.importing.files import MAX_PAIRS_BYTES, NotKnowledgeError, RefusedError, SourceFile
from knowledge.importing.html.pages import html_to_markdown, looks_like_html
from knowledge.importing.languages import language_tag
from knowledge.importing.tables.rows import json_rows

Record = Mapping[str, Any]
"""An object of the JSON; Any: whatever it holds."""

_WRAPPERS = ("articles", "items", "data", "results", "translations", "article", "translation")
"""Keys below which the interfaces give their articles."""
_GROUPS = ("sections", "categories", "collections", "folders")
"""Keys, and names of files beside the export, of what articles are grouped in."""
_MAX_DEPTH = 5
_MAX_SLUG_CHARS = 100
_COMMENT = re.compile(rb"^\s{0,40}(?://|/\*)", re.MULTILINE)
_NUMBER_BEFORE_SLUG = re.compile(r"\A\d+(?:-|\Z)")
_FENCE = re.compile(r"\A {0,3}(?:```|~~~)")
_CRISP_NOTE = re.compile(r"\A\|{1,3} ([^|]+)\Z")
_CRISP_FRAME = re.compile(r"\$\{[\w-]{1,30}\}\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)")
_CRISP_MARK = re.compile(r"\+\+(?=[^\s+])([^+\n]{1,500})\+\+")
_CRISP_SIZE = re.compile(r"(?<=\S) =\d{0,5}x\d{0,5}(?=\))")


@dataclass(frozen=True, slots=True)
class _Found:
    """An article as its helpdesk has it, its text already Markdown."""

    identifier: str
    title: str
    body: str
    url: str = ""
    category: str = ""
    language: str = ""
    translation_key: str = ""
    held_back: HeldBackReason | None = None


@dataclass(frozen=True, slots=True)
class _Groups:
    """What the export says of sections, categories, collections and folders, by their ids."""

    by_id: dict[str, Record] = field(default_factory=dict)

    def name(self, identifier: object) -> str:
        """What the group is called; empty when the export does not say."""
        group = self.by_id.get(str(identifier), {})
        return " ".join(str(group.get("name") or group.get("title") or "").split())

    def is_for_everybody(self, identifier: object) -> bool:
        """Whether the group is not kept from customers: Freshdesk counts, Help Scout says so."""
        visibility = self.by_id.get(str(identifier), {}).get("visibility", 1)
        return visibility in (1, "1", "public", "visible")


def helpdesk_export(file: SourceFile) -> Iterator[Item]:
    """The articles of a helpdesk's export, or what `json_rows` finds in other JSON.

    Drafts and what is not for everybody are held back. A broken article is refused by itself; one that stands
    there twice, as overlapping pages have it, is read once. Raises `RefusedError` for the file,
    `NotKnowledgeError` when it is neither.
    """
    value = _parsed(file.read_bytes(limit=MAX_PAIRS_BYTES))
    records = list(_records(value, _MAX_DEPTH))
    if not any(isinstance(record, dict) and _helpdesk_of(record) for record in records):
        try:
            yield from json_rows(value, file.name)
        except NotKnowledgeError as error:
            reason = f"no export of a helpdesk that is known; it has {_keys(value)}, and {error}"
            raise NotKnowledgeError(reason) from error
        return
    groups = _groups(value, file)
    read: dict[tuple[str, str], _Found] = {}
    for number, record in enumerate(records, start=1):
        try:
            articles = list(_articles(record, groups))
        except RefusedError as error:
            identifier = _identifier(record) if isinstance(record, dict) else ""
            yield Refusal(f"{file.name}#{identifier or number}", str(error))
            continue
        for found in articles:
            key = (found.translation_key or found.identifier or str(number), found.language)
            known = read.setdefault(key, found)
            if known is found:
                yield _item(found, file.name)
            elif (known.title, known.body) != (found.title, found.body):
                reason = "another article of the file has this id and language; remove one of the two"
                yield Refusal(f"{file.name}#{found.identifier}", reason)


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data)
    except RecursionError as error:
        raise RefusedError("not JSON that can be read: nested too deeply") from error
    except ValueError as error:
        if _COMMENT.search(data[:2000]):
            raise NotKnowledgeError("JSON with comments holds settings, not knowledge") from error
        raise RefusedError(f"not JSON: {str(error)[:200]}") from error


def _records(value: object, depth: int) -> Iterator[object]:
    """The articles in what an interface answered, however its pages were joined."""
    if isinstance(value, list) and depth:
        for part in value:
            yield from _records(part, depth - 1)
    elif not isinstance(value, dict):
        yield value
    else:
        inner = [value[name] for name in _WRAPPERS if isinstance(value.get(name), (list, dict))]
        if _helpdesk_of(value) or not inner or not depth:
            yield value
        else:
            for part in inner:
                yield from _records(part, depth - 1)


def _groups(value: object, file: SourceFile) -> _Groups:
    """The groups that stand in the export itself, and in the files beside it."""
    groups = _Groups()
    for part in _objects(value if isinstance(value, list) else [value]):
        for name in _GROUPS:
            _add_groups(part.get(name), groups)
    for name in _GROUPS:
        beside = file.path.with_name(f"{name}.json")
        if beside.is_file() and beside != file.path:
            try:
                content = json.loads(SourceFile(beside, beside.name).read_bytes())
            except (RefusedError, ValueError, RecursionError):
                continue  # its own refusal names it
            if isinstance(content, dict):
                content = content.get(name) or content.get("data")
            _add_groups(content, groups)
    return groups


def _add_groups(value: object, groups: _Groups) -> None:
    for group in _objects(value.get("items") if isinstance(value, dict) else value):
        if _identifier(group):
            groups.by_id.setdefault(_identifier(group), group)


def _articles(record: object, groups: _Groups) -> Iterator[_Found]:
    read = _helpdesk_of(record) if isinstance(record, dict) else None
    if read is None:
        raise RefusedError(f"no article of the helpdesk whose export this is; it has {_keys(record)}")
    yield from read(cast(Record, record), groups)


def _helpdesk_of(record: Record) -> Callable[[Record, _Groups], Iterator[_Found]] | None:
    """Who reads such an article, by the keys that only its helpdesk uses."""
    has = record.keys()
    if record.get("type") == "article" and "state" in has:
        return _intercom
    if {"name", "status"} <= has and not has.isdisjoint(("collectionId", "publicUrl", "lastPublishedAt")):
        return _help_scout
    if "title" not in has:
        return None
    if "article_id" in has or {"content", "visibility"} <= has:
        return _crisp
    if "status" in has and not has.isdisjoint(("folder_id", "description_text", "folder_visibility")):
        return _freshdesk
    if "source_id" in has and str(record.get("source_type", "")).lower() == "article":
        return _zendesk
    if "body" in has and not has.isdisjoint(("draft", "section_id", "html_url")):
        return _zendesk
    return None


def _zendesk(record: Record, groups: _Groups) -> Iterator[_Found]:
    identifier = _text(record, "source_id") or _text(record, "id")
    locale, source_locale = _text(record, "locale"), _text(record, "source_locale")
    is_translation = "source_id" in record or (source_locale and locale != source_locale)
    yield _Found(
        identifier=f"{identifier}:{locale}" if is_translation else identifier,
        title=_text(record, "title"),
        body=_from_html(_text(record, "body")),
        url=_text(record, "html_url"),
        category=groups.name(record.get("section_id")),
        language=language_tag(locale),
        translation_key=f"zendesk:{identifier}" if identifier else "",
        held_back=_zendesk_reason(record),
    )
    for translation in _objects(record.get("translations")):
        if translation.get("locale") != locale:
            kept = {name: record.get(name) for name in ("section_id", "user_segment_id", "user_segment_ids")}
            yield from _zendesk({"source_id": identifier, **kept, **translation}, groups)


def _zendesk_reason(record: Record) -> HeldBackReason | None:
    """Articles for a segment of users are not for everybody."""
    if record.get("draft"):
        return HeldBackReason.DRAFT
    if record.get("user_segment_id") or record.get("user_segment_ids") or record.get("hidden"):
        return HeldBackReason.INTERNAL
    return None


def _intercom(record: Record, groups: _Groups) -> Iterator[_Found]:
    identifier = _text(record, "id")
    translated = record.get("translated_content")
    contents = {
        language_tag(locale): content
        for locale, content in (translated.items() if isinstance(translated, dict) else ())
        if isinstance(content, dict) and content.get("title")
    }
    own_language = language_tag(_text(record, "default_locale")) or next(
        (locale for locale, content in contents.items() if content["title"] == record.get("title")), ""
    )
    contents.pop(own_language, None)
    key = f"intercom:{identifier}" if contents else ""
    for language, content in ((own_language, record), *contents.items()):
        state = _text(content, "state")
        yield _Found(
            identifier=identifier if content is record else f"{identifier}:{language}",
            title=_text(content, "title"),
            body=_from_html(_text(content, "body")),
            url=_text(content, "url"),
            category=groups.name(record.get("parent_id")),
            language=language,
            translation_key=key,
            held_back=_reason(state, published="published", draft="draft"),
        )


def _freshdesk(record: Record, groups: _Groups) -> Iterator[_Found]:
    reason = _reason(_text(record, "status"), published="2", draft="1")
    is_open = groups.is_for_everybody(record.get("folder_id")) and record.get("folder_visibility", 1) == 1
    yield _Found(
        identifier=_text(record, "id"),
        title=_text(record, "title"),
        body=_from_html(_text(record, "description")),
        url=_text(record, "url") or _text(record, "path"),
        category=_freshdesk_folder(record) or groups.name(record.get("folder_id")),
        language=language_tag(_text(record, "language") or _text(record, "language_code")),
        held_back=reason or (None if is_open else HeldBackReason.INTERNAL),
    )


def _freshdesk_folder(record: Record) -> str:
    if name := _text(record, "folder_name"):
        return name
    levels = [level.get("data") for level in _objects(record.get("hierarchy"))]
    names = [_text(level, "name") for level in _objects(levels)]
    return names[-1] if names else ""


def _help_scout(record: Record, groups: _Groups) -> Iterator[_Found]:
    if "text" not in record:
        raise RefusedError("lists of Help Scout hold no text; save each article, /v1/articles/ID")
    categories = record.get("categories")
    is_open = groups.is_for_everybody(record.get("collectionId")) and record.get("visibility") != "private"
    yield _Found(
        identifier=_text(record, "id"),
        title=_text(record, "name"),
        body=_from_html(_text(record, "text")),
        url=_text(record, "publicUrl"),
        category=groups.name(categories[0]) if isinstance(categories, list) and categories else "",
        held_back=_reason(_text(record, "status"), published="published")
        or (None if is_open else HeldBackReason.INTERNAL),
    )


def _crisp(record: Record, groups: _Groups) -> Iterator[_Found]:
    if "content" not in record:
        raise RefusedError("lists of Crisp hold no text; save each article, …/article/ID")
    category = record.get("category")
    reason = _reason(_text(record, "status"), published="published", draft="draft")
    yield _Found(
        identifier=_text(record, "article_id") or _text(record, "id"),
        title=_text(record, "title"),
        body=_from_crisp(_text(record, "content")),
        url=_text(record, "url"),
        category=_text(category, "name") if isinstance(category, dict) else groups.name(category),
        language=language_tag(_text(record, "locale")),
        held_back=reason or (HeldBackReason.INTERNAL if record.get("visibility") == "hidden" else None),
    )


def _reason(state: str, *, published: str, draft: str = "") -> HeldBackReason | None:
    """Why an article in that state is not for customers; one without a state is published."""
    if state in ("", published):
        return None
    return HeldBackReason.DRAFT if state == draft else HeldBackReason.UNPUBLISHED


def _item(found: _Found, file_name: str) -> Item:
    path = f"{file_name}#{found.identifier or _slug(found)}"
    if found.held_back is not None:
        return HeldBack(path, found.held_back)
    if not found.title or not found.body:
        return Refusal(path, f"the article has no {'text' if found.title else 'title'}")
    return ArticleDocument(
        slug=_slug(found),
        title=found.title,
        body=found.body,
        category=found.category,
        url=found.url if found.url.startswith(("http://", "https://")) else "",
        language=found.language,
        translation_key=found.translation_key,
        path=path,
    )


def _slug(found: _Found) -> str:
    """The last part of the address without its number, else the words of the title."""
    last = unquote(urlsplit(found.url).path.rstrip("/").rsplit("/", 1)[-1])
    words = _NUMBER_BEFORE_SLUG.sub("", last) or found.title
    return re.sub(r"\W+", "-", words.casefold())[:_MAX_SLUG_CHARS].strip("-") or found.identifier or "article"


def _from_html(text: str) -> str:
    return html_to_markdown(text) if looks_like_html(text) else html.unescape(text).strip()


def _from_crisp(text: str) -> str:
    """The text with Crisp's notes as quotes, and without its frames, marks and sizes of images."""
    lines = text.replace("\r\n", "\n").split("\n")
    in_code = False
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            in_code = not in_code
        elif not in_code:
            line = _CRISP_NOTE.sub(r"> \1", line)
            line = _CRISP_MARK.sub(r"\1", _CRISP_FRAME.sub("", line))
            lines[number] = _CRISP_SIZE.sub("", line)
    return "\n".join(lines).strip()


def _objects(value: object) -> list[Record]:
    """Those of a list that are JSON objects."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _identifier(record: Record) -> str:
    for name in ("id", "article_id", "section_id", "category_id"):
        value = record.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def _text(record: Record, name: str) -> str:
    """The text below the name, a number as text; raises `RefusedError` for anything else."""
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RefusedError(f"{name} is a JSON {type(value).__name__}, not a text")
    text = str(value).replace("\0", "").strip()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RefusedError(f"{name} holds half a character at {error.start}; save the export anew") from error
    return text


def _keys(value: object) -> str:
    """What the value is, as a person would name it."""
    if isinstance(value, list):
        return f"a list of {len(value)}, the first with {_keys(value[0])}" if value else "an empty list"
    if not isinstance(value, dict):
        return f"a JSON {type(value).__name__}"
    names: Iterable[str] = list(value)[:12]
    return f"the keys {', '.join(map(repr, names))}" if value else "no keys"
