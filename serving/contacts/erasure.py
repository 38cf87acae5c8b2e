"""Takes a person out of the store: their rows go, and what was learned from them keeps nothing of theirs.

A learned answer that a person approved is shared knowledge and stays. Ways to ask that quote the customer go,
as does what identifies them in its question or answer; it no longer says which conversation it came from.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session, selectinload

from serving.contacts.person import PersonsRows, PersonsWords
from serving.db.search import forget_deleted_words
from serving.db.session import Database
from serving.db.tables import (
    Attachment,
    Contact,
    Conversation,
    CsatRating,
    DecisionRecord,
    DecisionTrace,
    Event,
    Feedback,
    Handover,
    IntentLabel,
    LearnedAnswer,
    Message,
    Phrasing,
    Proposal,
    RegressionCase,
    WorkLease,
)
from serving.indexing.changes import record_changes
from serving.text import folded

ERASED = "[erased]"
_AT_ONCE = 1_000
_IN_USE = re.compile(r"lock|busy|in progress", re.IGNORECASE)


def erase_from_store(session: Session, rows: PersonsRows, words: PersonsWords) -> dict[str, int]:
    """Delete the person's rows and what quotes them; how many rows of each table, deleted or changed."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete=ON"))  # what is deleted is overwritten with zeros
    counts: Counter[str] = Counter()
    counts.update(_forget_in_answers(session, words))
    counts.update(delete_conversations(session, [conversation.id for conversation in rows.conversations]))
    forget_deleted_words(session)
    contacts = delete(Contact).where(Contact.id.in_([contact.id for contact in rows.contacts]))
    counts[Contact.__tablename__] += session.execute(contacts).rowcount  # type: ignore[attr-defined]
    session.expire_all()
    return {table: count for table, count in counts.items() if count}


def delete_conversations(session: Session, ids: Sequence[str]) -> Counter[str]:
    """Delete conversations with all that belongs to them; how many rows of each table.

    What was learned from them stays, and no longer says where it came from.
    """
    counts: Counter[str] = Counter()
    decisions = list(
        session.scalars(select(DecisionRecord.id).where(DecisionRecord.conversation_id.in_(ids)))
    )
    messages = list(session.scalars(select(Message.id).where(Message.conversation_id.in_(ids))))
    work = [*(f"answer:{one}" for one in ids), *(f"learn:{one}" for one in messages)]
    _keep_newest_event(session, ids)
    learned = update(LearnedAnswer).where(LearnedAnswer.source_conversation_id.in_(ids))
    session.execute(learned.values(source_conversation_id=None))
    session.execute(update(Message).where(Message.conversation_id.in_(ids)).values(decision_id=None))
    for table, column, own in (
        (DecisionTrace, DecisionTrace.decision_id, decisions),
        (IntentLabel, IntentLabel.decision_id, decisions),
        (Feedback, Feedback.conversation_id, ids),
        (CsatRating, CsatRating.conversation_id, ids),
        (Event, Event.conversation_id, ids),
        (Handover, Handover.conversation_id, ids),
        (Proposal, Proposal.conversation_id, ids),
        (Attachment, Attachment.conversation_id, ids),
        (Message, Message.conversation_id, ids),
        (DecisionRecord, DecisionRecord.conversation_id, ids),
        (WorkLease, WorkLease.work, work),
        (Conversation, Conversation.id, ids),
    ):
        for part in _parts(own):
            deleted = session.execute(delete(table).where(column.in_(part)))
            counts[table.__tablename__] += deleted.rowcount  # type: ignore[attr-defined]
    return counts


def quoting_phrasings(session: Session, words: PersonsWords) -> list[Phrasing]:
    """The ways to ask that quote the person: words of theirs that stand in a learned answer."""
    said = {folded(one) for one in words.said}
    from_customers = select(Phrasing).where(Phrasing.origin.in_(("customer", "pick"))).order_by(Phrasing.id)
    return [row for row in session.scalars(from_customers) if _quotes(row.text, said)]


def forget_deleted_rows(database: Database) -> bool:
    """Let the store's files forget what was deleted; whether they could: others may be reading."""
    sqlite = database.engine.dialect.name == "sqlite"
    statements = ["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        if not sqlite:
            connection.driver_connection.autocommit = True  # type: ignore[union-attr]
            statements = ["VACUUM"]
        busy = False
        for statement in statements:
            cursor.execute(statement)
            if statement.startswith("PRAGMA"):
                busy = bool((cursor.fetchone() or (0,))[0])
        return not busy
    except Exception as error:  # of the driver: the store is in use
        if not _IN_USE.search(str(error)):
            raise
        return False
    finally:
        if not sqlite:
            connection.driver_connection.autocommit = False  # type: ignore[union-attr]
        connection.close()


def _keep_newest_event(session: Session, ids: Sequence[str]) -> None:
    """Give the newest event to a conversation that stays, emptied.

    SQLite would give its number again, and whoever follows the log would miss the next one. Where no other
    conversation is there is nobody to follow.
    """
    newest = session.scalar(select(Event).order_by(Event.id.desc()).limit(1))
    if newest is None or newest.conversation_id not in ids:
        return
    staying = select(Conversation.id).where(Conversation.id.not_in(ids)).limit(1)
    other = session.scalar(staying)
    if other is not None:
        newest.conversation_id, newest.kind, newest.agents_only, newest.data = other, "erased", True, {}
        session.flush()


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:  # ids of rows
    """The values, a thousand at a time: stores limit how many one statement names."""
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]


def _forget_in_answers(session: Session, words: PersonsWords) -> Counter[str]:
    counts: Counter[str] = Counter()
    changed = _forget_phrasings(session, words, counts)
    changed |= _forget_identifying(session, words, counts)
    if changed:
        record_changes(session, sorted(changed))
    return counts


def _forget_phrasings(session: Session, words: PersonsWords, counts: Counter[str]) -> set[str]:
    changed: set[str] = set()
    gone: set[str] = set()
    for row in quoting_phrasings(session, words):
        changed.add(row.learned_answer.ref)
        gone.add(folded(row.text))
        session.delete(row)
        counts["phrasings"] += 1
    session.flush()
    kept = set(map(folded, session.scalars(select(Phrasing.text))))
    for case in session.scalars(select(RegressionCase)):
        if folded(case.text) in gone - kept:
            session.delete(case)
            counts["regression_cases"] += 1
    return changed


def _forget_identifying(session: Session, words: PersonsWords, counts: Counter[str]) -> set[str]:
    """Replace what names the person in the words of learned answers, whoever wrote them."""
    changed: set[str] = set()
    answers = select(LearnedAnswer).options(selectinload(LearnedAnswer.phrasings))
    for answer in session.scalars(answers):
        before = [answer.question, answer.answer, *(phrasing.text for phrasing in answer.phrasings)]
        after = [_without(text, words.identifiers) for text in before]
        if before == after:
            continue
        answer.question, answer.answer = after[0], after[1]
        for phrasing, words_now in zip(answer.phrasings, after[2:], strict=True):
            phrasing.text = words_now
        changed.add(answer.ref)
        counts["learned_answers"] += 1
    for case in session.scalars(select(RegressionCase)):
        case.text = _without(case.text, words.identifiers)
    return changed


def _quotes(phrasing: str, said: Collection[str]) -> bool:
    own = folded(phrasing)
    return own in said or any(own.strip(" .?!") in one for one in said if len(own) >= 12)


def _without(text: str, identifiers: Iterable[str]) -> str:
    for identifier in identifiers:
        text = re.sub(re.escape(identifier), ERASED, text, flags=re.IGNORECASE)
    return text
