"""What the commands of `firstlast eval` share: their parts, options, and where figures go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from eval.charts import write_charts
from eval.home import OpenResolver
from eval.report import as_text
from eval.results import SuiteResult, data_sha256, write_items
from eval.scope import FitHead
from eval.suites.replay import Refit
from eval.tracking import log_run
from model.encoder import OnnxEncoder
from model.errors import DataError
from serving.command_line import emit
from serving.settings import Settings

SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of fitting and of the intervals.")]
ItemsOption = Annotated[
    Path | None, typer.Option("--items", help="Write what became of each item to this JSONL file.")
]
ChartsOption = Annotated[
    Path | None, typer.Option("--charts", help="Write the curves to this folder, a PNG each.")
]
TrackOption = Annotated[bool, typer.Option("--track", help="Keep figures and items in the home's MLflow.")]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the commands are given."""

    fit_head: FitHead
    ensure_encoder: Callable[[Path], object]
    open_resolver: OpenResolver
    refit: Refit

    def encoder(self, settings: Settings) -> OnnxEncoder:
        """The home's encoder, made if need be."""
        self.ensure_encoder(settings.encoder_folder)
        return OnnxEncoder.load(settings.encoder_folder, threads=settings.encoder_threads)


@dataclass(frozen=True, slots=True)
class Output:
    """Where the figures go."""

    items: Path | None
    track: bool
    as_json: bool
    charts: Path | None = None


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
    """Print the figures, then write items and charts and keep the run where asked.

    A tracked run names the files or folders of `data` by their digest too.
    """
    emit(result.figures, as_json=output.as_json, text=lambda: as_text(result.figures))
    if output.items is not None:
        write_items(output.items, result.items)
    if output.charts is not None:
        write_charts(output.charts, result.charts)
    if output.track:
        digest = {"data_sha256": data_sha256(*data)} if data else {}
        log_run(
            home,
            f"eval {suite}",
            params={**params, **digest},
            metrics=result.figures,
            items=result.items,
            charts=result.charts,
        )
