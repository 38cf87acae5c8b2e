"""Queries on conversations, their messages, decisions and events; it decides nothing and never commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Update, and_, cast, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, joinedload

from serving.db.tables import (
    Contact,
    Conversation,
    ConversationTag,
    DecisionRecord,
    DecisionTrace,
    Event,
    Feedback,
    Intent,
    KnowledgeChange,
    Message,
    Proposal,
    Team,
    WorkLease,
)
from serving.paging import Place, page_after

_ANSWER, _LEARN = "answer:", "learn:"
NO_QUESTION = ("silent", "smalltalk")
"""Kinds of decisions on what asks nothing."""
LONGEST_PAUSE = timedelta(minutes=2)
"""Longer than a burst of messages or a lease ever is."""


def find_conversation(session: Session, conversation_id: str, *, lock: bool = False) -> Conversation | None:
    """The conversation; `lock` makes other writers of it wait until the transaction ends."""
    query = select(Conversation).where(Conversation.id == conversation_id)
    return session.scalar(query.with_for_update() if lock else query)


def find_by_client_id(session: Session, contact_id: str, client_id: str) -> Conversation | None:
    """The contact's conversation that its client named so."""
    return session.scalar(
        select(Conversation).where(Conversation.contact_id == contact_id, Conversation.client_id == client_id)
    )


def list_of_contact(
    session: Session, contact_id: str, *, after: Place | None = None, limit: int
) -> list[Conversation]:
    """The contact's conversations after this place, newest first, and one more than `limit`."""
    query = select(Conversation).where(Conversation.contact_id == contact_id)
    return list(session.scalars(page_after(query, Conversation.created_at, Conversation.id, after, limit)))


def customer_names(session: Session, conversation_ids: Iterable[str]) -> dict[str, str]:
    """What the customers of these conversations are called, by conversation; without those nobody named."""
    query = select(Conversation.id, Contact.name).join(Contact, Contact.id == Conversation.contact_id)
    rows = session.execute(query.where(Conversation.id.in_(set(conversation_ids)), Contact.name.is_not(None)))
    return {conversation_id: name for conversation_id, name in rows if name}


def list_by_ids(session: Session, ids: Collection[str]) -> list[Conversation]:
    """The conversations with these ids, with contact and agent, in no order."""
    if not ids:
        return []
    query = select(Conversation).options(joinedload(Conversation.contact), joinedload(Conversation.agent))
    return list(session.scalars(query.where(Conversation.id.in_(ids))))


def find_message(session: Session, conversation_id: str, message_id: int) -> Message | None:
    """The message of this conversation."""
    return session.scalar(
        select(Message).where(Message.id == message_id, Message.conversation_id == conversation_id)
    )


def find_message_by_client_id(session: Session, conversation_id: str, client_id: str) -> Message | None:
    """The message of this conversation that its client named so."""
    return session.scalar(
        select(Message).where(Message.conversation_id == conversation_id, Message.client_id == client_id)
    )


def messages_after(
    session: Session, conversation_id: str, *, after: int = 0, notes: bool, limit: int
) -> list[Message]:
    """Messages with a greater id, oldest first; without notes unless asked."""
    query = select(Message).where(Message.conversation_id == conversation_id, Message.id > after)
    if not notes:
        query = query.where(Message.kind != "note")
    return list(session.scalars(query.options(joinedload(Message.agent)).order_by(Message.id).limit(limit)))


def messages_before(session: Session, conversation_id: str, before: int, *, limit: int) -> list[Message]:
    """The last messages (no notes, no system lines) with a smaller id, oldest first."""
    query = (
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.id < before)
        .where(Message.kind == "message", Message.author != "system")
    )
    return list(session.scalars(query.order_by(Message.id.desc()).limit(limit)))[::-1]


def customer_messages_between(
    session: Session, conversation_id: str, after: int, until: int | None = None
) -> list[Message]:
    """The customer's messages with `after < id <= until`, oldest first."""
    query = select(Message).where(
        Message.conversation_id == conversation_id, Message.author == "customer", Message.id > after
    )
    if until is not None:
        query = query.where(Message.id <= until)
    return list(session.scalars(query.order_by(Message.id)))


