"""The messenger's static files, compressed once and revalidated by ETag; any other name is refused."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, Response
from rjsmin import jsmin

from knowledge.importing.attachments import PICTURES
from model.errors import NotFoundError
from serving.messenger.bundle import join_modules

STATIC_FOLDER = Path(__file__).parent / "static"
_ATTACHMENT = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}")
_PICTURE_TYPES = {".jpeg": "image/jpeg", ".gif": "image/gif", ".avif": "image/avif"}
_FOLDER_TYPES = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file ready to send."""

    body: bytes
    gzipped: bytes
    etag: str
    media_type: str


@cache
def messenger_script() -> Asset:
    """The whole messenger as one ES module."""
    return _asset(join_modules(STATIC_FOLDER / "messenger.js").encode(), "text/javascript")


@cache
def page_file(name: str) -> Asset:
    """A style sheet or the icon of the pages; raises `NotFoundError` for any other name."""
    return folder_file(STATIC_FOLDER / "pages", name)


@cache
def words_file(name: str) -> Asset:
    """The messenger's words in a language, as `de.json`; raises `NotFoundError` for any other name."""
    path = STATIC_FOLDER / "words" / name
    if path.suffix != ".json" or path.parent.name != "words" or not path.is_file():
        raise NotFoundError(f"there are no words {name!r} here")
    return _asset(path.read_bytes(), "application/json")


@cache
def part_file(name: str) -> Asset:
    """A part of the messenger that is loaded when needed; raises `NotFoundError` for any other name."""
    path = STATIC_FOLDER / "parts" / name
    if path.suffix != ".js" or path.parent.name != "parts" or not path.is_file():
        raise NotFoundError(f"the messenger has no part {name!r}")
    return _asset(jsmin(path.read_text(encoding="utf-8")).encode(), "text/javascript")


def folder_file(folder: Path, name: str) -> Asset:
    """A style sheet or picture that lies in the folder itself; raises `NotFoundError` for any other name."""
    media_type = _FOLDER_TYPES.get(Path(name).suffix.lower())
    path = folder / name
    if media_type is None or path.parent != folder or not path.is_file():
        raise NotFoundError(f"there is no style sheet or picture {name!r} here")
    return _asset(path.read_bytes(), media_type)


def attachment_response(folder: Path, name: str) -> Response:
    """A picture or file of an article; raises `NotFoundError` for a name that is none.

    Its name says its content, so browsers may keep it for ever. What is no picture is for downloading.
    """
    path = folder / name
    if _ATTACHMENT.fullmatch(name) is None or not path.is_file():
        raise NotFoundError(f"there is no file {name!r} here; see the article that links to it")
    return FileResponse(
        path,
        media_type=_FOLDER_TYPES.get(
            path.suffix, _PICTURE_TYPES.get(path.suffix, "application/octet-stream")
        ),
        filename=name,
        content_disposition_type="inline" if path.suffix in PICTURES else "attachment",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


def asset_response(request: Request, asset: Asset) -> Response:
    """The asset, compressed where the browser takes it; 304 when the browser has it already.

    Any site may load it: a module script from another origin needs that permission.
    """
    headers = {
        "ETag": asset.etag,
        "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    body = asset.body
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = asset.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=asset.media_type, headers=headers)


def _asset(body: bytes, media_type: str) -> Asset:
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Asset(body=body, gzipped=gzip.compress(body, 9, mtime=0), etag=etag, media_type=media_type)
