"""`firstlast bench …`: the commands of serving, and indexing beside what others index with."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from serving.command_line import HomeOption, JsonOption, emit, friendly_errors, progress
from serving.commands import bench_app

app = bench_app

_BATCH_SIZES = (8, 16, 32, 64, 128)
_TRIED = 128
"""Texts on which each batch size is tried before the best is taken."""


@app.command("index")
def bench_index(
    passages: Annotated[int, typer.Option(min=1, help="At most how many passages.")] = 500,
    data: Annotated[
        Path | None, typer.Option(help="Articles to cut into passages; by default the sample company's.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often; the median counts.")] = 3,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Encode them in turns with sentence-transformers on torch as well."),
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many passages a second an empty index takes in: encoded, stored and searchable."""
    from knowledge import DEMO_FOLDER
    from knowledge.importing.source import read_source
    from knowledge.index.chunking import article_passages
    from serving.indexing.speed import seconds_to_index
    from serving.runtime.loading import first_encoder
    from serving.settings import Settings

    with friendly_errors():
        encoder = first_encoder(Settings.load(home))
        articles = read_source(data or DEMO_FOLDER / "articles").articles
        taken = [passage for article in articles for passage in article_passages(article)][:passages]
        ways: dict[str, Callable[[], float]] = {"": lambda: seconds_to_index(taken, encoder)}
        if compare:
            ways["sentence_transformers_"] = _with_torch([passage.search_text for passage in taken])
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in progress(range(rounds), doing="indexing"):
            for way, run in ways.items():
                seconds[way].append(run())
    result: dict[str, float] = {"passages": len(taken), "rounds": rounds}
    for way, taken_seconds in seconds.items():
        result[f"{way}passages_per_second"] = round(len(taken) / statistics.median(taken_seconds), 1)
    if compare:
        pairs = zip(*seconds.values(), strict=True)
        result["times_as_fast"] = round(statistics.median(theirs / ours for ours, theirs in pairs), 2)
    emit(result, as_json=as_json)


def _with_torch(texts: Sequence[str]) -> Callable[[], float]:
    """Seconds that sentence-transformers take for the texts: same weights, best batch size."""
    from serving.settings import DEFAULT_ENCODER
    from training.encoder.export import MAX_TOKENS, load_torch

    model = load_torch(DEFAULT_ENCODER)
    model.max_seq_length = MAX_TOKENS

    def seconds(texts: Sequence[str], batch_size: int) -> float:
        started = time.perf_counter()
        model.encode(list(texts), batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False)
        return time.perf_counter() - started

    seconds(texts[:_TRIED], _BATCH_SIZES[0])  # what is only slow the first time
    whole = next((place for place, size in enumerate(_BATCH_SIZES) if size >= len(texts)), len(_BATCH_SIZES))
    different = _BATCH_SIZES[: whole + 1]  # greater ones take all texts at once as well
    best = min(different, key=lambda size: seconds(texts[:_TRIED], size))
    return lambda: seconds(texts, best)
