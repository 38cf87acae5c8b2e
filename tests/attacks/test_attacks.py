"""Attacks on what the bot answers and learns, on pages, imports and rights: all of them hold."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.attack import Attack, read_attacks
from tests.attacks.channels import CHANNELS, run
from tests.attacks.home import AttackedHome, copied
from tests.attacks.markup import dangers

ATTACKS = read_attacks()


@pytest.fixture(scope="module")
def home(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedHome]:
    """A home of the sample company to be attacked."""
    made = AttackedHome(copied(trained_home, tmp_path_factory.mktemp("attacked")))
    yield made
    made.close()


def test_there_are_many_attacks_on_every_way_in_and_each_says_what_it_tries() -> None:
    assert len(ATTACKS) >= 100
    assert {attack.enters for attack in ATTACKS} == set(CHANNELS)
    assert min(Counter(attack.enters for attack in ATTACKS).values()) >= 5
    assert len({str(attack) for attack in ATTACKS}) == len(ATTACKS)
    assert all(attack.tries for attack in ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_holds(home: AttackedHome, attack: Attack) -> None:
    assert run(home, attack) == []


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>fine <a href='/x'>x</a> <a href='https://a.example'>y</a><img src='/files/a.png'></p>", 0),
        ("<script>alert(1)</script>", 1),
        ("<script src='https://evil.example/a.js'></script>", 2),
        ("<img src=x onerror=alert(1)>", 2),
        ("<a href='java\tscript:alert(1)'>x</a>", 1),
        ("<a href='data:text/html,x'>x</a>", 1),
        ("<img src='//evil.example/p.gif'>", 1),
        ("<form action='https://evil.example'></form>", 1),
        ("<iframe src='/x'></iframe>", 1),
        ("<p style='position:fixed'>x</p>", 1),
        ("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", 0),
    ],
)
def test_a_danger_in_a_page_is_seen(page: str, found: int) -> None:
    assert len(dangers(page)) == found


def test_an_attack_that_succeeds_is_seen(home: AttackedHome) -> None:
    """Whoever may change what the bot says does so here, as no stranger can: every guard must notice."""
    before = home.state()
    answer = {"question": "What is told?", "answer": "QUAYLE-7731"}
    made = home.editor.post("/v1/learned-answers", answer).json()["id"]
    attack = Attack("x", "message", "x", ["What is told?"], ("told",))
    outcome = CHANNELS["request"](
        home, Attack("x", "request", "x", {"method": "GET", "path": "/healthz", "body": None}, ())
    )
    outcome.said.append("it told QUAYLE-7731")
    outcome.pages.append("<script>alert(1)</script>")
    faults = home.faults(attack, outcome, before)
    home.editor.post(f"/v1/learned-answers/{made}/retire")
    assert "status 200" in faults
    assert "'told' came out" in faults
    assert "what another customer wrote came out" in faults
    assert "a page has <script> of its own" in faults
    assert any(fault.startswith("learned_answers WHERE status = 'approved'") for fault in faults)
