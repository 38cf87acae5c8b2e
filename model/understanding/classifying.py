"""Reads many messages at once, each the first of its conversation; needs no knowledge and decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.heads.out_of_scope import clearness
from model.interfaces import Reader
from model.model_set import ModelSet
from model.types import IntentInfo, Reading, Understanding, Vectors
from model.understanding.courtesy import without_opening
from model.understanding.follow_up import sentences
from model.understanding.message import understand, without_smalltalk
from model.understanding.wording import is_telling


@dataclass(frozen=True, slots=True)
class Classified:
    """What a model set reads from texts."""

    model: str
    """Version of the set."""
    understandings: tuple[Understanding, ...]
    """In the order of the texts; of each as the first message of a conversation."""
    wants_person_limit: float
    """From this probability on the bot takes it that the customer asks for a person."""


@dataclass(frozen=True, slots=True, eq=False)
class IntentsRead:
    """What the intent head reads from texts, row by row, and where they lie."""

    model: str
    """Version of the set."""
    labels: tuple[str, ...]
    """The intents it was trained on; none where no intents are trained."""
    probabilities: NDArray[np.float64]
    """Calibrated, shape `(n_texts, n_labels)`, rows adding up to 1."""
    out_of_scope: NDArray[np.bool_]
    """Whether the bot finds none of the intents in the text, shape `(n_texts,)`; true without intents."""
    vectors: Vectors
    """Of the intents' encoder, shape `(n_texts, dim)`."""


def read_intents(
    models: ModelSet, encoder: Reader, texts: Sequence[str], *, head_encoders: Mapping[str, Reader]
) -> IntentsRead:
    """The intents of each text as a first message, in the order given.

    It gives the numbers that `classify` gives for the same texts and reads nothing else, which takes a
    fraction of the time: not their sentences, and smalltalk beside a matter stays in.
    """
    reader = head_encoders.get(models.head_encoders.get("intent", ""), encoder)
    reading = reader.read([without_opening(text) for text in texts])
    head = models.heads.get("intent")
    if head is None or not texts:
        labels = head.labels if head else ()
        nothing = np.zeros((len(texts), len(labels)))
        return IntentsRead(models.version, labels, nothing, np.ones(len(texts), np.bool_), reading.vectors)
    scores = head.scores(reading.features)
    strange = models.scope.score(reading.vectors, clearness(scores)) > models.limits["out_of_scope"]
    return IntentsRead(models.version, head.labels, head.as_probabilities(scores), strange, reading.vectors)


def classify(
    models: ModelSet,
    encoder: Reader,
    texts: Sequence[str],
    *,
    head_encoders: Mapping[str, Reader],
    infos: Mapping[str, IntentInfo] | None = None,
) -> list[Understanding]:
    """What each text says, in the order given; all of them go through an encoder together.

    It is what the resolver reads of a message, mistypings apart: only what a home knows tells them.
    `head_encoders` and `infos` are those of the resolver and of its questions.
    """
    return _classify(models, _Lines(encoder, head_encoders), texts, infos=infos)


def _classify(
    models: ModelSet, lines: "_Lines", texts: Sequence[str], *, infos: Mapping[str, IntentInfo] | None
) -> list[Understanding]:
    """As `classify`, of lines read before and those it reads."""
    said = [without_opening(text) for text in texts]
    parts = [sentences(text) for text in said]
    lines.read([line for text, own in zip(said, parts, strict=True) for line in (text, *own)])
    found: list[Understanding] = []
    rests: dict[int, str] = {}
    for place, (text, own) in enumerate(zip(said, parts, strict=True)):
        reading, readings = lines.of([text, *own])
        rest = without_smalltalk(models, own, reading.features[1:])
        if rest is not None:
            rests[place] = rest
        found.append(
            understand(
                models,
                reading.vectors[0],
                reading.features[0],
                reading.features[1:],
                mood=0.0,
                own={name: readings[key] for name, key in models.head_encoders.items()},
                asks="?" in text,
                telling=is_telling(text, lines.pieces),
                infos=infos,
            )
        )
    again = _classify(models, lines, list(rests.values()), infos=infos) if rests else []
    for place, read in zip(rests, again, strict=True):
        found[place] = replace(read, telling=found[place].telling)
    return found


class _Lines:
    """Texts and sentences as encoders read them: together, and each line once however often it occurs."""

    def __init__(self, encoder: Reader, head_encoders: Mapping[str, Reader]) -> None:
        self._encoder = encoder
        self._head_encoders = head_encoders
        self.pieces = encoder.pieces
        self._row_of: dict[str, int] = {}
        self._shared: list[Reading] = []
        self._own: dict[str, list[Reading]] = {fingerprint: [] for fingerprint in head_encoders}

    def read(self, lines: Sequence[str]) -> None:
        """Read those that are new."""
        new = [line for line in dict.fromkeys(lines) if line not in self._row_of]
        if not new:
            return
        self._row_of |= {line: row for row, line in enumerate(new, start=len(self._row_of))}
        self._shared = [_joined([*self._shared, self._encoder.read(new)])]
        for fingerprint, reader in self._head_encoders.items():
            self._own[fingerprint] = [_joined([*self._own[fingerprint], reader.read(new)])]

    def of(self, lines: Sequence[str]) -> tuple[Reading, Mapping[str, Reading]]:
        """What the set's encoder reads in these lines, and by fingerprint those of single heads."""
        rows = [self._row_of[line] for line in lines]
        return self._shared[0].at(rows), {name: own[0].at(rows) for name, own in self._own.items()}


def _joined(readings: Sequence[Reading]) -> Reading:
    if len(readings) == 1:
        return readings[0]
    return Reading(
        np.concatenate([reading.vectors for reading in readings]),
        np.concatenate([reading.features for reading in readings]),
    )
