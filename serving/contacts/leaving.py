"""A person's data for them to take along, and their erasure from the whole home: store, index, files."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from serving.contacts.erasure import erase_from_store, forget_deleted_rows, quoting_phrasings
from serving.contacts.home_files import Swept, sweep_home
from serving.contacts.person import PersonsRows, as_json, find_person, words_of
from serving.db.audit import Act, named_contact, record_act
from serving.db.session import Database
from serving.settings import Settings

BACKUPS = (
    "backups of the home or its database made before still hold this person: let them run out, or erase "
    "again after restoring one"
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took, or with a dry run would take."""

    contacts: tuple[str, ...]
    rows: dict[str, int]
    """Rows of each table, deleted or changed."""
    files: Swept
    dry_run: bool
    store_compacted: bool
    """Whether the store's files have given back the deleted rows; while others use them its log has not."""

    @property
    def is_whole(self) -> bool:
        """Whether no file that could not be changed holds words of the person."""
        return self.dry_run or not self.files.left

    def as_json(self) -> dict[str, Any]:  # JSON
        """As the command and the API tell it."""
        return {
            "contacts": list(self.contacts),
            "rows": self.rows,
            "files": {name: list(paths) for name, paths in asdict(self.files).items()},
            "dry_run": self.dry_run,
            "store_compacted": self.store_compacted,
            "note": BACKUPS,
        }


def export_person(database: Database, who: str, *, author: str) -> dict[str, Any]:  # JSON
    """Everything that the store holds of the person; raises `NotFoundError` for nobody.

    That `author` took it is written into the audit log.
    """
    with database.session() as session:
        rows = find_person(session, who)
        _write_down(session, author, "exported", rows)
        return as_json(rows)


def erase_person(
    database: Database, settings: Settings, who: str, *, author: str, dry_run: bool = False
) -> Erased:
    """Erase the person everywhere; raises `NotFoundError` for nobody.

    That `author` did it is written into the audit log.

    The files are swept before the store's commit: after a crash on the way it can be done again, for the
    person is still there. What others make of their words meanwhile is found by a second sweep.
    """
    with database.reading() as session:
        rows = find_person(session, who)
        contacts, counts = tuple(one.id for one in rows.contacts), _counts(rows)
        words = words_of(rows)
        quoted = [row.text for row in quoting_phrasings(session, words)]
    before = sweep_home(settings, words, quoted=quoted, dry_run=dry_run)
    if dry_run:
        counts |= {"phrasings": len(quoted)} if quoted else {}
        return Erased(contacts, counts, before, dry_run=True, store_compacted=False)
    with database.session() as session:
        rows = find_person(session, who)
        _write_down(session, author, "erased", rows)
        counts = erase_from_store(session, rows, words)
    compacted = forget_deleted_rows(database)
    after = sweep_home(settings, words, quoted=quoted, dry_run=False)
    files = Swept(
        tuple(dict.fromkeys((*before.changed, *after.changed))),
        tuple(dict.fromkeys((*before.removed, *after.removed))),
        after.left,
    )
    return Erased(contacts, counts, files, dry_run, compacted)


def _write_down(session: Session, author: str, what: str, rows: PersonsRows) -> None:
    for contact in rows.contacts:
        record_act(session, Act(author, what, named_contact(contact.id)))


def _counts(rows: PersonsRows) -> dict[str, int]:
    tables = {
        "contacts": rows.contacts,
        "conversations": rows.conversations,
        "messages": rows.messages,
        "decisions": rows.decisions,
        "csat_ratings": rows.ratings,
        "feedback": rows.feedback,
        "proposals": rows.proposals,
    }
    return {name: len(own) for name, own in tables.items() if own}
