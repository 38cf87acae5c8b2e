"""Which draft a reply gives, held against what is known."""

import pytest

from knowledge.documents import ArticleDocument
from knowledge.index.chunking import article_passages, learned_answer_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from knowledge.learning.contradictions import contradicts, overlap
from knowledge.learning.draft import (
    DEFAULT_THRESHOLDS,
    Draft,
    NothingLearned,
    NothingReason,
    Removed,
    draft_learned_answer,
    near_misses,
    near_questions,
)
from knowledge.learning.question import pick_question
from model.encoder.onnx_encoder import OnnxEncoder

NORWAY = "No, we don't ship to Norway yet. We deliver to the US, Canada and nine countries in Europe."
STORING = ArticleDocument(
    "storing",
    "Storing pods",
    "Pods keep for 18 months in a dry, cool place.\n\n## Opened pods\n\nUse opened pods within 4 weeks.",
)


@pytest.fixture
def index(encoder: OnnxEncoder) -> KnowledgeIndex:
    made = KnowledgeIndex(encoder)
    made.put(
        {
            "article:storing": article_passages(STORING),
            "learned_answer:1": learned_answer_passages(1, "Do you ship to Norway?", NORWAY, []),
            "learned_answer:2": learned_answer_passages(
                2, "How long can I return an unopened garden?", "Unopened gardens: 45 days.", []
            ),
            "learned_answer:3": learned_answer_passages(3, "Which countries do you ship to?", "Eleven.", []),
        }
    )
    return made


def draft(index: KnowledgeIndex, encoder: OnnxEncoder, question: str, reply: str) -> Draft | None:
    """What is drafted, if anything."""
    found = read_reply(index, encoder, question, reply)
    return found if isinstance(found, Draft) else None


def read_reply(
    index: KnowledgeIndex, encoder: OnnxEncoder, question: str, reply: str
) -> Draft | NothingLearned:
    return draft_learned_answer(
        customer_messages=[question],
        agent_reply=reply,
        retriever=index,
        encoder=encoder,
        agent_names=["Tom"],
        customer_name="Anna",
    )


def test_a_wish_for_a_person_in_a_sentence_of_its_own_is_no_part_of_the_question() -> None:
    assert pick_question(["do you sponsor school gardens? please get me a person"]).text == (
        "Do you sponsor school gardens?"
    )
    assert pick_question(["My pump is loud.\nCan I talk to a human?"]).text == "My pump is loud."
    assert pick_question(["please get me a person"]).text == ""


@pytest.mark.parametrize("word", ["none of these", "No, none of those!", "neither"])
def test_that_no_choice_fits_is_no_part_of_the_question(word: str) -> None:
    assert pick_question(["is there a limit for top ups", word]).text == "Is there a limit for top ups"


