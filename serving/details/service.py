"""Asks for details when a conversation goes to people, and keeps what customers write; it never commits."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError
from serving.conversations.log import log_status
from serving.db.tables import Conversation, Intent, Team, now
from serving.details.fields import DetailField, checked_values, parsed_fields
from serving.details.schemas import DetailsOut


def ask_for_details(
    session: Session, conversation: Conversation, intent: str | None, team: Team | None
) -> bool:
    """Put the form of the intent, or else of the team, on the conversation; whether there is anything to ask.

    What was given or skipped before is not asked for again.
    """
    row = session.get(Intent, intent) if intent else None
    fields = parsed_fields((row.details if row else None) or (team.details if team else None) or ())
    before = conversation.details or {}
    if not fields:
        conversation.details = before if before.get("values") else None
        return False
    known: dict[str, str] = before.get("values") or {}
    values = {field.name: known[field.name] for field in fields if field.name in known}
    is_new = {field.name for field in fields} - {field["name"] for field in before.get("fields") or ()}
    status = "asked" if is_new else before.get("status", "asked")
    conversation.details = _state(fields, status, values)
    return bool(status == "asked")


def details_of(conversation: Conversation) -> DetailsOut:
    """The form as it stands; empty when nothing is asked."""
    state = conversation.details or {"status": None, "fields": [], "values": {}}
    return DetailsOut.model_validate(state)


def keep_details(
    session: Session, conversation: Conversation, values: Mapping[str, str], *, skip: bool
) -> DetailsOut:
    """Keep what the customer wrote, or that they skipped the form; the later word counts. Lock the row first.

    Raises `ConflictError` when nothing is asked, and `DataError` with what is wrong with each field.
    """
    form = details_of(conversation)
    if form.status is None:
        raise ConflictError("nothing is asked for in this conversation; write a message instead")
    if skip and values:
        raise DataError("the form is either skipped or sent with values; leave one of them out")
    if skip:
        conversation.details = _state(form.fields, "skipped", form.values)
    else:
        kept, wrong = checked_values(form.fields, values)
        if wrong:
            raise DataError("; ".join(f"{name}: {problem}" for name, problem in wrong.items()))
        conversation.details = _state(form.fields, "given", kept)
    conversation.updated_at = now()
    log_status(session, conversation)
    return details_of(conversation)


def _state(
    fields: tuple[DetailField, ...] | list[DetailField], status: str, values: Mapping[str, str]
) -> dict[str, Any]:  # JSON of the column
    shown = [field.model_dump(mode="json") for field in fields]
    return {"status": status, "fields": shown, "values": dict(values)}
