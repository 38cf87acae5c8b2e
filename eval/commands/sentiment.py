"""`firstlast eval sentiment`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from eval.classifiers import HeadClassifier, TextClassifier
from eval.commands.shared import (
    ItemsOption,
    Output,
    Parts,
    SeedOption,
    TrackOption,
    check_exist,
    hand_over,
)
from eval.home import open_champion
from eval.progress import progress
from eval.results import SuiteResult
from eval.suites import sentiment
from serving.command_line import HomeOption, JsonOption, friendly_errors
from serving.settings import Settings

TestOption = Annotated[
    Path, typer.Option("--test", help="JSONL of rows with text and label: negative, neutral or positive.")
]
TrainOption = Annotated[
    Path | None,
    typer.Option("--train", help="Such rows to fit a head on first [the home's champion, as in service]."),
]


def add(app: typer.Typer, parts: Parts) -> None:
    """Mount the command."""

    @app.command("sentiment")
    def sentiment_command(
        test: TestOption,
        train: TrainOption = None,
        seed: SeedOption = sentiment.SEED,
        home: HomeOption = None,
        items: ItemsOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Tell negative, neutral and positive messages apart."""
        with friendly_errors():
            settings = Settings.load(home)
            files = (test,) if train is None else (train, test)
            check_exist(*files)
            result = _measured(test, train, settings, parts, seed=seed)
            params = {"test": test, "train": train or "champion", "seed": seed}
            output = Output(items, track, as_json)
            hand_over(result, settings.home, "sentiment", params, output, data=files)


def _measured(test: Path, train: Path | None, settings: Settings, parts: Parts, *, seed: int) -> SuiteResult:
    if train is None:
        return sentiment.run(test, make=_champions(settings, parts), seed=seed)
    rows = sentiment.read_sentiments(train)

    def fit() -> TextClassifier:
        fit_texts = parts.fit_texts(parts.encoder(settings))
        return fit_texts([row.text for row in rows], [row.label for row in rows], seed=seed)

    return sentiment.run(test, make=fit, trained_on=len(rows), seed=seed)


def _champions(settings: Settings, parts: Parts) -> Callable[[], TextClassifier]:
    """The sentiment head in service."""

    def opened() -> TextClassifier:
        encoder = parts.encoder(settings)
        return HeadClassifier(encoder, open_champion(settings, encoder).heads["sentiment"], progress)

    return opened
