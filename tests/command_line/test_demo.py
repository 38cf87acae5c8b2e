"""Commands on the sample company: what they print, in this process and in one of their own."""

from contextlib import closing
from pathlib import Path

import pytest

from serving.bot.decisions import decision_record
from serving.db.session import Database
from serving.db.tables import Agent, Contact, Conversation, Intent, IntentLabel, Message
from serving.settings import Settings
from tests.command_line.parts import Commands
from tests.serving.rules import decision

ASK_KEYS = {
    "decision",
    "answer",
    "sources",
    "confidence",
    "intent",
    "team",
    "sentiment",
    "wants_person",
    "reasons",
    "threshold",
    "model",
    "milliseconds",
}


def test_ask_gives_the_decision_and_nothing_else(in_demo_home: Commands, tmp_path: Path) -> None:
    got = in_demo_home.in_its_own_process(
        "ask", "How do I connect the garden to wifi?", "--json", folder=tmp_path
    )
    assert got.status == 0, got.stderr
    assert set(got.result) == ASK_KEYS | {"choices"}
    assert got.result["decision"] in ("answer", "clarify")
    assert set(got.result["milliseconds"]) == {"encode", "heads", "retrieve", "score", "decide", "total"}
    assert list(tmp_path.iterdir()) == []


def test_ask_hands_over_who_asks_for_a_person(in_demo_home: Commands) -> None:
    got = in_demo_home("ask", "Let me talk to a human please", "--json")
    assert (got.status, got.result["decision"], got.result["reasons"]) == (0, "handoff", ["wants_person"])
    assert got.result["wants_person"] > 0.5


def test_ask_is_readable_for_people(in_demo_home: Commands) -> None:
    got = in_demo_home("ask", "Let me talk to a human please")
    assert got.status == 0
    assert got.stdout.startswith("handoff (confidence ")
    assert "reasons wants_person" in got.stdout


def test_search_gives_one_row_an_answer_best_first(in_demo_home: Commands) -> None:
    got = in_demo_home("search", "wifi", "-k", "3", "--json")
    assert (got.status, got.result["query"]) == (0, "wifi")
    rows = got.result["results"]
    assert len(rows) == len({row["ref"] for row in rows}) == 3
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert set(rows[0]) == {
        "ref",
        "kind",
        "title",
        "heading_path",
        "url",
        "text",
        "score",
        "dense_score",
        "lexical_score",
    }


def test_models_list_names_the_champion(in_demo_home: Commands, tmp_path: Path) -> None:
    got = in_demo_home.in_its_own_process("models", "list", "--json", folder=tmp_path)
    assert got.status == 0, got.stderr
    (model,) = got.result["models"]
    assert (model["number"], model["aliases"], model["in_service"]) == (1, ["champion"], True)
    assert 0.5 < model["metrics"]["intent.accuracy"] <= 1


def test_bench_answer_measures_each_stage(in_demo_home: Commands, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"text": "where is my box"}\n{"text": "hi"}\n' * 5)
    got = in_demo_home("bench", "answer", "--questions", questions, "--json")
    assert got.status == 0
    assert set(got.result) == {"n", "passages", "p50_ms", "p95_ms", "stage_p50_ms"}
    assert got.result["n"] == 10
    assert 0 < got.result["p50_ms"] <= got.result["p95_ms"]


def test_bench_classify_measures_one_text_and_many_a_call(in_demo_home: Commands, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"text": "where is my box"}\n{"text": "hi"}\n' * 5)
    got = in_demo_home("bench", "classify", "--questions", questions, "--json")
    assert got.status == 0, got.stderr
    assert set(got.result) == {"n", "p50_ms", "p95_ms", "texts_per_second_1", "texts_per_second_64"}
    assert got.result["n"] == 10
    assert 0 < got.result["p50_ms"] <= got.result["p95_ms"]
    assert got.result["texts_per_second_1"] > 0


def test_bench_index_counts_passages_a_second(in_demo_home: Commands) -> None:
    got = in_demo_home("bench", "index", "--passages", "7", "--rounds", "1", "--compare", "--json")
    assert got.status == 0, got.stderr
    assert (got.result["passages"], got.result["rounds"]) == (7, 1)
    theirs = got.result["sentence_transformers_passages_per_second"]
    assert got.result["times_as_fast"] == pytest.approx(got.result["passages_per_second"] / theirs, rel=0.05)
    assert set(in_demo_home("bench", "index", "--passages", "7", "--json").result) == {
        "passages",
        "rounds",
        "passages_per_second",
    }


