"""What the form of details takes and gives."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from serving.details.fields import DetailField
from serving.schemas import Body
from serving.text import SafeText

Status = Literal["asked", "given", "skipped"]


class DetailsBody(Body):
    """What the customer wrote into the form, or that they skip it."""

    values: Annotated[
        dict[Annotated[SafeText, Field(max_length=40)], Annotated[SafeText, Field(max_length=2_000)]],
        Field(max_length=20),
    ] = Field(default_factory=dict)
    """By name of the field."""
    skip: bool = False


class DetailsOut(BaseModel):
    """The form that belongs to the conversation, and what was written into it."""

    status: Status | None
    """`null` when nothing is asked."""
    fields: list[DetailField]
    values: dict[str, str]
