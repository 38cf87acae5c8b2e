"""Customers over HTTP: tokens for them, and their page for agents."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator

from serving.contacts import service
from serving.conversations.schemas import ContactOut
from serving.dependencies import CurrentRuntime, DbSession
from serving.problems import problems
from serving.schemas import Body
from serving.security.limited import limited_by_address
from serving.security.principals import AgentPrincipal, ServerPrincipal, permitted
from serving.security.tokens import CustomerToken

router = APIRouter(prefix="/v1", tags=["customers"], responses=problems(401, 403))
ContactReader = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("contacts:read"))]


class TokenBody(Body):
    """Who the customer is: nobody known, signed by the business (`jwt`), or as before (`refresh`)."""

    jwt: Annotated[str, Field(max_length=8_192)] | None = None
    refresh: Annotated[str, Field(max_length=8_192)] | None = None

    @model_validator(mode="after")
    def _one_only(self) -> Self:
        if self.jwt is not None and self.refresh is not None:
            raise ValueError("send `jwt` or `refresh`, not both")
        return self


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


@router.get("/contacts/{contact_id}", responses=problems(404))
def get_contact(contact_id: str, _reader: ContactReader, session: DbSession) -> ContactOut:
    """A customer, for agents."""
    return ContactOut.of(service.get_contact(session, contact_id))