def test_preparing_the_demo_again_changes_nothing(in_demo_home: Commands, tmp_path: Path) -> None:
    assert in_demo_home.home is not None
    logins = (in_demo_home.home / "demo-logins.txt").read_text()
    got = in_demo_home.in_its_own_process("demo", "--prepare-only", folder=tmp_path)
    assert (got.status, got.stdout) == (0, ""), got.stderr
    assert (in_demo_home.home / "demo-logins.txt").read_text() == logins
    listed = in_demo_home.in_its_own_process("models", "list", "--json", folder=tmp_path)
    assert len(listed.result["models"]) == 1


@pytest.mark.parametrize("budget", ["0", "1.5"])
def test_a_risk_budget_that_cannot_be_is_refused(
    in_demo_home: Commands, monkeypatch: pytest.MonkeyPatch, budget: str
) -> None:
    monkeypatch.setenv("FIRSTLAST_RISK_BUDGET", budget)
    got = in_demo_home("ask", "where is my box", "--json")
    assert (got.status, got.stdout) == (1, "")
    assert "'risk_budget'" in got.stderr


def test_what_is_imported_is_found_and_indexed_at_once(in_demo_home: Commands, tmp_path: Path) -> None:
    page = tmp_path / "help" / "lantern.md"
    page.parent.mkdir()
    page.write_text("# The lantern blinks\n\nIt blinks when its battery is low.\n")
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"text": "the lantern blinks"}\n')
    before = in_demo_home("bench", "answer", "--questions", questions, "--json").result["passages"]
    indexed = in_demo_home("import", page.parent, "--json").result
    page.write_text("# The lantern blinks\n\nIt blinks while it charges.\n")
    left = in_demo_home("import", page.parent, "--no-index", "--json").result
    assert (indexed["added"], indexed["passages"]) == (1, before + 2)  # its title and its one paragraph
    assert (left["changed"], left["passages"]) == (1, None)
    found = in_demo_home("search", "the lantern blinks", "-k", "1", "--json").result["results"]
    assert [row["ref"] for row in found] == ["article:lantern"]


def test_retrain_trains_nothing_until_an_agent_labels_a_question(in_demo_home: Commands) -> None:
    nothing_new = in_demo_home("retrain", "--json").result
    assert (nothing_new["new"], nothing_new["labels_from_store"], nothing_new["trained"]) == (False, 0, None)
    assert nothing_new["from_service"] == {"taken": [], "left_out": {}, "labels": {}}
    assert in_demo_home.home is not None
    url = Settings.load(in_demo_home.home).database_url
    with closing(Database(url)) as database, database.session() as session:
        agent, intent = session.query(Agent).first(), session.query(Intent).first()
        assert agent is not None
        assert intent is not None
        session.add(Contact(id="c1"))
        session.flush()
        session.add(Conversation(id="v1", contact_id="c1", client_id="x"))
        asked = Message(conversation_id="v1", author="customer", text="my mint is on strike", client_id="m")
        session.add(asked)
        session.flush()
        handoff = decision("handoff", reasons=("below_threshold",))
        record = decision_record("v1", asked.id, asked.text, handoff)
        session.add(record)
        session.flush()
        session.add(IntentLabel(decision_id=record.id, intent=intent.name, agent_id=agent.id))
        name = intent.name
    got = in_demo_home("retrain", "--dry-run", "--json")
    found = got.result
    assert (found["new"], found["labels_from_store"], found["trained"]) == (True, 1, None)
    assert found["texts"] == nothing_new["texts"] + 1
    before, after = found["from_service"]["labels"]["intents"][name]
    assert after == before + 1
    assert found["from_service"]["taken"] == [
        {"teaches": "intents", "source": "agent", "rows": 1, "weight": 1.0}
    ]
    told = " ".join(got.stderr.split())
    assert "from service for intents: 1 by agent, weight 1" in told
    assert f"intents: {name} {before} -> {after}" in told
