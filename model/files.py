"""Writes files and folders whole or not at all, also when power fails; it knows nothing of what they hold."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put a file with these bytes in the place of `path`; its folder must exist.

    Readers see the old file or the new one, never a part; when this returns, the new one survives power loss.
    """
    descriptor, draft = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def rename_durably(built: Path, folder: Path) -> None:
    """Rename a folder that was built under another name, with everything in it on the disk before.

    Raises `OSError` when `folder` is there and not empty.
    """
    for parent, _, names in os.walk(built):
        for name in names:
            _sync_file(Path(parent) / name)
        _sync_folder(Path(parent))
    built.rename(folder)
    _sync_folder(folder.parent)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the names in the folder durable, where the file system can do this."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
