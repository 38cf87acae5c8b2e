"""What the conversations' endpoints and events take and give; shapes only, no queries."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from model.types import Author, DecisionKind
from serving.attachments.schemas import AttachedFile
from serving.attachments.service import MOST_PER_MESSAGE
from serving.db.tables import MAX_ROW_ID, ConversationStatus, MessageKind, Priority, Resolution
from serving.details.schemas import DetailsOut
from serving.hours.schemas import WaitingOut
from serving.schemas import ChoiceOut, ReasonCode, RowOut, SourceOut
from serving.text import ClientId, LongText, SafeText, ShortText


class NewConversation(BaseModel):
    """A conversation to start."""

    client_id: ClientId


class NewMessage(BaseModel):
    """A message to post. Its length is checked against `max_message_chars`."""

    client_id: ClientId
    text: SafeText
    choice: Annotated[SafeText, Field(max_length=300)] | None = None
    """The ref that the customer picked after "Which of these is it?"."""
    kind: MessageKind = "message"
    """`note` is for agents."""
    attachments: Annotated[list[ClientId], Field(max_length=MOST_PER_MESSAGE)] = []
    """Ids of files uploaded to the conversation; with them the text may be empty once people answer."""
    anyway: bool = False
    """Whether an agent answers though another one has the conversation; without it that is refused (409)."""


class NewFeedback(BaseModel):
    """Whether a bot message helped."""

    message_id: int
    helpful: bool


class NewReading(BaseModel):
    """How far a customer has read."""

    message_id: Annotated[int, Field(ge=1, le=MAX_ROW_ID)]


class NewCsat(BaseModel):
    """A rating, 1 (bad) to 5 (good)."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: LongText = ""


class NewAssignment(BaseModel):
    """Who takes the conversation; nobody named means the one who asks."""

    agent_id: ShortText | None = None
    team: Annotated[SafeText, Field(max_length=64)] | None = None
    """The team whose queue it goes to; with `agent_id` also that agent's team for this conversation."""
    anyway: bool = False
    """Whether to take it from another agent who has it; without it that is refused (409)."""


class NewSnooze(BaseModel):
    """Until when a conversation stays out of the lists of work."""

    until: datetime
    """Within the next year; without a zone it is taken for UTC."""
    reason: Annotated[SafeText, Field(max_length=300)] = ""

    @field_validator("until")
    @classmethod
    def _with_zone(cls, until: datetime) -> datetime:
        return until if until.tzinfo else until.replace(tzinfo=UTC)


class NewPriority(BaseModel):
    """How soon people should look at a conversation."""

    priority: Priority


class NewTags(BaseModel):
    """Tags to put on and to take off."""

    add: Annotated[list[ShortText], Field(max_length=20)] = []
    remove: Annotated[list[ShortText], Field(max_length=20)] = []


class ManyChanges(BaseModel):
    """What to do to many conversations; only what is given is done."""

    ids: Annotated[list[ShortText], Field(min_length=1, max_length=100)]
    agent_id: ShortText | None = None
    team: Annotated[SafeText, Field(max_length=64)] | None = None
    unassign: bool = False
    add_tags: Annotated[list[ShortText], Field(max_length=20)] = []
    remove_tags: Annotated[list[ShortText], Field(max_length=20)] = []
    priority: Priority | None = None
    snooze_until: datetime | None = None
    snooze_reason: Annotated[SafeText, Field(max_length=300)] = ""
    wake: bool = False
    close: bool = False

    @field_validator("snooze_until")
    @classmethod
    def _with_zone(cls, until: datetime | None) -> datetime | None:
        return until if until is None or until.tzinfo else until.replace(tzinfo=UTC)


class NotChangedOut(BaseModel):
    """A conversation that could not be changed, and why."""

    id: str
    detail: str


class ManyChangedOut(BaseModel):
    """What came of changing many conversations."""

    changed: list[str]
    """In the order named."""
    not_changed: list[NotChangedOut]


class ViewOut(BaseModel):
    """A list of the inbox."""

    view: str
    count: int
    more: bool
    """Whether there are more than that."""


class ViewsOut(BaseModel):
    """The lists of the inbox."""

    views: list[ViewOut]


class TagOut(BaseModel):
    """A tag in use."""

    tag: str
    conversations: int


class TagsOut(BaseModel):
    """Tags in use, the most used first."""

    tags: list[TagOut]


class NewIntent(BaseModel):
    """What the customer wanted with a question."""

    intent: ShortText | None
    """Name of an intent; null for something that none is about."""
    decision_id: Annotated[int, Field(ge=1, le=MAX_ROW_ID)] | None = None
    """The decision on the question meant, as `GET /v1/labelling` names it; without it the last question."""
    move_team: bool = False
    """Whether the conversation also goes to the team of that intent, when it is about its last question."""


class AgentName(RowOut):
    """The agent as customers see them."""

    name: str


