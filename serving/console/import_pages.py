"""Imports: what each did and what it left out, for every agent to read; editors may undo one."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from serving.console.routing import PageRoute, see_other
from serving.console.shell import CurrentVisit, needs
from serving.console.words import count_words
from serving.transfer.endpoints import list_imports
from serving.transfer.sources import list_sources, retire_source

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[needs("articles:read")])

MAX_ROWS = 50
_SHOWN_PATHS = 3


@router.get("/imports")
def list_page(visit: CurrentVisit) -> Response:
    """The sources, and the last imports, latest first, each with all that it did not take as it was."""
    rows = list_imports(visit.session, after=None, limit=MAX_ROWS)[:MAX_ROWS]
    context = {
        "sources": list_sources(visit.session),
        "rows": [(row, left_out(row.report)) for row in rows],
    }
    return visit.show("articles", "articles/imports.html", context)


@router.post("/imports", dependencies=[needs("articles:write")])
def undo_import(visit: CurrentVisit, source: Annotated[str, Form(max_length=500)]) -> Response:
    """Retire all that the source brought; importing it again brings it back."""
    retire_source(visit.session, source, author=visit.viewer.email)
    return see_other("/imports", done="source-retired")


def left_out(report: dict[str, Any]) -> list[tuple[str, list[str]]]:  # the JSON of an import's report
    """What the import did not take as it was: words for the kind, and a line for each thing."""
    holes = [
        f"{it['name']} in {count_words(it['articles'], 'article')}: {', '.join(it['paths'][:_SHOWN_PATHS])}"
        for it in report["holes"]
    ]
    kinds = [
        (
            "Refused, because it could not be read",
            [f"{it['path']}: {it['reason']}" for it in report["refused"]],
        ),
        (
            "Held back, because it is not for customers",
            [f"{it['path']}: {it['reason']}" for it in report["held_back"]],
        ),
        (
            "Passed over, because such files are not read",
            [f"{count} {suffix}" for suffix, count in report["passed_over"].items()],
        ),
        ("Holes: no sentence with one is shown", holes),
        ("Pictures that are missing", [f"{it['file']} in {it['path']}" for it in report["missing_files"]]),
        (
            "Not taken twice, because another source says the same",
            [f"{path}: as {source}" for source, paths in report.get("same_as", {}).items() for path in paths],
        ),
        (
            "Renamed, because another article had the name",
            [f"{path} is {slug}" for path, slug in report["renamed"].items()],
        ),
    ]
    return [(words, lines) for words, lines in kinds if lines]
