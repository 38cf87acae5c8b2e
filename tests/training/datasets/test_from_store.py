"""Examples of a store that the product's own services filled: what is known, and how."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.encoder.onnx_encoder import OnnxEncoder
from serving.db.tables import Article
from serving.learned_answers import service as learned_answers
from tests.training.store_parts import BILLING_AGENT, Shop, decision, make_store
from training.datasets.examples import Example
from training.datasets.from_store import GONE, WITHOUT_OUTCOME, StoreExamples, read_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a shop where nobody has said anything yet."""
    folder = tmp_path_factory.mktemp("store")
    make_store(folder)
    return folder / "firstlast.db"


@pytest.fixture
def shop(tmp_path: Path, store: Path, encoder: OnnxEncoder) -> Iterator[Shop]:
    shutil.copy(store, tmp_path)
    made = Shop(tmp_path, encoder)
    yield made
    made.close()


def read(shop: Shop) -> StoreExamples:
    with shop.database.reading() as session:
        return read_store(session)


def rows(found: StoreExamples, config: str) -> list[tuple[str, dict[str, object]]]:
    return [(one.text, dict(one.fields)) for one in found.examples if one.config == config]


def question(*refs: str, how: str, rejected: tuple[str, ...] = ()) -> dict[str, object]:
    return {"refs": list(refs), "how": how, "rejected_refs": list(rejected)}


def test_an_answer_that_helped_resolves_its_question_and_says_nothing_of_its_intent(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="refund")
    talk = shop.start(shop.customer("Ida Holm"))
    shop.ask(talk, "I want my money back")
    shop.rate_answer(talk, helpful=True)
    found = read(shop)
    assert rows(found, "questions") == [
        ("I want my money back", question("article:refunds", how="confirmed"))
    ]
    assert rows(found, "intents") == []
    assert rows(found, "handoffs") == [("I want my money back", {"label": "resolved_by_bot", "reason": ""})]


def test_what_an_agent_says_that_a_customer_wanted_is_a_label(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="refund")
    talk = shop.start(shop.customer("Ida Holm"))
    shop.ask(talk, "where is my money")
    shop.label(talk, "delivery")
    shop.ask(talk, "do you sell money trees")
    shop.label(talk, None)
    found = read(shop)
    assert rows(found, "intents") == [
        ("where is my money", {"label": "delivery"}),
        ("do you sell money trees", {"label": "out_of_scope"}),
    ]
    one = next(example for example in found.examples if example.config == "intents")
    assert (one.source, one.conversation_id, one.person and one.person.names) == (
        "agent",
        talk,
        ("Ida Holm",),
    )
    assert one.asked_at is not None


def test_an_answer_that_did_not_help_and_the_second_that_did_are_one_row(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="refund")
    shop.rules["back"] = decision("answer", ["article:returns"], intent="refund")
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "my money back")
    shop.rate_answer(talk, helpful=False)
    shop.rate_answer(talk, helpful=True)
    expected = question("article:returns", how="confirmed", rejected=("article:refunds",))
    assert rows(read(shop), "questions") == [("my money back", expected)]


def test_a_picked_choice_resolves_the_question_asked_before_it(shop: Shop) -> None:
    shop.rules["it back"] = decision("clarify", ["article:refunds", "article:returns"], intent="refund")
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "can I give it back")
    shop.ask(talk, "Returns", choice="article:returns")
    found = read(shop)
    assert rows(found, "questions") == [("can I give it back", question("article:returns", how="picked"))]
    shop.rate_answer(talk, helpful=True)
    found = read(shop)
    assert rows(found, "questions") == [("can I give it back", question("article:returns", how="confirmed"))]


def test_a_picked_choice_that_did_not_help_is_rejected(shop: Shop) -> None:
    shop.rules["it back"] = decision("clarify", ["article:refunds", "article:returns"])
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "can I give it back")
    shop.ask(talk, "Returns", choice="article:returns")
    shop.rate_answer(talk, helpful=False)
    assert rows(read(shop), "questions") == [
        ("can I give it back", question(how="unresolved", rejected=("article:returns",)))
    ]


