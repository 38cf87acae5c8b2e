"""Gathers what the inbox shows from the repositories: the list, one conversation, what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from serving.console import repository, views
from serving.console.cards import conversation_cards
from serving.console.knowledge_views import CardDraft
from serving.console.list_views import ConversationRow, conversation_row
from serving.console.views import Viewer
from serving.console.words import STATUS_WORDS
from serving.conversations import repository as conversations
from serving.db.tables import WITH_PEOPLE, Conversation, DecisionRecord, Message, Team, new_id, now

MAX_ROWS = 200
MAX_MESSAGES = 300
MAX_EARLIER = 10

STATUS_CHOICES = (
    ("needs_person", "Needs a person"),
    ("mine", "Mine"),
    ("waiting", "Waiting"),
    ("open", "Being answered"),
    ("bot", "With the bot"),
    ("closed", "Closed"),
)
_STATUSES: Mapping[str, tuple[str, ...]] = {
    "needs_person": WITH_PEOPLE,
    "mine": WITH_PEOPLE,
    "waiting": ("waiting",),
    "open": ("open",),
    "bot": ("bot",),
    "closed": ("closed",),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which conversations the list shows."""

    status: str = "needs_person"
    team: str = ""

    @property
    def query(self) -> str:
        """The filters for an address, with `?`; empty for the usual list."""
        given = {"status": self.status if self.status != "needs_person" else "", "team": self.team}
        given = {name: value for name, value in given.items() if value}
        return f"?{urlencode(given)}" if given else ""


@dataclass(frozen=True, slots=True)
class Composer:
    """The reply box: what stands in it and why the last try failed."""

    max_chars: int
    text: str = ""
    note: bool = False
    error: str = ""
    nonce: str = field(default_factory=new_id)
    """Makes sending the same form twice one message."""


def list_context(session: Session, viewer: Viewer, filters: Filters) -> dict[str, object]:
    """The list of conversations with its filters."""
    teams = conversations.teams(session)
    rows = repository.list_inbox(
        session,
        statuses=_STATUSES[filters.status],
        team=filters.team or None,
        agent_id=viewer.id if filters.status == "mine" else None,
        limit=MAX_ROWS + 1,
    )
    last = conversations.last_messages(session, [row.id for row in rows], notes=True)
    return {
        "rows": [_row(row, last.get(row.id), viewer, teams) for row in rows[:MAX_ROWS]],
        "more": len(rows) > MAX_ROWS,
        "filters": filters,
        "query": filters.query,
        "status_choices": STATUS_CHOICES,
        "teams": sorted(((team.name, team.title) for team in teams.values()), key=lambda pair: pair[1]),
        "empty_words": "Nobody is waiting."
        if filters == Filters()
        else "No conversation matches these filters.",
        "conversation": None,
    }


def conversation_context(
    session: Session,
    conversation: Conversation,
    *,
    composer: Composer,
    draft: CardDraft | None = None,
) -> dict[str, object]:
    """One conversation with its thread, its customer and the cards beside the replies."""
    after = conversations.last_event_id(
        session
    )  # before the rest: what happens meanwhile arrives as an event
    customer = views.customer_view(conversation.contact)
    messages = repository.newest_messages(session, conversation.id, limit=MAX_MESSAGES + 1)
    decisions = conversations.decisions_newest_first(session, conversation.id, limit=MAX_MESSAGES)
    titles = repository.intent_titles(session)
    team = conversations.find_team(session, conversation.team)
    cards = conversation_cards(session, conversation.id, draft=draft)
    return {
        "conversation": conversation,
        "status_words": STATUS_WORDS.get(conversation.status, conversation.status),
        "after": after,
        "customer": customer,
        "messages": _thread(session, messages[-MAX_MESSAGES:], decisions, customer.name),
        "more_messages": len(messages) > MAX_MESSAGES,
        "cards": cards,
        "pending_cards": [card for some in cards.values() for card in some if card.status == "pending"],
        "composer": composer,
        "intent_title": titles.get(conversation.intent or "", ""),
        "team_title": team.title if team else "",
        "csat": repository.csat_score(session, conversation.id),
        "handoff": views.handoff_view(conversation, _confidences(decisions)),
        "earlier": _earlier(session, conversation, titles),
    }


def parse_filters(status: str, team: str) -> Filters:
    """The filters of an address; an unknown status counts as not given."""
    return Filters(status if status in _STATUSES else "needs_person", team)


def _row(
    conversation: Conversation, last: Message | None, viewer: Viewer, teams: Mapping[str, Team]
) -> ConversationRow:
    team = teams.get(conversation.team or "")
    return conversation_row(
        conversation,
        last,
        viewer=viewer,
        team_title=team.title if team else "No team",
        expected_wait_minutes=team.expected_wait_minutes if team else None,
        moment=now(),
    )


def _thread(
    session: Session, messages: list[Message], decisions: list[DecisionRecord], customer: str
) -> list[views.MessageView]:
    by_id = {decision.id: decision for decision in decisions}
    helpful = conversations.feedback_of(session, [message.id for message in messages])
    return [
        views.message_view(
            message,
            customer=customer,
            decision=by_id.get(message.decision_id or 0),
            helpful=helpful.get(message.id),
        )
        for message in messages
    ]


def _confidences(decisions: list[DecisionRecord]) -> dict[str, float]:
    return {row.answer_ref: row.confidence for row in reversed(decisions) if row.answer_ref is not None}


def _earlier(
    session: Session, conversation: Conversation, titles: Mapping[str, str]
) -> tuple[views.EarlierConversation, ...]:
    others = conversations.list_of_contact(session, conversation.contact_id, limit=MAX_EARLIER + 1)
    last = conversations.last_messages(session, [row.id for row in others], notes=False)
    return views.earlier_conversations(
        ((row, last.get(row.id)) for row in others), current_id=conversation.id, intent_titles=titles
    )
