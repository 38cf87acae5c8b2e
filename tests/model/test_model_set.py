"""Model sets on disk: the same numbers after a round trip, whole or not at all, and clear refusals."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.answering.risk import NEVER
from model.errors import ArtifactError
from model.model_set import CalibrationSample, load_model_set, read_pointer, save_model_set, write_pointer
from tests.model.parts import candidate, model_set, signals

ENCODER = "encoder-a"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_model_set(model_set(), tmp_path / "models" / "v1")
    return tmp_path / "models" / "v1"


def change_manifest(folder: Path, change: Callable[[dict], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_a_round_trip_gives_the_same_numbers(saved: Path) -> None:
    before, after = model_set(), load_model_set(saved, encoder_fingerprint=ENCODER)
    inputs = np.random.default_rng(7).normal(size=(20, 3)).astype(np.float32)
    assert list(after.heads) == list(before.heads)
    for name, head in before.heads.items():
        assert after.heads[name].labels == head.labels
        np.testing.assert_array_equal(after.heads[name].probabilities(inputs), head.probabilities(inputs))
    np.testing.assert_array_equal(after.scope.distance(inputs), before.scope.distance(inputs))
    asked = signals(intents={"refund": 0.7, "delivery": 0.3})
    candidates = [candidate("article:refunds", dense=0.9), candidate("article:other", dense=0.4)]
    assert after.answering.score(candidates, asked) == before.answering.score(candidates, asked)
    np.testing.assert_array_equal(after.calibration.confidences, before.calibration.confidences)
    np.testing.assert_array_equal(after.calibration.correct, before.calibration.correct)
    np.testing.assert_array_equal(after.calibration.learned, before.calibration.learned)


def test_a_round_trip_keeps_every_word(saved: Path) -> None:
    before, after = model_set(), load_model_set(saved, encoder_fingerprint=ENCODER)
    assert (after.version, after.encoder_fingerprint) == ("v1", ENCODER)
    assert (after.intents, after.limits, after.card) == (before.intents, before.limits, before.card)
    assert after.head_encoders == {"sentiment": "encoder-b"}
    past = after.answering.past
    assert (past.refs, past.intents) == ((("article:refunds",), ()), ("refund", None))
    np.testing.assert_array_equal(past.vectors, before.answering.past.vectors)


def test_the_manifest_names_the_kind_of_each_head(saved: Path) -> None:
    heads = json.loads((saved / "manifest.json").read_text())["heads"]
    assert {name: head["kind"] for name, head in heads.items()} == {
        "intent": "blend",
        "team": "linear",
        "sentiment": "linear",
        "wants_person": "kernel",
        "smalltalk": "linear",
    }


def test_a_head_of_an_unknown_kind_is_refused(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest["heads"]["team"].update(kind="forest"))
    with pytest.raises(ArtifactError, match=r"heads\.team is of unknown kind 'forest'.*train again"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


def test_nothing_in_a_saved_set_is_pickled(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == ["manifest.json", "tensors.safetensors"]


def test_a_version_is_never_overwritten(saved: Path) -> None:
    before = (saved / "manifest.json").read_bytes()
    with pytest.raises(ArtifactError, match=r"v1 exists already; .* choose a new version"):
        save_model_set(model_set(), saved)
    assert (saved / "manifest.json").read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["v1"]


def test_a_missing_set_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no model set in .*gone; run: firstlast train heads"):
        load_model_set(tmp_path / "gone", encoder_fingerprint=ENCODER)


def test_a_set_trained_on_another_encoder_is_refused_with_both_names(saved: Path) -> None:
    with pytest.raises(
        ArtifactError, match="trained on encoder encoder-a, in use is encoder-b; train it again"
    ):
        load_model_set(saved, encoder_fingerprint="encoder-b")


def test_damaged_tensors_are_refused(saved: Path) -> None:
    path = saved / "tensors.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"tensors\.safetensors is missing or damaged; train again"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


def test_missing_tensors_are_refused(saved: Path) -> None:
    (saved / "tensors.safetensors").unlink()
    with pytest.raises(ArtifactError, match="is missing or damaged; train again"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"{}", b"\xff"])
def test_a_damaged_manifest_is_refused(saved: Path, content: bytes) -> None:
    (saved / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged .*run: firstlast train heads"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


def test_a_manifest_of_another_format_is_refused_with_both_numbers(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest.update(format=99))
    with pytest.raises(ArtifactError, match=r"has format 99, expected \d+; run: firstlast train heads"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


@pytest.mark.parametrize(
    "key", ["encoder_fingerprint", "files", "version", "heads", "intents", "answering", "limits", "card"]
)
def test_a_manifest_without_a_key_is_refused(saved: Path, key: str) -> None:
    change_manifest(saved, lambda manifest: manifest.pop(key))
    with pytest.raises(ArtifactError, match="firstlast train heads"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


def test_a_set_without_a_head_that_every_business_needs_is_refused(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest["heads"].pop("wants_person"))
    with pytest.raises(ArtifactError, match=r"wants_person.* missing.*train again"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


def test_a_set_of_other_answering_features_is_refused(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest["answering"].update(features=["dense_score"]))
    with pytest.raises(ArtifactError, match="cannot be read"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


def test_a_head_whose_labels_do_not_fit_its_weights_is_refused(saved: Path) -> None:
    change_manifest(saved, lambda manifest: manifest["heads"]["sentiment"].update(labels=["only"]))
    with pytest.raises(ArtifactError, match="firstlast train heads"):
        load_model_set(saved, encoder_fingerprint=ENCODER)


def test_without_a_pointer_there_is_no_champion(tmp_path: Path) -> None:
    assert read_pointer(tmp_path) is None
    (tmp_path / "champion").write_text("\n")
    assert read_pointer(tmp_path) is None


def test_the_pointer_names_the_champion(saved: Path) -> None:
    write_pointer(saved.parent, "v1")
    assert read_pointer(saved.parent) == "v1"
    assert sorted(path.name for path in saved.parent.iterdir()) == ["champion", "v1"]


@pytest.mark.parametrize("version", ["v2", "", "../models", "v1/../v3"])
def test_a_version_that_does_not_exist_cannot_be_champion(saved: Path, version: str) -> None:
    write_pointer(saved.parent, "v1")
    with pytest.raises(ArtifactError, match=r"no model set .* see: firstlast models list"):
        write_pointer(saved.parent, version)
    assert read_pointer(saved.parent) == "v1"


def test_readers_see_the_old_pointer_or_the_new_one_and_nothing_between(saved: Path) -> None:
    save_model_set(model_set("a-much-longer-version"), saved.parent / "a-much-longer-version")
    write_pointer(saved.parent, "v1")
    seen, done = set(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(read_pointer(saved.parent))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(150):
        write_pointer(saved.parent, "a-much-longer-version")
        write_pointer(saved.parent, "v1")
    done.set()
    reader.join()
    assert seen == {"v1", "a-much-longer-version"}


def test_each_kind_of_answer_keeps_the_budget_for_itself() -> None:
    # 200 articles, wrong below .9, and 200 learned answers, wrong below .5, evenly spread over [0, 1)
    even = np.arange(200) / 200
    sample = CalibrationSample(
        np.tile(even, 2), np.concatenate([even >= 0.9, even >= 0.5]), np.repeat([False, True], 200)
    )
    found = {kind: threshold.value for kind, threshold in sample.thresholds(risk=0.05).items()}
    assert found["article"] > 0.85
    assert found["learned_answer"] < 0.51


def test_a_kind_with_too_few_decisions_has_the_threshold_of_all() -> None:
    even = np.arange(200) / 200
    sample = CalibrationSample(even, even >= 0.5, np.arange(200) >= 181)
    found = sample.thresholds(risk=0.05)
    assert found["learned_answer"] == found["article"]
    assert 0.45 < found["article"].value < 0.51


def test_without_decisions_nothing_is_answered() -> None:
    found = CalibrationSample.none().thresholds(risk=0.05)
    assert {threshold.value for threshold in found.values()} == {NEVER}
