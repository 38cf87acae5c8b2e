"""Articles: found and read by every agent, written and retired by editors."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response

from model.errors import FirstlastError, PermissionDeniedError
from serving.articles import repository, service
from serving.articles.schemas import ArticleFields
from serving.console.formatting import article_href
from serving.console.routing import PageRoute, Written, see_other, sentence
from serving.console.shell import CurrentVisit, Visit, needs
from serving.db.tables import Article
from serving.problems import status_of

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[needs("articles:read")])

MAX_ROWS = 500
STATUS_CHOICES = (("published", "Published"), ("retired", "Retired"), ("all", "All"))
_WRITERS = [needs("articles:write")]


class ArticleForm(ArticleFields):
    """What stands in the form of an article, and what to do with it."""

    title: str = ""
    body: Written = ""
    slug: str = ""
    action: Literal["save", "retire"] = "save"


CurrentArticleForm = Annotated[ArticleForm, Form()]


@router.get("/articles")
def list_page(
    visit: CurrentVisit,
    q: Annotated[str, Query(max_length=500)] = "",
    status: Annotated[str, Query()] = "published",
) -> Response:
    """Articles by category and title, those that hold every word of `q`."""
    status = status if status in {value for value, _ in STATUS_CHOICES} else "published"
    chosen = None if status == "all" else status
    articles = repository.list_articles(visit.session, status=chosen, text=q, limit=MAX_ROWS + 1)
    context = {
        "q": q,
        "status": status,
        "status_choices": STATUS_CHOICES,
        "rows": articles[:MAX_ROWS],
        "more": len(articles) > MAX_ROWS,
    }
    return visit.show("articles", "articles/page.html", context, fragments={"articles": "articles/list.html"})


@router.get("/new-article", dependencies=_WRITERS)
def new_page(visit: CurrentVisit) -> Response:
    """The form for a new article."""
    return _show_form(visit, ArticleForm())


@router.post("/new-article", dependencies=_WRITERS)
def create(visit: CurrentVisit, form: CurrentArticleForm) -> Response:
    """Write a new article; on an error the form keeps what was written."""
    try:
        article = service.create(visit.session, form.document(form.slug.strip()), author=visit.viewer.email)
    except FirstlastError as error:
        visit.session.rollback()
        return _show_form(visit, form, slug=form.slug, error=error)
    return see_other(article_href(article.slug), done="created")


@router.get("/articles/{slug:path}")
def detail_page(slug: str, visit: CurrentVisit, edit: bool = False) -> Response:
    """One article to read; with `?edit=true` the form to change it."""
    article = service.get(visit.session, slug)
    if not edit:
        return visit.show("articles", "articles/detail.html", {"article": article})
    if not visit.viewer.may("articles:write"):
        raise PermissionDeniedError("changing articles needs the permission 'articles:write'; ask an admin")
    return _show_form(visit, ArticleFields.model_validate(article, from_attributes=True), existing=article)


@router.post("/articles/{slug:path}", dependencies=_WRITERS)
def change(slug: str, visit: CurrentVisit, form: CurrentArticleForm) -> Response:
    """Give the article other words, or retire it; on an error the form keeps what was written."""
    if form.action == "retire":
        service.retire(visit.session, slug, author=visit.viewer.email)
        return see_other(article_href(slug), done="retired")
    try:
        service.edit(visit.session, form.document(slug), author=visit.viewer.email)
    except FirstlastError as error:
        visit.session.rollback()
        return _show_form(visit, form, existing=service.get(visit.session, slug), error=error)
    return see_other(article_href(slug), done="saved")


def _show_form(
    visit: Visit,
    form: ArticleFields,
    *,
    slug: str = "",
    existing: Article | None = None,
    error: FirstlastError | None = None,
) -> Response:
    context = {"form": form, "slug": slug, "existing": existing, "problem": sentence(error) if error else ""}
    return visit.show("articles", "articles/edit.html", context, status=status_of(error) if error else 200)
