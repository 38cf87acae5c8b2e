"""Keeps replies for use again, for a team or for everybody, and fills in whom they are for; never commits."""

import re
from collections.abc import Mapping

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from model.errors import DataError, NotFoundError
from serving.db.tables import MAX_ROW_ID, Macro, Team, now
from serving.text import one_line, required

MAX_NAME_CHARS = 80
MAX_TEXT_CHARS = 8_000
PLACEHOLDERS: Mapping[str, str] = {
    "first_name": "the customer's first name, or “there”",
    "agent": "the name of who answers",
}
_PLACEHOLDER = re.compile(r"\{(\w{1,40}+)\}")
_NOBODY = "there"
"""In place of a name that is not known: "Hello there"."""


def list_macros(session: Session, *, team: str | None = None, everything: bool = False) -> list[Macro]:
    """The macros that this team is offered, or with `everything` all, by name."""
    query = select(Macro).order_by(func.lower(Macro.name), Macro.id)
    if not everything:
        query = query.where(or_(Macro.team.is_(None), Macro.team == team))
    return list(session.scalars(query))


def get_macro(session: Session, macro_id: int) -> Macro:
    """The macro. Raises `NotFoundError`."""
    macro = session.get(Macro, macro_id) if 0 < macro_id <= MAX_ROW_ID else None
    if macro is None:
        raise NotFoundError(f"no macro {macro_id}")
    return macro


def save_macro(session: Session, macro: Macro | None, *, name: str, text: str, team: str | None) -> Macro:
    """Keep a new macro, or change one. Raises `DataError` for words that are missing, too long or unknown."""
    short = required("the name", one_line(name), max_chars=MAX_NAME_CHARS)
    words = required("the text", text, max_chars=MAX_TEXT_CHARS)
    unknown = sorted({match[1] for match in _PLACEHOLDER.finditer(words)} - set(PLACEHOLDERS))
    if unknown:
        known = " and ".join(f"{{{one}}}" for one in PLACEHOLDERS)
        raise DataError(f"{{{unknown[0]}}} stands for nothing; use {known}, or leave the braces out")
    if team is not None and session.get(Team, team) is None:
        raise DataError(f"there is no team {team!r}; list them with GET /v1/company")
    kept = macro or Macro()
    kept.name, kept.text, kept.team, kept.updated_at = short, words, team, now()
    session.add(kept)
    session.flush()
    return kept


def filled_in(text: str, *, customer: str | None, agent: str) -> str:
    """The text with its placeholders filled in; whatever else stands in braces stays."""
    first_name = (customer or "").split()[:1]
    values = {"first_name": first_name[0] if first_name else _NOBODY, "agent": agent}
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
