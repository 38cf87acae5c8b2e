"""The help centre over HTTP, for the messenger and anybody else: open to all, as its pages are."""

from typing import Annotated

from fastapi import APIRouter, Query

from model.errors import NotFoundError
from serving.dependencies import DbSession
from serving.messenger import help_centre
from serving.messenger.schemas import HelpArticle, HelpArticleOut, HelpArticles
from serving.problems import problems
from serving.security.limited import limited_by_address

router = APIRouter(prefix="/v1", tags=["help centre"])


@router.get("/help", responses=problems(429), dependencies=[limited_by_address("suggest")])
def list_popular_articles(session: DbSession, limit: Annotated[int, Query(ge=1, le=50)] = 5) -> HelpArticles:
    """The articles that answered most of the latest questions, then others, by title."""
    articles = help_centre.most_used(session, limit=limit)
    return HelpArticles(articles=[HelpArticle(slug=one.slug, title=one.title) for one in articles])


@router.get("/help/{slug:path}", responses=problems(404, 429), dependencies=[limited_by_address("suggest")])
def read_help_article(slug: str, session: DbSession) -> HelpArticleOut:
    """An article in use; the address of one that was replaced gives its successor."""
    article = help_centre.find_current(session, slug)
    if article is None:
        raise NotFoundError(f"there is no article {slug!r} in the help centre; list them with GET /v1/help")
    return HelpArticleOut.of(article)
