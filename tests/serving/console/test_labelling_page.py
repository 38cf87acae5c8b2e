"""The page of what to label next, without script: what it lists, and the labels that it takes."""

import itertools
import re
import time

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from serving.db.tables import DecisionRecord, IntentLabel
from serving.runtime.assembly import Runtime
from tests.serving.console.sample import add_conversation, squeezed

_numbers = itertools.count(1)


@pytest.fixture
def asked(runtime: Runtime) -> list[int]:
    """Three questions in the same words, then two in others; the decisions on them, in this order.

    No other test has words like them, so that its labels do not speak for these, or asks anything as often.
    """
    number = next(_numbers)
    same, other = f"{'a' * number} <b>cold</b>", f"{'a' * (number + 32)} alone"
    texts = (same, same.upper(), same, other, other)
    with runtime.database.session() as session:
        conversations = [add_conversation(session, words, name="Ana Silva").id for words in texts]
        records = session.scalars(
            select(DecisionRecord).where(DecisionRecord.conversation_id.in_(conversations))
        )
        return sorted(record.id for record in records)


def shown(browser: TestClient) -> str:
    """The complete page: a reading that takes long goes on by itself."""
    for _ in range(100):
        page = browser.get("/labelling")
        assert page.status_code == 200
        if "are read so far" not in page.text:
            return squeezed(page.text)
        time.sleep(0.05)
    raise AssertionError("the questions were never read")


def labels(runtime: Runtime, ids: list[int]) -> dict[int, str | None]:
    with runtime.database.reading() as session:
        found = session.scalars(select(IntentLabel).where(IntentLabel.decision_id.in_(ids)))
        return {row.decision_id: row.intent for row in found}


def card(page: str, decision_id: int) -> str:
    """The markup of a question's card, empty when it is not listed."""
    found = re.search(rf'<article class="card" aria-labelledby="question-{decision_id}">.*?</article>', page)
    return found.group() if found else ""


def test_a_question_is_shown_with_the_guesses_every_intent_and_those_that_ask_the_same(
    engineer: TestClient, asked: list[int]
) -> None:
    page = shown(engineer)
    own = card(page, asked[0])
    assert "a &lt;b&gt;cold&lt;/b&gt;</h2>" in own
    assert "<b>cold" not in page
    guesses = re.findall(r'name="guess" value="(\w+)">([^<]+)<span class="hint">(\d+ %)', own)
    assert guesses == [("swap_pods", "Swap pods ", "70 %"), ("refund_request", "Wants money back ", "30 %")]
    assert re.findall(r'<option value="([^"]*)"', own) == ["", "swap_pods", "refund_request", "-"]
    assert "All 3 of these" in own
    assert re.findall(r'name="same" value="(\d+)"', own) == [str(asked[1]), str(asked[2])]
    assert card(page, asked[1]) == ""
    assert "All 2 of these" in card(page, asked[3])


def test_a_guess_is_taken_by_its_button_and_the_question_leaves_the_list(
    engineer: TestClient, runtime: Runtime, asked: list[int]
) -> None:
    form = {"decision_id": asked[0], "same": asked[1:3], "intent": "", "guess": "swap_pods"}
    saved = engineer.post("/labelling", data=form)
    assert (saved.status_code, saved.headers["location"]) == (303, "/labelling?done=labelled")
    assert labels(runtime, asked) == {asked[0]: "swap_pods"}
    page = shown(engineer)
    assert (card(page, asked[0]), card(page, asked[3]) != "") == ("", True)
    assert "Saved. The next training learns from it." in engineer.get("/labelling?done=labelled").text


def test_all_of_these_get_what_was_chosen(engineer: TestClient, runtime: Runtime, asked: list[int]) -> None:
    form = {"decision_id": asked[0], "same": asked[1:3], "all": "yes", "intent": "refund_request"}
    engineer.post("/labelling", data=form)
    assert labels(runtime, asked) == dict.fromkeys(asked[:3], "refund_request")


def test_something_else_is_a_label_too(engineer: TestClient, runtime: Runtime, asked: list[int]) -> None:
    engineer.post("/labelling", data={"decision_id": asked[3], "intent": "-"})
    assert labels(runtime, asked) == {asked[3]: None}


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"intent": ""}, 422, "Choose what the customer wanted, then save."),
        ({"intent": "lost"}, 422, "There is no intent &#39;lost&#39;"),
        (
            {"decision_id": "99999999", "intent": "-"},
            404,
            "Decision 99999999 is on no customer&#39;s question",
        ),
        ({"decision_id": "x", "intent": "-"}, 422, "decision_id"),
    ],
)
def test_what_cannot_be_saved_is_said_and_saves_nothing(
    engineer: TestClient, runtime: Runtime, asked: list[int], form: dict[str, str], status: int, words: str
) -> None:
    answer = engineer.post("/labelling", data={"decision_id": str(asked[0]), **form})
    assert (answer.status_code, words in answer.text) == (status, True)
    assert labels(runtime, asked) == {}


def test_only_who_looks_after_the_models_has_the_page_and_its_link(
    engineer: TestClient, agent: TestClient
) -> None:
    assert 'href="/labelling" aria-current="page"' in engineer.get("/labelling").text
    assert 'href="/labelling"' not in agent.get("/inbox").text
    assert agent.get("/labelling").status_code == 403


def test_the_list_is_the_same_markup_as_in_the_page(engineer: TestClient, asked: list[int]) -> None:
    page = shown(engineer)
    fragment = engineer.get("/labelling", headers={"X-Fragment": "labelling"}).text
    assert "<html" not in fragment
    assert squeezed(fragment).strip() in page
    assert card(page, asked[3])
