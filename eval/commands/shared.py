"""What the commands of `firstlast eval` share: their options, and where figures go."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.report.charts import write_charts
from eval.report.targets import TARGETS, Target, as_lines, verdicts
from eval.report.text import as_text
from eval.report.tracking import log_run
from eval.report.used_data import UsedData
from eval.results import DATA_SHA256, SuiteResult, data_sha256, write_items
from model.errors import DataError
from serving.command_line import FAILED, HomeOption, JsonOption, bad_usage, emit, friendly_errors
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
    """Where the figures go, and what they are wanted to reach."""

    items: Path | None
    track: bool
    as_json: bool
    at_least: Sequence[Target] | None
    at_most: Sequence[Target] | None
    charts: Path | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command measured, how, and on which files or folders."""

    result: SuiteResult
    params: Mapping[str, object]
    data: tuple[Path, ...]


def measurement(
    suite: str, *, charts: bool = False
) -> Callable[[Callable[..., Measured]], Callable[..., None]]:
    """Makes a command of a function that measures the bot of a home, with the options that all suites take.

    The function gets the home's settings and its own options; `--home`, `--items`, `--charts` (for suites
    with curves), `--at-least`, `--at-most`, `--track` and `--json` are added behind them.
    """

    def command_of(measure: Callable[..., Measured]) -> Callable[..., None]:
        def common(
            home: HomeOption = None,
            items: ItemsOption = None,
            charts: ChartsOption = None,
            at_least: AtLeastOption = None,
            at_most: AtMostOption = None,
            track: TrackOption = False,
            as_json: JsonOption = False,
        ) -> None: ...

        @functools.wraps(measure)
        def command(home: Path | None, as_json: bool, **options: Any) -> None:  # as typer parsed them
            places = {
                option.name: options.pop(option.name) for option in fields(Output) if option.name in options
            }
            output = Output(as_json=as_json, **places)
            with friendly_errors():
                settings = Settings.load(home)
                measured = measure(settings, **options)
                hand_over(measured.result, settings.home, suite, measured.params, output, data=measured.data)

        own, shared = inspect.signature(measure), inspect.signature(common)
        added = [one for name, one in shared.parameters.items() if charts or name != "charts"]
        parameters = [*list(own.parameters.values())[1:], *added]
        command.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        return command

    return command_of


def budget_of(risk: float | None, settings: Settings) -> float:
    """The risk budget to measure at, by default the home's; ends with status 2 for one that is no share."""
    if risk is not None and not 0 < risk < 1:
        raise bad_usage(f"--risk must be between 0 and 1, got {risk}; 0.02 means at most 2 % wrong")
    return settings.risk_budget if risk is None else risk


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
    targets = verdicts(result.figures, [*(output.at_least or ()), *(output.at_most or ())])
    figures = {**result.figures, TARGETS: targets} if targets else result.figures
    emit(
        figures,
        as_json=output.as_json,
        text=lambda: f"{as_text(result.figures)}\n{as_lines(targets)}".rstrip(),
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
            about=" ".join(path.name for path in data),
            data=[UsedData.at(path) for path in dict.fromkeys(data)],
        )
    if not all(target["reached"] for target in targets):
        raise typer.Exit(FAILED)
