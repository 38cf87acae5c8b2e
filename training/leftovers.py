"""Clears what an interrupted registration left behind; touches no registered set and nothing in service.

A set is in the registry or it is not: what was killed half-way left a work folder, a whole set that nobody
registered, or a run that never ended. None of them is ever taken for a set; here they are put away.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LOCK = ".registering"
_WORK = ".model-set-*"


@contextmanager
def registering_alone(models_folder: Path) -> Iterator[None]:
    """Held by one process of this home at a time, and let go of even when it is killed.

    Work folders found then belong to nobody, and are removed.
    """
    models_folder.mkdir(parents=True, exist_ok=True)
    with (models_folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in models_folder.glob(_WORK):
            shutil.rmtree(folder, ignore_errors=True)
        yield


def end_open_runs(client: "MlflowClient", experiment: str) -> int:
    """Mark the experiment's runs that never ended as killed; how many. Call it while registering alone."""
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return 0
    runs = client.search_runs([found.experiment_id], filter_string="attributes.status = 'RUNNING'")
    for run in runs:
        client.set_terminated(run.info.run_id, status="KILLED")
    return len(runs)
