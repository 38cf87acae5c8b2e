"""Encoder and head tuned to labelled texts, calibrated on texts held out, exported; registers nothing."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from eval.progress import progress
from eval.results import Track, untracked
from model.encoder.onnx_encoder import OnnxEncoder
from model.files import rename_durably
from model.heads.head import Head
from model.heads.out_of_scope import ScopeDetector, clearness
from model.types import Reading, Vectors
from training.encoder.export import DEFAULT_ENCODER, export_model, load_torch
from training.encoder.torch_texts import fastest_device
from training.encoder.tuning import TUNING, TuningOptions, tune
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
    head: Head
    """On the encoder's features; calibrated."""
    held_out: NDArray[np.intp]
    """Positions of the texts held out."""
    held_out_scores: NDArray[np.float64]
    """Of those, before softmax and temperature, `(n_held_out, n_labels)`."""
    held_out_strangeness: NDArray[np.float64]
    """Out-of-scope scores of those, as `model.heads.out_of_scope` gives them, `(n_held_out,)`."""
    known_vectors: Vectors
    """Of all texts, by the tuned encoder, `(n_texts, dim)`."""
    strength: float
    """The inverse regularisation of the head's linear part."""
    lower: float
    """Weight of the lower layers in it."""
    kernel_share: float
    """Share of the kernel in the head, in [0, 1]."""

    def as_fitted(self) -> FittedHead:
        """The head with its held-out scores; NaN for the texts that were not held out."""
        scores = np.full((len(self.known_vectors), len(self.head.labels)), np.nan)
        scores[self.held_out] = self.held_out_scores
        return FittedHead(self.head, self.strength, scores, self.lower, self.kernel_share)


Finetune = Callable[[Sequence[str], Sequence[str]], FinetunedTexts]
"""Gives an encoder tuned to the labels of texts, with a head on it."""


def finetune(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    encoders_folder: Path,
    options: TuningOptions,
    origin: str = DEFAULT_ENCODER,
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
    many = len(texts) >= _MANY_TEXTS
    rest, held_out = _split(labels, _HELD_OUT_OF_MANY if many else _HELD_OUT_OF_FEW, options.seed)
    first = _tuned(texts, labels, rest, encoders_folder, options, origin, checkpoints, track)
    reading = first.read(texts)
    recipe, share, head = _best_head(reading, labels, rest, held_out, options.seed)
    scores = head.scores(reading.features[held_out])
    strangeness = ScopeDetector(reading.vectors[rest]).score(reading.vectors[held_out], clearness(scores))
    final, final_reading = first, reading
    if not many:
        shutil.rmtree(encoders_folder / first.fingerprint, ignore_errors=True)
        final = _tuned(
            texts, labels, np.arange(len(texts)), encoders_folder, options, origin, checkpoints, track
        )
        final_reading = final.read(texts)
    [parts] = fit_parts(final_reading.features, labels, (recipe,), seed=options.seed)
    return FinetunedTexts(
        encoder=final,
        folder=encoders_folder / final.fingerprint,
        head=parts.blend(share=share, temperature=head.temperature),
        held_out=held_out,
        held_out_scores=scores,
        held_out_strangeness=strangeness,
        known_vectors=final_reading.vectors,
        strength=recipe.strength,
        lower=recipe.lower,
        kernel_share=share,
    )


def tune_texts(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    kind: str,
    encoders_folder: Path,
    checkpoints: Path,
    seed: int,
) -> FinetunedTexts:
    """`finetune` with the options of a kind of `TUNING`, a bar on terminals, and a state to go on from."""
    return finetune(
        texts,
        labels,
        encoders_folder=encoders_folder,
        options=replace(TUNING[kind], seed=seed),
        checkpoints=checkpoints,
        track=progress,
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
    rows: NDArray[np.intp],
    encoders_folder: Path,
    options: TuningOptions,
    origin: str,
    checkpoints: Path | None,
    track: Track,
) -> OnnxEncoder:
    """The encoder of `origin` tuned on the rows, exported and loaded from its folder."""
    model = load_torch(origin).to(fastest_device())
    kept = [texts[i] for i in rows], [labels[i] for i in rows]
    tune(model, *kept, options=options, checkpoints=checkpoints, track=track)
    model.to("cpu")  # which exports, and will serve
    encoders_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tuned-", dir=encoders_folder) as scratch:
        export_model(model, Path(scratch) / "encoder", name=f"{origin}, tuned", spoken=options.spoken)
        fingerprint = OnnxEncoder.load(Path(scratch) / "encoder").fingerprint
        folder = encoders_folder / fingerprint
        if not folder.exists():
            rename_durably(Path(scratch) / "encoder", folder)
    if checkpoints is not None:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return OnnxEncoder.load(folder)


def _best_head(
    reading: Reading, labels: Sequence[str], rest: NDArray[np.intp], held_out: NDArray[np.intp], seed: int
) -> tuple[Recipe, float, Head]:
    """The head on the features of the rest that makes the labels of the held-out texts most likely.

    With its recipe and its kernel's share.

    Folds of the rest would choose nothing sound: the encoder was tuned to them.
    """
    fitted = fit_parts(reading.features[rest], [labels[i] for i in rest], _RECIPES, seed=seed)
    features = reading.features[held_out]
    classes = np.searchsorted(fitted[0].labels, np.asarray(labels)[held_out])
    tried = []
    for recipe, parts in zip(_RECIPES, fitted, strict=True):
        share, temperature = parts.best_on(features, classes)
        head = parts.blend(share=share, temperature=temperature)
        tried.append((best_log_loss(head.scores(features), classes), recipe, share, head))
    _, recipe, share, head = min(tried, key=itemgetter(0))
    return recipe, share, head
