"""Reads many texts at once as the bot reads a first message; searches nothing, decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.interfaces import Reader, Spellings
from model.model_set import ModelSet
from model.types import IntentInfo, Reading, Understanding
from model.understanding.courtesy import without_opening
from model.understanding.follow_up import sentences
from model.understanding.message import understand, without_smalltalk
from model.understanding.spelling import Words, as_meant
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
class _Said:
    """A text as it is read: without mistypings, opening and smalltalk, then sentence by sentence."""

    text: str
    parts: list[str]
    reading: Reading
    """Row 0 is the text's, the others are its sentences'."""


class Classifier:
    """Reads texts by one model set; safe to call from several threads at once."""

    def __init__(
        self,
        encoder: Reader,
        models: ModelSet,
        spellings: Spellings,
        head_encoders: Mapping[str, Reader],
    ) -> None:
        """`head_encoders` has the encoders that heads of the set have of their own, by fingerprint."""
        self._encoder = encoder
        self._models = models
        self._spellings = spellings
        self._head_encoders = head_encoders
        self._common_words = Words(encoder.words)

    def classify(self, texts: Sequence[str], *, intents: Mapping[str, IntentInfo]) -> Classified:
        """What each text says, with the same numbers as the bot's decision on it.

        All texts go through the encoder together, and once more those that begin or end with smalltalk;
        a head's own encoder runs once. `intents` as in `Question`.
        """
        first = [without_opening(self._as_meant(text)) for text in texts]
        said = self._read(first)
        own = self._own_readings(said)
        understandings = []
        for place, one in enumerate(said):
            found = understand(
                self._models,
                one.reading.vectors[0],
                one.reading.features[0],
                one.reading.features[1:],
                mood=0.0,
                own={head: readings[place] for head, readings in own.items()},
                asks="?" in one.text,
                telling=is_telling(one.text, self._encoder.pieces),
                infos=intents,
            )
            telling = is_telling(first[place], self._encoder.pieces)
            understandings.append(replace(found, telling=telling))
        return Classified(self._models.version, tuple(understandings), self._models.limits["wants_person"])

    def _as_meant(self, text: str) -> str:
        return as_meant(text, known=self._spellings, common=self._common_words)

    def _read(self, texts: Sequence[str]) -> list[_Said]:
        """The texts, as read when nothing more of them is smalltalk."""
        said = self._encoded(texts)
        rests = {
            place: rest
            for place, one in enumerate(said)
            if (rest := without_smalltalk(self._models, one.parts, one.reading.features[1:])) is not None
        }
        if rests:
            shorter = [without_opening(self._as_meant(rest)) for rest in rests.values()]
            for place, one in zip(rests, self._read(shorter), strict=True):
                said[place] = one
        return said

    def _encoded(self, texts: Sequence[str]) -> list[_Said]:
        parts = [sentences(text) for text in texts]
        readings = _by_text(self._encoder, texts, parts)
        return [_Said(*one) for one in zip(texts, parts, readings, strict=True)]

    def _own_readings(self, said: Sequence[_Said]) -> Mapping[str, list[Reading]]:
        """What the heads with an encoder of their own read of each text, by head; each encoder runs once."""
        readings = {
            fingerprint: _by_text(encoder, [one.text for one in said], [one.parts for one in said])
            for fingerprint, encoder in self._head_encoders.items()
        }
        return {head: readings[fingerprint] for head, fingerprint in self._models.head_encoders.items()}


def _by_text(encoder: Reader, texts: Sequence[str], parts: Sequence[Sequence[str]]) -> list[Reading]:
    """What the encoder reads in one pass, for each text: its own row, then those of its sentences."""
    reading = encoder.read(
        [one for text, of_text in zip(texts, parts, strict=True) for one in (text, *of_text)]
    )
    ends = np.cumsum([1 + len(of_text) for of_text in parts])
    return [reading.at(range(end - 1 - len(of_text), end)) for end, of_text in zip(ends, parts, strict=True)]
