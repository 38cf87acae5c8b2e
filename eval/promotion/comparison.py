"""Holds a challenger against the champion on everything a promotion depends on; promotes nothing."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.data.labelled import LabelledQuestion, LabelledText, MoodConversation
from eval.home import check_answers_known, open_index
from eval.promotion import flips, regression, speed
from eval.promotion.gates import (
    Gate,
    failures,
    growth_gate,
    paired_gate,
    regression_gate,
    risk_gate,
    time_gate,
)
from eval.results import INTERVAL, SuiteResult, Track, percentiles, untracked
from eval.suites import answers, mood, sentiment
from eval.suites.classifiers import head_in_service
from model.interfaces import Reader
from model.model_set import ModelSet
from model.resolver import Resolver
from serving.db.session import Database
from serving.runtime.assembly import resolver_of
from serving.settings import Settings

_MOST_TIMED = 300
_CHAMPION, _CHALLENGER = "champion", "challenger"
_ANSWERS, _MOOD, _SENTIMENT, _REGRESSION = "answers", "mood", "sentiment", "regression"


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
class Comparison:
    """Champion and challenger side by side, and whether the challenger may take over."""

    champion: str
    challenger: str
    figures: Mapping[str, Mapping[str, Any]]  # JSON
    """By `champion` and `challenger`: figures of what was held out, the cases, speed and size."""
    gates: tuple[Gate, ...]
    broken_cases: tuple[Mapping[str, Any], ...]  # JSON
    """Regression cases that the champion keeps and the challenger does not."""
    flips: SuiteResult
    notes: tuple[str, ...]
    """What could not be measured, and what to do about it."""
    items: tuple[Mapping[str, Any], ...]  # JSON
    """What became of each item, under `suite` and `set`; it holds customers' texts."""

    @property
    def failed(self) -> list[Gate]:
        """The gates that stop a promotion."""
        return failures(self.gates)

    def as_json(self) -> dict[str, Any]:  # JSON
        """Everything but the items."""
        return {
            "champion": self.champion,
            "challenger": self.challenger,
            "may_promote": not self.failed,
            "gates": [asdict(gate) for gate in self.gates],
            "figures": self.figures,
            "broken_cases": list(self.broken_cases),
            "flips": {**self.flips.figures, "items": list(self.flips.items)},
            "notes": list(self.notes),
        }


def compare(
    settings: Settings,
    *,
    champion: Contender,
    challenger: Contender,
    held_out: HeldOut,
    most_past: int,
    track: Track = untracked,
) -> Comparison:
    """Both sets on today's knowledge of the home: what was held out, cases, past decisions, speed, size.

    Each searches the index that its own encoder makes of it. `most_past` is how many past decisions are
    replayed, the newest. Raises `DataError` when the home knows none of the answers that they name.
    """
    indexes = {one.encoder.fingerprint: open_index(settings, one.encoder) for one in (champion, challenger)}
    questions, moods = held_out.questions, held_out.moods
    check_answers_known(questions, indexes[champion.encoder.fingerprint])
    with closing(Database(settings.database_url)) as database, database.reading() as session:
        cases = regression.read_cases(session)
        past = flips.read_past(session, settings, limit=most_past)
    before, after = (
        resolver_of(
            one.models,
            settings,
            one.encoder,
            indexes[one.encoder.fingerprint],
            risk=settings.risk_budget,
        )
        for one in (champion, challenger)
    )
    texts = [one.text for one in questions] or [one.turn.question.text for one in past]
    timed_texts = (texts or [case.text for case in cases])[:_MOST_TIMED]
    timed = speed.run(timed_texts, before, after, track=track)
    old, new = (
        _Side(
            results={
                _ANSWERS: answers.run(questions, resolver=resolver, track=track) if questions else _NOTHING,
                _MOOD: mood.run(moods, resolver=resolver, track=track) if moods else _NOTHING,
                _SENTIMENT: _sentiment(held_out.sentiments, resolver, one.encoder),
                _REGRESSION: regression.run(cases, resolver=resolver, track=track),
            },
            milliseconds=milliseconds,
            size_bytes=one.size_bytes,
        )
        for one, resolver, milliseconds in (
            (champion, before, timed.before),
            (challenger, after, timed.after),
        )
    )
    flipped = flips.run(past, champion=before, challenger=after, track=track)
    return Comparison(
        champion=champion.models.version,
        challenger=challenger.models.version,
        figures={_CHAMPION: _figures(old), _CHALLENGER: _figures(new)},
        gates=(
            *_gates(old, new, budget=settings.risk_budget),
            *_encoder_gates(champion, challenger),
        ),
        broken_cases=tuple(
            now
            for then, now in zip(old.items(_REGRESSION), new.items(_REGRESSION), strict=True)
            if then["kept"] and not now["kept"]
        ),
        flips=flipped,
        notes=_notes(questions, cases, past),
        items=(
            *_items(_CHAMPION, old),
            *_items(_CHALLENGER, new),
            *({"suite": "flips", **flip} for flip in flipped.items),
        ),
    )