def test_a_persons_reply_resolves_with_the_learned_answer_it_became(shop: Shop) -> None:
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "Can I water the garden with rain water?")
    reply = shop.reply(talk, "Yes, filtered rain water is fine for every garden.")
    assert rows(read(shop), "questions") == [
        ("Can I water the garden with rain water?", question(how="person"))
    ]
    answer = shop.approve_reply(talk, reply, "is rain water okay")
    found = read(shop)
    ref = f"learned_answer:{answer}"
    assert rows(found, "questions") == [
        ("Can I water the garden with rain water?", question(ref, how="person")),
        ("is rain water okay", question(ref, how="approved_phrasing")),
    ]
    phrasing = found.examples[-1]
    assert (phrasing.conversation_id, phrasing.asked_at) == (None, None)
    assert set(phrasing.keys) == {f"phrasings:{answer}", f"conversation:{talk}"}
    assert rows(found, "handoffs") == [
        ("Can I water the garden with rain water?", {"label": "needed_person", "reason": "below_threshold"})
    ]


def test_a_handoff_that_nobody_answered_says_nothing(shop: Shop) -> None:
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "Can I water the garden with rain water?")
    assert read(shop).examples == ()


def test_conversations_that_no_one_or_no_bot_has_spoken_in_give_no_example_and_stop_no_other(
    shop: Shop,
) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="refund")
    shop.start(shop.customer("Ida"))  # opened the messenger, and left
    undecided = shop.start(shop.customer("Ole"))
    shop.reply(undecided, "Hello, can I help?")
    asked = shop.start(shop.customer("Eva"))
    shop.ask(asked, "I want my money back")
    shop.rate_answer(asked, helpful=True)
    found = read(shop)
    assert rows(found, "questions") == [
        ("I want my money back", question("article:refunds", how="confirmed"))
    ]
    assert found.conversations == 3


def test_ratings_become_sentiment_and_satisfaction(shop: Shop) -> None:
    shop.rules["late"] = decision("answer", ["article:delivery"], intent="delivery")
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "my box is late")
    shop.ask(talk, "late again")
    shop.rate(talk, 2, "nobody cares")
    quiet = shop.start(shop.customer("Ole"))
    shop.ask(quiet, "late?")
    shop.rate(quiet, 3)
    found = read(shop)
    assert rows(found, "sentiment") == [("nobody cares", {"label": "negative", "score": 2})]
    assert rows(found, "csat") == [
        ("my box is late\nlate again", {"label": "negative", "score": 2}),
        ("late?", {"label": "neutral", "score": 3}),
    ]


def test_the_team_of_the_agent_who_answered_is_known_of_a_first_question_that_tells_something(
    shop: Shop,
) -> None:
    shop.rules["human"] = decision("handoff", reason="wants_person")
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "why was I charged twice")
    shop.reply(talk, "One moment.")  # of no team
    shop.reply(talk, "I have paid it back.", agent=BILLING_AGENT)
    shop.close_conversation(talk)
    shop.ask(talk, "and the other one?")  # leans on what was said
    shop.reply(talk, "That too.", agent=BILLING_AGENT)
    wish = shop.start(shop.customer("Ole"))
    shop.ask(wish, "a human please")
    shop.reply(wish, "Hello!", agent=BILLING_AGENT)
    unanswered = shop.start(shop.customer("Eva"))
    shop.ask(unanswered, "where is my invoice")
    pressed = shop.start(shop.customer("Ann"))
    shop.rules["account"] = decision("clarify", ["article:refunds", "article:returns"])
    shop.ask(pressed, "close my account")
    shop.press_for_person(pressed)
    shop.reply(pressed, "It is closed.", agent=BILLING_AGENT)
    shop.rules["something"] = decision("clarify", reason="not_understood")
    vague = shop.start(shop.customer("Kim"))
    shop.ask(vague, "something is up")
    shop.reply(vague, "What is it?", agent=BILLING_AGENT)
    nobodys = shop.start(shop.customer("Per"))
    shop.ask(nobodys, "do you like jazz")
    shop.reply(nobodys, "We do.")
    assert rows(read(shop), "teams") == [
        ("why was I charged twice", {"label": "billing"}),
        ("close my account", {"label": "billing"}),
    ]


def test_a_press_of_the_button_is_a_wish_only_after_words_about_nothing(shop: Shop) -> None:
    shop.rules["something"] = decision("clarify", reason="not_understood")
    shop.rules["hi"] = decision("smalltalk", reason="smalltalk_greeting")
    shop.rules["money"] = decision("answer", ["article:refunds"])
    for text in ("something is up", "hi", "my money", "jazz money"):
        talk = shop.start(shop.customer("Ida"))
        shop.ask(talk, text)
        shop.press_for_person(talk)
        if text == "jazz money":
            shop.label(talk, None)  # an agent: no intent is about it
    more = shop.start(shop.customer("Ole"))
    shop.ask(more, "something else")
    shop.ask(more, "my money")  # they said more, and pressed after that
    shop.press_for_person(more)
    assert rows(read(shop), "wants_person") == [
        ("something is up", {"label": "person"}),
        ("jazz money", {"label": "person"}),
    ]


