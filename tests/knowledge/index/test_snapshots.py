"""An index on disk is whole or refused with the reason."""

import json
import os
import shutil
from pathlib import Path

import pytest

from knowledge.documents import ArticleDocument
from knowledge.index import snapshots
from knowledge.index.chunking import article_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError
from model.types import Vector, Vectors


class ForeignEncoder:
    """Another encoder as far as a snapshot can tell."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder
        self.dim = encoder.dim
        self.fingerprint = "another"

    def encode(self, texts: list[str]) -> Vectors:
        return self._encoder.encode(texts)

    def encode_one(self, text: str) -> Vector:
        return self._encoder.encode_one(text)


@pytest.fixture
def index(encoder: OnnxEncoder) -> KnowledgeIndex:
    made = KnowledgeIndex(encoder)
    for slug, title in (("b", "Refund policy"), ("a", "Storing pods 🌱\u2028 line")):
        document = ArticleDocument(slug, title, "One.\n\n## Head\n\nTwo.")
        made.put({f"article:{slug}": article_passages(document)})
    return made


@pytest.fixture
def folder(tmp_path: Path, index: KnowledgeIndex) -> Path:
    path = tmp_path / "home" / "index"
    index.save(path, content_hash="h1", last_change=41)
    return path


def load(folder: Path, encoder: OnnxEncoder, content_hash: str | None = "h1") -> tuple[KnowledgeIndex, int]:
    return KnowledgeIndex.load(folder, encoder, content_hash=content_hash)


def test_a_loaded_index_finds_the_same_with_the_same_scores(
    folder: Path, index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    loaded, last_change = load(folder, encoder)
    assert last_change == 41
    assert loaded.refs() == index.refs()
    assert loaded.passages_of("article:a") == index.passages_of("article:a")
    vector = encoder.encode_one("where to keep pods")
    text = "where to keep pods"
    assert loaded.search(text, vector, top_k=5) == index.search(text, vector, top_k=5)


def test_an_empty_index_survives_saving(tmp_path: Path, encoder: OnnxEncoder) -> None:
    KnowledgeIndex(encoder).save(tmp_path / "index", content_hash="h", last_change=0)
    loaded, last_change = load(tmp_path / "index", encoder, "h")
    assert (len(loaded), last_change) == (0, 0)


def test_the_manifest_names_what_the_snapshot_was_made_with(folder: Path, encoder: OnnxEncoder) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["encoder"], manifest["content_hash"]) == (encoder.fingerprint, "h1")
    assert (manifest["passages"], manifest["refs"], manifest["format"]) == (6, 2, 1)
    assert sorted(manifest["files"]) == ["passages.jsonl", "vectors.safetensors"]


def test_saving_again_replaces_the_snapshot_and_leaves_nothing_beside_it(
    folder: Path, index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    index.remove(["article:b"])
    index.save(folder, content_hash="h2", last_change=42)
    loaded, last_change = load(folder, encoder, "h2")
    assert (loaded.refs(), last_change) == ({"article:a"}, 42)
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_a_missing_snapshot_is_refused(tmp_path: Path, encoder: OnnxEncoder) -> None:
    with pytest.raises(ArtifactError, match="is missing: there is no such folder; rebuild the index"):
        load(tmp_path / "none", encoder)


def test_a_snapshot_of_other_content_is_stale_unless_any_is_accepted(
    folder: Path, encoder: OnnxEncoder
) -> None:
    with pytest.raises(ArtifactError, match="is stale: content_hash is 'h1', expected 'h2'"):
        load(folder, encoder, "h2")
    assert load(folder, encoder, None)[1] == 41


def test_a_snapshot_of_an_older_chunker_is_stale(
    folder: Path, encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "CHUNKER_VERSION", "next")
    with pytest.raises(ArtifactError, match="is stale: chunker is '6', expected 'next'"):
        load(folder, encoder)


def test_a_snapshot_of_another_encoder_is_foreign(folder: Path, encoder: OnnxEncoder) -> None:
    with pytest.raises(ArtifactError, match="is foreign: encoder is"):
        KnowledgeIndex.load(folder, ForeignEncoder(encoder), content_hash="h1")


@pytest.mark.parametrize("name", ["passages.jsonl", "vectors.safetensors"])
def test_a_changed_byte_or_missing_file_is_damage(folder: Path, encoder: OnnxEncoder, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=f"is damaged: {name} has SHA-256"):
        load(folder, encoder)
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"is damaged: {name} is missing"):
        load(folder, encoder)


def test_a_changed_or_broken_manifest_is_damage(folder: Path, encoder: OnnxEncoder) -> None:
    path = folder / "manifest.json"
    written = path.read_text()
    path.write_text(written.replace('"last_change": 41', '"last_change": 40'))
    with pytest.raises(ArtifactError, match=r"is damaged: manifest.json was changed after it was written"):
        load(folder, encoder)
    for broken in ("", "[]", written[:50], "[" * 100_000):
        path.write_text(broken)
        with pytest.raises(ArtifactError, match=r"is damaged: manifest.json is not (JSON|a JSON object)"):
            load(folder, encoder)


def test_a_snapshot_of_another_format_is_named(folder: Path, encoder: OnnxEncoder) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(ArtifactError, match="is of another format: format is 2, expected 1"):
        load(folder, encoder)


def test_a_file_that_cannot_be_read_is_named(folder: Path, encoder: OnnxEncoder) -> None:
    (folder / "vectors.safetensors").unlink()
    (folder / "vectors.safetensors").mkdir()
    with pytest.raises(ArtifactError, match=r"is unreadable: vectors.safetensors: Is a directory"):
        load(folder, encoder)


def test_a_crash_between_the_two_renames_loses_nothing(folder: Path, encoder: OnnxEncoder) -> None:
    folder.rename(folder.with_name(".index.old-1"))
    shutil.copytree(folder.with_name(".index.old-1"), folder.with_name(".index.new-x"))
    assert load(folder, encoder)[1] == 41
    loaded, _ = load(folder, encoder)
    loaded.save(folder, content_hash="h2", last_change=43)
    assert load(folder, encoder, "h2")[1] == 43
    assert not folder.with_name(".index.old-1").exists()


def test_a_crash_while_writing_leaves_the_old_snapshot_and_its_rest_goes_later(
    folder: Path, index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    left = folder.with_name(".index.new-crashed")
    left.mkdir()
    (left / "passages.jsonl").write_text("half")
    assert load(folder, encoder)[1] == 41
    os.utime(left, (0, 0))
    index.save(folder, content_hash="h1", last_change=44)
    assert [path.name for path in folder.parent.iterdir()] == ["index"]
