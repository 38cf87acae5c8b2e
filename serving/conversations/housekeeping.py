"""What is done now and then: answers nobody questioned count as resolutions, what grows for ever is cut."""

from datetime import timedelta

from serving.attachments.repository import delete_unsent
from serving.conversations import desk, repository
from serving.conversations.log import log_status
from serving.db.session import Database
from serving.db.tables import DecisionTrace, Event, KnowledgeChange, now
from serving.settings import Settings

_AT_ONCE = 100
_BATCH = 500
_UNSENT_KEPT = timedelta(days=1)
_MOST_BATCHES = 40
_LOOKED_BACK = timedelta(days=30)
"""What is older has been looked at often enough; it keeps the look short, however long the history."""


def assume_resolutions(database: Database, settings: Settings) -> int:
    """Call those answers a resolution that stood unquestioned for the window; how many.

    Each is looked at again with its row locked: what its customer says meanwhile counts.
    """
    before = now() - timedelta(hours=settings.assumed_resolution_hours)
    with database.reading() as session:
        since = before - _LOOKED_BACK
        silent = repository.list_silently_resolved(session, before, since=since, limit=_AT_ONCE)
    assumed = 0
    for conversation_id in silent:
        with database.session() as session:
            conversation = repository.find_conversation(session, conversation_id, lock=True)
            if conversation is None or not repository.is_silently_resolved(session, conversation_id, before):
                continue
            conversation.resolution = "assumed"
            log_status(session, conversation)
            assumed += 1
    return assumed


def forget_unsent_files(database: Database) -> int:
    """Delete files that were uploaded a day ago and that no message carries; how many."""
    with database.session() as session:
        return delete_unsent(session, now() - _UNSENT_KEPT)


def wake_snoozed(database: Database) -> int:
    """Bring back what was snoozed until now, each with its row locked; how many."""
    with database.reading() as session:
        over = repository.list_snooze_over(session, now(), limit=_AT_ONCE)
    for conversation_id in over:
        with database.session() as session:
            conversation = repository.find_conversation(session, conversation_id, lock=True)
            if conversation is not None and repository.is_snooze_over(session, conversation_id, now()):
                desk.wake(session, conversation)
    return len(over)


def forget_old(database: Database, settings: Settings) -> int:
    """Delete events, traces and changes of the knowledge that are older than they are kept; how many rows.

    In small transactions, so that nobody waits for long; what is left over comes the next time.
    """
    kept_days: dict[type[Event | DecisionTrace | KnowledgeChange], float] = {
        Event: settings.event_days,
        DecisionTrace: settings.trace_days,
        KnowledgeChange: settings.knowledge_change_days,
    }
    forgotten = 0
    for table, days in kept_days.items():
        before = now() - timedelta(days=days)
        for _ in range(_MOST_BATCHES):
            with database.session() as session:
                gone = repository.forget_oldest(session, table, before, limit=_BATCH)
            forgotten += gone
            if gone < _BATCH:
                break
    return forgotten
