"""The log of what changed in the knowledge; it says that a ref changed, never how."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from serving.db.session import lock_log
from serving.db.tables import KnowledgeChange


def record_changes(session: Session, refs: Iterable[str]) -> None:
    """Log each ref once, in this transaction, so that every process brings its index up to date.

    Call it last: it locks the log until the transaction ends, and no row lock may be taken after it.
    """
    distinct = list(dict.fromkeys(refs))
    if not distinct:
        return
    session.flush()
    lock_log(session, "knowledge_changes")
    session.add_all(KnowledgeChange(ref=ref) for ref in distinct)
    session.flush()
