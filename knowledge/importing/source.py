"""Reads help centres and answer lists from files; one bad file or row never stops the rest."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from knowledge.documents import (
    ArticleDocument,
    Attachment,
    HeldBack,
    ImportResult,
    Item,
    PassedOver,
    QuestionAnswer,
    Refusal,
    suffix_counts,
    too_long,
)
from knowledge.importing.archives import ARCHIVE_SUFFIX, unpacked
from knowledge.importing.attachments import with_attachments
from knowledge.importing.categories import with_categories
from knowledge.importing.files import NotKnowledgeError, RefusedError, SourceFile, Walk, walk
from knowledge.importing.helpdesk_exports import helpdesk_export
from knowledge.importing.html.pages import html_page
from knowledge.importing.languages import with_languages
from knowledge.importing.markdown.pages import markdown_page
from knowledge.importing.pdf.pages import pdf_page
from knowledge.importing.rst.pages import rst_page
from knowledge.importing.tables.rows import csv_rows, jsonl_rows
from knowledge.importing.tables.sheets import old_excel_file, xlsx_rows
from knowledge.importing.text_pages import text_page
from knowledge.importing.word_pages import docx_page, old_word_file
from model.errors import DataError
from model.interfaces import ProgressBar

Reader = Callable[[SourceFile], Iterable[Item]]
"""What a file holds; raises `RefusedError` for the whole file, `NotKnowledgeError` when it holds nothing
importable. Articles come with the path of their file, several of one file as `file#id`."""

READERS: dict[str, Reader] = {
    ".md": markdown_page,
    ".markdown": markdown_page,
    ".mdx": markdown_page,
    ".html": html_page,
    ".htm": html_page,
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".json": helpdesk_export,
    ".jsonl": jsonl_rows,
    ".xlsx": xlsx_rows,
    ".xlsm": xlsx_rows,
    ".xls": old_excel_file,
    ".docx": docx_page,
    ".doc": old_word_file,
    ".txt": text_page,
    ".rst": rst_page,
    ".pdf": pdf_page,
}
"""The reader of each kind of file, by suffix."""

_log = structlog.get_logger(__name__)


def read_source(path: Path, *, flat_slugs: bool = False) -> ImportResult:
    """What `reading` gives, for those who need no attachments: those of an archive are gone again."""
    with reading(path, flat_slugs=flat_slugs) as result:
        return result


@contextmanager
def reading(
    path: Path, *, flat_slugs: bool = False, progress: ProgressBar | None = None
) -> Iterator[ImportResult]:
    """Everything importable in a folder, a zip archive or one file, and everything that was left out.

    Pages come in order of their path, rows in order of the file. A page's slug is its path below the
    folder without suffix, or with `flat_slugs` the file's stem; front matter may say otherwise. Of several
    with one slug the first keeps it, the others are numbered; of two pairs with one id the first stays. In a
    folder, the id of a pair begins with its file. Bad files and rows become refusals. The attachments of an
    archive are there as long as the context lasts. `progress` is told how many files are read, and of how
    many. Raises `DataError` when the path does not exist, holds
    nothing importable, or is one file of another kind.
    """
    with _opened(path) as source:
        result = _result(source, flat_slugs=flat_slugs, progress=progress)
        if not (result.articles or result.question_answers or result.refusals or result.held_back):
            counts = suffix_counts(passed.path for passed in result.passed_over)
            kinds = ", ".join(f"{count} {suffix}" for suffix, count in counts.items())
            raise DataError(f"{path} holds nothing that can be imported, only {kinds or 'no file'}")
        _log.info(
            "source_read",
            articles=len(result.articles),
            question_answers=len(result.question_answers),
            refusals=len(result.refusals),
            held_back=len(result.held_back),
            passed_over=len(result.passed_over),
        )
        yield result


class Slugs:
    """Slugs that are taken, and free ones near those that are wanted."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._numbers: Counter[str] = Counter()

    def take(self, wanted: str) -> str:
        """The slug, or with the first number from 2 on with which it is free; taken from now on."""
        slug = wanted
        while slug in self._taken:
            self._numbers[wanted] += 1
            slug = f"{wanted}-{self._numbers[wanted] + 1}"
        self._taken.add(slug)
        return slug


@dataclass(frozen=True, slots=True)
class _Source:
    root: Path
    found: Walk
    is_folder: bool
    """As an archive is, once it is unpacked."""


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    kinds = f"a folder, or a file of {', '.join((*READERS, ARCHIVE_SUFFIX))}"
    try:
        is_folder = path.is_dir() if path.exists() else None
    except OSError as error:  # a folder above it may not be entered
        raise DataError(f"{path} cannot be reached: {error.strerror}; check its permissions") from error
    if is_folder is None:
        raise DataError(f"{path} does not exist; give {kinds}")
    if is_folder:
        yield _Source(path, walk(path), is_folder=True)
    elif path.suffix.lower() == ARCHIVE_SUFFIX:
        with unpacked(path) as archive:
            found = walk(archive.folder)
            found = replace(found, refusals=(*archive.refusals, *found.refusals))
            yield _Source(archive.folder, found, is_folder=True)
    elif path.suffix.lower() in READERS:
        yield _Source(path.parent, Walk((SourceFile(path, path.name),), (), ()), is_folder=False)
    else:
        raise DataError(f"{path} cannot be imported; give {kinds}")


