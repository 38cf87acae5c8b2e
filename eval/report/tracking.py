"""Keeps the figures of a run in the home folder's MLflow; sends nothing anywhere else."""

import importlib.metadata
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.artifacts import ROOT, bring_up_to_date, know_scheme
from eval.report.charts import Chart, write_charts
from eval.report.used_data import UsedData, log_datasets
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


@dataclass(frozen=True, slots=True)
class Step:
    """A figure of a training at one of its steps."""

    number: int
    value: float


def log_run(
    home: Path,
    experiment: str,
    *,
    params: Mapping[str, object],
    metrics: Mapping[str, Any],  # JSON
    items: Iterable[Mapping[str, Any]] = (),  # JSON
    charts: Mapping[str, Chart] | None = None,
    about: str = "",
    data: Sequence[UsedData] = (),
    steps: Mapping[str, Sequence[Step]] | None = None,
) -> str:
    """Writes one finished run to `<home>/mlflow.db`; gives its id.

    It is called by its experiment, the time and `about`, and names the `data` it was measured on. Its
    `figures.json`, `items.jsonl` and the pictures of its charts go to `<home>/mlruns`; beside `params`
    stand the versions of the packages that figures depend on. Of `metrics` only the numbers are MLflow
    metrics, those of a mapping as `outer.inner`, the ends of an interval as `.low` and `.high`; `@` in a
    name becomes `_at_`, which MLflow does not accept.
    """
    client = open_client(home)
    run_id = start_run(client, experiment, about=about)
    log_figures(
        client,
        run_id,
        params={_safe(name): value for name, value in {**params, **package_versions()}.items()},
        metrics=numbers(metrics),
        steps=steps,
    )
    log_datasets(client, run_id, data, context="evaluation")
    with tempfile.TemporaryDirectory() as folder:
        write_items(Path(folder) / ITEMS_FILE, items)
        (Path(folder) / FIGURES_FILE).write_text(json.dumps(metrics, default=str), encoding="utf-8")
        write_charts(Path(folder), charts or {})
        client.log_artifacts(run_id, folder)
    client.set_terminated(run_id)
    return run_id


def log_figures(
    client: "MlflowClient",
    run_id: str,
    *,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    steps: Mapping[str, Sequence[Step]] | None = None,
) -> None:
    """Writes a run's parameters and metrics, by names that MLflow accepts; `steps` are metrics over time.

    In few transactions: one a figure took a third of the time that comparing two small sets takes.
    """
    from mlflow.entities import Metric, Param

    moment = int(time.time() * 1000)
    texts = [Param(name, str(value)[:_MAX_PARAM_CHARS]) for name, value in params.items()]
    figures = [Metric(name, number, moment, 0) for name, number in metrics.items()]
    for name, taken in (steps or {}).items():
        figures += [Metric(name, step.value, moment, step.number) for step in taken]
    for begin in range(0, max(len(texts), len(figures)), _MOST_AT_ONCE):
        part = slice(begin, begin + _MOST_AT_ONCE)
        client.log_batch(run_id, metrics=figures[part], params=texts[part])


def package_versions() -> dict[str, str]:
    """The versions of the packages that figures depend on, by `version.<package>`."""
    return {f"version.{package}": importlib.metadata.version(package) for package in _PACKAGES}


def start_run(
    client: "MlflowClient", experiment: str, *, about: str = "", tags: Mapping[str, str] | None = None
) -> str:
    """Begins a run in the experiment, which is made on its first run; gives the run's id.

    The run is called like `heads 2026-12-01 14:05 20 intents`, by UTC and what it is `about`.
    """
    known = client.get_experiment_by_name(experiment)
    if known is None:
        experiment_id = client.create_experiment(experiment, artifact_location=ROOT)
    else:
        experiment_id = known.experiment_id
    name = f"{experiment} {datetime.now(UTC):%Y-%m-%d %H:%M} {about}".strip()
    tags = {"firstlast.version": importlib.metadata.version("firstlast"), **(tags or {})}
    return str(client.create_run(experiment_id, run_name=name, tags=tags).info.run_id)


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
    know_scheme()
    address = tracking_address(home)
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    bring_up_to_date(home / "mlflow.db")
    return client


def tracking_address(home: Path) -> str:
    """What MLflow calls its tracking URI: the home's SQLite file."""
    return f"sqlite:///{(home / 'mlflow.db').absolute()}"


def _safe(name: str) -> str:
    return _FORBIDDEN.sub("_", name.replace("@", "_at_"))
