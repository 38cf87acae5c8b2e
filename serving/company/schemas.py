"""What the company's endpoints take and give."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from serving.agents.schemas import AgentOut
from serving.company.entries import Minutes, Name, Title
from serving.db.tables import Assignment
from serving.details.fields import Details
from serving.schemas import Body, RowOut
from serving.security.permissions import Permission, Role
from serving.text import SafeText, ShortText

_Password = Annotated[SafeText, Field(max_length=1_000)]


class ProfileBody(Body):
    """The company's name, tagline, calendar and fallback team; what is left out stays."""

    name: Title | None = None
    tagline: Annotated[SafeText, Field(max_length=500)] | None = None
    calendar: Name | None = None
    """The calendar of teams without one; null takes it away."""
    fallback_team: Name | None = None
    """Where conversations go that wait for a team nobody is in; null takes it away."""


class TeamBody(Body):
    """A team; without `expected_wait_minutes` customers are told no time."""

    title: Title
    expected_wait_minutes: Minutes | None = None
    calendar: Name | None = None
    """When its people are there; null for the company's calendar."""
    assignment: Assignment = "manual"
    """`balanced` gives each conversation to who of the team is online and has least."""
    capacity: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """How many conversations an agent is given at a time; null for any number."""
    details: Details = ()
    """What customers are asked before a person of the team answers."""


class IntentBody(Body):
    """What customers may want, the team that serves it, and whether only people may handle it."""

    title: Title
    team: Name | None = None
    human_only: bool = False
    details: Details = ()
    """What customers who want this are asked beforehand, in place of what the team asks."""


class ChangeOut(RowOut):
    """Who changed what; `before` is null for what was new, `after` for what is gone."""

    id: int
    author: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    created_at: datetime


class ChangesOut(BaseModel):
    """Changes, newest first; `next` is the `before` of the next page, null after the last."""

    changes: list[ChangeOut]
    next: int | None


class NewAgentBody(Body):
    """An agent to add."""

    email: Annotated[SafeText, Field(max_length=320)]
    name: ShortText = ""
    password: _Password
    role: Role = "agent"
    team: Name | None = None


class AgentBody(Body):
    """What is to change about an agent; what is left out stays, a team of null takes the team away."""

    name: ShortText = ""
    role: Role = "agent"
    team: Name | None = None
    password: _Password = ""
    active: bool = True


class AgentsOut(BaseModel):
    """All agents."""

    agents: list[AgentOut]


class NewKeyBody(Body):
    """A key to make, named after the server that will use it."""

    name: Title
    scopes: Annotated[list[Permission], Field(max_length=50)]


class ResetLinkOut(BaseModel):
    """A link by which an agent chooses a password once; it is shown this once and not kept."""

    path: str
    """Where on this server it leads."""
    expires_at: datetime


class KeyOut(RowOut):
    """An API key; `revoked_at` is null while it can be used."""

    id: str
    name: str
    scopes: list[Permission]
    created_at: datetime
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """A new API key with `key`, the secret, which is shown this once and not kept."""

    key: str


class KeysOut(BaseModel):
    """All keys, oldest first."""

    keys: list[KeyOut]
