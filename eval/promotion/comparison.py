"""Holds a challenger against the champion on everything a promotion depends on; promotes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.data.labelled import LabelledQuestion, LabelledText, MoodConversation
from eval.home import check_answers_known, open_index, open_store
from eval.promotion import flips, regression, speed
from eval.promotion.flips import Flips
from eval.promotion.gates import (
    Gate,
    failures,
    fewer_gate,
    paired_gate,
    reach_gate,
    regression_gate,
    risk_gate,
    size_gate,
    time_gate,
)
from eval.promotion.regression import CaseItem
from eval.promotion.speed import Timing
from eval.replay.caching_encoder import CachingEncoder
from eval.results import Track, figures_json, percentiles, untracked
from eval.suites import answers, mood, sentiment
from eval.suites.answers import Answered
from eval.suites.classifiers import head_in_service
from eval.suites.mood import MoodWarnings
from eval.suites.sentiment import Sentiments
from model.interfaces import Reader
from model.model_set import ModelSet
from model.refs import ref_kind
from model.resolver import Resolver
from serving.runtime.loading import resolver_of
from serving.settings import Settings

_MOST_TIMED = 300
_NO_TIMES: dict[str, float | None] = {"p50_ms": None, "p95_ms": None}


@dataclass(frozen=True, slots=True)
class Contender:
    """A model set with its encoder and the size of its files."""

    models: ModelSet
    size_bytes: int
    """All of it is held in memory when it serves."""
    encoder: Reader
    """What the set was trained on; two sets on one encoder share it."""
    encoder_bytes: int


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What neither set was fitted on; what is missing is not compared."""

    questions: Sequence[LabelledQuestion] = ()
    moods: Sequence[MoodConversation] = ()
    sentiments: Sequence[LabelledText] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """What was measured of one set; `None` where nothing was held out to measure it on."""

    version: str
    answers: Answered | None
    moods: MoodWarnings | None
    sentiments: Sentiments | None
    cases: tuple[CaseItem, ...]
    milliseconds: NDArray[np.float64]
    """Of the same questions for both sets, side by side; empty where there were none."""
    size_bytes: int

    def figures_json(self) -> dict[str, Any]:  # JSON
        """What was held out, the cases, speed and size; times are those measured side by side."""
        figures: dict[str, Any] = figures_json(self.answers.figures) if self.answers else {}
        if self.moods:
            warnings = self.moods.figures
            figures |= warnings.warned.under("mood_warned") | warnings.false_alarms.under("mood_false_alarms")
        if self.sentiments:
            of_sentiment = self.sentiments.figures
            figures |= of_sentiment.accuracy.under("sentiment_accuracy")
            figures |= of_sentiment.macro_recall.under("sentiment_macro_recall")
        return {
            **figures,
            "regression_cases": len(self.cases),
            "regression_cases_kept": sum(case.kept for case in self.cases),
            **(percentiles(self.milliseconds) if len(self.milliseconds) else _NO_TIMES),
            "size_mb": self.size_bytes / 1e6,
        }

    def items_json(self, name: str) -> Iterator[dict[str, Any]]:  # JSON
        """What became of each item, under its suite and the name of the set."""
        by_suite = {
            "answers": self.answers.items_json if self.answers else (),
            "mood": self.moods.items_json if self.moods else (),
            "sentiment": self.sentiments.items_json if self.sentiments else (),
            "regression": [asdict(case) for case in self.cases],
        }
        for suite, items in by_suite.items():
            yield from ({"suite": suite, "set": name, **item} for item in items)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Champion and challenger side by side, and whether the challenger may take over."""

    champion_side: Side
    challenger_side: Side
    gates: tuple[Gate, ...]
    flips: Flips
    notes: tuple[str, ...]
    """What could not be measured, and what to do about it."""

    @property
    def champion(self) -> str:
        """The version in service."""
        return self.champion_side.version

    @property
    def challenger(self) -> str:
        """The version that asks to replace it."""
        return self.challenger_side.version

    @property
    def failed(self) -> list[Gate]:
        """The gates that stop a promotion."""
        return failures(self.gates)

    @property
    def broken_cases(self) -> list[CaseItem]:
        """Regression cases that the champion keeps and the challenger does not, as the latter took them."""
        pairs = zip(self.champion_side.cases, self.challenger_side.cases, strict=True)
        return [now for then, now in pairs if then.kept and not now.kept]

    @property
    def figures(self) -> dict[str, dict[str, Any]]:  # JSON
        """By `champion` and `challenger`."""
        return {
            "champion": self.champion_side.figures_json(),
            "challenger": self.challenger_side.figures_json(),
        }

    @property
    def items(self) -> list[dict[str, Any]]:  # JSON
        """What became of each item, under `suite` and `set`; it holds customers' texts."""
        return [
            *self.champion_side.items_json("champion"),
            *self.challenger_side.items_json("challenger"),
            *({"suite": "flips", **flip} for flip in self.flips.items),
        ]

    def as_json(self) -> dict[str, Any]:  # JSON
        """Everything but the items."""
        return {
            "champion": self.champion,
            "challenger": self.challenger,
            "may_promote": not self.failed,
            "gates": [asdict(gate) for gate in self.gates],
            "figures": self.figures,
            "broken_cases": [asdict(case) for case in self.broken_cases],
            "flips": {**self.flips.figures, "items": self.flips.items},
            "notes": list(self.notes),
        }


