"""Customers over HTTP: tokens for them, and their page for agents."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.contacts import service
from serving.conversations.schemas import ContactOut
from serving.conversations.views import contact_out
from serving.dependencies import CurrentRuntime, DbSession
from serving.security.principals import AgentPrincipal, ServerPrincipal, permitted

router = APIRouter(prefix="/v1", tags=["customers"])
ContactReader = Annotated[AgentPrincipal | ServerPrincipal, Depends(permitted("contacts:read"))]


class TokenBody(BaseModel):
    """Who the customer is: nobody known, signed by the business (`jwt`), or as before (`refresh`)."""

    model_config = ConfigDict(extra="forbid")

    jwt: Annotated[str, Field(max_length=8_192)] | None = None
    refresh: Annotated[str, Field(max_length=8_192)] | None = None

    @model_validator(mode="after")
    def _one_only(self) -> Self:
        if self.jwt is not None and self.refresh is not None:
            raise ValueError("send `jwt` or `refresh`, not both")
        return self


class TokenOut(BaseModel):
    """A customer's token."""

    token: str
    contact_id: str
    expires_at: datetime


@router.post("/customers/token", status_code=201)
def make_token(runtime: CurrentRuntime, session: DbSession, body: TokenBody | None = None) -> TokenOut:
    """A token for a customer: anonymous, signed by the business, or in exchange for an old one."""
    settings = runtime.settings
    if body is not None and body.jwt is not None:
        made = service.identified_token(session, settings, body.jwt)
    elif body is not None and body.refresh is not None:
        made = service.refreshed_token(session, settings, body.refresh)
    else:
        made = service.anonymous_token(session, settings)
    return TokenOut(token=made.token, contact_id=made.contact_id, expires_at=made.expires_at)


@router.get("/contacts/{contact_id}")
def get_contact(contact_id: str, _reader: ContactReader, session: DbSession) -> ContactOut:
    """A customer, for agents."""
    return contact_out(service.get_contact(session, contact_id))
