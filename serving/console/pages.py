"""The console's router: every page, the deeds of their forms, and the static files. Include it once."""

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from serving.console import (
    account_pages,
    article_pages,
    contact_pages,
    import_pages,
    inbox_pages,
    labelling_pages,
    learned_answer_pages,
    macro_pages,
    model_pages,
    proposal_pages,
    session_pages,
)
from serving.console.templating import STATIC_FOLDER

router = APIRouter(include_in_schema=False)
for _pages in (
    *(session_pages, account_pages, inbox_pages, proposal_pages, learned_answer_pages),
    *(article_pages, import_pages, labelling_pages, model_pages, macro_pages, contact_pages),
):
    router.include_router(_pages.router)

_files = StaticFiles(directory=STATIC_FOLDER)


@router.get("/console/static/{name:path}")
async def static_file(name: str, request: Request) -> Response:
    """A static file; browsers ask each time whether it changed, so that modules never mix versions."""
    if name.startswith("."):
        raise HTTPException(404, f"no file {name!r}")
    response = await _files.get_response(name, request.scope)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
