"""Finds and reads the files of a source; refuses what is unreadable, too big, binary or not text."""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pathspec import GitIgnoreSpec

from knowledge.documents import HeldBack, HeldBackReason, Refusal
from knowledge.importing.decoding import (
    PROBE_BYTES,
    UTF_16,
    NotTextError,
    decode,
    decode_as,
    encoding_of,
    refuse_binary,
    unicode_encoding,
)
from model.errors import DataError

MAX_FILE_BYTES = 10_000_000
"""For a page; nobody reads a help page of 10 MB, and cutting it would hold up everything else."""
MAX_PAGE_CHARS = 500_000
"""Of a text page: what an article may have here. Longer ones would take seconds to read."""
MAX_PAIRS_BYTES = 50_000_000
"""About 900,000 rows, which are held in memory together."""
MAX_LINE_BYTES = 1_000_000
IGNORE_FILE = ".firstlastignore"
"""In the top folder of a source: what is not for customers, as a `.gitignore` says it."""

_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
_INTERNAL_FOLDERS = ("_*", ".*", "node_modules", "layouts")
_INTERNAL_FILES = (
    "_*",
    "CONTRIBUTING*",
    "CODE_OF_CONDUCT*",
    "LICEN[CS]E*",
    "COPYING*",
    "NOTICE*",
    "PULL_REQUEST_TEMPLATE*",
    "ISSUE_TEMPLATE*",
    "SUMMARY.md",
    "robots.txt",
    "humans.txt",
    "llms*.txt",
    "requirements*.txt",
)
_SECTION_PAGES = ("_index.*",)
"""Hugo's page of a section: the one name that begins with `_` and is for readers."""


class RefusedError(DataError):
    """A file or row cannot be imported; the message is the plain reason."""


class NotKnowledgeError(RefusedError):
    """The file is of a kind that may hold knowledge, and holds none; a folder passes over it."""


