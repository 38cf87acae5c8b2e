"""Finds what an agent's reply answered: the customer's words since people last spoke; it writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.tables import Conversation, DecisionRecord, Feedback, Message

_LOOKED_BACK = 200
"""Messages before the reply that are considered."""
_WANTS_PERSON, _HUMAN_ONLY = "wants_person", "human_only_intent"
_ANSWER_FAILED = frozenset(
    {
        _WANTS_PERSON,
        "customer_request",
        "no_other_answer",
        "mood_low",
        "mood_fall",
        "unhappy",
        "agent_stepped_in",
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


def read_exchange(session: Session, conversation: Conversation, reply: Message) -> Exchange:
    """The exchange that ends with `reply`."""
    messages = _messages_until(session, reply)
    replies, before = _split_replies(messages)
    asked = _unanswered(session, conversation, _since_people_spoke(before))
    reasons = _reasons(session, asked).values()
    return Exchange(
        customer_messages=tuple(message.text for message in asked),
        replies=tuple(replies),
        human_only=any(_HUMAN_ONLY in some for some in reasons),
    )


def _messages_until(session: Session, reply: Message) -> list[Message]:
    """The last messages up to the reply, oldest first, without notes."""
    chosen = select(Message).where(
        Message.conversation_id == reply.conversation_id,
        Message.id <= reply.id,
        Message.kind == "message",
        Message.author != "system",
    )
    return list(session.scalars(chosen.order_by(Message.id.desc()).limit(_LOOKED_BACK)))[::-1]


def _split_replies(messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """The agent's messages in a row at the end, and what came before them."""
    start = len(messages)
    while start > 0 and messages[start - 1].author == "agent":
        start -= 1
    return list(messages[start:]), list(messages[:start])


def _since_people_spoke(messages: Sequence[Message]) -> list[Message]:
    for position in range(len(messages) - 1, -1, -1):
        if messages[position].author == "agent":
            return list(messages[position + 1 :])
    return list(messages)


def _unanswered(session: Session, conversation: Conversation, messages: Sequence[Message]) -> list[Message]:
    """The customer's messages that the bot did not answer well, oldest first, without clicked choices."""
    helpful = _feedback(session, messages)
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
    if not waiting or conversation.handoff_reason in _ANSWER_FAILED:
        waiting = [*answered, *waiting]
    own_words = [message for message in waiting if not message.payload.get("choice")]
    calls = _calls_for_a_person(session, own_words)
    return [message for message in own_words if message.id not in calls]


def _feedback(session: Session, messages: Sequence[Message]) -> dict[int, bool]:
    ids = [message.id for message in messages if message.author == "bot"]
    rows = session.execute(select(Feedback.message_id, Feedback.helpful).where(Feedback.message_id.in_(ids)))
    return {row.message_id: row.helpful for row in rows}


def _calls_for_a_person(session: Session, messages: Sequence[Message]) -> set[int]:
    """Messages that asked for a person, unless there is nothing else to learn from."""
    if len(messages) < 2:
        return set()
    reasons = _reasons(session, messages)
    calls = {message_id for message_id, some in reasons.items() if _WANTS_PERSON in some}
    return calls if len(calls) < len(messages) else set()


def _reasons(session: Session, messages: Sequence[Message]) -> dict[int, set[str]]:
    """Why the bot decided as it did on each message that it decided on, by message."""
    rows = session.execute(
        select(DecisionRecord.message_id, DecisionRecord.reasons).where(
            DecisionRecord.message_id.in_([message.id for message in messages])
        )
    )
    found: dict[int, set[str]] = {}
    for message_id, reasons in rows:
        found.setdefault(message_id, set()).update(reasons)
    return found
