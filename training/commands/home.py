"""`firstlast init` and `firstlast demo`."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from serving.command_line import (
    HomeOption,
    HostOption,
    JsonOption,
    PortOption,
    bad_usage,
    emit,
    friendly_errors,
    messages,
)
from training.commands.shared import EncoderOption, say

app = typer.Typer()


@app.command()
def init(
    company: Annotated[
        Path | None,
        typer.Option("--company", help="Company file to apply, or a company folder to train on too."),
    ] = None,
    encoder: EncoderOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a home folder: settings, encoder, store, first models. What is there already stays."""
    from model.model_set import read_pointer
    from serving.settings import Settings
    from training.commands.shared import silence_of, tell_problems
    from training.datasets.company_check import check_company
    from training.encoder.export import named_source
    from training.homes import prepare_home

    if company is not None and not company.exists():
        raise bad_usage(f"--company {company} does not exist; name a company file or folder")
    with friendly_errors():
        settings = Settings.load(home, encoder=named_source(encoder) if encoder else None)
        if company is not None and company.is_dir():
            tell_problems(check_company(company).of("warning"))
        prepare_home(settings, company=company, progress=say)
        champion = read_pointer(settings.models_folder)
        warnings = silence_of(settings, champion) if champion is not None else []
    emit(
        {"home": str(settings.home), "warnings": warnings},
        as_json=as_json,
        text=lambda: (
            f"{settings.home} is ready. Next: "
            f"{'' if company else 'firstlast company apply FILE (teams and intents), '}"
            "firstlast import FOLDER, firstlast train answering and firstlast models promote (so that it is "
            "as sure as this knowledge allows), firstlast serve"
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
