"""MLflow's empty database, made once and copied: its own making, by some 70 migrations, takes a second."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from eval.report.tracking import open_client


def give_mlflow(home: Path) -> Path:
    """The home, made if need be, with a database of MLflow as the first run in it would make it."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_made_once(), home / "mlflow.db")
    return home


@cache
def _made_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="firstlast-mlflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_client(folder).get_experiment_by_name("none")
    return folder / "mlflow.db"
