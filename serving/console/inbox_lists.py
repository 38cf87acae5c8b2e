"""The lists of the inbox as pages show them: views with counts, rows, what a search found, bulk choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from knowledge.privacy.masking import cards_masked
from serving.company.repository import list_agents
from serving.console.formatting import author_name, plain_text, shorten
from serving.console.words import duration_words
from serving.conversations import repository as conversations
from serving.conversations.listing import (
    ORDERS,
    Count,
    Listing,
    Order,
    View,
    count_views,
    list_inbox,
    next_cursor,
)
from serving.conversations.search import Found, SnippetPart, parse_query, search
from serving.db.tables import Conversation, Message, Team, now
from serving.security.principals import AgentPrincipal

ROWS = 50
"""On one page of a list."""
VIEW_WORDS: Mapping[View, str] = {
    "needs_person": "Needs a person",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "my_team": "My team",
    "snoozed": "Snoozed",
    "bot": "Bot at work",
    "closed": "Closed",
    "all": "All",
}
"""In the order shown."""
OTHER_VIEW_WORDS: Mapping[View, str] = {"waiting": "Waiting", "open": "Being answered"}
"""Lists that older addresses name."""
ORDER_WORDS: Mapping[Order, str] = {
    "pressing": "Most pressing",
    "longest": "Longest wait",
    "newest": "Last changed",
}
_EMPTY_WORDS: Mapping[str, str] = {
    "needs_person": "Nobody is waiting.",
    "mine": "You have no open conversations.",
    "unassigned": "Every conversation has somebody.",
    "my_team": "Nobody waits for your team.",
    "snoozed": "Nothing is snoozed.",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which conversations the list shows, and in which order."""

    status: str = "needs_person"
    """The list's name."""
    team: str = ""
    order: str = "pressing"
    q: str = ""
    after: str = ""

    @classmethod
    def of(cls, status: str, team: str, order: str, q: str, after: str) -> "Filters":
        """The filters of an address; what it does not know is the usual."""
        known = status if status in {*VIEW_WORDS, *OTHER_VIEW_WORDS} else "needs_person"
        return cls(known, team, order if order in ORDERS else "pressing", q, after)

    @property
    def query(self) -> str:
        """The filters for an address, with `?`; empty for the usual list."""
        usual = Filters()
        chosen = {
            name: getattr(self, name)
            for name in ("status", "team", "order", "q", "after")
            if getattr(self, name) != getattr(usual, name)
        }
        return f"?{urlencode(chosen)}" if chosen else ""

    def but(self, **changes: str) -> str:
        """The query of the first page with some filters changed."""
        return replace(self, **{"after": "", **changes}).query

    def listing(self, viewer: AgentPrincipal) -> Listing:
        """The list that the filters name, for this agent."""
        view: View = self.status  # type: ignore[assignment]  # checked in `of`
        return Listing(view=view, viewer_id=viewer.id, viewer_team=viewer.team, team=self.team or None)


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One line of the list of conversations."""

    conversation: Conversation
    team: str
    last_message_id: int
    snippet: Sequence[SnippetPart]
    snippet_author: str
    waiting_since: datetime | None
    """Since when the customer waits for a person; `None` when nobody waits."""
    waiting: str
    is_late: bool
    """Whether the wait is longer than the customer was told."""
    tags: Sequence[str]
    anchor: str = ""
    """Where in the conversation the message stands that was found."""


@dataclass(frozen=True, slots=True)
class ViewLink:
    """One list in the navigation."""

    view: str
    words: str
    href: str
    count: Count
    is_shown: bool


def list_context(session: Session, viewer: AgentPrincipal, filters: Filters) -> dict[str, object]:
    """The list of conversations with its views, filters and what can be done to many at once."""
    teams = conversations.teams(session)
    if filters.q.strip():
        found = search(session, parse_query(filters.q, viewer_id=viewer.id), after=filters.after, limit=ROWS)
        shown, following = [hit.conversation for hit in found.hits], found.next
    else:
        found = None
        order: Order = filters.order  # type: ignore[assignment]  # checked in `Filters.of`
        rows = list_inbox(session, filters.listing(viewer), order=order, after=filters.after, limit=ROWS)
        shown, following = rows[:ROWS], next_cursor(rows, ROWS, order)
    last = conversations.last_messages(session, [row.id for row in shown], notes=True)
    tags = conversations.tags_of(session, [row.id for row in shown])
    listed = [
        _row(row, last.get(row.id), viewer, teams.get(row.team or ""), tags.get(row.id, ())) for row in shown
    ]
    return {
        "rows": _found_rows(listed, found) if found else listed,
        "next_page": filters.but(after=following) if following else "",
        "filters": filters,
        "query": filters.query,
        "views": view_links(session, viewer, filters),
        "list_title": "Search" if filters.q.strip() else _view_words(filters.status),
        "orders": list(ORDER_WORDS.items()),
        "teams": sorted(((team.name, team.title) for team in teams.values()), key=lambda pair: pair[1]),
        "agents": [(agent.id, agent.name) for agent in list_agents(session) if agent.active],
        "known_tags": [tag for tag, _ in conversations.used_tags(session)],
        "empty_words": _empty_words(filters, following),
        "conversation": None,
    }


def next_in_list(
    session: Session, viewer: AgentPrincipal, filters: Filters, conversation_id: str
) -> str | None:
    """The conversation after this one in the list, before it when it is the last; `None` when alone."""
    if filters.q.strip():
        return None
    order: Order = filters.order  # type: ignore[assignment]  # checked in `Filters.of`
    rows = list_inbox(session, filters.listing(viewer), order=order, after=filters.after, limit=ROWS)
    ids = [row.id for row in rows]
    if conversation_id not in ids:
        return ids[0] if ids else None
    at = ids.index(conversation_id)
    neighbours = ids[at + 1 : at + 2] or ids[max(0, at - 1) : at]
    return neighbours[0] if neighbours else None


def view_links(session: Session, viewer: AgentPrincipal, filters: Filters) -> list[ViewLink]:
    """The lists in the order shown, each with its count; without "My team" for who has none."""
    counts = count_views(session, viewer_id=viewer.id, viewer_team=viewer.team)
    searching = bool(filters.q.strip())
    return [
        ViewLink(
            view=view,
            words=words,
            href=f"/inbox{filters.but(status=view, q='', team='')}",
            count=counts[view],
            is_shown=filters.status == view and not searching,
        )
        for view, words in VIEW_WORDS.items()
        if view != "my_team" or viewer.team
    ]


def _view_words(status: str) -> str:
    words = {str(view): title for view, title in (*VIEW_WORDS.items(), *OTHER_VIEW_WORDS.items())}
    return words[status]


def _empty_words(filters: Filters, following: str | None) -> str:
    if following:
        return "Nothing among the newest messages with these words. Look at older ones."
    if filters.q.strip():
        return "Nothing was found. Each word is looked for from its beginning."
    usual = "No conversation is in this list."
    return usual if filters.team else _EMPTY_WORDS.get(filters.status, usual)


def _found_rows(rows: Sequence[ConversationRow], found: Found) -> list[ConversationRow]:
    """The rows with the message that was found in place of the last one."""
    return [
        replace(
            row,
            snippet=hit.snippet or row.snippet,
            snippet_author=author_name(hit.message, "") if hit.message else "",
            anchor=f"#message-{hit.message.id}" if hit.message else "",
        )
        for row, hit in zip(rows, found.hits, strict=True)
    ]


def _row(
    conversation: Conversation,
    last: Message | None,
    viewer: AgentPrincipal,
    team: Team | None,
    tags: Sequence[str],
) -> ConversationRow:
    since = _waiting_since(conversation, last)
    seconds = 0.0 if since is None else (now() - since).total_seconds()
    promised_minutes = team.expected_wait_minutes if team else None
    return ConversationRow(
        conversation=conversation,
        team=team.title if team else "No team",
        last_message_id=last.id if last else 0,
        snippet=(SnippetPart(_snippet(conversation, last), hit=False),),
        snippet_author=_snippet_author(conversation, last, viewer),
        waiting_since=since,
        waiting="" if since is None else duration_words(seconds),
        is_late=promised_minutes is not None and seconds > promised_minutes * 60,
        tags=tags,
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