def test_an_unknown_question_gives_a_new_answer_made_general(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    found = draft(
        index, encoder, "Hi! What does the Duo weigh?", "Hi Anna, the Duo weighs 9 kg.\n\nBest, Tom"
    )
    assert found == Draft("new", "What does the Duo weigh?", "The Duo weighs 9 kg.", (), None, None)


def test_the_known_answer_to_other_words_gives_a_phrasing(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    reply = "We don't ship to Norway yet, only to the US, Canada and nine countries in Europe."
    found = draft(index, encoder, "any chance you'd send stuff to oslo", reply)
    assert found is not None
    assert (found.kind, found.similar_ref) == ("phrasing", "learned_answer:1")
    assert found.similarity == pytest.approx(1.0, abs=0.1)


def test_a_reply_out_of_an_article_gives_a_phrasing_of_the_article(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    found = draft(index, encoder, "what's their shelf life", "Pods keep for about 18 months if cool and dry.")
    assert found is not None
    assert (found.kind, found.similar_ref) == ("phrasing", "article:storing")


@pytest.mark.parametrize(
    ("question", "reply", "ref"),
    [
        ("do you ship to norway", "Good news: yes, we ship to Norway since June.", "learned_answer:1"),
        ("How long can I return an unopened garden?", "Unopened gardens: 30 days.", "learned_answer:2"),
        ("storing pods", "Pods keep for 12 months in a dry, cool place.", "article:storing"),
    ],
)
def test_another_answer_to_a_known_question_gives_a_correction(
    index: KnowledgeIndex, encoder: OnnxEncoder, question: str, reply: str, ref: str
) -> None:
    found = draft(index, encoder, question, reply)
    assert found is not None
    assert (found.kind, found.similar_ref) == ("correction", ref)
    assert found.similarity is not None
    assert found.similarity >= 0.85


def test_a_reply_that_an_article_of_that_title_does_not_contradict_is_no_correction_of_it(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    found = draft(index, encoder, "Storing pods", "A tin with a tight lid is sold in our shop.")
    assert found is not None
    assert (found.kind, found.similar_ref, found.similarity) == ("new", None, None)


def test_a_learned_answer_to_the_same_question_is_corrected_though_nothing_in_it_is_contradicted(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    found = draft(index, encoder, "Do you ship to Norway?", "Our partner in Oslo sells every garden.")
    assert found is not None
    assert (found.kind, found.similar_ref) == ("correction", "learned_answer:1")


@pytest.mark.parametrize(
    ("question", "reply", "why"),
    [
        ("Do you ship to Norway?", NORWAY, "known_already"),
        ("What does the Duo weigh?", "Let me check, one moment.", "one_case"),
        ("What does the Duo weigh?", "I have refunded your order 4411.", "one_case"),
        ("What does the Duo weigh?", "Call Mr Novak on 020 7946 0123.", "only_personal"),
        ("My order number is 4411.", "The Duo weighs 9 kg.", "only_personal"),
        ("hello?", "The Duo weighs 9 kg.", "no_question"),
        ("I want to talk to a person", "The Duo weighs 9 kg.", "no_question"),
    ],
)
def test_nothing_worth_keeping_gives_no_draft_and_says_why(
    index: KnowledgeIndex, encoder: OnnxEncoder, question: str, reply: str, why: NothingReason
) -> None:
    found = read_reply(index, encoder, question, reply)
    assert isinstance(found, NothingLearned)
    assert found.reason == why


def test_a_draft_tells_of_what_kind_was_left_out_and_where(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    found = draft(
        index,
        encoder,
        "My PIN is 4821 and what does the MDVA-36718 weigh?",
        "It weighs 9 kg without water. Mr Novak on 020 7946 0123 has a scale.",
    )
    assert found is not None
    assert (found.question, found.answer) == (
        "What does the MDVA-36718 weigh?",
        "It weighs 9 kg without water.",
    )
    assert found.removed == (
        Removed("question", "pin"),
        Removed("answer", "name"),
        Removed("answer", "phone"),
    )


def test_the_first_answer_of_all_is_new(encoder: OnnxEncoder) -> None:
    found = draft(KnowledgeIndex(encoder), encoder, "Where are you based?", "We are based in Ghent.")
    assert found is not None
    assert (found.kind, found.similar_ref) == ("new", None)


def test_near_misses_are_questions_of_others_that_come_close(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    near = near_questions(index, encoder, ["Do you ship to Norway?"])
    assert near_misses(near, exclude_refs={"learned_answer:1"}) == ("Which countries do you ship to?",)
    assert near_misses(near_questions(index, encoder, []), exclude_refs=()) == ()


def test_a_question_as_near_as_the_same_one_is_no_near_miss(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    """It may well deserve the same answer: a rule that it must not get it would be wrong."""
    asked, twin = "Do you ship to Norway?", "do you ship orders to Norway"
    cosine = float(encoder.encode_one(asked) @ encoder.encode_one(twin))
    assert DEFAULT_THRESHOLDS.same_question < cosine < DEFAULT_THRESHOLDS.known_question
    index.put({"learned_answer:4": learned_answer_passages(4, twin, "Eleven countries.", [])})
    found = near_misses(near_questions(index, encoder, [asked]), exclude_refs={"learned_answer:1"})
    assert found == ("Which countries do you ship to?",)


def test_near_misses_come_nearest_first_and_no_more_than_asked_for(
    index: KnowledgeIndex, encoder: OnnxEncoder
) -> None:
    texts = ["Do you ship to the moon?", "Which countries do you ship to?", "When do you ship to Norway?"]
    for number, text in enumerate(texts, 10):
        ref = f"learned_answer:{number}"
        index.put({ref: learned_answer_passages(number, text, "Words.", [])})
    asked = "Do you ship to Norway?"
    cosines = {text: float(encoder.encode_one(asked) @ encoder.encode_one(text)) for text in texts}
    near = sorted((text for text in texts if 0.5 <= cosines[text] < 0.85), key=lambda text: -cosines[text])
    assert len(near) >= 2
    found = near_misses(near_questions(index, encoder, [asked]), exclude_refs={"learned_answer:1"}, limit=1)
    assert found == (near[0],)


@pytest.mark.parametrize(
    ("reply", "known", "contrary"),
    [
        ("You have 30 days to return it.", "You have 45 days to return it.", True),
        ("Refunds arrive within five days.", "Refunds arrive within 5 days.", False),
        ("The money is back after 5 days.", "Return the device within 45 days.", False),
        ("The basket is dishwasher safe.", "The basket is not dishwasher safe.", True),
        ("Yes, always.", "No, never.", True),
        ("The plan costs $12 a month.", "The plan costs $10 a month.", True),
        ("Delivery takes 3-6 working days.", "Delivery takes 3 - 6 days.", False),
        ("A discount of 10 % for schools.", "A discount of 15 % for schools.", True),
        ("", "", False),
    ],
)
def test_numbers_and_denials_contradict_where_the_sentences_are_about_the_same(
    reply: str, known: str, contrary: bool
) -> None:
    assert contradicts(reply, known) is contrary
    assert contradicts(known, reply) is contrary


def test_overlap_is_the_share_of_the_replys_words_that_are_known() -> None:
    assert overlap("Reset the **password** now", "[reset](x) it: password") == pytest.approx(2 / 3)
    assert overlap("", "text") == 0.0
