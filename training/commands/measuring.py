"""What those commands of `firstlast eval` share that fit something first: an encoder, made or tuned."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from eval.home import open_encoder
from eval.progress import progress
from model.encoder.onnx_encoder import OnnxEncoder
from serving.settings import Settings
from training.encoder.export import ensure_encoder
from training.encoder.finetuning import FinetunedTexts, finetune
from training.encoder.tuning import TUNING


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

        def tune(texts: Sequence[str], labels: Sequence[str], *, seed: int) -> FinetunedTexts:
            return finetune(
                texts,
                labels,
                encoders_folder=Path(folder),
                options=replace(TUNING[kind], seed=seed),
                checkpoints=settings.models_folder / ".tuning",
                track=progress,
            )

        yield tune
