"""What signing in takes and gives."""

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


class SignedOut(BaseModel):
    """The session has ended."""

    signed_in: Literal[False] = False


def signed_in_agent_out(agent: Agent) -> SignedInAgentOut:
    """An agent as shown to itself."""
    return SignedInAgentOut.of(agent, permissions=sorted(ROLE_PERMISSIONS.get(agent.role, frozenset())))
