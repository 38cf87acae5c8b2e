"""`firstlast retrain`: the whole way from new labels to a promoted set, for a schedule."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, emit, friendly_errors, messages, progress

if TYPE_CHECKING:
    from serving.settings import Settings

app = typer.Typer()


@app.command("retrain")
def retrain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what there is to learn from, and train nothing.")
    ] = False,
    notify: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Post a signed note there when a set is promoted or refused, or the run fails.",
        ),
    ] = None,
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
        if notify is not None:
            _check(settings, notify)
        with _told(settings, notify):
            done = run(
                settings, seed=seed, most_past=MOST_PAST, dry_run=dry_run, progress=say, track=progress
            )
    tell_service(done.from_service)
    result: dict[str, Any] = done.as_json()
    if done.trained is not None and notify is not None:
        result["notified"] = _send(settings, notify, f"retrain.{done.outcome}", result)
    emit(result, as_json=as_json)
    if done.trained is not None and not done.promoted:
        raise typer.Exit(FAILED)


def _check(settings: "Settings", url: str) -> None:
    """Refuse an address or a secret that cannot be used before anything is trained."""
    from serving.webhooks import check_address, secret_bytes

    check_address(url)
    secret_bytes(_secret(settings))


@contextmanager
def _told(settings: "Settings", url: str | None) -> Iterator[None]:
    """Send a note when the run fails."""
    from training.retraining import problem_words

    try:
        yield
    except Exception as error:
        if url is not None:
            _send(settings, url, "retrain.failed", {"problem": problem_words(error)})
        raise


def _send(settings: "Settings", url: str, kind: str, data: Mapping[str, Any]) -> bool:  # JSON
    """Whether the note was taken; why it was not is told, and stops nothing."""
    from serving.webhooks import send_note

    problem = send_note(url, _secret(settings), kind, data)
    if problem is not None:
        messages.print(f"warning: the note was not taken: {problem}", style="yellow", markup=False)
    return problem is None


def _secret(settings: "Settings") -> str | None:
    return settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
