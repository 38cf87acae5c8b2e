"""Invented companies whose customers stay as they are, or change on a day, and when that is noticed.

`python -m tests.serving.drift.simulation` prints how often `firstlast drift`, looked at every day for 90
days, cries wolf, and how many days it takes to notice changes. It writes no store: counts are drawn.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from serving.drift.report import DriftReport, Window, report
from serving.drift.service import DAYS
from serving.drift.tallies import NO, YES, Counts, Tallies, number_label

FIRST_LOOK = date(2026, 3, 2)
LOOKS = 90
MODEL = "set"
_INTENTS = 20


@dataclass(frozen=True)
class Customers:
    """What they ask; each is one number of the company's questions of a day."""

    a_day: int = 100
    intents: tuple[float, ...] = field(default_factory=lambda: _falling(_INTENTS))
    """Shares of intents among questions that fit one, which add up to 1."""
    out_of_scope: float = 0.05
    languages: Mapping[str, float] = field(default_factory=lambda: {"en": 0.9, "de": 0.07, "fr": 0.03})
    confidence: tuple[float, float] = (6.0, 2.0)
    """Of a beta distribution; its mean is .75."""
    negative: float = 0.2
    mood: tuple[float, float] = (5.0, 4.0)
    answered: float = 0.5
    helped: float = 0.8

    def with_intent(self, place: int, share: float) -> "Customers":
        """The same customers, but this share of them wants one thing; others want the rest as before."""
        rest = (1 - share) / (1 - self.intents[place])
        changed = [share if i == place else old * rest for i, old in enumerate(self.intents)]
        return replace(self, intents=tuple(changed))


def drawn(customers: Customers, n: int, rng: np.random.Generator) -> dict[str, Counter[str]]:
    """The counts of `n` questions, by signal."""
    strange = int(rng.binomial(n, customers.out_of_scope))
    names = [f"intent_{i}" for i in range(len(customers.intents))]
    tones = [customers.negative, 0.7, 0.3 - customers.negative]
    return {
        "intents": _counter(names, rng.multinomial(n - strange, customers.intents)),
        "out_of_scope": Counter({YES: strange, NO: n - strange}),
        "languages": _counter(list(customers.languages), rng.multinomial(n, [*customers.languages.values()])),
        "confidence": Counter(number_label(x) for x in rng.beta(*customers.confidence, n)),
        "sentiment": _counter(["negative", "neutral", "positive"], rng.multinomial(n, tones)),
        "mood": Counter(number_label(x) for x in rng.beta(*customers.mood, n)),
        "answered": _yes_no(n, customers.answered, rng),
        "helped": _yes_no(n // 5, customers.helped, rng),
    }


@dataclass(frozen=True)
class History:
    """A company's days, with what its set was calibrated on."""

    tallies: Tallies
    trained_on: Mapping[str, Counts]

    def look(self, today: date) -> DriftReport:
        """What somebody who looks on a day is told: what comes later is not known then."""
        known = Tallies()
        for signal, by_day in self.tallies.counts.items():
            for day in [day for day in by_day if day < today]:
                known.counts[signal][day] = known.of_set[signal][day] = by_day[day]
        return report(
            known, Window.at(today, DAYS), intents=_INTENTS, model=MODEL, trained_on=self.trained_on, why=""
        )


def history(
    before: Customers,
    rng: np.random.Generator,
    *,
    after: Customers | None = None,
    changed_on: date | None = None,
    weekend: Customers | None = None,
    asked: int = 300,
    looks: int = LOOKS,
) -> History:
    """A company from two months before the first look on; `asked` are its calibration questions."""
    tallies = Tallies()
    for i in range(-2 * DAYS, looks):
        day = FIRST_LOOK + timedelta(days=i)
        now = after if after and changed_on and day >= changed_on else before
        if weekend and day.weekday() >= 5:
            now = weekend
        for signal, counts in drawn(now, now.a_day, rng).items():
            tallies.counts[signal][day] = counts
    return History(tallies, drawn(before, asked, rng))


def looks_that_tell(told: History, *, looks: int = LOOKS) -> list[DriftReport]:
    """Of each window the last look, which knows all that was reached on a day before."""
    days = [FIRST_LOOK + timedelta(days=i) for i in range(looks)]
    last = {Window.at(day, DAYS).start: day for day in days}
    return [told.look(day) for day in last.values()]


def days_until_noticed(
    told: History, changed_on: date, *, signal: str, against: str = "last_month", most: int = 28
) -> int | None:
    """After how many whole days the signal is said to have moved; `None` when not within `most` days."""
    for days in range(1, most + 1):
        seen = told.look(changed_on + timedelta(days=days))
        if any((one.signal, one.against) == (signal, against) for one in seen.moved):
            return days
    return None


def _falling(n: int) -> tuple[float, ...]:
    weights = 1 / np.arange(2, n + 2)
    return tuple((weights / weights.sum()).tolist())


def _counter(names: Sequence[str], counts: Sequence[int]) -> Counter[str]:
    return Counter({name: int(count) for name, count in zip(names, counts, strict=True) if count})


def _yes_no(n: int, share: float, rng: np.random.Generator) -> Counter[str]:
    hits = int(rng.binomial(n, share))
    return Counter({YES: hits, NO: n - hits})


_USUAL = Customers()
_CHANGES = {
    "an intent doubles, 5 % to 10 %": ("intents", _USUAL.with_intent(5, 0.05), _USUAL.with_intent(5, 0.10)),
    "a new topic, 5 % to 12 % fit no intent": ("out_of_scope", _USUAL, replace(_USUAL, out_of_scope=0.12)),
    "confidence falls, .75 to .65": ("confidence", _USUAL, replace(_USUAL, confidence=(5.2, 2.8))),
    "a new language, 0 % to 6 %": (
        "languages",
        _USUAL,
        replace(_USUAL, languages={"en": 0.85, "de": 0.06, "fr": 0.03, "nl": 0.06}),
    ),
    "answers help less, .80 to .60": ("helped", _USUAL, replace(_USUAL, helped=0.6)),
}


def main() -> None:
    """Print both tables as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=100, help="histories of each kind")
    n = parser.parse_args().n
    calm = {
        "as ever, 100 a day": {},
        "as ever, 1,000 a day": {"before": replace(_USUAL, a_day=1000)},
        "weekends differ": {"weekend": replace(_USUAL, a_day=60, out_of_scope=0.1).with_intent(5, 0.1)},
    }
    for name, kind in calm.items():
        alarms = [
            any(look.moved for look in looks_that_tell(history(**{"before": _USUAL, **kind}, rng=rng)))
            for rng in map(np.random.default_rng, range(n))
        ]
        _print({"calm": name, "n": n, "alarms": sum(alarms)})
    for name, (signal, before, after) in _CHANGES.items():
        for a_day in (100, 300):
            noticed = [
                _noticed(replace(before, a_day=a_day), replace(after, a_day=a_day), signal, seed)
                for seed in range(n // 4)
            ]
            days = sorted(day for day in noticed if day is not None)
            row = {"change": name, "a_day": a_day, "n": len(noticed), "noticed": len(days)}
            _print({**row, "median_days": days[len(days) // 2] if days else None})


def _print(row: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def _noticed(before: Customers, after: Customers, signal: str, seed: int) -> int | None:
    changed_on = FIRST_LOOK + timedelta(days=seed % 14)  # anywhere in a window
    rng = np.random.default_rng(seed)
    told = history(before, rng, after=after, changed_on=changed_on, looks=50)
    return days_until_noticed(told, changed_on, signal=signal)


if __name__ == "__main__":
    main()
