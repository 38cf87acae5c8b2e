"""Mistyped words are read as the words that were meant, and words that were meant as they are."""

import random
import re
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.suites.dressed import dressed
from knowledge import DEMO_FOLDER
from knowledge.importing.source import read_source
from knowledge.index.chunking import article_passages
from knowledge.index.contents import word_counts
from model.encoder.onnx_encoder import OnnxEncoder
from model.understanding.spelling import Words, as_meant, words_of

COMMON = Words(
    ["what", "work", "enter", "please", "message", "something", "yesterday", "capsule", "qualification"]
)


def meant(text: str, *known: str, count: int = 2) -> str:
    words = Words()
    words.add(dict.fromkeys(known, count))
    return as_meant(text, known=words, common=COMMON)


@pytest.mark.parametrize(
    ("text", "known", "read"),
    [
        ("my adress?", "address", "my address?"),
        ("next weeek", "week", "next week"),
        ("I forgot my pasword.", "password", "I forgot my password."),
        ("puase it", "pause", "pause it"),
        ("bakc", "back", "back"),
        ("ehlp!", "help", "help!"),
        ("a tiket, please", "ticket", "a ticket, please"),
        ("the subscriptoin", "subscription", "the subscription"),
        ("a representitive", "representative", "a representative"),
        ("contanctless", "contactless", "contactless"),
        ("unsubscrbing and unsubscrbing", "unsubscribing", "unsubscribing and unsubscribing"),
        ("two-setp sign-in", "step", "two-step sign-in"),
        ("CACNEL", "cancel", "cancel"),
        ("Küdnigung", "kündigung", "kündigung"),
    ],
)
def test_a_mistyped_word_is_read_as_the_one_that_was_meant(text: str, known: str, read: str) -> None:
    assert meant(text, known) == read


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("unsubscribing", "subscribing"),
        ("unblock the card", "unlock"),
        ("lice and moles", "line moves"),
        ("blight", "bright"),
        ("snows", "snow shows"),
        ("two capsules", "capsulis"),
        ("i dont, cant, wont, wasnt, theres, shes", "done cart went want there shoes"),
        ("wifi", "wife"),
        ("I don't", "dont"),
        ("BX2471 and pasword1", "password bx2472"),
        ("jo@pasword.com www.pasword.com pasword/x pasword-3 3-pasword", "password"),
        ("pay", "yap"),
        ("注文した商品", "注文した商口"),
        ("", "password"),
    ],
)
def test_what_may_be_a_word_of_its_own_stays(text: str, known: str) -> None:
    assert meant(text, *known.split()) == text


def test_the_nearest_word_wins_and_two_as_near_leave_the_word_as_it_is() -> None:
    assert meant("wrok", "fork", "work") == "work"
    assert meant("depost", "depot", "deposit") == "deposit"
    assert meant("chaged", "charged", "changed") == "chaged"


def test_a_common_word_is_meant_only_where_the_mistake_is_plain() -> None:
    assert meant("a mesasge") == "a message"
    assert meant("somthing") == "somthing"  # a letter is missing, which is sure from nine letters on
    assert meant("yesterdy, a qualifcation") == "yesterdy, a qualification"
    assert meant("entre", "entry") == "entre"


def test_a_word_that_the_knowledge_has_once_must_be_a_common_one_too() -> None:
    assert meant("kvoa", "kova", count=1) == "kvoa"
    assert meant("kvoa", "kova") == "kova"
    assert meant("wrok", "work", count=1) == "work"


def test_a_name_is_no_mistyped_common_word_unless_it_begins_a_sentence() -> None:
    assert meant("I bought a Mesasge") == "I bought a Mesasge"
    assert meant("Hello! Mesasge lost") == "Hello! message lost"
    assert meant("I bought a Tukcleaf", "tuckleaf") == "I bought a tuckleaf"


def test_words_are_known_as_long_as_something_holds_them() -> None:
    words = Words()
    words.add({"pump": 2, "tank": 1})
    words.add({"pump": 1})
    words.remove({"pump": 2, "tank": 1})
    assert (words.has_word("pump"), words.has_word("tank"), words.has_word("p")) == (True, False, False)
    assert words.words_like("pmup") == {"pump": 1}
    assert words.words_like("tnak") == {}
    assert words_of("The Pump's 2 tanks, BX12!") == ["the", "pump", "s", "tanks", "bx"]


@pytest.fixture(scope="module")
def common(encoder: OnnxEncoder) -> Words:
    return Words(encoder.words)


@pytest.fixture(scope="module")
def titles() -> list[str]:
    articles = read_source(DEMO_FOLDER / "articles").articles
    return [article.title for article in articles if article.superseded_by is None]


@pytest.fixture(scope="module")
def sample() -> Words:
    words = Words()
    for article in read_source(DEMO_FOLDER / "articles").articles:
        for passage in article_passages(article):
            words.add(word_counts(passage))
    return words


def test_each_title_of_the_sample_company_is_read_from_its_mistyped_form(
    titles: list[str], sample: Words, common: Words
) -> None:
    for title in titles:
        typed = dressed(title, np.random.default_rng(0))["typo"]
        assert as_meant(typed, known=sample, common=common).casefold() == title.casefold()


@given(data=st.data())
def test_a_text_in_the_knowledges_words_is_read_as_it_is(data: st.DataObject) -> None:
    words = data.draw(st.lists(st.from_regex(r"\A[a-zäé]{1,12}\Z"), min_size=1))
    known = Words(words)
    text = data.draw(st.lists(st.sampled_from(words)).map(" ".join))
    assert as_meant(text, known=known, common=COMMON) == text
    assert as_meant(text.upper(), known=known, common=COMMON) == text.upper()


def test_the_words_that_the_encoder_knows_whole_are_common(encoder: OnnxEncoder) -> None:
    assert {"work", "something", "email"} <= encoder.words
    assert not {"refund", "pasword", "##ing", "the", "2024"} & encoder.words
    assert all(word.isalpha() and word == word.casefold() for word in encoder.words)


def test_a_message_costs_little_with_thirty_thousand_words_and_a_hostile_one_not_much_more(
    common: Words,
) -> None:
    rng = random.Random(0)
    letters = "etaoinshrdlucmfw"
    many = {"".join(rng.choices(letters, k=rng.randint(4, 12))): 2 for _ in range(30_000)}
    known = Words(many)
    unknown = " ".join(sorted(many)[:20_000]).translate(str.maketrans("e", "x"))
    assert seconds(lambda: as_meant("how can i puase my subscirption", known=known, common=common)) < 0.02
    assert seconds(lambda: as_meant(unknown, known=known, common=common)) < 1.0


def seconds(work: object) -> float:
    assert callable(work)
    started = time.thread_time()
    work()
    return time.thread_time() - started


def test_words_are_counted_as_they_are_written() -> None:
    article = read_source(DEMO_FOLDER / "articles").articles[0]
    passages = article_passages(article)
    counted = sum((word_counts(passage) for passage in passages), Counter[str]())
    first = re.findall(r"[a-z]+", article.title.lower())[0]
    assert counted[first] >= len(passages)
