"""Keeps the figures of a run in the home folder's MLflow; sends nothing anywhere else."""

import importlib.metadata
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.charts import Chart, write_charts
from eval.results import INTERVAL, write_items

if TYPE_CHECKING:
    from mlflow import MlflowClient

ITEMS_FILE = "items.jsonl"
FIGURES_FILE = "figures.json"
_FORBIDDEN = re.compile(r"[^\w\-. :/]")
_MAX_PARAM_CHARS = 6000
_MOST_AT_ONCE = 100
"""Parameters that MLflow takes in one call, and as many metrics."""
_PACKAGES = ("firstlast", "scikit-learn", "onnxruntime", "numpy")


def log_run(
    home: Path,
    experiment: str,
    *,
    params: Mapping[str, object],
    metrics: Mapping[str, Any],  # JSON
    items: Iterable[Mapping[str, Any]] = (),  # JSON
    charts: Mapping[str, Chart] | None = None,
) -> str:
    """Writes one finished run to `<home>/mlflow.db`; gives its id.

    Its `figures.json`, `items.jsonl` and the pictures of its charts go to `<home>/mlruns`; beside `params`
    stand the versions of the packages that figures depend on. Of `metrics` only the numbers are MLflow
    metrics, those of a mapping as `outer.inner`, the ends of an interval as `.low` and `.high`; `@` in a
    name becomes `_at_`, which MLflow does not accept.
    """
    client = open_client(home)
    run_id = start_run(client, home, experiment)
    log_figures(
        client,
        run_id,
        params={_safe(name): value for name, value in {**params, **package_versions()}.items()},
        metrics=numbers(metrics),
    )
    with tempfile.TemporaryDirectory() as folder:
        write_items(Path(folder) / ITEMS_FILE, items)
        (Path(folder) / FIGURES_FILE).write_text(json.dumps(metrics, default=str), encoding="utf-8")
        write_charts(Path(folder), charts or {})
        client.log_artifacts(run_id, folder)
    client.set_terminated(run_id)
    return run_id


def log_figures(
    client: "MlflowClient", run_id: str, *, params: Mapping[str, object], metrics: Mapping[str, float]
) -> None:
    """Writes a run's parameters and metrics, by names that MLflow accepts.

    In few transactions: one a figure took a third of the time that comparing two small sets takes.
    """
    from mlflow.entities import Metric, Param

    moment = int(time.time() * 1000)
    texts = [Param(name, str(value)[:_MAX_PARAM_CHARS]) for name, value in params.items()]
    figures = [Metric(name, number, moment, 0) for name, number in metrics.items()]
    for begin in range(0, max(len(texts), len(figures)), _MOST_AT_ONCE):
        part = slice(begin, begin + _MOST_AT_ONCE)
        client.log_batch(run_id, metrics=figures[part], params=texts[part])


def package_versions() -> dict[str, str]:
    """The versions of the packages that figures depend on, by `version.<package>`."""
    return {f"version.{package}": importlib.metadata.version(package) for package in _PACKAGES}


def start_run(client: "MlflowClient", home: Path, experiment: str, *, name: str | None = None) -> str:
    """Begins a run in the experiment, which is made on its first run; gives the run's id."""
    known = client.get_experiment_by_name(experiment)
    if known is None:
        place = (home / "mlruns").absolute().as_uri()
        experiment_id = client.create_experiment(experiment, artifact_location=place)
    else:
        experiment_id = known.experiment_id
    return str(client.create_run(experiment_id, run_name=name).info.run_id)


def numbers(figures: Mapping[str, Any]) -> dict[str, float]:  # JSON
    """The numbers among the figures, by names that MLflow accepts."""
    flat: dict[str, float] = {}
    for key, value in figures.items():
        name = _safe(key)
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": number for inner, number in numbers(value).items()}
        elif isinstance(value, list | tuple) and key.endswith(INTERVAL):
            flat |= {f"{name}.low": float(value[0]), f"{name}.high": float(value[1])}
        elif isinstance(value, int | float):
            flat[name] = float(value)
    return flat


def open_client(home: Path) -> "MlflowClient":
    """A client of the home's own MLflow, which says nothing to anybody outside and little here."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # both are read when MLflow is first imported
    os.environ["DO_NOT_TRACK"] = "true"
    from mlflow import MlflowClient

    for noisy in ("mlflow", "alembic"):  # after the import, which sets them up
        logging.getLogger(noisy).setLevel(logging.ERROR)
    home.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:///{(home / 'mlflow.db').absolute()}"
    return MlflowClient(tracking_uri=address, registry_uri=address)


def _safe(name: str) -> str:
    return _FORBIDDEN.sub("_", name.replace("@", "_at_"))
