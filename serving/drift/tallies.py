"""Counts by day what customers asked and how it went, in one pass over the store; it judges nothing."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from knowledge.language import language_of
from model.reasons import Reason
from serving.drift import repository
from serving.drift.repository import FirstQuestion

YES, NO = "yes", "no"
UNSURE = "unsure"
"""The language of a text that leaves doubt."""
LEAST_SURE = 0.5
"""A language less probable than this is `UNSURE`."""
EXAMPLES = 3
TEXTS_A_DAY = 200
"""Languages are read in so many questions of each day, drawn at random."""

_FOR_PEOPLE = frozenset(
    {
        *(Reason.DANGER, Reason.WANTS_PERSON, Reason.CUSTOMER_REQUEST, Reason.HUMAN_ONLY_CUSTOMER),
        *(Reason.HUMAN_ONLY_INTENT, Reason.MOOD_LOW, Reason.MOOD_FALL, Reason.UNHAPPY, Reason.BOT_ERROR),
    }
)
"""With one of these the question went to people whatever the confidence was."""

Counts = Mapping[str, int]
"""How often each label was seen; the labels of a signal that is a mean are numbers."""


@dataclass(slots=True)
class Tallies:
    """Counts by signal, day and label."""

    counts: dict[str, dict[date, Counter[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )
    of_set: dict[str, dict[date, Counter[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )
    """The same of the questions that the set in service read."""
    examples: dict[tuple[str, str], deque[str]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=EXAMPLES))
    )
    """The newest conversations of a signal and label, oldest first."""
    set_since: dict[str, date] = field(default_factory=dict)
    """The first day in this time on which each model set answered."""

    def add(self, signal: str, label: str, day: date, *, conversation_id: str, of_set: bool = False) -> None:
        """Count one."""
        self.counts[signal][day][label] += 1
        if of_set:
            self.of_set[signal][day][label] += 1
        self.examples[signal, label].append(conversation_id)


def tally(session: Session, first_day: date, days: int, *, version: str | None) -> Tallies:
    """What was asked on each of so many days (UTC); `version` is the set in service.

    Only the first question of a conversation counts: those that follow are not independent of it.
    """
    since = datetime.combine(first_day, time.min, UTC)
    until = since + timedelta(days=days)
    tallies = Tallies()
    drawn: dict[date, _Sample] = {}
    first_message: int | None = None
    for question in repository.first_questions(session, since, until):
        day = question.asked_at.date()
        _add_question(tallies, question, day, version)
        first_message = min(question.message_id, first_message or question.message_id)
        drawn.setdefault(day, _Sample(random.Random(day.toordinal()))).offer(question)  # noqa: S311
    if first_message is None:
        return tallies
    judged = repository.feedback_given(session, since, until, first_message=first_message)
    for given_at, helpful, conversation_id in judged:
        tallies.add("helped", YES if helpful else NO, given_at.date(), conversation_id=conversation_id)
    _add_languages(session, tallies, [one for sample in drawn.values() for one in sample.kept], version)
    return tallies


def language_label(text: str) -> str:
    """The language of a text as it is counted."""
    language = language_of(text)
    return language.tag if language.tag and language.probability >= LEAST_SURE else UNSURE


def number_label(number: float) -> str:
    """A number in [0, 1] as it is counted, in hundredths."""
    return f"{min(1.0, max(0.0, number)):.2f}"


def is_for_confidence(reasons: Iterable[str]) -> bool:
    """Whether the confidence had a say in the decision."""
    return _FOR_PEOPLE.isdisjoint(reasons)


@dataclass(slots=True)
class _Sample:
    """Up to `TEXTS_A_DAY` of what is offered, each as likely as any other (Vitter 1985, algorithm R)."""

    rng: random.Random
    kept: list[FirstQuestion] = field(default_factory=list)
    offered: int = 0

    def offer(self, question: FirstQuestion) -> None:
        self.offered += 1
        if len(self.kept) < TEXTS_A_DAY:
            self.kept.append(question)
        elif (place := self.rng.randrange(self.offered)) < TEXTS_A_DAY:
            self.kept[place] = question


def _add_question(tallies: Tallies, question: FirstQuestion, day: date, version: str | None) -> None:
    labels = {
        "out_of_scope": NO if question.intent else YES,
        "sentiment": question.sentiment,
        "mood": number_label((question.mood + 1) / 2),
        "answered": YES if question.kind == "answer" else NO,
    }
    if question.intent:
        labels["intents"] = question.intent
    if is_for_confidence(question.reasons):
        labels["confidence"] = number_label(question.confidence)
    of_set = question.model == version
    for signal, label in labels.items():
        tallies.add(signal, label, day, conversation_id=question.conversation_id, of_set=of_set)
    if question.model:
        tallies.set_since.setdefault(question.model, day)


def _add_languages(
    session: Session, tallies: Tallies, drawn: Sequence[FirstQuestion], version: str | None
) -> None:
    texts = repository.texts_of(session, [question.decision_id for question in drawn])
    for question in drawn:
        if question.decision_id in texts:
            label = language_label(texts[question.decision_id])
            day, of_set = question.asked_at.date(), question.model == version
            tallies.add("languages", label, day, conversation_id=question.conversation_id, of_set=of_set)
