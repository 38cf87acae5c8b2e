"""Labels of a file on the questions of a store: whose they are, and what a wrong row costs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import NotFoundError
from serving.db.tables import Agent, DecisionRecord, IntentLabel
from tests.training.store_parts import AGENT, Shop, make_store
from training.datasets.given_labels import GivenLabels, give_labels
from training.datasets.label_files import FileLabel, LabelFile
from training.datasets.training_data import general_data
from training.datasets.with_service import stored_data

THEO = "theo@shop.example"


@pytest.fixture
def shop(tmp_path: Path, encoder: OnnxEncoder) -> Iterator[Shop]:
    make_store(tmp_path)
    opened = Shop(tmp_path, encoder)
    yield opened
    opened.close()


def ask(shop: Shop, text: str) -> int:
    """A customer asks; the decision on it."""
    conversation_id = shop.start(shop.customer("Mia"))
    shop.ask(conversation_id, text)
    with shop.database.reading() as session:
        return session.query(DecisionRecord.id).filter_by(conversation_id=conversation_id).one()[0]


def give(shop: Shop, *labels: FileLabel, who: str = THEO, problems: tuple = ()) -> GivenLabels:
    file = LabelFile(tuple(enumerate(labels, start=1)), problems, 0)
    with shop.database.session() as session:
        return give_labels(session, file, who=who)


def labels(shop: Shop) -> dict[int, tuple[str | None, str]]:
    with shop.database.reading() as session:
        return {row.decision_id: (row.intent, row.agent_id) for row in session.query(IntentLabel)}


def test_labels_find_their_questions_and_training_learns_from_them(shop: Shop) -> None:
    late, other = ask(shop, "my box is late"), ask(shop, "do you like jazz")
    given = give(shop, FileLabel("delivery", late, ""), FileLabel("out_of_scope", other, ""))
    assert (given.labelled, given.problems) == (2, [])
    assert labels(shop) == {late: ("delivery", AGENT), other: (None, AGENT)}
    with shop.database.reading() as session:
        data = stored_data(session, general_data())
    assert [(row.text, row.label) for row in data.intents] == [("my box is late", "delivery")]
    assert data.from_service is not None
    assert data.from_service.rows_of("intents", "out_of_scope") == 2


def test_without_an_id_the_text_tells_which_questions_are_meant(shop: Shop) -> None:
    first, again, other = ask(shop, "Where is it?"), ask(shop, "where  is it?"), ask(shop, "refund me")
    assert give(shop, FileLabel("delivery", None, "WHERE is it?")).labelled == 2
    assert labels(shop) == {first: ("delivery", AGENT), again: ("delivery", AGENT)}
    assert other not in labels(shop)


def test_an_annotator_who_is_an_agent_counts_as_that_agent(shop: Shop) -> None:
    with shop.database.session() as session:
        session.add(Agent(id="enid", email="enid@shop.example", name="Enid", password_hash="", role="agent"))
    one, two = ask(shop, "my box is late"), ask(shop, "refund me")
    give(
        shop,
        FileLabel("delivery", one, "", who="Enid@shop.example"),
        FileLabel("refund", two, "", who="stranger@elsewhere.example"),
    )
    assert labels(shop) == {one: ("delivery", "enid"), two: ("refund", AGENT)}


def test_a_wrong_row_is_named_with_what_to_do_and_costs_that_row_only(shop: Shop) -> None:
    asked = ask(shop, "my box is late")
    given = give(
        shop,
        FileLabel("delivry", asked, ""),
        FileLabel("jazz", asked, ""),
        FileLabel("delivery", 999, ""),
        FileLabel("delivery", asked, "", conversation_id="another"),
        FileLabel("delivery", None, "nobody asked this"),
        FileLabel("delivery", asked, ""),
        problems=((9, "not JSON"),),
    )
    assert given.labelled == 1
    assert labels(shop) == {asked: ("delivery", AGENT)}
    told = dict(given.problems)
    assert list(told) == [1, 2, 3, 4, 5, 9]
    assert told[1] == "there is no intent 'delivry'; did you mean 'delivery'?"
    assert told[2] == "there is no intent 'jazz'; add it with: firstlast company apply FILE"
    assert told[3].startswith("the store has no question with decision_id 999;")
    assert told[4].startswith(f"decision {asked} is not of conversation 'another';")
    assert told[5].startswith("no customer asked this in these words")


def test_the_later_word_on_a_question_counts(shop: Shop) -> None:
    asked = ask(shop, "my box is late")
    give(shop, FileLabel("refund", asked, ""))
    give(shop, FileLabel("delivery", asked, ""))
    assert labels(shop) == {asked: ("delivery", AGENT)}


def test_somebody_must_answer_for_the_labels(shop: Shop) -> None:
    asked = ask(shop, "my box is late")
    with pytest.raises(NotFoundError, match=r"no agent has the e-mail 'nobody@shop\.example'"):
        give(shop, FileLabel("delivery", asked, ""), who="nobody@shop.example")
    assert labels(shop) == {}
