"""`firstlast eval sentiment`: the champion's head as in service, or one fitted on a file first."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import FinetuneOption, Measured, SeedOption, check_exist, measurement
from eval.home import open_champion
from eval.results import SuiteResult
from eval.suites import sentiment
from eval.suites.classifiers import HeadClassifier, head_in_service, read_all
from knowledge import GENERAL_FOLDER
from serving.command_line import bad_usage, progress
from serving.runtime.loading import head_encoders
from serving.settings import Settings
from training.commands.measuring import made_encoder, measured_tuning
from training.heads.blending import cross_fitted_sentiment

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


@measurement("sentiment")
def sentiment_command(
    settings: Settings,
    test: TestOption = GENERAL_FOLDER / "test" / "sentiment.jsonl",
    train: TrainOption = None,
    finetune: FinetuneOption = False,
    seed: SeedOption = sentiment.SEED,
) -> Measured:
    """Tell negative, neutral and positive messages apart."""
    if finetune and train is None:
        raise bad_usage("--finetune tunes an encoder to the rows of --train; give that too")
    files = (test,) if train is None else (train, test)
    check_exist(*files)
    if train is None:
        result = _champion_measured(test, settings, seed=seed)
    else:
        result = _fitted_and_measured(train, test, settings, finetune=finetune, seed=seed)
    params = {"test": test, "train": train or "champion", "finetune": finetune, "seed": seed}
    return Measured(result, params, files)


def _champion_measured(test: Path, settings: Settings, *, seed: int) -> SuiteResult:
    """The sentiment head in service, on the encoder that it reads there."""
    rows = sentiment.read_sentiments(test)
    encoder = made_encoder(settings)
    models = open_champion(settings, encoder)
    own = head_encoders(models, settings)
    classifier = head_in_service(models, "sentiment", encoder, own, track=progress)
    return sentiment.run(rows, classifier, seed=seed)


def _fitted_and_measured(
    train: Path, test: Path, settings: Settings, *, finetune: bool, seed: int
) -> SuiteResult:
    taught, asked = sentiment.read_sentiments(train), sentiment.read_sentiments(test)
    texts, labels = [row.text for row in taught], [row.label for row in taught]
    with measured_tuning(settings, "sentiment") as tune:
        if finetune:
            tuned = tune(texts, labels, seed=seed)
            classifier = HeadClassifier(tuned.encoder, tuned.head, progress, shared=False)
        else:
            encoder = made_encoder(settings)
            fitted = cross_fitted_sentiment(read_all(encoder, texts, progress).features, labels, seed=seed)
            classifier = HeadClassifier(encoder, fitted.head, progress)
        return sentiment.run(asked, classifier, trained_on=len(taught), seed=seed)
