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


_SHOWN_BY_ANOTHER = """
import subprocess, sys
from firstlast import cli
from training.commands import mlflow

def start(home, store, port, said):
    command = [sys.executable, "-m", "http.server", str(port), "--bind", mlflow.HOST]
    return subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)

mlflow._start = start
cli(["mlflow", "--home", sys.argv[1], "--port", "0"])
"""
"""The command with a server that starts sooner than MLflow's."""


def test_a_home_is_shown_with_its_files_until_it_is_stopped(home: Path, tmp_path: Path) -> None:
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
        shown.send_signal(signal.SIGINT)
        assert shown.wait(timeout=60) == 0
    assert Path(card).read_text(encoding="utf-8").startswith("# Model set v1")
    assert str(home / "mlflow.db") in told
    with socket.socket() as tried:
        assert tried.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) != 0


def test_a_termination_ends_the_server_behind_it_too(home: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SHOWN_BY_ANOTHER, str(home)]
    environment = as_installed(tmp_path / "installed")
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as shown:
        assert shown.stderr is not None
        told = ""
        while "Ctrl-C" not in told and (line := shown.stderr.readline()):
            told += line
        port = int(re.findall(r"http://127\.0\.0\.1:(\d+)", told)[0])
        with socket.socket() as tried:
            assert tried.connect_ex(("127.0.0.1", port)) == 0
        shown.send_signal(signal.SIGTERM)
        assert shown.wait(timeout=60) == 0
    with socket.socket() as tried:
        assert tried.connect_ex(("127.0.0.1", port)) != 0


def test_a_home_without_models_and_a_port_that_is_taken_are_told(home: Path, tmp_path: Path) -> None:
    got = CliRunner().invoke(cli, ["mlflow", "--home", str(tmp_path)])
    assert (got.exit_code, "holds no run and no model yet" in got.stderr) == (1, True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        got = CliRunner().invoke(cli, ["mlflow", "--home", str(home), "--port", port])
        assert (got.exit_code, f"port {port} is taken" in got.stderr) == (1, True)
