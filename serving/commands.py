"""The commands that use a prepared home: serve, ask, search, bench."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.command_line import (
    HomeOption,
    HostOption,
    JsonOption,
    PortOption,
    bad_usage,
    emit,
    friendly_errors,
    log_to_stderr,
    messages,
)

app = typer.Typer()
bench_app = typer.Typer(no_args_is_help=True, help="Measure speed.")
"""`bench index` is added by `training.commands.bench`, which has what it is compared with."""
_BENCH_BATCH = 64


@app.command()
def serve(home: HomeOption = None, host: HostOption = None, port: PortOption = None) -> None:
    """Run the server until Ctrl-C."""
    from serving.server import run
    from serving.settings import Settings

    log_to_stderr(level=logging.INFO)
    with friendly_errors():
        run(Settings.load(home, host=host, port=port), on_listening=announce_listening, on_ready=announce)


def announce_listening(address: str) -> None:
    """Say that the server is there, though it may need a while to know everything."""
    messages.print(
        f"listening at {address}; {address}/readyz tells when it can answer", style="dim", soft_wrap=True
    )


def announce(address: str) -> None:
    """Say where the server is reached."""
    messages.print(f"\n[bold]firstlast[/bold] is ready at {address}", highlight=False)
    for name, path in (("messenger", "/"), ("agents", "/inbox"), ("API", "/docs")):
        messages.print(f"  {name:<10} {address}{path}", highlight=False)
    messages.print("Ctrl-C stops it.", style="dim")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What a customer would write.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The bot's decision on one question, with its sources and why."""
    from serving.bot.decisions import decision_json
    from serving.runtime.loading import opened_bot
    from serving.settings import Settings

    if not question.strip():
        raise bad_usage("the question is empty")
    with friendly_errors(), opened_bot(Settings.load(home)) as bot:
        decision = bot.resolve(question)
    result = decision_json(decision)
    emit(result, as_json=as_json, text=lambda: _readable(result))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    top_k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many answers.")] = 10,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The articles and learned answers nearest to a query."""
    from serving.runtime.loading import opened_bot
    from serving.settings import Settings

    if not query.strip():
        raise bad_usage("the query is empty")
    with friendly_errors(), opened_bot(Settings.load(home)) as bot:
        known = bot.knowledge
        candidates = known.index.search(query, known.encoder.encode_one(query), top_k=top_k)
    rows = [
        {
            "ref": candidate.ref,
            **{
                name: getattr(candidate.passage, name)
                for name in ("kind", "title", "heading_path", "url", "text")
            },
            "score": candidate.fused_score,
            "dense_score": candidate.dense_score,
            "lexical_score": candidate.lexical_score,
        }
        for candidate in candidates
    ]
    emit(
        {"query": query, "results": rows},
        as_json=as_json,
        text=lambda: (
            "\n".join(f"{row['score']:.3f}  {row['ref']}  {row['title']}" for row in rows)
            or "nothing found; import knowledge first: firstlast import FOLDER"
        ),
    )


@bench_app.command("answer")
def bench_answer(
    questions: Annotated[
        Path | None,
        typer.Option(help="JSONL with one text per line; by default the sample company's questions."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Milliseconds of one answer in a warm process: encoder, heads, retrieval and decision."""
    import numpy as np

    from knowledge import DEMO_FOLDER
    from knowledge.json_lines import read_texts
    from serving.runtime.loading import opened_bot
    from serving.settings import Settings

    with friendly_errors():
        texts = read_texts(questions or DEMO_FOLDER / "test" / "questions.jsonl")
        with opened_bot(Settings.load(home)) as bot:
            for text in texts[:20]:
                bot.resolve(text)
            stages = [bot.resolve(text).milliseconds for text in texts]
            passages = len(bot.knowledge.index)

    def percentile(stage: str, share: int) -> float:
        return round(float(np.percentile([milliseconds[stage] for milliseconds in stages], share)), 3)

    figures = {
        "n": len(texts),
        "passages": passages,
        "p50_ms": percentile("total", 50),
        "p95_ms": percentile("total", 95),
        "stage_p50_ms": {stage: percentile(stage, 50) for stage in stages[0]},
    }
    emit(figures, as_json=as_json)


@bench_app.command("classify")
def bench_classify(
    questions: Annotated[
        Path | None,
        typer.Option(help="JSONL with one text per line; by default the sample company's questions."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Milliseconds to classify one text in a warm process, and texts a second at 1 and at 64 a call."""
    import numpy as np

    from knowledge import DEMO_FOLDER
    from knowledge.json_lines import read_texts
    from serving.classify.service import classify
    from serving.runtime.loading import opened_bot
    from serving.settings import Settings

    with friendly_errors():
        texts = read_texts(questions or DEMO_FOLDER / "test" / "questions.jsonl")
        with opened_bot(Settings.load(home)) as bot:

            def milliseconds(size: int, given: Sequence[str]) -> list[float]:
                """Of each call, with so many texts."""
                calls = [given[place : place + size] for place in range(0, len(given), size)]
                return [classify(bot.box, call, intents=bot.intents, top_k=3).milliseconds for call in calls]

            milliseconds(1, texts[:20])
            one, many = milliseconds(1, texts), milliseconds(_BENCH_BATCH, texts)
    emit(
        {
            "n": len(texts),
            "p50_ms": round(float(np.percentile(one, 50)), 3),
            "p95_ms": round(float(np.percentile(one, 95)), 3),
            "texts_per_second_1": round(1000 * len(texts) / sum(one), 2),
            f"texts_per_second_{_BENCH_BATCH}": round(1000 * len(texts) / sum(many), 2),
        },
        as_json=as_json,
    )


def _readable(result: dict[str, Any]) -> str:  # JSON
    confidence = math.floor(1000 * result["confidence"]) / 1000  # .9996 is no certainty
    lines = [f"{result['decision']} (confidence {confidence:.3f}, threshold {result['threshold']:.3f})"]
    lines += [result["answer"]] if result["answer"] else []
    lines += [f"  source: {source['title']} ({source['ref']})" for source in result["sources"]]
    lines += [f"  choice: {choice['title']} ({choice['ref']})" for choice in result.get("choices", [])]
    lines.append(
        f"intent {result['intent']}, team {result['team']}, sentiment {result['sentiment']}, "
        f"reasons {', '.join(result['reasons'])}, {result['milliseconds']['total']:.1f} ms"
    )
    return "\n".join(lines)
