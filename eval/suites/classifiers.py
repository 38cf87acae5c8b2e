"""A head with the encoder that it reads, as the suites measure it; fits nothing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.results import Track, untracked
from model.heads.head import Head
from model.interfaces import Reader
from model.model_set import ModelSet
from model.types import Reading

_BATCH = 512


def read_all(encoder: Reader, texts: Sequence[str], track: Track = untracked, *, doing: str = "") -> Reading:
    """The encoder's reading of one or more texts, in batches; told as `doing`, or else by their number."""
    starts = range(0, len(texts), _BATCH)
    readings = [
        encoder.read(texts[start : start + _BATCH])
        for start in track(starts, doing=doing or f"Encoding {len(texts)} texts")
    ]
    return Reading(
        np.concatenate([reading.vectors for reading in readings]),
        np.concatenate([reading.features for reading in readings]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class HeadClassifier:
    """A head on the features of an encoder."""

    encoder: Reader
    head: Head
    track: Track = untracked
    shared: bool = True
    """Whether all heads share the encoder, so that this one adds nothing but its own few milliseconds."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of the head, in the order of the columns of `probabilities`."""
        return self.head.labels

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Shape `(n_texts, n_labels)`, calibrated, rows adding up to 1; by one pass of the encoder."""
        track = self.track if len(texts) > _BATCH else untracked
        return self.head.probabilities(read_all(self.encoder, texts, track).features)

    def head_milliseconds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """What the head alone takes for each text, since the encoder reads it for all heads anyway."""
        milliseconds = []
        for features in read_all(self.encoder, texts).features:
            started = time.perf_counter()
            self.head.read(features)
            milliseconds.append((time.perf_counter() - started) * 1000)
        return np.array(milliseconds)


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
