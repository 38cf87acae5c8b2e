"""What stands out among the items of a run: the worst errors, labels taken for each other; counts only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval import metrics
from eval.metrics import Confusion, confusion_matrix

Item = Mapping[str, Any]  # JSON


@dataclass(frozen=True, slots=True)
class Mistake:
    """An item that went wrong."""

    text: str
    expected: str
    got: str
    confidence: float | None
    """How sure the bot was, in [0, 1]; `None` where it does not say."""


def worst_mistakes(items: Iterable[Item], *, most: int) -> list[Mistake]:
    """The items that went wrong, the surest first; those of like confidence in the order given.

    What wrong means depends on what an item tells: a label that was taken for another, a question answered
    wrong, an article not found first. Items that tell nothing of the kind are no mistakes.
    """
    mistakes = [mistake for item in items if (mistake := _mistake(item)) is not None]
    return sorted(mistakes, key=lambda mistake: -(mistake.confidence or 0.0))[:most]


def confusions(items: Iterable[Item], *, most: int) -> list[Confusion]:
    """The pairs of labels confused most often, ties by name; none for items without labels."""
    labelled = [(str(item["label"]), str(item["predicted"])) for item in items if "predicted" in item]
    matrix = confusion_matrix([label for label, _ in labelled], [predicted for _, predicted in labelled])
    return metrics.confusions(matrix, most=most)


def _mistake(item: Item) -> Mistake | None:
    if "predicted" in item and item["predicted"] != item.get("label"):
        return Mistake(_text(item), str(item.get("label")), str(item["predicted"]), _confidence(item))
    if item.get("outcome") == "answered_wrong":
        wanted = _listed(item.get("right_refs", ())) or str(item.get("kind", "no answer"))
        return Mistake(_text(item), wanted, str(item.get("ref")), _confidence(item))
    if item.get("scores", {}).get("hit@1") == 0:
        return Mistake(_text(item), _listed(item["relevant"]), _listed(item["found"][:1]) or "nothing", None)
    return None


def _text(item: Item) -> str:
    return str(item.get("text", ""))


def _confidence(item: Item) -> float | None:
    if item.get("confidence") is not None:
        return float(item["confidence"])
    probabilities = item.get("probabilities")
    return float(max(probabilities.values())) if probabilities else None


def _listed(refs: Sequence[str] | Mapping[str, Any]) -> str:  # JSON
    return ", ".join(refs)
