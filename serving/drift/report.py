"""Judges whether what customers ask, and how it goes, has moved; from counts alone, it reads no store."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from serving.drift.evidence import WEEK_DAYS, evidence, interval_of, mean_of, score_needed
from serving.drift.tallies import NO, YES, Counts, Tallies
from serving.drift.words import advice

Verdict = Literal["steady", "watch", "moved", "unknown"]
"""`watch`: as strong as chance brings about once in two quarters; `unknown`: nothing could be compared."""
Against = Literal["training", "last_month"]
Shape = Literal["shares", "share", "mean"]

FALSE_ALARM = 0.05
"""Greatest probability of any `moved` in a quarter in which nothing changes, however often one looks."""
_WATCH_ALARM = 0.5
_QUARTER_DAYS = 91
LEAST_REFERENCE, LEAST_NOW = 50, 20
"""With fewer questions than these nothing is compared."""
LANGUAGES = 98
"""Those that are told apart, and `unsure`."""
_TONES = 3
_LEAST_SEEN = 5
"""A label seen less often than this, then and now together, tells nothing."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that is watched."""

    name: str
    shape: Shape
    """Shares of all labels, of the label `yes` alone, or a mean of labels that are numbers in [0, 1]."""
    in_training: bool
    """Whether the model set tells what it was in its training."""
    lowest: float = 0.0
    """What 0 stands for; 1 is 1."""


SIGNALS = (
    Signal("intents", "shares", in_training=True),
    Signal("out_of_scope", "share", in_training=True),
    Signal("languages", "shares", in_training=True),
    Signal("confidence", "mean", in_training=True),
    Signal("sentiment", "shares", in_training=True),
    Signal("mood", "mean", in_training=False, lowest=-1.0),
    Signal("answered", "share", in_training=False),
    Signal("helped", "share", in_training=False),
)
TESTS = len(SIGNALS) + sum(signal.in_training for signal in SIGNALS)


