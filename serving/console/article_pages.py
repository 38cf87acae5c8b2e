"""Articles: found and read by every agent, written and retired by editors."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Response

from knowledge.documents import ArticleDocument
from model.errors import FirstlastError, PermissionDeniedError
from serving.articles import service
from serving.console import repository
from serving.console.formatting import article_href
from serving.console.knowledge_views import article_view
from serving.console.routing import PageRoute, see_other, sentence, written
from serving.console.shell import CurrentVisit, Visit, needs
from serving.db.tables import Article
from serving.problems import status_of

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[needs("articles:read")])

MAX_ROWS = 500
STATUS_CHOICES = (("published", "Published"), ("retired", "Retired"), ("all", "All"))
_WRITERS = [needs("articles:write")]


@dataclass(frozen=True, slots=True)
class ArticleForm:
    """What stands in the form of an article."""

    title: str = ""
    category: str = ""
    url: str = ""
    body: str = ""
    superseded_by: str = ""

    def document(self, slug: str) -> ArticleDocument:
        """These words as the article of that slug."""
        return ArticleDocument(
            slug=slug,
            title=self.title,
            body=self.body,
            category=self.category,
            url=self.url,
            superseded_by=self.superseded_by or None,
        )


async def article_form(
    title: Annotated[str, Form()] = "",
    category: Annotated[str, Form()] = "",
    url: Annotated[str, Form()] = "",
    body: Annotated[str, Form()] = "",
    superseded_by: Annotated[str, Form()] = "",
) -> ArticleForm:
    """The fields of an article as the browser sent them."""
    return ArticleForm(title, category, url, written(body), superseded_by.strip())


CurrentArticleForm = Annotated[ArticleForm, Depends(article_form)]


@router.get("/articles")
def list_page(
    visit: CurrentVisit,
    q: Annotated[str, Query(max_length=500)] = "",
    status: Annotated[str, Query()] = "published",
) -> Response:
    """Articles by category and title, those that hold every word of `q`."""
    status = status if status in {value for value, _ in STATUS_CHOICES} else "published"
    found = repository.search_articles(
        visit.session, text=q, status=None if status == "all" else status, limit=MAX_ROWS + 1
    )
    context = {
        "q": q,
        "status": status,
        "status_choices": STATUS_CHOICES,
        "rows": [article_view(article, with_body=False) for article in found[:MAX_ROWS]],
        "more": len(found) > MAX_ROWS,
    }
    return visit.show("articles", "articles/page.html", context, fragments={"articles": "articles/list.html"})


@router.get("/new-article", dependencies=_WRITERS)
def new_page(visit: CurrentVisit) -> Response:
    """The form for a new article."""
    return _show_form(visit, ArticleForm())


@router.post("/new-article", dependencies=_WRITERS)
def create(visit: CurrentVisit, form: CurrentArticleForm, slug: Annotated[str, Form()] = "") -> Response:
    """Write a new article; on an error the form keeps what was written."""
    try:
        article = service.create(visit.session, form.document(slug.strip()))
    except FirstlastError as error:
        visit.session.rollback()
        return _show_form(visit, form, slug=slug, error=error)
    return see_other(article_href(article.slug), done="created")


@router.get("/articles/{slug:path}")
def detail_page(slug: str, visit: CurrentVisit, edit: bool = False) -> Response:
    """One article to read; with `?edit=true` the form to change it."""
    article = service.get(visit.session, slug)
    if not edit:
        return visit.show(
            "articles", "articles/detail.html", {"article": article_view(article, with_body=True)}
        )
    if not visit.viewer.may_edit_articles:
        raise PermissionDeniedError("changing articles needs the permission 'articles:write'; ask an admin")
    return _show_form(visit, _form_of(article), existing=article)


@router.post("/articles/{slug:path}", dependencies=_WRITERS)
def change(
    slug: str,
    visit: CurrentVisit,
    form: CurrentArticleForm,
    action: Annotated[Literal["save", "retire"], Form()] = "save",
) -> Response:
    """Give the article other words, or retire it; on an error the form keeps what was written."""
    if action == "retire":
        service.retire(visit.session, slug)
        return see_other(article_href(slug), done="retired")
    try:
        service.edit(visit.session, form.document(slug))
    except FirstlastError as error:
        visit.session.rollback()
        return _show_form(visit, form, existing=service.get(visit.session, slug), error=error)
    return see_other(article_href(slug), done="saved")


def _form_of(article: Article) -> ArticleForm:
    return ArticleForm(
        article.title, article.category, article.url, article.body, article.superseded_by or ""
    )


def _show_form(
    visit: Visit,
    form: ArticleForm,
    *,
    slug: str = "",
    existing: Article | None = None,
    error: FirstlastError | None = None,
) -> Response:
    context = {
        "form": form,
        "slug": slug,
        "existing": article_view(existing, with_body=False) if existing else None,
        "problem": sentence(error) if error else "",
    }
    return visit.show("articles", "articles/edit.html", context, status=status_of(error) if error else 200)
