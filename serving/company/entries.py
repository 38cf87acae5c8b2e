"""What every entry of a company has in common: its name, its title, and that it holds nothing unknown."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]+$"
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=_NO_CONTROL_CHARACTERS)]
"""What a team, an intent or a calendar is called in data, labels and addresses."""
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_NO_CONTROL_CHARACTERS)
]
Minutes = Annotated[int, Field(ge=0, le=100_000)]


class Entry(BaseModel):
    """Something of the company, by a file or by API; a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