_IF_ANY = Field(exclude_if=lambda value: value is None)


class MessagePayload(BaseModel):
    """What is shown beside a message; only what applies is there."""

    kind: Annotated[DecisionKind | None, _IF_ANY] = None
    """What the bot did."""
    sources: Annotated[list[SourceOut] | None, _IF_ANY] = None
    choices: Annotated[list[ChoiceOut] | None, _IF_ANY] = None
    choice: Annotated[str | None, _IF_ANY] = None
    """The ref that the customer picked."""
    expected_wait_minutes: Annotated[int | None, _IF_ANY] = None
    waiting: Annotated[WaitingOut | None, _IF_ANY] = None
    """What the customer was told of waiting for a person, as it was then."""
    details: Annotated[bool | None, _IF_ANY] = None
    """Whether details are asked for with it: `GET /v1/conversations/ID/details`."""
    feedback: Annotated[bool | None, _IF_ANY] = None
    """Whether the customer said that it helped."""
    offers_end: Annotated[bool | None, _IF_ANY] = None
    """Whether the customer, who seems to need nobody any more, is offered to end the conversation."""
    attachments: Annotated[list[AttachedFile] | None, _IF_ANY] = None


class MessageOut(RowOut):
    """A message."""

    id: int
    conversation_id: str
    client_id: str
    author: Author
    kind: MessageKind
    text: str
    html: str
    agent: AgentName | None
    payload: MessagePayload
    created_at: datetime


class MessagesOut(BaseModel):
    """Messages, oldest first."""

    messages: list[MessageOut]


class LastMessageOut(RowOut):
    """The newest message in short."""

    id: int
    author: Author
    text: str
    created_at: datetime


class ConversationOut(RowOut):
    """A conversation as its customer sees it."""

    id: str
    client_id: str
    status: ConversationStatus
    team: str | None
    team_title: str | None
    intent: str | None
    mood: float
    handoff_reason: ReasonCode | None
    expected_wait_minutes: int | None
    waiting: WaitingOut | None
    """What the customer was told of waiting for a person; null unless they wait for one."""
    resolution: Resolution
    read_message_id: int
    """The last message that the customer has seen; 0 before the first."""
    created_at: datetime
    updated_at: datetime
    last_message: LastMessageOut | None


class ContactOut(RowOut):
    """A customer as agents see them."""

    id: str
    external_id: str | None
    name: str | None
    email: str | None
    attributes: dict[str, Any]  # JSON attributes set by the business
    created_at: datetime
    last_seen_at: datetime
    blocked: bool
    """Whether no token of the customer is accepted or made."""


class AssignedAgentOut(RowOut):
    """The agent a conversation belongs to."""

    id: str
    name: str


class HandoffSummaryOut(BaseModel):
    """What an agent should know of a conversation that was handed over."""

    question: str
    intent: str | None
    team: str | None
    mood: float
    reasons: list[ReasonCode]
    """In the order found; the last is the one that counts."""
    tried: list[ChoiceOut]
    """Answers given before."""


class AgentConversationOut(ConversationOut):
    """A conversation as agents see it."""

    contact: ContactOut
    agent: AssignedAgentOut | None
    priority: Priority
    """How soon people should look at it: `high` where the customer is upset, `urgent` in danger."""
    handoff_summary: HandoffSummaryOut | None
    snoozed_until: datetime | None
    """Until when it stays out of the lists of work, unless its customer writes before."""
    snooze_reason: str
    tags: list[str]
    pending_proposals: int
    unattended: bool
    """Whether nobody is in the team that it waits for."""
    details: DetailsOut | None
    """What the customer was asked beforehand, and wrote; null when nothing was asked."""


class ConversationsOut(BaseModel):
    """A customer's conversations, newest first."""

    conversations: list[ConversationOut]
    next: str | None = None
    """Pass it as `after` for the next page; `null` after the last."""


class AgentConversationsOut(BaseModel):
    """Conversations for agents, the one that changed last first."""

    conversations: list[AgentConversationOut]
    next: str | None = None
    """Pass it as `after` for the next page; `null` after the last."""


class ResolutionOut(BaseModel):
    """How the conversation stands after the feedback."""

    resolution: Resolution


class CsatOut(BaseModel):
    """The rating as kept."""

    score: int
    comment: str


class SnippetPartOut(RowOut):
    """A piece of a text, not escaped, and whether it is what was looked for."""

    text: str
    hit: bool


class HitOut(BaseModel):
    """A conversation that was found, with the newest of its messages that has the words."""

    conversation: AgentConversationOut
    message_id: int | None
    snippet: list[SnippetPartOut]
    """The text around the hit; card numbers are masked."""
    messages: int
    """How many of the messages looked at for this page have the words."""


class FoundOut(BaseModel):
    """What a search found, newest message first."""

    hits: list[HitOut]
    next: str | None = None
    """Pass it as `after` for the next page, also where this one is short; `null` after the last."""
