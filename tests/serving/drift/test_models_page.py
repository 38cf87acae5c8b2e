"""The page of model sets: who sees it, what has moved and what to do, and the sets."""

import json
from datetime import date

import pytest
from fastapi.testclient import TestClient

from serving.console.model_pages import headline
from serving.drift.report import Change, Comparison, DriftReport, Verdict
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork


@pytest.mark.parametrize(
    ("role", "page"), [("agent", 403), ("editor", 403), ("engineer", 200), ("admin", 200)]
)
def test_the_page_is_for_those_who_may_change_models(
    drifting: Runtime, client: TestClient, role: str, page: int
) -> None:
    someone = AgentAtWork(client, drifting, role)
    assert someone.get("/models").status_code == page
    assert someone.get("/v1/drift").status_code == 200
    assert ('href="/models"' in someone.get("/inbox").text) == (page == 200)


def test_the_page_says_what_moved_and_what_to_do(drifting: Runtime, client: TestClient) -> None:
    text = AgentAtWork(client, drifting, "engineer").get("/models").text
    assert "1 thing moved since" in text
    assert '<h3 class="card__heading">Questions that fit no intent</h3>' in text
    assert "Beside the month before:</span> from 0.0\N{NO-BREAK SPACE}% to 50.0\N{NO-BREAK SPACE}%" in text
    assert "A new topic: see what the questions are about" in text
    assert 'href="/inbox/drift-' in text


def test_the_page_lists_the_sets_with_what_their_cards_tell(drifting: Runtime, client: TestClient) -> None:
    engineer = AgentAtWork(client, drifting, "engineer")
    assert "No model set yet" in engineer.get("/models").text
    told = {
        "metrics": {"intent.accuracy": 0.947, "answers.coverage_at_risk_0.02": 0.61},
        "parameters": {"intent.labels": 38, "calibrated_on": "own questions"},
    }
    for version, card in (("20261103-101500-7f3a", told), ("by-hand", {"metrics": 3})):
        folder = drifting.settings.models_folder / version
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"card": card}))
    text = engineer.get("/models").text
    assert text.index("by-hand") < text.index("20261103-101500-7f3a")
    for words in (
        "38, 94.7 % read right",
        "61.0 % at a budget of 2.0 %",
        "Own questions",
        "3 Nov 2026, 10:15",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ((), "Nothing can be compared yet: the list tells why."),
        (("steady", "unknown"), "Nothing has moved since 11 Feb 2026."),
        (
            ("steady", "watch"),
            "Nothing is sure to have moved since 11 Feb 2026. Look again in some days at: Mood",
        ),
        (("moved", "watch"), "1 thing moved since 11 Feb 2026."),
    ],
)
def test_the_headline_says_whether_to_look_further(verdicts: tuple[Verdict, ...], words: str) -> None:
    change = Change("", 0.5, (0.4, 0.6), 0.6, (0.5, 0.7), ())
    shown = DriftReport(
        day=date(2026, 3, 1),
        watched_since=date(2026, 2, 11),
        reference_since=date(2026, 1, 14),
        now_since=date(2026, 2, 16),
        model=None,
        model_since=None,
        comparisons=tuple(
            Comparison("mood", "last_month", verdict, 90, 90, 1.0, 3.3, None, (change,), "look")
            for verdict in verdicts
        ),
    )
    assert headline(shown).startswith(words)
