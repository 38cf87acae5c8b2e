"""Writes the knowledge in use to files that an import reads back; it never writes outside the folder given.

Files of an earlier export that are no longer true are removed; files from elsewhere are never touched.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import structlog
import yaml
from sqlalchemy.orm import Session

from knowledge.importing.attachments import ATTACHMENTS_PATH
from knowledge.importing.languages import UNDETERMINED
from model.errors import DataError
from model.files import write_atomically
from serving.articles import repository
from serving.articles.service import is_safe_slug
from serving.db.tables import Article, LearnedAnswer, now
from serving.learned_answers.repository import find_in_use, near_misses_in_use

LEARNED_ANSWERS_FILE = "learned_answers.jsonl"
_LIST_FILE = ".firstlast-export.json"
_MAX_NAME_BYTES = 200
_ATTACHMENT = re.compile(rf"\({ATTACHMENTS_PATH}([0-9a-f]{{64}}\.[a-z0-9]{{1,5}})")
_FRONT_MATTER = (
    "slug",
    "title",
    "category",
    "url",
    "superseded_by",
    "language",
    "translation_key",
    "valid_until",
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote."""

    articles: int
    learned_answers: int
    files: tuple[str, ...]
    """Paths below the folder."""
    attachments: int
    """Pictures and other files of the articles."""


def export_knowledge(session: Session, folder: Path, *, files_folder: Path) -> ExportReport:
    """Write articles as Markdown with front matter, `learned_answers.jsonl` and `files/` to `folder`.

    `files_folder` has the pictures and files of the articles; those that an article names come along.

    Published and superseded articles and learned answers in use are written; what is retired is not. Raises
    `DataError` when a file that is not from an export is in the way.
    """
    articles = [
        row
        for row in repository.list_articles(session)
        if row.status == "published" or row.superseded_by is not None
    ]
    answers = find_in_use(session, now())
    texts = {path: _page(article) for path, article in _paths(articles)}
    if answers:
        misses = near_misses_in_use(session, now())
        rows = (_row(answer, misses.get(answer.id, [])) for answer in answers)
        texts[LEARNED_ANSWERS_FILE] = "".join(rows)
    earlier = _listed(folder)
    for path in sorted(texts.keys() - earlier):
        if (folder / path).exists():
            raise DataError(f"{folder / path} exists and is not from an export; export to another folder")
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, _LIST_FILE, json.dumps(sorted(earlier | texts.keys()), indent=2) + "\n")
    for path, text in texts.items():
        _write(folder, path, text)
    for path in earlier - texts.keys():
        _target(folder, path).unlink(missing_ok=True)
    _write(folder, _LIST_FILE, json.dumps(sorted(texts), indent=2) + "\n")
    copied = _copy_files(articles, files_folder, folder)
    _log.info("knowledge_exported", articles=len(articles), learned_answers=len(answers))
    return ExportReport(len(articles), len(answers), tuple(sorted(texts)), copied)


def _copy_files(articles: Iterable[Article], files_folder: Path, folder: Path) -> int:
    """Copies what the articles show or link to; a name says its content, so one that is there is the same."""
    names = {name for article in articles for name in _ATTACHMENT.findall(article.body)}
    names = {name for name in names if (files_folder / name).is_file()}
    for name in names:
        target = folder / ATTACHMENTS_PATH.strip("/") / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, (files_folder / name).read_bytes())
    return len(names)


def _paths(articles: Iterable[Article]) -> Iterator[tuple[str, Article]]:
    """Each article with its path; slugs that make no safe or no distinct one are named by their hash."""
    taken = {LEARNED_ANSWERS_FILE}
    for article in articles:
        path = f"{article.slug}.md"
        if not _is_safe_path(article.slug) or path.casefold() in taken:
            path = f"article-{hashlib.sha256(article.slug.encode()).hexdigest()[:16]}.md"
        taken.add(path.casefold())
        yield path, article


def _is_safe_path(slug: str) -> bool:
    parts = slug.split("/")
    short = all(len(part.encode()) <= _MAX_NAME_BYTES for part in parts)
    return is_safe_slug(slug) and short


def _page(article: Article) -> str:
    fields = {name: getattr(article, name) for name in _FRONT_MATTER if getattr(article, name)}
    fields.setdefault("language", UNDETERMINED)
    front_matter: str = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{front_matter}---\n\n{article.body}\n"


def _row(answer: LearnedAnswer, near_misses: Sequence[str]) -> str:
    row: dict[str, object] = {"id": str(answer.id), "question": answer.question, "answer": answer.answer}
    others = [phrasing.text for phrasing in answer.phrasings if phrasing.text != answer.question]
    if others:
        row["phrasings"] = others
    if answer.valid_until is not None:
        row["valid_until"] = answer.valid_until.isoformat()
    if answer.released:
        row["released"] = "yes"
    if answer.human_only:
        row["human_only"] = "yes"
    row["approved_at"] = answer.approved_at.isoformat()
    if near_misses:
        row["near_misses"] = list(near_misses)
    return json.dumps(row, ensure_ascii=False) + "\n"


def _listed(folder: Path) -> set[str]:
    """The paths that an earlier export wrote here."""
    try:
        listed = json.loads((folder / _LIST_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder / _LIST_FILE} cannot be read ({error}); export to another folder"
        ) from error
    if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
        raise DataError(f"{folder / _LIST_FILE} is not a list of paths; export to another folder")
    return set(listed)


def _target(folder: Path, path: str) -> Path:
    """The file below the folder; refuses one that a link or a changed list would put elsewhere."""
    target = folder / path
    if not target.parent.resolve().is_relative_to(folder.resolve()) or ".." in PurePosixPath(path).parts:
        raise DataError(f"{target} lies outside {folder}; export to another folder")
    return target


def _write(folder: Path, path: str, text: str) -> None:
    """Write the whole file or leave the old one."""
    target = _target(folder, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, text.encode())