def last_agent_message_id(session: Session, conversation_id: str, *, before: int | None = None) -> int:
    """The id of the last message an agent wrote to the customer, of those with a smaller id; 0 for none."""
    query = select(func.max(Message.id)).where(
        Message.conversation_id == conversation_id, Message.author == "agent", Message.kind == "message"
    )
    if before is not None:
        query = query.where(Message.id < before)
    return session.scalar(query) or 0


def last_messages(session: Session, ids: Collection[str], *, notes: bool) -> Mapping[str, Message]:
    """The newest message of each conversation that has one."""
    newest = select(Message.id).where(Message.conversation_id == Conversation.id)
    if not notes:
        newest = newest.where(Message.kind != "note")
    last = newest.order_by(Message.id.desc()).limit(1).correlate(Conversation).scalar_subquery()
    last_ids = select(last).where(Conversation.id.in_(ids)).scalar_subquery()
    found = session.scalars(select(Message).where(Message.id.in_(last_ids)))
    return {message.conversation_id: message for message in found}


def last_message_id(session: Session, conversation_id: str, *, notes: bool) -> int | None:
    """The id of the conversation's newest message."""
    query = select(Message.id).where(Message.conversation_id == conversation_id)
    if not notes:
        query = query.where(Message.kind != "note")
    return session.scalar(query.order_by(Message.id.desc()).limit(1))


def messages_by_id(session: Session, ids: Collection[int]) -> Mapping[int, Message]:
    """The messages with these ids, with their agents."""
    if not ids:
        return {}
    found = session.scalars(select(Message).options(joinedload(Message.agent)).where(Message.id.in_(ids)))
    return {message.id: message for message in found}


def feedback_of(
    session: Session, message_ids: Collection[int], *, until: datetime | None = None
) -> Mapping[int, bool]:
    """What the customer said about these messages, as far as they first did so by `until`."""
    query = select(Feedback).where(Feedback.message_id.in_(message_ids))
    if until is not None:
        query = query.where(Feedback.created_at <= until)
    return {feedback.message_id: feedback.helpful for feedback in session.scalars(query)}


def pending_proposal_counts(session: Session, ids: Collection[str]) -> Mapping[str, int]:
    """How many proposals wait, by conversation; those without any are left out."""
    rows = session.execute(
        select(Proposal.conversation_id, func.count())
        .where(Proposal.conversation_id.in_(ids), Proposal.status == "pending")
        .group_by(Proposal.conversation_id)
    )
    return {row[0]: row[1] for row in rows}


def tags_of(session: Session, ids: Collection[str]) -> dict[str, list[str]]:
    """The tags of these conversations by conversation, in the order of the alphabet."""
    query = select(ConversationTag).where(ConversationTag.conversation_id.in_(ids))
    tags: dict[str, list[str]] = {}
    for row in session.scalars(query.order_by(ConversationTag.tag)):
        tags.setdefault(row.conversation_id, []).append(row.tag)
    return tags


def used_tags(session: Session, *, limit: int = 200) -> list[tuple[str, int]]:
    """Tags in use with how many conversations have them, the most used first, then by alphabet."""
    count = func.count()
    query = select(ConversationTag.tag, count).group_by(ConversationTag.tag)
    rows = session.execute(query.order_by(count.desc(), ConversationTag.tag).limit(limit))
    return [(row[0], row[1]) for row in rows]


def list_snooze_over(session: Session, moment: datetime, *, limit: int) -> Sequence[str]:
    """Snoozed conversations whose time has come.

    Also those that were snoozed in what is the future now: since then the clock was set back, and when they
    were to return cannot be told.
    """
    query = select(Conversation.id).where(_snooze_over(moment)).order_by(Conversation.snoozed_until)
    return session.scalars(query.limit(limit)).all()


