"""The whole way from new labels to a promoted set, everything written down; it fits nothing itself."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.report.tracking import log_run
from eval.results import Track, untracked
from model.errors import FirstlastError
from model.model_set import read_pointer
from serving.settings import Settings
from training.datasets.service_rows import FromService
from training.datasets.training_data import TrainingData
from training.pipeline import gather, known_data, train_and_register
from training.registry.locks import retraining
from training.registry.promotion import promote
from training.registry.registered_sets import list_sets

EXPERIMENT = "retrain"
LOG_FILE = "retrain.jsonl"
"""In the home: a line for each run, and one for a set when it is made, should the run be interrupted."""


@dataclass(frozen=True, slots=True)
class Retrained:
    """What a run found and did."""

    texts: int
    """Labelled texts of intents to learn from."""
    from_service: FromService | None
    """What people in service made known, by source."""
    new: bool
    """Whether the data differ from those of the champion and of the newest set."""
    trained: str | None = None
    """The set that was compared, just trained or by a run that was interrupted; `None` when none was."""
    resumed: bool = False
    """Whether an earlier run had trained it."""
    promoted: bool = False
    failed: tuple[str, ...] = ()
    """The gates that failed."""

    def as_json(self) -> dict[str, Any]:
        """The run as the command and the log of runs tell it."""
        return {
            "texts": self.texts,
            "labels_from_store": self.labels,
            "from_service": self.from_service.as_json() if self.from_service else {},
            "new": self.new,
            "trained": self.trained,
            "resumed": self.resumed,
            "promoted": self.promoted,
            "failed": list(self.failed),
        }

    @property
    def labels(self) -> int:
        """How many questions of the store people gave an intent, or said that none is about."""
        return self.from_service.rows_of("intents", "out_of_scope") if self.from_service else 0

    @property
    def outcome(self) -> str:
        """`nothing_new`, `promoted` or `refused`."""
        return "nothing_new" if self.trained is None else "promoted" if self.promoted else "refused"


def retrain(
    settings: Settings,
    *,
    seed: int,
    most_past: int,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    track: Track = untracked,
) -> Retrained:
    """Train on what is new and promote it if all gates pass; with `dry_run` only say what is new.

    Without anything new it does nothing, unless an earlier run ended between training and comparing: its
    set is compared then. Each run is a line of the home's `retrain.jsonl`, also one that fails, and one that
    trained is a run of MLflow, too. Raises `ConflictError` while another run is under way.
    """
    if dry_run:
        return _found(settings, _gathered(settings))
    with retraining(settings.models_folder):
        started = time.perf_counter()
        try:
            data = _gathered(settings)
            found = _found(settings, data)
            done = _done(
                settings, data, found, seed=seed, most_past=most_past, progress=progress, track=track
            )
        except Exception as error:
            _write(settings.home, "failed", {"problem": problem_words(error)})
            raise
        seconds = round(time.perf_counter() - started, 1)
        _write(settings.home, done.outcome, {**done.as_json(), "seconds": seconds})
        if done.trained is not None:
            _track(settings.home, done, seconds)
        return done


def problem_words(error: Exception) -> str:
    """What went wrong: the words of an error raised on purpose, of any other only its kind."""
    return str(error) if isinstance(error, FirstlastError) else type(error).__name__


def _gathered(settings: Settings) -> TrainingData:
    return gather(settings, None, from_store=True)


def _found(settings: Settings, data: TrainingData) -> Retrained:
    return Retrained(len(data.intents), data.from_service, data.sha256 not in known_data(settings))


def _done(
    settings: Settings,
    data: TrainingData,
    found: Retrained,
    *,
    seed: int,
    most_past: int,
    progress: Callable[[str], None],
    track: Track,
) -> Retrained:
    left = None if found.new else _left_behind(settings)
    if not found.new and left is None:
        return found
    if left is None:
        left = train_and_register(settings, data, seed=seed, progress=progress).version
        _write(settings.home, "trained", {"trained": left})
    promotion = promote(settings, left, most_past=most_past, track=track)
    return replace(
        found,
        trained=left,
        resumed=not found.new,
        promoted=promotion.promoted,
        failed=promotion.failed,
    )


def _left_behind(settings: Settings) -> str | None:
    """The newest set, if a run trained it and ended before it was compared."""
    newest = next(iter(list_sets(settings.home)), None)
    if newest is None or newest.version == read_pointer(settings.models_folder):
        return None
    events = [line["event"] for line in _lines(settings.home) if line.get("trained") == newest.version]
    return newest.version if events == ["trained"] else None


def _lines(home: Path) -> list[dict[str, Any]]:  # JSON
    """What earlier runs wrote; a line that a crash cut off is passed over."""
    path = home / LOG_FILE
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines


def _write(home: Path, event: str, told: dict[str, Any]) -> None:  # JSON
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with (home / LOG_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": at, "event": event, **told}, ensure_ascii=False) + "\n")


def _track(home: Path, done: Retrained, seconds: float) -> None:
    params = {"model": done.trained, "outcome": done.outcome, "failed": ", ".join(done.failed)}
    metrics = {
        "texts": done.texts,
        "labels_from_store": done.labels,
        "promoted": int(done.promoted),
        "seconds": seconds,
    }
    log_run(home, EXPERIMENT, params=params, metrics=metrics, about=f"{done.trained} {done.outcome}")
