"""What is done now and then: answers that nobody questioned count as resolutions."""

from datetime import timedelta

from serving.conversations import repository
from serving.conversations.log import log_status
from serving.db.session import Database
from serving.db.tables import now
from serving.settings import Settings

_AT_ONCE = 100
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
