"""What the commands of `firstlast eval` share: their parts, options, and where figures go."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Protocol

import typer

from eval.home import OpenResolver, open_resolver
from eval.progress import progress
from eval.replay.suite import Refit
from eval.report.charts import write_charts
from eval.report.targets import TARGETS, Target, as_lines, verdicts
from eval.report.text import as_text
from eval.report.tracking import log_run
from eval.results import DATA_SHA256, SuiteResult, data_sha256, write_items
from eval.scope import FitHead, FitIntents
from eval.suites.classifiers import FitTexts, FrozenEncoderFitter
from eval.suites.wants_person import FitWish
from eval.tuned import TunedTexts, TuneTexts
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from model.interfaces import Reader
from model.model_set import ModelSet
from serving.command_line import FAILED, emit
from serving.runtime.encoders import encoder_folder_in_service
from serving.settings import Settings

SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of fitting and of the intervals.")]
FinetuneOption = Annotated[
    bool,
    typer.Option("--finetune", help="Tune the encoder to the training rows too; an hour or longer for many."),
]
ItemsOption = Annotated[
    Path | None, typer.Option("--items", help="Write what became of each item to this JSONL file.")
]
ChartsOption = Annotated[
    Path | None, typer.Option("--charts", help="Write the curves to this folder, one PNG each.")
]
TrackOption = Annotated[bool, typer.Option("--track", help="Keep figures and items in the home's MLflow.")]


def _target(*, at_least: bool) -> Callable[[str], Target]:
    def parse(text: str) -> Target:
        try:
            return Target.parse(text, at_least=at_least)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return parse


AtLeastOption = Annotated[
    list[Target] | None,
    typer.Option(
        "--at-least",
        metavar="KEY=NUMBER",
        parser=_target(at_least=True),
        help="A target: exit with status 1 if this figure is smaller. Repeatable.",
    ),
]
AtMostOption = Annotated[
    list[Target] | None,
    typer.Option(
        "--at-most",
        metavar="KEY=NUMBER",
        parser=_target(at_least=False),
        help="A target: exit with status 1 if this figure is greater. Repeatable.",
    ),
]


TuningKind = Literal["intents", "sentiment"]


class TuneIn(Protocol):
    """Tunes an encoder to labelled texts, by what proved best for their kind."""

    def __call__(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        kind: TuningKind,
        encoders_folder: Path,
        checkpoints: Path,
        seed: int,
    ) -> TunedTexts:
        """The tuned encoder, kept in a folder of `encoders_folder`, with its head."""
        ...


class RefitAnswering(Protocol):
    """Fits the answer confidence of a model set anew, to what an index knows."""

    def __call__(
        self,
        models: ModelSet,
        encoder: Reader,
        index: KnowledgeIndex,
        *,
        head_encoders: Mapping[str, Reader],
    ) -> ModelSet:
        """The set with another confidence, calibration and limits; its heads as they are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the commands are given: all that trains, which eval must not import."""

    fit_intents: FitIntents
    """Fits the head that tells intents apart."""
    fit_sentiment: FitHead
    """Fits the head of sentiments."""
    fit_wish: FitWish
    """Fits the head that notices who wants a person."""
    ensure_encoder: Callable[[Path], object]
    """Makes the encoder of a folder if it is not there."""
    tune_texts: TuneIn
    """Tunes an encoder to texts, in a folder where it may keep it and its state."""
    refit_answering: RefitAnswering
    """Fits the answer confidence anew, to what an index knows."""
    refit_experience: Refit
    """Fits it on what a store has seen approved."""
    open_resolver: OpenResolver = open_resolver
    """Opens the home's bot."""

    @contextmanager
    def tuning(self, settings: Settings, kind: TuningKind) -> Iterator[TuneTexts]:
        """Tunes encoders for a measurement alone: they are removed at the end.

        The state of an interrupted tuning stays in the home, and the same call goes on from it.
        """
        settings.models_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".measured-", dir=settings.models_folder) as folder:
            yield partial(
                self.tune_texts,
                kind=kind,
                encoders_folder=Path(folder),
                checkpoints=settings.models_folder / ".tuning",
            )

    def encoder(self, settings: Settings) -> OnnxEncoder:
        """The encoder of the home's champion; without one the home's own, which is made if need be."""
        self.ensure_encoder(settings.encoder_folder)
        return OnnxEncoder.load(encoder_folder_in_service(settings), threads=settings.encoder_threads)

    def fit_texts(self, encoder: Reader) -> FitTexts:
        """Fits classifiers of sentiment: heads on the encoder, which stays as it is."""
        return FrozenEncoderFitter(encoder, self.fit_sentiment, progress)


@dataclass(frozen=True, slots=True)
class Output:
    """Where the figures go."""

    items: Path | None
    track: bool
    as_json: bool
    at_least: Sequence[Target] | None
    at_most: Sequence[Target] | None
    charts: Path | None = None

    @property
    def targets(self) -> Sequence[Target]:
        """What the figures are wanted to reach."""
        return [*(self.at_least or ()), *(self.at_most or ())]


def check_exist(*paths: Path) -> None:
    """Raises `DataError` for a missing path before the encoder is loaded, or even exported."""
    for path in paths:
        if not path.exists():
            raise DataError(f"{path} does not exist; check the path")


def hand_over(
    result: SuiteResult,
    home: Path,
    suite: str,
    params: Mapping[str, object],
    output: Output,
    *,
    data: tuple[Path, ...] = (),
) -> None:
    """Print the figures, write items and charts, keep the run where asked; exit with 1 for a missed target.

    A tracked run names the files or folders of `data` by their digest too.
    """
    found = verdicts(result.figures, output.targets)
    figures = {**result.figures, TARGETS: found} if found else result.figures
    emit(
        figures, as_json=output.as_json, text=lambda: f"{as_text(result.figures)}\n{as_lines(found)}".rstrip()
    )
    if output.items is not None:
        write_items(output.items, result.items)
    if output.charts is not None:
        write_charts(output.charts, result.charts)
    if output.track:
        digest = {DATA_SHA256: data_sha256(*data)} if data else {}
        log_run(
            home,
            f"eval {suite}",
            params={**params, **digest},
            metrics=figures,
            items=result.items,
            charts=result.charts,
        )
    if not all(one["reached"] for one in found):
        raise typer.Exit(FAILED)
