"""`firstlast mlflow` shows a home to this machine, hands its files over, and ends with Ctrl-C."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firstlast import cli
from tests.training.training_parts import as_installed, trained_set
from training.registry.model_sets import register

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    register(home, trained_set("v1"))
    return home


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_home_is_shown_with_its_files_until_it_is_stopped(
    home: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts

    environment = as_installed(tmp_path / "installed")
    command = [sys.executable, "-m", "firstlast", "mlflow", "--home", str(home), "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as in a shell's background
    ) as shown:
        assert shown.stderr is not None
        told = ""
        while "Ctrl-C" not in told and (line := shown.stderr.readline()):
            told += line
        address = re.findall(r"http://127\.0\.0\.1:\d+", told)[0]
        version = MlflowClient(tracking_uri=address).get_model_version_by_alias("firstlast", "champion")
        card = download_artifacts(
            run_id=version.run_id, artifact_path="model_card.md", dst_path=str(tmp_path), tracking_uri=address
        )
        shown.send_signal(ending)
        assert shown.wait(timeout=60) == 0
    assert Path(card).read_text(encoding="utf-8").startswith("# Model set v1")
    assert str(home / "mlflow.db") in told
    with socket.socket() as tried:
        assert tried.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) != 0


def test_a_home_without_models_and_a_port_that_is_taken_are_told(home: Path, tmp_path: Path) -> None:
    got = CliRunner().invoke(cli, ["mlflow", "--home", str(tmp_path)])
    assert (got.exit_code, "holds no run and no model yet" in got.stderr) == (1, True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        got = CliRunner().invoke(cli, ["mlflow", "--home", str(home), "--port", port])
        assert (got.exit_code, f"port {port} is taken" in got.stderr) == (1, True)
