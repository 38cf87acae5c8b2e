"""Reads the tracked runs of a home's MLflow back, as they were measured; writes nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.report.artifacts import artifacts_folder
from eval.report.tracking import FIGURES_FILE, ITEMS_FILE, open_client
from eval.results import DATA_SHA256
from knowledge.json_lines import read_json_lines
from model.errors import ArtifactError, NotFoundError

_PREFIX = "eval "
_MOST_RUNS = 200
"""Newest runs of a suite that are read."""


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """One measurement of the past."""

    suite: str
    """`intents`, `answers` …"""
    run_id: str
    started_at: datetime
    """UTC."""
    params: Mapping[str, str]
    figures: Mapping[str, Any]  # JSON
    folder: Path
    """Where its items and pictures are."""

    @property
    def data(self) -> str:
        """Digest of what was measured on; runs on other data are not compared."""
        return self.params.get(DATA_SHA256, "")

    @property
    def setup(self) -> Mapping[str, str]:
        """What was measured, and how: its parameters but the data's digest and the packages' versions.

        Runs of one setup are the same measurement, taken again.
        """
        return {
            name: value
            for name, value in self.params.items()
            if name != DATA_SHA256 and not name.startswith("version.")
        }

    def items(self) -> Iterator[Mapping[str, Any]]:  # JSON
        """What became of each item, in the order of the data; none where the file is gone."""
        path = self.folder / ITEMS_FILE
        if path.is_file():
            yield from (item for _, item in read_json_lines(path))

    def pictures(self) -> list[Path]:
        """The curves, by name."""
        return sorted(self.folder.glob("*.png"))


def tracked_runs(home: Path) -> dict[str, list[TrackedRun]]:
    """The finished runs of each suite, newest first; suites by name.

    Runs whose figures are gone from the disk are left out. Raises `NotFoundError` when there is none.
    """
    runs_by_suite: dict[str, list[TrackedRun]] = {}
    if (home / "mlflow.db").is_file():
        client = open_client(home)
        for experiment in sorted(client.search_experiments(), key=lambda experiment: str(experiment.name)):
            if not experiment.name.startswith(_PREFIX):
                continue
            runs = client.search_runs(
                [experiment.experiment_id],
                "attributes.status = 'FINISHED'",
                max_results=_MOST_RUNS,
                order_by=["attributes.start_time DESC"],
            )
            suite = experiment.name.removeprefix(_PREFIX)
            read = [tracked for run in runs if (tracked := _tracked(home, suite, run)) is not None]
            if read:
                runs_by_suite[suite] = read
    if not runs_by_suite:
        raise NotFoundError(
            f"{home} holds no tracked measurement; run some first, such as: firstlast eval answers --track"
        )
    return runs_by_suite


def _tracked(home: Path, suite: str, run: Any) -> TrackedRun | None:  # MLflow's, whose package is untyped
    try:
        folder = artifacts_folder(home, run.info.artifact_uri)
        figures = json.loads((folder / FIGURES_FILE).read_text(encoding="utf-8"))
    except (ArtifactError, OSError, ValueError):
        return None
    started = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    return TrackedRun(suite, run.info.run_id, started, dict(run.data.params), figures, folder)
