"""The registry: a first set is the champion, the next ones challenge it; on MLflow's own SQLite store."""

import json
from pathlib import Path

import pytest

from eval.report.tracking import open_client
from model.errors import ArtifactError
from model.model_set import load_model_set, read_pointer
from tests.mlflow_files import give_mlflow
from tests.training.training_parts import trained_set
from training.registry.model_sets import register
from training.registry.registered_sets import list_sets

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where three sets were registered, one after the other."""
    home = give_mlflow(tmp_path_factory.mktemp("home"))
    for version, accuracy in (("v1", 0.9), ("v2", 0.95), ("v3", 0.8)):
        register(home, trained_set(version, accuracy=accuracy))
    return home


def test_a_home_without_training_has_no_sets(tmp_path: Path) -> None:
    assert list_sets(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_sets_are_listed_newest_first(home: Path) -> None:
    found = list_sets(home)
    assert [(one.number, one.version) for one in found] == [(3, "v3"), (2, "v2"), (1, "v1")]
    assert [one.metrics for one in found] == [{"wants_person.accuracy": value} for value in (0.8, 0.95, 0.9)]


def test_what_is_read_without_mlflow_is_what_mlflow_says(home: Path) -> None:
    from mlflow import MlflowClient

    address = f"sqlite:///{home / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    for one in list_sets(home):
        version = client.get_model_version("firstlast", str(one.number))
        assert (one.run_id, list(one.aliases)) == (version.run_id, version.aliases)
        assert {"model_set": one.version, **one.tags} == version.tags
        assert one.metrics == client.get_run(one.run_id).data.metrics


def test_a_version_deleted_in_mlflow_is_no_set_any_more(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    register(give_mlflow(tmp_path), trained_set("v1"))
    register(tmp_path, trained_set("v2"))
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.delete_model_version("firstlast", "2")
    assert [one.version for one in list_sets(tmp_path)] == ["v1"]


def test_a_home_of_before_keeps_its_sets_and_its_files_when_it_is_moved(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "log.txt").write_text("was here")
    client = open_client(give_mlflow(tmp_path / "old"))
    place = (tmp_path / "old" / "mlruns").as_uri()
    run = client.create_run(client.create_experiment("heads", artifact_location=place))
    client.log_artifact(run.info.run_id, str(tmp_path / "old" / "log.txt"))
    client.create_registered_model("firstlast-model-set")
    source = f"{run.info.artifact_uri}/model_set"
    client.create_model_version("firstlast-model-set", source, run.info.run_id, tags={"model_set": "v1"})
    client.set_registered_model_alias("firstlast-model-set", "champion", "1")
    (tmp_path / "old" / "models").mkdir()
    (tmp_path / "old" / "models" / "champion").write_text("v1\n")
    home = (tmp_path / "old").rename(tmp_path / "new")
    assert [(one.version, one.aliases) for one in list_sets(home)] == [("v1", ("champion",))]
    assert register(home, trained_set("v2")).number == 2
    client = open_client(home)
    assert client.get_model_version_by_alias("firstlast", "champion").tags == {"model_set": "v1"}
    assert (
        client.get_model_version("firstlast", "1").source
        == f"firstlast:/mlruns/{run.info.run_id}/artifacts/model_set"
    )
    assert Path(client.download_artifacts(run.info.run_id, "log.txt")).read_text() == "was here"


def test_a_damaged_registry_is_told(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"this was a registry once " * 1000)
    with pytest.raises(ArtifactError, match=r"mlflow\.db cannot be read \(file is not a database\)"):
        list_sets(tmp_path)


def test_the_first_set_is_champion_and_the_newest_challenges_it(home: Path) -> None:
    aliases = {one.version: one.aliases for one in list_sets(home)}
    assert aliases == {"v1": ("champion",), "v2": (), "v3": ("challenger",)}
    assert {one.version: one.in_service for one in list_sets(home)} == {"v1": True, "v2": False, "v3": False}
    assert read_pointer(home / "models") == "v1"


def test_every_set_can_be_loaded_from_its_folder(home: Path) -> None:
    for version in ("v1", "v2", "v3"):
        assert load_model_set(home / "models" / version, encoder_fingerprint="encoder-a").version == version


def test_a_run_holds_the_sets_files_parameters_and_confusion(home: Path) -> None:
    from mlflow import MlflowClient

    address = f"sqlite:///{home / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    run = client.get_run(list_sets(home)[-1].run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"seed": "0", "data_sha256": "ab", "encoders": "encoder-a"}
    kept = Path(client.download_artifacts(run.info.run_id, ""))
    assert sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()) == [
        "confusion/wants_person.json",
        "confusion/wants_person.png",
        "model_card.md",
    ]
    (model,) = run.outputs.model_outputs
    registered = json.loads(client.get_logged_model(model.model_id).tags["mlflow.modelVersions"])
    assert registered == [{"name": "firstlast", "version": 1}]
    files = home / "mlruns" / "models" / model.model_id / "artifacts"
    assert load_model_set(files / "data" / "v1", encoder_fingerprint="encoder-a").version == "v1"


def test_a_version_cannot_be_registered_twice(home: Path) -> None:
    with pytest.raises(ArtifactError, match="choose a new version"):
        register(home, trained_set("v2"))
    assert len(list_sets(home)) == 3
