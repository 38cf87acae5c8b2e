"""The commands `firstlast data next` and `firstlast data label`: what to label, and labels that come back."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from serving.command_line import (
    FAILED,
    HomeOption,
    JsonOption,
    bad_usage,
    emit,
    friendly_errors,
    messages,
    opened_store,
    progress_bar,
)
from serving.company.repository import list_names
from serving.db.session import Database
from serving.labelling.pool import QuestionPool
from serving.labelling.schemas import MOST_GROUPS, LabellingOut
from serving.labelling.service import next_to_label
from serving.runtime.loading import opened_bot
from serving.settings import Settings
from training.datasets.given_labels import GivenLabels, give_labels
from training.datasets.label_files import Format, read_labels, write_tasks

_TOLD = 20
"""Bad rows that are told one by one; with --json all of them are."""


def list_next(
    n: Annotated[int, typer.Option("-n", min=1, max=MOST_GROUPS, help="How many questions.")] = 20,
    format: Annotated[
        Format, typer.Option("--format", help="Of the file: a table (CSV), or for Label Studio or Argilla.")
    ] = "text",
    out: Annotated[Path | None, typer.Option("--out", help="Write the questions to this file.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the questions whose labels are expected to gain most, personal data scrubbed."""
    if format != "text" and out is None:
        raise bad_usage(f"--format {format} is that of a file; name it with --out FILE")
    with friendly_errors():
        settings = Settings.load(home)
        with opened_bot(settings) as bot, closing(Database(settings.database_url)) as database:
            pool = QuestionPool(database, bot.box)
            with progress_bar("Reading questions") as progress:
                pool.refresh(progress=progress)
            with database.reading() as session:
                listed = next_to_label(session, pool, n=n)
                intents = list_names(session, "intent")
            model = bot.box.version or ""
        written: list[Path] = []
        if out is not None:
            written = write_tasks(out, listed.groups, format=format, intents=intents, model=model)
    result = {
        **listed.model_dump(include={"unlabelled", "labelled"}),
        "model": model,
        "questions": [group.model_dump() for group in listed.groups],
        "intents": intents,
        "out": [str(path) for path in written],
    }
    emit(result, as_json=as_json, text=lambda: _listed(listed, written))


def take_labels(
    file: Annotated[
        Path, typer.Argument(help="Export of Label Studio or Argilla, or CSV or JSONL with text and label.")
    ],
    who: Annotated[
        str,
        typer.Option(
            "--who", help="E-mail of the agent whose labels these are, where the file names no agent."
        ),
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give customers' questions the labels of a file; a bad row costs that row only."""
    with opened_store(home) as (session, _):
        labels = read_labels(file)
        given = give_labels(session, labels, who=who)
    result = {
        "labelled": given.labelled,
        "unlabelled": labels.unlabelled,
        "bad_rows": len(given.problems),
        "problems": [{"row": row, "problem": problem} for row, problem in given.problems],
    }
    _tell(file, given)
    emit(
        result,
        as_json=as_json,
        text=lambda: (
            f"{given.labelled} questions labelled, {labels.unlabelled} rows without a label, "
            f"{len(given.problems)} bad rows. Next: firstlast train heads --from-store"
        ),
    )
    if given.problems and not given.labelled:
        raise typer.Exit(FAILED)


def _tell(file: Path, given: GivenLabels) -> None:
    for row, problem in given.problems[:_TOLD]:
        told = f"{file.name}, row {row}: {problem}"
        messages.print(told, style="yellow", highlight=False, markup=False, soft_wrap=True)
    if len(given.problems) > _TOLD:
        messages.print(f"and {len(given.problems) - _TOLD} more; --json names all", style="yellow")


def _listed(listed: LabellingOut, written: list[Path]) -> str:
    lines = [
        f"{group.expected_gain:>7.2f}  {group.alike:>5}  "
        f"{f'{group.intents[0].name} {group.intents[0].probability:.2f}' if group.intents else '-':<32.32}  "
        f"{' '.join(group.text.split())[:90]}"
        for group in listed.groups
    ]
    head = [f"{'gain':>7}  {'alike':>5}  {'read as':<32}  question"] if lines else []
    return "\n".join(
        [
            *head,
            *lines,
            f"{listed.unlabelled} questions without a label, {listed.labelled} with one",
            *(f"written to {path}" for path in written),
        ]
    )
