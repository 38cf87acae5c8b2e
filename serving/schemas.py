"""What the requests and responses of all features have in common."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

from model.reasons import Reason
from model.types import CandidateKind

ReasonCode = Reason | Annotated[str, StringConstraints(pattern="^smalltalk_")]
"""Why the bot decided as it did: one of the codes, or `smalltalk_` and its kind."""


class Body(BaseModel):
    """What a request sends; a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class RowOut(BaseModel):
    """What is shown of a row of the store, field by field of the same name."""

    @classmethod
    def of(cls, row: object, **more: object) -> Self:
        """The row as shown; `more` are the fields that it does not have, or has otherwise."""
        own = {
            name: getattr(row, name) for name in cls.model_fields if name not in more and hasattr(row, name)
        }
        return cls.model_validate({**own, **more}, from_attributes=True)


class ChoiceOut(BaseModel):
    """An answer by name: to choose from, or one that was given."""

    ref: str
    title: str


class SourceOut(ChoiceOut):
    """What an answer rests on."""

    kind: CandidateKind
    url: str
    """Where the whole article is read; empty when there is no page."""
    excerpt: str
    """The supporting text, Markdown."""
    heading_path: list[str]
    """Headings above the excerpt, outermost first."""
