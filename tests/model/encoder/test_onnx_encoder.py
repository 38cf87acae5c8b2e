"""The encoder as serving runs it: unit vectors, in order, for any text, and clear words for a bad file."""

import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from model.encoder.onnx_encoder import OnnxEncoder, find_encoder
from model.errors import ArtifactError

TEXTS = (
    "Where is my box?",
    "hi",
    "my card was charged twice and the app only says that something went wrong, what now",
    "Wo bleibt mein Paket?",
    "我的包裹在哪里？",
)


@pytest.fixture
def folder(encoder_folder: Path, tmp_path: Path) -> Path:
    """An encoder folder whose small files are its own; the graph is linked."""
    copy = tmp_path / "encoder"
    copy.mkdir()
    for name in ("encoder.json", "tokenizer.json"):
        shutil.copy(encoder_folder / name, copy / name)
    (copy / "model.onnx").symlink_to(encoder_folder / "model.onnx")
    return copy


def test_every_vector_has_length_one(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_order_is_kept_however_long_the_texts_are(encoder: OnnxEncoder) -> None:
    forwards, backwards = encoder.encode(TEXTS), encoder.encode(TEXTS[::-1])
    np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-5)
    assert np.abs(forwards[0] - forwards[2]).max() > 0.01


def test_no_texts_give_no_rows(encoder: OnnxEncoder) -> None:
    reading = encoder.read([])
    assert reading.vectors.shape == (0, 384)
    assert reading.features.shape == (0, encoder.feature_dim)


def test_a_text_alone_equals_the_text_in_a_batch(encoder: OnnxEncoder) -> None:
    batch = encoder.read(TEXTS)
    for row, text in enumerate(TEXTS):
        alone = encoder.read([text])
        np.testing.assert_allclose(alone.vectors[0], batch.vectors[row], atol=1e-5)
        np.testing.assert_allclose(alone.features[0], batch.features[row], atol=1e-5)
    np.testing.assert_allclose(encoder.encode_one(TEXTS[0]), batch.vectors[0], atol=1e-5)


def test_the_vector_is_the_last_layer_of_the_features(encoder: OnnxEncoder) -> None:
    reading = encoder.read(TEXTS)
    assert encoder.feature_dim % encoder.dim == 0
    np.testing.assert_allclose(reading.features[:, -encoder.dim :], reading.vectors, atol=1e-6)


def test_a_very_long_text_is_cut_not_refused(encoder: OnnxEncoder) -> None:
    long = encoder.encode(["box " * 20_000, "box " * 300])
    np.testing.assert_allclose(long[0], long[1], atol=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "🙂", "¿Dónde está mi caja?", "\u200b\u202e", "a\x00b"])
def test_unusual_text_gives_a_unit_vector(encoder: OnnxEncoder, text: str) -> None:
    assert np.linalg.norm(encoder.encode_one(text)) == pytest.approx(1, abs=1e-5)


