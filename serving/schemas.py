"""What the requests and responses of all features have in common."""

from typing import Self

from pydantic import BaseModel, ConfigDict


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
