"""What service teaches: rows by source, with the weight of their source; never what the bot guessed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.encoder.onnx_encoder import OnnxEncoder
from serving.learned_answers import service as learned_answers
from tests.stores import fresh_postgres_url
from tests.training.store_parts import BILLING_AGENT, Shop, decision, make_store
from training.datasets.from_store import WITHOUT_OUTCOME
from training.datasets.service_rows import LEANING, RELIABILITY, TEACHES, ServiceRows, service_rows


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, encoder: OnnxEncoder) -> Iterator[Shop]:
    url = fresh_postgres_url() if request.param == "postgres" else None
    make_store(tmp_path, url=url)
    made = Shop(tmp_path, encoder, url=url)
    yield made
    made.close()


def read(shop: Shop) -> ServiceRows:
    with shop.database.reading() as session:
        return service_rows(session)


def texts(rows: ServiceRows) -> list[tuple[str, str, str, str, float]]:
    return [(row.teaches, row.source, row.text, row.label, row.weight) for row in rows.texts]


def questions(rows: ServiceRows) -> list[tuple[str, str, set[str], set[str], float]]:
    return [
        (one.source, one.question.text, set(one.question.refs), set(one.rejected), one.question.weight)
        for one in rows.questions
    ]


def test_everything_people_said_and_did_is_a_row_with_the_weight_of_its_source(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="refund")
    shop.rules["it back"] = decision("clarify", ["article:refunds", "article:returns"], intent="refund")
    shop.rules["something"] = decision("clarify", reason="not_understood")
    helped = shop.start(shop.customer("Ida"))
    shop.ask(helped, "I want my money back")
    shop.rate_answer(helped, helpful=True)
    shop.rate(helped, 5, "quick!")
    picked = shop.start(shop.customer("Ole"))
    shop.ask(picked, "can I give it back")
    shop.ask(picked, "Returns", choice="article:returns")
    failed = shop.start(shop.customer("Eva"))
    shop.ask(failed, "money, but which")
    shop.rate_answer(failed, helpful=False)
    shop.reply(failed, "This one.", agent=BILLING_AGENT)
    shop.label(failed, "delivery")
    pressed = shop.start(shop.customer("Per"))
    shop.ask(pressed, "something is up")
    shop.press_for_person(pressed)
    handed = shop.start(shop.customer("Ann"))
    shop.ask(handed, "do you like jazz")
    shop.reply(handed, "We do.", agent=BILLING_AGENT)
    shop.label(handed, None)
    found = read(shop)
    assert sorted(texts(found)) == [
        ("intents", "agent", "money, but which", "delivery", 1.0),
        ("out_of_scope", "agent", "do you like jazz", "out_of_scope", 1.0),
        ("sentiment", "rating", "quick!", "positive", 0.5),
        ("teams", "answering_team", "do you like jazz", "billing", 0.5),
        ("teams", "answering_team", "money, but which", "billing", 0.5),
        ("wants_person", "confirmed", "I want my money back", "no", 1.0),
        ("wants_person", "pressed", "something is up", "person", 0.5),
    ]
    assert questions(found) == [
        ("confirmed", "I want my money back", {"article:refunds"}, set(), 1.0),
        ("picked", "can I give it back", {"article:returns"}, set(), 0.5),
        ("unresolved", "money, but which", set(), {"article:refunds"}, 0.5),
    ]
    assert [(mood.outcome, len(mood.turns)) for mood in found.moods] == [("satisfied", 2)]
    assert found.left_out == {WITHOUT_OUTCOME: 1}  # what nobody understood


def test_the_bots_own_reading_teaches_nothing(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="refund")
    shop.rules["human"] = decision("handoff", intent="refund", reason="wants_person")
    for text in ("my money", "a human please", "anything else"):
        talk = shop.start(shop.customer("Ida"))
        shop.ask(talk, text)
    found = read(shop)
    assert (found.texts, found.moods, found.questions) == ((), (), ())


def test_approved_phrasings_are_questions_and_imported_ones_are_not(shop: Shop) -> None:
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "Can I water the garden with rain water?")
    reply = shop.reply(talk, "Yes, filtered rain water is fine for every garden.")
    answer = shop.approve_reply(talk, reply, "is rain water okay")
    with shop.database.session() as session:
        imported = learned_answers.create(session, question="Is it loud?", answer="No.", phrasings=["noise?"])
        imported.source = "answers.csv"
        for phrasing in imported.phrasings[1:]:
            phrasing.origin = "import"
    ref = f"learned_answer:{answer}"
    assert questions(read(shop)) == [
        ("approved_phrasing", "Can I water the garden with rain water?", {ref}, set(), 1.0),
        ("approved_phrasing", "is rain water okay", {ref}, set(), 1.0),
    ]


def test_what_was_approved_as_known_but_missed_and_the_article_answer_each_others_questions(
    shop: Shop,
) -> None:
    with shop.database.session() as session:
        answer = learned_answers.create(
            session, question="Refunds?", answer="All about refunds.", phrasings=[]
        )
        ref = answer.ref
    shop.rules["money"] = decision("answer", ["article:refunds"])
    for text, helpful in (("my money", True), ("money?", False)):
        talk = shop.start(shop.customer("Ida"))
        shop.ask(talk, text)
        shop.rate_answer(talk, helpful=helpful)
    assert questions(read(shop))[0] == ("approved_phrasing", "Refunds?", {ref}, set(), 1.0)
    missed = shop.start(shop.customer("Ole"))
    shop.ask(missed, "give it to me")
    shop.approved_as_missed(missed, shop.reply(missed, "All about refunds."), answer.id, "article:refunds")
    both = {ref, "article:refunds"}
    assert questions(read(shop)) == [
        ("approved_phrasing", "Refunds?", both, set(), 1.0),
        ("confirmed", "my money", both, set(), 1.0),
        ("unresolved", "money?", set(), both, 0.5),
    ]


def test_a_question_asked_twice_is_one_and_what_follows_another_is_left_out(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"])
    for text in ("my money back", "My money  back?"):
        talk = shop.start(shop.customer("Ida"))
        shop.ask(talk, text)
        shop.rate_answer(talk, helpful=True)
    shop.ask(talk, "and the money for the other?")
    shop.rate_answer(talk, helpful=True)
    found = read(shop)
    assert [one.question.text for one in found.questions] == ["my money back"]
    assert found.left_out == {LEANING: 1}


def test_labels_come_in_the_order_in_which_agents_gave_them(shop: Shop) -> None:
    talks = [shop.start(shop.customer(name)) for name in ("Ida", "Ole")]
    for talk in talks:
        shop.ask(talk, "where is it")
    shop.label(talks[1], "refund")
    shop.label(talks[0], "delivery")
    assert [row.label for row in read(shop).texts] == ["refund", "delivery"]


def test_every_source_has_a_reliability_that_is_a_share() -> None:
    assert set(RELIABILITY) == set(TEACHES)
    assert all(0 < weight <= 1 for sources in RELIABILITY.values() for weight in sources.values())
