"""How long two bots take for the same questions, side by side; judges no decision."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.results import Track, untracked
from model.types import Question
from serving.runtime.in_service import QuestionResolver

_WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """By which clock two bots are timed, and how often."""

    clock: Callable[[], float] = time.perf_counter
    """Gives seconds."""
    least_pairs: int = 200
    """Questions put to both; the fewer texts there are, the more often each is put."""
    least_rounds: int = 5
    """How often each text is put to both, however many there are."""

    def rounds(self, n_texts: int) -> int:
        """How often each of so many texts is put to both."""
        return max(self.least_rounds, math.ceil(self.least_pairs / max(1, n_texts)))


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """Milliseconds that two bots took for each text, in the order of the texts."""

    before: NDArray[np.float64]
    after: NDArray[np.float64]


def run(
    texts: Sequence[str],
    before: QuestionResolver,
    after: QuestionResolver,
    *,
    timing: Timing = Timing(),
    track: Track = untracked,
) -> Timed:
    """The time of each text by either bot.

    Each text is put to both one right after the other, in turns who is first, as often as `timing` says.
    Whatever else the machine does then falls on both of a pair, so the
    ratio of a text's times is the median of its pairs' ratios. (Of two equal bots, seven texts, 15 runs on
    two processors with a load of 15: the median text's ratio stayed within 7 % of 1, that of the fastest
    times was up to 32 % off.) The times lie around the fastest of either bot, as far apart as that says.
    """
    for text in texts[:_WARM_UP]:
        before.resolve(Question(text))
        after.resolve(Question(text))
    rounds = timing.rounds(len(texts))
    seconds = np.empty((len(texts), rounds, 2))
    for number, text in enumerate(track(texts, doing="Timing")):
        for turn in range(rounds):
            in_turns = ((0, before), (1, after)) if (number + turn) % 2 == 0 else ((1, after), (0, before))
            for side, bot in in_turns:
                started = timing.clock()
                bot.resolve(Question(text))
                seconds[number, turn, side] = timing.clock() - started
    log_ratios = np.median(np.log(seconds[:, :, 1] / seconds[:, :, 0]), axis=1)
    middle = 1000 * np.sqrt(seconds.min(axis=1).prod(axis=1))
    return Timed(middle * np.exp(-log_ratios / 2), middle * np.exp(log_ratios / 2))
