"""`company`, `agents` and `keys`: a home gets its company, people and servers' keys without the demo."""

import re
from pathlib import Path

import pytest

from tests.command_line.parts import Commands

COMPANY = """\
name = "Bolt"
tagline = "Bolts for everyone."

[[teams]]
name = "billing"
title = "Billing"
expected_wait_minutes = 7

[[teams]]
name = "desk"
title = "The desk"

[[intents]]
name = "refund"
title = "Wants money back"
team = "billing"
human_only = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bolt.toml"
    path.write_text(COMPANY)
    return path


def test_a_company_folder_is_made_and_checked(firstlast: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    made = firstlast("company", "new", folder, "--json", with_home=False)
    assert (made.status, "company.toml" in made.result["files"]) == (0, True)
    again = firstlast("company", "new", folder, with_home=False)
    assert (again.status, again.stdout) == (1, "")
    assert "exists and is not empty" in again.stderr
    checked = firstlast("check", folder, "--json", with_home=False)
    assert (checked.status, checked.result["errors"], checked.result["counts"]["texts"]) == (0, [], 4)
    (folder / "training" / "intents.jsonl").unlink()
    wrong = firstlast("check", folder, with_home=False)
    assert wrong.status == 1
    assert wrong.stdout.startswith("error: training/intents.jsonl: it does not exist")


def test_a_company_is_applied_once_and_shown_as_the_file_it_came_from(
    firstlast: Commands, file: Path
) -> None:
    first = firstlast("company", "apply", file, "--json")
    nothing = {"added": [], "changed": [], "removed": [], "not_in_file": [], "in_use": []}
    assert (first.status, first.result) == (
        0,
        nothing | {"changed": ["company"], "added": ["team billing", "team desk", "intent refund"]},
    )
    assert firstlast("company", "apply", file, "--json").result == nothing
    assert firstlast("company", "apply", file).stdout == "nothing changed\n"
    shown = firstlast("company", "show").stdout
    assert shown.startswith(f"{COMPANY}\n[danger]\nphrases = [\n")
    file.write_text(shown)
    assert firstlast("company", "apply", file).stdout == "nothing changed\n"
    file.write_text(f'{COMPANY}\n[danger]\nphrases = [\n    "leak*",\n]\nharmless = [\n]\n')
    assert firstlast("company", "apply", file).stdout == "changed: danger\n"
    assert firstlast("company", "show").stdout == file.read_text()
    assert firstlast("company", "show", "--json").result["teams"][0] == {
        "name": "billing",
        "title": "Billing",
        "expected_wait_minutes": 7,
        "calendar": None,
        "assignment": "manual",
        "capacity": None,
        "details": [],
    }


def test_waiting_is_told_where_somebody_waited(firstlast: Commands) -> None:
    shown = firstlast("company", "waiting", "--days", "7")
    assert (shown.status, shown.stdout) == (0, "nobody was handed over in 7 days\n")


def test_what_the_file_no_longer_names_stays_until_it_is_pruned(firstlast: Commands, file: Path) -> None:
    firstlast("company", "apply", file)
    firstlast("agents", "add", "ada@bolt.example", "--team", "billing")
    file.write_text('name = "Bolt"\n')
    kept = firstlast("company", "apply", file)
    assert kept.stdout == "changed: company\nnot in file: intent refund, team billing, team desk\n"
    pruned = firstlast("company", "apply", file, "--prune", "--json").result
    assert (pruned["removed"], pruned["in_use"]) == (["intent refund", "team desk"], ["team billing"])
    assert 'name = "billing"' in firstlast("company", "show").stdout


def test_a_wrong_company_file_changes_nothing(firstlast: Commands, file: Path) -> None:
    file.write_text(COMPANY.replace('team = "billing"', 'team = "bling"'))
    got = firstlast("company", "apply", file, "--json")
    assert (got.status, got.stdout) == (1, "")
    assert "unknown team 'bling'" in got.stderr
    assert "[[teams]]" not in firstlast("company", "show").stdout


def test_an_agent_of_a_team_can_be_added_once_the_company_has_it(firstlast: Commands, file: Path) -> None:
    refused = firstlast("agents", "add", "ada@bolt.example", "--team", "billing", "--json")
    assert refused.status == 1
    assert "firstlast company apply FILE" in refused.stderr
    firstlast("company", "apply", file)
    added = firstlast("agents", "add", "ada@bolt.example", "--team", "billing", "--json")
    assert (added.status, added.result["team"]) == (0, "billing")


def test_agents_are_listed_deactivated_and_given_another_password(firstlast: Commands) -> None:
    firstlast("agents", "add", "boss@bolt.example", "--role", "admin", "--name", "Bo")
    firstlast("agents", "add", "ada@bolt.example", "--role", "editor")
    gone = firstlast("agents", "deactivate", "ADA@bolt.example", "--json")
    assert (gone.status, gone.result["active"]) == (0, False)
    listed = firstlast("agents", "list", "--json").result["agents"]
    shown = [(one["email"], one["role"], one["active"]) for one in listed]
    assert shown == [("ada@bolt.example", "editor", False), ("boss@bolt.example", "admin", True)]
    assert "deactivated" in firstlast("agents", "list").stdout
    assert firstlast("agents", "reactivate", "ada@bolt.example", "--json").result["active"] is True
    reset = firstlast("agents", "reset-password", "ada@bolt.example", "--json")
    assert len(reset.result["password"]) >= 12
    given = firstlast(
        "agents",
        "reset-password",
        "ada@bolt.example",
        "--password-file",
        "-",
        "--json",
        stdin="correct horse battery",
    )
    assert (given.status, "password" in given.result) == (0, False)


def test_a_link_to_a_new_password_is_printed_with_the_address_of_the_server(firstlast: Commands) -> None:
    firstlast("agents", "add", "cleo@bolt.example")
    made = firstlast("agents", "reset-link", "cleo@bolt.example", "--json")
    assert made.status == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/reset-password\?token=[\w-]{43}", made.result["link"])


def test_the_last_admin_is_not_deactivated_and_an_unknown_agent_is_named(firstlast: Commands) -> None:
    firstlast("agents", "add", "boss@bolt.example", "--role", "admin")
    last = firstlast("agents", "deactivate", "boss@bolt.example", "--json")
    assert (last.status, last.stdout) == (1, "")
    assert "the last active admin" in last.stderr
    unknown = firstlast("agents", "reset-password", "nobody@bolt.example", "--json")
    assert unknown.status == 1
    assert "'nobody@bolt.example'" in unknown.stderr


def test_a_key_is_made_listed_without_its_secret_and_revoked(firstlast: Commands) -> None:
    made = firstlast("keys", "add", "shop", "--scope", "ask,company:read", "--scope", "models:read", "--json")
    assert made.status == 0
    assert made.result["scopes"] == ["ask", "company:read", "models:read"]
    assert made.result["key"].startswith("fl_")
    listed = firstlast("keys", "list", "--json")
    assert made.result["key"] not in listed.stdout
    assert listed.result["keys"][0]["revoked_at"] is None
    revoked = firstlast("keys", "revoke", made.result["id"], "--json")
    assert revoked.result["revoked_at"] is not None
    assert firstlast("keys", "revoke", "unknown", "--json").status == 1


@pytest.mark.parametrize("scopes", [[], ["--scope", "everything"], ["--scope", "agents:manage"]])
def test_a_key_without_scopes_or_with_one_that_no_key_may_have_is_refused(
    firstlast: Commands, scopes: list[str]
) -> None:
    got = firstlast("keys", "add", "shop", *scopes, "--json")
    assert (got.status, got.stdout) == (1, "")
    assert "company:read" in got.stderr  # the scopes there are
