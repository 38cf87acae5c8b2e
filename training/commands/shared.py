"""What several commands of training share: words of progress, and a registered set as JSON."""

from typing import TYPE_CHECKING

from serving.command_line import messages

if TYPE_CHECKING:
    from training.registry.registered_sets import RegisteredSet


def say(step: str) -> None:
    """Tell what is being done."""
    messages.print(step, style="dim", highlight=False)


def registered_json(one: "RegisteredSet") -> dict[str, object]:
    """The set as the commands show it."""
    return {
        "number": one.number,
        "model": one.version,
        "aliases": list(one.aliases),
        "in_service": one.in_service,
        "run_id": one.run_id,
        "metrics": dict(one.metrics),
    }
