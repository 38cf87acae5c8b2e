"""The model sets and whether anything has moved, for those who may change models; it changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from knowledge.text import capitalised
from serving.console.routing import PageRoute
from serving.console.shell import CurrentVisit, needs
from serving.console.words import count_words
from serving.drift.report import Comparison, DriftReport
from serving.drift.words import AGAINST, TITLES, change_words, evidence_words, set_words, share_words
from serving.models.service import KnownSet, known_sets

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[needs("models:write")])

MAX_SETS = 20


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One comparison in words."""

    title: str
    verdict: str
    changes: tuple[str, ...]
    numbers: str
    """How many questions it rests on and how strong it is, or why nothing was compared."""


@dataclass(frozen=True, slots=True)
class MovedCard:
    """A signal that moved, beside one reference or both."""

    title: str
    changes: tuple[tuple[str, str], ...]
    """Beside what, and from what to what."""
    what_to_do: tuple[str, ...]
    examples: tuple[str, ...]
    """Conversations."""


@dataclass(frozen=True, slots=True)
class SetRow:
    """One model set in words."""

    known: KnownSet
    calibrated_on: str
    intents: str
    answers: str


@router.get("/models")
def models_page(visit: CurrentVisit) -> Response:
    """What has moved and what to do, then the sets, the last first."""
    report = visit.runtime.drift.report()
    sets = known_sets(visit.runtime.settings.models_folder, visit.runtime.resolver)
    budget = visit.runtime.settings.risk_budget
    context = {
        "report": report,
        "headline": headline(report),
        "moved": moved_cards(report),
        "rows": [drift_row(one) for one in report.comparisons],
        "other_set": set_words(report.model, report.model_since)
        if report.model and report.model_since
        else "",
        "sets": [set_row(known, budget=budget) for known in sets[:MAX_SETS]],
        "more": len(sets) > MAX_SETS,
    }
    return visit.show("models", "models/page.html", context)


def headline(report: DriftReport) -> str:
    """Whether anything has moved, in a sentence."""
    compared = [one for one in report.comparisons if one.verdict != "unknown"]
    since = f"{report.watched_since.day} {report.watched_since:%b %Y}"
    if not compared:
        return "Nothing can be compared yet: the list tells why."
    if report.moved:
        return f"{count_words(len(moved_cards(report)), 'thing')} moved since {since}."
    watched = [TITLES[one.signal] for one in compared if one.verdict == "watch"]
    if watched:
        return (
            f"Nothing is sure to have moved since {since}. Look again in some days at: {', '.join(watched)}."
        )
    return f"Nothing has moved since {since}."


def moved_cards(report: DriftReport) -> list[MovedCard]:
    """What moved, a card for each signal; what to do stands on it once."""
    by_signal: dict[str, list[Comparison]] = {}
    for one in report.moved:
        by_signal.setdefault(one.signal, []).append(one)
    return [
        MovedCard(
            title=TITLES[signal],
            changes=tuple(
                (f"Beside {AGAINST[one.against]}", _change_words(one, place))
                for one in ones
                for place in range(len(one.changes))
            ),
            what_to_do=tuple(
                dict.fromkeys(_sentence(part) for one in ones for part in one.what_to_do.split("; "))
            ),
            examples=ones[0].changes[0].examples,
        )
        for signal, ones in by_signal.items()
    ]


def drift_row(one: Comparison) -> DriftRow:
    """The comparison in words."""
    numbers = _sentence(one.what_to_do)
    if one.verdict != "unknown":
        words = evidence_words(one.evidence, one.needed)
        numbers = f"{one.reference_n:,} then, {one.n:,} now; evidence: {words}"
    return DriftRow(
        title=f"{TITLES[one.signal]}, beside {AGAINST[one.against]}",
        verdict=one.verdict,
        changes=tuple(_change_words(one, place) for place in range(len(one.changes))),
        numbers=numbers,
    )


def _change_words(one: Comparison, place: int) -> str:
    change = one.changes[place]
    words = change_words(one.signal, change.label, change.reference, change.now)
    return words.replace(" %", "\N{NO-BREAK SPACE}%")


def _sentence(words: str) -> str:
    return f"{capitalised(words)}."


def set_row(known: KnownSet, *, budget: float) -> SetRow:
    """What the set's card tells, in words; a dash for what it does not."""
    metrics, parameters = _mapping(known.card, "metrics"), _mapping(known.card, "parameters")
    accuracy, labels = metrics.get("intent.accuracy"), parameters.get("intent.labels")
    coverage = metrics.get(f"answers.coverage_at_risk_{budget}")
    return SetRow(
        known=known,
        calibrated_on=capitalised(str(parameters.get("calibrated_on", "–"))),
        intents=f"{labels}, {share_words(accuracy)} read right"
        if isinstance(accuracy, float) and labels
        else "–",
        answers=f"{share_words(coverage)} at a budget of {share_words(budget)}"
        if isinstance(coverage, float)
        else "–",
    )


def _mapping(card: Mapping[str, Any], key: str) -> Mapping[str, Any]:  # JSON
    found = card.get(key)
    return found if isinstance(found, Mapping) else {}
