"""Finds what an agent's reply answered: the customer's words since people last spoke; it writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from model.reasons import Reason
from serving.db.tables import Conversation, DecisionRecord, Feedback, Message

_LOOKED_BACK = 200
"""Messages before the reply that are considered."""
_ANSWER_FAILED = frozenset(
    {
        Reason.WANTS_PERSON,
        Reason.CUSTOMER_REQUEST,
        Reason.NO_OTHER_ANSWER,
        Reason.MOOD_LOW,
        Reason.MOOD_FALL,
        Reason.UNHAPPY,
        Reason.AGENT_STEPPED_IN,
    }
)
"""Reasons of a handoff after which the bot's last answer counts as no answer."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the customer asked and what the agent replied."""

    customer_messages: tuple[str, ...]
    replies: tuple[Message, ...]
    """The agent's messages in a row, the reply in question last."""
    human_only: bool
    """Whether the bot left what was asked to people because only they handle such matters."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said up to a reply, and what became of it."""

    replies: Sequence[Message]
    """The agent's messages in a row at the end."""
    before: Sequence[Message]
    """What came before them since people last spoke."""


def read_exchange(session: Session, conversation: Conversation, reply: Message) -> Exchange:
    """The exchange that ends with `reply`."""
    return _exchanges(session, [reply], {conversation.id: conversation})[reply.id]


def read_exchanges(session: Session, replies: Sequence[Message]) -> dict[int, Exchange]:
    """The exchanges that end with these replies, by id of the reply; in as many queries as for one."""
    ids = {reply.conversation_id for reply in replies}
    found = session.scalars(select(Conversation).where(Conversation.id.in_(ids)))
    return _exchanges(session, replies, {conversation.id: conversation for conversation in found})


def _exchanges(
    session: Session, replies: Sequence[Message], conversations: Mapping[str, Conversation]
) -> dict[int, Exchange]:
    said = {reply_id: _split(messages) for reply_id, messages in _messages_until(session, replies).items()}
    before = [message for one in said.values() for message in one.before]
    helpful, reasons = _feedback(session, before), _reasons(session, before)
    exchanges: dict[int, Exchange] = {}
    for reply in replies:
        one = said[reply.id]
        handoff_reason = conversations[reply.conversation_id].handoff_reason
        asked = _unanswered(one.before, handoff_reason, helpful, reasons)
        exchanges[reply.id] = Exchange(
            customer_messages=tuple(message.text for message in asked),
            replies=tuple(one.replies),
            human_only=any(Reason.HUMAN_ONLY_INTENT in reasons.get(message.id, ()) for message in asked),
        )
    return exchanges


def _messages_until(session: Session, replies: Sequence[Message]) -> dict[int, list[Message]]:
    """The last messages up to each reply, itself included, oldest first, without notes."""
    reply = aliased(Message)
    place = func.row_number().over(partition_by=reply.id, order_by=Message.id.desc())
    placed = (
        select(reply.id.label("reply_id"), Message.id.label("message_id"), place.label("place"))
        .join(Message, (Message.conversation_id == reply.conversation_id) & (Message.id <= reply.id))
        .where(reply.id.in_([one.id for one in replies]))
        .where(Message.kind == "message", Message.author != "system")
        .subquery()
    )
    rows = session.execute(
        select(placed.c.reply_id, Message)
        .join(Message, Message.id == placed.c.message_id)
        .options(joinedload(Message.agent))
        .where(placed.c.place <= _LOOKED_BACK)
        .order_by(Message.id)
    )
    messages: dict[int, list[Message]] = {one.id: [] for one in replies}
    for reply_id, message in rows:
        messages[reply_id].append(message)
    return messages


def _split(messages: Sequence[Message]) -> _Said:
    """The agent's messages in a row at the end, and what others said since people spoke before that."""
    start = len(messages)
    while start > 0 and messages[start - 1].author == "agent":
        start -= 1
    earlier = next((at for at in range(start - 1, -1, -1) if messages[at].author == "agent"), -1)
    return _Said(messages[start:], messages[earlier + 1 : start])


def _unanswered(
    messages: Sequence[Message],
    handoff_reason: str | None,
    helpful: Mapping[int, bool],
    reasons: Mapping[int, set[str]],
) -> list[Message]:
    """The customer's messages that the bot did not answer well, oldest first, without clicked choices."""
    answered: list[Message] = []
    waiting: list[Message] = []
    for message in messages:
        said = message.payload.get("kind")
        if message.author == "customer":
            waiting.append(message)
        elif said == "smalltalk" or (said == "answer" and helpful.get(message.id) is True):
            answered, waiting = [], []
        elif said == "answer" and helpful.get(message.id) is None:
            answered, waiting = waiting or answered, []
    if not waiting or handoff_reason in _ANSWER_FAILED:
        waiting = [*answered, *waiting]
    own_words = [message for message in waiting if not message.payload.get("choice")]
    questions = [message for message in own_words if Reason.WANTS_PERSON not in reasons.get(message.id, ())]
    return questions or own_words  # calls for a person count where there is nothing else to learn from


def _feedback(session: Session, messages: Sequence[Message]) -> dict[int, bool]:
    ids = [message.id for message in messages if message.author == "bot"]
    rows = session.execute(select(Feedback.message_id, Feedback.helpful).where(Feedback.message_id.in_(ids)))
    return {row.message_id: row.helpful for row in rows}


def _reasons(session: Session, messages: Sequence[Message]) -> dict[int, set[str]]:
    """Why the bot decided as it did on each of the customer's messages that it decided on, by message."""
    ids = [message.id for message in messages if message.author == "customer"]
    rows = session.execute(
        select(DecisionRecord.message_id, DecisionRecord.reasons).where(DecisionRecord.message_id.in_(ids))
    )
    reasons: dict[int, set[str]] = {}
    for message_id, some in rows:
        reasons.setdefault(message_id, set()).update(some)
    return reasons
