"""`firstlast retrain`: the whole way from new labels to a promoted set, for a schedule."""

from typing import Annotated

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, emit, friendly_errors, messages, progress

app = typer.Typer()


@app.command("retrain")
def retrain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what there is to learn from, and train nothing.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all that is drawn at random.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train on the company's data and on what agents labelled, compare, and promote if every gate passes.

    Without anything new since the last training nothing is trained, so that it may run every night. Ends
    with 1 when a gate refuses the new set, which then stays the challenger.
    """
    from serving.settings import Settings
    from training.commands.models import MOST_PAST
    from training.commands.shared import say
    from training.pipeline import gather, known_data, train_and_register
    from training.registry.promotion import promote

    with friendly_errors():
        settings = Settings.load(home)
        data = gather(settings, None, from_store=True)
        is_new = data.sha256 not in known_data(settings)
        found = {"texts": len(data.intents), "labels_from_store": data.labels_from_store, "new": is_new}
        if dry_run or not is_new:
            emit({**found, "trained": None, "promoted": False, "failed": []}, as_json=as_json)
            return
        with messages.status("training"):
            registered = train_and_register(settings, data, seed=seed, progress=say, track=progress)
        promotion = promote(settings, registered.version, most_past=MOST_PAST, track=progress)
    result = {**found, "trained": registered.version, "promoted": promotion.promoted}
    emit({**result, "failed": list(promotion.failed)}, as_json=as_json)
    if not promotion.promoted:
        raise typer.Exit(FAILED)
