"""Turns a page or some of its fragments into a response; every value is escaped unless marked safe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from knowledge.privacy.masking import cards_masked
from model.errors import NotFoundError
from serving.console import formatting, words
from serving.drift.words import VERDICTS
from serving.rendering import strict_templates
from serving.text import without_directions

STATIC_FOLDER = Path(__file__).parent / "static"
_TEMPLATES_FOLDER = Path(__file__).parent / "templates"

_HEADERS: Mapping[str, str] = {
    "X-Frame-Options": "DENY",
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
    return HTMLResponse(html, status_code=page.status, headers=_HEADERS)


@cache
def environment() -> Environment:
    """The templates, with the filters they use."""
    environment = strict_templates(_TEMPLATES_FOLDER)
    environment.filters.update(
        article_href=formatting.article_href,
        author_name=formatting.author_name,
        plain_name=without_directions,
        customer_name=formatting.customer_name,
        file_size=formatting.file_size,
        markdown=formatting.markdown,
        plain_text=formatting.plain_text,
        ref_href=formatting.ref_href,
        shorten=formatting.shorten,
        web_address=formatting.web_address,
        status=partial(words.in_words, words.STATUS_WORDS),
        priority=partial(words.in_words, words.PRIORITY_WORDS),
        proposal_status=partial(words.in_words, words.PROPOSAL_STATUS_WORDS),
        learned_status=partial(words.in_words, words.LEARNED_STATUS_WORDS),
        drift_verdict=partial(words.in_words, VERDICTS),
        source=words.source_words,
        value=words.value_words,
        reason=words.reason_words,
        cards_masked=cards_masked,
        removed=words.removed_words,
        personal=partial(words.in_words, words.KIND_WORDS),
        nothing_learned=partial(words.in_words, words.NOTHING_LEARNED_WORDS),
        humanise=words.humanise,
        mood=words.mood_words,
        mood_level=words.mood_level,
        moment=words.moment_words,
        percent=words.percent_words,
        about=words.about_words,
    )
    environment.globals.update(count_words=words.count_words, static="/console/static/{}".format)
    return environment


def _fragment_template(page: Page, element_id: str) -> str:
    try:
        return page.fragments[element_id]
    except KeyError:
        known = ", ".join(sorted(page.fragments)) or "none"
        raise NotFoundError(f"this page has no fragment {element_id!r}; it has: {known}") from None
