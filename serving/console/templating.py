"""Turns a page or some of its fragments into a response; every value is escaped unless marked safe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from model.errors import NotFoundError
from serving.console import words
from serving.rendering import strict_templates

STATIC_FOLDER = Path(__file__).parent / "static"
_TEMPLATES_FOLDER = Path(__file__).parent / "templates"

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers would then send `Origin: null` with forms, which the origin check refuses.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "X-Fragment, Cookie",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page to show: its template, what the template reads, and the fragments that script may ask for."""

    template: str
    context: Mapping[str, object]
    fragments: Mapping[str, str] = field(default_factory=dict)
    """Element id to the template of that element, the same that the page includes."""
    status: int = 200


def render(request: Request, page: Page, *, whole: bool = False) -> HTMLResponse:
    """The whole page; or, when the request names ids in `X-Fragment`, those elements alone in that order."""
    context = {"path": request.url.path, **page.context}
    asked = [] if whole else request.headers.get("X-Fragment", "").split()
    names = [_fragment_template(page, asked_id) for asked_id in asked] or [page.template]
    html = "\n".join(environment().get_template(name).render(context) for name in names)
    return HTMLResponse(html, status_code=page.status, headers=dict(SECURITY_HEADERS))


@cache
def environment() -> Environment:
    """The templates, with the filters they use."""
    environment = strict_templates(_TEMPLATES_FOLDER)
    environment.filters.update(
        reason=words.reason_words,
        humanise=words.humanise,
        mood=words.mood_words,
        mood_level=words.mood_level,
        moment=words.moment_words,
        percent=words.percent_words,
    )
    environment.globals.update(count_words=words.count_words, static=static_url)
    return environment


def static_url(name: str) -> str:
    """Address of a static file; browsers revalidate it by its ETag each time."""
    return f"/console/static/{name}"


def _fragment_template(page: Page, element_id: str) -> str:
    try:
        return page.fragments[element_id]
    except KeyError:
        known = ", ".join(sorted(page.fragments)) or "none"
        raise NotFoundError(f"this page has no fragment {element_id!r}; it has: {known}") from None
