"""What an import yields: articles, pairs of question and answer, and what was left out; reads no file."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

MAX_SLUG_CHARS = 255
MAX_TITLE_CHARS = 500
MAX_CATEGORY_CHARS = 200
MAX_URL_CHARS = 1000
MAX_PATH_CHARS = 1000

HOLE = "\ufffc"
"""Stands in a text for what its source keeps elsewhere, the value of a variable for example: Unicode's
object replacement character. A sentence with a hole is never given as an answer."""


@dataclass(frozen=True, slots=True)
class ArticleDocument:
    """A help-centre page as it was imported. `slug` names it to people, `path` to its source."""

    slug: str
    title: str
    body: str
    """Markdown, with a `HOLE` for each value that the source keeps elsewhere."""
    category: str = ""
    url: str = ""
    superseded_by: str | None = None
    """Slug of the article that took its place; such an article is kept but not searched."""
    language: str = ""
    """BCP 47 tag such as `en` or `pt-BR`; empty when not known."""
    translation_key: str = ""
    """Articles of one source with the same key are translations of each other; empty for none."""
    valid_until: datetime | None = None
    """When the article stops being true; `None` for no end."""
    path: str = ""
    """Where it stands in its source: a file's path with `/`, for one of several `file#id`."""
    holes: tuple[str, ...] = ()
    """What is missing in the body, as the source writes it: `{{ site.phone }}`, `<Price />`."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the article says, hexadecimal; where it stands does not count."""
        fields = asdict(self)
        for name in ("path", "holes"):
            del fields[name]
        return _digest(fields, optional=("language", "translation_key", "valid_until"))


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
    approved_at: datetime | None = None
    """When a person approved it; `None` when nobody says."""
    near_misses: tuple[str, ...] = ()
    """Questions that a person told apart from it: they must not get this answer."""
    human_only: bool = False
    """Whether only people handle its matter: the bot gives it only where it is released."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of all fields, hexadecimal; equal pairs have equal hashes."""
        return _digest(asdict(self), optional=("approved_at", "near_misses", "human_only"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not imported, and why."""

    path: str
    """Within the source; a row of a file carries its line, `answers.jsonl:12`; a folder ends in `/`."""
    reason: str
    """A plain sentence with the offending value and what to do."""


class HeldBackReason(StrEnum):
    """Why something that could be read is not for customers."""

    DRAFT = "draft"
    UNPUBLISHED = "unpublished"
    EXPIRED = "expired"
    NOT_YET = "not yet published"
    INTERNAL = "internal"
    """What belongs to the site and not to its readers: layouts, snippets, contribution rules."""
    IGNORED = "ignored"
    """Named by the source's `.firstlastignore`."""
    OUTSIDE = "a link out of the folder"
    """What it leads to is no part of the source: it may be anything on the machine."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Something that is not for customers, and so not imported."""

    path: str
    """Within the source; a folder ends in `/`."""
    reason: HeldBackReason


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file in a folder that holds nothing importable."""

    path: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or other file that articles show or link to."""

    name: str
    """SHA-256 of its content with the suffix of its file."""
    path: Path
    """Where it is now."""
    member: str = ""
    """Which part of the document at `path` it is, a zip archive; empty for the file itself."""


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A picture that an article shows and its source does not have."""

    target: str
    """As the article names it."""
    path: str
    """The article's path within the source."""


Item = ArticleDocument | QuestionAnswer | Attachment | HeldBack | Refusal
"""What the reader of a format finds in a file."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Everything that was read from one source, in a stable order, and everything that was left out."""

    articles: tuple[ArticleDocument, ...] = ()
    question_answers: tuple[QuestionAnswer, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    files_read: Mapping[str, int] = field(default_factory=dict)
    """How many files of each kind gave an article or a pair, by suffix."""
    attachments: tuple[Attachment, ...] = ()
    missing_files: tuple[MissingFile, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    """Paths whose slug was taken by another page of the source, with the slug they got."""


def suffix_counts(paths: Iterable[str]) -> dict[str, int]:
    """How many of the paths have each suffix, most first; a name without one counts as itself."""
    counts = Counter(PurePosixPath(path).suffix.lower() or PurePosixPath(path).name for path in paths)
    return dict(counts.most_common())


def too_long(document: ArticleDocument) -> str | None:
    """Why the document's short fields do not fit, or `None` when they do."""
    limits = {
        "slug": (document.slug, MAX_SLUG_CHARS),
        "title": (document.title, MAX_TITLE_CHARS),
        "category": (document.category, MAX_CATEGORY_CHARS),
        "url": (document.url, MAX_URL_CHARS),
        "superseded_by": (document.superseded_by or "", MAX_SLUG_CHARS),
        "translation_key": (document.translation_key, MAX_PATH_CHARS),
        "path": (document.path, MAX_PATH_CHARS),
    }
    for name, (value, limit) in limits.items():
        if len(value) > limit:
            return f"{name} has {len(value)} characters, at most {limit} are allowed; shorten it"
    return None


def _digest(fields: Mapping[str, object], *, optional: Collection[str]) -> str:
    """Of the fields, without those of the optional ones that say nothing: old hashes stay valid."""
    fields = {name: value for name, value in fields.items() if value or name not in optional}
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
