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
    if not models_folder.is_dir():  # nothing there to promote, and no folder is made to say so
        yield
        return
    lock = FileLock(models_folder / ".promoting")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConflictError(
            f"another promotion or rollback in {models_folder} is running; wait for its end, then look: "
            "firstlast models list"
        ) from error
    try:
        yield
    finally:
        lock.release()
