"""Remembers, beside an index snapshot, which version of each ref the snapshot holds; never the index itself.

With it a process that starts compares the snapshot with the store ref by ref, and embeds only what differs.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from model.files import write_atomically

_KEPT = 4
"""Records kept: a crash, or two processes saving at once, may leave the snapshot of an earlier one."""


def write_holdings(folder: Path, holdings: Mapping[str, str]) -> str:
    """Keep the content hash of each ref for the snapshot in `folder`; returns the digest to save it under."""
    data = json.dumps(holdings, sort_keys=True, separators=(",", ":")).encode("ascii")
    digest = hashlib.sha256(data).hexdigest()
    place = _place(folder)
    place.mkdir(parents=True, exist_ok=True)
    write_atomically(place / f"{digest}.json", data)
    return digest


def read_holdings(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each record kept for the snapshot in `folder` with its digest, newest first; damaged ones left out."""
    for path in _newest_first(folder):
        with suppress(OSError, ValueError):
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == path.stem:
                yield path.stem, json.loads(data)


def forget_old_holdings(folder: Path) -> None:
    """Remove all records but the newest few."""
    for path in _newest_first(folder)[_KEPT:]:
        path.unlink(missing_ok=True)


def _place(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.holdings")


def _newest_first(folder: Path) -> list[Path]:
    dated: list[tuple[int, Path]] = []
    for path in _place(folder).glob("*.json"):
        with suppress(FileNotFoundError):
            dated.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(dated, reverse=True)]