def _result(source: _Source, *, flat_slugs: bool, progress: ProgressBar | None) -> ImportResult:
    passed_over: list[PassedOver] = []
    files_read: Counter[str] = Counter()
    items: list[Item] = [*source.found.held_back, *source.found.refusals]
    for done, file in enumerate(source.found.files, start=1):
        items.extend(_items(file, passed_over, files_read, is_folder=source.is_folder))
        if progress is not None:
            progress(done, len(source.found.files))
    if flat_slugs:
        items = [_with_flat_slug(item) for item in items]
    refusals = [item for item in items if isinstance(item, Refusal)]
    pairs = tuple(_first_of_each([item for item in items if isinstance(item, QuestionAnswer)], refusals))
    fitting = _fitting([item for item in items if isinstance(item, ArticleDocument)], refusals)
    articles, renamed = _with_own_slugs(with_languages(fitting))
    if source.is_folder:
        articles = with_categories(articles, source.root)
    embedded = [item for item in items if isinstance(item, Attachment)]
    found = with_attachments(_with_full_slugs(articles), source.root, embedded=embedded)
    return ImportResult(
        articles=found.articles,
        question_answers=pairs,
        refusals=tuple(refusals),
        held_back=tuple(item for item in items if isinstance(item, HeldBack)),
        passed_over=tuple(
            passed for passed in passed_over if (source.root / passed.path).resolve() not in found.used
        ),
        files_read=dict(files_read.most_common()),
        attachments=found.attachments,
        missing_files=found.missing,
        renamed=renamed,
    )


def _items(
    file: SourceFile, passed_over: list[PassedOver], files_read: Counter[str], *, is_folder: bool
) -> Iterator[Item]:
    """What the file holds; counts it by suffix when it is read, and says when it has nothing to import."""
    reader = READERS.get(file.suffix)
    if reader is None:
        passed_over.append(PassedOver(file.name))
        return
    try:
        gave_something = False
        for item in reader(file):
            gave_something |= isinstance(item, (ArticleDocument, QuestionAnswer))
            if is_folder and isinstance(item, QuestionAnswer):
                item = replace(item, key=f"{file.name}#{item.key}")
            yield item
        files_read[file.suffix] += gave_something
    except NotKnowledgeError as error:
        if is_folder:
            passed_over.append(PassedOver(file.name))
        else:
            yield Refusal(file.name, str(error))
    except RefusedError as error:
        yield Refusal(file.name, str(error))


def _with_flat_slug(item: Item) -> Item:
    """A page that is named by its path, named by its file alone."""
    if isinstance(item, ArticleDocument) and item.slug == Path(item.path).with_suffix("").as_posix():
        return replace(item, slug=item.slug.rsplit("/", 1)[-1])
    return item


def _first_of_each(pairs: Iterable[QuestionAnswer], refusals: list[Refusal]) -> Iterator[QuestionAnswer]:
    seen: set[str] = set()
    for pair in pairs:
        if pair.key in seen:
            refusals.append(Refusal(pair.key, f"id {pair.key!r} appears twice; rename one of the two"))
            continue
        seen.add(pair.key)
        yield pair


def _fitting(articles: Iterable[ArticleDocument], refusals: list[Refusal]) -> list[ArticleDocument]:
    """Those that the store can keep; of two with one id in a file the first."""
    fitting: dict[str, ArticleDocument] = {}
    for article in articles:
        reason = too_long(article)
        if article.path in fitting:
            reason = f"id {article.path.rpartition('#')[2]!r} appears twice; rename one of the two"
        if reason is None:
            fitting[article.path] = article
        else:
            refusals.append(Refusal(article.path, reason))
    return list(fitting.values())


def _with_own_slugs(
    articles: Iterable[ArticleDocument],
) -> tuple[Sequence[ArticleDocument], tuple[tuple[str, str], ...]]:
    """Each article under a slug of its own, and paths and new slugs of those that were renamed for it."""
    slugs = Slugs()
    named: list[ArticleDocument] = []
    renamed: list[tuple[str, str]] = []
    for article in articles:
        slug = slugs.take(article.slug)
        named.append(replace(article, slug=slug))
        if slug != article.slug:
            renamed.append((article.path, slug))
    return named, tuple(renamed)


def _with_full_slugs(articles: Iterable[ArticleDocument]) -> tuple[ArticleDocument, ...]:
    """The articles, `superseded_by` given by file stem replaced by the one slug that ends in it."""
    articles = tuple(articles)
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
