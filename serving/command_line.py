"""What all commands share: the `--json` line, exit codes, the home folder; holds no command itself."""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console

from model.errors import FirstlastError

FAILED = 1
BAD_USAGE = 2

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="FIRSTLAST_HOME", help="Folder of the store and models [./.firstlast]."),
]

messages = Console(stderr=True)
"""Words for people go to standard error, so that standard output holds results alone."""


def emit(
    result: Mapping[str, Any],  # JSON
    *,
    as_json: bool,
    text: Callable[[], str] | None = None,
) -> None:
    """Print a command's result: one JSON line, or `text()` (by default its keys and values)."""
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    elif text is not None:
        sys.stdout.write(text() + "\n")
    else:
        width = max((len(key) for key in result), default=0)
        sys.stdout.writelines(f"{key:<{width}}  {_shown(value)}\n" for key, value in result.items())


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Turns an error that firstlast raises on purpose into its message and exit status 1."""
    try:
        yield
    except FirstlastError as error:
        messages.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED) from error


def bad_usage(message: str) -> typer.Exit:
    """The exit for arguments that contradict each other, after saying how; raise what is returned."""
    messages.print(f"[red]usage:[/red] {message}", highlight=False, soft_wrap=True)
    return typer.Exit(BAD_USAGE)


def log_to_stderr(*, level: int = logging.WARNING) -> None:
    """Send log events of at least `level` to standard error, as lines of `event key=value`."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _shown(value: Any) -> str:  # JSON
    return f"{value:.4f}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
