"""The lists of the inbox: which conversations each shows, in which order, and how many they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, joinedload

from model.errors import DataError
from serving.db.tables import (
    PRIORITIES,
    WITH_PEOPLE,
    Agent,
    Conversation,
    ConversationTag,
    Team,
)
from serving.paging import NO_PAGE, Place

View = Literal[
    "needs_person", "mine", "unassigned", "my_team", "waiting", "open", "bot", "snoozed", "closed", "all"
]
VIEWS: tuple[View, ...] = get_args(View)
Order = Literal["pressing", "longest", "newest"]
"""Priority, then who waits longest; who waits longest; or what changed last."""
ORDERS: tuple[Order, ...] = get_args(Order)
MOST_COUNTED = 100
"""Of lists that grow for ever: they are counted no further."""
_STATUS_OF_VIEW: Mapping[str, tuple[str, ...]] = {
    "waiting": ("waiting",),
    "open": ("open",),
    "bot": ("bot",),
    "closed": ("closed",),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """Which conversations a list shows."""

    view: View = "needs_person"
    viewer_id: str = ""
    """Whose list it is, for `mine` and `me`."""
    viewer_team: str | None = None
    status: str = ""
    team: str | None = None
    """By name."""
    team_like: str = ""
    """By name or title, as somebody types it."""
    tag: str = ""
    assignee: str = ""
    """`me`, `nobody`, or what an agent's id, e-mail or name begins with."""
    unattended: bool | None = None
    """Those that wait where nobody looks, or all others; `None` for either."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many conversations a list has."""

    count: int
    more: bool = False
    """Whether there are more than that."""


def conditions(listing: Listing) -> list[ColumnElement[bool]]:
    """What a conversation of the list fulfils."""
    found = [*_view_conditions(listing)]
    if listing.status == "snoozed":
        found.append(Conversation.snoozed_until.is_not(None))
    elif listing.status:
        found.append(Conversation.status == listing.status)
    if listing.team is not None:
        found.append(Conversation.team == listing.team)
    if listing.team_like:
        like = _begins(listing.team_like)
        title = func.lower(Team.title).like(like, escape="\\")
        teams = select(Team.name).where(or_(func.lower(Team.name).like(like, escape="\\"), title))
        found.append(Conversation.team.in_(teams))
    if listing.tag:
        tagged = select(ConversationTag.conversation_id).where(ConversationTag.tag == listing.tag)
        found.append(Conversation.id.in_(tagged))
    if listing.assignee:
        found.append(_assigned(listing))
    if listing.unattended is not None:
        marked = and_(
            Conversation.unattended_since.is_not(None),
            Conversation.agent_id.is_(None),
            Conversation.status.in_(WITH_PEOPLE),
        )
        found.append(marked if listing.unattended else ~marked)
    return found


def list_inbox(
    session: Session, listing: Listing, *, order: Order = "pressing", after: str = "", limit: int
) -> list[Conversation]:
    """The conversations of the list after this place, with contact and agent, and one more than `limit`.

    Of `pressing` and `longest` those that wait for a person come first; then, as in `newest`, the last
    changed first. Raises `DataError` for a place that no page gave.
    """
    rank, since = _rank(order), Conversation.handed_over_at
    query = select(Conversation).options(joinedload(Conversation.contact), joinedload(Conversation.agent))
    query = query.where(*conditions(listing))
    if after:
        query = query.where(_after(after, order, rank))
    if order != "newest" and _may_wait(listing):  # few; the others go by their index
        query = query.order_by(rank.desc(), case((rank >= 0, since), else_=None), _id_of_waiting(rank))
    query = query.order_by(Conversation.updated_at.desc(), Conversation.id.desc())
    return list(session.scalars(query.limit(limit + 1)))


