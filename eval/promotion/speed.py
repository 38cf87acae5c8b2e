"""How long two bots take for the same questions, side by side; judges no decision."""

import itertools
import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.results import Track, percentiles, untracked
from model.types import Question
from serving.runtime.assembly import QuestionResolver

_LEAST_ROUNDS = 3
_LEAST_ASKED = 60
_WARM_UP = 5
_PASSES = 6
_SECONDS = 8.0
"""Passes that take less may all fall into one bad moment of the machine."""
_NOTABLE = 1.05
"""A ratio of percentiles from which it is worth looking again whether the machine made the difference."""


def run(
    texts: Sequence[str],
    resolvers: Mapping[str, QuestionResolver],
    *,
    seconds: float = _SECONDS,
    track: Track = untracked,
) -> dict[str, dict[str, float]]:
    """`p50_ms` and `p95_ms` by the name of each resolver, interpolated; empty without texts.

    Each text is put to one resolver after the other, in turns who is first, so that whatever else the
    machine does falls on all alike. Each is asked three times, or more often when there are few; the
    fastest counts, for the others tell of the machine and not of the models. While the resolvers differ
    notably all of it is done again, for six passes and so many `seconds` at least: what is really slower
    stays slower.
    """
    if not texts:
        return {}
    rounds = max(_LEAST_ROUNDS, math.ceil(_LEAST_ASKED / len(texts)))
    for text in texts[:_WARM_UP]:
        for resolver in resolvers.values():
            resolver.resolve(Question(text))
    fastest = {name: np.full(len(texts), np.inf) for name in resolvers}
    started = time.monotonic()
    for number in itertools.count(1):
        _ask_all(texts, resolvers, fastest, rounds=rounds, track=track)
        found = {name: percentiles(times) for name, times in fastest.items()}
        slowest, quickest = (pick(one["p95_ms"] for one in found.values()) for pick in (max, min))
        if slowest <= quickest * _NOTABLE:
            break
        if number >= _PASSES and time.monotonic() - started >= seconds:
            break
    return found


def _ask_all(
    texts: Sequence[str],
    resolvers: Mapping[str, QuestionResolver],
    fastest: Mapping[str, NDArray[np.float64]],
    *,
    rounds: int,
    track: Track,
) -> None:
    """Lowers the `fastest` time of each text by name wherever it was faster now."""
    in_turns = [list(resolvers), list(resolvers)[::-1]]
    for number, text in enumerate(track(texts, doing="Timing")):
        for turn in range(rounds):
            for name in in_turns[(number + turn) % 2]:
                taken = _milliseconds(resolvers[name], text)
                fastest[name][number] = min(fastest[name][number], taken)


def _milliseconds(resolver: QuestionResolver, text: str) -> float:
    started = time.perf_counter()
    resolver.resolve(Question(text))
    return (time.perf_counter() - started) * 1000
