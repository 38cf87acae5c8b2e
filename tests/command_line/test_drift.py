"""`firstlast drift` on a home with a history: what it prints, and how it ends."""

from contextlib import closing
from datetime import UTC, datetime, time, timedelta

import pytest

from model.model_set import read_pointer
from serving.db.session import Database
from serving.db.tables import Contact, Conversation, DecisionRecord, now
from serving.settings import Settings
from tests.command_line.parts import Commands

SIGNALS = {
    *("intents", "out_of_scope", "languages", "confidence", "sentiment", "mood", "answered", "helped"),
}


@pytest.fixture(scope="module")
def with_history(in_demo_home: Commands) -> Commands:
    """Eight weeks with four conversations a day; for two weeks now every second one fits no intent."""
    assert in_demo_home.home is not None
    settings = Settings.load(in_demo_home.home)
    version = read_pointer(settings.models_folder)
    with closing(Database(settings.database_url)) as database, database.session() as session:
        session.add(Contact(id="c"))
        session.flush()
        for number in range(4 * 56):
            back, place = number // 4 + 1, number % 4
            asked_at = datetime.combine(now().date() - timedelta(days=back), time(place), UTC)
            is_new = back <= 15 and place % 2
            session.add(
                Conversation(id=f"v{number}", contact_id="c", client_id=f"v{number}", updated_at=asked_at)
            )
            session.flush()
            session.add(
                DecisionRecord(
                    conversation_id=f"v{number}",
                    message_id=number + 1,
                    question="Can I rent the garden for the summer, and what does it cost?",
                    kind="handoff",
                    confidence=0.3,
                    threshold=0.8,
                    intent=None if is_new else "skip_or_pause",
                    sentiment="neutral",
                    mood=0.0,
                    wants_person=0.0,
                    reasons=["below_threshold"],
                    model=version,
                    created_at=asked_at,
                )
            )
    return in_demo_home


def test_every_signal_is_told_beside_both_references(with_history: Commands) -> None:
    shown = with_history("drift", "--json").result
    told = [(one["signal"], one["against"]) for one in shown["comparisons"]]
    assert {signal for signal, against in told if against == "last_month"} == SIGNALS
    in_training = {"intents", "out_of_scope", "languages", "confidence", "sentiment"}
    assert {signal for signal, against in told if against == "training"} == in_training
    by = {(one["signal"], one["against"]): one for one in shown["comparisons"]}
    new = by["out_of_scope", "last_month"]
    assert (new["verdict"], new["reference_n"], new["n"]) == ("moved", 112, 56)
    assert (new["changes"][0]["reference"], new["changes"][0]["now"]) == (0.0, 0.5)
    assert by["intents", "training"]["verdict"] == "moved"  # all of them want the same thing
    assert by["intents", "training"]["reference_n"] > 500  # the sample company's own questions
    assert by["answered", "last_month"]["verdict"] == "steady"
    assert by["helped", "last_month"]["verdict"] == "unknown"
    assert shown["moved"] == sum(one["verdict"] == "moved" for one in shown["comparisons"])


def test_it_is_readable_and_says_what_to_do(with_history: Commands) -> None:
    got = with_history("drift")
    assert got.status == 0
    assert "Moved: Questions that fit no intent, beside the month before (112 then, 56 now;" in got.stdout
    assert "  from 0.0 % to 50.0 %\n    such as v" in got.stdout
    assert "  -> a new topic: see what the questions are about" in got.stdout
    assert "Not compared:\n" in got.stdout
    assert "Answers that helped, beside the month before: the month before had 0" in got.stdout


def test_it_ends_with_one_only_where_that_is_asked_for(with_history: Commands) -> None:
    assert with_history("drift", "--json").status == 0
    assert with_history("drift", "--json", "--fail").status == 1


def test_longer_windows_compare_longer_times(with_history: Commands) -> None:
    month, shorter = (
        with_history("drift", "--json").result,
        with_history("drift", "--days", "14", "--json").result,
    )
    for shown, days in ((month, 28), (shorter, 14)):
        since, before = (datetime.fromisoformat(shown[key]) for key in ("watched_since", "reference_since"))
        assert (since - before).days == days
        assert (datetime.fromisoformat(shown["day"]) - datetime.fromisoformat(shown["now_since"])).days == (
            days // 2 - 1
        )
