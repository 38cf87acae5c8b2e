"""The bot's turn: what to ask the resolver about a conversation, and how its decision is stored.

Reading, resolving and storing are three steps, so that no transaction is open while the resolver thinks. The
storing step takes the work by compare-and-set in the same transaction as the reply: whatever happens in
between, a reply is neither lost nor doubled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Literal

from sqlalchemy.orm import Session

from model.reasons import Reason
from model.types import Decision, Offered, Question, Turn
from model.understanding.courtesy import needs_nobody
from serving.bot.decisions import decision_record, failure_record, sources_json
from serving.bot.handoff import Handoff, hand_over, raise_priority, tried_answers
from serving.bot.picks import learn_from_pick
from serving.company.service import stored_danger, stored_infos
from serving.conversations import repository
from serving.conversations.log import log_message, log_status
from serving.db.tables import Conversation, DecisionRecord, Message, now
from serving.settings import Settings

_MAX_REPEATS = 3
_CLARIFYING_WORDS = "Which of these is it?"
_OFFER_TO_END = "Good to hear. Shall I end this conversation, so that nobody needs to answer?"


@dataclass(frozen=True, slots=True)
class BotTurn:
    """The bot's turn in one conversation, as read from the store."""

    conversation_id: str
    due_at: datetime
    message_id: int
    """The last customer message it considers."""
    question: Question
    is_retry: bool
    """Whether the last answer did not help and the same question is asked again."""
    given: Mapping[str, str]
    """Words of answers already given here, with their refs, unless the customer said they helped."""


def read_turn(session: Session, conversation_id: str, settings: Settings) -> BotTurn | None:
    """What the bot must look at now; `None` when nothing is due."""
    conversation = repository.find_conversation(session, conversation_id)
    if conversation is None or conversation.answer_due_at is None or conversation.answer_due_at > now():
        return None
    decisions = repository.decisions_newest_first(session, conversation_id, limit=50)
    messages = _unanswered(session, conversation_id, decisions)
    is_retry = not messages
    if is_retry:
        messages = _messages_of_last_decision(session, conversation_id, decisions)
    spoken = repository.bot_messages_of(session, [decision.id for decision in decisions])
    helpful = repository.feedback_of(session, [message.id for message in spoken.values()])
    return BotTurn(
        conversation_id=conversation_id,
        due_at=conversation.answer_due_at,
        message_id=messages[-1].id if messages else 0,
        question=_question(session, conversation, messages, decisions, spoken, helpful, settings),
        is_retry=is_retry,
        given=_given(decisions, spoken, helpful),
    )


def past_turn(session: Session, record: DecisionRecord, settings: Settings) -> BotTurn:
    """The turn in which a stored decision was made, to be decided again by `resolve_turn`.

    It knows what was said and rated until then; the customer's attributes are those of today.
    """
    conversation = session.get_one(Conversation, record.conversation_id)
    decisions = repository.decisions_newest_first(session, conversation.id, before=record.id, limit=50)
    since = decisions[0].message_id if decisions else 0
    is_retry = record.message_id == since
    if is_retry:
        messages = _messages_of_last_decision(session, conversation.id, decisions)
    else:
        by_agent = repository.last_agent_message_id(session, conversation.id, before=record.message_id)
        messages = repository.customer_messages_between(
            session, conversation.id, max(since, by_agent), record.message_id
        )
    spoken = repository.bot_messages_of(session, [decision.id for decision in decisions])
    helpful = repository.feedback_of(
        session, [message.id for message in spoken.values()], until=record.created_at
    )
    question = _question(session, conversation, messages, decisions, spoken, helpful, settings)
    return BotTurn(
        conversation_id=conversation.id,
        due_at=record.created_at,
        message_id=record.message_id,
        question=replace(
            question,
            text=record.question,
            mood=decisions[0].mood if decisions else 0.0,
            owned_by_person=False,
        ),
        is_retry=is_retry,
        given=_given(decisions, spoken, helpful),
    )


