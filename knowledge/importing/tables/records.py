"""Named fields to pairs and articles: which column is the question, which rows are not for customers."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from knowledge.documents import (
    MAX_SLUG_CHARS,
    ArticleDocument,
    HeldBack,
    HeldBackReason,
    Item,
    QuestionAnswer,
    Refusal,
)
from knowledge.importing.files import NotKnowledgeError, RefusedError
from knowledge.importing.html.pages import html_to_markdown, looks_like_html
from knowledge.importing.languages import language_tag
from knowledge.importing.tables.text import Row, folded, known_columns
from knowledge.markdown import strip_tags

COLUMNS: dict[str, tuple[str, ...]] = {
    "question": (
        "question",
        "questions",
        "q",
        "frage",
        "pregunta",
        "domanda",
        "vraag",
        "pergunta",
        "pytanie",
    ),
    "answer": (
        "answer",
        "answers",
        "a",
        "antwort",
        "respuesta",
        "réponse",
        "risposta",
        "antwoord",
        "resposta",
    ),
    "title": ("title", "subject", "name", "titel", "titre", "título", "titolo"),
    "body": ("body", "content", "text", "inhalt", "contenu", "contenido"),
    "id": ("id",),
    "slug": ("slug",),
    "phrasings": ("phrasings",),
    "near_misses": ("near misses",),
    "approved_at": ("approved at",),
    "valid_until": ("valid until", "expires"),
    "released": ("released",),
    "human_only": ("human only",),
    "category": ("category", "section", "folder", "kategorie"),
    "url": ("url", "link", "html url"),
    "language": ("language", "locale", "lang"),
    "draft": ("draft", "is draft"),
    "published": ("published", "is published"),
    "status": ("status", "visibility"),
}
"""What each column means, by its names after `folded`; the first name that is there counts."""

_PUBLISHED = frozenset(
    (
        "",
        "published",
        "public",
        "live",
        "active",
        "approved",
        "done",
        "final",
        "ready",
        "complete",
        "completed",
    )
)
_UNPUBLISHED = {
    "draft": HeldBackReason.DRAFT,
    "in progress": HeldBackReason.DRAFT,
    "in review": HeldBackReason.DRAFT,
    "review": HeldBackReason.DRAFT,
    "unpublished": HeldBackReason.UNPUBLISHED,
    "not published": HeldBackReason.UNPUBLISHED,
    "archived": HeldBackReason.UNPUBLISHED,
    "inactive": HeldBackReason.UNPUBLISHED,
    "hidden": HeldBackReason.UNPUBLISHED,
    "scheduled": HeldBackReason.NOT_YET,
    "expired": HeldBackReason.EXPIRED,
    "internal": HeldBackReason.INTERNAL,
    "private": HeldBackReason.INTERNAL,
}
_YES, _NO = frozenset({"yes", "true", "1", "y", "x"}), frozenset({"no", "false", "0", "n", ""})
_TITLE_CHARS = 80
_BLOCKS = re.compile(r"<(?:p|div|br|li|h[1-6]|tr|pre|blockquote)[\s/>]", re.IGNORECASE)
_NOT_IN_SLUGS = re.compile(r"[\W_]+")

Fields = Mapping[str, str | Sequence[str]]
"""Texts by the keys of `COLUMNS`; those of `LISTS` may be lists."""
LISTS = ("phrasings", "near_misses")


def table_items(header: Row, rows: Iterable[Row], name: str, *, place: str = ":") -> Iterator[Item]:
    """The pairs and articles of a table, whose refused rows are called by `name`, `place` and their number.

    Raises `NotKnowledgeError` when its columns are not those of pairs or articles, `RefusedError` when it
    has no row.
    """
    if header.problem:
        raise NotKnowledgeError(f"the first line is {header.problem}")
    names = [folded(cell) for cell in header.cells]
    places = _places(names)
    is_empty = True
    for row in rows:
        is_empty = False
        try:
            cells = row.fitted(len(names))
            yield record({field: cells[at] for field, at in places.items()}, name)
        except RefusedError as error:
            yield Refusal(f"{name}{place}{row.number}", str(error))
    if is_empty:
        raise RefusedError("the table has no row below its header; add one")


def holds_knowledge(fields: Iterable[str]) -> bool:
    """Whether columns of these keys make pairs or articles."""
    given = set(fields)
    return {"question", "answer"} <= given or {"title", "body"} <= given


def record(fields: Fields, file_name: str) -> Item:
    """The pair or article of one row, or that it is held back; raises `RefusedError`.

    HTML becomes Markdown. An article without slug and id is named by its title.
    """
    texts = {
        field: checked(field, value.strip()) for field, value in fields.items() if isinstance(value, str)
    }
    reason = held_back(texts)
    is_pair = "question" in texts and "answer" in texts
    key = _pair_key(texts) if is_pair else _slug(texts)
    if reason is not None:
        return HeldBack(f"{file_name}#{key}", reason)
    if not is_pair:
        return _article(texts, key, file_name)
    for field in ("question", "answer"):
        if not texts[field]:
            raise RefusedError(f"{field} is empty")
    return QuestionAnswer(
        key=key,
        question=_line(texts["question"]),
        answer=_markdown(texts["answer"]),
        phrasings=_listed("phrasings", fields),
        valid_until=_moment("valid_until", texts),
        released=_yes_or_no("released", texts.get("released", "")),
        approved_at=_moment("approved_at", texts),
        near_misses=_listed("near_misses", fields),
        human_only=_yes_or_no("human_only", texts.get("human_only", "")),
    )


def held_back(texts: Mapping[str, str]) -> HeldBackReason | None:
    """Why the row is not for customers; a state that nobody can tell is refused rather than published."""
    if _yes_or_no("draft", texts.get("draft", "")):
        return HeldBackReason.DRAFT
    if reason := _not_published(texts.get("published", "yes") or "yes"):
        return reason
    status = folded(texts.get("status", ""))
    if status in _UNPUBLISHED:
        return _UNPUBLISHED[status]
    if status not in _PUBLISHED:
        raise RefusedError(f"status is {texts['status'][:40]!r}; write published or draft")
    return None


def checked(field: str, text: str) -> str:
    """The text; raises `RefusedError` when no store could keep it."""
    if "\0" in text:
        raise RefusedError(f"{field} holds a zero character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RefusedError(f"{field} holds half a character (a lone surrogate) at {error.start}") from error
    return text


def _places(names: list[str]) -> dict[str, int]:
    places = known_columns(names, COLUMNS)
    if holds_knowledge(places):
        return places
    missing = [name for name in ("question", "answer") if name not in places]
    raise NotKnowledgeError(
        f"no column {' and no column '.join(missing)}; the first line must name question and answer, or "
        f"title and body, it names: {', '.join(filter(None, names)) or 'nothing'}"
    )


def _article(texts: Mapping[str, str], slug: str, file_name: str) -> ArticleDocument:
    body = texts.get("body", "")
    body = _markdown(body) if looks_like_html(body) else body.strip()
    title = _line(texts.get("title", ""))
    if not title and not body:
        raise RefusedError("title and text are empty")
    language = texts.get("language", "")
    if language and not language_tag(language):
        raise RefusedError(f"language is {language[:40]!r}; write a tag such as en or pt-BR")
    return ArticleDocument(
        slug=slug,
        title=title or body[:_TITLE_CHARS].splitlines()[0].strip(),
        body=body,
        category=texts.get("category", ""),
        url=texts.get("url", ""),
        language=language_tag(language),
        valid_until=_moment("valid_until", texts),
        path=f"{file_name}#{slug}",
    )


def _pair_key(texts: Mapping[str, str]) -> str:
    folded_question = " ".join(_line(texts["question"]).casefold().split())
    return texts.get("id", "") or hashlib.sha256(folded_question.encode("utf-8")).hexdigest()[:16]


def _slug(texts: Mapping[str, str]) -> str:
    """The slug or id as it is written, else the words of the title."""
    named = texts.get("slug", "") or texts.get("id", "")
    words = _NOT_IN_SLUGS.sub("-", _line(texts.get("title", "")).casefold()).strip("-")[:MAX_SLUG_CHARS]
    if not named and not words:
        raise RefusedError("it has no title, slug or id to be named by; give it one")
    return named or words.strip("-")


def _not_published(published: str) -> HeldBackReason | None:
    """Why not, of yes, no, or the time of it."""
    try:
        moment = datetime.fromisoformat(published)
    except ValueError:
        return None if _yes_or_no("published", published) else HeldBackReason.UNPUBLISHED
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return HeldBackReason.NOT_YET if moment > datetime.now(UTC) else None


def _yes_or_no(field: str, text: str) -> bool:
    """Whether it says yes; nothing means no."""
    if text.casefold() not in _YES | _NO:
        raise RefusedError(f"{field} is {text[:40]!r}; write yes or no")
    return text.casefold() in _YES


def _listed(field: str, fields: Fields) -> tuple[str, ...]:
    """The texts of a field that may be a list, or has them parted by `|`."""
    texts = fields.get(field, ())
    texts = texts.split("|") if isinstance(texts, str) else texts
    return tuple(checked(field, text.strip()) for text in texts if text.strip())


def _moment(field: str, texts: Mapping[str, str]) -> datetime | None:
    """The time written as ISO 8601, UTC when no zone is given; refused when it is none."""
    text = texts.get(field, "")
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise RefusedError(f"{field} is {text[:40]!r}; write it as 2026-12-31T00:00:00Z") from error
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _line(text: str) -> str:
    """A title or question without tags."""
    return " ".join(strip_tags(text).split()) if looks_like_html(text) else text


def _markdown(text: str) -> str:
    """The text, of HTML its Markdown. Line breaks count as such where no tag makes any."""
    if not looks_like_html(text):
        return text
    return html_to_markdown(text if _BLOCKS.search(text) else text.replace("\n", "<br>\n"))
