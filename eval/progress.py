"""How far long work has come, as a bar on standard error; measures nothing."""

import sys
from collections.abc import Iterable, Sequence

from rich.progress import track as rich_track

from eval.results import T
from serving.command_line import messages


def progress(items: Sequence[T], *, doing: str) -> Iterable[T]:
    """The items, with a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        return items
    return rich_track(items, description=doing, console=messages, transient=True)
