"""Reads the JSON manifest beside saved files, and their digests; knows nothing of what they hold."""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from model.errors import ArtifactError


def read_manifest(  # JSON
    path: Path, *, what: str, expected_format: int, keys: Collection[str], remedy: str
) -> dict[str, Any]:
    """The manifest at `path`, of this format and with all `keys`.

    Raises `ArtifactError` when it is missing, damaged or of another format; it says no `what` is there, and
    the command that mends it, `remedy`.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = manifest["format"]
    except FileNotFoundError as error:
        raise ArtifactError(f"no {what} in {path.parent}; run: {remedy}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is damaged ({error!r}); run: {remedy}") from error
    if found != expected_format:
        raise ArtifactError(f"{path} has format {found!r}, expected {expected_format}; run: {remedy}")
    missing = [key for key in keys if key not in manifest]
    if missing:
        raise ArtifactError(f"{path} is damaged ({', '.join(missing)} missing); run: {remedy}")
    return manifest


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
