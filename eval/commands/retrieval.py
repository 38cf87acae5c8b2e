"""`firstlast eval retrieval`."""

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
from eval.suites import retrieval
from serving.command_line import HomeOption, JsonOption, friendly_errors
from serving.settings import Settings

BeirOption = Annotated[
    Path, typer.Option("--data", help="Folder with corpus.jsonl, queries.jsonl, qrels/test.tsv.")
]
AnswersOnlyOption = Annotated[bool, typer.Option("--answers-only", help="Leave titles out of the index.")]


def add(app: typer.Typer, parts: Parts) -> None:
    """Mount the command."""

    @app.command("retrieval")
    def retrieval_command(
        data: BeirOption,
        answers_only: AnswersOnlyOption = False,
        seed: SeedOption = retrieval.SEED,
        home: HomeOption = None,
        items: ItemsOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Find the right article, beside plain dense search and plain BM25."""
        with friendly_errors():
            settings = Settings.load(home)
            check_exist(data)
            result = retrieval.run(
                data, encoder=parts.encoder(settings), answers_only=answers_only, seed=seed, track=progress
            )
            params = {"data": data, "answers_only": answers_only, "seed": seed}
            output = Output(items, track, as_json)
            hand_over(result, settings.home, "retrieval", params, output, data=(data,))