def test_words_whose_answer_helped_were_no_wish_for_a_person(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"])
    for helpful in (True, False):
        talk = shop.start(shop.customer("Ida"))
        shop.ask(talk, f"my money back, {helpful}")
        shop.rate_answer(talk, helpful=helpful)
    assert rows(read(shop), "wants_person") == [("my money back, True", {"label": "no"})]


def test_choices_are_rejected_by_who_asks_for_a_person_instead_unless_that_was_offered(shop: Shop) -> None:
    offered = ["article:refunds", "article:returns"]
    shop.rules["it back"] = decision("clarify", offered, reason="plausible")
    shop.rules["a lawyer"] = decision("clarify", offered, reason="human_only_in_passing")
    for text in ("can I give it back", "or is it a lawyer"):
        talk = shop.start(shop.customer("Ida"))
        shop.ask(talk, text)
        shop.press_for_person(talk)
    left = shop.start(shop.customer("Ole"))
    shop.ask(left, "it back")  # went away
    assert rows(read(shop), "questions") == [
        ("can I give it back", question(how="unresolved", rejected=tuple(offered)))
    ]


def test_a_rating_says_how_a_conversation_ended(shop: Shop) -> None:
    shop.rules["late"] = decision("clarify", ["article:delivery"])
    for score in (2, 3, 4):
        talk = shop.start(shop.customer("Ida"))
        shop.ask(talk, "my box is late")
        shop.ask(talk, "Delivery", choice="article:delivery")
        shop.ask(talk, "late again")
        shop.rate(talk, score)
    unrated = shop.start(shop.customer("Ole"))
    shop.ask(unrated, "late?")
    silent = shop.start(shop.customer("Eva"))
    shop.rate(silent, 1)
    moods = read(shop).moods
    assert [(mood.outcome, mood.at) for mood in moods] == [
        ("bad_rating", 3),
        ("neutral", None),
        ("satisfied", None),
    ]
    told = [(turn.author, turn.text) for turn in moods[0].turns]
    assert told[0] == ("customer", "my box is late")
    assert told[3] == ("customer", "late again")
    assert ("customer", "Delivery") not in told


def test_answers_are_named_by_what_answers_today(shop: Shop) -> None:
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="gone")
    shop.rules["silent"] = decision("answer", ["article:delivery"])
    talk = shop.start(shop.customer("Ida"))
    shop.ask(talk, "my money")
    shop.rate_answer(talk, helpful=True)
    shop.ask(talk, "silent")
    with shop.database.session() as session:
        old = session.query(Article).filter_by(slug="refunds").one()
        old.status, old.superseded_by = "retired", "returns"
    found = read(shop)
    assert rows(found, "questions") == [("my money", question("article:returns", how="confirmed"))]
    assert found.left_out == {WITHOUT_OUTCOME: 1}
    with shop.database.session() as session:
        session.query(Article).filter_by(slug="returns").one().status = "retired"
    found = read(shop)
    assert rows(found, "questions") == []
    assert found.left_out[GONE] == 1


def test_retired_learned_answers_give_no_phrasings(shop: Shop) -> None:
    with shop.database.session() as session:
        kept = learned_answers.create(session, question="Is it loud?", answer="No.", phrasings=["noise?"]).id
        gone = learned_answers.create(session, question="Is it red?", answer="Yes.", phrasings=[]).id
        learned_answers.retire(session, gone)
    found = read(shop)
    assert [one.text for one in found.examples] == ["Is it loud?", "noise?"]
    assert {one.keys for one in found.examples} == {(f"phrasings:{kept}",)}


def test_names_of_agents_are_known_for_scrubbing(shop: Shop) -> None:
    assert read(shop).agent_names == ("Ines Roth", "Theo Marsh")


def test_an_example_is_counted_by_its_label_or_by_how_it_is_known() -> None:
    assert Example("intents", "a", {"label": "refund"}, "file:a").label == "refund"
    assert Example("questions", "a", question(how="picked"), "picked").label == "picked"
