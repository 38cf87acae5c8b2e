"""Who is asking: customer, agent or server; as FastAPI dependencies. It refuses, it never guesses.

A customer sends `Authorization: Bearer <customer token>`, a server `Bearer fl_…`, an agent the cookie.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPBearer

from model.errors import AuthenticationError, PermissionDeniedError
from serving.agents import repository
from serving.contacts.access import check_access
from serving.contacts.repository import find_contact
from serving.dependencies import CurrentRuntime
from serving.runtime.assembly import Runtime
from serving.security import tokens
from serving.security.permissions import ROLE_PERMISSIONS, Permission

SESSION_COOKIE = "firstlast_session"
DEVICE_COOKIE = "firstlast_device"
"""Of a browser in which an agent signed in before; it allows nothing by itself."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class CustomerPrincipal:
    """A customer; knows nothing but its own conversations."""

    contact_id: str

    def may(self, permission: Permission) -> bool:
        """Customers may ask, nothing else that needs a permission."""
        return permission == "ask"


@dataclass(frozen=True, slots=True)
class AgentPrincipal:
    """A signed-in agent."""

    id: str
    name: str
    email: str
    role: str
    team: str | None
    session_hash: str = ""
    """Of the session by which the agent is signed in."""
    needs_second_factor: bool = False
    """Whether the agent may do nothing before setting up a second factor."""
    online: bool = False
    """Whether the agent says to be there for conversations."""

    def may(self, permission: Permission) -> bool:
        """Whether the role has the permission."""
        return permission in ROLE_PERMISSIONS.get(self.role, frozenset())


@dataclass(frozen=True, slots=True)
class ServerPrincipal:
    """A server with an API key."""

    id: str
    name: str
    scopes: frozenset[str]

    def may(self, permission: Permission) -> bool:
        """Whether the key has the scope."""
        return permission in self.scopes


class SecondFactorMissingError(PermissionDeniedError):
    """The agent may do nothing here before setting up a second factor."""

    problem_type = "urn:firstlast:second-factor-missing"


Principal = CustomerPrincipal | AgentPrincipal | ServerPrincipal


async def read_principal(request: Request, runtime: CurrentRuntime) -> Principal | None:
    """Who is asking, or `None` without any credentials. Raises `AuthenticationError` for bad ones.

    Credentials in the header count before the cookie.
    """
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, credentials = header.partition(" ")
        if scheme.lower() != "bearer" or not credentials.strip():
            raise AuthenticationError("the Authorization header must be `Bearer <token>`")
        return await _bearer_principal(runtime, credentials.strip())
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is None:
        return None
    refuse_foreign_origin(request, runtime)
    return await run_in_threadpool(_agent_of_session, runtime, cookie)


def refuse_foreign_origin(request: Request, runtime: Runtime) -> None:
    """Raise `PermissionDeniedError` for an unsafe request that another site made in the agent's name."""
    if request.method in _SAFE_METHODS:
        return
    origin = request.headers.get("origin")
    if origin is not None:
        own = {request.headers.get("host", ""), urlsplit(runtime.settings.public_url).netloc} - {""}
        if urlsplit(origin).netloc not in own:
            raise PermissionDeniedError(f"requests from {origin!r} may not act for an agent")
    elif request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise PermissionDeniedError("requests from another site may not act for an agent")


OptionalPrincipal = Annotated[Principal | None, Depends(read_principal)]

_VisitorToken = Annotated[
    object,
    Depends(
        HTTPBearer(
            scheme_name="visitorToken",
            description="A customer's token, from `POST /v1/customers/token`.",
            auto_error=False,
        )
    ),
]
"""This and the two below tell the schema what a route takes; `read_principal` reads it."""
_AgentSession = Annotated[
    object,
    Depends(
        APIKeyCookie(
            name=SESSION_COOKIE,
            scheme_name="agentSession",
            description="The cookie of a signed-in agent, from `POST /v1/agents/session`.",
            auto_error=False,
        )
    ),
]
_ApiKey = Annotated[
    object,
    Depends(
        HTTPBearer(
            scheme_name="apiKey",
            description="A server's key (`fl_…`) with the scope, from `firstlast keys add`.",
            auto_error=False,
        )
    ),
]


async def require_principal(principal: OptionalPrincipal) -> Principal:
    """Anyone who says who they are."""
    if principal is None:
        raise AuthenticationError("say who is asking: a customer token, an agent's session or an API key")
    if isinstance(principal, AgentPrincipal) and principal.needs_second_factor:
        raise SecondFactorMissingError(
            "everybody here needs a second factor; set yours up on /account or by /v1/agents/me/second-factor"
        )
    return principal


_SomePrincipal = Annotated[Principal, Depends(require_principal)]


