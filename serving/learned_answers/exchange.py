"""Finds what an agent's reply answered: the customer's words since people last spoke; it writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from knowledge.learning.cleaning import only_stalls
from model.reasons import Reason
from serving.conversations.repository import feedback_of
from serving.db.tables import Conversation, DecisionRecord, Message

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


def read_exchange(session: Session, reply: Message) -> Exchange:
    """The exchange that ends with `reply`."""
    return read_exchanges(session, [reply])[reply.id]


def read_exchanges(session: Session, replies: Sequence[Message]) -> dict[int, Exchange]:
    """The exchanges that end with these replies, by id of the reply; in as many queries as for one."""
    ids = {reply.conversation_id for reply in replies}
    rows = session.execute(
        select(Conversation.id, Conversation.handoff_reason).where(Conversation.id.in_(ids))
    )
    handoff_reasons = {row.id: row.handoff_reason for row in rows}
    parts = {reply_id: _split(messages) for reply_id, messages in _messages_until(session, replies).items()}
    before = [message for _, earlier in parts.values() for message in earlier]
    helpful, reasons = feedback_of(session, [message.id for message in before]), _reasons(session, before)
    exchanges: dict[int, Exchange] = {}
    for reply in replies:
        in_a_row, earlier = parts[reply.id]
        asked = _unanswered(earlier, handoff_reasons[reply.conversation_id], helpful, reasons)
        exchanges[reply.id] = Exchange(
            customer_messages=tuple(message.text for message in asked),
            replies=tuple(in_a_row),
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
        .where(reply.id.in_([message.id for message in replies]))
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
    messages: dict[int, list[Message]] = {message.id: [] for message in replies}
    for reply_id, message in rows:
        messages[reply_id].append(message)
    return messages


def _split(messages: Sequence[Message]) -> tuple[Sequence[Message], Sequence[Message]]:
    """The agent's messages in a row at the end, and what was said since people gave an answer before that.

    Who only won time or asked back has given none yet.
    """
    start = len(messages)
    while start > 0 and messages[start - 1].author == "agent":
        start -= 1
    earlier = next((at for at in range(start - 1, -1, -1) if _answers(messages[at])), -1)
    return messages[start:], messages[earlier + 1 : start]


def _answers(message: Message) -> bool:
    names = [message.agent.name] if message.agent is not None else []
    return message.author == "agent" and not only_stalls(message.text, agent_names=names)


def _unanswered(
    messages: Sequence[Message],
    handoff_reason: str | None,
    helpful: Mapping[int, bool],
    reasons: Mapping[int, set[str]],
) -> list[Message]:
    """The customer's messages that the bot did not answer well, oldest first, without clicked choices."""
    answered: list[Message] = []
    waiting: list[Message] = []
    spoken = 0
    """How many of those waiting were there when the bot spoke last."""
    for message in messages:
        kind = message.payload.get("kind")
        if message.author == "customer":
            waiting.append(message)
        elif kind == "smalltalk":  # what it was said to asks nothing; what was asked before is open still
            waiting = waiting[:spoken]
        elif kind == "answer" and helpful.get(message.id) is True:
            answered, waiting = [], []
        elif kind == "answer" and helpful.get(message.id) is None:
            answered, waiting = waiting or answered, []
        spoken = len(waiting) if message.author == "bot" else spoken
    if not waiting or handoff_reason in _ANSWER_FAILED:
        waiting = [*answered, *waiting]
    own_words = [message for message in waiting if not message.payload.get("choice")]
    questions = [message for message in own_words if Reason.WANTS_PERSON not in reasons.get(message.id, ())]
    return questions or own_words  # calls for a person count where there is nothing else to learn from


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
