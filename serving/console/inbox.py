"""Gathers what the inbox shows from the repositories: the list, one conversation, what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from knowledge.privacy.masking import cards_masked
from serving.console import repository
from serving.console.cards import CardDraft, conversation_cards
from serving.console.formatting import author_name, plain_text, shorten
from serving.console.words import duration_words
from serving.conversations import repository as conversations
from serving.db.tables import WITH_PEOPLE, Conversation, ConversationStatus, Message, Team, new_id, now
from serving.security.principals import AgentPrincipal

MAX_ROWS = 200
MAX_MESSAGES = 300
MAX_EARLIER = 10
_MAX_GUESSES = 3

CHOICES: Mapping[str, tuple[str, tuple[ConversationStatus, ...]]] = {
    "needs_person": ("Needs a person", WITH_PEOPLE),
    "mine": ("Mine", WITH_PEOPLE),
    "waiting": ("Waiting", ("waiting",)),
    "open": ("Being answered", ("open",)),
    "bot": ("With the bot", ("bot",)),
    "closed": ("Closed", ("closed",)),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which conversations the list shows."""

    status: str = "needs_person"
    team: str = ""

    @property
    def query(self) -> str:
        """The filters for an address, with `?`; empty for the usual list."""
        filters = {"status": self.status if self.status != "needs_person" else "", "team": self.team}
        chosen = {name: value for name, value in filters.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""


@dataclass(frozen=True, slots=True)
class Composer:
    """The reply box: what stands in it and why the last try failed."""

    max_chars: int
    text: str = ""
    note: bool = False
    error: str = ""
    nonce: str = field(default_factory=new_id)
    """Makes sending the same form twice one message."""


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One line of the list of conversations."""

    conversation: Conversation
    team: str
    last_message_id: int
    snippet: str
    snippet_author: str
    waiting_since: datetime | None
    """Since when the customer waits for a person; `None` when nobody waits."""
    waiting: str
    is_late: bool
    """Whether the wait is longer than the customer was told."""


def list_context(session: Session, viewer: AgentPrincipal, filters: Filters) -> dict[str, object]:
    """The list of conversations with its filters."""
    teams = conversations.teams(session)
    rows = repository.list_inbox(
        session,
        statuses=CHOICES[filters.status][1],
        team=filters.team or None,
        agent_id=viewer.id if filters.status == "mine" else None,
        limit=MAX_ROWS + 1,
    )
    last = conversations.last_messages(session, [row.id for row in rows], notes=True)
    return {
        "rows": [_row(row, last.get(row.id), viewer, teams.get(row.team or "")) for row in rows[:MAX_ROWS]],
        "more": len(rows) > MAX_ROWS,
        "filters": filters,
        "query": filters.query,
        "status_choices": [(status, words) for status, (words, _) in CHOICES.items()],
        "teams": sorted(((team.name, team.title) for team in teams.values()), key=lambda pair: pair[1]),
        "empty_words": "Nobody is waiting."
        if filters == Filters()
        else "No conversation matches these filters.",
        "conversation": None,
    }


def conversation_context(
    session: Session, conversation: Conversation, *, composer: Composer, draft: CardDraft | None = None
) -> dict[str, object]:
    """One conversation with its thread, its customer and the cards beside the replies."""
    # The place in the log before the rest: what happens meanwhile arrives as an event.
    after = conversations.last_event_id(session)
    messages = repository.newest_messages(session, conversation.id, limit=MAX_MESSAGES + 1)
    decisions = conversations.decisions_newest_first(session, conversation.id, limit=MAX_MESSAGES)
    titles = repository.intent_titles(session)
    team = conversations.find_team(session, conversation.team)
    cards = conversation_cards(session, conversation.id, draft=draft)
    others = conversations.list_of_contact(session, conversation.contact_id, limit=MAX_EARLIER)
    return {
        "conversation": conversation,
        "after": after,
        "customer": conversation.contact,
        "messages": messages[-MAX_MESSAGES:],
        "more_messages": len(messages) > MAX_MESSAGES,
        "answers": {decision.id: decision for decision in decisions if decision.kind == "answer"},
        "helpful": conversations.feedback_of(session, [message.id for message in messages]),
        "cards": cards,
        "pending_proposals": [
            card.proposal for beside in cards.values() for card in beside if card.proposal.status == "pending"
        ],
        "composer": composer,
        "intent_titles": titles,
        "intent_teams": repository.intent_teams(session) if conversation.is_with_people else {},
        "guesses": _guesses(session, conversation, titles),
        "team_title": team.title if team else "",
        "csat": repository.csat_score(session, conversation.id),
        "handoff": _handoff(conversation),
        "confidences": {row.answer_ref: row.confidence for row in reversed(decisions) if row.answer_ref},
        "earlier": [other for other in others if other.id != conversation.id],
        "last_messages": conversations.last_messages(session, [row.id for row in others], notes=False),
    }


def _guesses(
    session: Session, conversation: Conversation, titles: Mapping[str, str]
) -> list[tuple[str, float]]:
    """The likeliest intents of the last question by the bot's reading, with their probabilities."""
    decision = conversations.last_question(session, conversation.id)
    read = decision.trace.trace.get("intents", {}) if decision is not None and decision.trace else {}
    known = [(name, probability) for name, probability in read.items() if name in titles]
    return sorted(known, key=lambda pair: -pair[1])[:_MAX_GUESSES]


def _row(
    conversation: Conversation, last: Message | None, viewer: AgentPrincipal, team: Team | None
) -> ConversationRow:
    since = _waiting_since(conversation, last)
    seconds = 0.0 if since is None else (now() - since).total_seconds()
    promised_minutes = team.expected_wait_minutes if team else None
    return ConversationRow(
        conversation=conversation,
        team=team.title if team else "No team",
        last_message_id=last.id if last else 0,
        snippet=_snippet(conversation, last),
        snippet_author=_snippet_author(conversation, last, viewer),
        waiting_since=since,
        waiting="" if since is None else duration_words(seconds),
        is_late=promised_minutes is not None and seconds > promised_minutes * 60,
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
        return shorten(cards_masked(str((conversation.handoff_summary or {})["question"])))
    text = cards_masked(message.text)
    return shorten(text if message.author == "customer" else plain_text(text))


def _snippet_author(conversation: Conversation, message: Message | None, viewer: AgentPrincipal) -> str:
    if message is None or _is_parting(conversation, message):
        return ""
    name = "You" if message.agent_id == viewer.id else author_name(message, "")
    return f"{name} (note)" if message.kind == "note" else name


def _is_parting(conversation: Conversation, message: Message) -> bool:
    """Whether the last words are the bot's on handing over; what the customer asked then says more."""
    asked = (conversation.handoff_summary or {}).get("question")
    return conversation.status == "waiting" and message.author == "bot" and bool(asked)


def _handoff(conversation: Conversation) -> dict[str, object] | None:
    """Why it was handed over, and what the bot did before; `None` while it was not."""
    summary, last_reason = conversation.handoff_summary or {}, conversation.handoff_reason
    if not summary and last_reason is None:
        return None
    reasons = [str(code) for code in summary.get("reasons") or ()]
    if last_reason and last_reason not in reasons:
        reasons.insert(0, last_reason)
    return {
        "question": cards_masked(summary.get("question") or ""),
        "reasons": reasons,
        "tried": summary.get("tried") or (),
    }
