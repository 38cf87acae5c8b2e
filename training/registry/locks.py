"""One registration and one promotion of a home at a time: locks that end with the process, even if killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from model.errors import ConflictError


@contextmanager
def changing_registry(models_folder: Path) -> Iterator[None]:
    """Held while sets are registered or aliases moved, which takes seconds; others wait for it."""
    models_folder.mkdir(parents=True, exist_ok=True)
    with FileLock(models_folder / ".registering"):
        yield


@contextmanager
def promoting(models_folder: Path) -> Iterator[None]:
    """Held from the comparison to the switch, which may take minutes: nobody changes the champion meanwhile.

    Raises `ConflictError` at once when another promotion or rollback of the home holds it.
    """
    with _only_one(
        models_folder,
        ".promoting",
        f"another promotion or rollback in {models_folder} is running; wait for its end, then look: "
        "firstlast models list",
    ):
        yield


@contextmanager
def retraining(models_folder: Path) -> Iterator[None]:
    """Held by `firstlast retrain` from the first look at the data to the last line of its log.

    Raises `ConflictError` at once when another one of the home holds it.
    """
    with _only_one(
        models_folder, ".retraining", f"another firstlast retrain in {models_folder} is running; it will do"
    ):
        yield


@contextmanager
def _only_one(models_folder: Path, name: str, taken: str) -> Iterator[None]:
    """Holds the lock of this name; raises `ConflictError` with the words when somebody else does."""
    if not models_folder.is_dir():  # nothing there to change, and no folder is made to say so
        yield
        return
    lock = FileLock(models_folder / name)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConflictError(taken) from error
    try:
        yield
    finally:
        lock.release()
