"""Finds conversations by words of their messages, customers and tags; what it finds only agents may see.

Words are looked for from their beginning, all of them in one message or its customer or tags. `from:`,
`tag:`, `team:`, `status:` and `assignee:` narrow what is found. Whatever is typed is a search, no error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup
from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from knowledge.privacy.masking import cards_masked
from model.errors import DataError
from serving.conversations import repository
from serving.conversations.listing import Listing, conditions, list_inbox, next_cursor
from serving.db.search import search_words
from serving.db.tables import MAX_ROW_ID, Conversation, Message
from serving.paging import NO_PAGE
from serving.rendering import render_markdown

EVERYTHING = Listing(view="all")
MOST_WORDS = 12
"""Of one search; more say nothing more."""
_MOST_CHARS = 2_000
_FILTERS = ("from", "tag", "team", "status", "assignee")
_TERM = re.compile(rf'(?:({"|".join(_FILTERS)}):)?(?:"([^"]*+)"?|(\S++))', re.IGNORECASE)
_LOOKED_AT = 500
"""Newest messages with the words that one page is made of."""
_LOOKED_AT_NARROWED = 2_000
"""The same where filters leave only some of them."""
_SNIPPET_CHARS = 160
_BEFORE_HIT = 50
_TOKEN = re.compile(r"\w++|[^\w\s]", re.UNICODE)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is looked for."""

    words: tuple[str, ...] = ()
    """Folded; each begins a word of the message, the customer's name or e-mail, or a tag."""
    who: tuple[str, ...] = ()
    """Folded; each begins a word of the customer's name or e-mail."""
    listing: Listing = EVERYTHING
    """Which conversations are looked at."""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing: no word, no filter."""
        return not self.words and not self.who and self.listing == EVERYTHING


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A piece of a text, and whether it is what was looked for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation that was found, with the newest of its messages that has the words."""

    conversation: Conversation
    message: Message | None
    """`None` for a conversation without a message, found by filters alone."""
    snippet: tuple[SnippetPart, ...]
    count: int
    """How many of the messages looked at for this page have the words."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits, newest first."""

    hits: list[Hit]
    next: str | None
    """Where the next page begins, for `after`; a conversation may come again there with older messages."""


def parse_query(typed: str, *, viewer_id: str = "") -> SearchQuery:
    """What somebody typed as a search: of its first 2,000 characters the first twelve words.

    `assignee:` takes a name, an e-mail address, `me` or `nobody`. A word with a colon that is no filter is
    looked for like any other.
    """
    words: dict[str, None] = {}
    who: dict[str, None] = {}
    listing = Listing(view="all", viewer_id=viewer_id)
    for match in _TERM.finditer(typed[:_MOST_CHARS].replace("\x00", " ")):
        name, value = (match[1] or "").lower(), match[2] if match[2] is not None else match[3]
        match name:
            case "tag":
                listing = replace(listing, tag=" ".join(value.casefold().split()))
            case "team":
                listing = replace(listing, team_like=value.strip())
            case "status":
                listing = replace(listing, status=value.strip().lower())
            case "assignee":
                listing = replace(listing, assignee=value.strip())
            case "from":
                who.update(dict.fromkeys(search_words(value)))
            case _:
                words.update(dict.fromkeys(search_words(value)))
    if listing == Listing(view="all", viewer_id=viewer_id):
        listing = EVERYTHING
    return SearchQuery(tuple(words)[:MOST_WORDS], tuple(who)[:MOST_WORDS], listing)


def search(session: Session, query: SearchQuery, *, after: str = "", limit: int) -> Found:
    """The conversations found after this place, newest message first. Raises `DataError` for a place unknown.

    A query without words lists what its filters leave, the last changed first; an empty one finds nothing.
    """
    if query.is_empty:
        return Found([], None)
    if not query.words and not query.who:
        return _filtered(session, query.listing, after, limit)
    narrowed = query.listing != EVERYTHING
    looked_at = _LOOKED_AT_NARROWED if narrowed else _LOOKED_AT
    newest = _newest_with_words(session, query, before=_message_id(after), limit=looked_at)
    rows = session.execute(_by_conversation(newest, query.listing, limit + 1)).all()
    shown = rows[:limit]
    messages = repository.messages_by_id(session, [row.message_id for row in shown])
    conversations = {
        row.id: row for row in repository.list_by_ids(session, [row.conversation_id for row in shown])
    }
    hits = [
        Hit(
            conversations[row.conversation_id],
            messages[row.message_id],
            snippet(messages[row.message_id], query.words),
            row.hits,
        )
        for row in shown
    ]
    if len(rows) > limit:
        return Found(hits, str(shown[-1].message_id))
    return Found(hits, str(newest[-1]) if len(newest) == looked_at else None)