async def require_anyone(
    principal: _SomePrincipal, _token: _VisitorToken, _session: _AgentSession, _key: _ApiKey
) -> Principal:
    """A customer, an agent or a server."""
    return principal


async def require_customer(principal: _SomePrincipal, _token: _VisitorToken) -> CustomerPrincipal:
    """A customer."""
    if not isinstance(principal, CustomerPrincipal):
        raise PermissionDeniedError("only a customer may do this; send a customer token")
    return principal


async def require_agent(principal: _SomePrincipal, _session: _AgentSession) -> AgentPrincipal:
    """A signed-in agent."""
    if not isinstance(principal, AgentPrincipal):
        raise PermissionDeniedError("only a signed-in agent may do this")
    return principal


async def require_own_account(principal: OptionalPrincipal, _session: _AgentSession) -> AgentPrincipal:
    """A signed-in agent who looks after their own account, also before a second factor is set up."""
    if principal is None:
        raise AuthenticationError("say who is asking: sign in as an agent")
    if not isinstance(principal, AgentPrincipal):
        raise PermissionDeniedError("only a signed-in agent may do this")
    return principal


async def require_person(
    principal: _SomePrincipal, _token: _VisitorToken, _session: _AgentSession
) -> CustomerPrincipal | AgentPrincipal:
    """A customer or a signed-in agent."""
    if isinstance(principal, ServerPrincipal):
        raise PermissionDeniedError("an API key cannot take part in conversations")
    return principal


AnyPrincipal = Annotated[Principal, Depends(require_anyone)]
CurrentCustomer = Annotated[CustomerPrincipal, Depends(require_customer)]
CurrentAgent = Annotated[AgentPrincipal, Depends(require_agent)]
OwnAccount = Annotated[AgentPrincipal, Depends(require_own_account)]
CurrentPerson = Annotated[CustomerPrincipal | AgentPrincipal, Depends(require_person)]


def permitted(
    permission: Permission,
) -> Callable[[Principal, object, object], Awaitable[AgentPrincipal | ServerPrincipal]]:
    """A dependency that lets pass an agent whose role, or a key whose scopes, hold the permission."""

    async def require_permission(
        principal: _SomePrincipal, _session: _AgentSession, _key: _ApiKey
    ) -> AgentPrincipal | ServerPrincipal:
        if isinstance(principal, CustomerPrincipal) or not principal.may(permission):
            raise PermissionDeniedError(f"this needs the permission {permission!r}; ask an admin")
        return principal

    return require_permission


def agent_permitted(permission: Permission) -> Callable[[AgentPrincipal], Awaitable[AgentPrincipal]]:
    """A dependency that lets pass an agent (no key) whose role holds the permission."""

    async def require_agent_permission(agent: CurrentAgent) -> AgentPrincipal:
        if not agent.may(permission):
            raise PermissionDeniedError(f"this needs the permission {permission!r}; ask an admin")
        return agent

    return require_agent_permission


async def _bearer_principal(runtime: Runtime, credentials: str) -> Principal:
    if credentials.startswith(tokens.API_KEY_PREFIX):
        return await run_in_threadpool(_server_of_key, runtime, credentials)
    return await run_in_threadpool(_customer_of_token, runtime, credentials)


def _customer_of_token(runtime: Runtime, credentials: str) -> CustomerPrincipal:
    token = tokens.read_customer_token(runtime.settings, credentials)
    with runtime.database.reading() as session:
        contact = find_contact(session, token.contact_id)
    if contact is not None:
        check_access(contact, token)
    return CustomerPrincipal(token.contact_id)


def _server_of_key(runtime: Runtime, credentials: str) -> ServerPrincipal:
    with runtime.database.reading() as session:
        key = repository.find_api_key(session, tokens.digest(credentials))
    if key is None:
        raise AuthenticationError("the API key is unknown or revoked; make a new one")
    return ServerPrincipal(id=key.id, name=key.name, scopes=frozenset(key.scopes))


def _agent_of_session(runtime: Runtime, cookie: str) -> AgentPrincipal:
    session_hash = tokens.digest(cookie)
    with runtime.database.reading() as session:
        agent = repository.find_agent_of_session(session, session_hash)
    if agent is None:
        raise AuthenticationError("the session has ended; sign in again")
    return AgentPrincipal(
        agent.id,
        agent.name,
        agent.email,
        agent.role,
        agent.team,
        session_hash,
        online=agent.online,
        needs_second_factor=runtime.settings.require_second_factor and not agent.second_factor,
    )


def author_of(principal: AgentPrincipal | ServerPrincipal) -> str:
    """Who is written down for a change."""
    return principal.email if isinstance(principal, AgentPrincipal) else f"key {principal.name}"
