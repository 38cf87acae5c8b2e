"""What an import yields: articles, pairs of question and answer, and refusals; reads no file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

MAX_SLUG_CHARS = 255
MAX_TITLE_CHARS = 500
MAX_CATEGORY_CHARS = 200
MAX_URL_CHARS = 1000


@dataclass(frozen=True, slots=True)
class ArticleDocument:
    """A help-centre page as it was imported. `slug` is its identity."""

    slug: str
    title: str
    body: str
    """Markdown."""
    category: str = ""
    url: str = ""
    superseded_by: str | None = None
    """Slug of the article that took its place; such an article is kept but not searched."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of all fields, hexadecimal; equal documents have equal hashes."""
        return _digest(asdict(self))


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question with its answer, and other ways to ask it. `key` is its identity."""

    key: str
    question: str
    answer: str
    """Markdown."""
    phrasings: tuple[str, ...] = ()
    valid_until: datetime | None = None
    """When the answer stops being true; `None` for no end."""
    released: bool = False
    """Whether the bot may give it to its question though only people handle such matters."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of all fields, hexadecimal; equal pairs have equal hashes."""
        return _digest(asdict(self))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not imported, and why."""

    path: str
    """The file or folder; a row of a file carries its line, `answers.jsonl:12`."""
    reason: str
    """A plain sentence with the offending value and what to do."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Everything that was read from one source, in a stable order."""

    articles: tuple[ArticleDocument, ...] = ()
    question_answers: tuple[QuestionAnswer, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def too_long(document: ArticleDocument) -> str | None:
    """Why the document's short fields do not fit, or `None` when they do."""
    limits = {
        "slug": (document.slug, MAX_SLUG_CHARS),
        "title": (document.title, MAX_TITLE_CHARS),
        "category": (document.category, MAX_CATEGORY_CHARS),
        "url": (document.url, MAX_URL_CHARS),
        "superseded_by": (document.superseded_by or "", MAX_SLUG_CHARS),
    }
    for name, (value, limit) in limits.items():
        if len(value) > limit:
            return f"{name} has {len(value)} characters, at most {limit} are allowed; shorten it"
    return None


def _digest(fields: Mapping[str, object]) -> str:
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
