"""Keeps model sets in the MLflow registry of the home folder; trains nothing, decides nothing."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from eval.metrics.classification import ConfusionMatrix
from eval.report.artifacts import REGISTERED_NAME
from eval.report.tracking import log_figures, open_client, start_run
from eval.report.used_data import log_datasets
from model.model_set import encoders_of, read_pointer, save_model_set, write_pointer
from training.heads.model_set import TrainedSet
from training.registry.locks import changing_registry
from training.registry.model_card import CARD_FILE, model_card, named_encoders
from training.registry.pyfunc import write_flavour
from training.registry.registered_sets import VERSION_TAG, RegisteredSet, list_sets

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

EXPERIMENT = "heads"
CHAMPION = "champion"
CHALLENGER = "challenger"
_NOTE = "mlflow.note.content"
"""What MLflow shows as a run's description."""
_MOST_NOTE_CHARS = 5000
_VERSIONS = "mlflow.modelVersions"
"""Where MLflow looks for what a logged model is registered as."""
_DESCRIPTION = (
    "Reads what customers write: intent, team, sentiment, a wish for a person. Load with mlflow.pyfunc."
)


def register(home: Path, trained: TrainedSet, *, experiment: str = EXPERIMENT) -> RegisteredSet:
    """Save, log and register a trained set; it becomes the champion if there is none, else the challenger.

    The pointer that servers follow is moved last, when everything else is in place. What an earlier call that
    was killed left behind is cleared first; two calls wait for each other.
    """
    with changing_registry(home / "models"):
        for folder in (home / "models").glob(".model-set-*"):  # work that nobody is at any more
            shutil.rmtree(folder, ignore_errors=True)
        return _register(home, trained, experiment)


def _register(home: Path, trained: TrainedSet, experiment: str) -> RegisteredSet:
    models_folder = home / "models"
    folder = models_folder / trained.models.version
    save_model_set(trained.models, folder)
    client = open_client(home)
    _end_open_runs(client, experiment)
    card = model_card(trained, named_encoders(models_folder, encoders_of(folder)))
    run_id, model = _log_run(client, experiment, trained, folder, card)
    with contextlib.suppress(_mlflow_error()):
        client.create_registered_model(REGISTERED_NAME, description=_DESCRIPTION)
    version = client.create_model_version(
        REGISTERED_NAME,
        model.artifact_location,
        run_id,
        tags={VERSION_TAG: trained.models.version},
        description=f"{_about(experiment, trained)}; see model_card.md among its files",
        model_id=model.model_id,
    )
    named = [{"name": REGISTERED_NAME, "version": version.version}]
    client.set_logged_model_tags(model.model_id, {_VERSIONS: json.dumps(named)})
    alias = CHALLENGER if read_pointer(models_folder) else CHAMPION
    client.set_registered_model_alias(REGISTERED_NAME, alias, version.version)
    if alias == CHAMPION:
        write_pointer(models_folder, trained.models.version)
    return RegisteredSet(
        number=int(version.version),
        version=trained.models.version,
        run_id=run_id,
        aliases=(alias,),
        in_service=alias == CHAMPION,
        metrics=trained.metrics,
    )


def tag_set(home: Path, number: int, tags: Mapping[str, str]) -> None:
    """Write something down about the set of this number; what stood there under the same name is replaced."""
    client = open_client(home)
    for name, value in tags.items():
        client.set_model_version_tag(REGISTERED_NAME, str(number), name, value)


def put_into_service(home: Path, number: int, version: str) -> None:
    """Make the set the champion. What servers follow is the pointer: until it moves nothing has happened.

    The alias goes first, then the pointer, then the alias `challenger` is taken from the new champion. A
    crash in between leaves aliases that `settle_aliases` puts right.
    """
    with changing_registry(home / "models"):
        open_client(home).set_registered_model_alias(REGISTERED_NAME, CHAMPION, str(number))
        write_pointer(home / "models", version)
    settle_aliases(home)


