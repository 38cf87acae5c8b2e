"""Puts one newly trained part in place of the champion's, everything else unchanged; trains nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from eval.home import open_champion
from eval.metrics import ConfusionMatrix
from model.encoder.onnx_encoder import OnnxEncoder
from model.model_set import ModelSet
from serving.runtime.encoders import encoder_folder_in_service
from serving.settings import Settings
from training.heads.model_set import TrainedSet, new_version
from training.registry.model_sets import register
from training.registry.registered_sets import RegisteredSet


@dataclass(frozen=True, slots=True, eq=False)
class NewPart:
    """The champion with one part replaced, and how good that part is on texts held out from its fit."""

    models: ModelSet
    metrics: Mapping[str, float]
    parameters: Mapping[str, str | int | float]
    confusion: Mapping[str, ConfusionMatrix]


def replace_part(
    settings: Settings, part: str, train: Callable[[ModelSet, OnnxEncoder], NewPart]
) -> RegisteredSet:
    """Give `train` the champion and its encoder, and register what it makes of them as the challenger.

    Figures and parameters of the other parts stay as they were; the card names the champion under
    `replaced_in` and the part under `replaced_part`. Raises `ArtifactError` when there is no champion.
    """
    encoder = OnnxEncoder.load(encoder_folder_in_service(settings), threads=settings.encoder_threads)
    champion = open_champion(settings, encoder)
    return register(settings.home, with_new_part(champion, part, train(champion, encoder)))


def with_new_part(champion: ModelSet, part: str, new: NewPart) -> TrainedSet:
    """The new part's set under a version of its own, with the champion's card brought up to date."""
    metrics = dict(champion.card.get("metrics", {})) | dict(new.metrics)
    origin = {"replaced_in": champion.version, "replaced_part": part}
    parameters = dict(champion.card.get("parameters", {})) | dict(new.parameters) | origin
    card = dict(champion.card) | {"metrics": metrics, "parameters": parameters}
    models = replace(new.models, version=new_version(), card=card)
    return TrainedSet(models, metrics, new.confusion, parameters)