def next_cursor(rows: Sequence[Conversation], limit: int, order: Order) -> str | None:
    """Where the page of the first `limit` rows ends, for `after`; `None` on the last page."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    if order == "newest":
        return str(Place(last.updated_at, last.id))
    waits = last.status == "waiting" and last.handed_over_at is not None
    rank = -1 if not waits else 0 if order == "longest" else PRIORITIES.index(last.priority)
    moment = last.handed_over_at if waits and last.handed_over_at else last.updated_at
    return f"{rank + 1}.{Place(moment, last.id)}"


def count_views(session: Session, *, viewer_id: str, viewer_team: str | None) -> dict[View, Count]:
    """How many conversations each list has, in one statement.

    What people have is counted to the last; what the bot has, what is closed and all up to `MOST_COUNTED`.
    """
    working: list[View] = ["needs_person", "mine", "unassigned", "my_team", "snoozed"]
    endless: list[View] = ["bot", "closed", "all"]
    of = {view: Listing(view=view, viewer_id=viewer_id, viewer_team=viewer_team) for view in VIEWS}
    # One status after the other: of both together SQLite thinks they are most of the table, and reads all.
    columns = (Conversation.agent_id, Conversation.team, Conversation.snoozed_until)
    each = (select(*columns).where(Conversation.status == status) for status in WITH_PEOPLE)
    people = union_all(*each).subquery()
    sums = select(
        *(
            func.sum(case((and_(*_work_conditions(of[view], people.c)), 1), else_=0)).label(view)
            for view in working
        )
    ).subquery()
    capped = [
        select(func.count())
        .select_from(
            select(literal(1))
            .select_from(Conversation)
            .where(*conditions(of[view]))
            .order_by(Conversation.updated_at)  # by an index: PostgreSQL might read the table else
            .limit(MOST_COUNTED + 1)
            .subquery()
        )
        .scalar_subquery()
        .label(view)
        for view in endless
    ]
    row = session.execute(select(sums, *capped)).one()._mapping
    counts: dict[View, Count] = {view: Count(row[view] or 0) for view in working}
    for view in endless:
        counts[view] = Count(min(row[view], MOST_COUNTED), more=row[view] > MOST_COUNTED)
    return {view: counts[view] for view in VIEWS if view in counts}


def _view_conditions(listing: Listing) -> list[ColumnElement[bool]]:
    """What a conversation of the view fulfils."""
    view = listing.view
    if view == "all":
        return []
    if view in _STATUS_OF_VIEW:
        of_status = Conversation.status.in_(_STATUS_OF_VIEW[view])
        return [of_status, Conversation.snoozed_until.is_(None)] if view in WITH_PEOPLE else [of_status]
    return [Conversation.status.in_(WITH_PEOPLE), *_work_conditions(listing, Conversation)]


def _work_conditions(listing: Listing, row: Any) -> list[ColumnElement[bool]]:  # columns by name
    """What distinguishes the list among what people have; what is snoozed is out of every list of work."""
    if listing.view == "snoozed":
        return [row.snoozed_until.is_not(None)]
    narrower: Mapping[str, list[ColumnElement[bool]]] = {
        "mine": [row.agent_id == listing.viewer_id],
        "unassigned": [row.agent_id.is_(None)],
        "my_team": [row.team == listing.viewer_team] if listing.viewer_team else [false()],
    }
    return [row.snoozed_until.is_(None), *narrower.get(listing.view, [])]


def _assigned(listing: Listing) -> ColumnElement[bool]:
    wanted = listing.assignee.casefold()
    if wanted in {"nobody", "none"}:
        return Conversation.agent_id.is_(None)
    if wanted == "me":
        return Conversation.agent_id == listing.viewer_id
    names = (func.lower(Agent.name), func.lower(Agent.email), Agent.id)
    like = [name.like(_begins(listing.assignee), escape="\\") for name in names]
    return Conversation.agent_id.in_(select(Agent.id).where(or_(*like)))


def _begins(typed: str) -> str:
    plain = typed[:100].lower().replace("\x00", "")
    return plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _may_wait(listing: Listing) -> bool:
    """Whether one that waits may be in the list; `all` is read in the order of its index."""
    return listing.view not in {"bot", "closed", "all", "open"} and listing.status in {
        "",
        "waiting",
        "snoozed",
    }


def _rank(order: Order) -> ColumnElement[int]:
    """From 0 for those that wait, by priority if that counts; -1 for the others."""
    others = or_(Conversation.status != "waiting", Conversation.handed_over_at.is_(None))
    if order == "longest":
        return case((others, -1), else_=0)
    by_priority = [(Conversation.priority == name, rank) for rank, name in enumerate(PRIORITIES)]
    return case((others, -1), *by_priority, else_=0)


def _id_of_waiting(rank: ColumnElement[int]) -> ColumnElement[str | None]:
    return case((rank >= 0, Conversation.id), else_=None)


def _after(after: str, order: Order, rank: ColumnElement[int]) -> ColumnElement[bool]:
    head, dot, rest = after.partition(".")
    if order == "newest" or not dot:
        place = Place.parse(after)
        return tuple_(Conversation.updated_at, Conversation.id) < tuple_(place.moment, place.row_id)
    if not (head.isdecimal() and int(head[:3]) <= len(PRIORITIES)):
        raise DataError(f"after={after[:80]!r} {NO_PAGE}")
    place, place_rank = Place.parse(rest), int(head) - 1
    if place_rank < 0:
        changed = tuple_(Conversation.updated_at, Conversation.id) < tuple_(place.moment, place.row_id)
        return and_(rank < 0, changed)
    later = tuple_(Conversation.handed_over_at, Conversation.id) > tuple_(place.moment, place.row_id)
    return or_(rank < place_rank, and_(rank == place_rank, later))


def waiting_since(conversation: Conversation) -> datetime | None:
    """Since when the customer of a conversation that was handed over waits; `None` when nobody does."""
    return (
        (conversation.handed_over_at or conversation.updated_at) if conversation.status == "waiting" else None
    )
