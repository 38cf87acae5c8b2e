"""Files of conversations over HTTP: uploaded before the message that carries them, read by who may see it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body, Query, Response

from model.types import Author
from serving.attachments import service
from serving.attachments.schemas import AttachmentOut
from serving.conversations.endpoints import visible
from serving.dependencies import DbSession
from serving.problems import problems
from serving.security.limited import limited
from serving.security.principals import CurrentPerson, CustomerPrincipal
from serving.text import ShortText

router = APIRouter(prefix="/v1", tags=["conversations"], responses=problems(401, 403))
_CONTENT = {name: {"schema": {"type": "string", "format": "binary"}} for name in service.MEDIA_TYPES}
_HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@router.post(
    "/conversations/{conversation_id}/attachments",
    status_code=201,
    responses=problems(404, 409, 429),
    dependencies=[limited("messages")],
)
def upload_attachment(
    conversation_id: str,
    name: Annotated[ShortText, Query(min_length=1)],
    content: Annotated[bytes, Body(media_type="application/octet-stream")],
    person: CurrentPerson,
    session: DbSession,
) -> AttachmentOut:
    """Upload a file of at most 10 MB, as the body; then name its id in `attachments` of a message.

    What it holds counts, not what it is called: pictures, PDF, office documents and plain text are taken. A
    file that no message carries within a day is deleted.
    """
    conversation = visible(session, person, conversation_id, lock=True)
    author: Author = "customer" if isinstance(person, CustomerPrincipal) else "agent"
    made = service.upload(session, conversation, author=author, name=name, content=content)
    return AttachmentOut.of(made)


@router.get(
    "/attachments/{attachment_id}",
    response_class=Response,
    responses={200: {"content": _CONTENT}, **problems(404)},
)
def read_attachment(attachment_id: str, person: CurrentPerson, session: DbSession) -> Response:
    """The file, for agents and for the customer of its conversation; pictures to show, all else to save."""
    contact_id = person.contact_id if isinstance(person, CustomerPrincipal) else None
    attachment = service.read(session, attachment_id, contact_id=contact_id)
    way = "inline" if attachment.media_type in service.PICTURES else "attachment"
    disposition = f"{way}; filename*=utf-8''{quote(attachment.name, safe='')}"
    headers = {**_HEADERS, "Content-Disposition": disposition}
    return Response(attachment.content, media_type=attachment.media_type, headers=headers)
