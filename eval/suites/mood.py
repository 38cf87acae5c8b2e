"""The mood as a warning: whether it calls a person before an unhappy customer does; chooses no level."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from eval.data.labelled import MoodConversation
from eval.metrics.intervals import Rows, bootstrap
from eval.report.charts import Chart, Curve
from eval.results import Figure, SuiteResult, Track, figures_json, untracked
from model.policy import PolicySettings, mood_reason
from model.resolver import Resolver
from model.types import Question, Understanding

SEED = 0
FALSE_ALARMS = 0.05
"""The share of calm conversations that warnings are compared at."""

_STEPS = np.linspace(0, 1, 201)
"""From the least to the most easily alarmed level of each trigger that the curves are drawn through."""


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """A customer's turn as the bot reads it."""

    place: int
    """Among all turns, from 0."""
    question: Question
    read: Understanding


@dataclass(frozen=True, slots=True)
class ReadConversation:
    """A conversation with its customer's turns read in order, the mood carried on."""

    labelled: MoodConversation
    turns: tuple[ReadTurn, ...]

    @property
    def before_event(self) -> int:
        """How many of the customer's turns lie before what a warning is for; all of a calm conversation."""
        return len(self.labelled.before_event)


@dataclass(frozen=True, slots=True)
class MoodItem:
    """What became of one conversation."""

    id: str
    outcome: str
    at: int | None
    """Where a warning is too late; `None` for a calm conversation."""
    warned_at: int | None
    """The place of the first turn whose mood calls for a person, if it is in time."""
    reason: str | None
    turns_before: int | None
    sentiments: tuple[float, ...]
    moods: tuple[float, ...]
    unhappy: tuple[float, ...]

    @property
    def noticed_in_time(self) -> bool | None:
        """Whether an unhappy conversation was; `None` for a calm one."""
        return self.warned_at is not None if self.at is not None else None

    @property
    def left_alone(self) -> bool | None:
        """Whether a calm conversation had no false alarm; `None` for an unhappy one."""
        return self.warned_at is None if self.at is None else None


@dataclass(frozen=True, slots=True)
class WarningFigures:
    """How well a rule warns, over all conversations.

    - `false_alarms`: share of calm conversations with a warning; `warned`: share of unhappy ones with one
      before the event; `precision`: share of unhappy ones among those with one.
    - `turns_before`: mean of the customer's turns from the warning to the event, over warned conversations,
      1 being the last turn before it; `turns_before_median`; both by bootstrap.
    """

    false_alarms: Figure
    warned: Figure
    precision: Figure
    turns_before: Figure
    turns_before_median: Figure


@dataclass(frozen=True, slots=True)
class MoodWarnings:
    """What the mood's trigger makes of conversations, one by one and all together."""

    figures: WarningFigures
    items: tuple[MoodItem, ...]

    @property
    def items_json(self) -> tuple[dict[str, Any], ...]:  # JSON
        """The items as they are written."""
        return tuple(asdict(item) for item in self.items)


Rule = Callable[[ReadTurn], str | None]
"""Why a turn calls for a person, `None` when it does not."""


def measure(
    conversations: Sequence[MoodConversation],
    *,
    resolver: Resolver,
    seed: int = SEED,
    track: Track = untracked,
) -> MoodWarnings:
    """Reads each conversation turn by turn as in service, up to the first whose mood calls for a person."""
    read = [read_conversation(one, resolver) for one in track(conversations, doing="Reading conversations")]
    return _measured(read, resolver.policy, np.random.default_rng(seed))


def run(
    conversations: Sequence[MoodConversation],
    *,
    resolver: Resolver,
    seed: int = SEED,
    track: Track = untracked,
) -> SuiteResult:
    """The figures of `measure`, and beside them what other rules and levels would make of the conversations.

    - `at_5_percent`: the greatest share warned by any level while at most 5 % of the calm conversations are,
      for the trigger as it is, by the running mood alone, and by the last message alone: found on these very
      conversations, in hindsight, so good for comparing the three but no promise.
    - `last_message_negative`: the same figures for the simplest rule, a last message read as negative.

    Chart `mood_warning`: share warned against false alarms, over all levels.
    """
    rng = np.random.default_rng(seed)
    read = [read_conversation(one, resolver) for one in track(conversations, doing="Reading conversations")]
    settings = resolver.policy
    warnings = _measured(read, settings, rng)
    curves = {name: _curve(read, make) for name, make in _by_level(settings).items()}
    negative = _figures(read, [_first(one, _is_negative) for one in read], rng)
    figures = {
        "n": len(read),
        "n_calm": sum(one.labelled.is_calm for one in read),
        "n_unhappy": sum(not one.labelled.is_calm for one in read),
        **figures_json(warnings.figures),
        "warned_by_outcome": _by_outcome(warnings.items),
        "reasons": dict(Counter(item.reason for item in warnings.items if item.reason)),
        "at_5_percent": {key: value for pair in curves.items() for key, value in _at(*pair).items()},
        "last_message_negative": figures_json(negative),
        "unhappy": settings.unhappy,
        "mood_low": settings.mood_low,
        "mood_fall": settings.mood_fall,
        "seed": seed,
    }
    return SuiteResult(figures, warnings.items_json, {"mood_warning": _chart(curves)})


def _measured(
    read: Sequence[ReadConversation], settings: PolicySettings, rng: np.random.Generator
) -> MoodWarnings:
    warnings = [_first(one, lambda turn: mood_reason(turn.question, turn.read, settings)) for one in read]
    return MoodWarnings(_figures(read, warnings, rng), tuple(map(_item, read, warnings)))