def is_snooze_over(session: Session, conversation_id: str, moment: datetime) -> bool:
    """Whether the conversation is, now, one of those."""
    query = select(Conversation.id).where(Conversation.id == conversation_id, _snooze_over(moment))
    return session.scalar(query) is not None


def teams(session: Session) -> Mapping[str, Team]:
    """All teams by name."""
    return {team.name: team for team in session.scalars(select(Team))}


def find_team(session: Session, name: str | None) -> Team | None:
    """The team, if there is one of this name."""
    return None if name is None else session.get(Team, name)


def team_of_intent(session: Session, intent: str | None) -> str | None:
    """The team that serves the intent."""
    return session.scalar(select(Intent.team).where(Intent.name == intent)) if intent else None


def decisions_newest_first(
    session: Session, conversation_id: str, *, before: int | None = None, limit: int
) -> list[DecisionRecord]:
    """The last decisions of the conversation, of those with a smaller id."""
    query = select(DecisionRecord).where(DecisionRecord.conversation_id == conversation_id)
    if before is not None:
        query = query.where(DecisionRecord.id < before)
    return list(session.scalars(query.order_by(DecisionRecord.id.desc()).limit(limit)))


def last_question(session: Session, conversation_id: str) -> DecisionRecord | None:
    """The latest decision on what the customer asked: no silence, no smalltalk, no picked choice."""
    query = questions().where(DecisionRecord.conversation_id == conversation_id)
    return session.scalar(query.order_by(DecisionRecord.id.desc()).limit(1))


def questions() -> Select[DecisionRecord]:
    """Decisions on what customers asked: no smalltalk, no silence where people answer, no picked choice."""
    return (
        select(DecisionRecord)
        .join(Message, Message.id == DecisionRecord.message_id)
        .where(
            DecisionRecord.kind.not_in(NO_QUESTION),
            Message.payload["choice"].as_string().is_(None),
        )
    )


def find_question(session: Session, decision_id: int) -> DecisionRecord | None:
    """The decision with this id, if it is on what a customer asked, as in `last_question`."""
    return session.scalar(questions().where(DecisionRecord.id == decision_id))


def latest_decisions(session: Session, *, limit: int) -> list[DecisionRecord]:
    """The last decisions of all conversations, newest first, without those to keep silent."""
    query = select(DecisionRecord).where(DecisionRecord.kind != "silent")
    return list(session.scalars(query.order_by(DecisionRecord.id.desc()).limit(limit)))


def traces_of(session: Session, ids: Collection[int]) -> Mapping[int, Mapping[str, Any]]:  # JSON objects
    """How these decisions came about, by decision; without those whose trace is kept no longer."""
    found = session.scalars(select(DecisionTrace).where(DecisionTrace.decision_id.in_(ids)))
    return {row.decision_id: row.trace for row in found}


def bot_messages_of(session: Session, decision_ids: Collection[int]) -> Mapping[int, Message]:
    """The bot's message by the decision it speaks for."""
    found = session.scalars(select(Message).where(Message.decision_id.in_(decision_ids)))
    return {message.decision_id: message for message in found if message.decision_id is not None}


@dataclass(frozen=True, slots=True)
class Due:
    """A conversation that the bot must look at, and whose it is."""

    conversation_id: str
    contact_id: str


def list_due(session: Session, until: datetime, *, limit: int) -> list[Due]:
    """Conversations the bot must look at by now and no process has taken.

    First the longest due one of each customer, then everybody's second: so many of one customer keep nobody
    else's out of the list.
    """
    place = func.row_number().over(
        partition_by=Conversation.contact_id, order_by=(Conversation.answer_due_at, Conversation.id)
    )
    query = (
        select(Conversation.id, Conversation.contact_id)
        .where(Conversation.answer_due_at <= until)
        .where(~_taken(_ANSWER + Conversation.id, until))
        .order_by(place, Conversation.answer_due_at)
        .limit(limit)
    )
    return [Due(*row) for row in session.execute(query)]


