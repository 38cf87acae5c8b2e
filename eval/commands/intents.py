"""`firstlast eval intents`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import (
    ItemsOption,
    Output,
    Parts,
    SeedOption,
    TrackOption,
    check_exist,
    hand_over,
)
from eval.progress import progress
from eval.suites import intents
from serving.command_line import HomeOption, JsonOption, friendly_errors
from serving.settings import Settings

TrainOption = Annotated[Path, typer.Option("--train", help="JSONL of rows with text and label.")]
TestOption = Annotated[Path, typer.Option("--test", help="JSONL of rows with text and label.")]
FinetuneOption = Annotated[
    bool, typer.Option("--finetune", help="Tune the encoder to the training rows too; up to an hour.")
]
OosOption = Annotated[str, typer.Option("--oos-label", help="Label of texts with no intent.")]


def add(app: typer.Typer, parts: Parts) -> None:
    """Mount the command."""

    @app.command("intents")
    def intents_command(
        train: TrainOption,
        test: TestOption,
        oos_label: OosOption = intents.OOS_LABEL,
        finetune: FinetuneOption = False,
        seed: SeedOption = intents.SEED,
        home: HomeOption = None,
        items: ItemsOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Tell intents apart, and notice texts with none of them."""
        with friendly_errors():
            settings = Settings.load(home)
            check_exist(train, test)
            with parts.tuning(settings, "intents") as tune:
                result = intents.run(
                    train,
                    test,
                    encoder=parts.encoder(settings),
                    fit_head=parts.fit_head,
                    oos_label=oos_label,
                    seed=seed,
                    tune=tune if finetune else None,
                    track=progress,
                )
            params = {
                "train": train,
                "test": test,
                "oos_label": oos_label,
                "finetune": finetune,
                "seed": seed,
            }
            output = Output(items, track, as_json)
            hand_over(result, settings.home, "intents", params, output, data=(train, test))
