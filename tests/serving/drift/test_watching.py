"""What is counted of a store, by day and once a conversation; and who is told of it, how."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from serving.db.session import Database
from serving.db.tables import Contact, Conversation, now
from serving.drift.service import DriftWatch, drift_report, trained_counts
from serving.drift.tallies import TEXTS_A_DAY, Tallies, language_label, number_label, tally
from serving.runtime.assembly import Runtime
from tests.serving.db.big_store import recorded
from tests.serving.drift.history import DAY, Teller, at, decision_row
from tests.serving.parts import AgentAtWork


def counted(database: Database, *, days: int = 1, version: str | None = "set") -> Tallies:
    with database.reading() as session:
        return tally(session, DAY, days, version=version)


def test_the_first_question_of_a_conversation_counts_on_its_day(database: Database) -> None:
    teller = Teller(database)
    greeting = {"kind": "smalltalk", "intent": None, "reasons": ["nothing_found", "smalltalk_greeting"]}
    unfit = {"kind": "handoff", "intent": None, "confidence": 0.126, "sentiment": "negative"}
    first = teller.conversation(greeting, unfit, {"intent": "refund"}, at=at(DAY), mood=-0.5)
    second = teller.conversation({}, {"intent": "refund"}, at=at(DAY, 13), mood=1.0)
    tallies = counted(database)
    assert {signal: dict(by_day[DAY]) for signal, by_day in tallies.counts.items()} == {
        "intents": {"track_order": 1},
        "out_of_scope": {"yes": 1, "no": 1},
        "sentiment": {"negative": 1, "neutral": 1},
        "confidence": {"0.13": 1, "0.90": 1},
        "mood": {"0.25": 1, "1.00": 1},
        "answered": {"no": 1, "yes": 1},
        "languages": {"en": 2},
    }
    assert list(tallies.examples["out_of_scope", "yes"]) == [first]
    assert list(tallies.examples["languages", "en"]) == [first, second]
    assert tallies.set_since == {"set": DAY}


def test_what_is_outside_the_days_or_no_question_does_not_count(database: Database) -> None:
    teller = Teller(database)
    teller.conversation({}, at=at(DAY - timedelta(days=1), 23))
    teller.conversation({}, at=at(DAY + timedelta(days=1), 0))
    teller.conversation({"kind": "smalltalk"}, {"kind": "silent"}, at=at(DAY))
    teller.conversation({}, {}, at=datetime.combine(DAY, time(0), UTC) - timedelta(seconds=30))
    assert counted(database).counts == {}  # the last one's second question is none of this day's first ones


def test_a_question_that_goes_to_people_anyway_tells_nothing_of_the_confidence(database: Database) -> None:
    Teller(database).conversation({"kind": "handoff", "reasons": ["wants_person"]}, at=at(DAY))
    tallies = counted(database)
    assert "confidence" not in tallies.counts
    assert tallies.counts["answered"][DAY] == {"no": 1}


def test_what_another_set_or_a_failure_read_counts_for_the_set_in_service_not(database: Database) -> None:
    teller = Teller(database)
    for model in ("set", "older", ""):
        teller.conversation({"model": model}, at=at(DAY))
    tallies = counted(database)
    assert tallies.counts["answered"][DAY] == {"yes": 3}
    assert tallies.of_set["answered"][DAY] == {"yes": 1}
    assert tallies.set_since == {"set": DAY, "older": DAY}
    assert counted(database, version=None).of_set == {}


def test_feedback_counts_on_the_day_it_was_given(database: Database) -> None:
    teller = Teller(database)
    for helpful in (True, True, False):
        teller.conversation({}, at=at(DAY), helpful=helpful)
    teller.conversation({}, at=at(DAY + timedelta(days=1)), helpful=False)
    assert counted(database).counts["helped"] == {DAY: {"yes": 2, "no": 1}}


def test_languages_are_read_in_some_questions_of_a_busy_day(sqlite_database: Database) -> None:
    with sqlite_database.session() as session:
        session.add(Contact(id="drift"))
        session.flush()
        for i in range(TEXTS_A_DAY + 50):
            session.add(Conversation(id=f"v{i}", contact_id="drift", client_id=f"v{i}", updated_at=at(DAY)))
            session.flush()
            session.add(decision_row(f"v{i}", at(DAY), {}))
    tallies = counted(sqlite_database)
    assert tallies.counts["answered"][DAY] == {"yes": TEXTS_A_DAY + 50}
    assert tallies.counts["languages"][DAY] == {"en": TEXTS_A_DAY}
    again = counted(sqlite_database)
    assert again.examples["languages", "en"] == tallies.examples["languages", "en"]


def test_a_doubtful_text_has_no_language_and_numbers_are_hundredths() -> None:
    assert language_label("ok") == "unsure"
    assert language_label("Wo ist mein Paket? Ich warte seit drei Wochen darauf.") == "de"
    assert [number_label(x) for x in (-0.2, 0.0, 0.126, 0.995, 1.7)] == [
        "0.00",
        "0.00",
        "0.13",
        "0.99",
        "1.00",
    ]


def test_an_empty_store_compares_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    shown = drift_report(sqlite_database, tmp_path, version=None, today=DAY)
    assert {one.verdict for one in shown.comparisons} == {"unknown"}
    assert {one.what_to_do for one in shown.comparisons if one.against == "training"} == {
        "no model set is in service"
    }


def test_more_conversations_take_no_more_statements(sqlite_database: Database) -> None:
    teller = Teller(sqlite_database)
    taken = []
    for more in (3, 40):
        for _ in range(more):
            teller.conversation({}, {}, at=at(DAY), helpful=True)
        with recorded(sqlite_database.engine) as statements:
            counted(sqlite_database)
        taken.append(len(statements.selects))
    assert taken == [3, 3]


def test_a_set_says_why_its_training_cannot_be_compared(tmp_path: Path) -> None:
    folder = tmp_path / "20260301-120000-abcd"
    folder.mkdir()
    for card, why in (
        ("{}", "was made before this version"),
        ('{"card": {"reference": {}}}', "was calibrated on general questions"),
        ('{"card": {"reference": 3}}', "was made before this version"),
        ("not json", "was made before this version"),
    ):
        (folder / "manifest.json").write_text(card)
        counts, words = trained_counts(folder)
        assert counts is None
        assert why in words
    (folder / "manifest.json").write_text('{"card": {"reference": {"sentiment": {"neutral": 60}}}}')
    assert trained_counts(folder) == ({"sentiment": {"neutral": 60}}, "")


def test_the_api_tells_what_moved_with_its_examples(drifting: Runtime, agent: AgentAtWork) -> None:
    shown = agent.get("/v1/drift").json()
    assert shown["day"] == (now().date() - timedelta(days=1)).isoformat()
    moved = [one for one in shown["comparisons"] if one["verdict"] == "moved"]
    assert [(one["signal"], one["against"]) for one in moved] == [("out_of_scope", "last_month")]
    (change,) = moved[0]["changes"]
    assert change["now"] == 0.5
    assert len(change["examples"]) == 3
    assert agent.get(f"/v1/conversations/{change['examples'][0]}").status_code == 200


def test_what_is_known_is_counted_once_a_day(drifting: Runtime) -> None:
    watch = DriftWatch(drifting.database, drifting.settings.models_folder, lambda: "set")
    first = watch.report()
    with recorded(drifting.database.engine) as statements:
        assert watch.report() is first
    assert statements.sent == []


def test_monitoring_sees_what_moved_after_a_look(drifting: Runtime, client: TestClient) -> None:
    moved = 'firstlast_drift_moved{against="last_month",signal="out_of_scope"} 1.0'
    assert moved not in client.get("/metrics").text
    drifting.metrics.show_drift(drifting.drift.report())
    text = client.get("/metrics").text
    assert moved in text
    assert 'firstlast_drift_moved{against="last_month",signal="answered"} 0.0' in text
    assert 'signal="helped"' not in text  # nobody said whether an answer helped
    drifting.metrics.show_drift(drifting.drift.report())
    assert client.get("/metrics").text.count('signal="out_of_scope"') == 3  # one for each figure