def settle_aliases(home: Path) -> None:
    """Let the aliases say what the pointer says, which wins; a champion is no challenger."""
    if not (home / "models").is_dir():  # nothing to settle, and no folder is made to find out
        return
    with changing_registry(home / "models"):
        for registered in list_sets(home):
            if registered.in_service and CHAMPION not in registered.aliases:
                open_client(home).set_registered_model_alias(
                    REGISTERED_NAME, CHAMPION, str(registered.number)
                )
            if registered.in_service and CHALLENGER in registered.aliases:
                open_client(home).delete_registered_model_alias(REGISTERED_NAME, CHALLENGER)


def _end_open_runs(client: "MlflowClient", experiment: str) -> None:
    """Marks the experiment's runs that never ended as killed; no other registration runs now."""
    found_experiment = client.get_experiment_by_name(experiment)
    if found_experiment is None:
        return
    runs = client.search_runs([found_experiment.experiment_id], filter_string="attributes.status = 'RUNNING'")
    for run in runs:
        client.set_terminated(run.info.run_id, status="KILLED")


def _log_run(
    client: "MlflowClient", experiment: str, trained: TrainedSet, folder: Path, card: str
) -> tuple[str, "LoggedModel"]:
    """A finished MLflow run with parameters, metrics, data, confusion matrices and card, and its model."""
    about, version = _about(experiment, trained), trained.models.version
    encoders = ", ".join(sorted(encoders_of(folder)))
    parameters = {"encoders": encoders, **trained.parameters}
    run_id = start_run(client, experiment, about=about, tags={VERSION_TAG: version})
    log_figures(client, run_id, params=parameters, metrics=trained.metrics, steps=trained.steps)
    log_datasets(client, run_id, trained.used, context="training")
    with tempfile.TemporaryDirectory() as scratch:
        for name, matrix in trained.confusion.items():
            _write_confusion(Path(scratch), name, matrix)
        client.log_artifacts(run_id, scratch, "confusion")
    client.log_text(run_id, card, CARD_FILE)
    client.set_tag(run_id, _NOTE, card[:_MOST_NOTE_CHARS])
    model = _log_model(client, run_id, trained, folder, card)
    client.set_terminated(run_id)
    return run_id, model


def _log_model(
    client: "MlflowClient", run_id: str, trained: TrainedSet, folder: Path, card: str
) -> "LoggedModel":
    """The set as a model of MLflow, logged with the run; its encoders stay in the home."""
    from mlflow.entities import LoggedModelOutput

    experiment_id = client.get_run(run_id).info.experiment_id
    model = client.create_logged_model(
        experiment_id, name=trained.models.version, source_run_id=run_id, model_type="text-classification"
    )
    with tempfile.TemporaryDirectory() as scratch:
        write_flavour(Path(scratch) / "model", folder, model_id=model.model_id, run_id=run_id)
        (Path(scratch) / "model" / CARD_FILE).write_text(card, encoding="utf-8")
        client.log_model_artifacts(model.model_id, str(Path(scratch) / "model"))
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return client.finalize_logged_model(model.model_id, "READY")


def _about(experiment: str, trained: TrainedSet) -> str:
    """What was trained, in a few words: the name of its run, beside experiment and time."""
    if experiment != EXPERIMENT:
        return f"calibrated on {trained.parameters.get('calibrated_on', 'general questions')}"
    if trained.builds_on:
        return f"new {trained.parameters['replaced_part']} in {trained.builds_on}"
    return f"{trained.parameters.get('intent.labels', 'no')} intents"


def _write_confusion(folder: Path, name: str, matrix: ConfusionMatrix) -> None:
    """The matrix as JSON and, for a look at it, as a picture."""
    content = {"labels": list(matrix.labels), "counts": matrix.counts.tolist()}
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    from matplotlib.figure import Figure

    size = 2 + 0.3 * len(matrix.labels)
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    axes.imshow(
        matrix.counts / matrix.counts.sum(axis=1, keepdims=True).clip(1), cmap="Blues", vmin=0, vmax=1
    )
    places = range(len(matrix.labels))
    axes.set_xticks(places, matrix.labels, rotation=90)
    axes.set_yticks(places, matrix.labels)
    axes.set(xlabel="predicted", ylabel="true", title=name)
    figure.savefig(folder / f"{name}.png", dpi=80)


def _mlflow_error() -> type[Exception]:
    from mlflow.exceptions import MlflowException

    error: type[Exception] = MlflowException
    return error
