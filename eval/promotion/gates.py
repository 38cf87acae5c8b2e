"""Whether a challenger may take the champion's place, one gate a promise; measures nothing itself."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eval.metrics import mcnemar_worse
from eval.metrics.intervals import Interval, Rows, bootstrap_at_once, clopper_pearson
from eval.promotion.reach import reach
from model.model_set import CalibrationSample
from model.types import CandidateKind

LEVEL = 0.05
"""A loss that chance alone would bring less often than this counts as worse; each test on its own."""
MOST_GROWTH = 0.10
"""How much slower or larger a challenger may be."""
MOST_MB = 10.0
"""Growth in megabytes that passes however small the champion is."""
MOST_MB_A_PASSAGE = 0.002
"""The same for each passage of the home."""
FAR_FEWER = 0.75
"""Fewer than this share of the champion's answers are far fewer."""
LEAST_FOR_P95 = 20
"""Questions of which one in twenty is a whole one."""
LEAST_TIMED = 6
"""Questions that all take longer by chance in fewer than one of 40 draws."""

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


def reach_gate(
    sample: CalibrationSample,
    *,
    budget: float,
    kinds: Collection[CandidateKind],
    champion: CalibrationSample | None = None,
) -> Gate:
    """Fails when at this budget the set can give no answer of any kind that the home has (`kinds`).

    It fails also where the `champion` gives none, and says then that lifting it costs no answer.
    """
    name = "answers_nothing"
    if not kinds:
        return Gate(name, "skipped", "the home has no articles and no learned answers yet")
    reaches = [reach(sample, kind, budget=budget) for kind in sorted(kinds)]
    answers = any(one.answers for one in reaches)
    reasons = [one.reason for one in reaches]
    if champion is not None and not answers:
        before = any(reach(champion, kind, budget=budget).answers for kind in kinds)
        reasons += (
            [] if before else ["the champion answers nothing either: lifting this gate costs no answer"]
        )
    return Gate(name, _outcome(answers), "; ".join(reasons))


def fewer_gate(before: Sequence[bool], after: Sequence[bool]) -> Gate:
    """Fails when the challenger answers less than three quarters of what the champion does, beyond chance.

    Each flag says whether a question is answered, right or wrong; chance is judged by the exact McNemar test.
    A champion that is too bold for its budget is a reason to lift this gate.
    """
    name = "answers_far_fewer"
    if not any(before):
        return Gate(name, "skipped", f"the champion answers none of {len(before)} questions")
    p = mcnemar_worse(before, after)
    reason = (
        f"{sum(after)} of {len(after)} questions with an answer or from the past, the champion {sum(before)} "
        f"(fails below {FAR_FEWER:.0%} of the champion's and beyond chance: exact McNemar test, one-sided p "
        f"{p:.3f}, level {LEVEL})"
    )
    return Gate(name, _outcome(sum(after) >= FAR_FEWER * sum(before) or p >= LEVEL), reason)


def size_gate(name: str, before: float, after: float, *, passages: int = 0) -> Gate:
    """Fails when the challenger needs more megabytes than real growth explains.

    It may grow by a tenth of the champion, by 10 MB, or by 2 kB for each of the home's `passages` (a vector
    of 384 dimensions has 1.5 kB), whichever is most: what a set learns of its business lies beside an encoder
    of 90 MB, and a small set that doubles is no burden.
    """
    most = max(MOST_GROWTH * before, MOST_MB, MOST_MB_A_PASSAGE * passages)
    reason = (
        f"{after:.2f} MB, the champion {before:.2f} ({after - before:+.2f}), fails above +{most:.2f}: the "
        f"greatest of {MOST_GROWTH:.0%}, {MOST_MB:.0f} MB and {MOST_MB_A_PASSAGE * 1000:.0f} kB for each of "
        f"{passages} passages"
    )
    return Gate(name, _outcome(after - before <= most), reason)


def time_gate(before: NDArray[np.float64], after: NDArray[np.float64], *, rng: np.random.Generator) -> Gate:
    """Fails when the challenger takes over 10 % longer for the same questions, and that beyond chance.

    `before` and `after` are milliseconds of each question. That is when the whole 95 % interval of the
    ratio of the `p95_ms` lies above 1.1 (bootstrap over the questions), or of the `p50_ms` of fewer than
    20, whose p95 is the time of one of them. Fewer than 6 say nothing: equal times would all differ to
    one side more often than in one of 20 draws.
    """
    name, percent = ("p95_ms", 95) if len(before) >= LEAST_FOR_P95 else ("p50_ms", 50)
    if len(before) < LEAST_TIMED:
        reason = f"{len(before)} questions are too few to time; {LEAST_TIMED} are enough"
        return Gate(name, "skipped", reason)

    def growth(rows: Rows) -> NDArray[np.float64]:
        now, then = (np.percentile(times[rows], percent, axis=1) for times in (after, before))
        grown: NDArray[np.float64] = now / then - 1
        return grown

    interval = bootstrap_at_once(growth, len(before), rng=rng)
    growth_of_all = float(growth(np.arange(len(before))[None])[0])
    reason = (
        f"{np.percentile(after, percent):.2f} ms, the champion {np.percentile(before, percent):.2f} "
        f"({growth_of_all:+.1%}, 95 % interval [{interval.low:+.1%}, {interval.high:+.1%}], "
        f"fails when all of it is above +{MOST_GROWTH:.0%})"
    )
    return Gate(name, _outcome(interval.low <= MOST_GROWTH), reason)


def _outcome(passed: bool) -> GateOutcome:
    return "passed" if passed else "failed"
