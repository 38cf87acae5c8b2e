"""The tables of the store; nothing here runs a query.

Times are UTC. Texts of customers and agents are kept as they were written.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from model.refs import article_ref, learned_answer_ref
from model.types import Author, DecisionKind

ConversationStatus = Literal["bot", "waiting", "open", "closed"]
"""`waiting`: handed over, nobody has answered; `open`: a person answers."""
Priority = Literal["normal", "high", "urgent"]
"""How soon people should look at a conversation: `high` where the customer is upset, `urgent` in danger."""
PRIORITIES: tuple[Priority, ...] = ("normal", "high", "urgent")
"""From the least to the greatest."""
Assignment = Literal["manual", "balanced"]
"""How a team's queue is shared: people take conversations, or each goes to who is online and has least."""
Resolution = Literal["confirmed", "assumed", "durable", "human", "none"]
MessageKind = Literal["message", "note"]
"""A note is visible to agents only."""
ArticleStatus = Literal["published", "retired"]
LearnedAnswerStatus = Literal["approved", "retired", "superseded"]
Origin = Literal["question", "customer", "agent", "import", "pick"]
"""Where a phrasing comes from; all but a customer's `pick` among choices were approved by a person."""
"""Who a phrasing came from; `question` is the first of them, the question itself."""
ProposalKind = Literal["new", "phrasing", "correction"]
ProposalStatus = Literal["pending", "approved", "rejected", "not_reusable", "undone"]

MAX_ROW_ID = 2**63 - 1
_RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only in an INTEGER key


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps it without its zone, so the zone is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The time in UTC; refuses one without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"time {value!r} has no zone; pass datetime.now(UTC)")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The stored time, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The time at this moment, UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random identifier nobody can guess (UUID 4, 32 hex digits)."""
    return uuid.uuid4().hex


class Table(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


class CompanyProfile(Table):
    """The company itself: the one row that the migrations make."""

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str | None] = mapped_column(String(200))
    """Shown to customers; `None` until it is given, then the setting `company_name` stands for it."""
    tagline: Mapped[str] = mapped_column(String(500), default="")
    danger: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The company's own `phrases` and `harmless` ones; `None` for the general ones."""
    calendar: Mapped[str | None] = mapped_column(ForeignKey("calendars.name"))
    """The calendar of teams without one; `None` when nothing is known of hours."""
    fallback_team: Mapped[str | None] = mapped_column(ForeignKey("teams.name"))
    """Where conversations go that wait for a team nobody is in."""


class CompanyChange(Table):
    """Who changed what about the company: the name, a calendar, a team, an intent, an agent or a key."""

    __tablename__ = "company_changes"

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    author: Mapped[str] = mapped_column(String(320))
    """An agent's e-mail, `key NAME`, `command line` or `reset link`."""
    subject: Mapped[str] = mapped_column(String(400))
    """`company`, `danger`, `calendar NAME`, `team NAME`, `intent NAME`, `agent E-MAIL` or `key NAME`."""
    before: Mapped[dict[str, Any] | None]
    """`None` for what is new."""
    after: Mapped[dict[str, Any] | None]
    """`None` for what is gone."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class CalendarRow(Table):
    """When people are there, as it was written."""

    __tablename__ = "calendars"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    hours: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """By day, `monday` and so on, a list of hours such as `09:00-17:30`."""
    holidays: Mapped[list[str]] = mapped_column(default=list)
    closures: Mapped[list[str]] = mapped_column(default=list)


class Team(Table):
    """Which people serve which questions."""

    __tablename__ = "teams"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    expected_wait_minutes: Mapped[int | None]
    """What a customer is told; `None` says nothing about time."""
    calendar: Mapped[str | None] = mapped_column(ForeignKey("calendars.name"))
    """`None` for the company's."""
    assignment: Mapped[Assignment] = mapped_column(String(16), default="manual", server_default="manual")
    capacity: Mapped[int | None]
    """How many conversations one agent is given at a time; `None` for any number."""
    details: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """What its customers are asked beforehand, as `DetailField`."""


class Intent(Table):
    """What a customer may want, and whether only people may handle it."""

    __tablename__ = "intents"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    team: Mapped[str | None] = mapped_column(ForeignKey("teams.name"))
    human_only: Mapped[bool] = mapped_column(default=False)
    details: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """What customers who want this are asked beforehand, in place of what the team asks."""


