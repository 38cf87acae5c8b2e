"""Sends signed notes to an address of the business, as Standard Webhooks has it; it decides nothing.

A receiver checks `webhook-signature` with the same secret and any library of https://www.standardwebhooks.com.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from model.errors import ConfigurationError
from serving.db.tables import new_id

SECRET_PREFIX = "whsec_"  # noqa: S105  # what secrets begin with
_LEAST_SECRET_BYTES = 24
_PAUSES_SECONDS = (1.0, 5.0)
"""Before the second and the third try."""
_TIMEOUT_SECONDS = 10.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would become a GET without the note, at an address that nobody chose."""

    def redirect_request(self, *_: object) -> None:
        return None


def check_address(url: str) -> None:
    """Raises `ConfigurationError` for what is no address of the web."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{url!r} is no address to send a note to; write it as https://host/path")


def secret_bytes(secret: str | None) -> bytes:
    """The key of a secret, which is `whsec_` and base64; raises `ConfigurationError` for anything else."""
    try:
        key = base64.b64decode((secret or "").removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret or not secret.startswith(SECRET_PREFIX) or len(key) < _LEAST_SECRET_BYTES:
        raise ConfigurationError(
            f"notes are signed with the setting webhook_secret, {SECRET_PREFIX} and the base64 of at least "
            f"{_LEAST_SECRET_BYTES} random bytes; make one: echo {SECRET_PREFIX}$(openssl rand -base64 32)"
        )
    return key


def signed_headers(key: bytes, *, note_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a note: id, seconds since 1970, and `v1,` with the base64 of their HMAC-SHA256."""
    content = f"{note_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "user-agent": "firstlast",
        "webhook-id": note_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def send_note(
    url: str,
    secret: str | None,
    kind: str,
    data: Mapping[str, Any],  # JSON
    *,
    wait: Callable[[float], object] = time.sleep,
) -> str | None:
    """Post `{"type", "timestamp", "data"}` to the address; `None` once it was taken, else why it was not.

    A note has one id over its three tries, so that a receiver knows it again. Taken means any status from
    200 to 299. Raises `ConfigurationError` for an address or secret that cannot be used.
    """
    check_address(url)
    key = secret_bytes(secret)
    note_id = f"msg_{new_id()}"
    told = {"type": kind, "timestamp": datetime.now(UTC).isoformat(timespec="seconds"), "data": dict(data)}
    body = json.dumps(told, ensure_ascii=False).encode()
    opener = urllib.request.build_opener(_NoRedirects)
    problem: str | None = None
    for pause in (0.0, *_PAUSES_SECONDS):
        wait(pause)
        headers = signed_headers(key, note_id=note_id, timestamp=int(time.time()), body=body)
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
        try:
            with opener.open(request, timeout=_TIMEOUT_SECONDS):
                return None
        except urllib.error.HTTPError as error:
            problem = f"status {error.code}"
        except OSError as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
    return problem
