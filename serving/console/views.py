"""What a conversation and its customer look like, built from rows of the store; it runs no query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from model.refs import ref_kind
from serving.console.formatting import ref_href, shorten, web_address
from serving.console.words import STATUS_WORDS, humanise
from serving.db.tables import Contact, Conversation, DecisionRecord, Message
from serving.rendering import render_markdown
from serving.security.principals import AgentPrincipal


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in agent, as the pages greet them and decide which buttons to show."""

    id: str
    name: str
    role: str
    may_edit_articles: bool
    may_edit_learned_answers: bool
    may_change_models: bool


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source of a bot answer, with where an agent can read it."""

    title: str
    href: str
    kind_words: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of the thread, its words already safe to show."""

    id: int
    author: str
    kind: str
    name: str
    html: Markup
    """Empty for plain text, which the template escapes."""
    text: str
    sources: tuple[SourceView, ...]
    choices: tuple[str, ...]
    confidence: float | None
    threshold: float | None
    helpful: bool | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TriedView:
    """An answer that the bot gave before handing over."""

    title: str
    href: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class HandoffView:
    """Why the conversation reached a person, and what the bot did before."""

    question: str
    reasons: tuple[str, ...]
    tried: tuple[TriedView, ...]


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Who the customer is."""

    name: str
    email: str
    known: bool
    """Whether the business vouched for who this is."""
    attributes: tuple[tuple[str, str], ...]
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class EarlierConversation:
    """Another conversation of the same customer."""

    id: str
    words: str
    status_words: str
    created_at: datetime


def viewer_of(agent: AgentPrincipal) -> Viewer:
    """The signed-in agent for the templates."""
    return Viewer(
        agent.id,
        agent.name,
        agent.role,
        may_edit_articles=agent.may("articles:write"),
        may_edit_learned_answers=agent.may("learned_answers:write"),
        may_change_models=agent.may("models:write"),
    )


def message_view(
    message: Message, *, customer: str, decision: DecisionRecord | None = None, helpful: bool | None = None
) -> MessageView:
    """One message of the thread; a customer's words are never read as Markdown."""
    formatted = message.author in {"bot", "agent"}
    payload = message.payload
    return MessageView(
        id=message.id,
        author=message.author,
        kind=message.kind,
        name=_author_name(message, customer),
        html=Markup(render_markdown(message.text, line_breaks=True)) if formatted else Markup(),  # noqa: S704
        text=message.text,
        sources=tuple(source_view(source) for source in payload.get("sources") or ()),
        choices=tuple(str(choice.get("title", "")) for choice in payload.get("choices") or ()),
        confidence=decision.confidence if decision and decision.kind == "answer" else None,
        threshold=decision.threshold if decision and decision.kind == "answer" else None,
        helpful=helpful,
        created_at=message.created_at,
    )


def handoff_view(conversation: Conversation, confidences: Mapping[str, float]) -> HandoffView | None:
    """Why it was handed over; `None` while it was not. `confidences` is by the ref of the answer given."""
    summary = conversation.handoff_summary
    if summary is None and conversation.handoff_reason is None:
        return None
    summary = summary or {}
    reasons = [str(code) for code in summary.get("reasons") or ()]
    if conversation.handoff_reason and conversation.handoff_reason not in reasons:
        reasons.insert(0, conversation.handoff_reason)
    return HandoffView(
        question=str(summary.get("question") or ""),
        reasons=tuple(reasons),
        tried=tuple(_tried_view(tried, confidences) for tried in summary.get("tried") or ()),
    )


def customer_view(contact: Contact) -> CustomerView:
    """Who the customer is, with attributes in readable words."""
    return CustomerView(
        name=customer_name(contact),
        email=contact.email or "",
        known=contact.external_id is not None,
        attributes=tuple((humanise(key), _value_words(value)) for key, value in contact.attributes.items()),
        first_seen=contact.created_at,
    )


def earlier_conversations(
    conversations: Iterable[tuple[Conversation, Message | None]],
    *,
    current_id: str,
    intent_titles: Mapping[str, str],
) -> tuple[EarlierConversation, ...]:
    """The customer's other conversations, in the order given."""
    return tuple(
        EarlierConversation(
            id=conversation.id,
            words=intent_titles.get(conversation.intent or "")
            or (shorten(message.text) if message else "No messages"),
            status_words=STATUS_WORDS.get(conversation.status, conversation.status),
            created_at=conversation.created_at,
        )
        for conversation, message in conversations
        if conversation.id != current_id
    )


def customer_name(contact: Contact) -> str:
    """The name, else the e-mail address, else `Visitor` with the start of the contact's id."""
    return contact.name or contact.email or f"Visitor {contact.id[:4]}"


def source_view(source: Mapping[str, Any]) -> SourceView:  # Any: JSON of the message's payload
    """A source as the payload keeps it, linked to its page here."""
    ref = str(source.get("ref", ""))
    kind_words = "Learned answer" if ref_kind(ref) == "learned_answer" else "Article"
    href = ref_href(ref) or web_address(str(source.get("url") or ""))
    return SourceView(str(source.get("title") or ref), href, kind_words)


def _author_name(message: Message, customer: str) -> str:
    if message.author == "customer":
        return customer
    if message.author == "agent":
        return message.agent.name if message.agent else "Agent"
    return "Bot" if message.author == "bot" else ""


def _tried_view(tried: Mapping[str, Any], confidences: Mapping[str, float]) -> TriedView:  # Any: JSON
    ref = str(tried.get("ref", ""))
    return TriedView(str(tried.get("title") or ref), ref_href(ref), confidences.get(ref))


def _value_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_value_words(item) for item in value)
    return str(value)
