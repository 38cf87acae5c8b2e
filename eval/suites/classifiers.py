"""Classifiers over texts, however they were trained, as the suites measure them; fits nothing itself."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from eval.results import Track, untracked
from eval.scope import FitHead
from model.heads.head import LinearHead
from model.interfaces import Reader
from model.model_set import ModelSet

_BATCH = 512


class TextClassifier(Protocol):
    """Tells texts apart by labels."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, in the order of the columns of `probabilities`."""
        ...

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Shape `(n_texts, n_labels)`, calibrated, rows adding up to 1."""
        ...


class FitTexts(Protocol):
    """Fits a classifier to labelled texts, with an encoder of its own or with one that stays as it is."""

    def __call__(self, texts: Sequence[str], labels: Sequence[str], *, seed: int) -> TextClassifier:
        """The classifier; the same seed gives the same one."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class HeadClassifier:
    """A linear head on the features of an encoder."""

    encoder: Reader
    head: LinearHead
    track: Track = untracked
    shared: bool = True
    """Whether all heads share the encoder, so that this one adds nothing but its own few milliseconds."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of the head."""
        return self.head.labels

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Shape `(n_texts, n_labels)`, by one pass of the encoder."""
        return self.head.probabilities(_features(self.encoder, texts, self.track))

    def head_milliseconds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """What the head alone takes for each text, since the encoder reads it for all heads anyway."""
        features = _features(self.encoder, texts, untracked)
        return np.array([_milliseconds(self.head, row) for row in features])


def head_in_service(
    models: ModelSet,
    name: str,
    encoder: Reader,
    head_encoders: Mapping[str, Reader],
    *,
    track: Track = untracked,
) -> HeadClassifier:
    """The head of this name on the encoder that it reads in service: its own, or the one that heads share.

    `head_encoders` are those that heads of the set have of their own, by fingerprint.
    """
    own = head_encoders.get(models.head_encoders.get(name, ""))
    return HeadClassifier(own or encoder, models.heads[name], track, shared=own is None)


@dataclass(frozen=True, slots=True, eq=False)
class FrozenEncoderFitter:
    """Fits a linear head, the encoder staying as it is; a `FitTexts`."""

    encoder: Reader
    fit_head: FitHead
    track: Track = untracked

    def __call__(self, texts: Sequence[str], labels: Sequence[str], *, seed: int) -> HeadClassifier:
        """The head on the encoder's features of `texts`."""
        head = self.fit_head(_features(self.encoder, texts, self.track), labels, seed=seed)
        return HeadClassifier(self.encoder, head, self.track)


def _features(encoder: Reader, texts: Sequence[str], track: Track) -> NDArray[np.float32]:
    starts = range(0, len(texts), _BATCH)
    batches = track(starts, doing=f"Encoding {len(texts)} texts") if len(starts) > 1 else starts
    return np.concatenate([encoder.read(texts[start : start + _BATCH]).features for start in batches])


def _milliseconds(head: LinearHead, features: NDArray[np.float32]) -> float:
    started = time.perf_counter()
    head.read(features)
    return (time.perf_counter() - started) * 1000
