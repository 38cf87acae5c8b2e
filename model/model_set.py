"""Saves and loads a model set as safetensors and a JSON manifest; never pickles, never trains."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from model.answering.confidence import FEATURES, AnsweringModel, Forest
from model.answering.past_questions import PastQuestions
from model.answering.risk import CONFIDENCE_LEVEL, FEWEST_ANSWERS, RiskThreshold, risk_threshold
from model.errors import ArtifactError
from model.files import rename_durably, write_atomically
from model.heads.head import Blend, Head, Kernel, Linear, Scorer
from model.heads.out_of_scope import ScopeDetector
from model.manifests import file_sha256, read_manifest
from model.types import CandidateKind, IntentInfo

MODEL_SET_FORMAT = 11
REQUIRED_HEADS = ("sentiment", "wants_person", "smalltalk")

_MANIFEST = "manifest.json"
_MANIFEST_KEYS = (
    "version",
    "encoder_fingerprint",
    "files",
    "heads",
    "intents",
    "answering",
    "limits",
    "card",
)
_TENSORS = "tensors.safetensors"
_POINTER = "champion"
_FOREST = ("roots", "feature", "limit", "children", "value")


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationSample:
    """Held-out decisions that the threshold of any risk budget is found on."""

    confidences: NDArray[np.float64]
    """Of each question's most confident candidate, shape `(n_questions,)`."""
    correct: NDArray[np.bool_]
    """Whether that candidate resolves the question."""
    learned: NDArray[np.bool_]
    """Whether it is a learned answer."""

    @classmethod
    def none(cls) -> "CalibrationSample":
        """No held-out decisions: no threshold lets the bot answer."""
        return cls(np.empty(0), np.empty(0, dtype=np.bool_), np.empty(0, dtype=np.bool_))

    def thresholds(
        self, *, risk: float, confidence_level: float = CONFIDENCE_LEVEL, proven_only: bool = False
    ) -> Mapping[CandidateKind, RiskThreshold]:
        """The `risk_threshold` of each kind of answer: each keeps the budget for itself.

        Learned answers are right more often than articles at the same confidence; on one threshold for both
        they would pay for the articles' mistakes.
        """

        def of(sample: CalibrationSample) -> RiskThreshold:
            return risk_threshold(
                sample.confidences,
                sample.correct,
                risk=risk,
                confidence_level=confidence_level,
                proven_only=proven_only,
            )

        article, learned = self.of_kind("article"), self.of_kind("learned_answer")
        found = of(article)
        return {"article": found, "learned_answer": found if learned is article else of(learned)}

    def of_kind(self, kind: CandidateKind) -> "CalibrationSample":
        """The decisions that the threshold of this kind of answer is found on.

        All of them where one kind has fewer than 20, such as in a home without articles.
        """
        if min(self.learned.sum(), (~self.learned).sum()) < FEWEST_ANSWERS:
            return self
        chosen = self.learned if kind == "learned_answer" else ~self.learned
        return CalibrationSample(self.confidences[chosen], self.correct[chosen], self.learned[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class ModelSet:
    """Everything trained that the bot thinks with, apart from the encoder."""

    version: str
    encoder_fingerprint: str
    heads: Mapping[str, Head]
    """By name; a business without labelled intents has no `intent` and `team`."""
    scope: ScopeDetector
    intents: Mapping[str, IntentInfo]
    answering: AnsweringModel
    calibration: CalibrationSample
    limits: Mapping[str, float]
    """Limits chosen on held-out data: `wants_person`, `human_only`, `smalltalk`, `out_of_scope`."""
    card: Mapping[str, Any] = field(default_factory=dict)  # JSON: metrics, data hashes, versions
    """What it was trained with and how good it is."""
    head_encoders: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of a head's own encoder, by head; the other heads read the set's encoder. The scope is
    measured with the vectors of the intents' encoder."""


def save_model_set(models: ModelSet, folder: Path) -> None:
    """Write the set to a new `folder`; it appears whole or not at all.

    Raises `ArtifactError` when the folder exists: a version never changes.
    """
    if folder.exists():
        raise ArtifactError(
            f"{folder} exists already; a model set is never overwritten, choose a new version"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".model-set-", dir=folder.parent))
    try:
        save_file(_tensors(models), work / _TENSORS)
        manifest = _manifest(models) | {"files": {_TENSORS: file_sha256(work / _TENSORS)}}
        (work / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        rename_durably(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def load_model_set(folder: Path, *, encoder_fingerprint: str) -> ModelSet:
    """The set kept in `folder`.

    Raises `ArtifactError` when it is missing, damaged, of another format, or was trained on another
    encoder than the one in use.
    """
    manifest = _read_manifest(folder)
    if manifest["encoder_fingerprint"] != encoder_fingerprint:
        raise ArtifactError(
            f"model set {folder.name} was trained on encoder {manifest['encoder_fingerprint']}, in use is "
            f"{encoder_fingerprint}; train it again: firstlast train heads"
        )
    path = folder / _TENSORS
    if not path.is_file() or file_sha256(path) != manifest["files"].get(_TENSORS):
        raise ArtifactError(f"{path} is missing or damaged; train again: firstlast train heads")
    try:
        return _model_set(manifest, load_file(path))
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise ArtifactError(
            f"model set {folder.name} cannot be read ({error!r}); train again: firstlast train heads"
        ) from error


def encoder_of(folder: Path) -> str:
    """Fingerprint of the encoder that the set kept in `folder` was trained on.

    Raises `ArtifactError` when its manifest is missing, damaged or of another format.
    """
    return str(_read_manifest(folder)["encoder_fingerprint"])


def encoders_of(folder: Path) -> frozenset[str]:
    """Fingerprints of all encoders that the set kept in `folder` needs: its own, and those of single heads.

    Raises `ArtifactError` when its manifest is damaged or of another format.
    """
    manifest = _read_manifest(folder)
    own = (head.get("encoder") for head in manifest["heads"].values())
    return frozenset(filter(None, (str(manifest["encoder_fingerprint"]), *own)))


def stored_sets(models_folder: Path) -> list[Path]:
    """The folders of all model sets, in use or not, by name; damaged ones too."""
    found = (path.parent for path in models_folder.glob(f"*/{_MANIFEST}"))
    return sorted(folder for folder in found if not folder.name.startswith("."))


def read_pointer(models_folder: Path) -> str | None:
    """The version of the champion, or `None` when there is none yet."""
    try:
        version = (models_folder / _POINTER).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return version or None


def write_pointer(models_folder: Path, version: str) -> None:
    """Make `version` the champion, in one step. Raises `ArtifactError` when it does not exist."""
    if not (models_folder / version / _MANIFEST).is_file():
        raise ArtifactError(f"no model set {version!r} in {models_folder}; see: firstlast models list")
    models_folder.mkdir(parents=True, exist_ok=True)
    write_atomically(models_folder / _POINTER, f"{version}\n".encode())


def _tensors(models: ModelSet) -> dict[str, NDArray[Any]]:  # float32, float64 and bool side by side
    tensors: dict[str, NDArray[Any]] = {
        "scope.vectors": models.scope.vectors,
        "answering.typical": models.answering.typical,
        **{f"forest.{name}": getattr(models.answering.forest, name) for name in _FOREST},
        "past.vectors": models.answering.past.vectors,
        "calibration.confidences": models.calibration.confidences,
        "calibration.correct": models.calibration.correct,
        "calibration.learned": models.calibration.learned,
        "answering.slope": models.answering.slope,
        "answering.offset": models.answering.offset,
    }
    for name, head in models.heads.items():
        tensors |= _scorer_tensors(f"heads.{name}", head.scorer)
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def _scorer_tensors(name: str, scorer: Scorer) -> dict[str, NDArray[Any]]:  # as _tensors
    match scorer:
        case Linear():
            return {f"{name}.weights": scorer.weights, f"{name}.bias": scorer.bias}
        case Kernel():
            return {
                **_scorer_tensors(name, scorer.linear),
                f"{name}.landmarks": scorer.landmarks,
                f"{name}.projection": scorer.projection,
            }
        case Blend():
            kernel = _scorer_tensors(f"{name}.kernel", scorer.kernel)
            return {**_scorer_tensors(name, scorer.linear), **kernel}


def _manifest(models: ModelSet) -> dict[str, Any]:  # JSON
    return {
        "format": MODEL_SET_FORMAT,
        "version": models.version,
        "encoder_fingerprint": models.encoder_fingerprint,
        "heads": {
            name: {
                "labels": list(head.labels),
                "temperature": head.temperature,
                "encoder": models.head_encoders.get(name),
                **_scorer_entry(head.scorer),
            }
            for name, head in models.heads.items()
        },
        "intents": {
            name: {"team": info.team, "human_only": info.human_only} for name, info in models.intents.items()
        },
        "answering": {
            "features": list(FEATURES),
            "depth": models.answering.forest.depth,
            "past_refs": [list(refs) for refs in models.answering.past.refs],
            "past_intents": list(models.answering.past.intents),
        },
        "limits": dict(models.limits),
        "card": dict(models.card),
    }


def _scorer_entry(scorer: Scorer) -> dict[str, Any]:  # JSON
    """The kind of a scorer, and its numbers that are no tensors."""
    match scorer:
        case Linear():
            return {"kind": "linear"}
        case Kernel():
            return {"kind": "kernel", "gamma": scorer.gamma}
        case Blend():
            return {"kind": "blend", "share": scorer.share, "gamma": scorer.kernel.gamma}


def _read_manifest(folder: Path) -> dict[str, Any]:  # JSON
    return read_manifest(
        folder / _MANIFEST,
        what="model set",
        expected_format=MODEL_SET_FORMAT,
        keys=_MANIFEST_KEYS,
        remedy="firstlast train heads",
    )


def _model_set(manifest: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> ModelSet:  # as _tensors
    if tuple(manifest["answering"]["features"]) != FEATURES:
        raise ValueError(f"answering features {manifest['answering']['features']} are not {list(FEATURES)}")
    missing = [name for name in REQUIRED_HEADS if name not in manifest["heads"]]
    if missing:
        raise ValueError(f"heads {missing} are missing")
    heads = {
        name: Head(
            tuple(entry["labels"]), _scorer(f"heads.{name}", entry, tensors), float(entry["temperature"])
        )
        for name, entry in manifest["heads"].items()
    }
    return ModelSet(
        version=manifest["version"],
        encoder_fingerprint=manifest["encoder_fingerprint"],
        heads=heads,
        scope=ScopeDetector(tensors["scope.vectors"]),
        intents={
            name: IntentInfo(info["team"], bool(info["human_only"]))
            for name, info in manifest["intents"].items()
        },
        answering=AnsweringModel(
            tensors["answering.typical"],
            Forest(
                **{name: tensors[f"forest.{name}"] for name in _FOREST},
                depth=int(manifest["answering"]["depth"]),
            ),
            tensors["answering.slope"],
            tensors["answering.offset"],
            PastQuestions(
                tensors["past.vectors"],
                manifest["answering"]["past_refs"],
                manifest["answering"]["past_intents"],
            ),
        ),
        calibration=CalibrationSample(
            *(tensors[f"calibration.{name}"] for name in ("confidences", "correct", "learned"))
        ),
        limits={name: float(value) for name, value in manifest["limits"].items()},
        card=manifest["card"],
        head_encoders={
            name: head["encoder"] for name, head in manifest["heads"].items() if head.get("encoder")
        },
    )


def _scorer(name: str, entry: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Scorer:  # as _tensors
    """The scorer of the kind that `entry` names, with the tensors under `name`."""

    def linear(part: str) -> Linear:
        return Linear(tensors[f"{part}.weights"], tensors[f"{part}.bias"])

    def kernel(part: str) -> Kernel:
        projection, landmarks = tensors[f"{part}.projection"], tensors[f"{part}.landmarks"]
        return Kernel(linear(part), projection, landmarks, float(entry["gamma"]))

    match entry["kind"]:
        case "linear":
            return linear(name)
        case "kernel":
            return kernel(name)
        case "blend":
            return Blend(linear(name), kernel(f"{name}.kernel"), float(entry["share"]))
        case unknown:
            raise ValueError(f"{name} is of unknown kind {unknown!r}")
