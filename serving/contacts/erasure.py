"""Takes a person out of the store: their rows go, and what was learned from them keeps nothing of theirs.

A learned answer that a person approved is shared knowledge and stays. Ways to ask that quote the customer go,
as does what identifies them in its question or answer; it no longer says which conversation it came from.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session, selectinload

from serving.contacts.person import PersonsRows, PersonsWords
from serving.db.session import Database
from serving.db.tables import (
    Contact,
    Conversation,
    CsatRating,
    DecisionRecord,
    DecisionTrace,
    Event,
    Feedback,
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
_IN_USE = re.compile(r"lock|busy|in progress", re.IGNORECASE)


def erase_from_store(session: Session, rows: PersonsRows, words: PersonsWords) -> dict[str, int]:
    """Delete the person's rows and what quotes them; how many rows of each table, deleted or changed."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete=ON"))  # what is deleted is overwritten with zeros
    counts: Counter[str] = Counter()
    counts.update(_forget_in_answers(session, rows, words))
    conversations = [conversation.id for conversation in rows.conversations]
    decisions = [decision.id for decision in rows.decisions]
    messages = [message.id for message in rows.messages]
    work = [*(f"answer:{one}" for one in conversations), *(f"learn:{one}" for one in messages)]
    session.execute(update(Message).where(Message.id.in_(messages)).values(decision_id=None))
    for table, column, ids in (
        (DecisionTrace, DecisionTrace.decision_id, decisions),
        (IntentLabel, IntentLabel.decision_id, decisions),
        (Feedback, Feedback.conversation_id, conversations),
        (CsatRating, CsatRating.conversation_id, conversations),
        (Event, Event.conversation_id, conversations),
        (Proposal, Proposal.conversation_id, conversations),
        (Message, Message.conversation_id, conversations),
        (DecisionRecord, DecisionRecord.conversation_id, conversations),
        (WorkLease, WorkLease.work, work),
        (Conversation, Conversation.id, conversations),
        (Contact, Contact.id, [contact.id for contact in rows.contacts]),
    ):
        deleted = session.execute(delete(table).where(column.in_(ids)))
        counts[table.__tablename__] += deleted.rowcount  # type: ignore[attr-defined]
    session.expire_all()
    return {table: count for table, count in counts.items() if count}


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


def _forget_in_answers(session: Session, rows: PersonsRows, words: PersonsWords) -> Counter[str]:
    counts: Counter[str] = Counter()
    changed = _forget_phrasings(session, words, counts)
    changed |= _forget_identifying(session, words, counts)
    own = [conversation.id for conversation in rows.conversations]
    from_person = update(LearnedAnswer).where(LearnedAnswer.source_conversation_id.in_(own))
    session.execute(from_person.values(source_conversation_id=None))
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
