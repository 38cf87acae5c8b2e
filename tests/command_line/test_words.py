"""Every command explains itself, and every command that the documentation names exists."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer

from firstlast import cli
from tests.command_line.parts import ROOT, Commands

COMMANDS = (
    "demo",
    "init",
    "serve",
    "import",
    "export",
    "ask",
    "search",
    "company show",
    "company apply",
    "company waiting",
    "agents add",
    "agents list",
    "agents deactivate",
    "agents reactivate",
    "agents reset-password",
    "agents reset-link",
    "agents reset-second-factor",
    "keys add",
    "keys list",
    "keys revoke",
    "contacts export",
    "contacts erase",
    "train heads",
    "train sentiment",
    "train encoder",
    "train answering",
    "retrain",
    "audit show",
    "audit verify",
    "drift",
    "data build",
    "data noise",
    "data next",
    "data label",
    "eval intents",
    "eval retrieval",
    "eval answers",
    "eval sentiment",
    "eval mood",
    "eval wants-person",
    "eval followups",
    "eval personal-data",
    "eval replay",
    "eval report",
    "bench answer",
    "bench classify",
    "bench index",
    "models list",
    "models compare",
    "models promote",
    "models rollback",
    "models clean",
)
ANSWERING_IN_JSON = tuple(name for name in COMMANDS if name not in ("demo", "serve"))
DOCUMENTS = sorted(
    path for path in ROOT.glob("**/*.md") if not {".venv", ".pytest_cache", "demo"} & set(path.parts)
)


def named_commands(document: Path) -> set[str]:
    """What follows `firstlast` on the command lines of a document, options and arguments left out."""
    lines = re.findall(
        r"(?m)(?:^\s*\$?\s*|`)firstlast ((?:[a-z-]+ ?){1,2})", document.read_text(encoding="utf-8")
    )
    return {line.strip() for line in lines}


def command_named(words: str) -> Any:
    """The command or group of that name, words after a command being its arguments; None if there is none."""
    command: Any = typer.main.get_command(cli)
    for word in words.split():
        if not isinstance(command, typer.core.TyperGroup):
            break
        command = command.get_command(typer.Context(command), word)
    return command


def test_the_help_names_every_command(firstlast: Commands) -> None:
    got = firstlast("--help", with_home=False)
    assert got.status == 0
    for command in COMMANDS:
        assert f"\n  {command.split()[0]} " in got.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(firstlast: Commands, command: str) -> None:
    got = firstlast(*command.split(), "--help", with_home=False)
    assert got.status == 0
    assert "--home" in got.stdout
    assert ("--json" in got.stdout) == (command in ANSWERING_IN_JSON)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_fills_the_lines_of_a_narrow_terminal(
    firstlast: Commands, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = firstlast(*command.split(), "--help", with_home=False).stdout.partition("╭")[0]
    lines = [line.rstrip() for line in told.splitlines()]
    for line, following in pairwise(lines):
        if not line.strip() or not following.strip():
            continue
        if line.startswith("   "):  # a row of a table
            assert following.startswith("   "), (line, following)
        else:
            assert len(line) + 1 + len(following.split()[0]) > 79, (line, following)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_each_of_its_options_are_told_in_plain_sentences(name: str) -> None:
    command = command_named(name)
    told = {name: command.help, **{option.name: option.help for option in command.params}}
    assert {name: words for name, words in told.items() if not re.fullmatch(r"[^\"]+[.?]", words or "")} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_a_document_names_exist(document: Path) -> None:
    assert {words for words in named_commands(document) if command_named(words) is None} == set()


def test_the_version_is_the_packages(firstlast: Commands) -> None:
    got = firstlast("--version", with_home=False)
    assert (got.status, got.stdout) == (0, "0.2.0\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["aks", "where is my box"],
        ["ask"],
        ["ask", "a", "b"],
        ["ask", "  "],
        ["search", ""],
        ["search", "box", "-k", "0"],
        ["ask", "box", "--nonsense"],
        ["train", "heads", "--data", "/nowhere/at/all"],
        ["train", "heads", "--unlabelled", "/nowhere/at/all"],
        ["train", "heads", "--unlabelled-from-store", "--finetune"],
        ["models", "promote", "--force"],
        ["drift", "--days", "20"],
        ["drift", "--days", "0"],
        ["agents", "add", "x@y.example", "--password-file", "/nowhere/at/all"],
        ["serve", "--port", "http"],
    ],
    ids=" ".join,
)
def test_bad_usage_ends_with_two_and_says_nothing_on_standard_output(
    firstlast: Commands, arguments: list[str]
) -> None:
    got = firstlast(*arguments)
    assert (got.status, got.stdout) == (2, "")
    assert got.stderr
    assert "Traceback" not in got.stderr


def test_bad_usage_makes_no_home(firstlast: Commands) -> None:
    firstlast("ask", " ")
    assert firstlast.home is not None
    assert not firstlast.home.exists()