def next_due(session: Session) -> datetime | None:
    """When the bot or the learning step must next look at anything, taken or not."""
    times = [
        session.scalar(select(column).where(column.is_not(None)).order_by(column).limit(1))
        for column in (Conversation.answer_due_at, Message.learning_due_at)
    ]
    return min((moment for moment in times if moment is not None), default=None)


def bring_forward(session: Session, moment: datetime) -> None:
    """Make due at `moment` what nobody has put off so far: since it was stored the clock was set back."""
    late = moment + LONGEST_PAUSE
    answers = update(Conversation).where(Conversation.answer_due_at > late).values(answer_due_at=moment)
    learning = (
        update(Message)
        .where(Message.learning_due_at > moment, Message.created_at > late)
        .values(learning_due_at=moment)
    )
    for statement in (answers, learning):
        session.execute(statement.execution_options(synchronize_session=False))


def claim(session: Session, conversation_id: str, due_at: datetime) -> bool:
    """Take the work if it is still due at exactly this time; False when it changed or somebody was first."""
    its = (Conversation.id == conversation_id, Conversation.answer_due_at == due_at)
    return _changed_one(session, update(Conversation).where(*its).values(answer_due_at=None))


def list_learning_due(session: Session, until: datetime, *, limit: int) -> Sequence[int]:
    """Agents' replies to learn from by now that no process has taken, the longest due first."""
    query = select(Message.id).where(Message.learning_due_at <= until)
    query = query.where(~_taken(_LEARN + cast(Message.id, String), until))
    return session.scalars(query.order_by(Message.learning_due_at, Message.id).limit(limit)).all()


def claim_learning(session: Session, message_id: int, due_at: datetime) -> bool:
    """Take the reply for learning if it is still due at exactly this time."""
    its = (Message.id == message_id, Message.learning_due_at == due_at)
    return _changed_one(session, update(Message).where(*its).values(learning_due_at=None))


def answer_work(conversation_id: str) -> str:
    """What the bot's turn in a conversation is called in a lease."""
    return f"{_ANSWER}{conversation_id}"


def learning_work(message_id: int) -> str:
    """What learning from an agent's reply is called in a lease."""
    return f"{_LEARN}{message_id}"


def take_lease(session: Session, work: str, holder: str, moment: datetime, *, seconds: float) -> bool:
    """Take the work for some seconds, unless somebody else has it."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    until = moment + timedelta(seconds=seconds)
    statement = dialect.insert(WorkLease).values(work=work, holder=holder, until=until)
    taken = statement.on_conflict_do_update(
        index_elements=[WorkLease.work],
        set_={"holder": holder, "until": until},
        where=~_runs(moment),
    )
    return session.scalar(taken.returning(WorkLease.work)) is not None


def renew_leases(session: Session, works: Collection[str], holder: str, until: datetime) -> None:
    """Keep the holder's leases for longer."""
    session.execute(
        update(WorkLease)
        .where(WorkLease.work.in_(works), WorkLease.holder == holder)
        .values(until=until)
        .execution_options(synchronize_session=False)
    )


def end_lease(session: Session, work: str, holder: str, *, until: datetime | None = None) -> None:
    """End the holder's lease, or let nobody have the work until a given time."""
    its = (WorkLease.work == work, WorkLease.holder == holder)
    statement = update(WorkLease).where(*its).values(until=until) if until else delete(WorkLease).where(*its)
    session.execute(statement.execution_options(synchronize_session=False))


def list_silently_resolved(
    session: Session, before: datetime, *, since: datetime, limit: int
) -> Sequence[str]:
    """Conversations that last changed between the two moments, by an answer nobody complained about."""
    chosen = select(Conversation.id).where(_silently_resolved(before), Conversation.updated_at > since)
    return session.scalars(chosen.limit(limit)).all()


def is_silently_resolved(session: Session, conversation_id: str, before: datetime) -> bool:
    """Whether the conversation is, now, one that ended in an answer and is unchanged since `before`."""
    query = select(Conversation.id).where(Conversation.id == conversation_id, _silently_resolved(before))
    return session.scalar(query) is not None


