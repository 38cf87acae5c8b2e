"""`firstlast drift`: whether what customers ask has moved, and what to do about it."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, bad_usage, emit, friendly_errors

if TYPE_CHECKING:
    from serving.drift.report import Comparison, DriftReport

app = typer.Typer()
_STEP = 14


@app.command("drift")
def drift(
    days: Annotated[
        int,
        typer.Option(
            min=_STEP,
            max=182,
            help="Days that are watched, and as many before: 14, 28, 42 and so on.",
        ),
    ] = 28,
    fail: Annotated[bool, typer.Option("--fail", help="End with 1 when something has moved.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Whether what customers ask, and how it goes, has moved since the training and the month before."""
    from model.model_set import read_pointer
    from serving.db.session import Database
    from serving.db.tables import now
    from serving.drift.schemas import drift_json
    from serving.drift.service import drift_report
    from serving.settings import Settings

    if days % _STEP:
        raise bad_usage(f"--days {days} is no multiple of {_STEP}; give 28, or 14, 42, 56 …")
    with friendly_errors():
        settings = Settings.load(home)
        with closing(Database(settings.database_url)) as database:
            database.migrate()
            version = read_pointer(settings.models_folder)
            report = drift_report(
                database, settings.models_folder, version=version, today=now().date(), days=days
            )
    result = drift_json(report).model_dump(mode="json")
    emit({**result, "moved": len(report.moved)}, as_json=as_json, text=lambda: _readable(report))
    if fail and report.moved:
        raise typer.Exit(FAILED)


def _readable(report: "DriftReport") -> str:
    from serving.drift.words import set_words

    lines = [
        f"{report.watched_since} to {report.day}, beside {report.reference_since} to the day before "
        f"{report.watched_since}, and beside the training of {report.model or 'no set'}; "
        f"now is since {report.now_since}"
    ]
    if report.model and report.model_since:
        lines.append(set_words(report.model, report.model_since))
    told = [line for one in report.comparisons if one.verdict != "unknown" for line in _lines(one)]
    unknown = [one for one in report.comparisons if one.verdict == "unknown"]
    if unknown:
        told += ["", "Not compared:", *(f"  {_title(one)}: {one.what_to_do}" for one in unknown)]
    return "\n".join([*lines, *told])


def _lines(one: "Comparison") -> list[str]:
    from serving.drift.words import VERDICTS, change_words, evidence_words

    counts = f"{one.reference_n:,} then, {one.n:,} now"
    evidence = evidence_words(one.evidence, one.needed)
    lines = ["", f"{VERDICTS[one.verdict]}: {_title(one)} ({counts}; evidence: {evidence})"]
    for change in one.changes:
        lines.append(f"  {change_words(one.signal, change.label, change.reference, change.now)}")
        if one.verdict != "steady" and change.examples:
            lines.append(f"    such as {', '.join(change.examples)}")
    if one.verdict != "steady":
        lines.append(f"  -> {one.what_to_do}")
    return lines


def _title(one: "Comparison") -> str:
    from serving.drift.words import AGAINST, TITLES

    return f"{TITLES[one.signal]}, beside {AGAINST[one.against]}"
