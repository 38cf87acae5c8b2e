"""What knowledge asks of itself with a part of it hidden; on little knowledge, with the real encoder."""

import numpy as np
import pytest

from eval.data.labelled import LabelledQuestion, QuestionKind
from eval.data.words import TaughtAnswer
from knowledge.documents import ArticleDocument
from knowledge.index.chunking import article_passages, learned_answer_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.resolver import Resolver
from model.types import Passage, Question
from tests.training.promotion_parts import good_set
from training.confidence.probes import (
    Probe,
    WithoutItself,
    knowledge_probes,
    served_probes,
    taught_probes,
    without_their_answers,
)
from training.datasets.service_rows import ServedQuestion

PHRASINGS = ["Can I plant chillies outdoors?", "chillies in the garden, is that possible?"]
KNOWLEDGE: dict[str, list[Passage]] = {
    "article:leaves": article_passages(
        ArticleDocument("leaves", "Why do leaves turn yellow?", "Feed the plant every two weeks.")
    ),
    "article:bare": article_passages(ArticleDocument("bare", "The pump is loud", "")),
    "learned_answer:1": learned_answer_passages(1, PHRASINGS[0], "Yes, after the last frost.", PHRASINGS),
    "learned_answer:2": learned_answer_passages(2, "Do you ship to Norway?", "Not yet.", []),
}


def probes(encoder: OnnxEncoder, *, most_texts: int = 400, seed: int = 0) -> list[Probe]:
    rng = np.random.default_rng(seed)
    bot = Resolver(encoder, good_set("v1", encoder).models, KnowledgeIndex(encoder))
    return knowledge_probes(KNOWLEDGE, bot, encoder, rng=rng, most_texts=most_texts)


@pytest.fixture(scope="module")
def asked(encoder: OnnxEncoder) -> list[Probe]:
    return probes(encoder)


def test_each_text_is_asked_without_itself_and_without_its_answer(asked: list[Probe]) -> None:
    kinds = [(probe.question.text, probe.question.kind) for probe in asked]
    assert sorted(kinds) == sorted(
        [
            # a bare title and a single phrasing leave nothing to be found by
            ("The pump is loud", "out_of_scope"),
            ("Do you ship to Norway?", "out_of_scope"),
            *((text, kind) for text in PHRASINGS for kind in ("answerable", "out_of_scope")),
            *(("Why do leaves turn yellow?", kind) for kind in ("answerable", "out_of_scope")),
        ]
    )


def test_what_is_hidden_is_not_found(asked: list[Probe]) -> None:
    owner = {"The pump is loud": "article:bare", "Do you ship to Norway?": "learned_answer:2"}
    owner |= dict.fromkeys(PHRASINGS, "learned_answer:1") | {"Why do leaves turn yellow?": "article:leaves"}
    for probe in asked:
        found = {candidate.ref: candidate for candidate in probe.read.candidates}
        ref = owner[probe.question.text]
        if probe.question.kind == "answerable":
            assert probe.question.refs == {ref}
            assert probe.question.text not in found[ref].passage.search_text
            assert found[ref].dense_score < 0.95
        else:
            assert probe.question.refs == frozenset()
            assert ref not in found
            assert len(found) == 3


def test_many_answers_are_asked_by_chance_and_the_seed_alone(encoder: OnnxEncoder) -> None:
    some = {probe.question.text for probe in probes(encoder, most_texts=2)}
    assert len(some) == 2
    assert some == {probe.question.text for probe in probes(encoder, most_texts=2)}


def test_answerable_questions_are_asked_again_without_their_answers(encoder: OnnxEncoder) -> None:
    index = KnowledgeIndex(encoder)
    index.put(KNOWLEDGE)
    questions = [
        LabelledQuestion("q1", "my leaves are yellow", "answerable", "care", frozenset({"article:leaves"})),
        LabelledQuestion("q2", "who won the match?", "out_of_scope", None, frozenset()),
    ]
    resolver = Resolver(encoder, good_set("v1", encoder).models, index)
    reads = [resolver.read(Question(question.text)) for question in questions]
    (probe,) = without_their_answers(questions, reads, index)
    assert (probe.question.text, probe.question.kind) == ("my leaves are yellow", "out_of_scope")
    assert {candidate.ref for candidate in probe.read.candidates} == set(KNOWLEDGE) - {"article:leaves"}
    assert probe.read.understanding == reads[0].understanding


