"""A signed-in agent's visit: who asks, the store, and the frame around every page. It refuses strangers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.params import Depends as DependsParameter
from sqlalchemy.orm import Session

from serving.console import repository
from serving.console.templating import Page, render
from serving.dependencies import CurrentRuntime, DbSession
from serving.learned_answers.repository import count_pending_proposals
from serving.runtime.assembly import Runtime
from serving.security.permissions import Permission
from serving.security.principals import AgentPrincipal, CurrentAgent, OwnAccount, agent_permitted

NOTICES = {
    "assigned": "Assigned to you.",
    "online": "You are online. What waits for your team comes to you if it shares its queue out.",
    "away": "You are away. What you were given and have not answered went back to the queue.",
    "reassigned": "Assigned.",
    "unassigned": "Back in the queue. Whoever comes first may take it.",
    "team": "Moved. It waits in the team's queue.",
    "snoozed": "Snoozed. It comes back when its time has come, or when the customer writes.",
    "woken": "Back in the list.",
    "priority": "Priority saved.",
    "tagged": "Tags saved.",
    "bulk": "Done for all that were ticked.",
    "bulk-some": "Done where it could be; some of the ticked conversations stayed as they were.",
    "macro-saved": "Saved. It is offered when somebody types / in a reply.",
    "macro-removed": "Removed.",
    "labelled": "Saved. The next training learns from it.",
    "closed": "Closed. The customer's next message goes to the bot.",
    "note": "Note added. Only agents see it.",
    "saved": "Saved. The bot uses it from now on.",
    "created": "Created. The bot uses it from now on.",
    "retired": "Retired. The bot no longer uses it.",
    "source-retired": "Retired. The bot no longer uses what it brought; importing it again brings it back.",
    "ended": "Signed out there.",
    "second-factor-off": "Your second factor is off. Signing in asks for your password alone.",
    "blocked": "Blocked. Nothing they send is taken any more.",
    "unblocked": "Let in again.",
    "restored": "Brought back. The bot uses it from now on.",
}
_SHELL_FRAGMENTS = {"nav": "nav.html", "notice": "notice.html"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in agent."""

    request: Request
    runtime: Runtime
    session: Session
    viewer: AgentPrincipal

    def show(
        self,
        section: str,
        template: str,
        context: Mapping[str, object],
        *,
        fragments: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        """The page in its frame, or the fragments asked for; `section` is marked in the navigation."""
        frame = {
            "viewer": self.viewer,
            "section": section,
            "counts": {
                "waiting": repository.count_waiting(self.session),
                "proposals": count_pending_proposals(self.session),
            },
            "model_problem": _model_problem(self.runtime, self.viewer),
            "notice": NOTICES.get(self.request.query_params.get("done", ""), ""),
        }
        page = Page(
            template, {**frame, **context}, fragments={**_SHELL_FRAGMENTS, **(fragments or {})}, status=status
        )
        return render(self.request, page)


async def current_visit(
    request: Request, runtime: CurrentRuntime, session: DbSession, agent: CurrentAgent
) -> Visit:
    """The visit of the agent who asks."""
    return Visit(request, runtime, session, agent)


async def own_visit(
    request: Request, runtime: CurrentRuntime, session: DbSession, agent: OwnAccount
) -> Visit:
    """The visit of an agent to their own account, also before a second factor is set up."""
    return Visit(request, runtime, session, agent)


CurrentVisit = Annotated[Visit, Depends(current_visit)]
OwnVisit = Annotated[Visit, Depends(own_visit)]


def _model_problem(runtime: Runtime, viewer: AgentPrincipal) -> str:
    """What every agent must know of the models, and who may change them the cause; else nothing."""
    problem, in_service = runtime.resolver.last_error, runtime.resolver.version
    if problem is None:
        return ""
    words = (
        f"A new model set could not be taken into service, {in_service} still answers"
        if in_service
        else "No model set is in service, the bot hands every question to people"
    )
    if viewer.may("models:write"):
        return f"{words}: {problem}"
    return "" if in_service else f"{words}."


def needs(permission: Permission) -> DependsParameter:
    """A dependency that lets pass agents with the permission only; for the decorator of a page."""
    return DependsParameter(agent_permitted(permission))
