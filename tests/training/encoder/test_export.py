"""Another encoder than the default: by its folder, or by a name, refused at once where it cannot be had."""

import socket
import tomllib
from pathlib import Path

import pytest

from model.encoder.onnx_encoder import OnnxEncoder, encoder_manifest
from model.errors import ArtifactError, ConflictError
from model.model_set import encoder_of
from serving.settings import Settings
from tests.training.promotion_parts import good_set
from training import homes, pipeline
from training.datasets.training_data import general_data
from training.encoder.export import filed_encoder, load_torch, named_source
from training.homes import prepare_home

pytestmark = pytest.mark.filterwarnings("ignore")  # torch and MLflow warn of other people's deprecations


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No host can be found, and no model was ever fetched."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["acme/encoder", "all-mpnet-base-v2"])
def test_a_name_of_the_hub_is_refused_where_it_cannot_be_fetched(name: str) -> None:
    with pytest.raises(
        ArtifactError, match=f"{name}' is no folder here, was not fetched before, and cannot be"
    ):
        load_torch(name)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("path", ["./none", "/none/such", "~/none", "one/two/three"])
def test_a_path_that_leads_nowhere_is_no_name_of_the_hub(path: str) -> None:
    with pytest.raises(ArtifactError, match=f"there is no encoder in {path}"):
        load_torch(path)


def test_a_folder_is_remembered_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert named_source("mine") == str(tmp_path / "mine")
    assert named_source("acme/encoder") == "acme/encoder"


def test_an_encoder_is_exported_once_and_found_by_its_name_after_that(tiny: str, tmp_path: Path) -> None:
    folder = filed_encoder(tiny, tmp_path)
    assert folder.parent == tmp_path / "encoders"
    assert OnnxEncoder.load(folder).name == tiny
    before = (folder / "model.onnx").stat().st_mtime_ns
    assert filed_encoder(tiny, tmp_path) == folder
    assert (folder / "model.onnx").stat().st_mtime_ns == before


def test_a_home_is_made_with_another_encoder_which_its_settings_name(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "train_first_models", lambda *_, **__: None)
    prepare_home(Settings.load(tmp_path, encoder=tiny), progress=lambda _: None)
    assert encoder_manifest(tmp_path / "models" / "encoder")["name"] == tiny
    assert tomllib.loads((tmp_path / "firstlast.toml").read_text()) == {"encoder": tiny}
    prepare_home(Settings.load(tmp_path), progress=lambda _: None)
    with pytest.raises(ConflictError, match="firstlast train heads --encoder acme/encoder"):
        prepare_home(Settings.load(tmp_path, encoder="acme/encoder"), progress=lambda _: None)


def test_a_set_is_trained_on_another_encoder_and_registered_on_it(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "train_model_set", lambda _data, encoder, **_: good_set("v1", encoder))
    settings = Settings.load(tmp_path)
    registered = pipeline.train_and_register(
        settings, general_data(), seed=0, progress=lambda _: None, encoder=tiny
    )
    assert registered.version == "v1"
    own = encoder_of(settings.models_folder / "v1")
    assert encoder_manifest(settings.models_folder / "encoders" / own)["name"] == tiny
