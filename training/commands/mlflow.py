"""`firstlast mlflow`: MLflow's pages on the home's runs and models, for this machine alone."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Annotated

import typer

from model.errors import ConflictError, NotFoundError
from serving.command_line import HomeOption, friendly_errors, messages

HOST = "127.0.0.1"
USUAL_PORT = 5000
_STARTING_SECONDS = 120.0
_STOPPING_SECONDS = 10.0
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # jobs of other pages than ours, in processes of their own
}

app = typer.Typer()


@app.command("mlflow")
def open_mlflow(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = USUAL_PORT,
    home: HomeOption = None,
) -> None:
    """Show the home's runs, models and figures in MLflow until Ctrl-C; only this machine can reach it."""
    from eval.report.artifacts import bring_up_to_date
    from eval.report.tracking import tracking_address
    from serving.settings import Settings

    with friendly_errors():
        folder = Settings.load(home).home
        if not (folder / "mlflow.db").is_file():
            raise NotFoundError(f"{folder} holds no run and no model yet; train one: firstlast train heads")
        port = _free_port(port)
        bring_up_to_date(folder / "mlflow.db")
        with tempfile.TemporaryFile() as said:
            for stopping in (signal.SIGINT, signal.SIGTERM):  # whoever started this may have them ignored
                signal.signal(stopping, signal.default_int_handler)
            server = _start(folder, tracking_address(folder), port, said)
            try:
                _wait_for(server, port, said)
                _announce(f"http://{HOST}:{port}", tracking_address(folder))
                server.wait()
            except KeyboardInterrupt:
                pass
            finally:
                _stop(server)


def _free_port(wanted: int) -> int:
    """The port, or a free one for 0. Raises `ConflictError` when it is taken."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, wanted))
        except OSError as error:
            raise ConflictError(
                f"port {wanted} is taken; name another one: --port 0 takes a free one"
            ) from error
        return int(tried.getsockname()[1])


def _start(home: Path, store: str, port: int, said: IO[bytes]) -> "subprocess.Popen[bytes]":
    """MLflow's server in a session of its own, so that Ctrl-C reaches this process alone."""
    arguments = ["--backend-store-uri", store, "--artifacts-destination", str(home / "mlruns")]
    arguments += ["--host", HOST, "--port", str(port), "--workers", "1"]
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "mlflow", "server", *arguments],
        env={**os.environ, **_QUIET},
        stdout=said,
        stderr=said,
        start_new_session=True,
    )


def _wait_for(server: "subprocess.Popen[bytes]", port: int, said: IO[bytes]) -> None:
    """Until it listens. Raises `ConflictError` with what it said last when it ends, or takes too long."""
    end = time.monotonic() + _STARTING_SECONDS
    with messages.status("starting MLflow"):
        while server.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=5):
                return
            time.sleep(0.2)
    said.seek(0)
    last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
    raise ConflictError(f"MLflow did not start ({last}); see that it is installed whole: pip install mlflow")


def _announce(address: str, store: str) -> None:
    messages.print(f"\n[bold]MLflow[/bold] shows this home at {address}", highlight=False)
    messages.print(f"  in Python  mlflow.set_tracking_uri({store!r})", highlight=False, soft_wrap=True)
    messages.print("  the model  mlflow.pyfunc.load_model('models:/firstlast@champion')", highlight=False)
    messages.print("Ctrl-C stops it.", style="dim")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """End the server and the processes that it started."""
    for signal_sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal_sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=_STOPPING_SECONDS)
