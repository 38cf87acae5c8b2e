"""Takes files in, by what they hold and not by what they are called, and gives them out so that none runs."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError, NotFoundError
from model.types import Author
from serving.attachments import repository
from serving.attachments.schemas import AttachedFile
from serving.db.tables import Attachment, Conversation, Message
from serving.text import one_line

MOST_PER_MESSAGE = 5
_MOST_PER_CONVERSATION = 50
_MAX_BYTES_PER_CONVERSATION = 100 * 1024 * 1024
_NAME_CHARS = 80
_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_SUFFIXES: Mapping[str, str] = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
    f"{_OPEN_DOCUMENT}.text": ".odt",
    f"{_OPEN_DOCUMENT}.spreadsheet": ".ods",
    "text/plain": ".txt",
}
"""What may be sent, and how its name ends: nothing that a system would run."""
_SIGNATURES = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("application/pdf", re.compile(rb"%PDF-\d")),
)
"""How files of these types begin."""
_MAIN_PARTS: Mapping[str, str] = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OFFICE}.presentationml.presentation",
}
"""By which member of the archive an office document is known (ECMA-376)."""
_TEXT_SUFFIXES = (".txt", ".csv", ".log", ".md", ".json")
_PLAIN = "text/plain"
MEDIA_TYPES = tuple(_SUFFIXES)
PICTURES = frozenset(name for name in _SUFFIXES if name.startswith("image/"))
"""Media types that browsers show in place."""


def media_type_of(content: bytes, name: str) -> str:
    """The media type that the content has, whatever the file is called.

    Raises `DataError` for anything that may not be sent; `name` is only for its words.
    """
    for media_type, signature in _SIGNATURES:
        if signature.match(content):
            return media_type
    if content.startswith(b"PK") and (document_type := _document_type(content)):
        return document_type
    if content and _is_text(content):
        return _PLAIN
    raise DataError(
        f"{name!r} holds no picture, document or text that can be sent; send PNG, JPEG, GIF, WebP, PDF, "
        "Word, Excel, PowerPoint, OpenDocument or plain text"
    )


def upload(
    session: Session, conversation: Conversation, *, author: Author, name: str, content: bytes
) -> Attachment:
    """Keep a file for a message to come. Lock the conversation first.

    Raises `DataError` for what may not be sent, and `ConflictError` when the conversation has enough files.
    """
    media_type = media_type_of(content, name)
    count, size = repository.total_of(session, conversation.id)
    if count >= _MOST_PER_CONVERSATION or size + len(content) > _MAX_BYTES_PER_CONVERSATION:
        raise ConflictError(
            f"this conversation has {count} files of {size // 1024**2} MB in all, at most "
            f"{_MOST_PER_CONVERSATION} files of {_MAX_BYTES_PER_CONVERSATION // 1024**2} MB are kept; "
            "begin another"
        )
    attachment = Attachment(
        conversation_id=conversation.id,
        author=author,
        name=safe_name(name, media_type),
        media_type=media_type,
        size=len(content),
        content=content,
    )
    session.add(attachment)
    session.flush()
    return attachment


def safe_name(name: str, media_type: str) -> str:
    """The name without folders and signs that mislead, ending as files of this type do."""
    shown = "".join(
        sign for sign in one_line(name).replace("\\", "/").rpartition("/")[2] if sign.isprintable()
    )
    path = PurePath(shown.strip(" .") or "file")
    suffix = path.suffix.lower()
    keeps = media_type == _PLAIN and suffix in _TEXT_SUFFIXES
    stem = path.stem if keeps or suffix in (_SUFFIXES[media_type], ".jpeg") else path.name
    return f"{stem[:_NAME_CHARS]}{suffix if keeps else _SUFFIXES[media_type]}"


def chosen_for(
    session: Session, conversation_id: str, ids: Sequence[str], *, author: Author
) -> list[Attachment]:
    """The uploaded files that a message names, in its order; raises `DataError` for one not to be sent."""
    unsent = {one.id: one for one in repository.list_unsent(session, conversation_id, ids)} if ids else {}
    missing = [one for one in ids if one not in unsent or unsent[one].author != author]
    if missing:
        raise DataError(f"attachment {missing[0]!r} is not here to be sent; upload it to this conversation")
    return [unsent[one] for one in dict.fromkeys(ids)]


def attach(message: Message, attachments: Sequence[Attachment]) -> None:
    """Make the files part of the message, which has its id already."""
    for attachment in attachments:
        attachment.message_id = message.id
    if attachments:
        shown = [AttachedFile.model_validate(one, from_attributes=True).model_dump() for one in attachments]
        message.payload = {**message.payload, "attachments": shown}


def read(session: Session, attachment_id: str, *, contact_id: str | None = None) -> Attachment:
    """The attachment, of this contact's conversations if one is named. Raises `NotFoundError`."""
    attachment = repository.find(session, attachment_id, contact_id=contact_id)
    if attachment is None:
        raise NotFoundError(f"there is no attachment {attachment_id!r}")
    return attachment


def _document_type(content: bytes) -> str | None:
    """The type of the office document that the ZIP archive is, if it is one without macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.namelist()
            if any(name.lower().endswith("vbaproject.bin") for name in members):
                return None
            if "mimetype" in members and archive.getinfo("mimetype").file_size < 100:
                declared = archive.read("mimetype").decode("ascii", "replace").strip()
                return declared if declared.startswith(_OPEN_DOCUMENT) and declared in _SUFFIXES else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return None
    return next((media_type for part, media_type in _MAIN_PARTS.items() if part in members), None)


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
