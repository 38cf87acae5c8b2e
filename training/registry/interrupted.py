"""Clears what an interrupted registration left behind; touches no registered set and nothing in service.

A set is in the registry or it is not: what was killed half-way left a work folder, a whole set that nobody
registered, or a run that never ended. None of them is ever taken for a set; here they are put away.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from training.registry.locks import changing_registry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_WORK = ".model-set-*"


@contextmanager
def registering_alone(models_folder: Path) -> Iterator[None]:
    """Held by one process of this home at a time; work folders found then are nobody's and are removed."""
    with changing_registry(models_folder):
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
