"""What those commands of `firstlast eval` share that fit something first: encoder and resolver."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from eval.home import open_encoder, open_resolver
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.resolver import Resolver
from serving.command_line import progress
from serving.runtime.loading import resolver_of
from serving.settings import Settings
from training.encoder.export import ensure_encoder
from training.encoder.finetuning import FinetunedTexts, finetune
from training.encoder.tuning import TUNING
from training.pipeline import refit_to

RefitOption = Annotated[
    bool,
    typer.Option(
        "--refit", help="First fit the confidence to this knowledge alone, as `train answering` would."
    ),
]


def made_encoder(settings: Settings) -> OnnxEncoder:
    """The encoder of the home's champion; without one the home's own, which is made if need be."""
    ensure_encoder(settings.encoder_folder, settings.encoder)
    return open_encoder(settings)


def measured_resolver(
    settings: Settings, encoder: OnnxEncoder, index: KnowledgeIndex, *, risk: float, refit: bool
) -> Resolver:
    """The home's champion on this knowledge, with its confidence fitted to it first if asked."""
    resolver = open_resolver(settings, encoder, risk=risk, retriever=index)
    if not refit:
        return resolver
    models = refit_to(resolver.models, encoder, index, head_encoders=resolver.head_encoders)
    return resolver_of(models, settings, encoder, index, risk=risk)


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
