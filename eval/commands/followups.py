"""`firstlast eval followups`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import (
    AtLeastOption,
    AtMostOption,
    ItemsOption,
    Output,
    RiskOption,
    SeedOption,
    TrackOption,
    check_exist,
    check_risk,
    hand_over,
)
from eval.data.dialogues import known_answers, read_dialogues
from eval.home import open_encoder, open_index, open_resolver
from eval.progress import progress
from eval.suites import followups
from knowledge import DEMO_FOLDER
from serving.command_line import HomeOption, JsonOption, friendly_errors
from serving.settings import Settings

DialoguesOption = Annotated[
    Path | None, typer.Option("--data", help="Dialogues to ask, JSONL [the sample company's test dialogues].")
]
_SAMPLE = DEMO_FOLDER / "test" / "dialogues.jsonl"


def followups_command(
    data: DialoguesOption = None,
    risk: RiskOption = None,
    home: HomeOption = None,
    seed: SeedOption = 0,
    items: ItemsOption = None,
    at_least: AtLeastOption = None,
    at_most: AtMostOption = None,
    track: TrackOption = False,
    as_json: JsonOption = False,
) -> None:
    """Follow-ups, corrections and changes of subject: right with the history, and right without it."""
    check_risk(risk)
    path = data or _SAMPLE
    with friendly_errors():
        check_exist(path)
        dialogues = read_dialogues(path)
        settings = Settings.load(home)
        budget = settings.risk_budget if risk is None else risk
        encoder = open_encoder(settings)
        index = open_index(settings, encoder)
        result = followups.run(
            dialogues,
            resolver=open_resolver(settings, encoder, risk=budget, retriever=index),
            answers=known_answers(index),
            seed=seed,
            track=progress,
        )
        params = {"data": data or "sample company", "risk": budget, "seed": seed}
        output = Output(items, track, as_json, at_least, at_most)
        hand_over(result, settings.home, "followups", params, output, data=(path,))
