"""The commands of `firstlast eval`, a module each: parse arguments, run a suite, hand its result over."""

import typer

from eval.commands import (
    answers,
    followups,
    intents,
    mood,
    replay,
    report,
    retrieval,
    sentiment,
    wants_person,
)
from eval.commands.shared import Parts

_COMMANDS = (
    intents,
    sentiment,
    mood,
    wants_person,
    retrieval,
    answers,
    followups,
    replay,
    report,
)


def build_app(parts: Parts) -> typer.Typer:
    """The commands. What training provides is passed in with `parts`, since eval must not import it."""
    app = typer.Typer(no_args_is_help=True, help="Measure how good the bot is, with 95 % intervals.")
    for module in _COMMANDS:
        module.add(app, parts)
    return app