TAUGHT = (
    TaughtAnswer("a1", "Can I pause my box?", "Yes.", ("is a break possible",), ("Can I pay my box?",), "A"),
    TaughtAnswer("a2", "Do you ship to Norway?", "No.", ("delivery to Oslo",), ("Ship to Norwich?",), "A"),
    TaughtAnswer("b1", "How loud is the fan?", "Silent.", ("fan noise",), ("How big is the fan?",), "B"),
)


@pytest.fixture(scope="module")
def taught(encoder: OnnxEncoder) -> list[Probe]:
    bot = Resolver(encoder, good_set("v1", encoder).models, KnowledgeIndex(encoder))
    return taught_probes(TAUGHT, bot, encoder)


def test_a_taught_question_is_asked_in_each_wording_and_its_look_alike_has_no_answer(
    taught: list[Probe],
) -> None:
    asked = [(one.question.text, one.question.need, sorted(one.question.refs)) for one in taught]
    assert asked == [
        ("Can I pause my box?", "a1", ["learned_answer:0"]),
        ("is a break possible", "a1", ["learned_answer:0"]),
        ("Can I pay my box?", "a1", []),
        ("Do you ship to Norway?", "a2", ["learned_answer:1"]),
        ("delivery to Oslo", "a2", ["learned_answer:1"]),
        ("Ship to Norwich?", "a2", []),
        ("fan noise", "b1", []),  # new to company A
        ("How loud is the fan?", "b1", ["learned_answer:0"]),
        ("fan noise", "b1", ["learned_answer:0"]),
        ("How big is the fan?", "b1", []),
        ("is a break possible", "a1", []),
        ("delivery to Oslo", "a2", []),
    ]


def test_only_what_its_company_was_taught_is_found(taught: list[Probe]) -> None:
    titles = [{one.passage.title for one in probe.read.candidates} for probe in taught]
    of_a = {"Can I pause my box?", "Do you ship to Norway?"}
    assert titles == [of_a] * 7 + [{"How loud is the fan?"}] * 5


def test_a_budget_is_kept_on_other_words_and_on_the_first_of_ten_look_alikes(taught: list[Probe]) -> None:
    uncounted = [probe.question.text for probe in taught if not probe.question.counts]
    assert uncounted == [
        "Can I pause my box?",
        "Do you ship to Norway?",
        "Ship to Norwich?",
        "How loud is the fan?",
        "How big is the fan?",
    ]


def served(text: str, right: frozenset[str], rejected: frozenset[str] = frozenset()) -> ServedQuestion:
    kind: QuestionKind = "answerable" if right else "out_of_scope"
    return ServedQuestion("picked", LabelledQuestion(text, text, kind, None, right), rejected)


def test_of_a_question_from_service_only_what_was_judged_is_learned(encoder: OnnxEncoder) -> None:
    index = KnowledgeIndex(encoder)
    index.put(KNOWLEDGE)
    bot = Resolver(encoder, good_set("v1", encoder).models, WithoutItself(index))
    right = served("my leaves are yellow", frozenset({"article:leaves"}))
    failed = served("yellow leaves", frozenset(), frozenset({"article:leaves"}))
    gone = served("the leaves", frozenset(), frozenset({"article:gone"}))
    probes = served_probes([right, failed, gone], bot)
    assert [probe.question for probe in probes] == [right.question, failed.question]
    assert {one.ref for one in probes[0].read.candidates} == set(KNOWLEDGE)  # the others are wrong
    assert [one.ref for one in probes[1].read.candidates] == ["article:leaves"]


def test_a_question_from_service_is_not_found_by_its_own_words(encoder: OnnxEncoder) -> None:
    index = KnowledgeIndex(encoder)
    index.put(KNOWLEDGE)
    bot = Resolver(encoder, good_set("v1", encoder).models, WithoutItself(index))
    [probe] = served_probes([served(PHRASINGS[0], frozenset({"learned_answer:1"}))], bot)
    [found] = [one for one in probe.read.candidates if one.ref == "learned_answer:1"]
    assert found.passage.search_text == PHRASINGS[1]
