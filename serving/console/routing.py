"""How pages answer errors: as pages or redirects to sign in, never as JSON; and where a redirect may lead."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import AfterValidator

from knowledge.text import capitalised
from model.errors import AuthenticationError, FirstlastError
from serving.console.templating import Page, render
from serving.problems import status_of
from serving.security.principals import SecondFactorMissingError

_HEADINGS = {
    401: "Sign in again",
    403: "You may not do this",
    404: "Nothing is here",
    409: "Somebody was faster",
    422: "That did not work",
    429: "Too many attempts",
    503: "Not ready yet",
}
_NOT_WRITTEN = frozenset({"password", "code", "ticket", "next", "nonce", "email", "action"})
"""Fields that are not shown again on the page of a problem."""


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # Any: as in the base
        """The handler, with every known error turned into a page or a redirect."""
        handle = super().get_route_handler()

        async def handle_with_pages(request: Request) -> Response:
            try:
                return await handle(request)
            except SecondFactorMissingError as error:
                if request.method == "GET" and "X-Fragment" not in request.headers:
                    return see_other("/account")
                return await _problem(request, 403, sentence(error))
            except AuthenticationError:
                if request.method == "GET" and "X-Fragment" not in request.headers:
                    return RedirectResponse(login_path(request), status_code=303)
                return await _problem(request, 401, "Your session has ended. Sign in, then send this again.")
            except FirstlastError as error:
                return await _problem(request, status_of(error), sentence(error))
            except RequestValidationError as error:
                fields = ", ".join(str(item["loc"][-1]) for item in error.errors())
                return await _problem(request, 422, f"These fields are missing or wrong: {fields}.")

        return handle_with_pages


def login_path(request: Request) -> str:
    """The sign-in page that leads back to what was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/login?{urlencode({'next': asked})}"


def local_path(path: str, *, default: str = "/inbox") -> str:
    """The path if it stays on this site, else `default`."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return default
    if any(ord(character) <= 32 or ord(character) == 127 for character in path):
        return default
    parts = urlsplit(path)
    return default if parts.scheme or parts.netloc else path


def see_other(path: str, *, done: str | None = None) -> RedirectResponse:
    """Post/Redirect/Get: to `path`, with the code of the notice to show there."""
    if done is not None:
        path += ("&" if "?" in path else "?") + urlencode({"done": done})
    return RedirectResponse(path, status_code=303)


def written(text: str) -> str:
    """What somebody wrote into a field, with plain line ends: browsers send CR LF."""
    return text.replace("\r\n", "\n")


Written = Annotated[str, AfterValidator(written)]
"""A field of a form."""


def written_lines(text: str) -> list[str]:
    """The lines of a field in which people write one thing a line; empty lines are left out."""
    return [line.strip() for line in written(text).split("\n") if line.strip()]


def sentence(error: FirstlastError) -> str:
    """What the error says, as a sentence."""
    words = str(error)
    return f"{capitalised(words)}."


async def _problem(request: Request, status: int, detail: str) -> Response:
    fields = await request.form() if request.method == "POST" else {}
    fields_written = [
        (name, value)
        for name, value in fields.items()
        if isinstance(value, str) and value and name not in _NOT_WRITTEN
    ]
    heading = _HEADINGS.get(status, "Something went wrong")
    context = {"heading": heading, "detail": detail, "written": fields_written, "sign_in": status == 401}
    # Asked-for fragments are not on this page: the whole page is sent, and script shows its words.
    return render(request, Page("problem.html", context, status=status), whole=True)
