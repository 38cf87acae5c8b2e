"""What signing in takes and gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from serving.db.tables import Agent
from serving.schemas import Body, RowOut
from serving.security.permissions import ROLE_PERMISSIONS, Permission, Role
from serving.text import SafeText

_Password = Annotated[SafeText, Field(max_length=1_000)]
_Code = Annotated[SafeText, Field(max_length=100)]


class SignInBody(BaseModel):
    """E-mail and password, and a code for who has a second factor."""

    email: Annotated[SafeText, Field(max_length=320)]
    password: _Password
    code: _Code = ""
    """Of the authenticator app, or a recovery code; without it comes `urn:firstlast:code-needed`."""


class OwnPasswordBody(Body):
    """The agent's own password once more: a stolen session must not change how its owner signs in."""

    password: _Password


class CodeBody(Body):
    """A code of the authenticator app."""

    code: _Code


class SecondFactorOut(BaseModel):
    """Whether signing in asks for a code."""

    on: bool
    since: datetime | None
    recovery_codes_left: int
    required: bool
    """Whether agents without a second factor may do nothing else here."""


class NewSecondFactorOut(BaseModel):
    """A secret for an authenticator app; it is shown this once and counts from its first code on."""

    secret: str
    """Base32, to be typed."""
    uri: str
    """To be shown as a QR code."""


class RecoveryCodesOut(BaseModel):
    """Codes that work once each in place of the app's; they are shown this once and not kept."""

    recovery_codes: list[str]


class AgentOut(RowOut):
    """An agent."""

    id: str
    email: str
    name: str
    role: Role
    team: str | None
    active: bool
    second_factor: bool
    """Whether signing in asks for a code too."""
    online: bool
    """Whether the agent says to be there for conversations; it counts while they are signed in."""


class SignedInAgentOut(AgentOut):
    """The agent who is asking, with what the role may do."""

    permissions: list[Permission]


class SessionOut(BaseModel):
    """A browser in which the agent is signed in."""

    id: str
    created_at: datetime
    expires_at: datetime
    address: str | None
    """From where, an IPv6 address as its /64; null for the server's own machine."""
    browser: str
    """What it calls itself, such as `Firefox on Linux`; empty where it says nothing."""
    current: bool
    """Whether it is the one that asks."""


class SessionsOut(BaseModel):
    """Sessions, the newest first."""

    sessions: list[SessionOut]


class PresenceBody(BaseModel):
    """Whether the agent is there for conversations."""

    online: bool


class SignedOut(BaseModel):
    """The session has ended."""

    signed_in: Literal[False] = False


def signed_in_agent_out(agent: Agent) -> SignedInAgentOut:
    """An agent as shown to itself."""
    return SignedInAgentOut.of(agent, permissions=sorted(ROLE_PERMISSIONS.get(agent.role, frozenset())))
