"""The commands `firstlast contacts export` and `firstlast contacts erase`."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, emit, friendly_errors, messages

if TYPE_CHECKING:
    from serving.contacts.leaving import Erased
    from serving.db.session import Database
    from serving.settings import Settings

contacts_app = typer.Typer(no_args_is_help=True, help="Give people their data, or erase them.")

WhoArgument = Annotated[
    str, typer.Argument(metavar="EMAIL_OR_ID", help="E-mail address, id, or the id that the business uses.")
]


@contacts_app.command("export")
def export_contact(
    who: WhoArgument,
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give everything that is kept of a person, as JSON."""
    from serving.company.service import COMMAND_LINE
    from serving.contacts.leaving import export_person

    with _home(home) as (database, _):
        person = export_person(database, who, author=COMMAND_LINE)
        if out is not None:
            out.touch(mode=0o600)
            out.write_text(json.dumps(person, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    told = {key: len(rows) for key, rows in person.items()} | {"out": str(out)} if out else person
    emit(told, as_json=as_json, text=lambda: json.dumps(told, ensure_ascii=False, indent=2))


@contacts_app.command("erase")
def erase_contact(
    who: WhoArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a person from the store, index, data sets, label files and MLflow of the home."""
    from serving.company.service import COMMAND_LINE
    from serving.contacts.leaving import erase_person

    with _home(home) as (database, settings):
        if not dry_run and not yes:
            found = erase_person(database, settings, who, author=COMMAND_LINE, dry_run=True)
            messages.print(_told(found), highlight=False, markup=False)
            typer.confirm("Erase all of this for ever?", abort=True, err=True)
        erased = erase_person(database, settings, who, author=COMMAND_LINE, dry_run=dry_run)
    emit(erased.as_json(), as_json=as_json, text=lambda: _told(erased))
    if not erased.is_whole:
        raise typer.Exit(FAILED)


@contextmanager
def _home(home: Path | None) -> "Iterator[tuple[Database, Settings]]":
    from serving.db.session import Database
    from serving.settings import Settings

    with friendly_errors():
        settings = Settings.load(home)
        with closing(Database(settings.database_url)) as database:
            database.migrate()
            yield database, settings


def _told(erased: "Erased") -> str:
    from serving.contacts.leaving import BACKUPS

    verb = "would be erased" if erased.dry_run else "erased"
    lines = [f"{', '.join(f'{count} {table}' for table, count in erased.rows.items())} {verb}"]
    for what, paths in (
        ("files changed", erased.files.changed),
        ("index snapshots removed; the next start makes them again", erased.files.removed),
        ("files still hold words of this person and cannot be changed: delete them", erased.files.left),
    ):
        if paths:
            lines.append(f"{what}: {', '.join(paths)}")
    if not (erased.dry_run or erased.store_compacted):
        lines.append("the store is in use: its log forgets the deleted rows when the server stops")
    return "\n".join([*lines, BACKUPS])
