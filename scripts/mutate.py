"""Puts small faults into the modules that matter, one at a time, and tells which of them no test notices.

    python scripts/mutate.py                            all rooms, an hour at most
    python scripts/mutate.py policy risk -n 40 --seed 7

A sample of all places where a fault fits (operators of Cosmic Ray, and statements left out) is tried in a
copy of the project: one fault, then the room's quick tests. A fault that takes them far over their time
counts as noticed. The last line is JSON: `score`, the share noticed, with its exact 95 % interval, and what
survived. Exits 1 when the score is below `--least`. The working tree is never changed.
"""

import argparse
import compileall
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Keyword

from eval.metrics.intervals import clopper_pearson

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Room:
    """Modules, and the quick tests that are about them; paths from the project's folder."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS: Mapping[str, Room] = {
    "policy": Room(("model/policy.py",), ("tests/model/test_policy.py",)),
    "risk": Room(("model/answering/risk.py",), ("tests/model/answering/test_risk.py",)),
    "conversations": Room(
        (
            "serving/bot/turn.py",
            "serving/bot/decisions.py",
            "serving/bot/handoff.py",
            "serving/bot/picks.py",
            "serving/conversations/repository.py",
            "serving/conversations/service.py",
            "serving/bot/worker.py",
        ),
        (
            "tests/serving/conversations/test_conversations.py",
            "tests/serving/bot/test_turns_and_people.py",
            "tests/serving/bot/test_turn.py",
            "tests/serving/conversations/test_events.py",
            "tests/serving/bot/test_handoff_words.py",
            "tests/serving/bot/test_picks.py",
            "tests/serving/bot/test_replay.py",
            "tests/serving/bot/test_leases.py",
            "tests/serving/bot/test_running_worker.py",
            "tests/serving/bot/test_housekeeping.py",
        ),
    ),
    "learned_answers": Room(
        (
            "serving/learned_answers/approval.py",
            "serving/learned_answers/proposals.py",
            "serving/learned_answers/drafting.py",
            "serving/learned_answers/service.py",
            "serving/learned_answers/repository.py",
            "serving/learned_answers/wording.py",
        ),
        (
            "tests/serving/learned_answers/test_deciding.py",
            "tests/serving/learned_answers/test_drafting.py",
            "tests/serving/indexing/test_sync.py",
        ),
    ),
    "security": Room(
        (
            "serving/agents/attempts.py",
            "serving/security/addresses.py",
            "serving/security/counters.py",
            "serving/security/passwords.py",
            "serving/security/permissions.py",
            "serving/security/principals.py",
            "serving/security/rate_limit.py",
            "serving/security/tokens.py",
        ),
        (
            "tests/serving/security/test_permissions.py",
            "tests/serving/security/test_rate_limit.py",
            "tests/serving/security/test_proxies.py",
            "tests/serving/security/test_rights.py",
            "tests/serving/security/test_sign_in.py",
            "tests/serving/contacts/test_customers.py",
        ),
    ),
    "learning": Room(
        (
            "knowledge/learning/cleaning.py",
            "knowledge/learning/contradictions.py",
            "knowledge/learning/draft.py",
            "knowledge/privacy/detection.py",
            "knowledge/learning/question.py",
            "knowledge/privacy/scrubbing.py",
        ),
        (
            "tests/knowledge/learning/test_draft.py",
            "tests/knowledge/learning/test_cleaning.py",
            "tests/knowledge/privacy/test_scrubbing.py",
        ),
    ),
}

_STATEMENT = "leave out"
_LEFT_OUT = (
    "BitOr",  # `X | None` of annotations
    "NumberReplacer",  # most numbers are limits that somebody chose: one more or less is as good
    "ExceptionReplacer",
    "RemoveDecorator",  # of data classes and endpoints: nothing would start
    "VariableReplacer",
    "VariableInserter",
)
_HARMLESS = ("@dataclass", "_log.", "raise ")
"""Lines whose faults change nothing that a test should look at: slots, the log, the words of an error."""
_FORKS = multiprocessing.get_context("forkserver")
_IMPORTED_ONCE = (
    *("__main__", "pytest", "hypothesis", "fastapi.testclient", "httpx", "uvicorn", "structlog", "argon2"),
    *("numpy", "scipy.stats", "faiss", "onnxruntime", "tokenizers", "safetensors.numpy", "filelock"),
    *("sqlalchemy.orm", "alembic.command", "pydantic_settings", "jwt", "nh3", "markdown_it", "jinja2"),
)
_OWN = {"model", "knowledge", "serving", "eval", "training", "firstlast", "tests"}
"""What a fault may be in, which the copy's tests import anew."""
_LONGER = 5.0
"""So many times longer than on the sound project may the tests of a fault take, and a minute."""