def compare(
    settings: Settings,
    *,
    champion: Contender,
    challenger: Contender,
    held_out: HeldOut,
    most_past: int,
    timing: Timing = Timing(),
    track: Track = untracked,
) -> Comparison:
    """Both sets on today's knowledge of the home: what was held out, cases, past decisions, speed, size.

    Each searches the index that its own encoder makes of it. `most_past` is how many past decisions are
    replayed, the newest. Raises `DataError` when the home knows none of the answers that they name.
    """
    indexes = {
        contender.encoder.fingerprint: open_index(settings, contender.encoder)
        for contender in (champion, challenger)
    }
    moods, known = held_out.moods, indexes[champion.encoder.fingerprint]
    check_answers_known(held_out.questions, known)
    with open_store(settings) as session:
        cases = regression.read_cases(session)
        past = flips.read_past(session, settings, limit=most_past)
    given = {ref for ref in known.refs() if not known.passages_of(ref)[0].for_people}
    questions = regression.as_approved(held_out.questions, cases, given=given)
    before, after = (
        resolver_of(
            contender.models,
            settings,
            contender.encoder,
            indexes[contender.encoder.fingerprint],
            risk=settings.risk_budget,
        )
        for contender in (champion, challenger)
    )
    texts = [question.text for question in questions] or [decision.turn.question.text for decision in past]
    timed_texts = (texts or [case.text for case in cases])[:_MOST_TIMED]
    timed = speed.run(timed_texts, before, after, timing=timing, track=track)
    readers = {one.encoder.fingerprint: CachingEncoder(one.encoder) for one in (champion, challenger)}
    before = before.reading_by(readers[champion.encoder.fingerprint])  # untimed, once for both
    after = after.reading_by(readers[challenger.encoder.fingerprint])
    old, new = (
        Side(
            version=one.models.version,
            answers=answers.measure(questions, resolver=resolver, track=track) if questions else None,
            moods=mood.measure(moods, resolver=resolver, track=track) if moods else None,
            sentiments=_sentiments(held_out.sentiments, resolver, readers[one.encoder.fingerprint]),
            cases=regression.run(cases, resolver=resolver, track=track),
            milliseconds=milliseconds,
            size_bytes=one.size_bytes,
        )
        for one, resolver, milliseconds in (
            (champion, before, timed.before),
            (challenger, after, timed.after),
        )
    )
    encoder_gates = []
    if len(indexes) > 1:  # another encoder than the champion's
        sizes = champion.encoder_bytes / 1e6, challenger.encoder_bytes / 1e6
        encoder_gates.append(size_gate("encoder_mb", *sizes))
    flipped = flips.run(past, champion=before, challenger=after, track=track)
    index = indexes[challenger.encoder.fingerprint]
    kinds = {kind for kind in map(ref_kind, index.refs()) if kind is not None}
    return Comparison(
        champion_side=old,
        challenger_side=new,
        gates=(
            *_gates(old, new, budget=settings.risk_budget),
            reach_gate(
                challenger.models.calibration,
                budget=settings.risk_budget,
                kinds=kinds,
                champion=champion.models.calibration,
            ),
            _fewer_gate(old, new, flipped),
            size_gate("size_mb", old.size_bytes / 1e6, new.size_bytes / 1e6, passages=len(index)),
            *encoder_gates,
        ),
        flips=flipped,
        notes=_notes(questions, cases, past),
    )


