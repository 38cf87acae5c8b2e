"""Two bots timed side by side, by a clock that only they and their machine move."""

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from eval.promotion import speed
from eval.promotion.gates import time_gate
from eval.promotion.speed import Timing
from model.types import Decision, Question
from tests.eval.eval_parts import RuleResolver

RULES = RuleResolver(dict.fromkeys("abcdefghij", ("handoff", ())))


class Machine:
    """A clock, and how much slower than alone everything is at the moment."""

    def __init__(self, slowdown: Callable[[int], float] = lambda _: 1.0) -> None:
        self.seconds = 0.0
        self._slowdown = slowdown
        self._asked = count()

    def __call__(self) -> float:
        return self.seconds

    def work(self, milliseconds: float) -> None:
        self.seconds += milliseconds / 1000 * self._slowdown(next(self._asked))


class Bot:
    """Takes so many milliseconds for each text on an idle machine."""

    def __init__(self, machine: Machine, **milliseconds: float) -> None:
        self.asked: list[str] = []
        self._machine = machine
        self._milliseconds = milliseconds

    def resolve(self, question: Question) -> Decision:
        self.asked.append(question.text)
        self._machine.work(self._milliseconds[question.text])
        return RULES.resolve(question)


def test_the_times_of_an_idle_machine_are_the_bots_own() -> None:
    machine = Machine()
    timed = speed.run("ab", Bot(machine, a=2, b=4), Bot(machine, a=3, b=4), timing=Timing(machine))
    assert timed.before == pytest.approx([2, 4])
    assert timed.after == pytest.approx([3, 4])


def test_each_text_is_asked_in_pairs_and_more_often_when_there_are_few() -> None:
    machine = Machine()
    bots = [Bot(machine, a=1, b=1), Bot(machine, a=1, b=1)]
    speed.run("ab", *bots, timing=Timing(machine))
    assert [bot.asked for bot in bots] == [["a", "b"] + ["a"] * 100 + ["b"] * 100] * 2  # once to warm up
    many = [Bot(machine, a=1), Bot(machine, a=1)]
    speed.run("a" * 300, *many, timing=Timing(machine))
    assert len(many[0].asked) == 5 + 5 * 300


def test_who_is_asked_first_changes_with_each_pair() -> None:
    # whoever comes second takes three times as long: half of the pairs say 3, half 1/3
    machine = Machine(lambda asked: 1.0 + 2 * (asked % 2))
    timed = speed.run("ab", Bot(machine, a=2, b=4), Bot(machine, a=2, b=4), timing=Timing(machine))
    assert timed.before == pytest.approx([2, 4])
    assert timed.after == pytest.approx([2, 4])


@pytest.mark.parametrize("ratio", [1.0, 1.3])
def test_a_machine_that_gets_busy_and_idle_again_moves_no_ratio(ratio: float) -> None:
    """It is up to nine times slower for a while, and every seventh turn is interrupted for long."""
    rng = np.random.default_rng(0)
    hiccups = rng.random(10_000) < 1 / 7
    machine = Machine(lambda asked: 5 + 4 * np.sin(asked / 50) + 30 * hiccups[asked])
    times = {text: 2.0 + number for number, text in enumerate("abcdefg")}
    slower = {text: ratio * time for text, time in times.items()}
    timed = speed.run("abcdefg", Bot(machine, **times), Bot(machine, **slower), timing=Timing(machine))
    assert timed.after / timed.before == pytest.approx(ratio, rel=0.05)
    gate = time_gate(timed.before, timed.after, rng=rng)
    assert (gate.name, gate.outcome) == ("p50_ms", "passed" if ratio == 1 else "failed")


def test_without_texts_nothing_is_timed() -> None:
    timed = speed.run([], Bot(Machine()), Bot(Machine()))
    assert (len(timed.before), len(timed.after)) == (0, 0)
