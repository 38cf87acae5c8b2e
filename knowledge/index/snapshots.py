"""Keeps an index in a folder, whole or not at all; refuses what is stale, foreign or damaged."""

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from knowledge.index.chunking import CHUNKER_VERSION
from model.errors import ArtifactError
from model.files import rename_durably
from model.types import Passage, Vectors

FORMAT_VERSION = 1
_MANIFEST, _PASSAGES, _VECTORS = "manifest.json", "passages.jsonl", "vectors.safetensors"
_LEFTOVER_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an index holds: passages with their vectors as rows, and the last change they include."""

    passages: list[Passage]
    vectors: Vectors
    last_change: int


def write(folder: Path, snapshot: Snapshot, *, fingerprint: str, content_hash: str) -> None:
    """Puts the snapshot in place of the one in `folder`.

    It is written beside it first and renamed in. After a crash between the two renames the old snapshot
    lies beside `folder`, where `read` finds it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(folder)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        files = {
            _PASSAGES: "".join(_line(passage) for passage in snapshot.passages).encode("utf-8"),
            _VECTORS: save_tensors({"vectors": np.ascontiguousarray(snapshot.vectors)}),
        }
        manifest: dict[str, object] = {
            "format": FORMAT_VERSION,
            "encoder": fingerprint,
            "chunker": CHUNKER_VERSION,
            "content_hash": content_hash,
            "last_change": snapshot.last_change,
            "passages": len(snapshot.passages),
            "refs": len({passage.ref for passage in snapshot.passages}),
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
        manifest["digest"] = _digest(manifest)
        files[_MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode("utf-8")
        for name, data in files.items():
            (building / name).write_bytes(data)
        _swap_in(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def read(folder: Path, *, fingerprint: str, dim: int, content_hash: str | None) -> Snapshot:
    """The snapshot in `folder`; raises `ArtifactError` with the reason why it cannot be used."""
    place = _whole(folder)
    manifest = _manifest(place)
    _check(place, manifest, "foreign", encoder=fingerprint)
    _check(place, manifest, "stale", chunker=CHUNKER_VERSION)
    if content_hash is not None:
        _check(place, manifest, "stale", content_hash=content_hash)
    files = {name: _checked_bytes(place / name, manifest) for name in (_PASSAGES, _VECTORS)}
    try:
        passages = [_passage(line) for line in files[_PASSAGES].decode("utf-8").splitlines()]
        vectors: Vectors = load_tensors(files[_VECTORS])["vectors"]
        last_change = int(str(manifest["last_change"]))
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise _unusable(place, "damaged", repr(error)) from error
    _check(place, manifest, "damaged", passages=len(passages))
    if vectors.shape != (len(passages), dim):
        raise _unusable(place, "damaged", f"vectors have shape {vectors.shape}, not {(len(passages), dim)}")
    return Snapshot(passages, vectors, last_change)


def _unusable(place: Path, state: str, why: str) -> ArtifactError:
    return ArtifactError(f"snapshot {place} is {state}: {why}; rebuild the index from the store")


def _check(place: Path, manifest: Mapping[str, object], state: str, **expected: object) -> None:
    for name, value in expected.items():
        if manifest.get(name) != value:
            raise _unusable(place, state, f"{name} is {manifest.get(name)!r}, expected {value!r}")


def _line(passage: Passage) -> str:
    return json.dumps(asdict(passage), ensure_ascii=True, separators=(",", ":")) + "\n"


def _passage(line: str) -> Passage:
    fields = json.loads(line)
    return Passage(**{**fields, "heading_path": tuple(fields["heading_path"])})


def _digest(manifest: Mapping[str, object]) -> str:
    """SHA-256 of the manifest without its own digest."""
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode("utf-8")).hexdigest()


def _swap_in(building: Path, folder: Path) -> None:
    """Renames `building` to `folder`, moving what is there aside; tries again when another process did."""
    for _ in range(100):
        try:
            rename_durably(building, folder)
        except OSError:
            if not folder.exists():
                raise
        else:
            _clear(_siblings(folder, "old"))
            return
        aside = folder.with_name(f".{folder.name}.old-{time.time_ns()}")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(aside)
    raise ArtifactError(f"snapshot {folder} keeps being replaced by another process; save it again")


def _siblings(folder: Path, kind: str) -> list[Path]:
    return sorted(folder.parent.glob(f".{folder.name}.{kind}-*"))


def _clear(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_leftovers(folder: Path) -> None:
    """Removes what a crash left half written; younger folders may belong to a running process."""
    limit = time.time() - _LEFTOVER_SECONDS
    for left in _siblings(folder, "new"):
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < limit:
                shutil.rmtree(left, ignore_errors=True)


def _whole(folder: Path) -> Path:
    """The folder, or the snapshot that a crash between two renames left beside it."""
    if folder.is_dir():
        return folder
    aside = _siblings(folder, "old")
    if aside:
        return aside[-1]
    raise _unusable(folder, "missing", "there is no such folder")


def _manifest(place: Path) -> dict[str, object]:
    try:
        manifest = json.loads(_bytes(place / _MANIFEST))
    except (ValueError, RecursionError) as error:
        raise _unusable(place, "damaged", f"{_MANIFEST} is not JSON ({error})") from error
    if not isinstance(manifest, dict):
        raise _unusable(place, "damaged", f"{_MANIFEST} is not a JSON object")
    _check(place, manifest, "of another format", format=FORMAT_VERSION)
    if manifest.get("digest") != _digest(manifest):
        raise _unusable(place, "damaged", f"{_MANIFEST} was changed after it was written")
    return manifest


def _checked_bytes(path: Path, manifest: Mapping[str, object]) -> bytes:
    """The file's bytes, which must have the digest recorded in the manifest."""
    data = _bytes(path)
    files = manifest.get("files")
    expected = files.get(path.name) if isinstance(files, dict) else None
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise _unusable(path.parent, "damaged", f"{path.name} has SHA-256 {found}, recorded {expected}")
    return data


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise _unusable(path.parent, "damaged", f"{path.name} is missing") from error
    except OSError as error:
        raise _unusable(path.parent, "unreadable", f"{path.name}: {error.strerror}") from error
