"""The mood as a warning: whether it calls a person before an unhappy customer does; chooses no level."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.data.labelled import MoodConversation
from eval.results import Figure, SuiteResult, Track, figures_json, untracked
from model.policy import mood_reason
from model.resolver import Resolver
from model.types import Question, Understanding

SEED = 0


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


def measure(
    conversations: Sequence[MoodConversation],
    *,
    resolver: Resolver,
    seed: int = SEED,
    track: Track = untracked,
) -> MoodWarnings:
    """Reads each conversation turn by turn as in service, up to the first whose mood calls for a person."""
    read = [
        read_conversation(conversation, resolver)
        for conversation in track(conversations, doing="Reading conversations")
    ]
    warnings = [_first_warning(conversation, resolver) for conversation in read]
    figures = _figures(read, warnings, np.random.default_rng(seed))
    return MoodWarnings(figures, tuple(map(_item, read, warnings)))


def run(
    conversations: Sequence[MoodConversation],
    *,
    resolver: Resolver,
    seed: int = SEED,
    track: Track = untracked,
) -> SuiteResult:
    """The figures of `measure`, by outcome and reason too, and the levels that the resolver goes by."""
    warnings = measure(conversations, resolver=resolver, seed=seed, track=track)
    n_calm = sum(conversation.is_calm for conversation in conversations)
    by_outcome: dict[str, dict[str, int]] = {}
    for item in warnings.items:
        counts = by_outcome.setdefault(item.outcome, {"n": 0, "warned": 0})
        counts["n"] += 1
        counts["warned"] += item.warned_at is not None
    figures = {
        "n": len(conversations),
        "n_calm": n_calm,
        "n_unhappy": len(conversations) - n_calm,
        **figures_json(warnings.figures),
        "warned_by_outcome": by_outcome,
        "reasons": dict(Counter(item.reason for item in warnings.items if item.reason)),
        "unhappy": resolver.policy.unhappy,
        "mood_low": resolver.policy.mood_low,
        "mood_fall": resolver.policy.mood_fall,
        "seed": seed,
    }
    return SuiteResult(figures, warnings.items_json)


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


def _first_warning(conversation: ReadConversation, resolver: Resolver) -> _Warning | None:
    """The first turn whose mood calls for a person, if it lies before the event."""
    for place, turn in enumerate(conversation.turns[: conversation.before_event]):
        reason = mood_reason(turn.question, turn.read, resolver.policy)
        if reason is not None:
            return _Warning(place, reason)
    return None


def _figures(
    read: Sequence[ReadConversation], warnings: Sequence[_Warning | None], rng: np.random.Generator
) -> WarningFigures:
    pairs = list(zip(read, warnings, strict=True))
    calm = [warning is not None for conversation, warning in pairs if conversation.labelled.is_calm]
    unhappy = [
        (conversation, warning) for conversation, warning in pairs if not conversation.labelled.is_calm
    ]
    ahead = np.array(
        [conversation.before_event - warning.turn for conversation, warning in unhappy if warning],
        dtype=float,
    )
    return WarningFigures(
        false_alarms=Figure.share(sum(calm), len(calm)),
        warned=Figure.share(len(ahead), len(unhappy)),
        precision=Figure.share(len(ahead), len(ahead) + sum(calm)),
        turns_before=Figure.resampled_at_once(lambda rows: ahead[rows].mean(axis=1), len(ahead), rng),
        turns_before_median=Figure.resampled_at_once(
            lambda rows: np.median(ahead[rows], axis=1), len(ahead), rng
        ),
    )


def _item(conversation: ReadConversation, warning: _Warning | None) -> MoodItem:
    return MoodItem(
        id=conversation.labelled.id,
        outcome=conversation.labelled.outcome,
        at=conversation.labelled.at,
        warned_at=conversation.turns[warning.turn].place if warning else None,
        reason=warning.reason if warning else None,
        turns_before=conversation.before_event - warning.turn
        if warning and not conversation.labelled.is_calm
        else None,
        sentiments=tuple(round(turn.read.sentiment_score, 4) for turn in conversation.turns),
        moods=tuple(round(turn.read.mood, 4) for turn in conversation.turns),
        unhappy=tuple(round(turn.read.unhappy, 4) for turn in conversation.turns),
    )
