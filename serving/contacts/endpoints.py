"""Customers over HTTP: tokens for them, and their page for agents."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator

from serving.contacts import repository, service
from serving.contacts.leaving import erase_person, export_person
from serving.contacts.repository import Which
from serving.conversations.schemas import ContactOut
from serving.dependencies import CurrentRuntime, DbSession
from serving.paging import Place, next_place
from serving.problems import problems
from serving.schemas import Body
from serving.security.limited import limited_by_address
from serving.security.principals import AgentPrincipal, ServerPrincipal, agent_permitted, author_of, permitted
from serving.security.tokens import CustomerToken
from serving.text import storable

router = APIRouter(prefix="/v1", tags=["customers"], responses=problems(401, 403))
ContactEraser = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("contacts:erase"))]
ContactReader = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("contacts:read"))]

Blocker = Annotated[AgentPrincipal, Depends(agent_permitted("inbox"))]


class AccessBody(Body):
    """Whether the customer is blocked."""

    blocked: bool


class TokenBody(Body):
    """Who the customer is: nobody known, signed by the business (`jwt`), or as before (`refresh`)."""

    jwt: Annotated[str, Field(max_length=8_192)] | None = None
    refresh: Annotated[str, Field(max_length=8_192)] | None = None

    @model_validator(mode="after")
    def _one_only(self) -> Self:
        if self.jwt is not None and self.refresh is not None:
            raise ValueError("send `jwt` or `refresh`, not both")
        return self


class ContactsOut(BaseModel):
    """Customers, who was seen last first."""

    contacts: list[ContactOut]
    next: str | None
    """Pass it as `after` for the next page; `null` after the last."""


class SweptOut(BaseModel):
    """Files of the home by what became of them."""

    changed: list[str]
    removed: list[str]
    left: list[str]
    """Files that hold words of the person and could not be changed: delete them."""


class ErasedOut(BaseModel):
    """What an erasure took."""

    contacts: list[str]
    rows: dict[str, int]
    """Rows by table, deleted or changed."""
    files: SweptOut
    dry_run: bool
    store_compacted: bool
    note: str


@router.post(
    "/customers/token",
    status_code=201,
    responses=problems(404, 429),
    dependencies=[limited_by_address("tokens")],
)
def make_token(runtime: CurrentRuntime, session: DbSession, body: TokenBody | None = None) -> CustomerToken:
    """A token for a customer: anonymous, signed by the business, or in exchange for an old one."""
    settings = runtime.settings
    if body is not None and body.jwt is not None:
        return service.identified_token(session, settings, body.jwt)
    if body is not None and body.refresh is not None:
        return service.refreshed_token(session, settings, body.refresh)
    return service.anonymous_token(session, settings)


@router.get("/contacts")
def list_contacts(
    _reader: ContactReader,
    session: DbSession,
    q: Annotated[str, Query(max_length=500)] = "",
    which: Which = "all",
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ContactsOut:
    """Customers, who was seen last first; each word of `q` stands in name, e-mail address or external id.

    `next` is what to pass as `after` for the page that follows; `null` after the last.
    """
    place = Place.parse(after) if after else None
    rows = repository.list_contacts(session, text=storable(q), which=which, after=place, limit=limit)
    shown = [ContactOut.of(row) for row in rows[:limit]]
    return ContactsOut(contacts=shown, next=next_place(rows, limit, moment="last_seen_at"))


@router.get("/contacts/{contact_id}", responses=problems(404))
def get_contact(contact_id: str, _reader: ContactReader, session: DbSession) -> ContactOut:
    """A customer, for agents."""
    return ContactOut.of(service.get_contact(session, contact_id))


@router.get("/contacts/{contact_id}/export", responses=problems(404))
def export_contact(contact_id: str, admin: ContactEraser, runtime: CurrentRuntime) -> dict[str, Any]:
    """Everything that is kept of a customer, by id, external id or e-mail address, for them to have."""
    return export_person(runtime.database, contact_id, author=author_of(admin))


@router.delete("/contacts/{contact_id}", responses=problems(404))
def erase_contact(
    contact_id: str, admin: ContactEraser, runtime: CurrentRuntime, dry_run: bool = False
) -> ErasedOut:
    """Erase a customer from the store and the files of this home; `dry_run` only says what it would take."""
    erased = erase_person(
        runtime.database, runtime.settings, contact_id, author=author_of(admin), dry_run=dry_run
    )
    return ErasedOut.model_validate(erased.as_json())


@router.put("/contacts/{contact_id}/access", responses=problems(404))
def change_access(contact_id: str, body: AccessBody, agent: Blocker, session: DbSession) -> ContactOut:
    """Block a customer or let them in again; either way every token made so far is refused from now on.

    A customer known to the business gets a new one by its signature, unless blocked. An anonymous one is
    somebody new after that, for whom limits by address hold.
    """
    return ContactOut.of(service.change_access(session, contact_id, blocked=body.blocked, author=agent.email))