class EmptyFileError(RefusedError):
    """The file holds nothing but blank lines."""

    def __init__(self) -> None:
        super().__init__("the file is empty")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source."""

    path: Path
    name: str
    """Within the source, with `/`; what reports call it."""

    @property
    def suffix(self) -> str:
        """Lower case, with its dot."""
        return self.path.suffix.lower()

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return self.name.removesuffix(self.path.suffix)

    def read_bytes(self, *, limit: int = MAX_FILE_BYTES) -> bytes:
        """What the file holds; raises `RefusedError`."""
        _check_size(self.path, limit)
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise RefusedError(f"the file cannot be read: {reason_of(error)}") from error

    def read_text(self, *, declared: str = "") -> str:
        """The text of a page without a byte order mark; raises `RefusedError`.

        `declared` is the charset that the page itself names, see `decode`.
        """
        try:
            text = decode(self.read_bytes(), declared=declared)
        except NotTextError as error:
            raise RefusedError(str(error)) from error
        if not text.strip():
            raise EmptyFileError
        if len(text) > MAX_PAGE_CHARS:
            raise RefusedError(
                f"the page has {len(text)} characters, at most {MAX_PAGE_CHARS} are read; split it"
            )
        return text

    def read_lines(self, refusals: list[Refusal]) -> Iterator[tuple[int, str]]:
        """Line numbers from 1 with their text, of a file of rows; raises `RefusedError` for the whole file.

        A line that is too long, or not written as the rest, is added to `refusals` and passed over. Lines end
        as they do on any system. The file is read twice, a line at a time: how it is written comes first.
        """
        _check_size(self.path, MAX_PAIRS_BYTES)
        try:
            with self.path.open("rb") as file:
                beginning = file.read(PROBE_BYTES)
                file.seek(0)
                encoding = unicode_encoding(beginning)
                if encoding is None:
                    refuse_binary(beginning)
                    encoding = encoding_of(iter(partial(file.readline, MAX_LINE_BYTES), b""))
                    file.seek(0)
                yield from _decoded_lines(file, encoding, self.name, refusals)
        except NotTextError as error:
            raise RefusedError(str(error)) from error
        except OSError as error:
            raise RefusedError(f"the file cannot be read: {reason_of(error)}") from error


@dataclass(frozen=True, slots=True)
class Walk:
    """What a folder holds, each part in order of its path."""

    files: tuple[SourceFile, ...]
    held_back: tuple[HeldBack, ...]
    refusals: tuple[Refusal, ...]


def walk(folder: Path) -> Walk:
    """The files below the folder that may be for customers.

    Links within it are followed; a folder is entered once, however many links lead to it. Held back are
    links out of it, folders and files that belong to the site and not to its readers, and what its ignore
    file names.
    """
    root = folder.resolve()
    ignored = _ignore_rules(folder)
    entered: set[tuple[int, int]] = set()
    pending = [folder]
    files: list[SourceFile] = []
    held_back: list[HeldBack] = []
    refusals: list[Refusal] = []
    while pending:
        current = pending.pop()
        try:
            status = current.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            entries = sorted(current.iterdir())
        except OSError as error:
            name = _name(current, folder, is_folder=True)
            refusals.append(Refusal(name, f"the folder cannot be read: {reason_of(error)}"))
            continue
        for entry in entries:
            is_folder = _is_folder(entry)
            name = _name(entry, folder, is_folder=is_folder)
            reason = _reason_to_hold_back(entry.name, name, ignored, is_folder=is_folder)
            if reason is None and entry.is_symlink() and not entry.resolve().is_relative_to(root):
                reason = HeldBackReason.OUTSIDE
            if reason is not None:
                held_back.append(HeldBack(name, reason))
            elif is_folder:
                pending.append(entry)
            elif not entry.name.startswith("."):
                files.append(SourceFile(entry, name))
    return Walk(
        tuple(sorted(files, key=lambda file: file.name.split("/"))),
        tuple(sorted(held_back, key=lambda held: held.path.split("/"))),
        tuple(refusals),
    )


def reason_of(error: OSError) -> str:
    """What the system says, in lower case."""
    return (error.strerror or type(error).__name__).lower()


def _ignore_rules(folder: Path) -> GitIgnoreSpec:
    path = folder / IGNORE_FILE
    try:
        return GitIgnoreSpec.from_lines(path.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return GitIgnoreSpec.from_lines([])
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); write it as a .gitignore") from error


def _reason_to_hold_back(
    own_name: str, name: str, ignored: GitIgnoreSpec, *, is_folder: bool
) -> HeldBackReason | None:
    if ignored.match_file(name):
        return HeldBackReason.IGNORED
    if is_folder:
        internal = _matches(own_name, _INTERNAL_FOLDERS)
    else:
        internal = _matches(own_name, _INTERNAL_FILES) and not _matches(own_name, _SECTION_PAGES)
    return HeldBackReason.INTERNAL if internal else None


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _name(path: Path, folder: Path, *, is_folder: bool) -> str:
    """The path within the source; a folder ends in `/`, the source itself is `./`."""
    return path.relative_to(folder).as_posix() + "/" * is_folder


def _decoded_lines(
    file: BinaryIO, encoding: str, name: str, refusals: list[Refusal]
) -> Iterator[tuple[int, str]]:
    if encoding in UTF_16:  # its line ends are no single bytes
        file = BytesIO(decode_as(file.read(), encoding).encode("utf-8"))
        encoding = "utf-8"
    number, offset, blank = 1, 0, True
    while line := file.readline(MAX_LINE_BYTES + 1):
        size = len(line)
        try:
            if size > MAX_LINE_BYTES and not line.endswith(b"\n"):
                size += _skip_line(file)
                raise RefusedError(f"the line has {size} bytes, at most {MAX_LINE_BYTES} are read")
            for text in _LINE.findall(decode_as(line, encoding, offset=offset)):
                blank = blank and not text.strip()
                yield number, text
                number += 1
        except (NotTextError, RefusedError) as error:
            blank = False
            refusals.append(Refusal(f"{name}:{number}", str(error)))
            number += 1
        offset += size
    if blank:
        raise EmptyFileError


def _check_size(path: Path, limit: int) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise RefusedError(f"the file cannot be read: {reason_of(error)}") from error
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError("not a plain file")
    if status.st_size > limit:
        raise RefusedError(f"the file has {status.st_size} bytes, at most {limit} are read; split it")


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
