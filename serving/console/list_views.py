"""What the list of conversations shows, built from rows of the store; it runs no query."""

from dataclasses import dataclass
from datetime import datetime

from serving.console.formatting import plain_text, shorten
from serving.console.views import Viewer, customer_name
from serving.console.words import STATUS_WORDS, duration_words, humanise
from serving.db.tables import Conversation, Message


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One line of the list of conversations."""

    id: str
    customer: str
    status: str
    status_words: str
    team: str
    mood: float
    snippet: str
    snippet_author: str
    waiting_since: datetime | None
    """Since when the customer waits for a person; `None` when nobody waits."""
    waiting: str
    late: bool
    """Whether the wait is longer than the customer was told."""
    unanswered: bool
    mine: bool
    agent: str
    last_message_id: int


def conversation_row(
    conversation: Conversation,
    last_message: Message | None,
    *,
    viewer: Viewer,
    team_title: str,
    expected_wait_minutes: int | None,
    moment: datetime,
) -> ConversationRow:
    """The line of one conversation, as seen at `moment`."""
    since = _waiting_since(conversation, last_message)
    seconds = 0.0 if since is None else (moment - since).total_seconds()
    return ConversationRow(
        id=conversation.id,
        customer=customer_name(conversation.contact),
        status=conversation.status,
        status_words=STATUS_WORDS.get(conversation.status, humanise(conversation.status)),
        team=team_title,
        mood=conversation.mood,
        snippet=_snippet(conversation, last_message),
        snippet_author=_snippet_author(conversation, last_message, viewer),
        waiting_since=since,
        waiting="" if since is None else duration_words(seconds),
        late=expected_wait_minutes is not None and seconds > expected_wait_minutes * 60,
        unanswered=since is not None,
        mine=conversation.agent_id == viewer.id,
        agent=conversation.agent.name if conversation.agent else "",
        last_message_id=last_message.id if last_message else 0,
    )


def _waiting_since(conversation: Conversation, last_message: Message | None) -> datetime | None:
    if conversation.status == "waiting":
        return conversation.handed_over_at or conversation.updated_at
    if conversation.status == "open" and last_message is not None and last_message.author == "customer":
        return last_message.created_at
    return None


def _snippet(conversation: Conversation, message: Message | None) -> str:
    if message is None:
        return "No messages yet"
    if _is_parting(conversation, message):
        return shorten(str((conversation.handoff_summary or {})["question"]))
    return shorten(message.text if message.author == "customer" else plain_text(message.text))


def _snippet_author(conversation: Conversation, message: Message | None, viewer: Viewer) -> str:
    if message is None or message.author == "customer" or _is_parting(conversation, message):
        return ""
    if message.author == "agent":
        name = "You" if message.agent_id == viewer.id else (message.agent.name if message.agent else "Agent")
        return f"{name} (note)" if message.kind == "note" else name
    return "Bot" if message.author == "bot" else ""


def _is_parting(conversation: Conversation, message: Message) -> bool:
    """Whether the last words are the bot's on handing over; what the customer asked then says more."""
    asked = (conversation.handoff_summary or {}).get("question")
    return conversation.status == "waiting" and message.author == "bot" and bool(asked)
