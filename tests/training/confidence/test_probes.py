"""What knowledge asks of itself with a part of it hidden; on little knowledge, with the real encoder."""

import numpy as np
import pytest

from eval.data.labelled import LabelledQuestion
from knowledge.documents import ArticleDocument
from knowledge.index.chunking import article_passages, learned_answer_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.resolver import Resolver
from model.types import Passage, Question
from tests.training.promotion_parts import good_set
from training.confidence.probes import Probe, knowledge_probes, without_their_answers

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
