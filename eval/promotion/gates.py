"""Whether a challenger may take the champion's place, one gate a promise; measures nothing itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.metrics import mcnemar_worse
from eval.metrics.intervals import Interval, clopper_pearson

LEVEL = 0.05
"""A loss that chance alone would bring less often than this counts as worse; each test on its own."""
MOST_GROWTH = 0.10
"""How much slower or larger a challenger may be."""
LEAST_FOR_P95 = 20
"""Questions of which one in twenty is a whole one."""

GateOutcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of a promotion, and what became of it."""

    name: str
    outcome: GateOutcome
    """`skipped` where there was nothing to decide it on; that stops nothing."""
    reason: str
    """A sentence with the numbers."""


def failures(gates: Iterable[Gate]) -> list[Gate]:
    """The gates that stop a promotion."""
    return [gate for gate in gates if gate.outcome == "failed"]


def regression_gate(before: Sequence[bool], after: Sequence[bool]) -> Gate:
    """Fails when any case that the champion keeps is broken by the challenger; one flag a case each.

    A case that both break is told but stops nothing: keeping the champion would not mend it.
    """
    name = "regression_cases"
    if not before:
        return Gate(name, "skipped", "there are no regression cases of approved answers")
    pairs = list(zip(before, after, strict=True))
    broken = sum(old and not new for old, new in pairs)
    neither = sum(not old and not new for old, new in pairs)
    reason = (
        f"of {len(pairs)} cases the challenger breaks {broken} that the champion keeps; "
        f"{neither} are broken by both"
    )
    return Gate(name, _outcome(broken == 0), reason)


def paired_gate(name: str, before: Sequence[bool], after: Sequence[bool], *, of: str) -> Gate:
    """Fails when the challenger does significantly worse on the same items, by the exact McNemar test.

    `before` and `after` say of each item whether it went well; `of` names the items in the reason.
    """
    if not before:
        return Gate(name, "skipped", f"there are no {of} to measure it on")
    p = mcnemar_worse(before, after)
    lost = sum(old and not new for old, new in zip(before, after, strict=True))
    won = sum(new and not old for old, new in zip(before, after, strict=True))
    reason = (
        f"{sum(after)} of {len(after)} {of}, the champion {sum(before)}: {lost} lost, {won} won "
        f"(exact McNemar test, one-sided p {p:.3f}, fails below {LEVEL})"
    )
    return Gate(name, _outcome(p >= LEVEL), reason)


def gain_gate(name: str, gain: float, interval: Interval, *, of: str) -> Gate:
    """Fails unless the whole 95 % interval of a paired difference lies above 0: else it may be luck."""
    reason = f"{gain:+.4f} on {of}, 95 % interval [{interval.low:+.4f}, {interval.high:+.4f}]"
    return Gate(name, _outcome(interval.low > 0), f"{reason}; must lie above 0")


def loss_gate(name: str, gain: float, interval: Interval, *, of: str) -> Gate:
    """Fails when the whole 95 % interval of a paired difference lies below 0.

    For items that belong together, of which the McNemar test would make too much.
    """
    reason = f"{gain:+.4f} on {of}, 95 % interval [{interval.low:+.4f}, {interval.high:+.4f}]"
    return Gate(name, _outcome(interval.high >= 0), f"{reason}; must not lie below 0")


def risk_gate(wrong: int, answered: int, *, budget: float) -> Gate:
    """Fails when the wrong share among the challenger's answers is above the budget beyond chance.

    That is when the whole exact 95 % interval lies above it. A few held-out answers cannot prove a small
    budget kept, so that an interval around the budget passes, and the reason says so.
    """
    name = "risk_budget"
    if not answered:
        return Gate(name, "skipped", "the challenger answered no held-out question")
    interval = clopper_pearson(wrong, answered)
    if interval.low > budget:
        verdict = "above the budget beyond chance"
    elif interval.high <= budget:
        verdict = "the budget is kept"
    else:
        verdict = "too few answers to tell it from the budget"
    reason = (
        f"{wrong} of {answered} answers wrong ({wrong / answered:.3f}), exact 95 % interval "
        f"[{interval.low:.3f}, {interval.high:.3f}], budget {budget:g}: {verdict}"
    )
    return Gate(name, _outcome(interval.low <= budget), reason)


def growth_gate(name: str, before: float | None, after: float | None, *, unit: str) -> Gate:
    """Fails when the challenger needs over 10 % more of something than the champion."""
    if before is None or after is None or before <= 0:
        return Gate(name, "skipped", "it could not be measured")
    growth = after / before - 1
    reason = f"{after:.2f} {unit}, the champion {before:.2f} ({growth:+.1%}, fails above +{MOST_GROWTH:.0%})"
    return Gate(name, _outcome(after <= before * (1 + MOST_GROWTH)), reason)


def time_gate(before: Mapping[str, float], after: Mapping[str, float], *, n: int) -> Gate:
    """Fails when the `p95_ms` of `n` questions grows by over 10 %, or their `p50_ms` where `n` is below 20.

    The p95 of so few is the time of one or two of them, which the machine moves by more than that.
    """
    figure = "p95_ms" if n >= LEAST_FOR_P95 else "p50_ms"
    return growth_gate(figure, before.get(figure), after.get(figure), unit="ms")


def _outcome(passed: bool) -> GateOutcome:
    return "passed" if passed else "failed"
