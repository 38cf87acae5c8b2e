"""`firstlast eval sentiment`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import (
    AtLeastOption,
    AtMostOption,
    FinetuneOption,
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
from eval.suites.classifiers import HeadClassifier, TextClassifier, head_in_service
from knowledge import GENERAL_FOLDER
from serving.command_line import HomeOption, JsonOption, bad_usage, friendly_errors
from serving.runtime.assembly import head_encoders
from serving.settings import Settings

TestOption = Annotated[
    Path,
    typer.Option(
        "--test",
        help="JSONL of rows with text and label: negative, neutral or positive [the general ones].",
        show_default=False,
    ),
]
TrainOption = Annotated[
    Path | None,
    typer.Option("--train", help="Such rows to fit a head on first [the home's champion, as in service]."),
]


def add(app: typer.Typer, parts: Parts) -> None:
    """Mount the command."""

    @app.command("sentiment")
    def sentiment_command(
        test: TestOption = GENERAL_FOLDER / "test" / "sentiment.jsonl",
        train: TrainOption = None,
        finetune: FinetuneOption = False,
        seed: SeedOption = sentiment.SEED,
        home: HomeOption = None,
        items: ItemsOption = None,
        at_least: AtLeastOption = None,
        at_most: AtMostOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Tell negative, neutral and positive messages apart."""
        if finetune and train is None:
            raise bad_usage("--finetune tunes an encoder to the rows of --train; give that too")
        with friendly_errors():
            settings = Settings.load(home)
            files = (test,) if train is None else (train, test)
            check_exist(*files)
            result = _measured(test, train, settings, parts, finetune=finetune, seed=seed)
            params = {"test": test, "train": train or "champion", "finetune": finetune, "seed": seed}
            output = Output(items, track, as_json, at_least, at_most)
            hand_over(result, settings.home, "sentiment", params, output, data=files)


def _measured(
    test: Path, train: Path | None, settings: Settings, parts: Parts, *, finetune: bool, seed: int
) -> SuiteResult:
    if train is None:
        return sentiment.run(test, make=_champions(settings, parts), seed=seed)
    rows = sentiment.read_sentiments(train)
    texts, labels = [row.text for row in rows], [row.label for row in rows]
    with parts.tuning(settings, "sentiment") as tune:

        def fit() -> TextClassifier:
            if finetune:
                found = tune(texts, labels, seed=seed)
                return HeadClassifier(found.encoder, found.head, progress, shared=False)
            return parts.fit_texts(parts.encoder(settings))(texts, labels, seed=seed)

        return sentiment.run(test, make=fit, trained_on=len(rows), seed=seed)


def _champions(settings: Settings, parts: Parts) -> Callable[[], TextClassifier]:
    """The sentiment head in service, on the encoder that it reads there."""

    def opened() -> TextClassifier:
        encoder = parts.encoder(settings)
        models = open_champion(settings, encoder)
        own = head_encoders(models, settings)
        return head_in_service(models, "sentiment", encoder, own, track=progress)

    return opened
