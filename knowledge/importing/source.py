"""Reads help centres and answer lists from files; one bad file or row never stops the rest."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import structlog

from knowledge.documents import ArticleDocument, ImportResult, QuestionAnswer, Refusal, too_long
from knowledge.importing.files import RefusedError, read_text, walk
from knowledge.importing.pages import html_article, markdown_article, slug_of
from knowledge.importing.rows import csv_rows, jsonl_rows
from model.errors import DataError

_PAGES: dict[str, Callable[[str, str], ArticleDocument]] = {
    ".md": markdown_article,
    ".markdown": markdown_article,
    ".html": html_article,
    ".htm": html_article,
}
_ROWS = {".csv": csv_rows, ".jsonl": jsonl_rows}

_Found = tuple[str, ArticleDocument | QuestionAnswer]
_log = structlog.get_logger(__name__)


def read_source(path: Path, *, flat_slugs: bool = False) -> ImportResult:
    """Everything importable in a folder of .md and .html pages, or in one .md, .html, .csv or .jsonl file.

    Pages come in order of their path, rows in order of the file. A page's slug is its path below the
    folder without suffix, or with `flat_slugs` the file's stem; front matter may say otherwise. Of two
    with one slug or id the first stays. Bad files and rows become refusals. Raises `DataError` when the
    path does not exist or holds nothing of these kinds.
    """
    refusals: list[Refusal] = []
    items = list(_first_of_each(_found(path, refusals, flat_slugs=flat_slugs), refusals))
    articles = tuple(item for item in items if isinstance(item, ArticleDocument))
    result = ImportResult(
        articles=_with_full_slugs(articles),
        question_answers=tuple(item for item in items if isinstance(item, QuestionAnswer)),
        refusals=tuple(refusals),
    )
    _log.info(
        "source_read",
        articles=len(result.articles),
        question_answers=len(result.question_answers),
        refusals=len(result.refusals),
    )
    return result


def _found(path: Path, refusals: list[Refusal], *, flat_slugs: bool) -> Iterator[_Found]:
    suffix = path.suffix.lower()
    try:
        is_folder = path.is_dir() if path.exists() else None
    except OSError as error:  # a folder above it may not be entered
        raise DataError(f"{path} cannot be reached: {error.strerror}; check its permissions") from error
    if is_folder is None:
        raise DataError(f"{path} does not exist; give a folder of .md or .html, or a .csv or .jsonl file")
    if is_folder:
        yield from _pages(path, refusals, flat_slugs=flat_slugs)
    elif suffix in _PAGES:
        yield from _page(path, path.stem, refusals)
    elif suffix in _ROWS:
        try:
            yield from _ROWS[suffix](path, refusals)
        except RefusedError as error:
            refusals.append(Refusal(str(path), str(error)))
    else:
        raise DataError(f"{path} cannot be imported; use {', '.join((*_PAGES, *_ROWS))}")


def _pages(folder: Path, refusals: list[Refusal], *, flat_slugs: bool) -> Iterator[_Found]:
    paths = list(walk(folder, frozenset(_PAGES), refusals))
    if not paths and not refusals:
        rows = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in _ROWS)
        hint = f"; give one of its files instead: {', '.join(rows[:5])}" if rows else ""
        raise DataError(f"{folder} holds no {', '.join(_PAGES)} file{hint}")
    for path in paths:
        yield from _page(path, slug_of(path, folder, flat=flat_slugs), refusals)


def _page(path: Path, slug: str, refusals: list[Refusal]) -> Iterator[_Found]:
    try:
        yield str(path), _PAGES[path.suffix.lower()](read_text(path), slug)
    except RefusedError as error:
        refusals.append(Refusal(str(path), str(error)))


def _first_of_each(
    items: Iterator[_Found], refusals: list[Refusal]
) -> Iterator[ArticleDocument | QuestionAnswer]:
    """What was found, without what does not fit the store or repeats a slug or id."""
    first: dict[tuple[str, str], str] = {}
    for where, item in items:
        name, value = ("slug", item.slug) if isinstance(item, ArticleDocument) else ("id", item.key)
        reason = too_long(item) if isinstance(item, ArticleDocument) else None
        if reason is None and (name, value) in first:
            reason = f"{name} {value!r} is already taken by {first[name, value]}; rename one of them"
        if reason is not None:
            refusals.append(Refusal(where, reason))
            continue
        first[name, value] = where
        yield item


def _with_full_slugs(articles: tuple[ArticleDocument, ...]) -> tuple[ArticleDocument, ...]:
    """The articles, `superseded_by` given by file stem replaced by the one slug that ends in it."""
    slugs = {article.slug for article in articles}
    by_stem: defaultdict[str, list[str]] = defaultdict(list)
    for slug in slugs:
        by_stem[slug.rsplit("/", 1)[-1]].append(slug)

    def full(target: str | None) -> str | None:
        if target is None or target in slugs:
            return target
        meant = by_stem.get(target, [])
        return meant[0] if len(meant) == 1 else target

    return tuple(replace(article, superseded_by=full(article.superseded_by)) for article in articles)
