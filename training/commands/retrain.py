"""`firstlast retrain`: the whole way from new labels to a promoted set, for a schedule."""

from typing import Annotated, Any

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, emit, friendly_errors, progress
from training.commands.notes import Notes, NotifyOption

app = typer.Typer()


@app.command("retrain")
def retrain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what there is to learn from, and train nothing.")
    ] = False,
    notify: NotifyOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all that is drawn at random.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train on the company's data and what people made known in service; promote if every gate passes.

    Without anything new since the last training nothing is trained, so that it may run every night. Ends
    with 1 when a gate refuses the new set, which then stays the challenger.
    """
    from serving.settings import Settings
    from training.commands.models import MOST_PAST
    from training.commands.shared import say, tell_service
    from training.retraining import retrain as run

    with friendly_errors():
        settings = Settings.load(home)
        notes = Notes(settings, notify, "retrain")
        with notes.on_failure():
            done = run(
                settings, seed=seed, most_past=MOST_PAST, dry_run=dry_run, progress=say, track=progress
            )
    tell_service(done.from_service)
    result: dict[str, Any] = done.as_json()
    if done.trained is not None:
        result |= notes.send(done.outcome, result)
    emit(result, as_json=as_json)
    if done.trained is not None and not done.promoted:
        raise typer.Exit(FAILED)
