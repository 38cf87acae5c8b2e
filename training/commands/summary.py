"""A registered model set in words: what became of it, and its figures; measures nothing."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.registry.registered_sets import RegisteredSet

_HEADS = {
    "intent": "intents",
    "team": "teams",
    "sentiment": "sentiment",
    "sentiment.general": "sentiment, general sentences",
    "wants_person": "wishes for a person",
    "smalltalk": "smalltalk",
    "follow_up": "follow-ups",
}
_BUDGETS = ("0.01", "0.02", "0.05")


def summary(registered: "RegisteredSet") -> str:
    """What was registered, how well its heads and its confidence did on what they were not fitted on, and
    what to do next; figures that the set does not have are left out."""
    from eval.report.text import aligned

    metrics = registered.metrics
    tables = [[*_heads(metrics)], [*_answers(metrics)]]
    parts = [aligned(rows) for rows in tables if len(rows) > 1]
    return "\n\n".join(filter(None, (*parts, "\n".join(_told(metrics)), _standing(registered))))


def _heads(metrics: Mapping[str, float]) -> Iterator[tuple[str, ...]]:
    yield "on texts held out from the fit", "accuracy", "macro F1"
    for name, called in _HEADS.items():
        if f"{name}.accuracy" in metrics:
            figures = (metrics.get(f"{name}.{figure}") for figure in ("accuracy", "macro_f1"))
            yield called, *("-" if value is None else _share(value) for value in figures)


def _answers(metrics: Mapping[str, float]) -> Iterator[tuple[str, ...]]:
    yield "risk budget", "articles from", "learned answers from", "questions answered", "wrongly"
    for budget in _BUDGETS:
        if f"answers.coverage_at_risk_{budget}" in metrics:
            answered = round(metrics[f"answers.coverage_at_risk_{budget}"] * metrics["answers.n"])
            yield (
                budget,
                _threshold(metrics, "", budget),
                _threshold(metrics, "learned_", budget),
                f"{answered} of {metrics['answers.n']:.0f}",
                f"{metrics[f'answers.wrong_at_risk_{budget}']:.0f}",
            )


def _threshold(metrics: Mapping[str, float], kind: str, budget: str) -> str:
    """The confidence from which answers of a kind are given, and whether that is proven."""
    found = metrics[f"answers.{kind}threshold_at_risk_{budget}"]
    if found > 1:
        return "never"
    proven = metrics[f"answers.{kind}guaranteed_at_risk_{budget}"]
    return f"{_share(found)} ({'proven' if proven else 'estimated'})"


def _told(metrics: Mapping[str, float]) -> Iterator[str]:
    if "answers.best_right" in metrics:
        yield (
            f"The best candidate is right for {_share(metrics['answers.best_right'])} of "
            f"{metrics['answers.n']:.0f} calibration questions."
        )
    if "unhappy.warned" in metrics:
        yield (
            f"Of unhappy conversations {_share(metrics['unhappy.warned'])} are noticed, of calm ones "
            f"{_share(metrics['unhappy.false_alarms'])} taken for unhappy."
        )


def _standing(registered: "RegisteredSet") -> str:
    named = f"{registered.version}, number {registered.number},"
    if registered.in_service:
        return f"{named} is in service."
    return f"{named} is the challenger. Next: firstlast models compare, then firstlast models promote"


def _share(value: float) -> str:
    return f"{value:.3f}"