def resolve_turn(turn: BotTurn, resolve: Callable[[Question], Decision]) -> Decision:
    """The resolver's decision, asked again as long as it repeats an answer already given here word for word.

    A retry that finds nothing else goes to a person.
    """
    question = turn.question
    decision = resolve(question)
    for _ in range(_MAX_REPEATS):
        if decision.kind != "answer" or decision.answer not in turn.given or question.chosen_ref is not None:
            break
        repeated = turn.given[decision.answer]
        question = replace(question, tried_refs=question.tried_refs | {repeated})
        decision = resolve(question)
    repeats = decision.kind == "answer" and decision.answer in turn.given and question.chosen_ref is None
    gives_up = turn.is_retry and decision.kind == "smalltalk"
    if turn.is_retry and decision.kind == "handoff":
        return replace(decision, reasons=(*decision.reasons, Reason.NO_OTHER_ANSWER))
    if repeats or gives_up:
        return _as_handoff(decision, Reason.NO_OTHER_ANSWER)
    return decision


def store_decision(session: Session, turn: BotTurn, decision: Decision) -> bool:
    """Store the decision with its reply; False, changing nothing, when the conversation moved on."""
    if not repository.claim(session, turn.conversation_id, turn.due_at):
        return False
    conversation = repository.find_conversation(session, turn.conversation_id)
    if conversation is None or not turn.message_id:
        return False
    record = decision_record(turn.conversation_id, turn.message_id, turn.question.text, decision)
    session.add(record)
    session.flush()
    conversation.mood = decision.understanding.mood
    if decision.kind == "silent":
        raise_priority(session, conversation, decision.reasons)
        if conversation.status == "waiting" and needs_nobody(turn.question.text):
            _offer_end(session, conversation)
        return True
    conversation.intent = decision.understanding.intent or conversation.intent
    conversation.updated_at = now()
    if decision.kind == "handoff":
        _hand_over(session, conversation, record, decision)
        return True
    _reply(session, conversation, record, decision)
    asked = sum(one.author == "customer" for one in turn.question.history)
    learn_from_pick(session, record, chosen_ref=turn.question.chosen_ref, asked=asked)
    return True


def store_failure(session: Session, turn: BotTurn) -> bool:
    """Hand over to a person because the bot failed; False when the conversation moved on meanwhile."""
    if not repository.claim(session, turn.conversation_id, turn.due_at):
        return False
    conversation = repository.find_conversation(session, turn.conversation_id)
    if conversation is None or not turn.message_id or conversation.is_with_people:
        return True
    record = failure_record(conversation, turn.message_id, turn.question.text, Reason.BOT_ERROR)
    session.add(record)
    session.flush()
    _hand_over(session, conversation, record)
    return True


def _unanswered(session: Session, conversation_id: str, decisions: Sequence[DecisionRecord]) -> list[Message]:
    decided = decisions[0].message_id if decisions else 0
    by_agent = repository.last_agent_message_id(session, conversation_id)
    return repository.customer_messages_between(session, conversation_id, max(decided, by_agent))


def _messages_of_last_decision(
    session: Session, conversation_id: str, decisions: Sequence[DecisionRecord]
) -> list[Message]:
    if not decisions:
        return []
    last = decisions[0].message_id
    before = max((decision.message_id for decision in decisions if decision.message_id < last), default=0)
    return repository.customer_messages_between(session, conversation_id, before, last)


def _question(
    session: Session,
    conversation: Conversation,
    messages: Sequence[Message],
    decisions: Sequence[DecisionRecord],
    spoken: Mapping[int, Message],
    helpful: Mapping[int, bool],
    settings: Settings,
) -> Question:
    earlier = (
        repository.messages_before(session, conversation.id, messages[0].id, limit=settings.history_turns)
        if messages
        else []
    )
    failed = {
        decision.answer_ref
        for decision in decisions
        if decision.answer_ref and decision.id in spoken and helpful.get(spoken[decision.id].id) is False
    }
    choice = messages[-1].payload.get("choice") if messages else None
    asked_back = _asked_back(decisions)
    return Question(
        text="\n".join(message.text for message in messages),
        history=tuple(_turn(message) for message in earlier),
        mood=conversation.mood,
        contact=dict(conversation.contact.attributes),
        owned_by_person=conversation.is_with_people,
        tried_refs=frozenset(failed),
        clarifications=len(asked_back),
        rewordings=sum(Reason.NOT_UNDERSTOOD in decision.reasons for decision in asked_back),
        chosen_ref=choice if isinstance(choice, str) and choice not in failed else None,
        intents=stored_infos(session),
        danger=stored_danger(session),
    )


