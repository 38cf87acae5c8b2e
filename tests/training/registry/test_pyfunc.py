"""A registered set is what MLflow's users expect: loaded by pyfunc, with signature, data, names; movable."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eval.report.tracking import Step, open_client, tracking_address
from eval.report.used_data import UsedData
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError, DataError
from model.heads.head import Head, Linear
from model.types import IntentInfo
from tests.mlflow_files import give_mlflow
from tests.training.promotion_parts import good_set
from tests.training.training_parts import as_installed, trained_set
from training.heads.model_set import TrainedSet
from training.registry.model_sets import _about, register
from training.registry.pyfunc import COLUMNS, MessageReader, _load_pyfunc

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

_PREDICT = """
import sys, mlflow.pyfunc, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/firstlast@champion")
read = model.predict(pandas.DataFrame({"text": ["I want my money back", "where is my parcel?"]}))
print(read.to_json(orient="records"))
"""


def reading_set(encoder: OnnxEncoder) -> TrainedSet:
    """Takes a message for what it is nearest to: a refund, for billing, or a parcel."""
    good = good_set("v1", encoder)
    intents = ("delivery", "refund")
    near = encoder.read(["where is my parcel?", "I want my money back"]).features
    head = Head(intents, Linear(20 * near, np.zeros(2, np.float32)))
    infos = {"delivery": IntentInfo("parcels", False), "refund": IntentInfo("billing", True)}
    models = replace(good.models, heads={**good.models.heads, "intent": head}, intents=infos)
    rows = UsedData(
        "intent", "/company/shop", ["money back", "my parcel", "a refund"], ["refund", "delivery", "refund"]
    )
    steps = {"intent.labels.loss": [Step(50, 1.5), Step(100, 0.5)]}
    return replace(good, models=models, parameters={"intent.labels": 2}, used=[rows], steps=steps)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, encoder: OnnxEncoder) -> Path:
    """A home with one registered set, moved after that."""
    trained_in = tmp_path_factory.mktemp("before") / "home"
    (trained_in / "models").mkdir(parents=True)
    (trained_in / "models" / "encoder").symlink_to(encoder_folder)
    register(give_mlflow(trained_in), reading_set(encoder))
    return trained_in.rename(tmp_path_factory.mktemp("after") / "moved home")


@pytest.fixture
def model_folder(home: Path) -> Path:
    """The files of its MLflow model."""
    (file,) = (home / "mlruns" / "models").rglob("MLmodel")
    return file.parent


def loaded(folder: Path, **options: object) -> Any:  # MLflow's PyFuncModel, whose package is untyped
    import mlflow.pyfunc  # warns of itself, which only a test may

    return mlflow.pyfunc.load_model(str(folder), **options)


def test_a_moved_homes_champion_is_loaded_and_reads_messages_in_a_process_of_its_own(
    home: Path, tmp_path: Path
) -> None:
    got = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PREDICT, tracking_address(home)],
        cwd=tmp_path,
        env=as_installed(tmp_path / "installed"),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert got.returncode == 0, got.stderr
    money, parcel = json.loads(got.stdout.splitlines()[-1])
    assert (money["intent"], money["team"]) == ("refund", "billing")
    assert money["probability"] > 0.9
    assert money["human_only"] == pytest.approx(money["probability"], abs=1e-3)
    assert (parcel["intent"], parcel["team"], parcel["sentiment"]) == ("delivery", "parcels", "neutral")
    assert (parcel["out_of_scope"], parcel["smalltalk"]) == (False, None)
    assert list(money) == list(COLUMNS)


def test_no_encoder_is_copied_to_mlflow(home: Path) -> None:
    kept = [path.name for path in (home / "mlruns").rglob("*") if path.is_file()]
    assert not [name for name in kept if name.endswith((".onnx", ".pkl"))]
    assert sum(path.stat().st_size for path in (home / "mlruns").rglob("*")) < 1_000_000


def test_a_model_tells_what_goes_in_and_comes_out_with_an_example(model_folder: Path) -> None:
    info = loaded(model_folder).metadata
    assert info.signature.inputs.to_dict() == [{"type": "string", "name": "text", "required": True}]
    assert info.signature.outputs.input_names() == list(COLUMNS)
    assert info.metadata["model_set"] == "v1"
    assert list(loaded(model_folder).input_example) == ["text"]


def test_an_answer_stands_under_the_index_of_its_message(model_folder: Path) -> None:
    model = loaded(model_folder)
    read = model.predict(pd.DataFrame({"text": ["where is my parcel?"]}, index=[7]))
    assert read.loc[7, "intent"] == "delivery"
    assert list(model.predict(pd.DataFrame({"text": []}, dtype=str))) == list(COLUMNS)


def test_a_cell_without_a_text_is_named(model_folder: Path) -> None:
    (data,) = (path.parent for path in model_folder.rglob("manifest.json"))
    reader: MessageReader = _load_pyfunc(str(data))
    with pytest.raises(DataError, match=r"row 1 of column 'text' is None"):
        reader.predict(pd.DataFrame({"text": ["hello", None]}, dtype=object))
    with pytest.raises(DataError, match=r"has the columns \['message'\]"):
        reader.predict(pd.DataFrame({"message": ["hello"]}))


def test_files_without_their_home_say_which_encoder_is_missing(
    model_folder: Path, home: Path, encoder: OnnxEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Path(shutil.copytree(model_folder, tmp_path / "alone"))
    with pytest.raises(ArtifactError, match=f"needs encoder {encoder.fingerprint}.* FIRSTLAST_HOME"):
        loaded(alone)
    assert loaded(alone, model_config={"home": str(home)})
    monkeypatch.setenv("FIRSTLAST_HOME", str(home))
    assert loaded(alone)


def test_a_run_says_by_its_name_what_was_trained_and_names_its_data_and_steps(home: Path) -> None:
    client = open_client(home)
    version = client.get_model_version_by_alias("firstlast", "champion")
    run = client.get_run(version.run_id)
    assert run.info.run_name.startswith("heads 20")
    assert run.info.run_name.endswith(" 2 intents")
    assert run.data.tags["model_set"] == "v1"
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, json.loads(used.dataset.source)) == ("intent", {"uri": "/company/shop"})
    assert json.loads(used.dataset.profile)["num_rows"] == 3
    assert [(tag.key, tag.value) for tag in used.tags] == [("mlflow.data.context", "training")]
    losses = client.get_metric_history(version.run_id, "intent.labels.loss")
    assert [(loss.step, loss.value) for loss in losses] == [(50, 1.5), (100, 0.5)]


@pytest.mark.parametrize(
    ("experiment", "builds_on", "name"),
    [
        ("heads", "", "no intents"),
        ("heads", "v0", "new sentiment in v0"),
        ("answering", "v0", "calibrated on own questions"),
    ],
)
def test_a_run_is_about_the_part_that_was_trained(experiment: str, builds_on: str, name: str) -> None:
    earlier = {"replaced_part": "sentiment", "calibrated_on": "own questions"}
    trained = replace(trained_set("v1"), parameters=earlier, builds_on=builds_on)
    assert _about(experiment, trained) == name


def test_the_same_texts_have_the_same_digest_and_others_another() -> None:
    texts = UsedData("a", "here", ["one", "two"], ["x", "y"])
    assert texts.digest == UsedData("b", "there", ("one", "two"), ("x", "y")).digest
    others = (["one", "two"], ["x", "x"]), (["two", "one"], ["x", "y"]), (["one", "two"], None)
    assert len({texts.digest, *(UsedData("a", "here", *other).digest for other in others)}) == 4
