"""What the API gives for files of a conversation."""

from datetime import datetime

from pydantic import BaseModel

from serving.schemas import RowOut


class AttachedFile(BaseModel):
    """A file beside a message."""

    id: str
    """Read it with `GET /v1/attachments/{id}`."""
    name: str
    media_type: str
    size: int
    """Bytes."""


class AttachmentOut(RowOut, AttachedFile):
    """A file that was uploaded and can be named in a message."""

    created_at: datetime
