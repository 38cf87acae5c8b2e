"""The commands that make homes and models: `demo`, `init`, `train`, `models`."""

import contextlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.command_line import (
    FAILED,
    HomeOption,
    JsonOption,
    bad_usage,
    emit,
    friendly_errors,
    messages,
)

if TYPE_CHECKING:
    from training.adaptation import Adaptation
    from training.promotion import Promotion
    from training.registry import RegisteredSet

VersionArgument = Annotated[
    str | None, typer.Argument(help="Version or number of the model set [the challenger].")
]
HeldOutOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Company folder with test/questions.jsonl [the sample company's, in its own home].",
    ),
]
PastOption = Annotated[int, typer.Option("--past", min=0, max=10_000, help="Past decisions to replay.")]
_MOST_PAST = 1000

_SWITCHING = "Running servers switch within seconds."

home_app = typer.Typer()
train_app = typer.Typer(no_args_is_help=True, help="Train models.")
models_app = typer.Typer(no_args_is_help=True, help="Look after trained model sets.")


@train_app.callback()
def train() -> None:
    """Train models."""


@models_app.callback()
def models() -> None:
    """Look after trained model sets."""


@home_app.command()
def init(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make a home folder: settings, encoder, store, first models. What is there already stays."""
    from serving.settings import Settings
    from training.homes import prepare_home

    with friendly_errors():
        settings = Settings.load(home)
        prepare_home(settings, progress=_say)
    emit(
        {"home": str(settings.home)},
        as_json=as_json,
        text=lambda: (
            f"{settings.home} is ready. Next: firstlast import FOLDER, firstlast train answering and "
            "firstlast models promote (so that it is as sure as this knowledge allows), firstlast serve"
        ),
    )


@home_app.command()
def demo(
    home: HomeOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Prepare the sample company, start no server.")
    ] = False,
) -> None:
    """Prepare the sample company on first use and run it until Ctrl-C."""
    from serving.command_line import log_to_stderr
    from serving.commands import announce
    from serving.settings import Settings
    from training.homes import prepare_demo

    log_to_stderr(level=logging.INFO)
    with friendly_errors():
        settings = Settings.load(home)
        logins = prepare_demo(settings, progress=_say)

    def on_ready(address: str) -> None:
        announce(address)
        for login in logins:
            messages.print(f"  sign in    {login.email}  {login.password}  ({login.role})", highlight=False)

    if prepare_only:
        return
    from serving.server import run

    with friendly_errors():
        given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
        run(Settings.load(settings.home).model_copy(update=given), on_ready=on_ready)


@train_app.command("heads")
def train_heads(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="A company folder, or a JSONL file of intents. Without it: what the home was made with.",
        ),
    ] = None,
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Add the confirmed questions of the store.")
    ] = False,
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Tune an encoder to the intents; takes minutes to an hour.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the folds, and of tuning.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit intent, team, sentiment, wants-a-person, smalltalk and the confidence; register the model set."""
    from eval.progress import progress
    from knowledge.data_problems import data_problems
    from serving.settings import Settings
    from training.datasets.telling import tell_problems
    from training.export import ensure_encoder
    from training.pipeline import gather, train_and_register
    from training.tuning import TuningOptions

    if data is not None and not data.exists():
        raise bad_usage(f"--data {data} does not exist; name a company folder or a JSONL file of intents")
    with friendly_errors():
        settings = Settings.load(home)
        problems = data_problems(data)
        tell_problems(problems)
        ensure_encoder(settings.encoder_folder)
        gathered = gather(settings, data, from_store=from_store)
        with contextlib.nullcontext() if finetune else messages.status("training"):
            registered = train_and_register(
                settings,
                gathered,
                seed=seed,
                progress=_say,
                tuning=TuningOptions(seed=seed) if finetune else None,
                track=progress,
            )
    told = {"data_problems": [problem.as_json() for problem in problems]}
    emit({**_registered(registered), **told}, as_json=as_json)


@train_app.command("sentiment")
def train_sentiment(
    data: Annotated[
        Path,
        typer.Option("--data", help="JSONL of messages with text and label: negative, neutral, positive."),
    ],
    only: Annotated[
        bool, typer.Option("--only", help="Leave the sample company's customer service sentences out.")
    ] = False,
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Tune an encoder along; takes up to an hour.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the folds, and of tuning.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the sentiment head on messages of a file; register the champion with it as the challenger."""
    from eval.progress import progress
    from eval.suites.sentiment import read_sentiments
    from serving.settings import Settings
    from training.pipeline import kept_finetune
    from training.replacing import replace_part
    from training.sentiment import sentiment_data
    from training.sentiment import train_sentiment as fit
    from training.tuning import TUNING

    if not data.is_file():
        raise bad_usage(f"--data {data} is no file; name a JSONL file of messages with text and label")
    with friendly_errors():
        gathered = sentiment_data(read_sentiments(data), with_company=not only)
        for words in gathered.left_out():
            _say(words)
        settings = Settings.load(home)
        tuned = kept_finetune(settings, replace(TUNING["sentiment"], seed=seed), track=progress)
        registered = replace_part(
            settings,
            "sentiment",
            lambda champion, encoder: fit(
                gathered, champion, encoder, seed=seed, finetune=tuned if finetune else None, track=progress
            ),
        )
    emit(_registered(registered), as_json=as_json)


@train_app.command("answering")
def train_answering(
    data: Annotated[
        Path | None,
        typer.Option("--data", help="A company folder. Without it: what the home was made with."),
    ] = None,
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Add the confirmed questions of the store.")
    ] = False,
    from_experience: Annotated[
        bool,
        typer.Option(
            "--from-experience", help="Fit it on the approved learned answers of the store and nothing else."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of folds, trees and questions.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit only the answer confidence and its limits anew, with the champion's heads; register the result.

    A home without labelled questions of its own is calibrated on what it knows: run it after an import.
    """
    from serving.settings import Settings
    from training.pipeline import gather, refit_and_register

    if data is not None and not data.is_dir():
        raise bad_usage(f"--data {data} is no folder; name a company folder with calibration/questions.jsonl")
    if from_experience and (data is not None or from_store):
        raise bad_usage("--from-experience goes without --data and --from-store; leave these out")
    with friendly_errors():
        settings = Settings.load(home)
        gathered = None if from_experience else gather(settings, data, from_store=from_store)
        with messages.status("training"):
            registered = refit_and_register(settings, gathered, seed=seed, progress=_say)
    emit(_registered(registered), as_json=as_json)


@train_app.command("encoder")
def train_encoder(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="A company folder, a folder with a BEIR corpus, or a JSONL file of texts whose label is the "
            "need. Without it: what the home was made with.",
        ),
    ] = None,
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Add the store's articles, answers and confirmed questions.")
    ] = False,
    also: Annotated[
        list[Path] | None, typer.Option("--also", help="BEIR folder on which it must not lose; repeatable.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=100, help="Passes over the pairs.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the split and of the order.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Adapt the encoder to the business; a model set on it is registered if it gains and loses nowhere."""
    from eval.progress import progress
    from serving.settings import Settings
    from training.adaptation import adapt_and_register
    from training.encoder import AdaptationOptions

    folders = also or []
    for path in [data, *folders] if data else folders:
        if not path.exists():
            raise bad_usage(f"{path} does not exist; name a folder or file to adapt to or to measure on")
    with friendly_errors():
        found = adapt_and_register(
            Settings.load(home),
            data,
            from_store=from_store,
            also=folders,
            options=AdaptationOptions(epochs=epochs, seed=seed),
            progress=_say,
            track=progress,
        )
    registered = found.registered
    emit(
        {
            "accepted": registered is not None,
            "model": registered.version if registered else None,
            "number": registered.number if registered else None,
            "aliases": list(registered.aliases) if registered else [],
            "failed_gates": [gate.name for gate in found.failed],
            **found.report(),
        },
        as_json=as_json,
        text=lambda: _adaptation(found),
    )
    if found.failed:
        raise typer.Exit(FAILED)


@models_app.command("list")
def list_models(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The registered model sets, newest first."""
    from serving.settings import Settings
    from training.registry import list_sets

    with friendly_errors():
        found = list_sets(Settings.load(home).home)
    rows = [_registered(one) for one in found]
    emit({"models": rows}, as_json=as_json, text=lambda: _table(rows))


@models_app.command("compare")
def compare_models(
    version: VersionArgument = None,
    data: HeldOutOption = None,
    past: PastOption = _MOST_PAST,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The challenger beside the champion, and whether it may take over; ends with 1 when a gate fails."""
    from eval.comparison_report import as_tables
    from eval.progress import progress
    from serving.settings import Settings
    from training.promotion import compare_sets

    with friendly_errors():
        found = compare_sets(Settings.load(home), version, data=data, most_past=past, track=progress)
    emit(found.as_json(), as_json=as_json, text=lambda: as_tables(found))
    if found.failed:
        raise typer.Exit(FAILED)


@models_app.command("promote")
def promote_model(
    version: VersionArgument = None,
    force: Annotated[
        bool, typer.Option("--force", help="Promote although gates fail; needs --who and --why.")
    ] = False,
    who: Annotated[str, typer.Option(help="Who decided that; kept in the registry.")] = "",
    why: Annotated[str, typer.Option(help="Why; kept in the registry.")] = "",
    data: HeldOutOption = None,
    past: PastOption = _MOST_PAST,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare, and put the challenger into service if no gate fails; ends with 1 when it is refused."""
    from eval.progress import progress
    from serving.settings import Settings
    from training.promotion import Override, promote

    if force != bool(who.strip() and why.strip()) or (not force and (who or why)):
        raise bad_usage("--force, --who NAME and --why TEXT go together: give all of them or none")
    override = Override(who.strip(), why.strip()) if force else None
    with friendly_errors():
        found = promote(
            Settings.load(home), version, override=override, data=data, most_past=past, track=progress
        )
    emit(
        {
            "promoted": found.promoted,
            "model": found.version,
            "number": found.number,
            "previous": found.previous,
            "failed_gates": list(found.failed),
            "forced": found.promoted and bool(found.failed),
            "comparison": found.comparison.as_json() if found.comparison else None,
        },
        as_json=as_json,
        text=lambda: _promotion(found),
    )
    if not found.promoted:
        raise typer.Exit(FAILED)


@models_app.command("rollback")
def roll_back_model(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Put the champion before this one into service again."""
    from serving.settings import Settings
    from training.promotion import roll_back

    with friendly_errors():
        found = roll_back(Settings.load(home))
    emit(
        {"model": found.version, "replaced": found.replaced},
        as_json=as_json,
        text=lambda: f"{found.version} is the champion again, in place of {found.replaced}. {_SWITCHING}",
    )


@models_app.command("clean")
def clean_models(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go, remove nothing.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove encoders that no model set of the home needs; sets, and what they need, stay."""
    from serving.settings import Settings
    from training.unused_encoders import remove_unused_encoders, unused_encoders

    with friendly_errors():
        folder = Settings.load(home).models_folder
        found = unused_encoders(folder) if dry_run else remove_unused_encoders(folder)
    freed = round(sum(one.bytes for one in found) / 1e6, 1)
    names = [one.folder.name for one in found]
    told = "would be removed" if dry_run else "removed"
    emit(
        {"removed": [] if dry_run else names, "unused": names, "freed_mb": 0.0 if dry_run else freed},
        as_json=as_json,
        text=lambda: "\n".join([*names, f"{len(names)} unused encoders, {freed} MB: {told}"]),
    )


def _adaptation(found: "Adaptation") -> str:
    lines = [f"{gate.outcome:<8} {gate.name}: {gate.reason}" for gate in found.gates]
    if found.registered is None:
        failed = ", ".join(gate.name for gate in found.failed)
        return "\n".join([*lines, f"refused, nothing is registered: {failed} failed"])
    return "\n".join(
        [
            *lines,
            f"{found.registered.version} on encoder {found.encoder} is registered as "
            f"{', '.join(found.registered.aliases)}. Next: firstlast models promote",
        ]
    )


def _registered(one: "RegisteredSet") -> dict[str, object]:
    return {
        "number": one.number,
        "model": one.version,
        "aliases": list(one.aliases),
        "in_service": one.in_service,
        "run_id": one.run_id,
        "metrics": dict(one.metrics),
    }


def _promotion(found: "Promotion") -> str:
    from eval.comparison_report import gates_table

    gates = f"{gates_table(found.comparison)}\n\n" if found.comparison else ""
    if found.promoted:
        forced = f", although these failed: {', '.join(found.failed)}" if found.failed else ""
        return (
            f"{gates}{found.version} is the champion now, in place of {found.previous}{forced}. "
            f"{_SWITCHING} Undo: firstlast models rollback"
        )
    return (
        f"{gates}{found.version} is not promoted: {', '.join(found.failed)} failed. All figures: firstlast "
        "models compare. To promote it all the same: --force --who NAME --why TEXT"
    )


def _table(rows: list[dict[str, object]]) -> str:
    if not rows:
        return "no model sets yet; run: firstlast train heads"
    return "\n".join(
        f"{row['number']:>4}  {row['model']}  {', '.join(row['aliases']) or '-':<12}"  # type: ignore[arg-type]
        f"{'  in service' if row['in_service'] else ''}"
        for row in rows
    )


def _say(step: str) -> None:
    messages.print(step, style="dim", highlight=False)
