"""The commands of `firstlast eval`, a module each: parse arguments, run a suite, hand its result over."""

from collections.abc import Callable
from pathlib import Path

import typer

from eval.commands import answers, intents, retrieval
from eval.commands.shared import Parts, RefitAnswering
from eval.home import OpenResolver, open_resolver
from eval.scope import FitHead


def build_app(
    *,
    fit_head: FitHead,
    ensure_encoder: Callable[[Path], object],
    open_resolver: OpenResolver = open_resolver,
    refit_answering: RefitAnswering | None = None,
) -> typer.Typer:
    """The commands. What training provides is passed in, since eval must not import it.

    `ensure_encoder` makes the encoder of a folder if it is not there; `fit_head` fits the intent head;
    `refit_answering` the answer confidence.
    """
    app = typer.Typer(no_args_is_help=True, help="Measure how good the bot is, with 95 % intervals.")
    parts = Parts(fit_head, ensure_encoder, open_resolver, refit_answering)
    for module in (intents, retrieval, answers):
        module.add(app, parts)
    return app
