"""`firstlast models …`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, bad_usage, emit, friendly_errors, progress
from training.commands.notes import Notes, NotifyOption
from training.commands.shared import registered_json

if TYPE_CHECKING:
    from training.registry.promotion import Promotion

VersionArgument = Annotated[
    str | None, typer.Argument(help="Version or number of the model set [the challenger].")
]
HeldOutOption = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Company folder with test/questions.jsonl [the one that the home was trained with]."
    ),
]
PastOption = Annotated[int, typer.Option("--past", min=0, max=10_000, help="Past decisions to replay.")]
MOST_PAST = 1000

_SWITCHING = "Running servers switch within seconds."

app = typer.Typer(no_args_is_help=True, help="Look after trained model sets.")


@app.callback()
def models() -> None:
    """Look after trained model sets."""


@app.command("list")
def list_models(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The registered model sets, newest first."""
    from serving.settings import Settings
    from training.registry.registered_sets import list_sets

    with friendly_errors():
        registered = list_sets(Settings.load(home).home)
    rows = [registered_json(model_set) for model_set in registered]
    emit({"models": rows}, as_json=as_json, text=lambda: _table(rows))


@app.command("compare")
def compare_models(
    version: VersionArgument = None,
    data: HeldOutOption = None,
    past: PastOption = MOST_PAST,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The challenger beside the champion, and whether it may take over; ends with 1 when a gate fails."""
    from eval.promotion.tables import as_tables
    from serving.settings import Settings
    from training.registry.promotion import compare_sets

    with friendly_errors():
        comparison = compare_sets(Settings.load(home), version, data=data, most_past=past, track=progress)
    emit(comparison.as_json(), as_json=as_json, text=lambda: as_tables(comparison))
    if comparison.failed:
        raise typer.Exit(FAILED)


@app.command("promote")
def promote_model(
    version: VersionArgument = None,
    force: Annotated[
        list[str] | None,
        typer.Option(
            "--force",
            metavar="GATE",
            help="Promote although this one gate fails; repeatable, needs --who and --why.",
        ),
    ] = None,
    who: Annotated[str, typer.Option(help="Who decided that; noted in the registry.")] = "",
    why: Annotated[str, typer.Option(help="Why; noted in the registry.")] = "",
    data: HeldOutOption = None,
    past: PastOption = MOST_PAST,
    notify: NotifyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare, and put the challenger into service if no gate fails; ends with 1 when it is refused."""
    from serving.settings import Settings
    from training.registry.promotion import LIFTABLE, Override, promote

    gates = frozenset(force or ())
    if bool(gates) != bool(who.strip() and why.strip()) or (not gates and (who or why)):
        raise bad_usage("--force GATE, --who NAME and --why TEXT go together: give all of them or none")
    if unknown := sorted(gates - LIFTABLE):
        raise bad_usage(f"--force {unknown[0]} is no gate; name one of {', '.join(sorted(LIFTABLE))}")
    override = Override(gates, who.strip(), why.strip()) if gates else None
    with friendly_errors():
        settings = Settings.load(home)
        notes = Notes(settings, notify, "models")
        with notes.on_failure():
            promotion = promote(
                settings, version, override=override, data=data, most_past=past, track=progress
            )
    result = {
        "promoted": promotion.promoted,
        "model": promotion.version,
        "number": promotion.number,
        "previous": promotion.previous,
        "failed_gates": list(promotion.failed),
        "not_lifted": list(promotion.not_lifted),
        "forced": promotion.promoted and bool(promotion.failed),
        "comparison": promotion.comparison.as_json() if promotion.comparison else None,
    }
    result |= notes.send("promoted" if promotion.promoted else "refused", result)
    emit(result, as_json=as_json, text=lambda: _promotion(promotion))
    if not promotion.promoted:
        raise typer.Exit(FAILED)


@app.command("rollback")
def roll_back_model(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Put the champion before this one into service again."""
    from serving.settings import Settings
    from training.registry.promotion import roll_back

    with friendly_errors():
        rollback = roll_back(Settings.load(home))
    emit(
        {"model": rollback.version, "replaced": rollback.replaced},
        as_json=as_json,
        text=lambda: (
            f"{rollback.version} is the champion again, in place of {rollback.replaced}. {_SWITCHING}"
        ),
    )


@app.command("clean")
def clean_models(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove encoders that no model set needs, and what killed trainings left; sets and theirs stay."""
    from serving.settings import Settings
    from training.registry.unused_folders import remove_unused_folders, unused_folders

    with friendly_errors():
        folder = Settings.load(home).models_folder
        unused = unused_folders(folder) if dry_run else remove_unused_folders(folder)
    freed = round(sum(unused_folder.bytes for unused_folder in unused) / 1e6, 1)
    names = [unused_folder.folder.name for unused_folder in unused]
    outcome = "would be removed" if dry_run else "removed"
    emit(
        {"removed": [] if dry_run else names, "unused": names, "freed_mb": 0.0 if dry_run else freed},
        as_json=as_json,
        text=lambda: "\n".join([*names, f"{len(names)} unused folders, {freed} MB: {outcome}"]),
    )


def _promotion(promotion: "Promotion") -> str:
    from eval.promotion.tables import gates_table

    gates = f"{gates_table(promotion.comparison)}\n\n" if promotion.comparison else ""
    if promotion.promoted:
        forced = f", although these gates failed: {', '.join(promotion.failed)}" if promotion.failed else ""
        return (
            f"{gates}{promotion.version} is the champion now, in place of {promotion.previous}{forced}. "
            f"{_SWITCHING} Undo: firstlast models rollback"
        )
    lifted = " ".join(f"--force {name}" for name in promotion.failed)
    return (
        f"{gates}{promotion.version} is not promoted: {', '.join(promotion.not_lifted)} failed. All figures: "
        "firstlast models compare. To promote it all the same:\n"
        f"  firstlast models promote {promotion.version} {lifted} --who NAME --why TEXT"
    )


def _table(rows: list[dict[str, object]]) -> str:
    if not rows:
        return "no model sets yet; run: firstlast train heads"
    return "\n".join(
        f"{row['number']:>4}  {row['model']}  {', '.join(row['aliases']) or '-':<12}"  # type: ignore[arg-type]
        f"{'  in service' if row['in_service'] else ''}"
        for row in rows
    )