def folder_bytes(folder: Path) -> int:
    """The size of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


_NOTHING = SuiteResult({}, ())


@dataclass(frozen=True, slots=True)
class _Side:
    """What was measured of one set."""

    results: Mapping[str, SuiteResult]
    """By suite."""
    milliseconds: NDArray[np.float64]
    """Of the same questions for both sides."""
    size_bytes: int

    def items(self, suite: str) -> tuple[Mapping[str, Any], ...]:  # JSON
        return self.results[suite].items


def _sentiment(rows: Sequence[LabelledText], resolver: Resolver, encoder: Reader) -> SuiteResult:
    if not rows:
        return _NOTHING
    head = head_in_service(resolver.models, _SENTIMENT, encoder, resolver.head_encoders)
    return sentiment.measure(rows, head)


def _figures(side: _Side) -> dict[str, Any]:  # JSON
    """Times are those measured side by side, not those of the suite."""
    asked = side.results[_ANSWERS].figures
    kept = side.results[_REGRESSION].figures
    times = percentiles(side.milliseconds) if len(side.milliseconds) else {"p50_ms": None, "p95_ms": None}
    return {
        **{key: value for key, value in asked.items() if key not in ("p50_ms", "p95_ms")},
        **{
            f"{suite}_{key}": side.results[suite].figures[key]
            for suite, names in _SHOWN.items()
            if side.results[suite].figures
            for name in names
            for key in (name, name + INTERVAL)
        },
        "regression_cases": kept["n"],
        "regression_cases_kept": kept["kept"],
        **times,
        "size_mb": side.size_bytes / 1e6,
    }


def _gates(old: _Side, new: _Side, *, budget: float) -> tuple[Gate, ...]:
    outcomes = [item["outcome"] for item in new.items(_ANSWERS)]
    wrong = outcomes.count("answered_wrong")
    return (
        regression_gate(*([item["kept"] for item in side.items(_REGRESSION)] for side in (old, new))),
        *(paired_gate(name, one.flags(old), one.flags(new), of=one.of) for name, one in _WENT_WELL.items()),
        risk_gate(wrong, wrong + outcomes.count("answered_right"), budget=budget),
        time_gate(old.milliseconds, new.milliseconds, rng=np.random.default_rng(0)),
        growth_gate("size_mb", old.size_bytes / 1e6, new.size_bytes / 1e6, unit="MB"),
    )


def _encoder_gates(champion: Contender, challenger: Contender) -> list[Gate]:
    """What another encoder asks for more than the champion's."""
    if champion.encoder.fingerprint == challenger.encoder.fingerprint:
        return []
    before, after = champion.encoder_bytes / 1e6, challenger.encoder_bytes / 1e6
    return [growth_gate("encoder_mb", before, after, unit="MB")]


def _handed_over(item: Mapping[str, Any]) -> bool | None:  # JSON
    return item["outcome"] == "handed_over" if item["kind"] == "needs_person" else None


def _best_right(item: Mapping[str, Any]) -> bool | None:  # JSON
    return item["best_ref"] in item["right_refs"] if item["kind"] == "answerable" else None


def _intent_right(item: Mapping[str, Any]) -> bool | None:  # JSON
    return item["intent"] == item["right_intent"] if item["right_intent"] is not None else None


def _noticed(item: Mapping[str, Any]) -> bool | None:  # JSON
    return item["warned_at"] is not None if item["at"] is not None else None


def _left_alone(item: Mapping[str, Any]) -> bool | None:  # JSON
    return item["warned_at"] is None if item["at"] is None else None


@dataclass(frozen=True, slots=True)
class _Counted:
    """Items of a suite that go well or not."""

    of: str
    went_well: Callable[[Mapping[str, Any]], bool | None]  # JSON
    """Whether it went well with an item; `None` where that is not asked of it."""
    suite: str = _ANSWERS

    def flags(self, side: _Side) -> list[bool]:
        return [flag for item in side.items(self.suite) if (flag := self.went_well(item)) is not None]


_WENT_WELL: Mapping[str, _Counted] = {
    "answered_right": _Counted("questions answered right", lambda item: item["outcome"] == "answered_right"),
    "answered_wrong": _Counted(
        "questions without a wrong answer", lambda item: item["outcome"] != "answered_wrong"
    ),
    "best_right": _Counted("answerable questions whose best candidate is right", _best_right),
    "people_reached": _Counted("questions for people handed over", _handed_over),
    "intent_right": _Counted("questions with their intent understood", _intent_right),
    "unhappy_noticed": _Counted("unhappy conversations noticed in time", _noticed, _MOOD),
    "calm_left_alone": _Counted("calm conversations without a false alarm", _left_alone, _MOOD),
    "sentiment_right": _Counted(
        "messages with their sentiment read right",
        lambda item: item["predicted"] == item["label"],
        _SENTIMENT,
    ),
}
"""By gate."""
_SHOWN = {_MOOD: ("warned", "false_alarms"), _SENTIMENT: ("accuracy", "macro_recall")}
"""Figures told under the name of their suite, where it was measured."""


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


def _items(name: str, side: _Side) -> list[Mapping[str, Any]]:  # JSON
    return [
        {"suite": suite, "set": name, **item}
        for suite, result in side.results.items()
        for item in result.items
    ]