class LeaveOut(Operator):  # type: ignore[misc]
    """Leaves out a statement that has an effect: a call, or setting an attribute or an item."""

    def mutation_positions(
        self, node: Any
    ) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:  # parso's node
        """Where the node is such a statement."""
        if node.type != "simple_stmt":
            return
        statement = node.children[0]
        target = statement.children[0] if statement.type == "expr_stmt" else statement
        if target.type in ("power", "atom_expr"):
            yield statement.start_pos, statement.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002  # parso's node
        """The node with `pass` in place of the statement."""
        statement = node.children[0]
        prefix = statement.get_first_leaf().prefix
        node.children[0] = Keyword("pass", statement.start_pos, prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: they serve Cosmic Ray's own tests."""
        return ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in one module."""

    room: str
    module: str
    line: int
    operator: str
    """By its name in Cosmic Ray, or `leave out`."""
    occurrence: int
    """Which of the places where the operator fits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault."""

    room: str
    place: str
    """Module and line."""
    before: str
    after: str
    noticed: bool


def faults_by_place(project: Path, name: str, room: Room) -> list[list[Fault]]:
    """Every fault that fits into the room's modules; those of one place in the text are one list."""
    operators = [one for one in operator_names() if not any(part in one for part in _LEFT_OUT)]
    places: defaultdict[tuple[str, tuple[int, int]], list[Fault]] = defaultdict(list)
    for module in room.modules:
        source = (project / module).read_text(encoding="utf-8")
        lines, nodes = source.split("\n"), list(ast_nodes(get_ast(source)))
        for operator in (_STATEMENT, *operators):
            fits = chain.from_iterable(_operator(operator).mutation_positions(node) for node in nodes)
            for occurrence, (begin, _) in enumerate(fits):
                if not lines[begin[0] - 1].lstrip().startswith(_HARMLESS):
                    fault = Fault(name, module, begin[0], operator, occurrence)
                    places[module, begin].append(fault)
    return list(places.values())


def in_random_order(project: Path, rooms: Mapping[str, Room], *, seed: int) -> list[Fault]:
    """One random fault at each place, the rooms in turns: any beginning of it is a fair sample."""
    rng = random.Random(seed)
    by_room = []
    for name, room in rooms.items():
        places = faults_by_place(project, name, room)
        by_room.append([rng.choice(place) for place in rng.sample(places, len(places))])
    in_turns = chain.from_iterable(zip_longest(*by_room))
    return [fault for fault in in_turns if fault is not None]


def faulty_code(source: str, fault: Fault) -> str:
    """The module's code with the fault in it."""
    code: str | None = mutate_code(source, _operator(fault.operator), fault.occurrence)
    if code is None:
        raise ValueError(f"{fault.operator} fits into {fault.module} fewer than {fault.occurrence + 1} times")
    return code


def try_faults(
    project: Path, rooms: Mapping[str, Room], faults: Sequence[Fault], *, seconds: float
) -> Iterator[Outcome]:
    """What becomes of one fault after the other, until the time is over; what does not compile is left out.

    Raises `SystemExit` when the tests of a room fail on the sound project.
    """
    ends = time.monotonic() + seconds
    allowed: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "mlruns"))
        compileall.compile_dir(copy, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
        for fault in faults:
            if time.monotonic() >= ends:
                return
            sound = (copy / fault.module).read_text(encoding="utf-8")
            faulty = faulty_code(sound, fault)
            if not _compiles(faulty):
                continue
            tests = rooms[fault.room].tests
            if fault.room not in allowed:
                started = time.monotonic()
                if complaint := _complaint(copy, tests, seconds=seconds):
                    raise SystemExit(f"{complaint}\nthe tests of {fault.room} fail already; mend them first")
                allowed[fault.room] = 60 + _LONGER * (time.monotonic() - started)
            (copy / fault.module).write_text(faulty, encoding="utf-8")
            noticed = _complaint(copy, tests, seconds=allowed[fault.room]) != ""
            (copy / fault.module).write_text(sound, encoding="utf-8")
            yield _outcome(fault, sound, faulty, noticed=noticed)


def report(outcomes: Sequence[Outcome], *, places: int, seconds: float) -> dict[str, Any]:  # JSON
    """The score of the sample and what survived."""
    noticed = sum(one.noticed for one in outcomes)
    interval = clopper_pearson(noticed, len(outcomes))
    rooms = {one.room: [other.noticed for other in outcomes if other.room == one.room] for one in outcomes}
    return {
        "n": len(outcomes),
        "places": places,
        "noticed": noticed,
        "score": noticed / len(outcomes) if outcomes else None,
        "score_interval": [interval.low, interval.high],
        "rooms": {room: {"n": len(flags), "noticed": sum(flags)} for room, flags in rooms.items()},
        "survived": [asdict(one) for one in outcomes if not one.noticed],
        "seconds": round(seconds, 1),
    }


def _operator(name: str) -> Operator:
    return LeaveOut() if name == _STATEMENT else get_operator(name)()


def _compiles(code: str) -> bool:
    try:
        compile(code, "faulty", "exec")
    except SyntaxError:
        return False
    return True


def _complaint(project: Path, tests: Sequence[str], *, seconds: float) -> str:
    """The end of what the tests print when they fail, on SQLite alone; empty when they pass.

    They run in a fork of a process that has imported what is not of this project: that takes longer than
    most tests.
    """
    _FORKS.set_forkserver_preload(list(_IMPORTED_ONCE))
    output = project.parent / "output.txt"
    process = _FORKS.Process(target=_run_tests, args=(project, tests, output))
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return f"the tests took longer than {seconds:.0f} seconds"
    return output.read_text(encoding="utf-8", errors="replace")[-3_000:] or "-" if process.exitcode else ""


def _run_tests(project: Path, tests: Sequence[str], output: Path) -> None:
    """Ends this process with pytest's status; `output` gets what it prints."""
    os.setsid()
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(project)
    os.environ["PYTHONPATH"] = str(project)
    sys.path.insert(0, str(project))
    sys.dont_write_bytecode = True
    for name in [name for name in sys.modules if name.split(".")[0] in _OWN]:
        del sys.modules[name]
    import pytest

    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", "not postgresql"]
    imported_once = ["-W", "ignore:Module already imported"]  # plugins that are, whose asserts nobody reads
    sys.exit(int(pytest.main([*options, *imported_once, *tests])))


def _outcome(fault: Fault, sound: str, faulty: str, *, noticed: bool) -> Outcome:
    pairs = zip_longest(sound.split("\n"), faulty.split("\n"), fillvalue="")
    before, after = next((old.strip(), new.strip()) for old, new in pairs if old != new)
    return Outcome(fault.room, f"{fault.module}:{fault.line}", before, after, noticed)


def main() -> None:
    """Try a sample of faults and print what became of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all when none is named"
    )
    parser.add_argument("-n", type=int, help="at most so many faults")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--minutes", type=float, default=55, help="no fault is begun after these")
    parser.add_argument("--least", type=float, default=0.85, help="the score to reach")
    given = parser.parse_args()
    unknown = sorted(set(given.rooms) - set(ROOMS))
    if unknown:
        parser.error(f"no room {unknown[0]!r}; the rooms are {', '.join(ROOMS)}")
    rooms = {name: ROOMS[name] for name in given.rooms or ROOMS}
    started = time.monotonic()
    places = in_random_order(ROOT, rooms, seed=given.seed)
    outcomes = []
    for one in islice(try_faults(ROOT, rooms, places, seconds=60 * given.minutes), given.n):
        outcomes.append(one)
        said = "noticed " if one.noticed else "SURVIVED"
        print(f"{said} {one.place}  {one.before}  ->  {one.after}", flush=True)
    found = report(outcomes, places=len(places), seconds=time.monotonic() - started)
    print(json.dumps(found, ensure_ascii=False))
    sys.exit(found["score"] is None or found["score"] < given.least)


if __name__ == "__main__":
    main()
