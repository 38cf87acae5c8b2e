"""Turns go round the crowds, nobody waits in a thread, and who leaves the line costs nobody a turn."""

import asyncio

import pytest

from serving.runtime.turns import FairTurns
from serving.security.rate_limit import TooManyRequestsError


async def order_of(turns: FairTurns, asked: list[str]) -> list[str]:
    """In which order those who ask, all while a turn is under way, get theirs."""
    got: list[str] = []

    async def ask(name: str) -> None:
        async with turns.take(name.rstrip("0123456789")):
            got.append(name)
            await asyncio.sleep(0)

    async with turns.take("first"):
        tasks = [asyncio.create_task(ask(name)) for name in asked]
        await asyncio.sleep(0)
        assert got == []
    await asyncio.gather(*tasks)
    return got


def test_of_twelve_asks_of_one_visitor_another_waits_for_one() -> None:
    flood = [f"ada{number}" for number in range(12)]
    got = asyncio.run(order_of(FairTurns(1, most_waiting=50), [*flood, "ben0", "ben1", "cleo0"]))
    assert got[:5] == ["ada0", "ben0", "cleo0", "ada1", "ben1"]
    assert got[5:] == flood[2:]


def test_no_more_are_worked_on_at_once_than_there_are_turns() -> None:
    async def most_at_once() -> int:
        turns, running, most = FairTurns(3, most_waiting=50), 0, 0

        async def work(crowd: str) -> None:
            nonlocal running, most
            async with turns.take(crowd):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(work(str(number % 4)) for number in range(20)))
        return most

    assert asyncio.run(most_at_once()) == 3


def test_who_waits_with_too_many_is_refused_and_others_are_not() -> None:
    async def refused() -> None:
        turns = FairTurns(1, most_waiting=2)

        async def ask(crowd: str) -> None:
            async with turns.take(crowd):
                pass

        async with turns.take("first"):
            waiting = [asyncio.create_task(ask(crowd)) for crowd in ("ada", "ada", "ben")]
            await asyncio.sleep(0)
            with pytest.raises(TooManyRequestsError, match="2 requests of yours wait already"):
                await ask("ada")
        await asyncio.gather(*waiting)
        await ask("ada")  # nobody waits any more

    asyncio.run(refused())


def test_a_turn_given_to_somebody_who_has_left_goes_to_the_next() -> None:
    async def left() -> list[str]:
        turns, got = FairTurns(1, most_waiting=5), []

        async def ask(name: str) -> None:
            async with turns.take(name):
                got.append(name)

        async with turns.take("first"):
            tasks = [asyncio.create_task(ask(name)) for name in ("ada", "ben", "cleo")]
            await asyncio.sleep(0)
            tasks[1].cancel()  # while in line
            await asyncio.sleep(0)
        tasks[0].cancel()  # when the turn has just been given
        await asyncio.gather(*tasks, return_exceptions=True)
        await ask("dora")
        return got

    assert asyncio.run(left()) == ["cleo", "dora"]


def test_a_failure_gives_the_turn_back() -> None:
    async def fail() -> None:
        turns = FairTurns(1, most_waiting=0)
        for _ in range(3):
            with pytest.raises(ValueError, match="oops"):
                async with turns.take("ada"):
                    raise ValueError("oops")

    asyncio.run(fail())
