"""`firstlast eval replay`, in which the bot's confidence is fitted anew as it learns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from sqlalchemy.orm import Session

from eval.commands.shared import Measured, RiskOption, budget_of, check_exist, measurement
from eval.data.labelled import LabelledText, read_labelled_texts
from eval.home import open_resolver
from eval.replay import suite as replay
from eval.replay.caching_encoder import CachingEncoder
from eval.results import SuiteResult
from knowledge.index.knowledge_index import KnowledgeIndex
from model.model_set import ModelSet
from model.resolver import Resolver
from serving.command_line import progress
from serving.runtime.loading import resolver_of
from serving.settings import Settings
from training.commands.measuring import made_encoder
from training.confidence.experience import refit

StreamOption = Annotated[
    list[Path],
    typer.Option("--stream", help="JSONL of rows with text and label, in order of arrival; may be repeated."),
]
ShuffleOption = Annotated[
    int | None, typer.Option("--shuffle", min=0, help="Shuffle all rows with this seed first.")
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="Ask only this many.")]


@measurement("replay", charts=True)
def replay_command(
    settings: Settings,
    stream: StreamOption,
    risk: RiskOption = None,
    shuffle: ShuffleOption = None,
    limit: LimitOption = None,
) -> Measured:
    """Start with no knowledge and learn from people: how often is one needed, how much is wrong?"""
    budget = budget_of(risk, settings)
    check_exist(*stream)
    rows = arrivals(stream, shuffle=shuffle, limit=limit)
    params = {"stream": " ".join(map(str, stream)), "shuffle": shuffle, "limit": limit, "risk": budget}
    return Measured(_replay(rows, settings, risk=budget), params, tuple(stream))


def arrivals(paths: Sequence[Path], *, shuffle: int | None, limit: int | None) -> list[LabelledText]:
    """The rows of all files in order, or shuffled with a seed; at most `limit` of them.

    Raises `DataError` naming the file and line of a bad row.
    """
    rows = [row for path in paths for row in read_labelled_texts(path)]
    if shuffle is not None:
        order: list[int] = np.random.default_rng(shuffle).permutation(len(rows)).tolist()
        rows = [rows[i] for i in order]
    return rows[:limit]


def _replay(rows: Sequence[LabelledText], settings: Settings, *, risk: float) -> SuiteResult:
    """The stream put to the home's champion, in a scratch store beside the home's own."""
    encoder = CachingEncoder(made_encoder(settings))

    def open_bot(models: ModelSet, index: KnowledgeIndex) -> Resolver:
        return resolver_of(models, settings, encoder, index, risk=risk)

    champion = open_resolver(settings, encoder, risk=risk, retriever=KnowledgeIndex(encoder))

    def fit_anew(session: Session, models: ModelSet, index: KnowledgeIndex) -> ModelSet:
        return refit(session, models, encoder, index, head_encoders=champion.head_encoders)

    return replay.run(
        rows, encoder=encoder, models=champion.models, open_bot=open_bot, refit=fit_anew, track=progress
    )