@dataclass(frozen=True, slots=True)
class Change:
    """One share or mean, then and now, with its 95 % interval; in [0, 1], a mood in [-1, 1]."""

    label: str
    """The intent, the language …; empty for a signal that is one number."""
    reference: float
    reference_interval: tuple[float, float]
    now: float
    now_interval: tuple[float, float]
    examples: tuple[str, ...]
    """Conversations that it is about, the newest first."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A signal of the last weeks beside what it was."""

    signal: str
    against: Against
    verdict: Verdict
    reference_n: int
    n: int
    """Questions of the days since `DriftReport.now_since`."""
    evidence: float
    """Decimal digits of the betting score, at least 0: at 3 the money was multiplied by 1,000."""
    needed: float
    """Digits from which it is called moved."""
    moved_on: date | None
    """The day after which that was reached."""
    changes: tuple[Change, ...]
    """What differs most, as many as tell something; what there is more of comes first."""
    what_to_do: str
    """For `unknown`: why."""


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everything that is watched, on one day."""

    day: date
    """The last day that is counted, UTC."""
    watched_since: date
    reference_since: date
    """Begin of the month before, which ends where watching begins."""
    now_since: date
    """Begin of the days whose shares and means are shown as now."""
    model: str | None
    """The set in service."""
    model_since: date | None
    """When it first answered, if another one did in the same time: then the sets may differ, not the
    customers."""
    comparisons: tuple[Comparison, ...]
    """Those that moved first, then those to watch, steady and unknown ones."""

    @property
    def moved(self) -> tuple[Comparison, ...]:
        """What moved."""
        return tuple(one for one in self.comparisons if one.verdict == "moved")


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is watched, and the one before that it is compared with; whole days, UTC."""

    start: date
    day: date
    """The last day, yesterday."""
    days: int
    """How long it is watched before its end; the reference is as long."""

    @classmethod
    def at(cls, today: date, days: int) -> "Window":
        """The window of a day: one begins after each half of `days`, and is looked at in its second half.

        So there are always between `days` / 2 and `days` of them to judge, and a change stays visible for at
        least half of `days`.
        """
        half = days // 2
        return cls(today - timedelta(days=half + today.toordinal() % half), today - timedelta(days=1), days)

    @property
    def reference_start(self) -> date:
        """The first day that it is compared with."""
        return self.start - timedelta(days=self.days)

    @property
    def now_start(self) -> date:
        """The first day of what is shown as now: half of `days`."""
        return self.day - timedelta(days=self.days // 2 - 1)

    @property
    def watched(self) -> tuple[date, ...]:
        """Its days so far."""
        return tuple(self.start + timedelta(days=i) for i in range((self.day - self.start).days + 1))

    @property
    def windows_a_quarter(self) -> int:
        """How many windows somebody who looks every day of a quarter sees at most."""
        return math.ceil((_QUARTER_DAYS - 1) / (self.days // 2)) + 1


def report(
    tallies: Tallies,
    window: Window,
    *,
    intents: int,
    model: str | None,
    trained_on: Mapping[str, Counts] | None,
    why: str,
) -> DriftReport:
    """Each signal beside the training and beside the time before.

    `intents` is how many the company has. `trained_on` are the counts that the set in service had in its
    training; `None` with `why` it has none.
    """
    labels = {"intents": intents, "languages": LANGUAGES, "sentiment": _TONES}
    judged = []
    for signal in SIGNALS:
        before = _of_days(tallies.counts[signal.name], window.reference_start, window.start)
        judged.append(
            _judged(signal, "last_month", before, tallies, window, among=labels.get(signal.name, 1))
        )
        if signal.in_training and trained_on is None:
            judged.append(_unknown(signal, "training", 0, 0, why))
        elif signal.in_training and trained_on is not None:
            trained = trained_on.get(signal.name, {})
            judged.append(
                _judged(signal, "training", trained, tallies, window, among=labels.get(signal.name, 1))
            )
    order = ("moved", "watch", "steady", "unknown")
    judged.sort(key=lambda one: (order.index(one.verdict), -one.evidence))
    others = [name for name in tallies.set_since if name != model]
    return DriftReport(
        day=window.day,
        watched_since=window.start,
        reference_since=window.reference_start,
        now_since=window.now_start,
        model=model,
        model_since=tallies.set_since.get(model) if model and others else None,
        comparisons=tuple(judged),
    )


def _judged(
    signal: Signal, against: Against, reference: Counts, tallies: Tallies, window: Window, *, among: int
) -> Comparison:
    by_day = (tallies.counts if against == "last_month" else tallies.of_set)[signal.name]
    after = window.day + timedelta(days=1)
    recent = _of_days(by_day, window.now_start, after)
    reference_n, n = round(sum(reference.values())), round(sum(recent.values()))
    if reference_n < LEAST_REFERENCE or n < LEAST_NOW:
        return _unknown(signal, against, reference_n, n, _too_few(against, reference_n, n, window))
    if signal.name == "out_of_scope" and not (set(reference) & {NO} or set(recent) & {NO}):
        return _unknown(signal, against, reference_n, n, "the set in service knows no intents")
    series = _series(signal, reference, _of_days(by_day, window.start, after))
    values = np.array([0.0, 1.0]) if signal.shape != "mean" else np.arange(101) / 100
    known = _counted(signal, series, reference)
    daily = np.array([_counted(signal, series, by_day.get(day, {})) for day in window.watched])
    found = evidence(values, known, daily, weeks=window.days // WEEK_DAYS, among=among)
    needed = score_needed(false_alarm=FALSE_ALARM, tests=TESTS, windows=window.windows_a_quarter)
    watched = score_needed(false_alarm=_WATCH_ALARM, tests=TESTS, windows=window.windows_a_quarter)
    score = float(found.log_whole[-1])
    reached = np.flatnonzero(found.log_whole >= needed)
    verdict: Verdict = "moved" if len(reached) else "watch" if score >= watched else "steady"
    now = _counted(signal, series, recent)
    changes = [
        _change(signal, series[row], values, known[row], now[row], tallies)
        for row in np.argsort(-found.log_series, kind="stable")[:_SHOWN]
        if row == np.argmax(found.log_series) or found.log_series[row] >= watched
    ]
    changes.sort(key=lambda change: change.now <= change.reference)  # more of something asks for a deed
    return Comparison(
        signal=signal.name,
        against=against,
        verdict=verdict,
        reference_n=reference_n,
        n=n,
        evidence=round(max(0.0, score) / math.log(10), 2),
        needed=round(needed / math.log(10), 2),
        moved_on=window.watched[reached[0]] if len(reached) else None,
        changes=tuple(changes),
        what_to_do=advice(
            signal.name,
            against,
            verdict,
            label=changes[0].label,
            has_risen=changes[0].now > changes[0].reference,
        ),
    )


def _unknown(signal: Signal, against: Against, reference_n: int, n: int, why: str) -> Comparison:
    return Comparison(signal.name, against, "unknown", reference_n, n, 0.0, 0.0, None, (), why)


def _too_few(against: Against, reference_n: int, n: int, window: Window) -> str:
    place = "the calibration questions" if against == "training" else "the month before"
    if reference_n < LEAST_REFERENCE:
        return f"{place} had {reference_n}, at least {LEAST_REFERENCE} are needed"
    return f"the last {window.days // 2} days had {n}, at least {LEAST_NOW} are needed"


def _of_days(by_day: Mapping[date, Counts], first: date, end: date) -> Counter[str]:
    """The counts of all days from `first` on, before `end`."""
    total: Counter[str] = Counter()
    for day, counts in by_day.items():
        if first <= day < end:
            total.update(counts)
    return total


def _series(signal: Signal, reference: Counts, watched: Counts) -> Sequence[str]:
    """What is compared: all labels that were seen more than a few times, one alone, or the mean."""
    if signal.shape == "mean":
        return ("",)
    if signal.shape == "share":
        return (YES,)
    seen = Counter(reference) + Counter(watched)
    return sorted(label for label, count in seen.items() if count >= _LEAST_SEEN)


def _counted(signal: Signal, series: Sequence[str], counts: Counts) -> NDArray[np.float64]:
    """Counts of the values of each series, shape `(n_series, n_values)`."""
    if signal.shape == "mean":
        row = np.zeros(101)
        for label, count in counts.items():
            row[round(float(label) * 100)] += count
        return row[None, :]
    total = float(sum(counts.values()))
    hits = np.array([counts.get(label, 0) for label in series], dtype=np.float64)
    return np.stack([total - hits, hits], axis=1)


def _change(
    signal: Signal,
    label: str,
    values: NDArray[np.float64],
    reference: NDArray[np.float64],
    now: NDArray[np.float64],
    tallies: Tallies,
) -> Change:
    def shown(*means: float) -> tuple[float, ...]:
        return tuple(round(signal.lowest + (1 - signal.lowest) * mean, 4) for mean in means)

    before, after = mean_of(values, reference), mean_of(values, now)
    was_low, was_high = shown(*interval_of(before, float(reference.sum())))
    is_low, is_high = shown(*interval_of(after, float(now.sum())))
    return Change(
        label=label if signal.shape == "shares" else "",
        reference=shown(before)[0],
        reference_interval=(was_low, was_high),
        now=shown(after)[0],
        now_interval=(is_low, is_high),
        examples=_examples(signal, label, tallies, has_risen=after > before),
    )


def _examples(signal: Signal, label: str, tallies: Tallies, *, has_risen: bool) -> tuple[str, ...]:
    """The newest conversations with the label; for a mean, those nearest to the end that it moved to."""
    labels = [label]
    if signal.shape == "mean":
        labels = sorted({name for kind, name in tallies.examples if kind == signal.name}, reverse=has_risen)
    elif signal.shape == "share":
        labels = [YES if has_risen else NO]
    newest = [one for name in labels for one in reversed(tallies.examples.get((signal.name, name), ()))]
    return tuple(newest[:_SHOWN])
