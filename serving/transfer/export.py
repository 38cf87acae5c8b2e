"""Writes the knowledge in use to files that an import reads back; it never writes outside the folder given.

Files of an earlier export that are no longer true are removed; files from elsewhere are never touched.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import structlog
import yaml
from sqlalchemy.orm import Session

from model.errors import DataError
from model.files import write_atomically
from serving.articles import repository
from serving.articles.service import is_safe_slug
from serving.db.tables import Article, LearnedAnswer, now
from serving.learned_answers.repository import find_in_use
from serving.transfer.unreadable import PAGE_SUFFIXES

LEARNED_ANSWERS_FILE = "learned_answers.jsonl"
_LIST_FILE = ".firstlast-export.json"
_MAX_NAME_BYTES = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote."""

    articles: int
    learned_answers: int
    files: tuple[str, ...]
    """Paths below the folder."""


def export_knowledge(session: Session, folder: Path) -> ExportReport:
    """Write articles as Markdown with front matter, and `learned_answers.jsonl`, to `folder`.

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
        texts[LEARNED_ANSWERS_FILE] = "".join(_row(answer) for answer in answers)
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
    _log.info("knowledge_exported", articles=len(articles), learned_answers=len(answers))
    return ExportReport(len(articles), len(answers), tuple(sorted(texts)))


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
    *folders, name = slug.split("/")
    short = all(len(part.encode()) <= _MAX_NAME_BYTES for part in (*folders, name))
    pages = any(PurePosixPath(part).suffix.lower() in PAGE_SUFFIXES for part in folders)
    return is_safe_slug(slug) and short and not pages


def _page(article: Article) -> str:
    names = ("slug", "title", "category", "url", "superseded_by")
    fields = {name: getattr(article, name) for name in names if getattr(article, name)}
    front_matter: str = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{front_matter}---\n\n{article.body}\n"


def _row(answer: LearnedAnswer) -> str:
    row: dict[str, object] = {"id": str(answer.id), "question": answer.question, "answer": answer.answer}
    others = [phrasing.text for phrasing in answer.phrasings if phrasing.text != answer.question]
    if others:
        row["phrasings"] = others
    if answer.valid_until is not None:
        row["valid_until"] = answer.valid_until.isoformat()
    if answer.released:
        row["released"] = "yes"
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