class _Runs:
    """An encoder's session that notes the shape of each batch and the texts' own tokens in it."""

    def __init__(self, encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
        self._session = encoder._session
        self.shapes: list[tuple[int, int]] = []
        self.tokens = 0
        monkeypatch.setattr(encoder, "_session", self)

    def run(self, names: list[str], given: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.shapes.append(given["input_ids"].shape)
        self.tokens += int(given["attention_mask"].sum())
        return self._session.run(names, given)


def test_short_texts_are_not_padded_to_a_long_one(
    encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = _Runs(encoder, monkeypatch)
    story = "my pump gave up after a year although I followed every page. what now? help me please"
    encoder.read([story, "what now?", "help me please"])
    assert runs.shapes == [(2, 5), (1, 21)]
    assert runs.tokens == 5 + 5 + 21


def test_a_little_padding_is_cheaper_than_another_pass(
    encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = _Runs(encoder, monkeypatch)
    encoder.read(["box", "the box", "the green box"])  # 3, 4 and 5 tokens with those at both ends
    assert runs.shapes == [(3, 5)]


def test_lone_surrogates_count_as_question_marks(encoder: OnnxEncoder) -> None:
    np.testing.assert_array_equal(
        encoder.encode_one("my box \ud83d is late"), encoder.encode_one("my box ? is late")
    )


def test_paraphrases_are_nearer_than_strangers(encoder: OnnxEncoder) -> None:
    box, paraphrase, stranger = encoder.encode(
        ["Where is my box?", "When will my parcel arrive?", "Can I eat the basil flowers?"]
    )
    assert box @ paraphrase > box @ stranger + 0.2


def test_the_exported_encoder_with_its_8_bit_weights_agrees_with_torch(encoder: OnnxEncoder) -> None:
    from training.encoder.export import bundled_weights_folder

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries, about themselves
        from sentence_transformers import SentenceTransformer

        torch_model = SentenceTransformer(str(bundled_weights_folder()), device="cpu", local_files_only=True)
        expected = torch_model.encode(list(TEXTS), normalize_embeddings=True, convert_to_numpy=True)
    cosines = (encoder.encode(TEXTS) * expected).sum(axis=1)
    assert cosines.min() > 0.998
    assert cosines.mean() > 0.9995


def test_a_folder_without_an_encoder_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no encoder in .*nothing; run: firstlast init"):
        OnnxEncoder.load(tmp_path / "nothing")


def test_a_missing_graph_is_named(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(ArtifactError, match=r"model\.onnx is missing; run: firstlast init"):
        OnnxEncoder.load(folder)


def test_a_changed_file_is_refused_with_both_digests(folder: Path) -> None:
    expected = json.loads((folder / "encoder.json").read_text())["files"]["tokenizer.json"]
    with (folder / "tokenizer.json").open("a") as file:
        file.write(" ")
    with pytest.raises(
        ArtifactError, match=rf"tokenizer\.json has SHA-256 \w{{64}}, expected {expected}; run:"
    ):
        OnnxEncoder.load(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', "{}", "\udcff"])
def test_a_damaged_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / "encoder.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ArtifactError, match=r"encoder\.json is damaged .*run: firstlast init"):
        OnnxEncoder.load(folder)


@pytest.mark.parametrize("missing", ["files", "dim", "max_tokens", "name", "fingerprint"])
def test_a_manifest_without_a_key_is_refused(folder: Path, missing: str) -> None:
    path = folder / "encoder.json"
    manifest = json.loads(path.read_text())
    del manifest[missing]
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"run: firstlast init"):
        OnnxEncoder.load(folder)


def test_a_manifest_of_another_format_is_refused_with_both_numbers(folder: Path) -> None:
    path = folder / "encoder.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))
    with pytest.raises(ArtifactError, match="has format 1, expected 3; run: firstlast init"):
        OnnxEncoder.load(folder)


def test_a_graph_that_is_no_graph_is_refused(folder: Path) -> None:
    from model.manifests import file_sha256

    graph = folder / "model.onnx"
    graph.unlink()
    graph.write_bytes(b"not a graph")
    path = folder / "encoder.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["model.onnx"] = file_sha256(graph)
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"is not a usable ONNX model .*run: firstlast init"):
        OnnxEncoder.load(folder)


def test_an_encoder_is_found_by_its_fingerprint_beside_the_homes_own(
    folder: Path, encoder: OnnxEncoder, tmp_path: Path
) -> None:
    assert find_encoder(tmp_path, encoder.fingerprint) == folder
    other = tmp_path / "encoders" / "f00d"
    shutil.copytree(folder, other, symlinks=True)
    manifest = json.loads((other / "encoder.json").read_text())
    (other / "encoder.json").write_text(json.dumps(manifest | {"fingerprint": "f00d"}))
    assert find_encoder(tmp_path, "f00d") == other
    with pytest.raises(ArtifactError, match="has no encoder beef"):
        find_encoder(tmp_path, "beef")


@pytest.mark.parametrize(
    ("given", "allowed", "used"),
    [
        (None, "3", 3),
        (None, "3,1", 3),  # by level of nesting
        (2, "3", 2),
        (None, "", os.cpu_count()),
        (None, "0", os.cpu_count()),
        (None, "all", os.cpu_count()),
    ],
)
def test_it_takes_the_threads_it_is_given_else_those_that_all_libraries_are_allowed_else_every_core(
    folder: Path, monkeypatch: pytest.MonkeyPatch, given: int | None, allowed: str, used: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", allowed)
    encoder = OnnxEncoder.load(folder, threads=given)
    assert encoder._session.get_session_options().intra_op_num_threads == used
