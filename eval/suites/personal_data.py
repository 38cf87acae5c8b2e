"""How much planted personal data the detector finds, and how much of what it finds is some; fits nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eval.data.planted import Planted, PlantedText
from eval.results import Figure, SuiteResult
from knowledge.privacy.detection import Known, find_personal_data
from knowledge.privacy.places import KINDS, Place


@dataclass(frozen=True, slots=True)
class PersonalDataItem:
    """What was found in one text."""

    text: PlantedText
    found: tuple[Place, ...]
    """What is sure."""
    in_doubt: tuple[Place, ...]

    @property
    def missed(self) -> list[Planted]:
        """The planted places of which a letter or digit is left."""
        covered = _covered(self.found)
        return [one for one in self.text.planted if not _signs(self.text.text, one.begin, one.end) <= covered]

    @property
    def wrong(self) -> list[Place]:
        """What was found of which less than half of the letters and digits was planted."""
        planted = _covered(self.text.planted)
        return [place for place in self.found if not self._is_right(place, planted)]

    def _is_right(self, place: Place, planted: set[int]) -> bool:
        signs = _signs(self.text.text, place.begin, place.end)
        return 2 * len(signs & planted) >= len(signs)


def measure(texts: Sequence[PlantedText]) -> list[PersonalDataItem]:
    """The detector's word on each text."""
    return [_item(text) for text in texts]


def run(texts: Sequence[PlantedText]) -> SuiteResult:
    """Precision and recall over all texts, by kind and by half, with Wilson's intervals.

    Recall is of planted places, found whole whatever kind they were taken for; precision of what was found
    for sure. `decoys_kept` is the share of what only looks like personal data that was left alone.
    """
    items = measure(texts)
    figures = {**_figures(items), "by_kind": _by_kind(items)}
    halves = sorted({text.half for text in texts} - {""})
    figures["halves"] = {half: _of_half(items, half) for half in halves}
    return SuiteResult(figures, tuple(map(_item_json, items)))


def _item(text: PlantedText) -> PersonalDataItem:
    known = Known(names=(text.contact_name,) if text.contact_name else (), public=text.public)
    places = find_personal_data(text.text, known)
    return PersonalDataItem(
        text,
        tuple(place for place in places if place.sure),
        tuple(place for place in places if not place.sure),
    )


def _figures(items: Sequence[PersonalDataItem]) -> dict[str, Any]:  # JSON
    planted = sum(len(item.text.planted) for item in items)
    found = sum(len(item.found) for item in items)
    missed, wrong = sum(len(item.missed) for item in items), sum(len(item.wrong) for item in items)
    decoys, kept = _decoys(items)
    return {
        "n": len(items),
        "planted": planted,
        "found": found,
        **Figure.share(planted - missed, planted).under("recall"),
        **Figure.share(found - wrong, found).under("precision"),
        "decoys": decoys,
        **Figure.share(kept, decoys).under("decoys_kept"),
        "in_doubt": sum(len(item.in_doubt) for item in items),
    }


def _of_half(items: Sequence[PersonalDataItem], half: str) -> dict[str, Any]:  # JSON
    own = [item for item in items if item.text.half == half]
    return {**_figures(own), "by_kind": _by_kind(own)}


def _by_kind(items: Sequence[PersonalDataItem]) -> dict[str, dict[str, Any]]:  # JSON
    planted = Counter(one.kind for item in items for one in item.text.planted)
    missed = Counter(one.kind for item in items for one in item.missed)
    found = Counter(place.kind for item in items for place in item.found)
    wrong = Counter(place.kind for item in items for place in item.wrong)
    return {
        kind: {
            "planted": planted[kind],
            **Figure.share(planted[kind] - missed[kind], planted[kind]).under("recall"),
            "found": found[kind],
            **Figure.share(found[kind] - wrong[kind], found[kind]).under("precision"),
        }
        for kind in KINDS
        if planted[kind] or found[kind]
    }


def _decoys(items: Sequence[PersonalDataItem]) -> tuple[int, int]:
    """How many things only look like personal data, and how many of them nothing was found in."""
    decoys = kept = 0
    for item in items:
        covered = _covered(item.found)
        places = item.text.stays or (((0, len(item.text.text)),) if not item.text.planted else ())
        decoys += len(places)
        kept += sum(covered.isdisjoint(range(begin, end)) for begin, end in places)
    return decoys, kept


def _covered(places: Sequence[Place] | Sequence[Planted]) -> set[int]:
    return {position for place in places for position in range(place.begin, place.end)}


def _signs(text: str, begin: int, end: int) -> set[int]:
    return {position for position in range(begin, end) if text[position].isalnum()}


def _item_json(item: PersonalDataItem) -> dict[str, Any]:  # JSON
    text = item.text.text
    return {
        "text": text,
        "template": item.text.template,
        "half": item.text.half,
        "missed": [[one.begin, one.end, one.kind] for one in item.missed],
        "wrong": [[place.begin, place.end, place.kind] for place in item.wrong],
        "in_doubt": [[place.begin, place.end, place.kind] for place in item.in_doubt],
    }
