"""What all commands share: the `--json` line, exit codes, the home folder; holds no command itself."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import structlog
import typer
from rich import progress as bars
from rich.console import Console
from rich.text import Text

from model.errors import FirstlastError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from model.interfaces import ProgressBar
    from serving.settings import Settings

FAILED = 1
BAD_USAGE = 2

_Item = TypeVar("_Item")

messages = Console(stderr=True)
"""Words for people go to standard error, so that standard output holds results alone."""


def chosen_home(context: typer.Context, home: Path | None) -> Path | None:
    """The home named after the command, else before it, else by the environment; a file is refused."""
    before = context.find_root().params.get("home")
    source = context.get_parameter_source("home")
    if before is not None and (source is None or source.name != "COMMANDLINE"):
        home = Path(before)
    blocking = _first_existing(home) if home is not None else None
    if blocking is not None and not blocking.is_dir():
        raise bad_usage(f"--home {home}: {blocking} is a file; name a folder, which need not exist yet")
    return home


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="FIRSTLAST_HOME",
        callback=chosen_home,
        help="Folder of the store and models [./.firstlast].",
    ),
]
HostOption = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
]


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
def progress_bar(doing: str) -> "Iterator[ProgressBar]":
    """A bar on standard error where that is a terminal; tell it how much is done, and of how much."""
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
    )
    is_shown = sys.stderr.isatty()
    with bars.Progress(*columns, console=messages, transient=True, disable=not is_shown) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def progress(items: Sequence[_Item], *, doing: str) -> Iterable[_Item]:
    """The items, with a bar on standard error where that is a terminal."""
    with progress_bar(doing) as show:
        for done, item in enumerate(items, start=1):
            yield item
            show(done, len(items))


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Turns an error raised on purpose, or of a file or the store, into a sentence and exit status 1."""
    try:
        yield
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        messages.print("[red]error:[/red]", Text(sentence), highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED) from error


@contextmanager
def opened_store(home: Path | None) -> "Iterator[tuple[Session, Settings]]":
    """A session on the home's store, committed at the end, and the home's settings."""
    from serving.db.session import Database
    from serving.settings import Settings

    with friendly_errors():
        settings = Settings.load(home)
        with closing(Database(settings.database_url)) as database:
            database.migrate()
            with database.session() as session:
                yield session, settings


def bad_usage(message: str) -> typer.Exit:
    """The exit for arguments that contradict each other, after saying how; raise what is returned."""
    messages.print("[red]usage:[/red]", Text(message), highlight=False, soft_wrap=True)
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


def _sentence(error: Exception) -> str | None:
    """What went wrong and what to do; `None` for an error that nobody foresaw."""
    if isinstance(error, FirstlastError):
        return str(error)
    if isinstance(error, OSError):
        reason = (error.strerror or str(error) or type(error).__name__).lower()
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{reason}; see that it is there, that you may use it, and that the disk has room"
    if "sqlalchemy" in sys.modules:  # else the error is none of the store's
        from serving.db.session import store_problem

        return store_problem(error)
    return None


def _first_existing(path: Path) -> Path | None:
    """The path, or the nearest folder above it, that exists; `None` when that cannot be told."""
    try:
        return next((place for place in (path, *path.absolute().parents) if place.exists()), None)
    except OSError:
        return None


def _shown(value: Any) -> str:  # JSON
    return f"{value:.4f}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
