"""`firstlast eval wants-person`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import (
    AtLeastOption,
    AtMostOption,
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
from eval.suites import wants_person
from serving.command_line import HomeOption, JsonOption, friendly_errors
from serving.settings import Settings

WishesOption = Annotated[
    Path, typer.Option("--data", help="JSONL of rows with text, labels and fold, or a folder of such files.")
]


def add(app: typer.Typer, parts: Parts) -> None:
    """Mount the command."""

    @app.command("wants-person")
    def wants_person_command(
        data: WishesOption,
        seed: SeedOption = wants_person.SEED,
        home: HomeOption = None,
        items: ItemsOption = None,
        at_least: AtLeastOption = None,
        at_most: AtMostOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Notice who wants a person: the champion as it is, and heads taught on other folds."""
        with friendly_errors():
            settings = Settings.load(home)
            check_exist(data)
            encoder = parts.encoder(settings)
            result = wants_person.run(
                data,
                encoder=encoder,
                models=open_champion(settings, encoder),
                fit=parts.fit_wish,
                own=wants_person.own_texts(),
                seed=seed,
                track=progress,
            )
            output = Output(items, track, as_json, at_least, at_most)
            hand_over(
                result, settings.home, "wants-person", {"data": data, "seed": seed}, output, data=(data,)
            )
