"""Processes that share a store: each piece of work is done once, and that of a dead one is taken over."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from serving.bot.leases import Leases
from serving.conversations import repository
from serving.db.tables import WorkLease, now
from serving.runtime.assembly import Runtime
from tests.serving.bot.worker_process import run
from tests.serving.parts import AgentAtWork, Customer

PATIENCE_SECONDS = 90
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.serving.bot.worker_process"])


class Crew:
    """Processes with workers on one store, and what they were asked to think about."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._log = folder / "log"
        self._lines: list[Connection] = []
        self.processes: list[ForkServerProcess] = []

    def start(self, how: str = "work", *, lease_seconds: float = 6.0) -> ForkServerProcess:
        """A process of its own, from one that has all imports behind it."""
        ours, theirs = _FORKS.Pipe()
        process = _FORKS.Process(target=run, args=(self._address, str(self._log), how, lease_seconds, theirs))
        process.start()
        theirs.close()
        self._lines.append(ours)
        self.processes.append(process)
        return process

    def lines(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    def asked(self) -> Counter[str]:
        """How often each thing was thought about, by whichever process."""
        return Counter(line.partition(" ")[2] for line in self.lines() if not line.endswith("started"))

    def wait_until(self, holds: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < ends_at, self.lines()
            assert all(process.exitcode in (None, -9) for process in self.processes)
            time.sleep(0.05)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.join()
        for line in self._lines:
            line.close()


@pytest.fixture
def crew(runtime: Runtime, tmp_path: Path) -> Iterator[Crew]:
    with ExitStack() as stack:
        crew = Crew(runtime.settings.database_url, tmp_path)
        stack.callback(crew.end)
        yield crew


def bot_texts(customer: Customer, conversation_id: str) -> list[str]:
    return [m["text"] for m in customer.messages(conversation_id) if m["author"] == "bot"]


def test_three_processes_do_each_piece_of_work_once(
    customer: Customer, runtime: Runtime, agent: AgentAtWork, crew: Crew
) -> None:
    handed_over = customer.start()
    customer.say(handed_over, "a person please")
    runtime.worker.run_once()
    asked = [customer.start() for _ in range(12)]
    for number, conversation_id in enumerate(asked):
        customer.say(conversation_id, f"do you ship {number}?")
    replies = [agent.say(handed_over, f"Number {number}.")["id"] for number in range(6)]
    for _ in range(3):
        crew.start()
    crew.wait_until(lambda: all(bot_texts(customer, one) for one in asked))
    crew.wait_until(lambda: sum(crew.asked().values()) >= 18)
    later = customer.start()
    customer.say(later, "do you ship later?")
    crew.wait_until(lambda: bool(bot_texts(customer, later)))
    assert crew.asked() == {
        **{f"answer do you ship {number}?": 1 for number in range(12)},
        **{f"learn {reply}": 1 for reply in replies},
        "answer do you ship later?": 1,
    }
    assert [bot_texts(customer, one) for one in asked] == [["We ship **daily**."]] * 12


def test_the_work_of_a_process_that_is_killed_is_taken_over(customer: Customer, crew: Crew) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    hanging = crew.start("hang", lease_seconds=3.0)
    crew.wait_until(lambda: crew.asked() == {"answer do you ship?": 1})
    for _ in range(2):
        crew.start(lease_seconds=3.0)
    crew.wait_until(lambda: sum(line.endswith("started") for line in crew.lines()) == 3)
    time.sleep(5)  # longer than a lease: the hanging one, which lives, keeps its own
    assert crew.asked() == {"answer do you ship?": 1}
    hanging.kill()
    crew.wait_until(lambda: bool(bot_texts(customer, conversation_id)))
    assert crew.asked() == {"answer do you ship?": 2}
    assert bot_texts(customer, conversation_id) == ["We ship **daily**."]


def test_housekeeping_rests_for_all_processes_once_one_has_done_it(runtime: Runtime) -> None:
    runtime.worker.keep_house(rest_seconds=50)
    with Leases(runtime.database, seconds=6.0).take("housekeeping") as lease:
        assert lease is None
    with runtime.database.session() as session:
        session.get_one(WorkLease, "housekeeping").until = now() - timedelta(seconds=1)
    with Leases(runtime.database, seconds=6.0).take("housekeeping") as lease:
        assert lease is not None


def test_one_of_two_takes_the_work_until_it_is_given_back_or_runs_out(runtime: Runtime) -> None:
    ours, theirs = (Leases(runtime.database, seconds=6.0) for _ in range(2))
    with ours.take("answer:x") as lease:
        assert lease is not None
        with theirs.take("answer:x") as second:
            assert second is None
        with runtime.database.session() as session:  # as if this process had not renewed it for long
            session.get_one(WorkLease, "answer:x").until = now() - timedelta(seconds=1)
        with theirs.take("answer:x") as third:
            assert third is not None
            ours.renew()
            with runtime.database.reading() as session:
                assert session.get_one(WorkLease, "answer:x").holder != lease._holder
    with ours.take("answer:x") as again:
        assert again is not None
    with runtime.database.reading() as session:
        assert session.get(WorkLease, "answer:x") is None


def test_only_the_holders_own_leases_are_renewed_and_ended(runtime: Runtime) -> None:
    moment = now()
    with runtime.database.session() as session:
        for work, holder in (("answer:1", "a"), ("answer:2", "b"), ("answer:3", "c"), ("answer:4", "b")):
            assert repository.take_lease(session, work, holder, moment, seconds=6.0)
        works = ["answer:1", "answer:2", "answer:3"]
        repository.renew_leases(session, works, "b", moment + timedelta(seconds=9))
        session.expire_all()
        until = [session.get_one(WorkLease, f"answer:{number}").until for number in (1, 2, 3, 4)]
        assert [(one - moment).total_seconds() for one in until] == [6, 9, 6, 6]
        for work in works:
            repository.end_lease(session, work, "b")
        session.expire_all()
        left = [number for number in (1, 2, 3, 4) if session.get(WorkLease, f"answer:{number}")]
        assert left == [1, 3, 4]
        session.rollback()


def test_work_that_ends_in_an_error_is_given_back(runtime: Runtime) -> None:
    leases = Leases(runtime.database, seconds=6.0)

    def fail() -> None:
        with leases.take("answer:y") as lease, runtime.database.session() as session:
            assert lease is not None
            lease.give_back(session)
            raise ValueError("what was to be stored is not")

    with pytest.raises(ValueError, match="not"):
        fail()
    with runtime.database.reading() as session:
        assert session.get(WorkLease, "answer:y") is None
        assert repository.list_due(session, now(), limit=1) == []
