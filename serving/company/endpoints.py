"""The company over HTTP: name, calendars, teams, intents and history, agents, API keys; admins change it."""

from typing import Annotated, TypeVar, cast

from fastapi import APIRouter, Depends, Query, Response

from model.errors import ConflictError
from serving.agents.schemas import AgentOut
from serving.agents.second_factor import take_away
from serving.company import accounts, repository, service
from serving.company.accounts import AgentChanges
from serving.company.entries import Name
from serving.company.file import Company, CompanyDanger, CompanyIntent, CompanyTeam
from serving.company.schemas import (
    AgentBody,
    AgentsOut,
    ChangeOut,
    ChangesOut,
    IntentBody,
    KeyOut,
    KeysOut,
    NewAgentBody,
    NewKeyBody,
    NewKeyOut,
    ProfileBody,
    ResetLinkOut,
    TeamBody,
)
from serving.company.service import ApplyReport, Pointer
from serving.dependencies import CurrentRuntime, DbSession
from serving.hours.written import CalendarBody, CompanyCalendar
from serving.problems import problems
from serving.security.principals import (
    AgentPrincipal,
    ServerPrincipal,
    agent_permitted,
    author_of,
    permitted,
)

router = APIRouter(prefix="/v1", responses=problems(401, 403))
Reader = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("company:read"))]
Writer = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("company:write"))]
AgentsManager = Annotated[AgentPrincipal, Depends(agent_permitted("agents:manage"))]
Entry = TypeVar("Entry", CompanyCalendar, CompanyTeam, CompanyIntent)
KeysManager = Annotated[AgentPrincipal, Depends(agent_permitted("keys:manage"))]


@router.get("/company", tags=["company"])
def get_company(_reader: Reader, runtime: CurrentRuntime, session: DbSession) -> Company:
    """Name, tagline, words of danger, calendars, teams and intents."""
    return service.read_stored_company(session, runtime.settings)


@router.put("/company", tags=["company"])
def apply_company(writer: Writer, body: Company, session: DbSession, prune: bool = False) -> ApplyReport:
    """Bring the company to what the body says, as `firstlast company apply` does with a file.

    What is not in the body stays and is named under `not_in_file`; with `prune` it is removed, apart from
    teams that agents, intents or conversations belong to, and calendars that teams have (`in_use`).
    """
    return service.apply_company(session, body, author=author_of(writer), prune=prune)


@router.patch("/company", tags=["company"])
def rename_company(writer: Writer, body: ProfileBody, runtime: CurrentRuntime, session: DbSession) -> Company:
    """Change the name, the tagline, the calendar of teams without one, or the fallback team."""
    service.rename(session, name=body.name, tagline=body.tagline, author=author_of(writer))
    pointers: tuple[tuple[Pointer, str | None], ...] = (
        ("calendar", body.calendar),
        ("fallback_team", body.fallback_team),
    )
    for name, value in pointers:
        if name in body.model_fields_set:
            service.point_to(session, name, value, author=author_of(writer))
    return service.read_stored_company(session, runtime.settings)


@router.put("/company/danger", tags=["company"])
def put_danger(writer: Writer, body: CompanyDanger, session: DbSession) -> CompanyDanger:
    """Change the words that tell of danger; they hold from the next message on."""
    service.change_danger(session, body, author=author_of(writer))
    return body


@router.delete("/company/danger", tags=["company"], status_code=204)
def remove_danger(writer: Writer, session: DbSession) -> None:
    """Take the general words of danger again."""
    service.change_danger(session, None, author=author_of(writer))


