"""`firstlast audit show` and `firstlast audit verify`."""

from typing import Annotated, Any

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, emit, opened_store

audit_app = typer.Typer(no_args_is_help=True, help="See who did what.")


@audit_app.command("show")
def show_audit(
    limit: Annotated[int, typer.Option("-n", min=1, max=100_000, help="How many entries.")] = 50,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print who did what, the newest first."""
    from sqlalchemy import select

    from serving.db.tables import AuditEntry

    with opened_store(home) as (session, _):
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)).all()
    entries: list[dict[str, Any]] = [  # JSON
        {"id": row.id, "at": row.created_at.isoformat(), "who": row.who, "what": row.what, "on": row.on}
        for row in rows
    ]
    lines = [f"{one['id']}  {one['at']}  {one['who']}  {one['what']}  {one['on']}" for one in entries]
    emit({"entries": entries}, as_json=as_json, text=lambda: "\n".join(lines) or "nothing yet")


@audit_app.command("verify")
def verify_audit(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check that no entry was changed, removed or moved; ends with 1 and the first such one."""
    from serving.db.audit import first_break

    with opened_store(home) as (session, _):
        broken = first_break(session)
    told = "the log is whole" if broken is None else f"entry {broken} was changed, removed or moved"
    emit({"whole": broken is None, "first_break": broken}, as_json=as_json, text=lambda: told)
    if broken is not None:
        raise typer.Exit(FAILED)
