"""Kept replies over HTTP, for agents."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from serving.db.tables import MAX_ROW_ID
from serving.dependencies import DbSession
from serving.macros import service
from serving.macros.schemas import MacroOut, MacrosOut, NewMacro
from serving.problems import problems
from serving.security.principals import AgentPrincipal, agent_permitted

router = APIRouter(prefix="/v1/macros", tags=["macros"], responses=problems(401, 403))
InboxAgent = Annotated[AgentPrincipal, Depends(agent_permitted("inbox"))]
MacroId = Annotated[int, Path(ge=1, le=MAX_ROW_ID)]


@router.get("")
def list_macros(_agent: InboxAgent, session: DbSession) -> MacrosOut:
    """All kept replies by name; `team` says who is offered each."""
    rows = service.list_macros(session, everything=True)
    return MacrosOut(macros=[MacroOut.of(row) for row in rows])


@router.post("", status_code=201)
def add_macro(body: NewMacro, _agent: InboxAgent, session: DbSession) -> MacroOut:
    """Keep a reply."""
    return MacroOut.of(service.save_macro(session, None, **body.model_dump()))


@router.put("/{macro_id}", responses=problems(404))
def change_macro(macro_id: MacroId, body: NewMacro, _agent: InboxAgent, session: DbSession) -> MacroOut:
    """Change a kept reply; what was sent with it stays as it was."""
    macro = service.get_macro(session, macro_id)
    return MacroOut.of(service.save_macro(session, macro, **body.model_dump()))


@router.delete("/{macro_id}", status_code=204, responses=problems(404))
def remove_macro(macro_id: MacroId, _agent: InboxAgent, session: DbSession) -> Response:
    """Keep the reply no longer."""
    session.delete(service.get_macro(session, macro_id))
    return Response(status_code=204)
