"""Whose a conversation is: the one place that gives it to somebody or takes it from them. It never commits.

A team that shares its queue out gives each waiting conversation to who is online and has least. Who does so
holds the team's row, so that two processes never count the same agent's work at once, and takes each
conversation by compare-and-set.
"""

from dataclasses import replace

import structlog
from sqlalchemy.orm import Session

from serving.conversations.log import log_status
from serving.db.tables import Agent, Conversation, now
from serving.queues import repository
from serving.queues.repository import Load

_AT_ONCE = 200
_log = structlog.get_logger(__name__)


def set_owner(
    session: Session, conversation: Conversation, agent_id: str | None, *, by_queue: bool = False
) -> bool:
    """Give the conversation to the agent, or with `None` to nobody; whether that changed anything."""
    if conversation.agent_id == agent_id:
        return False
    own(conversation, agent_id, by_queue=by_queue)
    conversation.updated_at = now()
    session.flush()
    session.expire(conversation, ["agent"])
    log_status(session, conversation)
    return True


def own(conversation: Conversation, agent_id: str | None, *, by_queue: bool = False) -> None:
    """The same, for what changes more about the conversation and then logs it."""
    conversation.agent_id = agent_id
    conversation.offered_to = agent_id if by_queue else None
    if agent_id is not None:
        conversation.unattended_since = None


def offer(session: Session, conversation: Conversation) -> None:
    """Give a conversation that was just handed over to who of its team has least, if the team does so."""
    if conversation.team is not None and conversation.agent_id is None:
        session.flush()
        share_out(session, conversation.team)


def share_out(session: Session, team_name: str) -> int:
    """Give what waits for the team to those of it who are online; how many conversations."""
    team = repository.lock_team(session, team_name)
    if team is None or team.assignment != "balanced":
        return 0
    loads = repository.list_loads(session, team_name, now())
    if not _with_room(loads, team.capacity):
        return 0
    given = 0
    for conversation in repository.list_waiting(session, team_name, limit=_AT_ONCE):
        free = _with_room(loads, team.capacity)
        if not free:
            break
        chosen = min(free, key=lambda load: load.open_count)  # of equals the one longest online
        if not repository.take(session, conversation.id, chosen.agent_id):
            continue
        set_owner(session, conversation, chosen.agent_id, by_queue=True)
        loads = [replace(load, open_count=load.open_count + 1) if load is chosen else load for load in loads]
        given += 1
    if given:
        _log.info("queue_shared_out", team=team_name, conversations=given)
    return given


def set_online(session: Session, agent: Agent, online: bool) -> None:
    """Say that the agent is there, and give them what waits; or that they are not, and let others have it."""
    if online == agent.online:
        return
    agent.available_since = now() if online else None
    session.flush()
    if not online:
        give_back(session, agent.id)
    elif agent.team is not None:
        share_out(session, agent.team)


def give_back(session: Session, agent_id: str, *, everything: bool = False) -> int:
    """Put back into their queues what those gave to the agent who has not answered; how many conversations.

    With `everything` all that people answer and the agent has: an account that is deactivated answers nobody.
    """
    found = repository.owned_by if everything else repository.offered_to
    conversations = found(session, agent_id)
    for conversation in conversations:
        set_owner(session, conversation, None)
    for team in dict.fromkeys(one.team for one in conversations):
        if team is not None:
            share_out(session, team)
    return len(conversations)


def _with_room(loads: list[Load], capacity: int | None) -> list[Load]:
    return [load for load in loads if capacity is None or load.open_count < capacity]
