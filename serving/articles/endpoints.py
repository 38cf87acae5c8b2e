"""The API of articles: agents and keys read, editors and keys with `articles:write` change."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from knowledge.documents import MAX_SLUG_CHARS
from model.errors import DataError
from serving.articles import repository, service
from serving.articles.schemas import (
    ArticleFields,
    ArticleList,
    ArticleOut,
    ArticleSummary,
    NewArticle,
    article_out,
)
from serving.db.tables import ArticleStatus
from serving.dependencies import DbSession
from serving.problems import problems
from serving.security.principals import AgentPrincipal, ServerPrincipal, author_of, permitted

router = APIRouter(prefix="/v1/articles", tags=["articles"], responses=problems(401, 403))

_READ = Depends(permitted("articles:read"))
Writer = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("articles:write"))]


@router.get("", dependencies=[_READ])
def list_articles(
    session: DbSession,
    status: ArticleStatus | None = None,
    category: Annotated[str | None, Query()] = None,
    after: Annotated[str, Query(max_length=MAX_SLUG_CHARS)] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 500,
) -> ArticleList:
    """Articles by category and title; `next` is what to pass as `after` for the page that follows."""
    last = repository.get(session, after) if after else None
    if after and last is None:
        raise DataError(f"after={after!r} names no page; pass the `next` of the page before, or leave it out")
    rows = repository.list_articles(session, status=status, category=category, after=last, limit=limit + 1)
    return ArticleList(
        articles=[ArticleSummary.of(article) for article in rows[:limit]],
        next=rows[limit - 1].slug if rows[limit:] else None,
    )


@router.post("", status_code=201, responses=problems(409))
def create_article(new: NewArticle, writer: Writer, session: DbSession) -> ArticleOut:
    """A new article, searchable in under a second; 409 when the slug is taken."""
    return article_out(service.create(session, new.document(new.slug), author=author_of(writer)))


@router.get("/{slug:path}", dependencies=[_READ], responses=problems(404))
def get_article(slug: str, session: DbSession) -> ArticleOut:
    """One article, published or retired."""
    return article_out(service.get(session, slug))


@router.put("/{slug:path}", responses={201: {"model": ArticleOut, "description": "Added"}})
def put_article(
    slug: str, fields: ArticleFields, writer: Writer, session: DbSession, response: Response
) -> ArticleOut:
    """The article gets these words and is published; 201 when the slug was free."""
    document = fields.document(slug)
    if repository.get(session, slug) is not None:
        return article_out(service.edit(session, document, author=author_of(writer)))
    response.status_code = 201
    return article_out(service.create(session, document, author=author_of(writer)))


@router.delete("/{slug:path}", responses=problems(404))
def retire_article(slug: str, writer: Writer, session: DbSession) -> ArticleOut:
    """The article is retired: kept, no longer found."""
    return article_out(service.retire(session, slug, author=author_of(writer)))
