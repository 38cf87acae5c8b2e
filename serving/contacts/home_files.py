"""Takes a person's words out of a home's files: index, data sets, label files, MLflow; leaves the store.

Rows that hold them are removed from JSONL, CSV, lists in JSON and Arrow; elsewhere the words are replaced. An
index snapshot is removed whole: the next start makes it again. Model sets hold numbers alone.
"""

import csv
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from model.files import write_atomically
from serving.contacts.erasure import ERASED
from serving.contacts.person import PersonsWords
from serving.settings import Settings

_OWN_FOLDERS = ("company", "storefront", "files")
"""What the company brought: a customer may have used the same words, so only ids count there."""
_TABLES = {".csv": ",", ".tsv": "\t"}
_WHOLE_BYTES = 64 * 1024 * 1024
"""Larger files are read piece by piece to see whether they hold anything, before they are read whole."""
_SQLITE_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of the files of a home, by path within it."""

    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """Files that hold the person's words and could not be changed, such as archives."""


@dataclass(slots=True)
class _Sweep:
    home: Path
    dry_run: bool
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def sweep_home(
    settings: Settings, words: PersonsWords, *, quoted: Sequence[str] = (), dry_run: bool = False
) -> Swept:
    """Take the person's words out of every file of the home but the store's own.

    `quoted` are the ways to ask that were taken out of learned answers: they stand in index snapshots.
    With `dry_run` nothing changes.
    """
    sweep = _Sweep(settings.home, dry_run)
    ids, everything = _Needles.of(words.identifiers), _Needles.of((*words.identifiers, *words.said))
    indexed = _Needles.of((*words.identifiers, *quoted))
    for path in sorted(_files(settings)):
        if not path.is_file():  # removed with its folder
            continue
        top = path.relative_to(settings.home).parts[0]
        if path.is_relative_to(settings.index_folder):
            _drop_snapshot(sweep, path, settings.index_folder, indexed)
        else:
            _clean(sweep, path, ids if top in _OWN_FOLDERS else everything)
    return Swept(tuple(sweep.changed), tuple(sweep.removed), tuple(sweep.left))


@dataclass(frozen=True, slots=True)
class _Needles:
    """Words to look for, in a text or in the bytes of a file."""

    words: tuple[str, ...]
    folded: tuple[str, ...]
    pattern: re.Pattern[str]
    raw: re.Pattern[bytes]

    @classmethod
    def of(cls, words: Sequence[str]) -> "_Needles":
        longest_first = tuple(sorted({word for word in words if word}, key=lambda word: (-len(word), word)))
        forms = dict.fromkeys(form for word in longest_first for form in _written_forms(word))
        never = ("(?!)",)
        pattern = "|".join(map(re.escape, forms)) or never[0]
        raw = b"|".join(re.escape(form.encode("utf-8", "replace")) for form in forms) or never[0].encode()
        return cls(
            longest_first,
            tuple(word.casefold() for word in longest_first),
            re.compile(pattern, re.IGNORECASE),
            re.compile(raw, re.IGNORECASE),
        )

    def stand_in(self, value: object) -> bool:
        """Whether a JSON value holds some of them."""
        if isinstance(value, str):
            text = value.casefold()
            return any(word in text for word in self.folded)
        if isinstance(value, dict):
            return any(self.stand_in(inner) for pair in value.items() for inner in pair)
        return isinstance(value, list | tuple) and any(map(self.stand_in, value))

    def without(self, text: str) -> str:
        """The text with something else for each."""
        return self.pattern.sub(ERASED, text)


def _written_forms(word: str) -> Iterator[str]:
    """A word as it is, and as JSON and CSV write it."""
    yield word
    yield json.dumps(word)[1:-1]
    yield json.dumps(word, ensure_ascii=False)[1:-1]
    yield word.replace('"', '""')


def _files(settings: Settings) -> Iterator[Path]:
    """Every file of the home that is no link and no part of the store."""
    url = make_url(settings.database_url)
    database = url.database if url.get_backend_name() == "sqlite" and url.database else "firstlast.db"
    file = (settings.home / database).absolute()
    store = {file.with_name(f"{file.name}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")}
    for path in settings.home.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.absolute() not in store:
            yield path


