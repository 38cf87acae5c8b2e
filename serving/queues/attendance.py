"""Looks each minute that no conversation waits where nobody looks; what does goes to the fallback team."""

import structlog
from sqlalchemy.orm import Session

from serving.company.repository import read_profile
from serving.conversations.log import log_message, log_status
from serving.conversations.repository import find_conversation, find_team
from serving.db.session import Database
from serving.db.tables import Agent, Conversation, Message, Team, now
from serving.queues import repository
from serving.queues.assignment import give_back, share_out

_AT_ONCE = 200
_log = structlog.get_logger(__name__)


def attend_queues(database: Database) -> int:
    """Take from those who left, move or mark what nobody looks at, hurry what is late, share out the rest.

    How many changed. Each conversation is looked at again with its row locked, in a transaction of its own.
    """
    with database.session() as session:
        changed = repository.end_availability(session, now())
    with database.reading() as session:
        left = repository.list_left(session, now())
        stranded = repository.list_stranded(session, limit=_AT_ONCE)
        late = repository.list_late(session, now(), limit=_AT_ONCE)
    for agent_id in left:
        changed += _take_from(database, agent_id)
    for conversation_id in stranded:
        changed += _look_after(database, conversation_id)
    for conversation_id in late:
        changed += _hurry(database, conversation_id)
    with database.reading() as session:
        teams = repository.balanced_teams(session)
    for team in teams:
        with database.session() as session:
            changed += share_out(session, team)
    return changed


def _take_from(database: Database, agent_id: str) -> int:
    with database.session() as session:
        agent = session.get_one(Agent, agent_id)
        taken = give_back(session, agent_id, everything=not agent.active)
    _log.info("taken_from_who_left", agent=agent_id, conversations=taken)
    return taken


def _look_after(database: Database, conversation_id: str) -> bool:
    """Move a stranded conversation to the fallback team, or mark it; or take the mark of one that is not."""
    with database.session() as session:
        conversation = find_conversation(session, conversation_id, lock=True)
        if conversation is None or not conversation.is_with_people:
            return False
        is_stranded = repository.is_stranded(session, conversation_id)
        fallback = find_team(session, read_profile(session).fallback_team)
        if is_stranded and fallback is not None and repository.has_people(session, fallback.name):
            _note(session, conversation, fallback)
            _log.warning(
                "conversation_moved", conversation=conversation.id, team=conversation.team, to=fallback.name
            )
            conversation.team, conversation.unattended_since = fallback.name, None
        elif is_stranded == conversation.unattended:
            return False
        elif is_stranded:
            conversation.unattended_since = now()
            _log.warning("conversation_unattended", conversation=conversation.id, team=conversation.team)
        else:
            conversation.unattended_since = None
        conversation.updated_at = now()
        log_status(session, conversation)
        return True


def _hurry(database: Database, conversation_id: str) -> bool:
    """Give more priority to what waits for longer than its customer was told."""
    with database.session() as session:
        conversation = find_conversation(session, conversation_id, lock=True)
        if conversation is None or (conversation.status, conversation.priority) != ("waiting", "normal"):
            return False
        conversation.priority = "high"
        log_status(session, conversation)
        return True


def _note(session: Session, conversation: Conversation, fallback: Team) -> None:
    """Tell agents why it came to their list."""
    team = find_team(session, conversation.team)
    whose = f"Nobody is in the team {team.title}" if team else "No team was named"
    text = f"{whose}, so this went to {fallback.title}."
    note = Message(conversation_id=conversation.id, author="system", kind="note", text=text)
    session.add(note)
    log_message(session, note)
