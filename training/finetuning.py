"""Encoder and head tuned to labelled texts, calibrated on texts held out, exported; registers nothing."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from eval.progress import progress
from eval.results import Track, untracked
from eval.scope import all_scores
from model.encoder import OnnxEncoder
from model.heads import LinearHead
from model.types import Reading, Vectors
from training.blending import fit_parts
from training.export import DEFAULT_ENCODER, export_model, load_torch
from training.linear import FittedHead, Recipe, best_log_loss
from training.self_training import chosen, sure_guesses
from training.tuning import TUNING, TuningOptions, tune

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
    head: LinearHead
    """On the encoder's features; calibrated."""
    held_out: NDArray[np.intp]
    """Positions of the texts held out."""
    held_out_scores: NDArray[np.float64]
    """Of those, before softmax and temperature, `(n_held_out, n_labels)`."""
    held_out_scope: Mapping[str, NDArray[np.float64]]
    """Out-of-scope scores of those by name, as `eval.scope.all_scores`, each `(n_held_out,)`."""
    known_vectors: Vectors
    """Of all texts, by the tuned encoder, `(n_texts, dim)`."""
    strength: float
    """The inverse regularisation of the head's linear part."""
    lower: float
    """Weight of the lower layers in it."""
    kernel_share: float
    """Share of the kernel in the head, in [0, 1]."""
    guessed: int
    """Texts that nobody labelled which encoder and head learned from."""

    def as_fitted(self) -> FittedHead:
        """The head with its held-out scores; NaN for the texts that were not held out."""
        scores = np.full((len(self.known_vectors), len(self.head.labels)), np.nan)
        scores[self.held_out] = self.held_out_scores
        return FittedHead(self.head, self.strength, scores, self.lower, self.kernel_share, self.guessed)


class Finetune(Protocol):
    """Gives an encoder tuned to the labels of texts, with a head on it."""

    def __call__(
        self, texts: Sequence[str], labels: Sequence[str], *, unlabelled: Sequence[str] = ()
    ) -> FinetunedTexts:
        """As `finetune`."""
        ...


def finetune(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    unlabelled: Sequence[str] = (),
    encoders_folder: Path,
    options: TuningOptions,
    origin: str = DEFAULT_ENCODER,
    checkpoints: Path | None = None,
    track: Track = untracked,
) -> FinetunedTexts:
    """An encoder tuned to tell `labels` apart, with a head on its features.

    A part of the texts, drawn by label, is held out: a twentieth of many, a fifth of few (under 5,000). On
    it the recipe of the head, the kernel's share in it (`training.blending`) and the temperature are found,
    and how strange texts in scope look. With many texts the encoder that did not see them stays; with few it
    is tuned again on all, and keeps recipe, share, temperature and scores of the first (as
    `CalibratedClassifierCV` of scikit-learn does without an ensemble).

    Few texts may have `unlabelled` ones beside them: the encoder tuned without them guesses their labels, and
    those it is sure of (`training.self_training`) are tuned to like the others, for half as many epochs.

    The encoder is written to `encoders_folder`, in a folder named by its fingerprint, once its export gave
    the same vectors as torch.
    """
    many = len(texts) >= _MANY_TEXTS
    every = _Texts(tuple(texts), tuple(labels))
    rest, held_out = _split(labels, _HELD_OUT_OF_MANY if many else _HELD_OUT_OF_FEW, options.seed)
    known, unseen = every.at(rest), every.at(held_out)
    drawn = chosen(0 if many else len(unlabelled), beside=len(texts), seed=options.seed)
    others = tuple(unlabelled[i] for i in drawn)
    tuner = _Tuner(encoders_folder, options, origin, checkpoints, track)
    trial = _tried(tuner.tuned(known), known, unseen, seed=options.seed)
    guessed = trial.guesses(others)
    if guessed.texts:
        tuner.remove(trial.encoder)
        trial = _tried(tuner.tuned(known, guessed), known, unseen, guessed, seed=options.seed)
        guessed = trial.guesses(others)
    encoder = trial.encoder
    if not many:
        tuner.remove(encoder)
        encoder = tuner.tuned(every, guessed)
    learned = every.and_also(guessed)
    reading = encoder.read(learned.texts)
    [parts] = fit_parts(reading.features, learned.labels, (trial.recipe,), seed=options.seed)
    return FinetunedTexts(
        encoder=encoder,
        folder=encoders_folder / encoder.fingerprint,
        head=parts.blend(share=trial.share, temperature=trial.head.temperature),
        held_out=held_out,
        held_out_scores=trial.head.scores(trial.unseen.features),
        held_out_scope=all_scores(trial.unseen, trial.head, trial.known, known.labels),
        known_vectors=reading.vectors[: len(texts)],
        strength=trial.recipe.strength,
        lower=trial.recipe.lower,
        kernel_share=trial.share,
        guessed=len(guessed.texts),
    )