def folder_bytes(folder: Path) -> int:
    """The size of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _sentiments(rows: Sequence[LabelledText], resolver: Resolver, encoder: Reader) -> Sentiments | None:
    if not rows:
        return None
    return sentiment.measure(
        rows, head_in_service(resolver.models, "sentiment", encoder, resolver.head_encoders)
    )


def _gates(old: Side, new: Side, *, budget: float) -> tuple[Gate, ...]:
    before, after = _went_well(old), _went_well(new)
    answered = new.answers.figures.n_answered if new.answers else 0
    wrong = after["answered_wrong"].count(False)
    return (
        regression_gate([case.kept for case in old.cases], [case.kept for case in new.cases]),
        *(paired_gate(name, before[name], after[name], of=of) for name, of in _COUNTED.items()),
        risk_gate(wrong, answered, budget=budget),
        time_gate(old.milliseconds, new.milliseconds, rng=np.random.default_rng(0)),
    )


def _fewer_gate(old: Side, new: Side, flipped: Flips) -> Gate:
    """On the held-out questions that have an answer, and on the past ones."""
    before, after = (
        [item.ref is not None for item in side.answers.items if item.kind == "answerable"]
        if side.answers
        else []
        for side in (old, new)
    )
    past_before, past_after = flipped.champion_answered, flipped.challenger_answered
    return fewer_gate((*before, *past_before), (*after, *past_after))


_COUNTED = {
    "answered_right": "questions answered right",
    "answered_wrong": "questions without a wrong answer",
    "best_right": "answerable questions whose best candidate is right",
    "people_reached": "questions for people handed over",
    "intent_right": "questions with their intent understood",
    "unhappy_noticed": "unhappy conversations noticed in time",
    "calm_left_alone": "calm conversations without a false alarm",
    "sentiment_right": "messages with their sentiment read right",
}
"""By gate, what is counted."""
GATE_NAMES = frozenset(
    {
        *_COUNTED,
        "regression_cases",
        "risk_budget",
        "p50_ms",
        "p95_ms",
        "answers_nothing",
        "answers_far_fewer",
        "size_mb",
        "encoder_mb",
    }
)
"""All that a comparison may ask."""


def _went_well(side: Side) -> dict[str, list[bool]]:
    """By gate, whether it went well with each item that this is asked of: the same items of both sides."""
    asked = side.answers.items if side.answers else ()
    moods = side.moods.items if side.moods else ()
    messages = side.sentiments.items if side.sentiments else ()
    return {
        "answered_right": [item.outcome == "answered_right" for item in asked],
        "answered_wrong": [item.outcome != "answered_wrong" for item in asked],
        "best_right": [item.best_is_right for item in asked if item.best_is_right is not None],
        "people_reached": [item.reached_a_person for item in asked if item.reached_a_person is not None],
        "intent_right": [item.intent_is_right for item in asked if item.intent_is_right is not None],
        "unhappy_noticed": [item.noticed_in_time for item in moods if item.noticed_in_time is not None],
        "calm_left_alone": [item.left_alone for item in moods if item.left_alone is not None],
        "sentiment_right": [item.right for item in messages],
    }


def _notes(
    questions: Sequence[LabelledQuestion],
    cases: Sequence[regression.Case],
    past: Sequence[flips.PastDecision],
) -> tuple[str, ...]:
    notes = []
    if not questions:
        notes.append(
            "no held-out questions: answers, risk and intents are not compared; name a company folder "
            "with test/questions.jsonl by --data"
        )
    if not cases:
        notes.append("no regression cases: no learned answer is approved yet")
    if not past:
        notes.append("no past decisions to replay: nobody has asked yet")
    return tuple(notes)
