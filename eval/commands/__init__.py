"""The commands of `firstlast eval`, a module each: parse arguments, run a suite, hand its result over."""

from collections.abc import Callable
from pathlib import Path

import typer

from eval.commands import answers, intents, replay, retrieval
from eval.commands.shared import Parts
from eval.home import OpenResolver, open_resolver
from eval.scope import FitHead
from eval.suites.replay import Refit, never_refit


def build_app(
    *,
    fit_head: FitHead,
    ensure_encoder: Callable[[Path], object],
    open_resolver: OpenResolver = open_resolver,
    refit: Refit = never_refit,
) -> typer.Typer:
    """The commands. What training provides is passed in, since eval must not import it.

    `ensure_encoder` makes the encoder of a folder if it is not there; `fit_head` fits the intent head;
    `refit` fits the confidence on what a replay's team approved.
    """
    app = typer.Typer(no_args_is_help=True, help="Measure how good the bot is, with 95 % intervals.")
    parts = Parts(fit_head, ensure_encoder, open_resolver, refit)
    for module in (intents, retrieval, answers, replay):
        module.add(app, parts)
    return app
