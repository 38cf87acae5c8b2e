"""What the commands of `firstlast eval` share: their options, and where figures go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from eval.report.charts import write_charts
from eval.report.targets import TARGETS, Target, as_lines, verdicts
from eval.report.text import as_text
from eval.report.tracking import log_run
from eval.results import DATA_SHA256, SuiteResult, data_sha256, write_items
from model.errors import DataError
from serving.command_line import FAILED, bad_usage, emit

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
RiskOption = Annotated[
    float | None, typer.Option("--risk", help="Accepted share of wrong answers [the home's setting].")
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


def check_risk(risk: float | None) -> None:
    """Ends with status 2 for a budget that is no share."""
    if risk is not None and not 0 < risk < 1:
        raise bad_usage(f"--risk must be between 0 and 1, got {risk}; 0.02 means at most 2 % wrong")


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
