"""What customers and agents do in a conversation; it answers nothing itself and never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError, NotFoundError
from model.reasons import Reason
from serving.attachments.service import attach, chosen_for
from serving.bot.handoff import Handoff, hand_over, tried_answers
from serving.contacts.repository import find_contact
from serving.conversations import desk, repository
from serving.conversations.log import log_feedback, log_message, log_status
from serving.conversations.schemas import NewCsat, NewMessage
from serving.db.tables import (
    Agent,
    Attachment,
    Contact,
    Conversation,
    CsatRating,
    DecisionRecord,
    Feedback,
    Intent,
    IntentLabel,
    Message,
    now,
)
from serving.hours.service import end_handover
from serving.queues.assignment import own, share_out
from serving.settings import Settings

Row = TypeVar("Row")

ENDED_BY_CUSTOMER = "Ended by the customer"
_TRANSCRIPT_PAGE = 500


@dataclass(frozen=True, slots=True)
class Made(Generic[Row]):
    """A row, and whether this call made it or it existed already."""

    row: Row
    is_new: bool


def start_conversation(session: Session, contact_id: str, client_id: str) -> Made[Conversation]:
    """The contact's conversation with this client id; the same one however often it is asked for."""
    existing = repository.find_by_client_id(session, contact_id, client_id)
    if existing is not None:
        return Made(existing, is_new=False)
    contact = _existing_contact(session, contact_id)
    conversation = Conversation(contact_id=contact_id, client_id=client_id)
    try:
        with session.begin_nested():
            session.add(conversation)
    except IntegrityError:  # another request with the same client id was first
        existing = repository.find_by_client_id(session, contact_id, client_id)
        if existing is None:
            raise
        return Made(existing, is_new=False)
    contact.last_seen_at = now()
    log_status(session, conversation)
    return Made(conversation, is_new=True)


def get_conversation(
    session: Session, conversation_id: str, *, contact_id: str | None = None, lock: bool = False
) -> Conversation:
    """The conversation, of this contact if one is named: another's does not exist for a customer.

    Raises `NotFoundError`.
    """
    conversation = repository.find_conversation(session, conversation_id, lock=lock)
    if conversation is None or contact_id not in (None, conversation.contact_id):
        raise NotFoundError(f"no conversation {conversation_id!r}")
    return conversation


def post_customer_message(
    session: Session, settings: Settings, conversation: Conversation, body: NewMessage
) -> Made[Message]:
    """Store what the customer says, and make the bot look at it after the burst. Lock the row first."""
    existing = repository.find_message_by_client_id(session, conversation.id, body.client_id)
    if existing is not None:
        return Made(existing, is_new=False)
    if body.kind != "message":
        raise DataError(f"a customer cannot write a {body.kind!r}; leave `kind` out")
    payload = {"choice": _offered(session, conversation.id, body.choice)} if body.choice else {}
    attachments = chosen_for(session, conversation.id, body.attachments, author="customer")
    if attachments and not body.text.strip() and not conversation.is_with_people:
        raise DataError("say in a few words what the file is about; the bot reads no files")
    message = Message(
        conversation_id=conversation.id,
        client_id=body.client_id,
        author="customer",
        text=_checked_text(body.text, settings, may_be_empty=bool(attachments)),
        payload=payload,
    )
    _add_message(session, message, attachments)
    if conversation.status == "closed":
        _return_to_bot(session, conversation)
    desk.wake(session, conversation)
    _make_due(conversation, burst_milliseconds=settings.burst_milliseconds)
    _existing_contact(session, conversation.contact_id).last_seen_at = now()
    return Made(message, is_new=True)


def post_agent_message(
    session: Session, settings: Settings, conversation: Conversation, agent_id: str, body: NewMessage
) -> Made[Message]:
    """Store what the agent says: a reply silences the bot and takes the conversation, a note does neither.

    Raises `OwnedByOtherError` for a reply into another agent's conversation, unless the body says `anyway`.
    """
    existing = repository.find_message_by_client_id(session, conversation.id, body.client_id)
    if existing is not None:
        return Made(existing, is_new=False)
    if body.kind == "message" and not body.anyway:
        desk.refuse_over_owner(session, conversation, agent_id, what="answer")
    attachments = chosen_for(session, conversation.id, body.attachments, author="agent")
    message = Message(
        conversation_id=conversation.id,
        client_id=body.client_id,
        author="agent",
        kind=body.kind,
        text=_checked_text(body.text, settings, may_be_empty=bool(attachments)),
        agent_id=agent_id,
    )
    if body.kind == "message":
        _take_over(session, conversation, agent_id)
        message.learning_due_at = now() if message.text.strip() else None
    _add_message(session, message, attachments)
    if body.kind == "message":
        log_status(session, conversation)
    return Made(message, is_new=True)


