"""`firstlast models clean` removes what nothing needs, and no encoder of a set that may serve again."""

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.report.tracking import open_client
from firstlast import cli
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError
from model.model_set import encoders_of, load_model_set, save_model_set
from serving.runtime.loading import head_encoders
from serving.settings import Settings
from tests.encoders import copy_encoder
from tests.training.promotion_parts import good_set
from tests.training.training_parts import trained_set
from training.registry.model_sets import put_into_service, register, tag_set
from training.registry.promotion import PREVIOUS_TAG, roll_back
from training.registry.registered_sets import list_sets
from training.registry.unused_folders import remove_unused_folders, unused_folders

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations


def add_encoder(models_folder: Path, name: str, *, hours_old: float = 25) -> None:
    """A folder of 1000 bytes that was last changed so long ago."""
    add_file(models_folder / "encoders" / name / "model.onnx", hours_old=hours_old)


def add_file(path: Path, *, hours_old: float) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 1000)
    make_older(path.parent, hours_old)


def make_older(folder: Path, hours: float) -> None:
    moment = time.time() - hours * 3600
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (moment, moment), follow_symlinks=False)


def add_set(models_folder: Path, version: str, *, own: str, heads: dict[str, str]) -> None:
    models = replace(trained_set(version).models, encoder_fingerprint=own, head_encoders=heads)
    save_model_set(models, models_folder / version)


def names(models_folder: Path) -> list[str]:
    return [one.folder.name for one in unused_folders(models_folder)]


def test_an_encoder_that_any_set_needs_stays_and_the_others_go(tmp_path: Path) -> None:
    add_set(tmp_path, "v1", own="shared", heads={})
    add_set(tmp_path, "v2", own="home", heads={"sentiment": "tuned", "smalltalk": "tuned"})
    for name in ("shared", "tuned", "nobody", ".tuned-killed"):
        add_encoder(tmp_path, name)
    assert encoders_of(tmp_path / "v2") == {"home", "tuned"}
    removed = remove_unused_folders(tmp_path)
    assert [(one.folder.name, one.bytes) for one in removed] == [(".tuned-killed", 1000), ("nobody", 1000)]
    assert sorted(path.name for path in (tmp_path / "encoders").iterdir()) == ["shared", "tuned"]
    assert remove_unused_folders(tmp_path) == []


def test_a_set_whose_folder_is_gone_needs_no_encoder_any_more(tmp_path: Path) -> None:
    add_set(tmp_path, "v1", own="adapted", heads={})
    add_encoder(tmp_path, "adapted")
    assert names(tmp_path) == []
    shutil.rmtree(tmp_path / "v1")
    assert names(tmp_path) == ["adapted"]


@pytest.mark.parametrize(("hours_old", "found"), [(23.9, []), (24.1, ["fresh"])])
def test_an_encoder_younger_than_a_day_may_belong_to_a_training_that_runs(
    tmp_path: Path, hours_old: float, found: list[str]
) -> None:
    add_encoder(tmp_path, "fresh", hours_old=hours_old)
    assert names(tmp_path) == found


def test_what_a_killed_training_left_goes_once_it_has_not_moved_for_a_day(tmp_path: Path) -> None:
    add_file(tmp_path / ".tuning" / "labels" / "state.safetensors", hours_old=25)
    add_file(tmp_path / ".adapting" / "encoder" / "state.safetensors", hours_old=25)
    add_file(tmp_path / ".measured-abc" / "model.onnx", hours_old=25)
    for name in (".tuning", ".adapting"):
        make_older(tmp_path / name, 25)
    (tmp_path / ".adapting" / "encoder" / "state.safetensors").write_bytes(b"a state of this minute")
    assert names(tmp_path) == [".tuning", ".measured-abc"]
    assert [one.bytes for one in remove_unused_folders(tmp_path)] == [1000, 1000]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [".adapting"]


def test_nothing_is_removed_while_it_is_unknown_what_a_set_needs(tmp_path: Path) -> None:
    add_set(tmp_path, "v1", own="adapted", heads={})
    add_encoder(tmp_path, "adapted")
    (tmp_path / "v1" / "manifest.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged"):
        remove_unused_folders(tmp_path)
    assert (tmp_path / "encoders" / "adapted").is_dir()


def test_a_home_without_encoders_of_its_own_has_none_to_remove(tmp_path: Path) -> None:
    assert (unused_folders(tmp_path / "models"), remove_unused_folders(tmp_path)) == ([], [])


def test_after_cleaning_the_champion_before_can_be_gone_back_to_and_mlflow_names_its_encoders(
    tmp_path: Path, encoder_folder: Path, encoder: OnnxEncoder
) -> None:
    home = tmp_path / "home"
    settings, models = Settings.load(home), home / "models"
    models.mkdir(parents=True)
    settings.encoder_folder.symlink_to(encoder_folder)
    for fingerprint in ("tuned", "nobody"):
        make_older(copy_encoder(encoder_folder, models, fingerprint), 25)
    first = good_set("v1", encoder)
    register(home, replace(first, models=replace(first.models, head_encoders={"sentiment": "tuned"})))
    second = register(home, good_set("v2", encoder))
    tag_set(home, second.number, {PREVIOUS_TAG: "v1"})
    put_into_service(home, second.number, "v2")

    told = CliRunner().invoke(cli, ["models", "clean", "--dry-run", "--json", "--home", str(home)])
    assert json.loads(told.stdout) == {"removed": [], "unused": ["nobody"], "freed_mb": 0.0}
    assert (models / "encoders" / "nobody").is_dir()
    done = CliRunner().invoke(cli, ["models", "clean", "--home", str(home)])
    assert done.exit_code == 0
    assert "1 unused folders" in done.stdout
    assert [path.name for path in (models / "encoders").iterdir()] == ["tuned"]

    assert roll_back(settings).version == "v1"
    again = load_model_set(models / "v1", encoder_fingerprint=encoder.fingerprint)
    assert list(head_encoders(again, settings)) == ["tuned"]
    runs = {one.version: open_client(home).get_run(one.run_id).data.params for one in list_sets(home)}
    assert runs["v1"]["encoders"] == ", ".join(sorted((encoder.fingerprint, "tuned")))
    assert runs["v2"]["encoders"] == encoder.fingerprint
