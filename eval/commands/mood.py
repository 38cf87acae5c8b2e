"""`firstlast eval mood`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import Measured, SeedOption, check_exist, measurement
from eval.data.labelled import read_mood_conversations
from eval.home import open_encoder, open_resolver
from eval.suites import mood
from knowledge import GENERAL_FOLDER
from knowledge.index.knowledge_index import KnowledgeIndex
from serving.command_line import progress
from serving.settings import Settings

ConversationsOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="JSONL of conversations with id, turns, outcome and at [the general ones].",
        show_default=False,
    ),
]


@measurement("mood")
def mood_command(
    settings: Settings,
    data: ConversationsOption = GENERAL_FOLDER / "test" / "moods.jsonl",
    seed: SeedOption = mood.SEED,
) -> Measured:
    """The mood as a warning before customers ask for a person, rate badly or leave."""
    check_exist(data)
    conversations = read_mood_conversations(data)
    encoder = open_encoder(settings)
    nothing_known = KnowledgeIndex(encoder)  # what is known has no part in the mood
    resolver = open_resolver(settings, encoder, risk=settings.risk_budget, retriever=nothing_known)
    result = mood.run(conversations, resolver=resolver, seed=seed, track=progress)
    return Measured(result, {"data": data, "seed": seed}, (data,))