def give_feedback(session: Session, conversation: Conversation, message_id: int, helpful: bool) -> None:
    """Keep the customer's word on a bot message; "no" on the latest answer makes the bot try again."""
    message = repository.find_message(session, conversation.id, message_id)
    if message is None or message.kind == "note":
        raise NotFoundError(f"no message {message_id} in this conversation")
    if message.author != "bot":
        raise ConflictError(f"message {message_id} is by {message.author}; only the bot's can be rated")
    before = session.get(Feedback, message_id)
    if before is not None and before.helpful == helpful:
        return
    session.merge(Feedback(message_id=message_id, conversation_id=conversation.id, helpful=helpful))
    log_feedback(session, conversation.id, message_id, helpful)
    if not _is_latest_answer(session, message) or conversation.is_with_people:
        return
    if helpful:
        conversation.resolution = "confirmed"
        log_status(session, conversation)
        return
    conversation.resolution = "none"
    if conversation.status == "closed":
        _return_to_bot(session, conversation)
    _make_due(conversation, burst_milliseconds=0)


def ask_for_person(session: Session, conversation: Conversation) -> None:
    """Hand the conversation to people because the customer pressed the button; once is enough."""
    if conversation.is_with_people:
        return
    hand_over(
        session,
        conversation,
        Handoff(
            reasons=(Reason.CUSTOMER_REQUEST,),
            question=_latest_question(session, conversation.id),
            intent=conversation.intent,
            mood=conversation.mood,
            tried=tried_answers(session, conversation.id),
        ),
    )


def rate(session: Session, conversation: Conversation, body: NewCsat) -> CsatRating:
    """Keep the customer's rating; the latest counts."""
    return session.merge(
        CsatRating(conversation_id=conversation.id, score=body.score, comment=body.comment, created_at=now())
    )


def label_intent(
    session: Session,
    conversation: Conversation,
    intent: str | None,
    agent_id: str,
    *,
    decision_id: int | None = None,
    move_team: bool = False,
) -> Conversation:
    """Say what the customer wanted with their last question; `None` for what no intent is about.

    The conversation shows it, and the next training with `--from-store` learns from it; said again, the later
    word counts. `decision_id` names the decision on another question of the conversation, which then is the
    one labelled. Raises `DataError` for an intent that the business does not have, `NotFoundError` when that
    was no question asked here, and `ConflictError` while the bot has read no question. With `move_team` the
    conversation goes to the team of what was wanted last, if that has one; who has taken it keeps it.
    """
    if intent is not None and session.get(Intent, intent) is None:
        raise DataError(f"there is no intent {intent!r}; list them with GET /v1/company")
    last = repository.last_question(session, conversation.id)
    if last is None:
        raise ConflictError("the customer has asked nothing that the bot read; there is nothing to label")
    decision = last if decision_id in (None, last.id) else _question(session, conversation.id, decision_id)
    label = session.get(IntentLabel, decision.id) or IntentLabel(decision_id=decision.id)
    label.intent, label.agent_id, label.created_at = intent, agent_id, now()
    session.add(label)
    if decision.id == last.id:
        conversation.intent = intent
        if move_team:
            conversation.team = repository.team_of_intent(session, intent) or conversation.team
        if decision_id is None:  # who labels a list of old questions does not bring them back to the top
            conversation.updated_at = now()
        log_status(session, conversation)
    return conversation


def close(session: Session, conversation: Conversation) -> None:
    """End the matter; the customer's next message goes to the bot again."""
    if conversation.status == "closed":
        return
    if conversation.status == "open" and conversation.first_response_at is not None:
        conversation.resolution = "human"
    if conversation.status == "waiting":
        end_handover(session, conversation, answered=False, at=now())
    conversation.status, conversation.priority = "closed", "normal"
    conversation.snoozed_until, conversation.snooze_reason = None, ""
    conversation.answer_due_at = None
    conversation.closed_at = conversation.updated_at = now()
    log_status(session, conversation)
    if conversation.team is not None and conversation.agent_id is not None:
        session.flush()
        share_out(session, conversation.team)  # who had it may have room for another


def end(session: Session, conversation: Conversation) -> None:
    """Close the conversation because its customer needs nothing more, and tell the agents who did.

    An answer of the bot that nobody complained about counts as an assumed resolution; a question that nobody
    has answered yet counts as none.
    """
    if conversation.status == "closed":
        return
    if conversation.status == "bot" and repository.ended_in_an_answer(session, conversation.id):
        conversation.resolution = "assumed" if conversation.resolution == "none" else conversation.resolution
    message = Message(conversation_id=conversation.id, author="system", text=ENDED_BY_CUSTOMER)
    session.add(message)
    log_message(session, message)
    close(session, conversation)


def mark_read(session: Session, conversation: Conversation, message_id: int) -> None:
    """Note that the customer has seen the messages up to this one; never less than before.

    Raises `NotFoundError` for a message of another conversation and for a note.
    """
    if message_id <= conversation.read_message_id:
        return
    message = repository.find_message(session, conversation.id, message_id)
    if message is None or message.kind == "note":
        raise NotFoundError(f"no message {message_id} in this conversation")
    conversation.read_message_id = message_id
    if conversation.is_with_people:  # an agent may be looking
        log_status(session, conversation)


