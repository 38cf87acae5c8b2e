"""What the macros' endpoints take and give; shapes only."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from serving.schemas import RowOut
from serving.text import SafeText


class NewMacro(BaseModel):
    """A reply to keep."""

    name: Annotated[SafeText, Field(max_length=80)]
    text: Annotated[SafeText, Field(max_length=8_000)]
    """Markdown; `{first_name}` and `{agent}` are filled in where it is used."""
    team: Annotated[SafeText, Field(max_length=64)] | None = None
    """Who is offered it; `null` for everybody."""


class MacroOut(RowOut):
    """A kept reply."""

    id: int
    name: str
    text: str
    team: str | None
    updated_at: datetime


class MacrosOut(BaseModel):
    """Kept replies by name."""

    macros: list[MacroOut]
