"""`firstlast eval mood`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import (
    AtLeastOption,
    AtMostOption,
    ChartsOption,
    ItemsOption,
    Output,
    SeedOption,
    TrackOption,
    check_exist,
    hand_over,
)
from eval.data.labelled import read_mood_conversations
from eval.home import open_encoder, open_resolver
from eval.progress import progress
from eval.suites import mood
from knowledge import GENERAL_FOLDER
from knowledge.index.knowledge_index import KnowledgeIndex
from serving.command_line import HomeOption, JsonOption, friendly_errors
from serving.settings import Settings

ConversationsOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="JSONL of conversations with id, turns, outcome and at [the general ones].",
        show_default=False,
    ),
]


def mood_command(
    data: ConversationsOption = GENERAL_FOLDER / "test" / "moods.jsonl",
    seed: SeedOption = mood.SEED,
    home: HomeOption = None,
    items: ItemsOption = None,
    charts: ChartsOption = None,
    at_least: AtLeastOption = None,
    at_most: AtMostOption = None,
    track: TrackOption = False,
    as_json: JsonOption = False,
) -> None:
    """The mood as a warning before customers ask for a person, rate badly or leave."""
    with friendly_errors():
        settings = Settings.load(home)
        check_exist(data)
        conversations = read_mood_conversations(data)
        encoder = open_encoder(settings)
        resolver = open_resolver(
            settings, encoder, risk=settings.risk_budget, retriever=KnowledgeIndex(encoder)
        )  # what is known has no part in the mood
        result = mood.run(conversations, resolver=resolver, seed=seed, track=progress)
        params = {"data": data, "seed": seed}
        output = Output(items, track, as_json, at_least, at_most, charts)
        hand_over(result, settings.home, "mood", params, output, data=(data,))
