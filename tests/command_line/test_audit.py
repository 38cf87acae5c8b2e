"""`firstlast audit`: who did what, and whether anybody changed the log."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.command_line.parts import Commands


def test_what_was_done_by_command_is_shown_and_a_changed_entry_is_found(
    firstlast: Commands, tmp_path: Path
) -> None:
    firstlast("agents", "add", "boss@bolt.example", "--role", "admin")
    firstlast("keys", "add", "shop", "--scope", "ask")
    shown = firstlast("audit", "show", "--json").result["entries"]
    assert [(one["id"], one["who"], one["what"], one["on"]) for one in shown] == [
        (2, "command line", "added", "key shop"),
        (1, "command line", "added", "agent boss@bolt.example"),
    ]
    whole = firstlast("audit", "verify", "--json")
    assert (whole.status, whole.result) == (0, {"whole": True, "first_break": None})
    with closing(sqlite3.connect(tmp_path / "home" / "firstlast.db")) as store, store:
        store.execute("UPDATE audit SET who = 'nobody' WHERE id = 1")
    broken = firstlast("audit", "verify")
    assert (broken.status, broken.stdout.strip()) == (1, "entry 1 was changed, removed or moved")


def test_a_second_factor_is_reset_by_command_and_only_that_is_written_down(
    firstlast: Commands, tmp_path: Path
) -> None:
    firstlast("agents", "add", "boss@bolt.example", "--role", "admin")
    reset = ("agents", "reset-second-factor", "boss@bolt.example", "--json")
    assert not firstlast(*reset).result["was_on"]
    with closing(sqlite3.connect(tmp_path / "home" / "firstlast.db")) as store, store:
        store.execute("UPDATE agents SET totp_sealed = 'x', totp_since = created_at")
    assert firstlast(*reset).result["was_on"]
    assert not firstlast(*reset).result["was_on"]
    shown = firstlast("audit", "show", "--json").result["entries"]
    assert [(one["who"], one["what"]) for one in shown] == [
        ("command line", "reset the second factor"),
        ("command line", "added"),
    ]
