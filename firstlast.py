"""The command line, which imports a folder only when its command runs, and the Python API, `open_home`."""

import importlib.metadata
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from eval.python_api import Home


@dataclass(frozen=True, slots=True)
class _Mount:
    help: str
    load: Callable[[], typer.Typer]
    is_group: bool = False
    """Whether the app is a group of its own, or holds the command among others."""


def _app(module: str, name: str = "app") -> Callable[[], typer.Typer]:
    def load() -> typer.Typer:
        app: typer.Typer = getattr(import_module(module), name)
        return app

    return load


_MOUNTS = {
    "demo": _Mount("Start the sample company: everything running.", _app("training.commands.home")),
    "init": _Mount("Make a home folder ready.", _app("training.commands.home")),
    "serve": _Mount("Run the server.", _app("serving.commands")),
    "import": _Mount("Import knowledge from a folder, file or site.", _app("serving.transfer.commands")),
    "sources": _Mount(
        "See and undo imports.", _app("serving.transfer.commands", "sources_app"), is_group=True
    ),
    "export": _Mount("Export knowledge to a folder.", _app("serving.transfer.commands")),
    "ask": _Mount("The bot's decision on one question.", _app("serving.commands")),
    "search": _Mount("Search the knowledge.", _app("serving.commands")),
    "company": _Mount(
        "Name, teams and intents.", _app("serving.company.commands", "company_app"), is_group=True
    ),
    "agents": _Mount("Look after agents.", _app("serving.company.commands", "agents_app"), is_group=True),
    "keys": _Mount("Look after API keys.", _app("serving.company.commands", "keys_app"), is_group=True),
    "contacts": _Mount(
        "Give people their data, or erase them.",
        _app("serving.contacts.commands", "contacts_app"),
        is_group=True,
    ),
    "check": _Mount("What is wrong with a company folder.", _app("training.commands.check")),
    "train": _Mount("Train models.", _app("training.commands.train"), is_group=True),
    "retrain": _Mount(
        "Train on what is new, and promote if every gate passes.", _app("training.commands.retrain")
    ),
    "audit": _Mount("See who did what.", _app("serving.audit.commands", "audit_app"), is_group=True),
    "drift": _Mount("Whether what customers ask has moved.", _app("serving.drift.commands")),
    "data": _Mount(
        "Build data sets, find mistakes, label.", _app("training.commands.data", "data_app"), is_group=True
    ),
    "eval": _Mount("Measure how good the bot is.", _app("training.commands.evaluate"), is_group=True),
    "bench": _Mount("Measure how fast the bot is.", _app("training.commands.bench"), is_group=True),
    "models": _Mount("Look after model sets.", _app("training.commands.models"), is_group=True),
    "mlflow": _Mount("Runs, models and figures in MLflow.", _app("training.commands.mlflow")),
}


def _flowing(command: Any) -> Any:
    """The command, or group with its commands, whose help breaks lines where the terminal ends.

    Docstrings are wrapped for whoever reads the code; a paragraph that begins with `\\b` keeps its lines.
    """
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(
        part if part.startswith("\b") else " ".join(part.split()) for part in paragraphs
    )
    for own in getattr(command, "commands", {}).values():
        _flowing(own)
    return command


class _Commands(TyperGroup):
    """Commands by name, imported when asked for."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All names, in the order of use."""
        return list(_MOUNTS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | TyperGroup | None:  # type: ignore[override]
        """The command, or `None` when there is none of this name."""
        mount = _MOUNTS.get(cmd_name)
        if mount is None:
            return None
        command = _flowing(typer.main.get_command(mount.load()))
        if isinstance(command, TyperGroup) and not mount.is_group:
            return command.get_command(ctx, cmd_name)  # type: ignore[return-value, arg-type]
        return command  # type: ignore[return-value]

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        """The help, without importing any command."""
        width = max(map(len, _MOUNTS)) + 2
        names = "\n".join(f"  {name:<{width}}{mount.help}" for name, mount in _MOUNTS.items())
        formatter.write(f"Usage: firstlast COMMAND [OPTIONS]\n\n{self.help}\n\nCommands:\n{names}\n\n")
        formatter.write("Every command has --help. State lives in ./.firstlast, or in --home FOLDER, which\n")
        formatter.write("may stand before or after the command.\n")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(importlib.metadata.version("firstlast"))
        raise typer.Exit


cli = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@cli.callback()
def root(
    home: Annotated[  # read by the option --home of the command that follows
        Path | None, typer.Option("--home", help="Folder of the store and models [./.firstlast].")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The resolution bot: a person answers each question for the first time and for the last time."""
    from serving.command_line import log_to_stderr

    log_to_stderr()


def open_home(home: "Path | str | None" = None) -> "Home":
    """The bot of a home, to ask, to search, to teach and to measure; see `eval.python_api.Home`.

    The home is a folder, by default that of `FIRSTLAST_HOME`, else `./.firstlast`. Use it in a `with`.
    """
    from eval.python_api import open_home as open_it

    return open_it(home)


def main() -> None:
    """Run the command line."""
    cli()


if __name__ == "__main__":
    main()