def ended_in_an_answer(session: Session, conversation_id: str) -> bool:
    """Whether the bot's last word on a question is an answer that the customer did not call unhelpful."""
    query = select(Conversation.id).where(Conversation.id == conversation_id, _answered_last())
    return session.scalar(query) is not None


def events_after(
    session: Session, after: int, *, conversation_id: str | None = None, limit: int
) -> list[Event]:
    """Events with a greater id, in order; of one conversation, or of all."""
    query = select(Event).where(Event.id > after)
    if conversation_id is not None:
        query = query.where(Event.conversation_id == conversation_id)
    return list(session.scalars(query.order_by(Event.id).limit(limit)))


def last_event_id(session: Session) -> int:
    """The greatest id in the log; 0 when it is empty."""
    return session.scalar(select(func.max(Event.id))) or 0


def first_event_id(session: Session) -> int:
    """The smallest id in the log; 0 when it is empty."""
    return session.scalar(select(func.min(Event.id))) or 0


def forget_oldest(
    session: Session, table: type[Event | DecisionTrace | KnowledgeChange], before: datetime, *, limit: int
) -> int:
    """Delete up to `limit` of the table's first rows, as far as they are from before; how many.

    The newest row stays: SQLite would give its number again, and a follower would miss the next one.
    """
    key: InstrumentedAttribute[int] = table.decision_id if issubclass(table, DecisionTrace) else table.id
    oldest = session.execute(select(key, table.created_at).order_by(key).limit(limit + 1)).all()
    old = [row[0] for row in takewhile(lambda row: row[1] < before, oldest[:-1])]
    if old:
        session.execute(delete(table).where(key.in_(old)))  # a range might be planned as a full scan
    return len(old)


def list_working(session: Session, ids: Collection[str]) -> set[str]:
    """Those of the conversations that the bot is about to answer."""
    query = select(Conversation.id).where(
        Conversation.id.in_(ids), Conversation.status == "bot", Conversation.answer_due_at.is_not(None)
    )
    return set(session.scalars(query))


def _snooze_over(moment: datetime) -> ColumnElement[bool]:
    over = or_(Conversation.snoozed_until <= moment, Conversation.snoozed_at > moment + LONGEST_PAUSE)
    return and_(Conversation.snoozed_until.is_not(None), over)


def _taken(work: ColumnElement[str], moment: datetime) -> ColumnElement[bool]:
    return select(WorkLease.work).where(WorkLease.work == work, _runs(moment)).exists()


def _runs(moment: datetime) -> ColumnElement[bool]:
    """Whether a lease has not ended; one with longer to go than any is of a clock that was set back since."""
    return and_(WorkLease.until > moment, WorkLease.until <= moment + LONGEST_PAUSE)


def _answered_last() -> ColumnElement[bool]:
    """Whether a conversation's last decision that is no smalltalk is an answer nobody called unhelpful."""
    last, later = aliased(DecisionRecord), aliased(DecisionRecord)
    answered_last = (
        select(last.id)
        .where(last.conversation_id == Conversation.id, last.kind == "answer", ~_unhelpful_of(last))
        .where(
            ~select(later.id)
            .where(
                later.conversation_id == last.conversation_id, later.id > last.id, later.kind != "smalltalk"
            )
            .exists()
        )
    )
    return answered_last.exists()


def _silently_resolved(before: datetime) -> ColumnElement[bool]:
    return and_(
        Conversation.status == "bot",
        Conversation.resolution == "none",
        Conversation.updated_at <= before,
        Conversation.answer_due_at.is_(None),
        _answered_last(),
    )


def _unhelpful_of(decision: type[DecisionRecord]) -> ColumnElement[bool]:
    return (
        select(Feedback.message_id)
        .join(Message, Message.id == Feedback.message_id)
        .where(Message.decision_id == decision.id, Feedback.helpful.is_(False))
        .exists()
    )


def _changed_one(session: Session, statement: Update) -> bool:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1
