"""What several commands of training tell people, and a registered set as JSON."""

from typing import TYPE_CHECKING, Annotated

import typer

from serving.command_line import messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from eval.data.problems import Problem
    from model.types import CandidateKind
    from serving.settings import Settings
    from training.datasets.company_check import Finding
    from training.datasets.service_rows import FromService
    from training.registry.registered_sets import RegisteredSet


EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        help="Another encoder: the folder of a sentence-transformers model, or its name on the Hugging Face "
        "hub [the one that comes with firstlast].",
    ),
]


def say(step: str) -> None:
    """Tell what is being done."""
    messages.print(step, style="dim", highlight=False)


def tell_problems(problems: "Iterable[Problem | Finding]") -> None:
    """One line for each problem with somebody's data, on standard error: counts and lines, never texts."""
    for problem in problems:
        messages.print(f"data: {problem}", style="yellow", highlight=False, markup=False, soft_wrap=True)


def tell_service(from_service: "FromService | None") -> None:
    """What service gave by source and by label, or how it comes to give something; nothing when not asked."""
    if from_service is None:
        return
    if not from_service.taken:
        say("service has nothing to learn from yet: no intent given by agents, no approval, pick or feedback")
    for one in from_service.taken:
        say(f"from service for {one.teaches}: {one.rows} by {one.source}, weight {one.weight:g}")
    for teaches, gains in from_service.labels.items():
        changes = (f"{label} {before} -> {after}" for label, (before, after) in gains.items())
        say(f"{teaches}: {', '.join(changes)}")
    for why, count in from_service.left_out.items():
        say(f"left out: {count} {why.replace('_', ' ')}")
    if not from_service.rows_of("intents", "out_of_scope"):
        say(
            "no question was given an intent: agents do so beside a conversation in the inbox, programs by "
            "PUT /v1/conversations/ID/intent"
        )


def service_json(from_service: "FromService | None") -> dict[str, object]:
    """The same as JSON; empty when it was not asked for."""
    if from_service is None:
        return {}
    labels = from_service.rows_of("intents", "out_of_scope")
    return {"labels_from_store": labels, "from_service": from_service.as_json()}


def silence_of(settings: "Settings", version: str) -> list[str]:
    """What the set can never answer at the home's risk budget, a sentence each; they are also told."""
    from eval.promotion.reach import reach
    from model.model_set import encoder_of, load_model_set

    folder = settings.models_folder / version
    sample = load_model_set(folder, encoder_fingerprint=encoder_of(folder)).calibration
    kinds: tuple[CandidateKind, ...] = ("article", "learned_answer")
    found = [reach(sample, kind, budget=settings.risk_budget) for kind in kinds]
    words = [one.reason for one in found if not one.answers]
    for sentence in words:
        messages.print(f"warning: {sentence}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    return words


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
