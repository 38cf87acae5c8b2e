"""Turns texts into unit vectors with ONNX Runtime; never imports torch, never downloads."""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from model.errors import ArtifactError
from model.heads.tweet_text import spoken_text
from model.manifests import file_sha256, read_manifest
from model.types import Reading, Vector, Vectors

ENCODER_FORMAT = 3

_MANIFEST_KEYS = ("name", "dim", "max_tokens", "fingerprint", "files")

_FEWEST_LETTERS = 4
"""Of a word; many shorter tokens are endings and initials."""
_FEW_TEXTS = 8
_BATCH_TOKENS = 512
"""Texts are encoded in batches of about this many tokens, those of like length together.

What a layer makes of 2,048 tokens no longer fits the processor's cache: 64 short questions took 1.3 (two
threads) to 1.7 times (one) as long in such batches, passages of 120 words as long as here.
"""
_RUN_TOKENS = 4
"""A batch of its own takes as long as so many tokens more in another: .8 ms, a token .2, on one thread."""


def find_encoder(models_folder: Path, fingerprint: str) -> Path:
    """The folder of the encoder with this fingerprint: `encoder` itself, or one of `encoders/`.

    Raises `ArtifactError` when it is in neither.
    """
    for folder in (models_folder / "encoder", models_folder / "encoders" / fingerprint):
        try:
            own_fingerprint = encoder_manifest(folder)["fingerprint"]
        except ArtifactError:
            continue
        if own_fingerprint == fingerprint:
            return folder
    raise ArtifactError(
        f"{models_folder} has no encoder {fingerprint}, neither as encoder nor in encoders; copy it there, "
        "or train again"
    )


class OnnxEncoder:
    """A sentence encoder; safe to call from several threads at once."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        tokenizer: Tokenizer,
        *,
        name: str,
        dim: int,
        fingerprint: str,
        spoken: bool = False,
    ) -> None:
        """`spoken` texts are read as `model.heads.tweet_text` says them, as in tuning."""
        self.name = name
        self._spoken = spoken
        self._session = session
        self._tokenizer = tokenizer
        self._dim = dim
        self._feature_dim = int(session.get_outputs()[1].shape[1])
        self._fingerprint = fingerprint

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> "OnnxEncoder":
        """The encoder kept in `folder` by `training.encoder.export`.

        `threads` share one pass over a batch; by default as many as `OMP_NUM_THREADS` says, or the machine
        has cores. Raises `ArtifactError` when a file is missing, or its SHA-256 is not the recorded one.
        """
        manifest = check_encoder(folder)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(int(manifest["max_tokens"]))
        tokenizer.no_padding()
        return cls(
            _session(folder / "model.onnx", threads or _usual_threads()),
            tokenizer,
            name=manifest["name"],
            dim=int(manifest["dim"]),
            fingerprint=manifest["fingerprint"],
            spoken=bool(manifest.get("spoken", False)),
        )

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def feature_dim(self) -> int:
        """Length of a text's features."""
        return self._feature_dim

    @property
    def fingerprint(self) -> str:
        """Identity of weights, tokenizer and length limit."""
        return self._fingerprint

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of four letters and more that its tokenizer does not split, lower case."""
        tokens = self._tokenizer.get_vocab(with_added_tokens=False)
        return frozenset(token for token in tokens if len(token) >= _FEWEST_LETTERS and token.isalpha())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape `(n_texts, dim)`, float32, in the order given; `(0, dim)` for none.

        A text's vector may differ in the sixth decimal with the texts it is batched with.
        """
        return self.read(texts).vectors

    def encode_one(self, text: str) -> Vector:
        """The unit vector of one text, shape `(dim,)`."""
        vector: Vector = self.read([text]).vectors[0]
        return vector

    def read(self, texts: Sequence[str]) -> Reading:
        """Vectors and features of the texts, in the order given, by one pass."""
        vectors = np.empty((len(texts), self._dim), dtype=np.float32)
        features = np.empty((len(texts), self._feature_dim), dtype=np.float32)
        said = map(spoken_text, texts) if self._spoken else texts
        encodings = self._tokens([_readable(text) for text in said])
        by_length = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        for batch in _batches([len(encodings[i].ids) for i in by_length]):
            places = [by_length[place] for place in batch]
            vectors[places], features[places] = self._run([encodings[i] for i in places])
        return Reading(vectors, features)

    def pieces(self, word: str) -> int:
        """How many tokens the word is cut into."""
        return len(self._tokenizer.encode(_readable(word), add_special_tokens=False).ids)

    def _tokens(self, texts: list[str]) -> list[Encoding]:
        if len(texts) > _FEW_TEXTS:
            return list(self._tokenizer.encode_batch(texts))
        return [self._tokenizer.encode(text) for text in texts]  # sooner done than shared among threads

    def _run(self, encodings: list[Encoding]) -> tuple[Vectors, Vectors]:
        """Vectors and features of one batch, padded to its longest text."""
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        vectors, features = self._session.run(
            ["vectors", "features"], {"input_ids": ids, "attention_mask": mask}
        )
        return vectors, features


def _batches(lengths: list[int]) -> list[range]:
    """Ranges over `lengths`, which rise, that are the soonest run, each padded to its longest text.

    No batch of several texts exceeds the token limit.
    """
    least = [0]
    begins: list[int] = []
    for end, longest in enumerate(lengths, start=1):
        costs = {end - 1: least[end - 1] + longest}
        for begin in range(end - 2, max(end - _BATCH_TOKENS // max(longest, 1), 0) - 1, -1):
            costs[begin] = least[begin] + (end - begin) * longest
        begins.append(min(costs, key=costs.__getitem__))
        least.append(costs[begins[-1]] + _RUN_TOKENS)
    batches: list[range] = []
    end = len(lengths)
    while end:
        batches.insert(0, range(begins[end - 1], end))
        end = batches[0].start
    return batches


def _readable(text: str) -> str:
    """The text without lone surrogates, which the tokenizer refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _usual_threads() -> int:
    """What whoever started the process allows every library, else one thread a core.

    On cores that others take, threads beyond it only wait for each other, and spin meanwhile: two on a busy
    machine of two cores took 1.6 times the processor time of one.
    """
    allowed = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # by level of nesting
    return int(allowed) if allowed.isdecimal() and int(allowed) else os.cpu_count() or 1


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning within a pass saves a third of its time; beyond it, it would take the cores from others.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises bare exceptions of many types
        raise ArtifactError(f"{path} is not a usable ONNX model ({error}); run: firstlast init") from error


def encoder_manifest(folder: Path) -> dict[str, Any]:  # JSON
    """What the encoder kept in `folder` says of itself: name, fingerprint, digests of its files.

    Raises `ArtifactError` when there is none, or it is damaged or of another format.
    """
    return read_manifest(
        folder / "encoder.json",
        what="encoder",
        expected_format=ENCODER_FORMAT,
        keys=_MANIFEST_KEYS,
        remedy="firstlast init",
    )


def check_encoder(folder: Path) -> dict[str, Any]:  # JSON
    """What the encoder kept in `folder` says of itself, once all its files are what it says.

    Raises `ArtifactError` when a file is missing, or its SHA-256 is not the recorded one.
    """
    manifest = encoder_manifest(folder)
    for file, expected in manifest["files"].items():
        _check_file(folder / file, expected)
    return manifest


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file():
        raise ArtifactError(f"{path} is missing; run: firstlast init")
    digest = file_sha256(path)
    if digest != expected:
        raise ArtifactError(f"{path} has SHA-256 {digest}, expected {expected}; run: firstlast init")