@router.get("/company/changes", tags=["company"])
def list_changes(
    _writer: Writer,
    session: DbSession,
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ChangesOut:
    """Who changed what about the company, its agents and its keys, newest first."""
    changes = repository.list_changes(session, before=before, limit=limit)
    following = changes[-1].id if len(changes) == limit else None
    return ChangesOut(changes=[ChangeOut.of(change) for change in changes], next=following)


@router.put(
    "/calendars/{name:path}",
    tags=["company"],
    responses={201: {"model": CompanyCalendar, "description": "Added"}},
)
def put_calendar(
    name: Name, writer: Writer, body: CalendarBody, session: DbSession, response: Response
) -> CompanyCalendar:
    """Add a calendar (201), or change the one of this name (200); it holds from the next message on."""
    return _put(CompanyCalendar(name=name, **body.model_dump()), writer, session, response)


@router.delete("/calendars/{name:path}", tags=["company"], status_code=204, responses=problems(404, 409))
def remove_calendar(name: Name, writer: Writer, session: DbSession) -> None:
    """Remove a calendar; 409 while the company or a team goes by it."""
    service.remove_entry(session, "calendar", name, author=author_of(writer))


@router.put(
    "/teams/{name:path}", tags=["company"], responses={201: {"model": CompanyTeam, "description": "Added"}}
)
def put_team(
    name: Name, writer: Writer, body: TeamBody, session: DbSession, response: Response
) -> CompanyTeam:
    """Add a team (201), or change the one of this name (200)."""
    return _put(CompanyTeam(name=name, **body.model_dump()), writer, session, response)


@router.delete("/teams/{name:path}", tags=["company"], status_code=204, responses=problems(404, 409))
def remove_team(name: Name, writer: Writer, session: DbSession) -> None:
    """Remove a team; 409 while agents, intents or conversations belong to it."""
    service.remove_entry(session, "team", name, author=author_of(writer))


@router.put(
    "/intents/{name:path}",
    tags=["company"],
    responses={201: {"model": CompanyIntent, "description": "Added"}},
)
def put_intent(
    name: Name, writer: Writer, body: IntentBody, session: DbSession, response: Response
) -> CompanyIntent:
    """Add an intent (201), or change the one of this name (200); it holds from the next message on."""
    return _put(CompanyIntent(name=name, **body.model_dump()), writer, session, response)


@router.delete("/intents/{name:path}", tags=["company"], status_code=204, responses=problems(404))
def remove_intent(name: Name, writer: Writer, session: DbSession) -> None:
    """Remove an intent; conversations keep its name."""
    service.remove_entry(session, "intent", name, author=author_of(writer))


@router.get("/agents", tags=["agents"])
def list_agents(_admin: AgentsManager, session: DbSession) -> AgentsOut:
    """All agents."""
    return AgentsOut(agents=[AgentOut.of(agent) for agent in repository.list_agents(session)])


@router.post("/agents", tags=["agents"], status_code=201, responses=problems(409))
def add_agent(admin: AgentsManager, body: NewAgentBody, session: DbSession) -> AgentOut:
    """Add an agent; 409 when the e-mail is taken."""
    return AgentOut.of(accounts.create_agent(session, **body.model_dump(), author=author_of(admin)))


@router.patch("/agents/{agent_id}", tags=["agents"], responses=problems(404, 409))
def change_agent(agent_id: str, admin: AgentsManager, body: AgentBody, session: DbSession) -> AgentOut:
    """Change an agent's name, role, team, password, or whether the account is active.

    Another password and a deactivation end all sessions of the agent at once; 409 when no active admin
    would be left.
    """
    agent = accounts.any_agent(session, agent_id)
    changes = cast(AgentChanges, body.model_dump(exclude_unset=True))
    accounts.change_agent(session, agent, changes, author=author_of(admin))
    return AgentOut.of(agent)


@router.post("/agents/{agent_id}/reset-link", tags=["agents"], status_code=201, responses=problems(404, 409))
def make_reset_link(
    agent_id: str, admin: AgentsManager, runtime: CurrentRuntime, session: DbSession
) -> ResetLinkOut:
    """Make a link by which the agent chooses a password once; give it to them as you trust.

    Earlier links of the agent are of no use any more.
    """
    agent = accounts.any_agent(session, agent_id)
    link = accounts.make_reset_link(session, runtime.settings, agent, author=author_of(admin))
    return ResetLinkOut(path=link.path, expires_at=link.expires_at)


@router.delete(
    "/agents/{agent_id}/second-factor", tags=["agents"], status_code=204, responses=problems(404, 409)
)
def reset_second_factor(agent_id: str, admin: AgentsManager, session: DbSession) -> None:
    """Let an agent whose phone is lost sign in by password alone, and end all their sessions.

    409 for your own: your account asks for your password first.
    """
    agent = accounts.any_agent(session, agent_id)
    if agent.id == admin.id:
        raise ConflictError("this is your own second factor; turn it off with your password on /account")
    take_away(session, agent, author=author_of(admin))


@router.get("/api-keys", tags=["API keys"])
def list_keys(_admin: KeysManager, session: DbSession) -> KeysOut:
    """All API keys, without their secrets, which nobody has."""
    return KeysOut(keys=[KeyOut.of(key) for key in repository.list_api_keys(session)])


@router.post("/api-keys", tags=["API keys"], status_code=201, responses=problems(409))
def add_key(admin: KeysManager, body: NewKeyBody, session: DbSession) -> NewKeyOut:
    """Make an API key; its secret is in this answer and nowhere else."""
    made = accounts.create_api_key(session, name=body.name, scopes=body.scopes, author=author_of(admin))
    return NewKeyOut.of(made.key, key=made.secret)


@router.delete("/api-keys/{key_id}", tags=["API keys"], responses=problems(404))
def revoke_key(key_id: str, admin: KeysManager, session: DbSession) -> KeyOut:
    """Revoke an API key: it is refused from now on; 200 also when it was revoked before."""
    return KeyOut.of(accounts.revoke_api_key(session, key_id, author=author_of(admin)))


def _put(entry: Entry, writer: Writer, session: DbSession, response: Response) -> Entry:
    if service.put_entry(session, entry, author=author_of(writer)) == "added":
        response.status_code = 201
    return entry
