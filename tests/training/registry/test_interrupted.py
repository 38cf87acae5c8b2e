"""A training that is killed leaves nothing that is taken for a set, and the next one starts clean."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.model_set import read_pointer
from tests.training.training_parts import trained_set
from training.registry.model_sets import register
from training.registry.registered_sets import list_sets

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

_CHILD = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [{root!r}]
import model.model_set, training.registry.model_sets
from tests.training.training_parts import trained_set

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

{place} = die
training.registry.model_sets.register(Path({home!r}), trained_set({version!r}))
"""


def killed_at(place: str, home: Path, version: str) -> None:
    """Registers in a process of its own that is killed where the function `place` would be called."""
    root = Path(__file__).parents[3]
    code = _CHILD.format(root=str(root), place=place, home=str(home), version=version)
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


@pytest.mark.timeout(300)  # two processes of their own, one of which makes MLflow's store
def test_what_a_killed_training_left_is_no_set_and_the_next_one_starts_clean(tmp_path: Path) -> None:
    home = tmp_path / "home"
    killed_at("model.model_set.file_sha256", home, "v1")  # the tensors are written, the manifest is not
    assert [path.name[:11] for path in (home / "models").glob(".model-set*")] == [".model-set-"]
    assert (list_sets(home), read_pointer(home / "models")) == ([], None)
    killed_at("training.registry.model_sets._write_confusion", home, "v2")  # in the middle of the run
    assert (list_sets(home), read_pointer(home / "models")) == ([], None)
    made = register(home, trained_set("v3"))
    assert (made.number, made.in_service) == (1, True)
    assert [one.version for one in list_sets(home)] == ["v3"]
    assert read_pointer(home / "models") == "v3"
    assert list((home / "models").glob(".model-set*")) == []
    assert _run_states(home) == ["FINISHED", "KILLED"]


def _run_states(home: Path) -> list[str]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("heads")
    return sorted(run.info.status for run in client.search_runs([experiment.experiment_id]))
