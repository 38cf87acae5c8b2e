"""`firstlast eval followups`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import Measured, RiskOption, SeedOption, budget_of, check_exist, measurement
from eval.data.dialogues import known_answers, read_dialogues
from eval.home import open_encoder, open_index, open_resolver
from eval.suites import followups
from knowledge import DEMO_FOLDER
from serving.command_line import progress
from serving.settings import Settings

DialoguesOption = Annotated[
    Path | None, typer.Option("--data", help="Dialogues to ask, JSONL [the sample company's test dialogues].")
]


@measurement("followups")
def followups_command(
    settings: Settings, data: DialoguesOption = None, risk: RiskOption = None, seed: SeedOption = 0
) -> Measured:
    """Follow-ups, corrections and changes of subject: right with the history, and right without it."""
    budget = budget_of(risk, settings)
    path = data or DEMO_FOLDER / "test" / "dialogues.jsonl"
    check_exist(path)
    dialogues = read_dialogues(path)
    encoder = open_encoder(settings)
    index = open_index(settings, encoder)
    resolver = open_resolver(settings, encoder, risk=budget, retriever=index)
    answers = known_answers(index)
    result = followups.run(dialogues, resolver=resolver, answers=answers, seed=seed, track=progress)
    return Measured(result, {"data": data or "sample company", "risk": budget, "seed": seed}, (path,))
