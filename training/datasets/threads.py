"""Reads the store's conversations with what became of each question in them; judges no answer itself."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise, zip_longest
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from model.reasons import Reason
from serving.conversations.repository import NO_QUESTION
from serving.db.tables import Conversation, CsatRating, DecisionRecord, Feedback, IntentLabel, Message
from training.datasets.examples import Person

T = TypeVar("T", Message, DecisionRecord)


@dataclass(frozen=True, slots=True, eq=False)
class Thread:
    """A conversation with everything said and decided in it, oldest first."""

    conversation: Conversation
    person: Person
    messages: tuple[Message, ...]
    """Without notes and system lines."""
    decisions: tuple[DecisionRecord, ...]
    helpful: Mapping[int, bool]
    """The customer's word on the answer of a decision, by the decision's id."""
    rating: CsatRating | None
    labels: Mapping[int, IntentLabel]
    """What an agent said that a question was about, by the id of the decision on it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question to the bot and what became of it; a picked choice belongs to the question asked back."""

    text: str
    asked_at: datetime
    last_message_id: int
    asked_back: bool = False
    picked: str | None = None
    confirmed: tuple[str, ...] = ()
    """Refs of the answers that the customer said helped."""
    rejected: tuple[str, ...] = ()
    """Refs of the answers that the customer said did not help, or offered ones that they asked for a person
    rather than pick."""
    handed_over: str | None = None
    """Why the bot gave it to people, if it did."""
    is_understood: bool = True
    """Whether a word of it tells what it is about."""


def read_threads(session: Session) -> list[Thread]:
    """All conversations of the store, the oldest first."""
    asked = select(Conversation).options(joinedload(Conversation.contact))
    conversations = session.scalars(asked.order_by(Conversation.created_at, Conversation.id)).all()
    spoken = select(Message).where(Message.kind == "message", Message.author != "system")
    messages = _by_conversation(session.scalars(spoken.order_by(Message.id)))
    decisions = _by_conversation(session.scalars(select(DecisionRecord).order_by(DecisionRecord.id)))
    rated = session.execute(
        select(Message.decision_id, Feedback.helpful)
        .join(Message, Message.id == Feedback.message_id)
        .where(Message.decision_id.is_not(None))
    )
    helpful = {row.decision_id: row.helpful for row in rated}
    labels = {row.decision_id: row for row in session.scalars(select(IntentLabel))}
    ratings = {rating.conversation_id: rating for rating in session.scalars(select(CsatRating))}
    return [
        Thread(
            conversation=conversation,
            person=_person(conversation),
            messages=tuple(messages[conversation.id]),
            decisions=tuple(decisions[conversation.id]),
            helpful={row.id: helpful[row.id] for row in decisions[conversation.id] if row.id in helpful},
            rating=ratings.get(conversation.id),
            labels={row.id: labels[row.id] for row in decisions[conversation.id] if row.id in labels},
        )
        for conversation in conversations
    ]


def turns(thread: Thread) -> list[Turn]:
    """The questions of a conversation, in order; smalltalk and what was said to people are none."""
    messages = {message.id: message for message in thread.messages}
    questions: list[Turn] = []
    spoken = (decision for decision in thread.decisions if decision.kind not in NO_QUESTION)
    for message_id, group in groupby(spoken, key=lambda decision: decision.message_id):
        records = list(group)
        turn = _turn(records, messages.get(message_id), thread.helpful)
        turn = replace(turn, rejected=(*turn.rejected, *_refused(records[-1], thread)))
        if turn.picked and questions and questions[-1].asked_back:
            questions[-1] = _joined(questions[-1], turn)
        elif not turn.picked:  # a choice says nothing without the question before it
            questions.append(turn)
    return questions


def answers_by_people(thread: Thread, turn: Turn, until: int | None) -> list[Message]:
    """What agents wrote to the customer after the turn and before the message `until`, oldest first."""
    return [
        message
        for message in thread.messages
        if message.author == "agent"
        and message.id > turn.last_message_id
        and (until is None or message.id < until)
    ]


def pressed_after(thread: Thread) -> list[DecisionRecord]:
    """The decisions after whose reply the customer said nothing more but pressed "Talk to a person"."""
    decisions = {decision.id: decision for decision in thread.decisions}
    return [
        decisions[before.decision_id]
        for before, message in pairwise(thread.messages)
        if message.author == "bot"
        and message.decision_id is None  # no decision of the bot's: the button
        and message.payload.get("kind") == "handoff"
        and before.decision_id in decisions
    ]


def agent_replies(thread: Thread) -> list[Message]:
    """The last of each run of an agent's messages."""
    return [
        message
        for message, after in zip_longest(thread.messages, thread.messages[1:])
        if message.author == "agent" and (after is None or after.author != "agent")
    ]


def _turn(records: Sequence[DecisionRecord], message: Message | None, helpful: Mapping[int, bool]) -> Turn:
    """One question; a retry after an answer that did not help is the same question."""
    choice = message.payload.get("choice") if message else None
    handed_over = [
        record.reasons[-1] if record.reasons else "" for record in records if record.kind == "handoff"
    ]
    answers = [(record.answer_ref, helpful.get(record.id)) for record in records if record.answer_ref]
    return Turn(
        text=records[0].question,
        asked_at=message.created_at if message else records[0].created_at,
        last_message_id=records[0].message_id,
        asked_back=records[-1].kind == "clarify",
        picked=choice if isinstance(choice, str) else None,
        confirmed=tuple(ref for ref, helped in answers if ref and helped is True),
        rejected=tuple(ref for ref, helped in answers if ref and helped is False),
        handed_over=handed_over[-1] if handed_over else None,
        is_understood=not any(Reason.NOT_UNDERSTOOD in record.reasons for record in records),
    )


def _refused(record: DecisionRecord, thread: Thread) -> tuple[str, ...]:
    """The answers offered, where the customer pressed the button for a person instead.

    Where the bot asked whether they want an answer or a person, that says nothing about the answers.
    """
    if record.kind != "clarify" or Reason.HUMAN_ONLY_IN_PASSING in record.reasons:
        return ()
    if record not in pressed_after(thread):
        return ()
    offered = (
        message.payload.get("choices") for message in thread.messages if message.decision_id == record.id
    )
    return tuple(choice["ref"] for choices in offered for choice in choices or ())


def _joined(asked: Turn, choice: Turn) -> Turn:
    return replace(
        asked,
        last_message_id=choice.last_message_id,
        asked_back=choice.asked_back,
        picked=choice.picked,
        confirmed=(*asked.confirmed, *choice.confirmed),
        rejected=(*asked.rejected, *choice.rejected),
        handed_over=choice.handed_over or asked.handed_over,
    )


def _person(conversation: Conversation) -> Person:
    contact = conversation.contact
    return Person(
        id=contact.id,
        names=(contact.name,) if contact.name else (),
        customer_ids=(contact.external_id,) if contact.external_id else (),
    )


def _by_conversation(rows: Iterable[T]) -> defaultdict[str, list[T]]:
    by_conversation: defaultdict[str, list[T]] = defaultdict(list)
    for row in rows:
        by_conversation[row.conversation_id].append(row)
    return by_conversation
