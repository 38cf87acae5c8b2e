"""Two bots timed side by side, one of which waits before it answers."""

import time

import pytest

from eval.promotion import speed
from model.types import Decision, Question
from tests.eval.eval_parts import RuleResolver

RULES = RuleResolver({"one": ("handoff", ()), "two": ("handoff", ())})


class Slow:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def resolve(self, question: Question) -> Decision:
        self.asked.append(question.text)
        time.sleep(0.002)
        return RULES.resolve(question)


def test_a_bot_that_waits_two_milliseconds_is_that_much_slower() -> None:
    slow = Slow()
    times = speed.run(["one", "two"], {"fast": RULES, "slow": slow}, seconds=0)
    assert times["slow"]["p50_ms"] >= 2.0
    assert times["fast"]["p95_ms"] < 2.0
    assert len(slow.asked) == 2 + 6 * 60  # once to warm up, then six times 30 each, as it stays slower


def test_passes_that_take_no_time_are_repeated_until_the_seconds_are_over() -> None:
    slow = Slow()
    started = time.monotonic()
    speed.run(["one"], {"fast": RULES, "slow": slow}, seconds=1.5)
    assert 1.5 <= time.monotonic() - started < 6
    assert len(slow.asked) > 1 + 6 * 60


def test_bots_of_equal_speed_are_not_timed_without_end() -> None:
    same = Slow()
    times = speed.run(["one", "two"], {"one": same, "other": same})
    assert times["one"]["p95_ms"] == pytest.approx(times["other"]["p95_ms"], rel=0.05)


def test_without_texts_nothing_is_timed() -> None:
    assert speed.run([], {"fast": RULES}) == {}