def snippet(message: Message, words: Sequence[str]) -> tuple[SnippetPart, ...]:
    """The text around the first hit on one line, of about 160 characters, hits apart from the rest.

    Card numbers are masked before anything is cut. It is plain text: escape it where it is shown.
    """
    line = _line(message)
    places = [match.span() for match in _TOKEN.finditer(line) if _is_hit(match[0], words)]
    begin = max(0, places[0][0] - _BEFORE_HIT) if places else 0
    if begin:
        begin = line.find(" ", begin, places[0][0]) + 1 or begin
    end = min(len(line), begin + _SNIPPET_CHARS)
    parts = [SnippetPart("…", hit=False)] if begin else []
    at = begin
    for first, last in places:
        if first >= end:
            break
        parts += [SnippetPart(line[at:first], hit=False), SnippetPart(line[first : min(last, end)], hit=True)]
        at = min(last, end)
    parts.append(SnippetPart(line[at:end] + ("…" if end < len(line) else ""), hit=False))
    return tuple(part for part in parts if part.text)


def _line(message: Message) -> str:
    masked = cards_masked(message.text)
    if message.author in {"bot", "agent"}:
        masked = Markup(render_markdown(masked)).striptags()  # noqa: S704 - it is escaped where it is shown
    return " ".join(masked.split())


def _is_hit(token: str, words: Sequence[str]) -> bool:
    return any(folded.startswith(word) for folded in search_words(token) for word in words)


def _filtered(session: Session, listing: Listing, after: str, limit: int) -> Found:
    rows = list_inbox(session, listing, order="newest", after=after, limit=limit)
    last = repository.last_messages(session, [row.id for row in rows[:limit]], notes=True)
    hits = [
        Hit(row, last.get(row.id), snippet(last[row.id], ()) if row.id in last else (), 1)
        for row in rows[:limit]
    ]
    return Found(hits, next_cursor(rows, limit, "newest"))


def _newest_with_words(session: Session, query: SearchQuery, *, before: int, limit: int) -> list[int]:
    """Ids of the newest messages that have the words, newest first."""
    bound: dict[str, str | int] = {"before": before, "most": limit}
    if session.get_bind().dialect.name == "sqlite":
        everywhere = [f'"{word}"{_star(word, query.words, "*")}' for word in query.words]
        in_who = [f'who : "{word}"{_star(word, query.who, "*")}' for word in query.who]
        return list(session.scalars(_IN_SQLITE, {**bound, "match": " AND ".join(everywhere + in_who)}))
    fulfilled = []
    for name, words in (("words", query.words), ("who", query.who)):
        if words:
            fulfilled.append(_IN_POSTGRES[name])
            bound[name] = " & ".join(f"'{word}'{_star(word, words, ':*')}" for word in words)
    condition = " AND ".join(fulfilled)
    lately = list(
        session.scalars(text(_LATELY_IN_POSTGRES.format(condition)), {**bound, "window": 2 * limit})
    )
    if len(lately) == limit:
        return lately
    return list(session.scalars(text(_EVER_IN_POSTGRES.format(condition)), bound))


_IN_SQLITE = text(
    "SELECT rowid FROM search_index WHERE search_index MATCH :match AND rowid < :before"
    " ORDER BY rowid DESC LIMIT :most"
)
_VECTOR = "array_to_tsvector(array_remove(string_to_array({}, ' '), ''))"
_IN_POSTGRES: Mapping[str, str] = {
    "words": _VECTOR.format("words || ' ' || who || ' ' || tags") + " @@ CAST(:words AS tsquery)",
    "who": _VECTOR.format("who") + " @@ CAST(:who AS tsquery)",
}
"""The expressions that the index is over; the words in them are letters and digits alone."""
# PostgreSQL cannot know how common a word is. What most messages have is found among the newest of them; the
# rest through the index, whose matches are few enough to be sorted.
_LATELY_IN_POSTGRES = (
    "SELECT message_id FROM (SELECT message_id, words, who, tags FROM search_texts WHERE message_id < :before"
    " ORDER BY message_id DESC LIMIT :window) AS newest WHERE {} ORDER BY message_id DESC LIMIT :most"
)
_EVER_IN_POSTGRES = (
    "WITH found AS MATERIALIZED (SELECT message_id FROM search_texts WHERE {})"
    " SELECT message_id FROM found WHERE message_id < :before ORDER BY message_id DESC LIMIT :most"
)


def _star(word: str, words: Sequence[str], star: str) -> str:
    """Whether more may follow: one letter begins too much, unless it is still being typed."""
    return star if len(word) > 1 or word == words[-1] else ""


def _by_conversation(message_ids: Sequence[int], listing: Listing, limit: int) -> Select[int, str, int]:
    newest = func.max(Message.id).label("message_id")
    query = select(newest, Message.conversation_id, func.count().label("hits"))
    query = query.where(Message.id.in_(message_ids))
    if listing != EVERYTHING:
        query = query.join(Conversation, Conversation.id == Message.conversation_id)
        query = query.where(*conditions(listing))
    return query.group_by(Message.conversation_id).order_by(newest.desc()).limit(limit)


def _message_id(after: str) -> int:
    if not after:
        return MAX_ROW_ID
    if not (after.isdecimal() and int(after[:20]) <= MAX_ROW_ID):
        raise DataError(f"after={after[:80]!r} {NO_PAGE}")
    return int(after)