def _turn(message: Message) -> Turn:
    match message.author:
        case "customer":
            return Turn("customer", message.text)
        case "agent":
            return Turn("agent", message.text)
        case _:
            return Turn("bot", message.text, _answers(message, "choices"), _answers(message, "sources"))


def _answers(message: Message, key: Literal["choices", "sources"]) -> tuple[Offered, ...]:
    """The answers that the bot's message offered to choose from, or gave."""
    return tuple(Offered(answer["ref"], answer["title"]) for answer in message.payload.get(key) or [])


def _asked_back(decisions: Sequence[DecisionRecord]) -> list[DecisionRecord]:
    """Where the bot asked back since it last answered or handed over."""
    since = takewhile(lambda decision: decision.kind not in {"answer", "handoff"}, decisions)
    return [decision for decision in since if decision.kind == "clarify"]


def _given(
    decisions: Sequence[DecisionRecord], spoken: Mapping[int, Message], helpful: Mapping[int, bool]
) -> dict[str, str]:
    given: dict[str, str] = {}
    for decision in decisions:
        message = spoken.get(decision.id)
        if decision.answer_ref and message is not None and helpful.get(message.id) is not True:
            given[message.text] = decision.answer_ref
    return given


def _offer_end(session: Session, conversation: Conversation) -> None:
    """Ask a customer who seems to need nobody any more whether that is so; until they say it, people come."""
    message = Message(
        conversation_id=conversation.id, author="bot", text=_OFFER_TO_END, payload={"offers_end": True}
    )
    session.add(message)
    log_message(session, message)


def _as_handoff(decision: Decision, reason: str) -> Decision:
    return replace(
        decision, kind="handoff", answer="", sources=(), choices=(), reasons=(*decision.reasons, reason)
    )


def _hand_over(
    session: Session, conversation: Conversation, record: DecisionRecord, decision: Decision | None = None
) -> None:
    """Hand over for the reasons of the record, telling what the decision, if there is one, says first."""
    handoff = Handoff(
        reasons=record.reasons or (Reason.UNKNOWN,),
        question=_all_asked(session, record),
        intent=record.intent,
        team=record.team,
        mood=record.mood,
        decision_id=record.id,
        tried=tried_answers(session, conversation.id),
        answer=decision.answer if decision else "",
        sources=sources_json(decision.sources) if decision else (),
    )
    hand_over(session, conversation, handoff)


def _all_asked(session: Session, record: DecisionRecord) -> str:
    """What the customer asked, with what the bot had not understood just before it."""
    before = repository.decisions_newest_first(session, record.conversation_id, before=record.id, limit=1)
    unclear = [one.question for one in before if Reason.NOT_UNDERSTOOD in one.reasons]
    return "\n".join([*unclear, record.question])


def _reply(session: Session, conversation: Conversation, record: DecisionRecord, decision: Decision) -> None:
    payload: dict[str, object] = {"kind": decision.kind}
    if decision.kind == "answer":
        payload["sources"] = sources_json(decision.sources)
    if decision.choices:
        payload["choices"] = [{"ref": choice.ref, "title": choice.title} for choice in decision.choices]
    text = decision.answer or _CLARIFYING_WORDS
    message = Message(
        conversation_id=conversation.id, author="bot", text=text, decision_id=record.id, payload=payload
    )
    session.add(message)
    log_message(session, message)
    if decision.kind != "smalltalk":
        conversation.resolution = "none"
    log_status(session, conversation)
