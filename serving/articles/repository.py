"""Queries on articles; it decides nothing and never commits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from knowledge.documents import ArticleDocument
from model.refs import article_ref
from serving.db.tables import Article, DecisionRecord, now

_Value = TypeVar("_Value")
_STORED_FIELDS = tuple(field.name for field in fields(ArticleDocument) if field.name not in ("path", "holes"))
_AT_ONCE = 500
"""Values named in one query; stores limit them."""


def get(session: Session, slug: str) -> Article | None:
    """The article, published or retired."""
    return session.scalar(select(Article).where(Article.slug == slug))


def get_for_update(session: Session, slug: str) -> Article | None:
    """The article as it is now, locked until the transaction ends."""
    chosen = select(Article).where(Article.slug == slug).with_for_update()
    return session.scalar(chosen.execution_options(populate_existing=True))


def bodies_holding(session: Session, parts: Sequence[str], *, limit: int) -> list[str]:
    """The texts of published articles that hold one of the parts, case ignored; at most `limit`."""
    holding = or_(*(Article.body.icontains(part, autoescape=True) for part in parts))
    query = select(Article.body).where(Article.status == "published", holding).limit(limit)
    return list(session.scalars(query))


def list_in_use(session: Session, moment: datetime, *, category: str | None = None) -> list[Article]:
    """Articles that customers may read at `moment`, by category and title."""
    published = list_articles(session, status="published", category=category)
    return [article for article in published if is_in_use(article, moment)]


def is_in_use(article: Article, moment: datetime) -> bool:
    """Whether customers may read the article at `moment`."""
    return article.status == "published" and (article.valid_until is None or article.valid_until > moment)


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


def find_in_use_by_titles(session: Session, titles: Iterable[str], moment: datetime) -> list[Article]:
    """The articles that customers may read at `moment` under one of these very titles, by slug."""
    found: list[Article] = []
    for portion in in_portions(sorted(set(titles))):
        chosen = select(Article).where(Article.title.in_(portion), _in_use(moment))
        found.extend(session.scalars(chosen.order_by(Article.slug)))
    return found


def slugs(session: Session) -> set[str]:
    """The slugs of all articles, published or retired."""
    return set(session.scalars(select(Article.slug)))


def find_by_file_name(session: Session, name: str, moment: datetime) -> Article | None:
    """The article in use whose slug ends in `/name`, if there is exactly one; file links say no more."""
    chosen = select(Article).where(Article.slug.endswith(f"/{name}", autoescape=True), _in_use(moment))
    articles = session.scalars(chosen.limit(2)).all()
    return articles[0] if len(articles) == 1 else None


def count_in_use(session: Session, source: str, moment: datetime) -> int:
    """How many articles of the source customers may be given at `moment`."""
    chosen = select(func.count()).select_from(Article).where(Article.source == source, _in_use(moment))
    return session.scalar(chosen) or 0


def count_imported(session: Session, moment: datetime) -> dict[str, int]:
    """How many articles of each imported source customers may be given at `moment`."""
    chosen = select(Article.source, func.count()).where(Article.source_hash.is_not(None), _in_use(moment))
    return dict(session.execute(chosen.group_by(Article.source)).all())


def hashes_in_use(session: Session, moment: datetime) -> dict[str, str]:
    """The content hash of every article that customers may read at `moment`, by ref."""
    rows = session.execute(select(Article.slug, Article.content_hash).where(_in_use(moment)))
    return {article_ref(slug): content_hash for slug, content_hash in rows}


def refs_expired(session: Session, *, after: datetime, until: datetime) -> list[str]:
    """Published articles whose validity ended after `after` and not later than `until`."""
    chosen = select(Article.slug).where(
        Article.status == "published", Article.valid_until > after, Article.valid_until <= until
    )
    return [article_ref(slug) for slug in session.scalars(chosen.order_by(Article.slug))]


def next_expiry(session: Session, *, after: datetime) -> datetime | None:
    """The earliest end of validity after this moment among published articles."""
    chosen = select(Article.valid_until).where(Article.status == "published", Article.valid_until > after)
    moment: datetime | None = session.scalar(chosen.order_by(Article.valid_until).limit(1))
    return moment


def list_first_in_use(session: Session, moment: datetime, *, limit: int) -> list[Article]:
    """The first articles by title that customers may read at `moment`."""
    chosen = select(Article).where(_in_use(moment)).order_by(Article.title, Article.slug).limit(limit)
    return list(session.scalars(chosen))


def count_answers_of_articles(session: Session, *, latest: int) -> dict[str, int]:
    """How many of the latest decisions answered from an article, by slug; those that did not are left out."""
    newest = select(DecisionRecord.kind.label("kind"), DecisionRecord.answer_ref.label("ref"))
    looked_at = newest.order_by(DecisionRecord.id.desc()).limit(latest).subquery().c
    of_articles = looked_at.ref.startswith(article_ref(""), autoescape=True)
    chosen = select(looked_at.ref, func.count()).where(looked_at.kind == "answer", of_articles)
    rows = session.execute(chosen.group_by(looked_at.ref))
    return {ref.removeprefix(article_ref("")): count for ref, count in rows}


def document_of(article: Article) -> ArticleDocument:
    """The article as a document, as imports and the index know it."""
    return ArticleDocument(
        slug=article.slug,
        title=article.title,
        body=article.body,
        category=article.category,
        url=article.url,
        superseded_by=article.superseded_by,
        language=article.language,
        translation_key=article.translation_key,
        valid_until=article.valid_until,
        path=article.source_path or "",
    )


def upsert(session: Session, document: ArticleDocument, *, existing: Article | None, source: str) -> Article:
    """Write the document to its row, new or `existing`; the row's status is left as it is."""
    article = existing or Article(slug=document.slug, source=source, status="published")
    for name in _STORED_FIELDS:
        setattr(article, name, getattr(document, name))
    article.source_path = document.path or None
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


def _in_use(moment: datetime) -> ColumnElement[bool]:
    ends = Article.valid_until
    return (Article.status == "published") & or_(ends.is_(None), ends > moment)