class Contact(Table):
    """A customer: anonymous, or known to the business by `external_id`."""

    __tablename__ = "contacts"
    __table_args__ = (Index(None, "last_seen_at", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    external_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    tokens_revoked_at: Mapped[datetime | None]
    """Tokens made until then are refused."""
    blocked: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether no token of the customer is accepted or made."""


class Agent(Table):
    """Someone who answers for the business."""

    __tablename__ = "agents"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    """`agent`, `editor`, `engineer` or `admin`."""
    team: Mapped[str | None] = mapped_column(ForeignKey("teams.name"))
    active: Mapped[bool] = mapped_column(default=True)
    available_since: Mapped[datetime | None]
    """Since when the agent says to be there for conversations; it counts while they are signed in."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    totp_sealed: Mapped[str | None] = mapped_column(String(200))
    """The secret of the second factor, encrypted; no list, export or log holds it."""
    totp_begun_at: Mapped[datetime | None]
    """When the secret was made; it counts from `totp_since` on, when its first code was given."""
    totp_since: Mapped[datetime | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The time step of the last code that was accepted: none of it or before is accepted again."""

    @property
    def second_factor(self) -> bool:
        """Whether signing in asks for a code."""
        return self.totp_since is not None

    @property
    def online(self) -> bool:
        """Whether the agent says to be there."""
        return self.available_since is not None


class RecoveryCode(Table):
    """A code in place of a second factor that is lost, which works once; only its SHA-256 is kept."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)


class AgentSession(Table):
    """A signed-in browser; only the SHA-256 of the cookie's token is kept."""

    __tablename__ = "agent_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    address: Mapped[str | None] = mapped_column(String(45))
    """Where it was begun, as limits count it; `None` for this machine, and where it was not kept yet."""
    browser: Mapped[str] = mapped_column(String(80), default="", server_default="")
    """What it was begun with, such as `Firefox on Linux`; empty where that is not known."""

    agent: Mapped[Agent] = relationship()


class PasswordReset(Table):
    """A link by which an agent may choose a password once; only the SHA-256 of its token is kept."""

    __tablename__ = "password_resets"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]


class ApiKey(Table):
    """A server's key; only the SHA-256 is kept."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]


WITH_PEOPLE: tuple[ConversationStatus, ...] = ("waiting", "open")
"""The states of a conversation that people own."""


_OWNED = text("agent_id IS NOT NULL")
"""Most conversations are nobody's: an index of all would tell planners that it narrows little."""


class Conversation(Table):
    """A thread with one customer on one channel."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("contact_id", "client_id"),
        Index(None, "contact_id", "created_at", "id"),
        Index(None, "status", "updated_at", "id"),
        Index(None, "team", "updated_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "resolution", "status", "updated_at"),
        Index(None, "agent_id", "status", sqlite_where=_OWNED, postgresql_where=_OWNED),
        Index(None, "unattended_since"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contacts.id"))
    client_id: Mapped[str] = mapped_column(String(64))
    """Made by the messenger, so that sending twice starts one conversation."""
    channel: Mapped[str] = mapped_column(String(32), default="messenger")
    status: Mapped[ConversationStatus] = mapped_column(String(16), default="bot")
    team: Mapped[str | None] = mapped_column(ForeignKey("teams.name"))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    offered_to: Mapped[str | None] = mapped_column(String(32))
    """The agent to whom its team's queue gave it last; while another has it, a person gave it."""
    unattended_since: Mapped[datetime | None]
    """Since when nobody is in the team it waits for; `None` while somebody is."""
    intent: Mapped[str | None] = mapped_column(String(64))
    mood: Mapped[float] = mapped_column(default=0.0)
    handoff_reason: Mapped[str | None] = mapped_column(String(64))
    priority: Mapped[Priority] = mapped_column(String(16), default="normal", server_default="normal")
    handoff_summary: Mapped[dict[str, Any] | None]
    """For the agent: `question`, `intent`, `team`, `mood`, `reasons`, `tried` (list of titles and refs)."""
    waiting: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the customer was told of waiting when handed over, as `WaitingOut`."""
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the customer is asked beforehand, `fields`, `status` and `values`; `None` when nothing is."""
    handed_over_at: Mapped[datetime | None]
    first_response_at: Mapped[datetime | None]
    """When a person first answered after the handoff."""
    closed_at: Mapped[datetime | None]
    resolution: Mapped[Resolution] = mapped_column(String(16), default="none")
    answer_due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the bot must look at the unanswered messages; `None` when nothing waits for it."""
    read_message_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The last message that the customer has seen; 0 before the first."""
    snoozed_until: Mapped[datetime | None] = mapped_column(index=True)
    """Until when it stays out of the lists of work; `None` when it does not. Only people's can be snoozed."""
    snoozed_at: Mapped[datetime | None]
    """When it was snoozed last."""
    snooze_reason: Mapped[str] = mapped_column(String(300), default="", server_default="")
    """Why, in the agent's words; it stays when the conversation comes back, until somebody acts on it."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    contact: Mapped[Contact] = relationship()
    agent: Mapped[Agent | None] = relationship()

    @property
    def unattended(self) -> bool:
        """Whether it waits where nobody looks."""
        return self.unattended_since is not None and self.agent_id is None and self.is_with_people

    @property
    def is_with_people(self) -> bool:
        """Whether a person answers, or is waited for: the bot is silent then."""
        return self.status in WITH_PEOPLE


class Handover(Table):
    """A conversation that went to people: what its customer was told of waiting, and how long it took."""

    __tablename__ = "handovers"
    __table_args__ = (Index(None, "team", "handed_over_at"),)

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    team: Mapped[str | None] = mapped_column(String(64))
    """The team it went to first."""
    handed_over_at: Mapped[datetime] = mapped_column(default=now)
    was_open: Mapped[bool]
    """Whether people were there at that moment."""
    hour_of_week: Mapped[int]
    """Of the first moment from then on when they were, on the clock of the calendar; Monday at 0 is 0."""
    ahead: Mapped[int] = mapped_column(default=0)
    """How many others waited for the team already."""
    told_minutes: Mapped[int | None]
    """Opening minutes within which nine in ten got an answer; `None` when that was not measured."""
    told_by: Mapped[datetime | None]
    """By when that is."""
    ended_at: Mapped[datetime | None]
    """When a person answered, or the conversation was closed without."""
    answered: Mapped[bool] = mapped_column(default=False)
    waited_minutes: Mapped[float | None]
    """Opening minutes until it ended, by the calendar of that time."""


class Message(Table):
    """One utterance."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("conversation_id", "client_id"), Index(None, "conversation_id", "id"))

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    client_id: Mapped[str] = mapped_column(String(64), default=new_id)
    author: Mapped[Author] = mapped_column(String(16))
    kind: Mapped[MessageKind] = mapped_column(String(16), default="message")
    text: Mapped[str] = mapped_column(Text)
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"), index=True)
    """The decision that this bot message speaks for."""
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What is shown beside the text: `kind`, `sources`, `choices`, `choice`, `expected_wait_minutes`."""
    learning_due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the learning step must look at this agent's reply; `None` when nothing waits for it."""
    created_at: Mapped[datetime] = mapped_column(default=now)

    agent: Mapped[Agent | None] = relationship()


class Attachment(Table):
    """A file that came with a message, or waits for the message that carries it."""

    __tablename__ = "attachments"
    __table_args__ = (Index(None, "message_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    """`None` until a message names it."""
    author: Mapped[Author] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    """What the content is, not what was said of it."""
    size: Mapped[int]
    """Bytes."""
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ConversationTag(Table):
    """A word that agents put on a conversation."""

    __tablename__ = "conversation_tags"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    """In lower case."""


class SearchText(Table):
    """What a message is found by, as plain folded words; an index of the store follows it (see `db.search`).

    Nothing but `db.search` writes here. It holds no more digits of a card than are shown.
    """

    __tablename__ = "search_texts"

    message_id: Mapped[int] = mapped_column(
        _RowId, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    conversation_id: Mapped[str] = mapped_column(String(32), index=True)
    words: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text, default="")
    """Name and e-mail of the customer."""
    tags: Mapped[str] = mapped_column(Text, default="")


class Macro(Table):
    """A reply kept for use again, by a team or by everybody."""

    __tablename__ = "macros"

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    """Markdown; `{first_name}` and `{agent}` are filled in."""
    team: Mapped[str | None] = mapped_column(ForeignKey("teams.name", ondelete="SET NULL"), index=True)
    """Who is offered it; `None` for everybody."""
    updated_at: Mapped[datetime] = mapped_column(default=now)


class DecisionRecord(Table):
    """What the bot did with the customer's messages up to `message_id`, and why."""

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[int] = mapped_column(_RowId, index=True)
    """The last customer message it considered."""
    question: Mapped[str] = mapped_column(Text)
    kind: Mapped[DecisionKind] = mapped_column(String(16))
    answer_ref: Mapped[str | None] = mapped_column(String(300))
    confidence: Mapped[float]
    threshold: Mapped[float]
    intent: Mapped[str | None] = mapped_column(String(64))
    team: Mapped[str | None] = mapped_column(String(64))
    sentiment: Mapped[str] = mapped_column(String(16))
    mood: Mapped[float]
    wants_person: Mapped[float]
    reasons: Mapped[list[str]]
    model: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)

    trace: Mapped["DecisionTrace | None"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    """How it came about; read from the store only when somebody asks. None for silence, and after a while."""


class DecisionTrace(Table):
    """How a decision came about: candidates with their scores, intents, milliseconds."""

    __tablename__ = "decision_traces"

    decision_id: Mapped[int] = mapped_column(
        ForeignKey("decisions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    trace: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class IntentLabel(Table):
    """What a person says that the customer wanted with a question; the models learn from it."""

    __tablename__ = "intent_labels"

    decision_id: Mapped[int] = mapped_column(
        ForeignKey("decisions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    intent: Mapped[str | None] = mapped_column(String(64))
    """`None` for something that no intent is about."""
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class WorkLease(Table):
    """A piece of work that a process has taken: others leave it alone until the time given."""

    __tablename__ = "work_leases"

    work: Mapped[str] = mapped_column(String(64), primary_key=True)
    """`answer:<conversation>`, `learn:<message>` or `housekeeping`."""
    holder: Mapped[str] = mapped_column(String(32))
    until: Mapped[datetime]


class RateCount(Table):
    """How often something was done that is limited; on SQLite in a file of its own beside the store."""

    __tablename__ = "rate_counts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A keyed digest of what is counted and of whom."""
    count: Mapped[int]
    ends_at: Mapped[float] = mapped_column(Double, index=True)
    """When it begins anew, in seconds since 1970."""
    paused_until: Mapped[float] = mapped_column(Double, default=0.0)
    """Until when no attempt may be made, of what is paused after many."""


class AuditEntry(Table):
    """Something somebody did; no row is ever changed or removed. Each is chained to the one before."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """1, 2, 3 and so on, without gaps."""
    created_at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(320))
    what: Mapped[str] = mapped_column(String(64))
    on: Mapped[str] = mapped_column(String(400))
    digest: Mapped[str] = mapped_column(String(64))


class AuditHead(Table):
    """How many entries the audit log has, and the last one's digest: the one row that the migrations make."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))


class Feedback(Table):
    """Whether a bot message helped; the latest word of the customer counts."""

    __tablename__ = "feedback"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True, autoincrement=False)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    helpful: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)


class CsatRating(Table):
    """A customer's rating of the conversation, 1 to 5."""

    __tablename__ = "csat_ratings"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Article(Table):
    """A help-centre page. `slug` is its identity everywhere (`article:<slug>`)."""

    __tablename__ = "articles"
    __table_args__ = (Index(None, "source", "source_path"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    body: Mapped[str] = mapped_column(Text)
    """Markdown."""
    category: Mapped[str] = mapped_column(String(200), default="")
    url: Mapped[str] = mapped_column(String(1000), default="")
    status: Mapped[ArticleStatus] = mapped_column(String(16), default="published", index=True)
    superseded_by: Mapped[str | None] = mapped_column(String(255))
    """Slug of the article that took its place."""
    source: Mapped[str] = mapped_column(String(1000), default="console")
    """Where it came from: the name of an imported source, or `console`."""
    source_path: Mapped[str | None] = mapped_column(String(1000))
    """Where it stands in its source; `None` for an article without one, or imported before 0.3."""
    source_hash: Mapped[str | None] = mapped_column(String(64))
    """Hash of what its source last said; `None` when it has no source, or is gone from it."""
    content_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(35), default="")
    """BCP 47 tag; empty when not known."""
    translation_key: Mapped[str] = mapped_column(String(1000), default="")
    """Articles of one source with the same key are translations of each other; empty for none."""
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def ref(self) -> str:
        """What candidates and the index call it."""
        return article_ref(self.slug)


class LearnedAnswer(Table):
    """A question with its answer, approved by a person."""

    __tablename__ = "learned_answers"
    __table_args__ = (UniqueConstraint("source", "source_key"), Index(None, "status", "approved_at", "id"))

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    """Markdown."""
    status: Mapped[LearnedAnswerStatus] = mapped_column(String(16), default="approved")
    source: Mapped[str] = mapped_column(String(1000), default="conversation")
    """`conversation`, `console`, or the imported file."""
    source_key: Mapped[str | None] = mapped_column(String(255))
    """Its identity within the imported file."""
    source_hash: Mapped[str | None] = mapped_column(String(64))
    """Hash of what its source last said; `None` when it has no source, or is gone from it."""
    source_conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    approved_at: Mapped[datetime] = mapped_column(default=now)
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    released: Mapped[bool] = mapped_column(default=False)
    """Whether a person let the bot give it to its question though only people handle such matters."""
    human_only: Mapped[bool] = mapped_column(default=False)
    """Whether only people handle its matter: unless it is released, the bot neither gives nor offers it."""
    superseded_by_id: Mapped[int | None] = mapped_column(ForeignKey("learned_answers.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    phrasings: Mapped[list["Phrasing"]] = relationship(
        back_populates="learned_answer", order_by="Phrasing.id", cascade="all, delete-orphan"
    )
    releases: Mapped[list["Release"]] = relationship(order_by="Release.id", cascade="all, delete-orphan")

    @property
    def ref(self) -> str:
        """What candidates and the index call it."""
        return learned_answer_ref(self.id)


class Release(Table):
    """Who released a learned answer or withdrew it, and when."""

    __tablename__ = "releases"

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    learned_answer_id: Mapped[int] = mapped_column(
        ForeignKey("learned_answers.id", ondelete="CASCADE"), index=True
    )
    released: Mapped[bool]
    """`False` when it was withdrawn."""
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    """`None` when an import or a key did."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Phrasing(Table):
    """A way the question of a learned answer was asked, the first being the question itself."""

    __tablename__ = "phrasings"

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    learned_answer_id: Mapped[int] = mapped_column(
        ForeignKey("learned_answers.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(Text)
    origin: Mapped[Origin] = mapped_column(String(16), default="agent")
    created_at: Mapped[datetime] = mapped_column(default=now)

    learned_answer: Mapped[LearnedAnswer] = relationship(back_populates="phrasings")


OPEN_PROPOSAL: tuple[ProposalStatus, ...] = ("pending", "undone")
"""The states of a proposal that can be decided."""


class Proposal(Table):
    """A learned answer, new phrasing or correction waiting for a person."""

    __tablename__ = "proposals"
    __table_args__ = (
        UniqueConstraint("message_id"),
        Index(None, "status", "id"),
        Index(None, "conversation_id", "id"),
        Index(None, "decided_at", "id"),
    )

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    kind: Mapped[ProposalKind] = mapped_column(String(16))
    status: Mapped[ProposalStatus] = mapped_column(String(16), default="pending")
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    phrasings: Mapped[list[str]] = mapped_column(default=list)
    """Other ways to ask, without `question`."""
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    """The agent's reply it was drafted from; one proposal a reply."""
    similar_ref: Mapped[str | None] = mapped_column(String(300))
    """The nearest known answer: the one that missed, or that is contradicted."""
    similarity: Mapped[float | None]
    human_only: Mapped[bool] = mapped_column(default=False)
    """Whether the question came to people because only they handle such matters."""
    removed: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """`field` and `kind` of what was left out because it points to a person."""
    past_questions: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    """Decisions on earlier questions that the answer would now get, the nearest first."""
    in_doubt: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """`field`, `kind` and `words` of what was kept though it may point to a person."""
    learned_answer_id: Mapped[int | None] = mapped_column(ForeignKey("learned_answers.id"))
    """What the approval made or changed."""
    undo: Mapped[dict[str, Any] | None]
    """What an undo needs to put back."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))

    @property
    def is_open(self) -> bool:
        """Whether it can be decided: pending, or undone and so open again."""
        return self.status in OPEN_PROPOSAL


class RegressionCase(Table):
    """A text that must (or must not) get a learned answer; no challenger may break it."""

    __tablename__ = "regression_cases"

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    learned_answer_id: Mapped[int] = mapped_column(
        ForeignKey("learned_answers.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(Text)
    must_answer: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)


class KnowledgeChange(Table):
    """The log every process follows to keep its index equal to the store."""

    __tablename__ = "knowledge_changes"

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    ref: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Import(Table):
    """What one import of a source did, and what it left out."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(1000))
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As `serving.transfer.report` writes it."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Event(Table):
    """What happened in a conversation, in order: the source of server-sent events."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    kind: Mapped[str] = mapped_column(String(32))
    """`message`, `status`, `proposal`, `feedback`."""
    agents_only: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict[str, Any]]
    """What it is about, by id; the words stand where they were written."""
    created_at: Mapped[datetime] = mapped_column(default=now)
