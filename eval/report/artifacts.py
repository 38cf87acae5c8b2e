"""Where a home's MLflow keeps files: named from the home on, so that a home may be moved; holds no figures.

MLflow keeps absolute paths, and those of a copied home lead to the one it was copied from. Locations of the
scheme `firstlast` start at the folder of the SQLite file that names them; MLflow learns of the scheme by the
entry point `mlflow.artifact_repository` of this package.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model.errors import ArtifactError

SCHEME = "firstlast"
ROOT = f"{SCHEME}:/mlruns"
"""Where the files of all runs and models are."""
_SQLITE = "sqlite:///"
_SERVED_STORE = "_MLFLOW_SERVER_FILE_STORE"
"""What MLflow's server tells its workers of its store."""
_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
REGISTERED_NAME = "firstlast"
"""Of the model whose versions are a home's model sets."""
FORMER_NAME = "firstlast-model-set"
_NAMED = (
    *("registered_models", "registered_model_tags", "registered_model_aliases"),
    *("model_versions", "model_version_tags"),
)
"""The tables that name it."""


def artifacts_folder(home: Path, artifact_uri: str) -> Path:
    """The folder in the home that a location names. Raises `ArtifactError` for one outside of it."""
    location = urlsplit(artifact_uri)
    path = Path(location.path.lstrip("/"))
    if location.scheme != SCHEME or ".." in path.parts:
        raise ArtifactError(f"{artifact_uri} is no place in the home {home}; move the files to {home}/mlruns")
    return home / path


def home_artifacts(
    artifact_uri: str,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,  # noqa: ARG001
) -> Any:  # MLflow's ArtifactRepository, whose package is untyped
    """The files at a location of the scheme `firstlast`, for MLflow.

    They are beside the SQLite file of `tracking_uri`, by default of MLflow's own setting; where that is a
    server, it hands them over. The parameters are those that MLflow calls it with. Raises `ArtifactError`
    when the files cannot be found from there.
    """
    from mlflow import get_tracking_uri
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    store = tracking_uri or os.environ.get(_SERVED_STORE) or get_tracking_uri()
    if store.startswith(("http://", "https://")):
        served = artifact_uri.replace(ROOT, "mlflow-artifacts:", 1)
        return MlflowArtifactsRepository(served, tracking_uri=store)
    home = home_of(store)
    if home is None:
        raise ArtifactError(
            f"{artifact_uri} is kept beside a home's mlflow.db, but MLflow tracks {store}; set it: "
            "mlflow.set_tracking_uri('sqlite:///HOME/mlflow.db')"
        )
    return LocalArtifactRepository(str(artifacts_folder(home, artifact_uri)))


def home_of(tracking_uri: str) -> Path | None:
    """The home whose SQLite file MLflow tracks; `None` where it tracks something else."""
    if not tracking_uri.startswith(_SQLITE):
        return None
    return Path(tracking_uri.removeprefix(_SQLITE).partition("?")[0]).absolute().parent


def know_scheme() -> None:
    """Tell MLflow of the scheme where the package was not installed since it has it."""
    from mlflow.store.artifact.artifact_repository_registry import get_registered_artifact_repositories

    get_registered_artifact_repositories().setdefault(SCHEME, home_artifacts)


def bring_up_to_date(registry: Path) -> None:
    """Make a home's SQLite file as earlier versions wrote it like those of today.

    Locations start at the home instead of being absolute, and the registered model has its present name.
    """
    with closing(sqlite3.connect(registry, timeout=30)) as store, store:
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'experiments'").fetchone():
            return
        roots = store.execute(
            "SELECT DISTINCT artifact_location FROM experiments WHERE name IS NOT 'Default' "
            "AND artifact_location LIKE 'file://%/mlruns'"
        ).fetchall()
        for (root,) in roots:
            begin = {"new": ROOT, "length": len(root), "old": root}
            for table, column in _LOCATIONS:
                store.execute(
                    f"UPDATE {table} SET {column} = :new || substr({column}, :length + 1) "
                    f"WHERE substr({column}, 1, :length) = :old",
                    begin,
                )
        if store.execute("SELECT 1 FROM registered_models WHERE name = ?", (FORMER_NAME,)).fetchone():
            for table in _NAMED:
                store.execute(f"UPDATE {table} SET name = ? WHERE name = ?", (REGISTERED_NAME, FORMER_NAME))
