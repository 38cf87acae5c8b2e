"""An agent's own account: their sessions and second factor, which nobody changes without the password."""

from typing import Annotated

import segno
from fastapi import APIRouter, Form, Response
from markupsafe import Markup

from model.errors import ConflictError, DataError
from serving.agents import second_factor, service
from serving.agents.endpoints import check_own_password, own_sessions, second_factor_out
from serving.company.accounts import get_agent
from serving.console.routing import PageRoute, see_other, sentence
from serving.console.shell import OwnVisit, Visit
from serving.problems import status_of
from serving.security.rate_limit import TooManyRequestsError
from serving.security.second_factor import NewSecret

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_Refused = (ConflictError, DataError, TooManyRequestsError)
_Password = Annotated[str, Form(max_length=1_000)]


@router.get("/account")
def account(visit: OwnVisit) -> Response:
    """Second factor and sessions."""
    return _account(visit)


@router.post("/account/second-factor")
def begin_second_factor(visit: OwnVisit, password: _Password = "") -> Response:  # of a form
    """Show a new secret, as a picture and to be typed; the page cannot be asked for a second time."""
    try:
        _check_password(visit, password)
        agent = get_agent(visit.session, visit.viewer.id)
        made = second_factor.begin(visit.session, visit.runtime.settings, agent)
    except _Refused as error:
        return _refused(visit, error, "turn_on")
    return _set_up(visit, made)


@router.post("/account/second-factor/confirm")
def confirm_second_factor(visit: OwnVisit, code: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Turn it on by its first code, and show the recovery codes this once."""
    agent = get_agent(visit.session, visit.viewer.id)
    settings = visit.runtime.settings
    try:
        made = second_factor.confirm(
            visit.session, settings, agent, code, session_hash=visit.viewer.session_hash
        )
    except DataError as error:
        shown = second_factor.waiting(visit.session, settings, agent)
        return _set_up(visit, shown, problem=sentence(error), status=status_of(error))
    except ConflictError as error:
        return _refused(visit, error, "turn_on")
    return _recovery_codes(visit, made, is_new=True)


@router.post("/account/second-factor/recovery-codes")
def renew_recovery_codes(visit: OwnVisit, password: _Password = "") -> Response:
    """Show ten new recovery codes this once."""
    try:
        _check_password(visit, password)
        agent = get_agent(visit.session, visit.viewer.id)
        made = second_factor.renew_recovery_codes(visit.session, agent)
    except _Refused as error:
        return _refused(visit, error, "codes")
    return _recovery_codes(visit, made, is_new=False)


@router.post("/account/second-factor/turn-off")
def turn_off_second_factor(visit: OwnVisit, password: _Password = "") -> Response:
    """Sign in by password alone again."""
    try:
        _check_password(visit, password)
        agent = get_agent(visit.session, visit.viewer.id)
        second_factor.take_away(visit.session, agent, author=visit.viewer.email)
    except _Refused as error:
        return _refused(visit, error, "turn_off")
    return see_other("/account", done="second-factor-off")


@router.post("/account/sessions/end-others")
def end_other_sessions(visit: OwnVisit) -> Response:
    """Sign out everywhere but here."""
    service.end_all_sessions(visit.session, visit.viewer, keep_current=True)
    return see_other("/account", done="ended")


@router.post("/account/sessions/{session_id}/end")
def end_session(session_id: str, visit: OwnVisit) -> Response:
    """Sign out in one browser."""
    service.end_session(visit.session, visit.viewer, session_id)
    return see_other("/account", done="ended")


def _account(visit: Visit, *, problem: str = "", at: str = "", status: int = 200) -> Response:
    context = {
        "factor": second_factor_out(visit.session, visit.viewer, visit.runtime.settings),
        "sessions": own_sessions(visit.session, visit.viewer),
        "problem": problem,
        "problem_at": at,
    }
    return visit.show("account", "account/page.html", context, status=status)


def _refused(visit: Visit, error: ConflictError | DataError | TooManyRequestsError, at: str) -> Response:
    """The page, which says what was wrong where it was asked for; nothing was changed."""
    return _account(visit, problem=sentence(error), at=at, status=status_of(error))


def _set_up(visit: Visit, made: NewSecret, *, problem: str = "", status: int = 200) -> Response:
    context = {"secret": made.text, "qr": _qr(made.uri), "problem": problem}
    return visit.show("account", "account/set_up.html", context, status=status)


def _recovery_codes(visit: Visit, codes: list[str], *, is_new: bool) -> Response:
    return visit.show("account", "account/recovery_codes.html", {"codes": codes, "is_new": is_new})


def _check_password(visit: Visit, password: str) -> None:
    check_own_password(visit.request, visit.runtime, visit.session, visit.viewer, password)


def _qr(uri: str) -> Markup:
    """The picture that an app scans, dark on light in both colour schemes; it holds nothing but shapes."""
    svg = segno.make(uri, error="m", micro=False).svg_inline(
        border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True, title="QR code"
    )
    return Markup(svg)  # noqa: S704  # made of shapes by the library, never of words
