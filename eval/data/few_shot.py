"""A few examples a label, drawn from many, and the figures of several draws together; fits nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import t

from eval.data.labelled import LabelledText
from eval.metrics.intervals import LEVEL, Interval
from eval.results import INTERVAL, figure


def drawn(rows: Sequence[LabelledText], shots: int, rng: np.random.Generator) -> list[LabelledText]:
    """`shots` rows of each label, or all of a label with fewer, without repeats, in the order of `rows`."""
    labels = np.asarray([row.label for row in rows], dtype=str)
    chosen = [
        place
        for label in np.unique(labels)
        for place in rng.permutation(np.flatnonzero(labels == label))[:shots]
    ]
    return [rows[place] for place in sorted(chosen)]


def over_draws(draws: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # JSON
    """The figures' means over the draws; counts that all draws share stay, others become lists.

    Each interval holds what the draws differ by (Student's t) and what the items tested differ by (the
    mean half width within a draw, the items being the same each time), independent of each other, so
    their squares add up: `half = sqrt(between^2 + within^2)`. It ends at 0 and 1, as shares do. A figure that
    a draw lacks is `None`.
    """
    return {key: value for name in draws[0] for key, value in _together(name, draws).items()}


def _together(name: str, draws: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # JSON
    values = [draw[name] for draw in draws]
    if name.endswith(INTERVAL):
        return {}
    if isinstance(values[0], Mapping):
        return {name: over_draws(values)}
    if f"{name}{INTERVAL}" in draws[0]:
        if any(value is None for value in values):
            return figure(name, None, None)
        return figure(
            name, float(np.mean(values)), _interval(values, [draw[f"{name}{INTERVAL}"] for draw in draws])
        )
    return {name: values[0] if all(value == values[0] for value in values) else values}


def _interval(values: Sequence[float], within: Sequence[Sequence[float]]) -> Interval:
    n, middle = len(values), float(np.mean(values))
    half_within = float(np.mean([(high - low) / 2 for low, high in within]))
    spread = float(np.std(values, ddof=1)) / n**0.5 if n > 1 else 0.0
    half_between = float(t.ppf(0.5 + LEVEL / 2, n - 1)) * spread if n > 1 else 0.0
    half = float(np.hypot(half_between, half_within))
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0))
