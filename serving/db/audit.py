"""The audit log: who did what, in a chain in which every row holds the digest of the one before.

An entry is written with the transaction of the act, at its end. Nothing changes or removes one.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.tables import AuditEntry, AuditHead, now

_BEGINNING = "0" * 64
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Act:
    """Something somebody did that is written down; never a customer's words, passwords or secrets."""

    who: str
    """An agent's e-mail or `agent ID`, `key NAME`, `command line` or `reset link`."""
    what: str
    """A verb, such as `signed in`."""
    on: str
    """What it was done to, such as `agent E-MAIL`."""


def named_contact(contact_id: str) -> str:
    """A customer as entries name them: by a digest, which stays when the person is erased and tells nobody.

    Whoever has the id finds the entries by it.
    """
    return f"contact {hashlib.sha256(contact_id.encode()).hexdigest()[:16]}"


def record_act(session: Session, act: Act) -> None:
    """Write the act down when the transaction commits, and not at all if it does not."""
    session.info.setdefault("acts", []).append(act)


def write_acts(session: Session) -> None:
    """Add the acts of the transaction to the chain; whoever else does so waits until it ends."""
    acts: list[Act] = session.info.pop("acts", [])
    if not acts:
        return
    head = session.scalars(
        select(AuditHead).with_for_update().execution_options(populate_existing=True)
    ).one()
    for act in acts:
        entry = AuditEntry(
            id=head.count + 1, who=act.who[:320], what=act.what[:64], on=act.on[:400], created_at=now()
        )
        entry.digest = digest_of(entry, head.digest or _BEGINNING)
        session.add(entry)
        head.count, head.digest = entry.id, entry.digest
    session.flush()


def digest_of(entry: AuditEntry, previous: str) -> str:
    """SHA-256 of what the entry says and of the digest before it."""
    said = [entry.id, entry.created_at.isoformat(), entry.who, entry.what, entry.on, previous]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def first_break(session: Session) -> int | None:
    """The number of the first entry that was changed, removed or moved; `None` for a chain that is whole.

    One after the last when entries were removed at the end, which the count kept beside them tells.
    """
    previous, expected = _BEGINNING, 1
    for entry in _entries(session):
        if entry.id != expected or entry.digest != digest_of(entry, previous):
            return expected
        previous, expected = entry.digest, expected + 1
    head = session.scalars(select(AuditHead)).one_or_none()
    if head is None or (head.count, head.digest or _BEGINNING) != (expected - 1, previous):
        return expected
    return None


def _entries(session: Session) -> Iterator[AuditEntry]:
    """All entries in their order; only some of them in memory at a time."""
    last: int | None = None
    while True:
        query = select(AuditEntry).order_by(AuditEntry.id).limit(_AT_ONCE)
        part = session.scalars(query if last is None else query.where(AuditEntry.id > last)).all()
        if not part:
            return
        yield from part
        last = part[-1].id
        for entry in part:
            session.expunge(entry)
