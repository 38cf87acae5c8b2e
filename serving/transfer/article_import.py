"""Brings the store to what one source says, all in one transaction; it reads no file and never commits.

A source's word counts when it changed since the last import: what people edited or retired here meanwhile
stays until then. What is gone from a source is retired, unless it may be in what was refused.
"""

from collections.abc import Iterable

import structlog
from sqlalchemy.orm import Session

from knowledge.documents import ArticleDocument, ImportResult, Refusal
from model.errors import DataError
from model.refs import article_ref
from serving.articles import repository
from serving.db.tables import Article, ArticleStatus
from serving.indexing.changes import record_changes
from serving.text import one_line, tidied
from serving.transfer.learned_answer_import import import_question_answers
from serving.transfer.report import ImportReport
from serving.transfer.unreadable import Unreadable, unreadable_parts

MAX_SOURCE_CHARS = 1000
_log = structlog.get_logger(__name__)


def import_source(session: Session, result: ImportResult, *, source: str) -> ImportReport:
    """Make the store's articles and answers of `source` equal to `result`; twice changes nothing.

    `source` is the identity of the folder or file, the same at every import (an absolute path). An
    article whose slug belongs to another source is refused unless both say the same.
    """
    if not 0 < len(source) <= MAX_SOURCE_CHARS:
        raise DataError(f"source has {len(source)} characters; name it with 1 to {MAX_SOURCE_CHARS}")
    report = ImportReport(refusals=list(result.refusals))
    unreadable = unreadable_parts(result.refusals)
    with session.begin_nested():
        _import_articles(session, result.articles, source, unreadable, report)
        import_question_answers(session, result.question_answers, source, unreadable, report)
        record_changes(session, report.touched)
    _log.info("knowledge_imported", source=source, **report.counts, refused=len(report.refusals))
    return report


def _import_articles(
    session: Session,
    documents: Iterable[ArticleDocument],
    source: str,
    unreadable: Unreadable,
    report: ImportReport,
) -> None:
    read = [_canonical(document) for document in documents]
    own = {article.slug: article for article in repository.list_articles(session, source=source)}
    already_refused = len(report.refusals)
    wanted = _one_per_slug(read, report)
    existing = repository.find_by_slugs(session, wanted)
    for slug, document in wanted.items():
        _import_article(session, document, existing.get(slug), source, report)
    slugs = {document.slug for document in read}
    missing = {
        slug: article
        for slug, article in own.items()
        if slug not in slugs and article.source_hash is not None
    }
    keep = unreadable.articles_to_keep(missing)
    if any(refusal.path not in own for refusal in report.refusals[already_refused:]):
        keep = set(missing)  # a refused page may be one of them under a new slug
    for slug, article in missing.items():
        if slug in keep:
            report.kept.append(article_ref(slug))
        else:
            _retire(article, report)


def _one_per_slug(documents: Iterable[ArticleDocument], report: ImportReport) -> dict[str, ArticleDocument]:
    wanted: dict[str, ArticleDocument] = {}
    for document in documents:
        if not document.slug or not document.title:
            reason = "slug or title is empty; give the article both"
            report.refusals.append(Refusal(document.slug or document.title, reason))
        elif document.slug in wanted:
            reason = f"slug {document.slug!r} appears twice in this source; rename one of the two"
            report.refusals.append(Refusal(document.slug, reason))
        else:
            wanted[document.slug] = document
    return wanted


def _canonical(document: ArticleDocument) -> ArticleDocument:
    """The document as the store keeps it, so that its hash is that of the row."""
    return ArticleDocument(
        slug=one_line(document.slug),
        title=one_line(document.title),
        body=tidied(document.body),
        category=one_line(document.category),
        url=one_line(document.url),
        superseded_by=one_line(document.superseded_by or "") or None,
    )


def _import_article(
    session: Session, document: ArticleDocument, existing: Article | None, source: str, report: ImportReport
) -> None:
    ref = article_ref(document.slug)
    # Another source may take a slug that its own no longer has, or that was retired here.
    is_free = existing is None or (existing.status == "retired" and existing.source_hash is None)
    if existing is not None and existing.source != source and not is_free:
        if existing.content_hash == document.content_hash:
            report.unchanged.append(ref)
        else:
            reason = (
                f"slug {existing.slug!r} already belongs to an article from {existing.source!r} with other "
                "words; rename this one, or remove it there and import that source first"
            )
            report.refusals.append(Refusal(document.slug, reason))
        return
    if existing is not None and existing.source_hash == document.content_hash:
        report.unchanged.append(ref)
        return
    status: ArticleStatus = "published"
    if document.superseded_by is not None:
        status = "retired"
    elif existing is not None and existing.source_hash is not None and existing.superseded_by is None:
        status = existing.status  # who retired it is not overruled by a new wording of its source
    article = repository.upsert(session, document, existing=existing, source=source)
    article.source_hash = document.content_hash
    article.status = status
    report.touched.append(ref)
    (report.added if existing is None else report.changed).append(ref)


def _retire(article: Article, report: ImportReport) -> None:
    if article.status == "published":
        report.touched.append(article.ref)
        report.retired.append(article.ref)
    article.status = "retired"
    article.source_hash = None
