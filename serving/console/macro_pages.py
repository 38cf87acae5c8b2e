"""Kept replies: listed, written, changed and removed."""

from fastapi import APIRouter, Response

from model.errors import FirstlastError
from serving.console.inbox_pages import Short, Text
from serving.console.routing import PageRoute, see_other, sentence, written
from serving.console.shell import CurrentVisit, Visit, needs
from serving.conversations.repository import teams
from serving.macros import service
from serving.problems import status_of

router = APIRouter(
    prefix="/macros", route_class=PageRoute, include_in_schema=False, dependencies=[needs("inbox")]
)


@router.get("")
def macros_page(visit: CurrentVisit) -> Response:
    """All kept replies, and a form for a new one."""
    return _show(visit)


@router.post("")
def save_macro(
    visit: CurrentVisit, macro: Short = "", name: Short = "", text: Text = "", team: Short = ""
) -> Response:
    """Keep a new reply, or change one; on an error the form keeps what was written."""
    words = written(text)
    try:
        kept = service.get_macro(visit.session, int(macro)) if macro.isdecimal() else None
        service.save_macro(visit.session, kept, name=name, text=words, team=team or None)
    except FirstlastError as error:
        visit.session.rollback()
        form = {"macro": macro, "name": name, "text": words, "team": team, "error": sentence(error)}
        return _show(visit, form, status=status_of(error))
    return see_other("/macros", done="macro-saved")


@router.post("/{macro_id}/remove")
def remove_macro(macro_id: int, visit: CurrentVisit) -> Response:
    """Keep the reply no longer."""
    visit.session.delete(service.get_macro(visit.session, macro_id))
    return see_other("/macros", done="macro-removed")


def _show(visit: Visit, form: dict[str, str] | None = None, *, status: int = 200) -> Response:
    context = {
        "macros": service.list_macros(visit.session, everything=True),
        "teams": {team.name: team.title for team in teams(visit.session).values()},
        "form": form or {"macro": "", "name": "", "text": "", "team": "", "error": ""},
        "placeholders": service.PLACEHOLDERS,
        "max_chars": service.MAX_TEXT_CHARS,
    }
    return visit.show("macros", "macros/page.html", context, fragments={}, status=status)
