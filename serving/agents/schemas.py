"""What signing in takes and gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from serving.db.tables import Agent
from serving.schemas import RowOut
from serving.security.permissions import ROLE_PERMISSIONS, Permission, Role
from serving.text import SafeText


class SignInBody(BaseModel):
    """E-mail and password."""

    email: Annotated[SafeText, Field(max_length=320)]
    password: Annotated[SafeText, Field(max_length=1_000)]


class AgentOut(RowOut):
    """An agent."""

    id: str
    email: str
    name: str
    role: Role
    team: str | None
    active: bool


class SignedInAgentOut(AgentOut):
    """The agent who is asking, with what the role may do."""

    permissions: list[Permission]


class SessionOut(BaseModel):
    """A browser in which the agent is signed in."""

    id: str
    created_at: datetime
    expires_at: datetime
    current: bool
    """Whether it is the one that asks."""


class SessionsOut(BaseModel):
    """Sessions, the newest first."""

    sessions: list[SessionOut]


class SignedOut(BaseModel):
    """The session has ended."""

    signed_in: Literal[False] = False


def signed_in_agent_out(agent: Agent) -> SignedInAgentOut:
    """An agent as shown to itself."""
    return SignedInAgentOut.of(agent, permissions=sorted(ROLE_PERMISSIONS.get(agent.role, frozenset())))
