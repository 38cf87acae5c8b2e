"""Creating, editing and retiring articles: row and log change in one transaction; it never commits."""

import re
from dataclasses import replace

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge.documents import (
    MAX_CATEGORY_CHARS,
    MAX_SLUG_CHARS,
    MAX_TITLE_CHARS,
    MAX_URL_CHARS,
    ArticleDocument,
)
from model.errors import ConflictError, DataError, NotFoundError
from model.refs import article_ref
from serving.articles import repository
from serving.company.service import COMMAND_LINE
from serving.db.audit import Act, record_act
from serving.db.tables import Article
from serving.indexing.changes import record_changes
from serving.text import limited, one_line, required, tidied

MAX_BODY_CHARS = 500_000
_OF_THE_SOURCE = ("path", "language", "translation_key", "valid_until")
"""What an edit of the words leaves as it is."""
_SLUG = re.compile(r"\A[^\W_](?:[\w.-]*[^\W_])?(?:/[^\W_](?:[\w.-]*[^\W_])?)*")
_WEB_ADDRESS = re.compile(r"(https?://|/)[^\s]*", re.IGNORECASE)


def get(session: Session, slug: str, *, lock: bool = False) -> Article:
    """The article, published or retired, `lock`ed if wanted; raises `NotFoundError`."""
    article = repository.get_for_update(session, slug) if lock else repository.get(session, slug)
    if article is None:
        raise NotFoundError(f"there is no article {tidied(slug)!r}; list them with GET /v1/articles")
    return article


def create(session: Session, document: ArticleDocument, *, author: str = COMMAND_LINE) -> Article:
    """A new article, published unless the document is superseded.

    Raises `ConflictError` when the slug is taken, by a retired article too, and `DataError` for a
    document that is incomplete or too long.
    """
    checked = _checked(session, document)
    if not is_safe_slug(checked.slug):
        raise DataError(
            f"slug {checked.slug!r} is not usable in an address; use letters and digits joined by '-'"
        )
    try:
        with session.begin_nested():
            article = repository.upsert(session, checked, existing=None, source="console")
            _set_status(article)
            session.flush()
            record_changes(session, [article.ref])
        record_act(session, Act(author, "added", f"article {article.slug}"))
    except IntegrityError as error:
        raise ConflictError(
            f"there is already an article {checked.slug!r}; edit that one or choose another slug"
        ) from error
    return article


def edit(session: Session, document: ArticleDocument, *, author: str = COMMAND_LINE) -> Article:
    """Give the article of this slug the document's words and publish it, unless it is superseded.

    Its source stays: an import leaves the edit alone until the source itself changes. Nothing is logged
    when nothing changes.
    """
    checked = _checked(session, document)
    with session.begin_nested():
        article = get(session, checked.slug, lock=True)
        status = "retired" if checked.superseded_by else "published"
        before = repository.document_of(article)
        document = replace(checked, **{name: getattr(before, name) for name in _OF_THE_SOURCE})
        if (article.content_hash, article.status) == (document.content_hash, status):
            return article
        repository.upsert(session, document, existing=article, source=article.source)
        _set_status(article)
        record_changes(session, [article.ref])
        record_act(session, Act(author, "changed", f"article {article.slug}"))
    return article


def retire(
    session: Session, slug: str, *, superseded_by: str | None = None, author: str = COMMAND_LINE
) -> Article:
    """Take the article out of the answers, naming what took its place if given; again changes nothing."""
    with session.begin_nested():
        article = get(session, slug, lock=True)
        if article.status == "retired" and superseded_by in (None, article.superseded_by):
            return article
        document = repository.document_of(article)
        if superseded_by is not None:
            successor = _checked_successor(session, slug, superseded_by)
            document = replace(document, superseded_by=successor)
        repository.upsert(session, document, existing=article, source=article.source)
        article.status = "retired"
        record_changes(session, [article_ref(slug)])
        record_act(session, Act(author, "retired", f"article {slug}"))
    return article


def is_safe_slug(slug: str) -> bool:
    """Whether the slug is letters and digits, joined by `-`, `_`, `.`, in parts separated by `/`."""
    return _SLUG.fullmatch(slug) is not None and ".." not in slug


def _checked(session: Session, document: ArticleDocument) -> ArticleDocument:
    slug = required("slug", document.slug, max_chars=MAX_SLUG_CHARS)
    url = limited("url", one_line(document.url), max_chars=MAX_URL_CHARS)
    if url and not _WEB_ADDRESS.fullmatch(url):
        raise DataError(f"url {url!r} is not a web address; start it with https://")
    return ArticleDocument(
        slug=slug,
        title=required("title", one_line(document.title), max_chars=MAX_TITLE_CHARS),
        body=required("body", document.body, max_chars=MAX_BODY_CHARS),
        category=limited("category", one_line(document.category), max_chars=MAX_CATEGORY_CHARS),
        url=url,
        superseded_by=_checked_successor(session, slug, document.superseded_by),
    )


def _checked_successor(session: Session, slug: str, successor: str | None) -> str | None:
    if not successor:
        return None
    name = tidied(successor)
    if name == slug:
        raise DataError(f"article {slug!r} cannot be superseded by itself; name another article")
    if repository.get(session, name) is None:
        raise DataError(f"superseded_by names {name!r}, which is not an article; name an existing slug")
    return name


def _set_status(article: Article) -> None:
    article.status = "retired" if article.superseded_by else "published"
