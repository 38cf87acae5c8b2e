"""The command that looks for faults no test notices: on a small project, and that its map fits this one."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import mutate  # noqa: E402

MODULE = """
def price(items: int, *, member: bool) -> int:
    total = items * 10
    if member and items > 2:
        total = total - 5
    return total


def note(words: list[str], word: str) -> None:
    words.append(word)
"""
TESTS = """
from shop import note, price


def test_members_get_five_off_from_three_items():
    assert price(3, member=True) == 25
    assert price(2, member=True) == 20
    assert price(3, member=False) == 30
"""
ROOMS = {"shop": mutate.Room(("shop.py",), ("test_shop.py",))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(MODULE)
    (tmp_path / "test_shop.py").write_text(TESTS)
    return tmp_path


def fault(project: Path, line: str, operator: str) -> mutate.Fault:
    number = MODULE.split("\n").index(line) + 1
    places = mutate.faults_by_place(project, "shop", ROOMS["shop"])
    return next(one for place in places for one in place if one.line == number and operator in one.operator)


def test_a_fault_that_a_test_sees_is_noticed_and_one_that_none_sees_survives(project: Path) -> None:
    seen = fault(project, "    if member and items > 2:", "Comparison")
    unseen = fault(project, "    words.append(word)", "leave out")
    outcomes = list(mutate.try_faults(project, ROOMS, [seen, unseen], seconds=600))
    assert [one.noticed for one in outcomes] == [True, False]
    assert (outcomes[1].place, outcomes[1].before, outcomes[1].after) == (
        "shop.py:10",
        "words.append(word)",
        "pass",
    )
    assert (project / "shop.py").read_text() == MODULE
    found = mutate.report(outcomes, places=2, seconds=1.0)
    assert (found["n"], found["noticed"], found["score"]) == (2, 1, 0.5)
    assert found["score_interval"] == pytest.approx([0.0126, 0.9874], abs=1e-4)  # Clopper and Pearson, 1 of 2
    assert [one["before"] for one in found["survived"]] == ["words.append(word)"]


def test_tests_that_fail_without_any_fault_end_it_with_their_room(project: Path) -> None:
    (project / "test_shop.py").write_text("def test_broken():\n    assert False\n")
    unseen = fault(project, "    words.append(word)", "leave out")
    with pytest.raises(SystemExit, match="the tests of shop fail already"):
        list(mutate.try_faults(project, ROOMS, [unseen], seconds=600))


def test_a_sample_is_the_same_for_a_seed_and_takes_each_place_once(project: Path) -> None:
    first, second = (mutate.in_random_order(project, ROOMS, seed=3) for _ in range(2))
    assert first == second
    assert len(first) == len(mutate.faults_by_place(project, "shop", ROOMS["shop"]))
    assert mutate.in_random_order(project, ROOMS, seed=4) != first
    assert len({(one.line, one.operator, one.occurrence) for one in first}) == len(first)


def test_every_room_has_its_modules_and_tests() -> None:
    named = [path for room in mutate.ROOMS.values() for path in (*room.modules, *room.tests)]
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_the_stop_of_the_guarantee_is_among_the_places_where_a_fault_fits() -> None:
    places = mutate.faults_by_place(ROOT, "risk", mutate.ROOMS["risk"])
    source = (ROOT / "model" / "answering" / "risk.py").read_text()
    faulty = [mutate.faulty_code(source, one) for place in places for one in place if "Break" in one.operator]
    stop = "            break\n        passed = int(i)"
    assert stop in source
    assert source.replace(stop, stop.replace("break", "continue")) in faulty