def read_conversation(conversation: MoodConversation, resolver: Resolver) -> ReadConversation:
    """The customer's turns as the bot understands them one after the other, as if it always went on."""
    turns: list[ReadTurn] = []
    mood = 0.0
    for place, turn in enumerate(conversation.turns):
        if turn.author != "customer":
            continue
        question = Question(turn.text, history=conversation.turns[:place], mood=mood)
        turns.append(ReadTurn(place, question, resolver.read(question).understanding))
        mood = turns[-1].read.mood
    return ReadConversation(conversation, tuple(turns))


@dataclass(frozen=True, slots=True)
class _Warning:
    turn: int
    """Among the customer's turns, from 0."""
    reason: str


@dataclass(frozen=True, slots=True)
class _Point:
    """Conversations noticed at one level."""

    false_alarms: int
    calm: int
    warned: int
    unhappy: int


def _first(conversation: ReadConversation, rule: Rule) -> _Warning | None:
    """The first turn that calls for a person, if it lies before the event."""
    for place, turn in enumerate(conversation.turns[: conversation.before_event]):
        reason = rule(turn)
        if reason is not None:
            return _Warning(place, reason)
    return None


def _is_negative(turn: ReadTurn) -> str | None:
    return "negative" if turn.read.sentiment == "negative" else None


def _figures(
    read: Sequence[ReadConversation], warnings: Sequence[_Warning | None], rng: np.random.Generator
) -> WarningFigures:
    pairs = list(zip(read, warnings, strict=True))
    calm = [warning is not None for one, warning in pairs if one.labelled.is_calm]
    unhappy = [(one, warning) for one, warning in pairs if not one.labelled.is_calm]
    ahead = np.array([one.before_event - warning.turn for one, warning in unhappy if warning], dtype=float)
    return WarningFigures(
        false_alarms=Figure.share(sum(calm), len(calm)),
        warned=Figure.share(len(ahead), len(unhappy)),
        precision=Figure.share(len(ahead), len(ahead) + sum(calm)),
        turns_before=_resampled(lambda rows: float(ahead[rows].mean()), len(ahead), rng),
        turns_before_median=_resampled(lambda rows: float(np.median(ahead[rows])), len(ahead), rng),
    )


def _resampled(statistic: Callable[[Rows], float], n: int, rng: np.random.Generator) -> Figure:
    if not n:
        return Figure(None, None)
    return Figure(statistic(np.arange(n)), bootstrap(statistic, n, rng=rng))


def _by_outcome(items: Sequence[MoodItem]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for item in items:
        counts = found.setdefault(item.outcome, {"n": 0, "warned": 0})
        counts["n"] += 1
        counts["warned"] += item.warned_at is not None
    return found


def _by_level(settings: PolicySettings) -> dict[str, Callable[[float], Rule]]:
    """For each trigger compared, its rule at a step from 0, alarmed by next to nothing, to 1."""

    def trigger(step: float, turn: ReadTurn) -> str | None:
        return mood_reason(turn.question, turn.read, replace(settings, unhappy=1 - step))

    return {
        "trigger": lambda step: partial(trigger, step),
        "mood": lambda step: lambda turn: "low" if turn.read.mood <= step - 1 else None,
        "last_message": lambda step: lambda turn: "low" if turn.read.sentiment_score <= step - 1 else None,
    }


def _curve(read: Sequence[ReadConversation], make: Callable[[float], Rule]) -> list[_Point]:
    """What becomes of the conversations at each step."""
    points = []
    for step in _STEPS:
        rule = make(float(step))
        noticed = [_first(one, rule) is not None for one in read]
        calm = [found for one, found in zip(read, noticed, strict=True) if one.labelled.is_calm]
        unhappy = [found for one, found in zip(read, noticed, strict=True) if not one.labelled.is_calm]
        points.append(_Point(sum(calm), len(calm), sum(unhappy), len(unhappy)))
    return points


def _at(name: str, curve: Sequence[_Point]) -> dict[str, Any]:  # JSON
    """The most warned by any level with few enough false alarms."""
    few = [point for point in curve if point.false_alarms <= FALSE_ALARMS * point.calm]
    return Figure.share(max((point.warned for point in few), default=0), curve[0].unhappy).under(name)


def _chart(curves: Mapping[str, Sequence[_Point]]) -> Chart:
    return Chart(
        "Warned before the event, over the level of the trigger",
        "share of calm conversations with a false alarm",
        "share of unhappy conversations warned",
        tuple(
            Curve(
                name.replace("_", " "),
                [point.false_alarms / max(1, point.calm) for point in curve],
                [point.warned / max(1, point.unhappy) for point in curve],
            )
            for name, curve in curves.items()
        ),
    )


def _item(one: ReadConversation, warning: _Warning | None) -> MoodItem:
    return MoodItem(
        id=one.labelled.id,
        outcome=one.labelled.outcome,
        at=one.labelled.at,
        warned_at=one.turns[warning.turn].place if warning else None,
        reason=warning.reason if warning else None,
        turns_before=one.before_event - warning.turn if warning and not one.labelled.is_calm else None,
        sentiments=tuple(round(turn.read.sentiment_score, 4) for turn in one.turns),
        moods=tuple(round(turn.read.mood, 4) for turn in one.turns),
        unhappy=tuple(round(turn.read.unhappy, 4) for turn in one.turns),
    )
