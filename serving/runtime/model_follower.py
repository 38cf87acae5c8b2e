"""Watches which model set is the champion and takes it into service; it knows no way to load one."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from model.errors import ArtifactError, FirstlastError
from model.model_set import read_pointer
from serving.runtime.background import BackgroundThread
from serving.runtime.in_service import LoadedSet, ResolverBox

_WATCH_SECONDS = 1.0
_RETRY_SECONDS = 30.0
_log = structlog.get_logger(__name__)

LoadSet = Callable[[str, threading.Event], LoadedSet]
"""Loads the set of a version, on the knowledge in service or on its own; may end early once the event is set,
with a set that is then not used."""


class ModelFollower:
    """Watches the pointer to the champion and takes a new model set into service while questions go on."""

    def __init__(self, models_folder: Path, box: ResolverBox, load: LoadSet) -> None:
        self._models_folder = models_folder
        self._box = box
        self._load = load
        self._failed: str | None = None
        self._retry_at = 0.0
        self._thread = BackgroundThread("model-follower", self._look, failed_event="model_follower_failed")

    def follow_once(self) -> bool:
        """Take the champion into service if it is not; True when it changed. A failure keeps the old one."""
        version = None
        try:
            version = read_pointer(self._models_folder)
            if version is None:
                raise ArtifactError(f"no champion is named in {self._models_folder}; run: firstlast init")
            if version == self._box.version:
                self._box.last_error = self._failed = None
                return False
            if version == self._failed and time.monotonic() < self._retry_at:
                return False
            self._failed, self._retry_at = version, time.monotonic() + _RETRY_SECONDS
            loaded = self._load(version, self._thread.stopping)
            if self._thread.stopping.is_set() or read_pointer(self._models_folder) != version:
                self._failed = None  # it may be wanted again, and is not at fault
                return False
            self._take(loaded)
        except Exception as error:  # whatever is wrong with a set, this thread must live to take the next one
            problem = str(error)
            if not isinstance(error, FirstlastError | OSError):
                kind = type(error).__name__
                problem = f"champion {version!r} cannot be used ({kind}); train again: firstlast train heads"
            if self._box.last_error != problem:
                _log.error("model_set_refused", in_service=self._box.version, error=problem)
            self._box.last_error = problem
            return False
        self._failed = None
        _log.info("model_set_in_service", version=version)
        return True

    def start(self) -> None:
        """Watch every second until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for a load under way."""
        self._thread.stop()

    def _take(self, loaded: LoadedSet) -> None:
        """Put the set into service. With it may come other knowledge, which by then follows the store too."""
        before = self._box.knowledge
        if loaded.knowledge is before:
            self._box.put(loaded)
            return
        loaded.knowledge.sync.follow_once()
        if before.sync.is_following:
            loaded.knowledge.sync.start()
        self._box.put(loaded)
        before.sync.close()
        _log.info("encoder_in_service", encoder=loaded.knowledge.encoder.fingerprint)

    def _look(self) -> float:
        self.follow_once()
        return _WATCH_SECONDS
