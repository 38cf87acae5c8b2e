"""Queries on articles; it decides nothing and never commits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TypeVar

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from knowledge.documents import ArticleDocument
from model.refs import article_ref
from serving.db.tables import Article, now

_Value = TypeVar("_Value")
_AT_ONCE = 500
"""Values named in one query; stores limit them."""


def get(session: Session, slug: str) -> Article | None:
    """The article, published or retired."""
    return session.scalar(select(Article).where(Article.slug == slug))


def get_for_update(session: Session, slug: str) -> Article | None:
    """The article as it is now, locked until the transaction ends."""
    chosen = select(Article).where(Article.slug == slug).with_for_update()
    return session.scalar(chosen.execution_options(populate_existing=True))


def list_published(session: Session, *, category: str | None = None) -> list[Article]:
    """Articles that customers may read, by category and title."""
    return list_articles(session, status="published", category=category)


def list_articles(
    session: Session,
    *,
    status: str | None = None,
    category: str | None = None,
    source: str | None = None,
    text: str = "",
    after: Article | None = None,
    limit: int | None = None,
) -> list[Article]:
    """Articles by category and title that come after one of them; `None` does not filter.

    Every word of `text` stands in title, body or category.
    """
    order = (Article.category, Article.title, Article.slug)
    query = select(Article).order_by(*order).limit(limit)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(after.category, after.title, after.slug))
    filters = ((Article.status, status), (Article.category, category), (Article.source, source))
    query = query.where(*(column == wanted for column, wanted in filters if wanted is not None))
    words = [holds(word, Article.title, Article.body, Article.category) for word in text.split()]
    return list(session.scalars(query.where(*words)))


def find_by_slugs(session: Session, slugs: Iterable[str]) -> dict[str, Article]:
    """Those of the articles that exist, by slug."""
    articles: dict[str, Article] = {}
    for portion in in_portions(list(slugs)):
        rows = session.scalars(select(Article).where(Article.slug.in_(portion)))
        articles.update((row.slug, row) for row in rows)
    return articles


def find_by_file_name(session: Session, name: str) -> Article | None:
    """The published article whose slug ends in `/name`, if there is exactly one; file links say no more."""
    chosen = select(Article).where(
        Article.slug.endswith(f"/{name}", autoescape=True), Article.status == "published"
    )
    articles = session.scalars(chosen.limit(2)).all()
    return articles[0] if len(articles) == 1 else None


def published_hashes(session: Session) -> dict[str, str]:
    """The content hash of every published article, by ref."""
    rows = session.execute(select(Article.slug, Article.content_hash).where(Article.status == "published"))
    return {article_ref(slug): content_hash for slug, content_hash in rows}


def document_of(article: Article) -> ArticleDocument:
    """The article as a document, as imports and the index know it."""
    return ArticleDocument(
        slug=article.slug,
        title=article.title,
        body=article.body,
        category=article.category,
        url=article.url,
        superseded_by=article.superseded_by,
    )


def upsert(session: Session, document: ArticleDocument, *, existing: Article | None, source: str) -> Article:
    """Write the document to its row, new or `existing`; the row's status is left as it is."""
    article = existing or Article(slug=document.slug, source=source, status="published")
    for name, value in asdict(document).items():
        setattr(article, name, value)
    article.source = source
    article.content_hash = document.content_hash
    article.updated_at = now()
    session.add(article)
    return article


def holds(word: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether the word stands in one of the columns, whatever its case."""
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def in_portions(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """The values in portions small enough for one query."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
