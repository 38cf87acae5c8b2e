"""The addresses of the messenger's script, the company's own page and the help centre.

Every page is complete without script and carries a strict content policy; articles are only read here.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment
from markupsafe import Markup

from serving.company.repository import read_profile
from serving.company.service import company_name
from serving.dependencies import CurrentRuntime, DbSession
from serving.messenger import assets, help_centre
from serving.rendering import render_markdown, strict_templates
from serving.runtime.assembly import Runtime
from serving.security.headers import content_policy

_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": content_policy(
        form_action="'none'", frame_ancestors="'self'", img_src="'self' https: blob:"
    )
}
_TEMPLATES_FOLDER = Path(__file__).parent / "templates"

router = APIRouter(include_in_schema=False)


@router.get("/messenger.js")
def read_messenger_script(request: Request) -> Response:
    """The messenger, for any site."""
    return assets.asset_response(request, assets.messenger_script())


@router.get("/messenger/parts/{name}")
def read_messenger_part(request: Request, name: str) -> Response:
    """What few conversations need, loaded by the messenger when one does."""
    return assets.asset_response(request, assets.part_file(name))


@router.get("/messenger/words/{name}")
def read_messenger_words(request: Request, name: str) -> Response:
    """What the messenger says in a language other than English."""
    return assets.asset_response(request, assets.words_file(name))


@router.get("/messenger/pages/{name}")
def read_page_file(request: Request, name: str) -> Response:
    """A style sheet or the icon of the pages below."""
    return assets.asset_response(request, assets.page_file(name))


@router.get("/")
def show_storefront(runtime: CurrentRuntime) -> Response:
    """The page that the home has in its `storefront` folder; without one visitors go to the help centre."""
    page = runtime.settings.storefront_folder / "index.html"
    if not page.is_file():
        return RedirectResponse("/help")
    return HTMLResponse(page.read_bytes(), headers=_HEADERS)


@router.get("/storefront/{name}")
def read_storefront_file(request: Request, name: str, runtime: CurrentRuntime) -> Response:
    """A style sheet or picture of that page."""
    return assets.asset_response(request, assets.folder_file(runtime.settings.storefront_folder, name))


@router.get("/files/{name}")
def read_attachment(name: str, runtime: CurrentRuntime) -> Response:
    """A picture or other file of an article."""
    return assets.attachment_response(runtime.settings.files_folder, name)


@router.get("/help")
def list_articles(runtime: CurrentRuntime, session: DbSession) -> Response:
    """The help centre: all articles by category."""
    categories = help_centre.articles_by_category(session)
    company = company_name(session, runtime.settings)
    tagline = read_profile(session).tagline
    return _page("help_index.html", {"company": company, "tagline": tagline, "categories": categories})


@router.get("/help/{slug:path}")
def show_article(slug: str, runtime: CurrentRuntime, session: DbSession) -> Response:
    """One article; a superseded address leads to its successor, an unknown one to a page saying so."""
    company = company_name(session, runtime.settings)
    article = help_centre.find_current(session, slug)
    if article is None:
        return _missing(company)
    if article.slug != slug:
        return RedirectResponse(f"/help/{article.slug}")
    context = {
        "company": company,
        "article": article,
        "category": help_centre.category_title(article.category),
        "neighbours": help_centre.neighbours_of(session, article),
    }
    return _page("help_article.html", context)


def show_missing(request: Request) -> Response:
    """The page for an address that leads nowhere."""
    runtime: Runtime = request.app.state.runtime
    with runtime.database.reading() as session:
        return _missing(company_name(session, runtime.settings))


def _missing(company: str) -> HTMLResponse:
    return _page("help_missing.html", {"company": company}, status=404)


def _page(template: str, context: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    html = _environment().get_template(template).render(context)
    return HTMLResponse(html, status_code=status, headers=_HEADERS)


@cache
def _environment() -> Environment:
    environment = strict_templates(_TEMPLATES_FOLDER)
    environment.filters["markdown"] = lambda text: Markup(render_markdown(text))  # noqa: S704 - sanitised there
    return environment
