"""`firstlast init` and `firstlast demo`."""

import logging
from typing import Annotated

import typer

from serving.command_line import (
    HomeOption,
    HostOption,
    JsonOption,
    PortOption,
    emit,
    friendly_errors,
    messages,
)
from training.commands.shared import say

app = typer.Typer()


@app.command()
def init(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make a home folder: settings, encoder, store, first models. What is there already stays."""
    from serving.settings import Settings
    from training.homes import prepare_home

    with friendly_errors():
        settings = Settings.load(home)
        prepare_home(settings, progress=say)
    emit(
        {"home": str(settings.home)},
        as_json=as_json,
        text=lambda: (
            f"{settings.home} is ready. Next: firstlast import FOLDER, firstlast train answering and "
            "firstlast models promote (to fit its confidence to what it knows), firstlast serve"
        ),
    )


@app.command()
def demo(
    home: HomeOption = None,
    host: HostOption = None,
    port: PortOption = None,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Prepare the sample company, start no server.")
    ] = False,
) -> None:
    """Prepare the sample company on first use and run it until Ctrl-C."""
    from serving.command_line import log_to_stderr
    from serving.commands import announce, announce_listening
    from serving.settings import Settings
    from training.homes import prepare_demo

    log_to_stderr(level=logging.INFO)
    with friendly_errors():
        settings = Settings.load(home)
        logins = prepare_demo(settings, progress=say)

    def on_ready(address: str) -> None:
        announce(address)
        for login in logins:
            messages.print(f"  sign in    {login.email}  {login.password}  ({login.role})", highlight=False)

    if prepare_only:
        return
    from serving.server import run

    with friendly_errors():
        chosen = Settings.load(settings.home, host=host, port=port)
        run(chosen, on_listening=announce_listening, on_ready=on_ready)
