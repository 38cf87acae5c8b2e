"""Brings the store to what one source says, all in one transaction; it reads no file and never commits.

A source's word counts when it changed since the last import: what people edited or retired here meanwhile
stays until then. What is gone from a source is retired, unless it may be in what was refused.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from knowledge.documents import ArticleDocument, Attachment, ImportResult, Refusal
from knowledge.importing.attachments import content_of
from knowledge.importing.source import Slugs
from model.errors import DataError
from model.files import write_atomically
from model.interfaces import ProgressBar
from model.refs import article_ref
from serving.articles import repository
from serving.company.service import COMMAND_LINE
from serving.db.audit import Act, record_act
from serving.db.tables import Article, ArticleStatus, Import, now
from serving.indexing.changes import record_changes
from serving.learned_answers import repository as learned_answers
from serving.text import addressable, one_line, tidied
from serving.transfer.learned_answer_import import import_question_answers
from serving.transfer.report import ImportReport, Unread, holes_in

MAX_SOURCE_CHARS = 1000
_log = structlog.get_logger(__name__)


def import_source(
    session: Session,
    result: ImportResult,
    *,
    source: str,
    progress: ProgressBar | None = None,
    author: str = COMMAND_LINE,
) -> ImportReport:
    """Make the store's articles and answers of `source` equal to `result`; twice changes nothing.

    `source` is the identity of the folder or file, the same at every import and in every checkout. Within it
    a page is known by its path; one that moved is known by its words. A slug that another article has gets a
    number. A page that another source has in use in the same words, under any slug and path, stays that one
    article: between two the bot would ask which is meant. `progress` is told how many articles are stored,
    and of how many.
    """
    if not 0 < len(source) <= MAX_SOURCE_CHARS:
        raise DataError(f"source has {len(source)} characters; name it with 1 to {MAX_SOURCE_CHARS}")
    report = ImportReport(
        files_read=dict(result.files_read),
        held_back=list(result.held_back),
        passed_over=list(result.passed_over),
        holes=holes_in(result.articles),
        missing_files=list(result.missing_files),
        refusals=list(result.refusals),
        renamed=dict(result.renamed),
        in_use_before=_count_in_use(session, source),
    )
    with session.begin_nested():
        own = repository.list_articles(session, source=source)
        _import_articles(session, result.articles, own, source, report, progress)
        keep_answers = Unread.of(result.refusals).holds_rows({article.source_path for article in own})
        import_question_answers(session, result.question_answers, source, report, keep_missing=keep_answers)
        record_changes(session, report.touched)
        session.flush()
        report.in_use_after = _count_in_use(session, source)
        session.add(Import(source=source, report=report.as_json()))
        if report.touched:
            what = "imported" if result.articles or result.question_answers else "retired"
            record_act(session, Act(author, what, f"source {source}"))
    _log.info("knowledge_imported", source=source, **report.counts, refused=len(report.refusals))
    return report


def keep_attachments(attachments: Iterable[Attachment], folder: Path) -> None:
    """Copy the files to the folder; one that is there already is the same, as its name says its content."""
    for attachment in attachments:
        target = folder / attachment.name
        if not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(target, content_of(attachment))


def _count_in_use(session: Session, source: str) -> int:
    moment = now()
    return repository.count_in_use(session, source, moment) + learned_answers.count_in_use(
        session, source, moment
    )


def _import_articles(
    session: Session,
    documents: Iterable[ArticleDocument],
    own: Sequence[Article],
    source: str,
    report: ImportReport,
    progress: ProgressBar | None,
) -> None:
    wanted = _complete([_canonical(document) for document in documents], report)
    before = _matched(wanted, own)
    holders = repository.find_by_slugs(session, {document.slug for document in wanted})
    slugs = Slugs(repository.slugs(session))  # those given up in this import stay taken until the next one
    new = [document for document in wanted if document.path not in before]
    twins = _twins(session, new, holders, source)
    for done, document in enumerate(wanted, start=1):
        article, twin = before.get(document.path), twins.get(document.path)
        if twin is not None:
            report.unchanged.append(twin.ref)
            report.same_as.setdefault(twin.source, []).append(document.path)
        elif article is None:
            _import_new(session, document, holders.get(document.slug), slugs, source, report)
        else:
            _import_known(session, document, article, slugs, source, report)
        if progress is not None:
            progress(done, len(wanted))
    unread = Unread.of(report.refusals)
    present = {article.id for article in before.values()}
    for article in own:
        if article.id in present or article.source_hash is None:
            continue
        if unread.may_hold(article.source_path):
            report.kept.append(article.ref)
        else:
            _retire(article, report)


def _canonical(document: ArticleDocument) -> ArticleDocument:
    """The document as the store keeps it, so that its hash is that of the row."""
    return replace(
        document,
        slug=addressable(one_line(document.slug)),
        title=one_line(document.title),
        body=tidied(document.body),
        category=one_line(document.category),
        url=one_line(document.url),
        superseded_by=one_line(document.superseded_by or "") or None,
        path=one_line(document.path or document.slug),
    )


def _complete(documents: Iterable[ArticleDocument], report: ImportReport) -> list[ArticleDocument]:
    complete: dict[str, ArticleDocument] = {}
    for document in documents:
        if not document.slug or not document.title:
            reason = "slug or title is empty; give the article both"
            report.refusals.append(Refusal(document.path or document.title, reason))
        elif document.path in complete:
            reason = f"{document.path!r} appears twice in this source; give each article its own id"
            report.refusals.append(Refusal(document.path, reason))
        else:
            complete[document.path] = document
    return list(complete.values())


def _matched(documents: Sequence[ArticleDocument], own: Sequence[Article]) -> dict[str, Article]:
    """The article that each document was at the last import, by path: the same place, slug or words."""
    unmatched = {article.id: article for article in own}
    matched: dict[str, Article] = {}
    rules: tuple[tuple[Callable[[Article], str | None], Callable[[ArticleDocument], str]], ...] = (
        (lambda article: article.source_path, lambda document: document.path),
        (lambda article: article.slug, lambda document: document.slug),
        (lambda article: _words_hash(repository.document_of(article)), _words_hash),
    )
    for of_article, of_document in rules:
        left = [document for document in documents if document.path not in matched]
        if not left or not unmatched:
            break
        by_key = {of_article(article): article for article in unmatched.values()}
        for document in left:
            article = by_key.pop(of_document(document), None)
            if article is not None:
                matched[document.path] = unmatched.pop(article.id)
    return matched


def _twins(
    session: Session,
    documents: Sequence[ArticleDocument],
    holders: Mapping[str, Article],
    source: str,
) -> dict[str, Article]:
    """The article of another source that says the same as each of these new documents, by path.

    It is in use and has the same words, or it has the document's slug and is the same in all.
    """
    in_use = repository.find_in_use_by_titles(session, {document.title for document in documents}, now())
    by_words: dict[tuple[str, str], list[Article]] = {}
    for article in in_use:
        if article.source != source:
            by_words.setdefault((article.title, article.body), []).append(article)
    twins = {}
    for document in documents:
        holder = holders.get(document.slug)
        if holder is not None and not _is_free(holder) and holder.content_hash == document.content_hash:
            twins[document.path] = holder
        elif document.superseded_by is None:
            same = by_words.get((document.title, document.body), ())
            twin = next((one for one in same if _may_be_one_language(one.language, document.language)), None)
            if twin is not None:
                twins[document.path] = twin
    return twins


def _may_be_one_language(one: str, other: str) -> bool:
    """A page that nobody translated stands in two languages in the same words; it is no twin."""
    return one == other or "" in (one, other)


def _is_free(article: Article) -> bool:
    """Whether another source may take it over: its own no longer has it, or it was retired here."""
    return article.status == "retired" and article.source_hash is None


def _words_hash(document: ArticleDocument) -> str:
    return replace(document, slug="").content_hash


def _import_new(
    session: Session,
    document: ArticleDocument,
    holder: Article | None,
    slugs: Slugs,
    source: str,
    report: ImportReport,
) -> None:
    """An article that this source did not have; `holder` has its slug already."""
    is_free = holder is None or _is_free(holder)
    article = holder if is_free else None
    slug = document.slug
    if holder is None or not is_free:
        slug = slugs.take(slug)
    if slug != document.slug:
        report.renamed[document.path] = slug
    _write(session, document, article, slug, source, report)
    (report.added if article is None else report.changed).append(article_ref(slug))


def _import_known(
    session: Session,
    document: ArticleDocument,
    article: Article,
    slugs: Slugs,
    source: str,
    report: ImportReport,
) -> None:
    """An article that this source had: unchanged, moved, or with other words."""
    has_moved = article.source_path not in (None, document.path)
    if document.path in report.renamed:
        report.renamed[document.path] = article.slug
    if article.source_hash == document.content_hash or (
        has_moved and article.source_hash is not None and _same_words(document, article)
    ):
        (report.moved if has_moved else report.unchanged).append(article.ref)
        article.source_path = document.path
        article.source_hash = document.content_hash
        return
    slug, named = article.slug, _without_number(document.slug)
    if _without_number(slug) != named and not _is_named_by_path(document):
        report.touched.append(article.ref)
        slug = slugs.take(document.slug)
        if slug != document.slug:
            report.renamed[document.path] = slug
    _write(session, document, article, slug, source, report)
    report.changed.append(article_ref(slug))


def _same_words(document: ArticleDocument, article: Article) -> bool:
    return _is_named_by_path(document) and _words_hash(document) == _words_hash(
        repository.document_of(article)
    )


def _write(
    session: Session,
    document: ArticleDocument,
    article: Article | None,
    slug: str,
    source: str,
    report: ImportReport,
) -> None:
    status: ArticleStatus = "published"
    if document.superseded_by is not None:
        status = "retired"
    elif article is not None and article.source_hash is not None and article.superseded_by is None:
        status = article.status  # who retired it is not overruled by a new wording of its source
    row = repository.upsert(session, replace(document, slug=slug), existing=article, source=source)
    row.source_hash = document.content_hash
    row.status = status
    report.touched.append(article_ref(slug))


def _without_number(slug: str) -> str:
    """The slug that was wanted, where it got a number because it was taken."""
    stem, _, number = slug.rpartition("-")
    return stem if stem and number.isdecimal() else slug


def _is_named_by_path(document: ArticleDocument) -> bool:
    """Whether the slug is no more than the place, which may change without a new name."""
    return document.path.startswith(f"{document.slug}.")


def _retire(article: Article, report: ImportReport) -> None:
    if article.status == "published":
        report.touched.append(article.ref)
        report.retired.append(article.ref)
    article.status = "retired"
    article.source_hash = None
