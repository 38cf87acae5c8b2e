"""The commands that make homes and models: `demo`, `init`, `train`, `models`."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from serving.command_line import HomeOption, JsonOption, bad_usage, emit, friendly_errors, messages

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
        text=lambda: f"{settings.home} is ready. Next: firstlast import FOLDER, firstlast serve",
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
    seed: Annotated[int, typer.Option(help="Seed of the folds.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit intent, team, sentiment, wants-a-person, smalltalk and the confidence; register the model set."""
    from serving.settings import Settings
    from training.export import ensure_encoder
    from training.pipeline import gather, train_and_register

    if data is not None and not data.exists():
        raise bad_usage(f"--data {data} does not exist; name a company folder or a JSONL file of intents")
    with friendly_errors():
        settings = Settings.load(home)
        ensure_encoder(settings.encoder_folder)
        gathered = gather(settings, data, from_store=from_store)
        with messages.status("training"):
            registered = train_and_register(settings, gathered, seed=seed, progress=_say)
    emit(
        {
            "model": registered.version,
            "number": registered.number,
            "aliases": list(registered.aliases),
            "run_id": registered.run_id,
            "in_service": registered.in_service,
            "metrics": dict(registered.metrics),
        },
        as_json=as_json,
    )


@models_app.command("list")
def list_models(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The registered model sets, newest first."""
    from serving.settings import Settings
    from training.registry import list_sets

    with friendly_errors():
        found = list_sets(Settings.load(home).home)
    rows = [
        {
            "number": one.number,
            "model": one.version,
            "aliases": list(one.aliases),
            "in_service": one.in_service,
            "run_id": one.run_id,
            "metrics": dict(one.metrics),
        }
        for one in found
    ]
    emit({"models": rows}, as_json=as_json, text=lambda: _table(rows))


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