def transcript(session: Session, conversation: Conversation) -> str:
    """What was said, oldest first, as plain text for the customer: when, who, the words; no notes."""
    names = {"customer": "You", "bot": "Assistant", "system": ""}
    parts = [f"Conversation of {_moment(conversation.created_at)}"]
    after = 0
    while messages := repository.messages_after(
        session, conversation.id, after=after, notes=False, limit=_TRANSCRIPT_PAGE
    ):
        after = messages[-1].id
        for message in messages:
            agent = message.agent.name if message.agent else "Our team"
            who = names.get(message.author, agent)
            sources = [str(source.get("title", "")) for source in message.payload.get("sources") or ()]
            files = [str(file["name"]) for file in message.payload.get("attachments") or ()]
            head = f"[{_moment(message.created_at)}] {who}".rstrip()
            foot = [f"Source: {title}" for title in sources if title] + [f"File: {name}" for name in files]
            parts.append("\n".join([head, message.text, *foot]))
    return "\n\n".join(parts) + "\n"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _question(session: Session, conversation_id: str, decision_id: int | None) -> DecisionRecord:
    decision = None if decision_id is None else repository.find_question(session, decision_id)
    if decision is None or decision.conversation_id != conversation_id:
        raise NotFoundError(f"decision {decision_id} is on no question of this conversation")
    return decision


def _existing_contact(session: Session, contact_id: str) -> Contact:
    contact = find_contact(session, contact_id)
    if contact is None:
        raise NotFoundError("this customer is no longer known; get a new token")
    return contact


def _add_message(session: Session, message: Message, attachments: Sequence[Attachment]) -> None:
    session.add(message)
    session.flush()
    attach(message, attachments)
    log_message(session, message)


def _checked_text(text: str, settings: Settings, *, may_be_empty: bool = False) -> str:
    if not text.strip() and not may_be_empty:
        raise DataError("text is empty; write at least one character")
    if len(text) > settings.max_message_chars:
        limit = f"{settings.max_message_chars:,}"
        raise DataError(f"the message has {len(text):,} characters, at most {limit} are accepted; shorten it")
    return text


def _offered(session: Session, conversation_id: str, ref: str) -> str:
    decisions = repository.decisions_newest_first(session, conversation_id, limit=20)
    asked_back = [decision.id for decision in decisions if decision.kind in {"clarify", "answer"}]
    for message in repository.bot_messages_of(session, asked_back).values():
        if ref in {choice.get("ref") for choice in message.payload.get("choices") or ()}:
            return ref
    raise DataError(f"choice {ref!r} was not offered here; send one of the choices' refs")


def _return_to_bot(session: Session, conversation: Conversation) -> None:
    conversation.status = "bot"
    own(conversation, None)
    conversation.unattended_since = None
    conversation.closed_at = None
    log_status(session, conversation)


def _make_due(conversation: Conversation, *, burst_milliseconds: int) -> None:
    conversation.updated_at = now()
    conversation.answer_due_at = conversation.updated_at + timedelta(milliseconds=burst_milliseconds)


def _take_over(session: Session, conversation: Conversation, agent_id: str) -> None:
    moment = now()
    if conversation.status == "waiting":
        end_handover(session, conversation, answered=True, at=moment)
    owner = session.get(Agent, conversation.agent_id) if conversation.agent_id else None
    if owner is not None and not owner.active:  # who left answers nobody any more
        own(conversation, None)
    if conversation.status in {"bot", "closed"}:  # nobody handed over: the agent stepped in
        conversation.handed_over_at = conversation.first_response_at = moment
        conversation.handoff_reason = Reason.AGENT_STEPPED_IN
        own(conversation, agent_id)
    conversation.first_response_at = conversation.first_response_at or moment
    own(conversation, conversation.agent_id or agent_id)
    conversation.status = "open"
    conversation.answer_due_at = None
    conversation.closed_at = conversation.snoozed_until = None
    conversation.snooze_reason = ""
    conversation.updated_at = moment


def _is_latest_answer(session: Session, message: Message) -> bool:
    decisions = repository.decisions_newest_first(session, message.conversation_id, limit=10)
    spoken = [decision for decision in decisions if decision.kind not in {"smalltalk", "silent"}]
    return bool(spoken) and spoken[0].id == message.decision_id


def _latest_question(session: Session, conversation_id: str) -> str:
    decisions = repository.decisions_newest_first(session, conversation_id, limit=1)
    after = decisions[0].message_id if decisions else 0
    unanswered = repository.customer_messages_between(session, conversation_id, after)
    if unanswered:
        return "\n".join(message.text for message in unanswered)
    return decisions[0].question if decisions else ""
