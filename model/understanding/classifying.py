"""Reads many messages at once, each the first of its conversation; needs no knowledge and decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from model.interfaces import Reader
from model.model_set import ModelSet
from model.types import IntentInfo, Understanding
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
    if not texts:
        return []
    said = [without_opening(text) for text in texts]
    parts = [sentences(text) for text in said]
    lines = [line for text, own in zip(said, parts, strict=True) for line in (text, *own)]
    shared = encoder.read(lines)
    readings = {fingerprint: reader.read(lines) for fingerprint, reader in head_encoders.items()}
    found: list[Understanding] = []
    rests: dict[int, str] = {}
    begin = 0
    for place, (text, own) in enumerate(zip(said, parts, strict=True)):
        rows = range(begin, begin + 1 + len(own))
        begin = rows.stop
        reading = shared.at(rows)
        telling = is_telling(text, encoder.pieces)
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
                own={name: readings[key].at(rows) for name, key in models.head_encoders.items()},
                asks="?" in text,
                telling=telling,
                infos=infos,
            )
        )
    again = classify(models, encoder, list(rests.values()), head_encoders=head_encoders, infos=infos)
    for place, read in zip(rests, again, strict=True):
        found[place] = replace(read, telling=found[place].telling)
    return found
