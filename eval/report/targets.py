"""What a figure is wanted to reach, and whether it did; measures nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from eval.report.text import with_interval
from eval.results import INTERVAL

TARGETS = "targets"
"""Key of the verdicts among the figures of a run."""


@dataclass(frozen=True, slots=True)
class Target:
    """A limit that a figure is wanted to reach."""

    key: str
    """Of the figure; of a nested one the keys that lead to it, joined by dots: `taught.f1`."""
    limit: float
    at_least: bool
    """Whether the figure shall be `limit` or more; otherwise `limit` or less."""

    @classmethod
    def parse(cls, text: str, *, at_least: bool) -> "Target":
        """From `KEY=NUMBER`. Raises `ValueError`, in words, for anything else."""
        key, sign, number = text.rpartition("=")
        if not (key and sign):
            raise ValueError(f"{text!r} names no figure and limit; write KEY=NUMBER, such as accuracy=0.9")
        try:
            limit = float(number)
        except ValueError:
            limit = nan
        if not isfinite(limit):
            raise ValueError(f"{number!r} in {text!r} is not a number; write KEY=NUMBER, such as {key}=0.9")
        return cls(key, limit, at_least)

    def __str__(self) -> str:
        return f"{self.key} at {'least' if self.at_least else 'most'} {self.limit:g}"


def verdicts(figures: Mapping[str, Any], targets: Iterable[Target]) -> list[dict[str, Any]]:  # JSON
    """What became of each target, in their order, as JSON keeps it.

    - `target`: in words; `key`, `limit`, `at_least`: its parts;
    - `known`: whether the run has a figure of that name;
    - `figure`, `interval`: what was measured, `None` where there is no such number or interval;
    - `reached`: whether the figure is on the wanted side of the limit, or on it;
    - `limit_in_interval`: whether the interval holds the limit, so that the verdict may be luck.
    """
    measured = dict(_flat(figures))
    return [_verdict(target, measured) for target in targets]


def as_lines(outcomes: Sequence[Mapping[str, Any]]) -> str:  # JSON
    """A line a verdict, for terminals."""
    return "\n".join(f"target {verdict['target']}: {in_words(verdict)}" for verdict in outcomes)


def in_words(verdict: Mapping[str, Any]) -> str:  # JSON
    """Whether the target of one of `verdicts` was reached, and the figure with its interval."""
    if verdict["figure"] is None:
        known = verdict.get("known")  # which runs of before did not tell
        return f"missed, {'there was nothing to measure it on' if known else 'no such figure was measured'}"
    luck = "; the interval holds the target" if verdict["limit_in_interval"] else ""
    measured = with_interval(verdict["figure"], verdict["interval"])
    return f"{'reached' if verdict['reached'] else 'missed'}, {measured}{luck}"


def _verdict(target: Target, measured: Mapping[str, Any]) -> dict[str, Any]:  # JSON
    figure = measured.get(target.key)
    figure = figure if isinstance(figure, int | float) else None
    interval = measured.get(target.key + INTERVAL)
    reached = figure is not None and (figure >= target.limit if target.at_least else figure <= target.limit)
    return {
        "target": str(target),
        "key": target.key,
        "limit": target.limit,
        "at_least": target.at_least,
        "known": target.key in measured,
        "figure": figure,
        "interval": interval,
        "reached": reached,
        "limit_in_interval": interval is not None and interval[0] <= target.limit <= interval[1],
    }


def _flat(figures: Mapping[str, Any], *, path: str = "") -> Iterator[tuple[str, Any]]:  # JSON
    for key, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, path=f"{path}{key}.")
        else:
            yield f"{path}{key}", value