def tune_texts(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    kind: str,
    encoders_folder: Path,
    checkpoints: Path,
    seed: int,
    unlabelled: Sequence[str] = (),
) -> FinetunedTexts:
    """`finetune` with the options of a kind of `TUNING`, a bar on terminals, and a state to go on from."""
    return finetune(
        texts,
        labels,
        unlabelled=unlabelled,
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


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts with their labels, given or guessed."""

    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def at(self, rows: NDArray[np.intp]) -> "_Texts":
        return _Texts(tuple(self.texts[i] for i in rows), tuple(self.labels[i] for i in rows))

    def and_also(self, others: "_Texts") -> "_Texts":
        return _Texts(self.texts + others.texts, self.labels + others.labels)


_NONE = _Texts()


@dataclass(frozen=True, slots=True)
class _Tuner:
    """Tunes the encoder of `origin` to one set of texts after the other, and exports it."""

    encoders_folder: Path
    options: TuningOptions
    origin: str
    checkpoints: Path | None
    track: Track

    def tuned(self, known: _Texts, guessed: _Texts = _NONE) -> OnnxEncoder:
        """Tuned to these texts, exported and loaded from its folder."""
        model = load_torch(self.origin)
        every, options = known.and_also(guessed), self.options
        if guessed.texts:
            options = replace(options, epochs=max(options.epochs // 2, 1))
        tune(
            model, every.texts, every.labels, options=options, checkpoints=self.checkpoints, track=self.track
        )
        self.encoders_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tuned-", dir=self.encoders_folder) as scratch:
            exported, name = Path(scratch) / "encoder", f"{self.origin}, tuned"
            export_model(model, exported, name=name, spoken=options.spoken)
            folder = self.encoders_folder / OnnxEncoder.load(exported).fingerprint
            if not folder.exists():
                exported.rename(folder)
        if self.checkpoints is not None:
            shutil.rmtree(self.checkpoints, ignore_errors=True)
        return OnnxEncoder.load(folder)

    def remove(self, encoder: OnnxEncoder) -> None:
        """Deletes the folder of an encoder that another takes the place of."""
        shutil.rmtree(self.encoders_folder / encoder.fingerprint, ignore_errors=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A tuned encoder with the head that did best on texts held out from both."""

    encoder: OnnxEncoder
    recipe: Recipe
    share: float
    """Of the kernel."""
    head: LinearHead
    known: Reading
    """The labelled texts it was tuned to."""
    unseen: Reading
    """Those held out."""

    def guesses(self, texts: tuple[str, ...]) -> _Texts:
        """Those of the texts whose label it is sure of."""
        if not texts:
            return _NONE
        sure = sure_guesses(self.head, self.encoder.read(texts).features)
        labels = tuple(self.head.labels[place] for place in sure.classes)
        return _Texts(tuple(texts[row] for row in sure.rows), labels)


def _tried(
    encoder: OnnxEncoder, known: _Texts, unseen: _Texts, guessed: _Texts = _NONE, *, seed: int
) -> _Trial:
    """The head on the known and guessed texts that makes the labels of the unseen ones most likely.

    With its recipe and its kernel's share.

    Folds of the known would choose nothing sound: the encoder was tuned to them.
    """
    learned = known.and_also(guessed)
    reading, held_out = encoder.read(learned.texts), encoder.read(unseen.texts)
    fitted = fit_parts(reading.features, learned.labels, _RECIPES, seed=seed)
    classes = np.searchsorted(fitted[0].linear.labels, np.asarray(unseen.labels))
    tried = []
    for recipe, parts in zip(_RECIPES, fitted, strict=True):
        share, temperature = parts.best_on(held_out.features, classes)
        head = parts.blend(share=share, temperature=temperature)
        tried.append((best_log_loss(head.scores(held_out.features), classes), recipe, share, head))
    _, recipe, share, head = min(tried, key=itemgetter(0))
    n = len(known.texts)
    read = Reading(reading.vectors[:n], reading.features[:n])
    return _Trial(encoder, recipe, share, head, read, held_out)
