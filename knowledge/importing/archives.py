"""Zip archives to folders, safely: nothing leaves the folder, nothing is a link, and bombs are refused."""

import re
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from knowledge.documents import Refusal
from knowledge.importing.files import RefusedError, reason_of
from knowledge.importing.notion import without_notion_tails
from model.errors import DataError

ARCHIVE_SUFFIX = ".zip"
MAX_UNPACKED_BYTES = 2_000_000_000
MAX_ARCHIVE_FILES = 100_000
MAX_DEPTH = 2
"""Archives within archives; Notion puts the parts of an export into one."""
MAX_OFFICE_BYTES = 200_000_000
_MAX_RATIO = 200
"""Text shrinks to a tenth, repeated rows to a fiftieth; a bomb to a thousandth."""
_ANY_RATIO_BYTES = 10_000_000
"""Up to so much unpacked, any ratio is harmless."""
_CHUNK_BYTES = 1_000_000
_OF_THE_SYSTEM = ("__MACOSX", ".DS_Store", "Thumbs.db")
_DRIVE = re.compile(r"\A[A-Za-z]:")
_IS_ENCRYPTED, _IS_UTF_8 = 0x1, 0x800


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The folder that an archive was unpacked to, and the entries that were not."""

    folder: Path
    refusals: tuple[Refusal, ...]


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """The files of a zip archive, as long as the context lasts.

    A single top folder is the folder itself, archives within it become folders, and of pages that Notion
    exported the identifiers go from names and links. Entries that are links, lead out of the archive, cannot
    be read or stand there twice are refused. Raises `DataError` for what is no archive, or too big for one.
    """
    with tempfile.TemporaryDirectory(prefix="firstlast-import-") as temporary:
        folder = Path(temporary).resolve()
        unpacking = _Unpacking(folder)
        unpacking.unpack(path, folder, depth=1)
        entries = list(folder.iterdir())
        if len(entries) == 1 and entries[0].is_dir():
            folder = entries[0]
        without_notion_tails(folder)
        yield Unpacked(folder, tuple(unpacking.refusals))


def check_office_file(content: bytes) -> None:
    """Raises `RefusedError` for bytes that are no Office file or grow too big when unpacked."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise RefusedError("the file is damaged or protected by a password; save it again without") from error
    if size > MAX_OFFICE_BYTES:
        raise RefusedError(
            f"unpacked the file has {size} bytes, at most {MAX_OFFICE_BYTES} are read; split it"
        )


class _Unpacking:
    """What one import has unpacked so far, over all archives within each other."""

    def __init__(self, root: Path) -> None:
        self.refusals: list[Refusal] = []
        self._root = root
        self._files = 0
        self._bytes = 0

    def unpack(self, path: Path, folder: Path, *, depth: int) -> None:
        """Unpacks the archive into the folder, and those within it."""
        try:
            archive = ZipFile(path)
        except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise DataError(f"{path} is no zip archive that can be read ({error}); pack it again") from error
        with archive:
            entries = [entry for entry in archive.infolist() if not _is_left_out(entry)]
            self._check_size(path, entries)
            inner = [
                target for entry in entries if (target := self._extract(archive, entry, folder)) is not None
            ]
        holds_only_archives = bool(inner) and len(inner) == len(entries)
        for target in inner:
            self._unpack_inner(
                target, target.parent if holds_only_archives else target.with_suffix(""), depth
            )

    def _unpack_inner(self, path: Path, folder: Path, depth: int) -> None:
        name = path.relative_to(self._root).as_posix()
        try:
            if depth >= MAX_DEPTH:
                raise RefusedError("an archive within an archive within an archive; unpack it first")
            folder.mkdir(exist_ok=True)
            self.unpack(path, folder, depth=depth + 1)
        except (DataError, OSError) as error:
            reason = str(error).replace(str(path), "it") if isinstance(error, DataError) else reason_of(error)
            self.refusals.append(Refusal(name, reason))
        path.unlink(missing_ok=True)

    def _check_size(self, path: Path, entries: list[ZipInfo]) -> None:
        """Raises `DataError` by what the archive says of itself; what it says is the most that is read."""
        self._files += len(entries)
        unpacked_bytes = sum(entry.file_size for entry in entries)
        packed_bytes = max(1, sum(entry.compress_size for entry in entries))
        self._bytes += unpacked_bytes
        if self._files > MAX_ARCHIVE_FILES:
            raise DataError(
                f"{path} holds {self._files} files, at most {MAX_ARCHIVE_FILES} are read; split it"
            )
        if self._bytes > MAX_UNPACKED_BYTES:
            raise DataError(
                f"{path} has {self._bytes} bytes unpacked, at most {MAX_UNPACKED_BYTES} are read; split it"
            )
        if unpacked_bytes > max(_ANY_RATIO_BYTES, _MAX_RATIO * packed_bytes):
            raise DataError(
                f"{path} grows from {packed_bytes} to {unpacked_bytes} bytes, as harmful archives do; "
                "unpack it yourself if you trust it, and import the folder"
            )

    def _extract(self, archive: ZipFile, entry: ZipInfo, folder: Path) -> Path | None:
        """Writes one entry; its path when it is an archive itself."""
        name = _name_of(entry)
        try:
            target = folder.joinpath(*_parts(name))
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise RefusedError("a link; pack the file itself")
            if entry.flag_bits & _IS_ENCRYPTED:
                raise RefusedError("protected by a password; pack it without")
            if target.exists():
                raise RefusedError("its name stands in the archive twice; rename one of the two")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("xb") as file:
                while chunk := packed.read(_CHUNK_BYTES):
                    file.write(chunk)
        except (
            BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            ValueError,
            OSError,
            DataError,
        ) as error:
            self.refusals.append(Refusal(name.replace("\0", " "), _reason(error)))
            return None
        return target if target.suffix.lower() == ARCHIVE_SUFFIX else None


def _is_left_out(entry: ZipInfo) -> bool:
    """Whether it is a folder, which files make by themselves, or what an operating system adds."""
    parts = PurePosixPath(entry.filename).parts
    return entry.is_dir() or any(part in _OF_THE_SYSTEM for part in parts)


def _name_of(entry: ZipInfo) -> str:
    """The name with `/`, read as UTF-8 where it is, though the archive does not say so."""
    name = entry.filename
    if not entry.flag_bits & _IS_UTF_8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return name.replace("\\", "/")


def _parts(name: str) -> list[str]:
    """The parts of a name that stays within the archive; raises `RefusedError` for another one."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or _DRIVE.match(name) or ".." in parts or not parts:
        raise RefusedError("its name leads out of the archive; pack it with names within its folder")
    return parts


def _reason(error: Exception) -> str:
    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, OSError):
        return f"it cannot be unpacked: {reason_of(error)}"
    return "it is damaged or packed in an unusual way; pack it again"
