"""What a replay came to: shares with intervals, and curves over time; replays nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eval.replay.nearest_cache import CacheRun, best_run
from eval.report.charts import Chart, Curve
from eval.results import Figure

MOST_WRONG = 0.03
"""Wrong share that the cache is allowed."""
LAST = 1000
RECENT = 200

Outcome = Literal["answered", "picked", "wrong", "asked_back_in_vain", "handed_over", "failed"]
_BY_PEOPLE: tuple[Outcome, ...] = ("asked_back_in_vain", "handed_over", "failed")
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ReplayItem:
    """What became of one question."""

    number: int
    """Place in the stream, from 1."""
    text: str
    label: str
    outcome: Outcome
    is_new: bool
    """Whether nobody had answered this need before."""
    learned: bool
    """Whether the question became a learned answer or a phrasing."""
    ref: str | None
    """The answer given, picked or not; `None` when a person answered."""
    confidence: float | None
    threshold: float
    reasons: tuple[str, ...]
    error: str | None


def figures_of(items: Sequence[ReplayItem], runs: Sequence[CacheRun]) -> dict[str, Any]:  # JSON
    """The figures of at least one question; shares are of all `n` questions unless said otherwise.

    - `needs`: distinct labels; `duplicates`: questions asked before in the same words (case and space
      ignored), of which `contradictory` had another label then.
    - `needs_person`, `wrong`, `answered_right` add up to 1. Right are `answered_at_once` and `picked` (chosen
      by the customer when asked back); a person is needed after `asked_back_in_vain`, `handed_over` or
      `failed`; `recurrence` is the part of `needs_person` whose need had been answered before.
    - `wrong_among_answered`: of the `n_answered` answers given at once, with the exact interval; picks, which
      the customer has checked, make it no smaller.
    - `answers_written`: new learned answers, `answers_written_per_need`; `phrasings_learned` beside them;
      `not_learned`: answers by people that could not be kept.
    - `needs_person_last_1000`: among the last 1,000 questions, or all of fewer.
    - `handed_over_by_reason`: numbers, by the policy's first reason.
    - `cache`: the nearest-neighbour cache with the best threshold in hindsight on this very stream, at most
      .03 of all questions answered wrong; `careful_cache`: at most .03 of its answers wrong. `None` when
      no threshold keeps to that.
    """
    outcomes = Counter(item.outcome for item in items)
    answered = outcomes["wrong"] + outcomes["answered"]
    people = _by_people(items)
    known = sum(bool(needed) and not item.is_new for needed, item in zip(people, items, strict=True))
    learned = sum(item.learned for item in items)
    needs = len({item.label for item in items})
    written = sum(item.learned and item.is_new for item in items)
    return {
        "n": len(items),
        "needs": needs,
        **_repeats(items),
        **Figure.share(int(people.sum()), len(items)).under("needs_person"),
        **Figure.share(outcomes["wrong"], len(items)).under("wrong"),
        **Figure.share(outcomes["answered"] + outcomes["picked"], len(items)).under("answered_right"),
        **Figure.share(outcomes["answered"], len(items)).under("answered_at_once"),
        **Figure.share(outcomes["picked"], len(items)).under("picked"),
        **Figure.share(outcomes["asked_back_in_vain"], len(items)).under("asked_back_in_vain"),
        **Figure.share(outcomes["handed_over"], len(items)).under("handed_over"),
        "failed": outcomes["failed"],
        **Figure.share(known, len(items)).under("recurrence"),
        "n_answered": answered,
        **Figure.promise(outcomes["wrong"], answered).under("wrong_among_answered"),
        "answers_written": written,
        "answers_written_per_need": written / needs,
        "phrasings_learned": learned - written,
        "not_learned": sum(item.outcome in _BY_PEOPLE and not item.learned for item in items),
        **Figure.share(int(people[-LAST:].sum()), len(people[-LAST:])).under("needs_person_last_1000"),
        "handed_over_by_reason": dict(
            Counter(item.reasons[0] for item in items if item.outcome == "handed_over").most_common()
        ),
        "cache": _cache_figures(_best(runs)),
        "careful_cache": _cache_figures(
            best_run(runs, most_wrong=MOST_WRONG, share=lambda run: run.wrong_among_answered)
        ),
    }


def charts_of(items: Sequence[ReplayItem], runs: Sequence[CacheRun]) -> dict[str, Chart]:
    """`replay`: shares over time, beside the cache's."""
    wrong = np.array([item.outcome == "wrong" for item in items])
    curves = [*_curves("needs a person", _by_people(items)), _curve("wrong, so far", running_shares(wrong))]
    best = _best(runs)
    if best is not None:
        curves += _curves(f"cache at {best.threshold:.2f} needs a person", best.needs_person)
        curves.append(_curve("cache wrong, so far", running_shares(best.wrong)))
    return {
        "replay": Chart("Starting with no knowledge", "questions asked", "share of questions", tuple(curves))
    }


def running_shares(flags: Flags) -> list[float]:
    """Share of true flags among the first 1, 2 … of them."""
    shares: list[float] = (np.cumsum(flags) / np.arange(1, len(flags) + 1)).tolist()
    return shares


def recent_shares(flags: Flags, *, window: int = RECENT) -> list[float]:
    """Share of true flags among the last `window` up to each of them; of fewer at the beginning."""
    sums = np.concatenate([[0], np.cumsum(flags)])
    ends = np.arange(1, len(flags) + 1)
    begins = np.maximum(ends - window, 0)
    shares: list[float] = ((sums[ends] - sums[begins]) / (ends - begins)).tolist()
    return shares


def _curves(name: str, flags: Flags) -> list[Curve]:
    return [
        _curve(f"{name}, so far", running_shares(flags)),
        _curve(f"{name}, last {RECENT}", recent_shares(flags)),
    ]


def _curve(name: str, shares: Sequence[float]) -> Curve:
    return Curve(name, range(1, len(shares) + 1), shares)


def _by_people(items: Sequence[ReplayItem]) -> Flags:
    return np.array([item.outcome in _BY_PEOPLE for item in items], dtype=np.bool_)


def _repeats(items: Sequence[ReplayItem]) -> dict[str, int]:
    labels: dict[str, set[str]] = {}
    repeated = contradictory = 0
    for item in items:
        before = labels.setdefault(" ".join(item.text.casefold().split()), set())
        repeated += bool(before)
        contradictory += bool(before - {item.label})
        before.add(item.label)
    return {"duplicates": repeated, "contradictory": contradictory}


def _best(runs: Sequence[CacheRun]) -> CacheRun | None:
    return best_run(runs, most_wrong=MOST_WRONG, share=lambda run: run.wrong_share)


def _cache_figures(run: CacheRun | None) -> dict[str, Any] | None:  # JSON
    if run is None:
        return None
    n, people, wrong = len(run.wrong), int(run.needs_person.sum()), int(run.wrong.sum())
    return {
        "threshold": run.threshold,
        **Figure.share(people, n).under("needs_person"),
        **Figure.share(wrong, n).under("wrong"),
        "n_answered": n - people,
        **Figure.promise(wrong, n - people).under("wrong_among_answered"),
    }
