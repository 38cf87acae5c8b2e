"""What agents do to a conversation besides answering: who has it, until when it rests, how pressing it is.

A conversation has one owner at any time: the bot, a team's queue, or one agent; a closed one has nobody.
Nothing here commits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError, NotFoundError
from model.reasons import Reason
from serving.company.accounts import get_agent
from serving.conversations import repository
from serving.conversations.log import log_status
from serving.db.search import index_tags
from serving.db.tables import Agent, Conversation, ConversationTag, Priority, now
from serving.queues.assignment import offer, own
from serving.text import one_line

MAX_TAGS = 20
MAX_TAG_CHARS = 40
MAX_REASON_CHARS = 300
LONGEST_SNOOZE = timedelta(days=366)
MOST_AT_ONCE = 100
"""Conversations that one request may change."""


class OwnedByOtherError(ConflictError):
    """Somebody else has the conversation, and the caller did not say that they know."""

    def __init__(self, owner: str, question: str) -> None:
        """`question` says what to do to go on all the same."""
        super().__init__(f"{owner} has this conversation; {question}")
        self.owner = owner


def owner_of(conversation: Conversation) -> Agent | None:
    """The agent who has the conversation now; `None` while the bot or a queue has it, or nobody."""
    agent = conversation.agent if conversation.is_with_people else None
    return agent if agent is not None and agent.active else None


def refuse_over_owner(session: Session, conversation: Conversation, agent_id: str, *, what: str) -> None:
    """Raise `OwnedByOtherError` when another agent, who still works here, has the conversation."""
    if not conversation.is_with_people or conversation.agent_id in (None, agent_id):
        return
    owner = session.get(Agent, conversation.agent_id)
    if owner is not None and owner.active:
        raise OwnedByOtherError(owner.name, f"send `anyway: true` to {what} all the same")


def assign(
    session: Session, conversation: Conversation, agent_id: str, *, by: str | None = None, anyway: bool = True
) -> None:
    """Give the conversation to an agent; one that the bot has comes to people by that.

    Raises `NotFoundError` for an unknown agent, `ConflictError` for a closed conversation, and
    `OwnedByOtherError` when `by`, who asks, takes it from somebody else without `anyway`.
    """
    agent = get_agent(session, agent_id)
    if conversation.is_with_people and conversation.agent_id == agent.id:
        return
    _refuse_closed(conversation, "assigned")
    if by is not None and not anyway:
        refuse_over_owner(session, conversation, by, what="take it")
    if conversation.status == "bot":
        _to_people(conversation)
    own(conversation, agent.id)
    _changed(session, conversation)


def move_to_team(session: Session, conversation: Conversation, team: str) -> None:
    """Put the conversation into the team's queue, where it waits for any of them.

    Raises `NotFoundError` for an unknown team and `ConflictError` for a closed conversation.
    """
    if repository.find_team(session, team) is None:
        raise NotFoundError(f"there is no team {team!r}; list them with GET /v1/company")
    _refuse_closed(conversation, "moved")
    if conversation.is_with_people and conversation.team == team and conversation.agent_id is None:
        return
    conversation.team = team
    _to_queue(conversation)
    _changed(session, conversation)
    offer(session, conversation)


def unassign(session: Session, conversation: Conversation) -> None:
    """Put the conversation back into its team's queue. Raises `ConflictError` unless people have it."""
    if not conversation.is_with_people:
        raise ConflictError("nobody has this conversation; assign it to somebody")
    if conversation.agent_id is None:
        return
    _to_queue(conversation)
    _changed(session, conversation)


def snooze(session: Session, conversation: Conversation, until: datetime, reason: str = "") -> None:
    """Take the conversation out of the lists of work until then, or until its customer writes.

    Raises `DataError` for a time that has passed or is more than a year away, and `ConflictError` unless
    people have the conversation.
    """
    moment = now()
    if not moment < until <= moment + LONGEST_SNOOZE:
        raise DataError(f"until={until.isoformat()} is no time within the next year; choose a later one")
    if not conversation.is_with_people:
        raise ConflictError("only what waits for people can be snoozed; take this conversation first")
    words = one_line(reason)
    if len(words) > MAX_REASON_CHARS:
        raise DataError(f"the reason has {len(words)} characters, at most {MAX_REASON_CHARS} are kept")
    conversation.snoozed_until, conversation.snoozed_at = until, moment
    conversation.snooze_reason = words
    _changed(session, conversation)


