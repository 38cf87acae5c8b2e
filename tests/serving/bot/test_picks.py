"""A customer who picks an answer teaches the bot what the question meant."""

from datetime import timedelta

import pytest

from serving.bot.picks import learn_pick
from serving.db.tables import LearnedAnswer, now
from serving.learned_answers import service
from serving.runtime.assembly import Runtime
from tests.serving.parts import Customer


@pytest.fixture(scope="module")
def made(runtime: Runtime) -> int:
    """The first learned answer of the store, which the bot offers as `learned_answer:1`."""
    with runtime.database.session() as session:
        return service.create(session, question="Do you ship?", answer="We ship **daily**.").id


@pytest.fixture
def shipping(runtime: Runtime, made: int) -> int:
    """It, with its question alone."""
    with runtime.database.session() as session:
        return service.edit(session, made, phrasings=()).id


def phrasings(runtime: Runtime, learned_answer_id: int) -> list[str]:
    with runtime.database.reading() as session:
        return [row.text for row in service.get(session, learned_answer_id).phrasings]


def ask_and_pick(customer: Customer, runtime: Runtime, *texts: str, choice: str) -> None:
    conversation_id = customer.start()
    for text in texts:
        customer.say(conversation_id, text)
        runtime.worker.run_once()
    customer.say(conversation_id, "this one", choice=choice)
    runtime.worker.run_once()


def test_the_question_asked_back_about_becomes_a_phrasing_of_the_answer_picked(
    customer: Customer, runtime: Runtime, shipping: int
) -> None:
    ask_and_pick(customer, runtime, "an unclear parcel thing", choice=f"learned_answer:{shipping}")
    assert phrasings(runtime, shipping) == ["Do you ship?", "an unclear parcel thing"]


def test_an_article_picked_teaches_nothing(customer: Customer, runtime: Runtime, shipping: int) -> None:
    ask_and_pick(customer, runtime, "an unclear parcel thing", choice="article:refund-policy")
    assert phrasings(runtime, shipping) == ["Do you ship?"]


def test_a_question_after_another_one_is_not_learned(
    customer: Customer, runtime: Runtime, shipping: int
) -> None:
    ask_and_pick(customer, runtime, "hello", "still unclear", choice=f"learned_answer:{shipping}")
    assert phrasings(runtime, shipping) == ["Do you ship?"]


@pytest.mark.parametrize(
    ("became", "learned"),
    [
        ({}, True),
        ({"valid_until": now() + timedelta(days=1)}, True),
        ({"valid_until": now() - timedelta(days=1)}, False),
        ({"status": "retired"}, False),
        ({"released": True}, False),  # whose wordings people alone approve
        ({"human_only": True}, False),  # as are these
    ],
)
def test_a_pick_teaches_what_is_in_use_and_not_released(
    runtime: Runtime, shipping: int, became: dict[str, object], learned: bool
) -> None:
    with runtime.database.session() as session:
        for name, value in became.items():
            setattr(session.get_one(LearnedAnswer, shipping), name, value)
        session.flush()
        assert learn_pick(session, shipping, "an unclear parcel thing") is learned
        session.rollback()


@pytest.mark.parametrize(
    ("asked", "learned"),
    [
        ("  What of parcels?  ", ["What of parcels?"]),
        ("What of parcels? Write to me@post.example.", ["What of parcels?"]),
        ("me@post.example", []),
        ("   ", []),
        ("p" * 1000, ["p" * 1000]),
        ("p" * 1001, []),
        ("Do you ship?", []),
    ],
)
def test_a_pick_teaches_a_question_that_is_new_short_and_holds_no_address(
    runtime: Runtime, shipping: int, asked: str, learned: list[str]
) -> None:
    with runtime.database.session() as session:
        assert learn_pick(session, shipping, asked) is bool(learned)
    assert phrasings(runtime, shipping) == ["Do you ship?", *learned]


def test_an_answer_that_is_gone_learns_nothing(runtime: Runtime, shipping: int) -> None:
    with runtime.database.session() as session:
        assert learn_pick(session, shipping + 1000, "an unclear parcel thing") is False
