"""What those commands of `firstlast eval` share that fit something first: an encoder, made or tuned."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from eval.home import open_encoder
from model.encoder.onnx_encoder import OnnxEncoder
from serving.settings import Settings
from training.encoder.export import ensure_encoder
from training.encoder.finetuning import FinetunedTexts, tune_texts


def made_encoder(settings: Settings) -> OnnxEncoder:
    """The encoder of the home's champion; without one the home's own, which is made if need be."""
    ensure_encoder(settings.encoder_folder)
    return open_encoder(settings)


@contextmanager
def measured_tuning(settings: Settings, kind: str) -> Iterator[Callable[..., FinetunedTexts]]:
    """Tunes encoders to texts and labels, by a `seed`, for a measurement alone: they are removed at the end.

    The state of an interrupted tuning stays in the home, and the same call goes on from it.
    """
    settings.models_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".measured-", dir=settings.models_folder) as folder:
        yield partial(
            tune_texts,
            kind=kind,
            encoders_folder=Path(folder),
            checkpoints=settings.models_folder / ".tuning",
        )
