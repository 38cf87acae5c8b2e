"""Encoder and head tuned to labelled texts, calibrated on texts held out, exported; registers nothing."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from eval.report.tracking import Step
from eval.results import Track, untracked
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head
from model.heads.out_of_scope import ScopeDetector, clearness
from model.types import Reading, Vectors
from serving.settings import DEFAULT_ENCODER
from training.encoder.export import file_encoder, load_torch
from training.encoder.torch_texts import fastest_device
from training.encoder.tuning import TuningOptions, tune
from training.heads.blending import fit_parts
from training.heads.linear import FittedHead, Recipe, best_log_loss

_MANY_TEXTS = 5000
"""From here on texts enough are held out by a share so small that the encoder is tuned once only."""
_HELD_OUT_OF_MANY = 0.05
_HELD_OUT_OF_FEW = 0.2
_RECIPES = (Recipe(0.03, lower=0.3), Recipe(3.0), Recipe(30.0, lower=0.3))
"""Recipes tried on held-out texts. The more of its texts an encoder has learnt by heart, the more its head
must be held back: macro recall on 2,477 tweets at .03 was .735, at 3 .709; intents gain from 3 and 30."""


@dataclass(frozen=True, slots=True, eq=False)
class FinetunedTexts:
    """A head with an encoder of its own, and what they said of texts that neither was fitted on."""

    encoder: OnnxEncoder
    folder: Path
    """Where the encoder was exported to."""
    fitted: FittedHead
    """On the encoder's features; its held-out scores are NaN for the texts that were not held out."""
    held_out_strangeness: NDArray[np.float64]
    """Out-of-scope scores of those held out, as `model.heads.out_of_scope` gives them, `(n_held_out,)`."""
    known_vectors: Vectors
    """Of all texts, by the tuned encoder, `(n_texts, dim)`."""
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    """The losses of the tuning that this encoder came from."""

    @property
    def head(self) -> Head:
        """The head, calibrated."""
        return self.fitted.head


Finetune = Callable[[Sequence[str], Sequence[str]], FinetunedTexts]
"""Gives an encoder tuned to the labels of texts, with a head on it."""


def finetune(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    encoders_folder: Path,
    options: TuningOptions,
    checkpoints: Path | None = None,
    track: Track = untracked,
) -> FinetunedTexts:
    """An encoder tuned to tell `labels` apart, with a head on its features.

    A part of the texts, drawn by label, is held out: a twentieth of many, a fifth of few (under 5,000). On it
    the recipe of the head, the kernel's share in it (`training.heads.blending`) and the temperature are
    found, and how strange texts in scope look. With many texts the encoder that did not see them stays; with
    few it is tuned again on all, and keeps recipe, share, temperature and scores of the first (as
    `CalibratedClassifierCV` of scikit-learn does without an ensemble).

    The encoder is written to `encoders_folder`, in a folder named by its fingerprint, once its export gave
    the same vectors as torch.
    """

    def tuned_on(rows: NDArray[np.intp]) -> tuple[OnnxEncoder, Mapping[str, Sequence[Step]]]:
        some = [texts[i] for i in rows], [labels[i] for i in rows]
        return _tuned(*some, encoders_folder, options, checkpoints, track)

    many = len(texts) >= _MANY_TEXTS
    rest, held_out = _split(labels, _HELD_OUT_OF_MANY if many else _HELD_OUT_OF_FEW, options.seed)
    encoder, steps = tuned_on(rest)
    reading = encoder.read(texts)
    recipe, share, head = _best_head(reading, labels, rest, held_out, options.seed)
    scores = np.full((len(texts), len(head.labels)), np.nan)
    scores[held_out] = head.scores(reading.features[held_out])
    detector = ScopeDetector(reading.vectors[rest])
    strangeness = detector.score(reading.vectors[held_out], clearness(scores[held_out]))
    if not many:
        shutil.rmtree(encoders_folder / encoder.fingerprint, ignore_errors=True)
        encoder, steps = tuned_on(np.arange(len(texts)))
        reading = encoder.read(texts)
    [parts] = fit_parts(reading.features, labels, (recipe,), seed=options.seed)
    final = parts.blend(share=share, temperature=head.temperature)
    return FinetunedTexts(
        encoder=encoder,
        folder=encoders_folder / encoder.fingerprint,
        fitted=FittedHead(final, recipe.strength, scores, recipe.lower, share),
        held_out_strangeness=strangeness,
        known_vectors=reading.vectors,
        steps=steps,
    )


def _split(labels: Sequence[str], share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions to tune on and positions held out; by label, where every label has texts for both."""
    _, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    by_label = counts.min() >= 2 and share * len(labels) >= len(counts)
    rest, held_out = train_test_split(
        np.arange(len(labels)), test_size=share, random_state=seed, stratify=labels if by_label else None
    )
    return np.sort(rest), np.sort(held_out)


def _tuned(
    texts: Sequence[str],
    labels: Sequence[str],
    encoders_folder: Path,
    options: TuningOptions,
    checkpoints: Path | None,
    track: Track,
) -> tuple[OnnxEncoder, Mapping[str, Sequence[Step]]]:
    """The default encoder tuned to the texts, exported and loaded from its folder; with its losses."""
    model = load_torch(DEFAULT_ENCODER).to(fastest_device())
    steps = tune(model, texts, labels, options=options, checkpoints=checkpoints, track=track)
    model.to("cpu")  # which exports, and will serve
    folder = file_encoder(model, encoders_folder, name=f"{DEFAULT_ENCODER}, tuned", spoken=options.spoken)
    if checkpoints is not None:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return OnnxEncoder.load(folder), steps


def _best_head(
    reading: Reading, labels: Sequence[str], rest: NDArray[np.intp], held_out: NDArray[np.intp], seed: int
) -> tuple[Recipe, float, Head]:
    """The head on the features of the rest that makes the labels of the held-out texts most likely.

    With its recipe and its kernel's share. Folds of the rest would choose nothing sound: the encoder was
    tuned to them.
    """
    fitted = fit_parts(reading.features[rest], [labels[i] for i in rest], _RECIPES, seed=seed)
    features = reading.features[held_out]
    classes = np.searchsorted(fitted[0].labels, np.asarray(labels)[held_out])
    candidates = []
    for recipe, parts in zip(_RECIPES, fitted, strict=True):
        share, temperature = parts.best_on(features, classes)
        candidates.append((recipe, share, parts.blend(share=share, temperature=temperature)))
    return min(candidates, key=lambda candidate: best_log_loss(candidate[2].scores(features), classes))
