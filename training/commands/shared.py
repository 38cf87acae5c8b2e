"""What several commands of training tell people, and a registered set as JSON."""

from typing import TYPE_CHECKING

from serving.command_line import messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from eval.data.problems import Problem
    from training.registry.registered_sets import RegisteredSet


def say(step: str) -> None:
    """Tell what is being done."""
    messages.print(step, style="dim", highlight=False)


def tell_problems(problems: "Iterable[Problem]") -> None:
    """One line for each problem with somebody's data, on standard error: counts and lines, never texts."""
    for problem in problems:
        messages.print(f"data: {problem}", style="yellow", highlight=False, markup=False, soft_wrap=True)


def registered_json(registered: "RegisteredSet") -> dict[str, object]:
    """The set as the commands show it."""
    return {
        "number": registered.number,
        "model": registered.version,
        "aliases": list(registered.aliases),
        "in_service": registered.in_service,
        "run_id": registered.run_id,
        "metrics": dict(registered.metrics),
    }
