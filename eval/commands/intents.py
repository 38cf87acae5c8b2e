"""`firstlast eval intents`."""

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
from eval.progress import progress
from eval.suites import intents
from serving.command_line import HomeOption, JsonOption, bad_usage, friendly_errors
from serving.settings import Settings

TrainOption = Annotated[Path, typer.Option("--train", help="JSONL of rows with text and label.")]
TestOption = Annotated[Path, typer.Option("--test", help="JSONL of rows with text and label.")]
ShotsOption = Annotated[
    int | None, typer.Option("--shots", min=2, help="Training rows per label, drawn by the seed [all].")
]
RepeatsOption = Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often they are drawn.")]
UnlabelledOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--unlabelled", help="JSONL of rows with text to learn from; labels are ignored. Repeatable."
    ),
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
        shots: ShotsOption = None,
        repeats: RepeatsOption = 1,
        unlabelled: UnlabelledOption = None,
        home: HomeOption = None,
        items: ItemsOption = None,
        at_least: AtLeastOption = None,
        at_most: AtMostOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Tell intents apart, and notice texts with none of them."""
        if repeats > 1 and shots is None:
            raise bad_usage("--repeats draws again with another seed, and needs --shots; try --shots 10")
        if unlabelled and finetune:
            raise bad_usage(
                "--unlabelled goes without --finetune; an encoder is tuned to labelled texts alone"
            )
        with friendly_errors():
            settings = Settings.load(home)
            others = tuple(unlabelled or ())
            check_exist(train, test, *others)
            with parts.tuning(settings, "intents") as tune:
                result = intents.run(
                    train,
                    test,
                    unlabelled_files=others,
                    encoder=parts.encoder(settings),
                    fit_head=parts.fit_intents,
                    oos_label=oos_label,
                    seed=seed,
                    shots=shots,
                    repeats=repeats,
                    tune=tune if finetune else None,
                    track=progress,
                )
            params = {"train": train, "test": test, "oos_label": oos_label, "seed": seed}
            params |= {"shots": shots, "repeats": repeats, "finetune": finetune}
            params |= {"unlabelled": ", ".join(map(str, others))}
            output = Output(items, track, as_json, at_least, at_most)
            hand_over(result, settings.home, "intents", params, output, data=(train, test, *others))
