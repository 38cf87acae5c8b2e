"""Finds and reads the files of a source; refuses what is unreadable, too big, binary or not UTF-8."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from knowledge.documents import Refusal
from model.errors import DataError

MAX_FILE_BYTES = 10_000_000
"""For a page; nobody reads a help page of 10 MB, and cutting it would hold up everything else."""
MAX_PAIRS_BYTES = 200_000_000
MAX_LINE_BYTES = 1_000_000
_BINARY_PROBE_BYTES = 8192


class RefusedError(DataError):
    """A file or row cannot be imported; the message is the plain reason."""


def walk(folder: Path, suffixes: frozenset[str], refusals: list[Refusal]) -> Iterator[Path]:
    """Files below the folder with one of the suffixes, in order of their path.

    Hidden files and folders are passed over. Links are followed; a folder is entered once, however many
    links lead to it. What cannot be listed is added to `refusals`.
    """
    entered: set[tuple[int, int]] = set()
    pending = [folder]
    files: list[Path] = []
    while pending:
        current = pending.pop()
        try:
            status = current.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            entries = sorted(entry for entry in current.iterdir() if not entry.name.startswith("."))
        except OSError as error:
            refusals.append(Refusal(str(current), f"the folder cannot be read: {_reason(error)}"))
            continue
        pending.extend(entry for entry in reversed(entries) if _is_folder(entry))
        files.extend(e for e in entries if e.suffix.lower() in suffixes and not _is_folder(e))
    yield from sorted(files, key=lambda path: path.relative_to(folder).parts)


def read_text(path: Path) -> str:
    """The text of a page without a byte order mark; raises `RefusedError`."""
    _check_size(path, MAX_FILE_BYTES)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RefusedError(f"the file cannot be read: {_reason(error)}") from error
    _check_binary(data[:_BINARY_PROBE_BYTES])
    text = decode(data, offset=0).removeprefix("\ufeff")
    if not text.strip():
        raise RefusedError("the file is empty")
    return text


def read_lines(path: Path, refusals: list[Refusal]) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 with their text, of a file of pairs; raises `RefusedError` for the whole file.

    A line that is too long or not UTF-8 is added to `refusals` and passed over.
    """
    _check_size(path, MAX_PAIRS_BYTES)
    try:
        with path.open("rb") as file:
            _check_binary(file.read(_BINARY_PROBE_BYTES))
            file.seek(0)
            number, offset, blank = 0, 0, True
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                size = len(line)
                try:
                    if size > MAX_LINE_BYTES and not line.endswith(b"\n"):
                        size += _skip_line(file)
                        raise RefusedError(f"the line has {size} bytes, at most {MAX_LINE_BYTES} are read")
                    text = decode(line, offset=offset)
                    text = text.removeprefix("\ufeff") if number == 1 else text
                    blank = blank and not text.strip()
                    yield number, text
                except RefusedError as error:
                    blank = False
                    refusals.append(Refusal(f"{path}:{number}", str(error)))
                offset += size
    except OSError as error:
        raise RefusedError(f"the file cannot be read: {_reason(error)}") from error
    if blank:
        raise RefusedError("the file is empty")


def decode(data: bytes, *, offset: int) -> str:
    """UTF-8 text; raises `RefusedError` naming the first wrong byte, counted from `offset`."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {offset + error.start}; save it as UTF-8"
        ) from error


def _check_size(path: Path, limit: int) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise RefusedError(f"the file cannot be read: {_reason(error)}") from error
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError("not a plain file")
    if status.st_size > limit:
        raise RefusedError(f"the file has {status.st_size} bytes, at most {limit} are read; split it")


def _check_binary(beginning: bytes) -> None:
    if b"\0" in beginning:
        raise RefusedError(f"binary: a zero byte at offset {beginning.index(0)}; only text is imported")


def _skip_line(file: BinaryIO) -> int:
    """Reads to the end of the line; how many bytes that were."""
    skipped = 0
    while rest := file.readline(MAX_LINE_BYTES):
        skipped += len(rest)
        if rest.endswith(b"\n"):
            break
    return skipped


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