def _clean(sweep: _Sweep, path: Path, needles: _Needles) -> None:
    if path.suffix in (".safetensors", ".onnx", ".png") or not _holds(path, needles):
        return
    name = str(path.relative_to(sweep.home))
    cleaner = _cleaner_of(path)
    if cleaner is None:
        sweep.left.append(name)
        return
    if not sweep.dry_run:
        cleaner(path, needles)
        if _holds(path, needles):
            sweep.left.append(name)
            return
    sweep.changed.append(name)


def _cleaner_of(path: Path) -> Callable[[Path, _Needles], None] | None:
    with path.open("rb") as file:
        head = file.read(len(_SQLITE_MAGIC))
    if head == _SQLITE_MAGIC:
        return _clean_sqlite
    if path.suffix == ".arrow":
        return _clean_arrow
    if path.suffix in (".jsonl", ".ndjson"):
        return _clean_lines
    if path.suffix == ".json":
        return _clean_json
    if path.suffix in _TABLES:
        return _clean_table
    return None if b"\x00" in head or head[:2] == b"PK" else _clean_text


def _drop_snapshot(sweep: _Sweep, path: Path, index_folder: Path, needles: _Needles) -> None:
    if path.suffix == ".safetensors" or not _holds(path, needles):
        return
    snapshot = index_folder / path.relative_to(index_folder).parts[0]
    sweep.removed.append(str(snapshot.relative_to(sweep.home)))
    if not sweep.dry_run:
        shutil.rmtree(snapshot) if snapshot.is_dir() else snapshot.unlink()


def _holds(path: Path, needles: _Needles) -> bool:
    with path.open("rb") as file:
        tail = b""
        while piece := file.read(_WHOLE_BYTES):
            if needles.raw.search(tail + piece):
                return True
            tail = piece[-64_000:]
    return False


def _clean_lines(path: Path, needles: _Needles) -> None:
    kept = [
        line for line in path.read_text("utf-8").splitlines(keepends=True) if not _line_holds(line, needles)
    ]
    write_atomically(path, "".join(kept).encode("utf-8"))


def _line_holds(line: str, needles: _Needles) -> bool:
    try:
        return needles.stand_in(json.loads(line)) or needles.pattern.search(line) is not None
    except ValueError:
        return needles.pattern.search(line) is not None


def _clean_json(path: Path, needles: _Needles) -> None:
    try:
        value = json.loads(path.read_text("utf-8"))
    except ValueError:
        _clean_text(path, needles)
        return
    write_atomically(path, (json.dumps(_cleaned(value, needles), ensure_ascii=False) + "\n").encode("utf-8"))


def _cleaned(value: Any, needles: _Needles) -> Any:  # JSON
    """The value without list items that hold the words, and with other words elsewhere."""
    if isinstance(value, str):
        return needles.without(value)
    if isinstance(value, dict):
        return {needles.without(key): _cleaned(inner, needles) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner, needles) for inner in value if not needles.stand_in(inner)]
    return value


def _clean_table(path: Path, needles: _Needles) -> None:
    separator = _TABLES[path.suffix]
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=separator))
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(
        row for row in rows if not needles.stand_in(row)
    )
    write_atomically(path, out.getvalue().encode("utf-8"))


def _clean_text(path: Path, needles: _Needles) -> None:
    text = path.read_text("utf-8", errors="surrogateescape")
    write_atomically(path, needles.without(text).encode("utf-8", "surrogateescape"))


def _clean_arrow(path: Path, needles: _Needles) -> None:
    """Rewrites a data set's table without the rows; its batches become one."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
        table = reader.read_all()
    rows = table.to_pylist()
    kept = [place for place, row in enumerate(rows) if not needles.stand_in(row)]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.take(pa.array(kept, pa.int64())))
    write_atomically(path, sink.getvalue().to_pybytes())


def _clean_sqlite(path: Path, needles: _Needles) -> None:
    """Replaces the words in every text of every table, such as MLflow's parameters and tags."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            for column in columns:
                _clean_column(connection, table, column, needles)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")


def _clean_column(connection: sqlite3.Connection, table: str, column: str, needles: _Needles) -> None:
    chosen = f'SELECT rowid, "{column}" FROM "{table}" WHERE typeof("{column}") = \'text\''
    for row_id, value in connection.execute(chosen).fetchall():
        cleaned = needles.without(value)
        if cleaned != value:
            connection.execute(
                f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?',
                (cleaned, row_id),
            )
