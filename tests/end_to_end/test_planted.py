"""What is kept of planted personal data where none should be: at most three in a hundred places.

Real code all the way: drafting and approving, the export, data sets, runs of MLflow, the log. Only the half
of the planted set that no rule was written for is asked.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from eval.data.planted import PlantedText, read_planted
from eval.promotion import flips
from eval.report.tracking import log_run
from knowledge import GENERAL_FOLDER
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ConflictError
from model.types import Decision, DecisionKind, Question
from serving.command_line import log_to_stderr
from serving.db.tables import Contact, Conversation, DecisionRecord, Message, Proposal
from serving.learned_answers import drafting, proposals
from serving.learned_answers.schemas import Approval
from serving.transfer.export import LEARNED_ANSWERS_FILE, export_knowledge
from tests.training.store_parts import AGENT, Shop, decision, make_store
from training.datasets.build import Gathered, build
from training.datasets.from_store import read_store

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow and the data set library, about others

MOST = 0.03
ADVICE = "Turn it off and on again, then wait a minute."

Texts = Mapping[str, PlantedText]
"""The planted texts by the conversation in which they were said."""


@pytest.fixture(scope="module")
def texts() -> Texts:
    rows = read_planted(GENERAL_FOLDER / "test" / "privacy" / "planted.jsonl")
    asked = [row for row in rows if row.planted and row.half == "measured_only"]
    return {f"c{number}": row for number, row in enumerate(asked)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder, texts: Texts) -> Iterator[Shop]:
    """A store in which customers wrote these texts and agents wrote back, all of it approved."""
    folder = tmp_path_factory.mktemp("home")
    make_store(folder)
    shop = Shop(folder, encoder)
    for conversation_id, planted in texts.items():
        converse(shop, conversation_id, planted)
    yield shop
    shop.close()


def converse(shop: Shop, conversation_id: str, planted: PlantedText) -> None:
    with shop.database.session() as session:
        session.add(Contact(id=conversation_id, name=planted.contact_name))
        session.flush()
        session.add(Conversation(id=conversation_id, contact_id=conversation_id, client_id="x"))
        session.flush()
        asked = Message(conversation_id=conversation_id, author="customer", text=planted.text)
        session.add(asked)
        session.flush()
        session.add(
            DecisionRecord(
                conversation_id=conversation_id,
                message_id=asked.id,
                question=planted.text,
                kind="handoff",
                confidence=0.1,
                threshold=0.9,
                sentiment="neutral",
                mood=0.0,
                wants_person=0.0,
                reasons=["customer_request"],
                model="m",
            )
        )
        text = f"{planted.text}\n\n{ADVICE}"
        reply = Message(conversation_id=conversation_id, author="agent", agent_id=AGENT, text=text)
        session.add(reply)
        session.flush()
        reply_id = reply.id
    with shop.database.reading() as session:
        prepared = drafting.prepare_proposal(session, shop, conversation_id, reply_id)
    with shop.database.session() as session:
        proposal = drafting.store_proposal(session, prepared) if prepared else None
        proposal_id = proposal.id if proposal is not None else None
    if proposal_id is not None:  # one that says otherwise to the same question, as of two templates, stays
        with suppress(ConflictError), shop.database.session() as session:
            proposals.approve(session, proposal_id, AGENT, Approval(), near=())


class Always:
    """Decides every question alike."""

    def __init__(self, kind: DecisionKind) -> None:
        self.kind = kind

    def resolve(self, question: Question) -> Decision:
        return decision(self.kind)


def left(texts: Texts, kept: Mapping[str, str]) -> list[str]:
    """The planted words that are still in what was kept of their conversation."""
    return [
        words
        for conversation_id, text in kept.items()
        for one in texts[conversation_id].planted
        if (words := texts[conversation_id].text[one.begin : one.end]) in text
    ]


def planted_places(texts: Texts) -> int:
    return sum(len(planted.planted) for planted in texts.values())


def test_drafts_keep_at_most_three_in_a_hundred(shop: Shop, texts: Texts) -> None:
    with shop.database.reading() as session:
        kept = {
            row.conversation_id: f"{row.question}\n{row.answer}\n{row.phrasings}"
            for row in session.query(Proposal)
        }
    assert len(kept) > 150  # the others teach nothing without what points to a person
    gone = left(texts, kept)
    assert len(gone) <= MOST * planted_places(texts), gone


def test_the_export_keeps_at_most_three_in_a_hundred(shop: Shop, texts: Texts, tmp_path: Path) -> None:
    with shop.database.reading() as session:
        conversation_of = {
            str(row.learned_answer_id): row.conversation_id for row in session.query(Proposal).order_by("id")
        }
        export_knowledge(session, tmp_path / "out", files_folder=shop.settings.files_folder)
    lines = (tmp_path / "out" / LEARNED_ANSWERS_FILE).read_text(encoding="utf-8").splitlines()
    kept = {conversation_of[row["id"]]: str(row) for row in map(json.loads, lines)}
    assert len(kept) > 100
    gone = left(texts, kept)
    assert len(gone) <= MOST * planted_places(texts), gone


def test_data_sets_keep_at_most_three_in_a_hundred(
    shop: Shop, texts: Texts, encoder: OnnxEncoder, tmp_path: Path
) -> None:
    with shop.database.reading() as session:
        found = read_store(session)
    build(Gathered(found.examples, found.agent_names), tmp_path / "set", encoder)
    kept: dict[str, str] = {}
    for path in (tmp_path / "set" / "data").rglob("*.jsonl"):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if row["conversation_id"]:
                kept[row["conversation_id"]] = f"{kept.get(row['conversation_id'], '')}\n{row['text']}"
    assert len(kept) == len(texts)
    gone = left(texts, kept)
    assert len(gone) <= MOST * planted_places(texts), gone


def test_mlflow_keeps_at_most_three_in_a_hundred(shop: Shop, texts: Texts) -> None:
    """Of past questions that two model sets decide differently."""
    with shop.database.reading() as session:
        past = flips.read_past(session, shop.settings, limit=len(texts))
    changed = flips.run(past, champion=Always("handoff"), challenger=Always("smalltalk"))
    assert len(changed.items) == len(texts)
    home = shop.settings.home
    log_run(home, "models promote", params={}, metrics=changed.figures, items=changed.items)
    [file] = (home / "mlruns").rglob("items.jsonl")
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    kept = {row["conversation_id"]: row["text"] for row in rows}
    gone = left(texts, kept)
    assert len(gone) <= MOST * planted_places(texts), gone


def test_the_log_keeps_none(shop: Shop, texts: Texts, capfd: pytest.CaptureFixture[str]) -> None:
    log_to_stderr(level=0)
    some = dict(list(texts.items())[:60])
    for conversation_id, planted in some.items():
        converse(shop, f"again-{conversation_id}", planted)
    said = capfd.readouterr().err
    assert said.count("proposal_drafted") > 20
    long_enough = [
        words
        for planted in some.values()
        for one in planted.planted
        if len(words := planted.text[one.begin : one.end]) > 6
    ]
    assert [words for words in long_enough if words in said] == []
