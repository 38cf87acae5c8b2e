"""Hands a conversation to people, with honest words to the customer and a summary for the agent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from model.reasons import Reason
from serving.conversations import repository
from serving.conversations.log import log_message, log_status
from serving.db.tables import PRIORITIES, Conversation, Message, Priority, Team, now
from serving.details.service import ask_for_details
from serving.hours.schemas import WaitingOut
from serving.hours.service import begin_handover
from serving.hours.waiting import Told
from serving.hours.words import handed_over_words
from serving.queues.assignment import offer, own

_OPENINGS: Mapping[str, str] = {
    Reason.WANTS_PERSON: "Of course.",
    Reason.CUSTOMER_REQUEST: "Of course.",
    Reason.HUMAN_ONLY_INTENT: "This is something a person should look after.",
    Reason.HUMAN_ONLY_IN_PASSING: "This is something a person should look after.",
    Reason.HUMAN_ONLY_CUSTOMER: "A person looks after this for you.",
    Reason.NO_OTHER_ANSWER: "I am sorry that my answer did not help.",
    Reason.BOT_ERROR: "Something went wrong on my side, and I do not want to keep you waiting.",
}
_APOLOGIES: Mapping[str, str] = {
    Reason.MOOD_LOW: "I am sorry that this has been so frustrating.",
    Reason.MOOD_FALL: "I am sorry that I have let you down here.",
    Reason.UNHAPPY: "I am sorry that we are not getting anywhere.",
}
"""What an upset customer is told first, whatever else is a reason."""
_SAFETY_FIRST = (
    "Your safety comes first: if anyone is hurt or in danger, call your local emergency number now."
)
_PRIORITY_OF: Mapping[str, Priority] = {**dict.fromkeys(_APOLOGIES, "high"), Reason.DANGER: "urgent"}
_FOR_THEIR_MATTER = frozenset({Reason.HUMAN_ONLY_INTENT, Reason.HUMAN_ONLY_IN_PASSING})
_COMES_BACK_WITHIN = timedelta(days=7)
_OPENING_OTHERWISE = "I do not have an answer to this that I am sure of."


@dataclass(frozen=True, slots=True)
class Handoff:
    """Why a conversation goes to people, and what the agent should know."""

    reasons: Sequence[str]
    """Stable codes in the order found; the last is the one that counts."""
    question: str
    intent: str | None = None
    team: str | None = None
    mood: float = 0.0
    decision_id: int | None = None
    tried: Sequence[Mapping[str, str]] = field(default=())
    """Answers given before, `ref` and `title` each."""
    answer: str = ""
    """What the customer is told before anything else, Markdown."""
    sources: Sequence[Mapping[str, Any]] = field(default=())  # JSON objects
    """What that rests on."""


def hand_over(session: Session, conversation: Conversation, handoff: Handoff) -> Message:
    """Put the conversation in the team's queue and tell the customer; the bot's message."""
    team, moment = _team(session, conversation, handoff), now()
    conversation.status = "waiting"
    conversation.answer_due_at = None
    conversation.team = team.name if team else None
    own(conversation, None)
    conversation.handoff_reason = handoff.reasons[-1][:64]
    conversation.priority = priority_of(handoff.reasons)
    conversation.handoff_summary = _summary(handoff, conversation.team)
    conversation.handed_over_at = conversation.updated_at = moment
    conversation.first_response_at = conversation.closed_at = None
    conversation.resolution = "none"
    told = begin_handover(session, conversation, team, at=moment)
    conversation.waiting = WaitingOut.of(told).model_dump(mode="json")
    asks = ask_for_details(session, conversation, handoff.intent or conversation.intent, team)
    message = _words_message(conversation, team, handoff, handoff_words(handoff.reasons, team, told))
    if asks:
        message.payload = {**message.payload, "details": True}
    session.add(message)
    log_message(session, message)
    log_status(session, conversation)
    offer(session, conversation)
    return message


def priority_of(reasons: Sequence[str]) -> Priority:
    """The greatest priority that one of the reasons gives a conversation."""
    return max((_PRIORITY_OF.get(reason, "normal") for reason in reasons), key=_rank, default="normal")


def raise_priority(session: Session, conversation: Conversation, reasons: Sequence[str]) -> None:
    """Give a conversation that people have already the priority of these reasons, unless its own is greater.

    What a customer writes while waiting may be more pressing than what they waited for.
    """
    priority = priority_of(reasons)
    if conversation.is_with_people and _rank(priority) > _rank(conversation.priority):
        conversation.priority = priority
        log_status(session, conversation)


def handoff_words(reasons: Sequence[str], team: Team | None, told: Told) -> str:
    """What the customer is told: why, who will answer, when they are there, and by when that usually is."""
    who = f"our {team.title} team" if team else "our team"
    if priority_of(reasons) != "normal":
        who = f"{who} and have asked them to look at this first"
    return f"{_opening(reasons)} {handed_over_words(told, who=who)}"


def tried_answers(session: Session, conversation_id: str) -> list[dict[str, str]]:
    """The answers the bot gave lately, oldest first, as `ref` and `title`."""
    decisions = repository.decisions_newest_first(session, conversation_id, limit=20)[::-1]
    messages = repository.bot_messages_of(session, [decision.id for decision in decisions])
    tried: dict[str, str] = {}
    for decision in decisions:
        if decision.answer_ref is None or decision.id not in messages:
            continue
        sources = messages[decision.id].payload.get("sources") or [{}]
        tried[decision.answer_ref] = str(sources[0].get("title", ""))
    return [{"ref": ref, "title": title} for ref, title in tried.items()]


def _opening(reasons: Sequence[str]) -> str:
    """Safety before an apology where either is due, else the words of the last reason that has any."""
    if Reason.DANGER in reasons:
        return _SAFETY_FIRST
    apologies, openings = (
        [words[reason] for reason in reasons if reason in words] for words in (_APOLOGIES, _OPENINGS)
    )
    return [_OPENING_OTHERWISE, *openings, *apologies][-1]


def _rank(priority: Priority) -> int:
    return PRIORITIES.index(priority)


def _team(session: Session, conversation: Conversation, handoff: Handoff) -> Team | None:
    """The team that answered lately, unless a matter for people alone came up; else that of the intent.

    Without either the one that the bot thinks fits, and at last the one the conversation had.
    """
    intent = handoff.intent or conversation.intent
    found = [repository.team_of_intent(session, intent), handoff.team, conversation.team]
    if _was_answered_lately(conversation) and handoff.reasons[-1] not in _FOR_THEIR_MATTER:
        found.insert(0, conversation.team)
    for name in found:
        team = repository.find_team(session, name)
        if team is not None:
            return team
    return None


def _was_answered_lately(conversation: Conversation) -> bool:
    """Whether a person answered here within the time in which a customer comes back on the same matter."""
    answered = conversation.first_response_at
    return answered is not None and answered > now() - _COMES_BACK_WITHIN


def _summary(handoff: Handoff, team: str | None) -> dict[str, object]:
    return {
        "question": handoff.question,
        "intent": handoff.intent,
        "team": team,
        "mood": handoff.mood,
        "reasons": list(handoff.reasons),
        "tried": [dict(answer) for answer in handoff.tried],
    }


def _words_message(conversation: Conversation, team: Team | None, handoff: Handoff, words: str) -> Message:
    payload: dict[str, object] = {"kind": "handoff", "waiting": conversation.waiting}
    if team is not None and team.expected_wait_minutes is not None:
        payload["expected_wait_minutes"] = team.expected_wait_minutes
    if handoff.sources:
        payload["sources"] = list(handoff.sources)
    return Message(
        conversation_id=conversation.id,
        author="bot",
        text=f"{handoff.answer}\n\n{words}" if handoff.answer else words,
        decision_id=handoff.decision_id,
        payload=payload,
    )