def wake(session: Session, conversation: Conversation) -> None:
    """Bring a snoozed conversation back to the lists of work; nothing for one that is there."""
    if conversation.snoozed_until is None:
        return
    conversation.snoozed_until = None
    _changed(session, conversation)


def set_priority(session: Session, conversation: Conversation, priority: Priority) -> None:
    """Say how soon people should look at it. Raises `ConflictError` for a closed conversation."""
    if conversation.priority == priority:
        return
    _refuse_closed(conversation, "given a priority")
    conversation.priority = priority
    _changed(session, conversation)


def change_tags(
    session: Session, conversation: Conversation, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> None:
    """Put tags on the conversation and take others off. Raises `DataError` for one too long, or too many."""
    before = set(repository.tags_of(session, [conversation.id]).get(conversation.id, ()))
    after = (before - {_tag(one) for one in remove}) | {_tag(one) for one in add}
    if after == before:
        return
    if len(after) > MAX_TAGS:
        raise DataError(
            f"a conversation has at most {MAX_TAGS} tags, this one would have {len(after)}; remove some"
        )
    own = ConversationTag.conversation_id == conversation.id
    if gone := before - after:
        session.execute(delete(ConversationTag).where(own, ConversationTag.tag.in_(gone)))
    if new := sorted(after - before):
        rows = [{"conversation_id": conversation.id, "tag": tag} for tag in new]
        session.execute(insert(ConversationTag), rows)
    index_tags(session, conversation.id, sorted(after))
    log_status(session, conversation)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do to many conversations; only what is given is done."""

    agent_id: str | None = None
    team: str | None = None
    unassign: bool = False
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    priority: Priority | None = None
    snooze_until: datetime | None = None
    snooze_reason: str = ""
    wake: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of changing many conversations."""

    changed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why not, by conversation."""


def act_on(session: Session, conversation: Conversation, act: Act) -> None:
    """Do all of it to one conversation. Raises as each part does."""
    if act.team is not None:
        move_to_team(session, conversation, act.team)
    if act.agent_id is not None:
        assign(session, conversation, act.agent_id)
    if act.unassign:
        unassign(session, conversation)
    if act.priority is not None:
        set_priority(session, conversation, act.priority)
    if act.add_tags or act.remove_tags:
        change_tags(session, conversation, add=act.add_tags, remove=act.remove_tags)
    if act.wake:
        wake(session, conversation)
    if act.snooze_until is not None:
        snooze(session, conversation, act.snooze_until, act.snooze_reason)


def _tag(text: str) -> str:
    tag = one_line(text).casefold().replace(",", " ").strip()
    if not 0 < len(tag) <= MAX_TAG_CHARS:
        raise DataError(f"tag {text[:60]!r} has {len(tag)} characters; use 1 to {MAX_TAG_CHARS}")
    return tag


def _refuse_closed(conversation: Conversation, done: str) -> None:
    if conversation.status == "closed":
        raise ConflictError(f"a closed conversation cannot be {done}; reply to open it again")


def _to_people(conversation: Conversation) -> None:
    """What the bot has, people have from now on: they wait for the first answer, and the bot is silent."""
    conversation.status = "waiting"
    conversation.handoff_reason = Reason.AGENT_STEPPED_IN
    conversation.handed_over_at = now()
    conversation.first_response_at = conversation.closed_at = conversation.answer_due_at = None
    conversation.resolution = "none"


def _to_queue(conversation: Conversation) -> None:
    """Nobody has it, and whoever comes first may: the wait begins anew where somebody had answered."""
    if conversation.status == "bot":
        _to_people(conversation)
    own(conversation, None)
    conversation.waiting = None  # what was told of the wait held for the queue before
    if conversation.status == "open":
        conversation.status = "waiting"
        conversation.handed_over_at, conversation.first_response_at = now(), None


def _changed(session: Session, conversation: Conversation) -> None:
    conversation.updated_at = now()
    session.flush()
    session.expire(conversation, ["agent"])
    log_status(session, conversation)
