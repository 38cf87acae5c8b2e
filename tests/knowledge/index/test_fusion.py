"""How scores become one order: the sums by hand, and what they do to answers of several passages."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.index.chunking import learned_answer_passages
from knowledge.index.contents import Contents, Entry, word_counts
from knowledge.index.fusion import fuse, fuse_answers
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.types import Passage

QUESTION = np.array([1, 0], dtype=np.float32)


def scores(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def contents(**answers: Sequence[tuple[float, float]]) -> Contents:
    """Answers whose passages have these vectors and no words."""
    made = Contents(2)
    made.replace({ref: entries(ref, vectors) for ref, vectors in answers.items()})
    return made


def entries(ref: str, vectors: Sequence[tuple[float, float]]) -> list[Entry]:
    passages = [
        Passage(f"{ref}#{number}", ref, "learned_answer", ref, (), "", f"{ref} {number}", "")
        for number in range(len(vectors))
    ]
    return [
        Entry(passage, np.array(vector, dtype=np.float32), Counter(), word_counts(passage))
        for passage, vector in zip(passages, vectors, strict=True)
    ]


def found(held: Contents) -> dict[str, float]:
    """Fused scores by ref, best first."""
    return {one.ref: round(one.fused_score, 4) for one in held.search("?", QUESTION, top_k=10)}


def test_words_add_up_to_three_tenths_to_a_cosine() -> None:
    # 8 / (8 + 8) of .3, 24 / (24 + 8) of .3
    assert fuse(scores(0.5, 0.5, 0.5), scores(0, 8, 24)) == pytest.approx([0.5, 0.65, 0.725])


def test_the_nearer_a_passage_the_less_the_whole_answer_counts() -> None:
    nearest, whole = scores(1, 0.6, 0), scores(0.2, 0.4, 0.3)
    # .36 * .6 + .64 * .4 = .472; one that repeats the question counts alone, one at 0 not at all
    assert fuse_answers(nearest, whole, scores(0, 0, 0), scores(0, 0, 0)) == pytest.approx([1, 0.472, 0.3])


def test_words_and_coverage_are_added_to_the_meaning() -> None:
    # .472 + .3 * 8 / 16 + .1 * .5
    assert fuse_answers(scores(0.6), scores(0.4), scores(8), scores(0.5)) == pytest.approx([0.672])


def test_below_no_likeness_only_the_whole_answer_counts() -> None:
    assert fuse_answers(scores(-0.2), scores(-0.3), scores(0), scores(0)) == pytest.approx([-0.3])


def test_an_answer_of_one_passage_has_its_cosine() -> None:
    assert found(contents(one=[(0.6, 0.8)])) == {"one": 0.6}


def test_an_answer_that_leans_to_the_question_as_a_whole_comes_before_one_near_passage() -> None:
    held = contents(leaning=[(0.6, 0.8), (0.6, -0.8)], single=[(0.8, 0.6), (0, 1)])
    # leaning: .36 * .6 + .64 * 1; single: .64 * .8 + .36 * .8 / sqrt(.8^2 + 1.6^2)
    assert found(held) == {"leaning": 0.856, "single": 0.673}
    best = held.search("?", QUESTION, top_k=1)[0]
    assert (best.dense_score, best.dense_rank, best.whole_score) == (pytest.approx(0.6), 2, pytest.approx(1))


def test_a_passage_that_repeats_the_question_comes_first_whatever_the_answer_holds_beside_it() -> None:
    held = contents(repeats=[(1, 0), (0, 1), (-0.6, 0.8)], near=[(0.96, 0.28), (0.96, -0.28)])
    # near: .9216 * .96 + .0784 * 1
    assert found(held) == {"repeats": 1.0, "near": 0.9631}


def test_the_whole_answer_changes_with_its_passages() -> None:
    held = contents(a=[(0.6, 0.8), (0.6, -0.8)], b=[(0.8, 0.6)])
    assert list(found(held)) == ["a", "b"]
    held.replace({"a": entries("a", [(0.6, 0.8)])})
    assert found(held) == {"b": 0.8, "a": 0.6}
    held.replace({"b": ()})
    held.replace({"c": entries("c", [(0.0, 1.0)])})  # takes the number of the one removed
    assert found(held) == {"a": 0.6, "c": 0.0}


def test_passages_that_cancel_out_leave_no_whole_answer() -> None:
    # .16 * .4 + .84 * 0
    assert found(contents(a=[(0.4, 0.3), (-0.4, -0.3)])) == {"a": 0.064}


def test_many_answers_keep_their_own_whole() -> None:
    turned = {f"a{number:03}": [(np.cos(number / 200), np.sin(number / 200))] * 2 for number in range(150)}
    assert list(found(contents(**turned))) == [f"a{number:03}" for number in range(10)]


def test_the_very_words_of_one_phrasing_find_its_answer_among_many_like_it(encoder: OnnxEncoder) -> None:
    index = KnowledgeIndex(encoder)
    odd = ["Where is my parcel?", "Does the pump hum at night?", "I want a refund", "how do I add water"]
    alike = ["how do I add more water", "how can I add water to it", "adding water", "how to add water"]
    index.put(
        {
            "learned_answer:1": learned_answer_passages(1, odd[0], "One.", odd[1:]),
            "learned_answer:2": learned_answer_passages(2, alike[0], "Two.", alike[1:]),
        }
    )
    for text in (*odd, *alike):
        best = index.search(text, encoder.encode_one(text), top_k=2)[0]
        assert best.ref == ("learned_answer:1" if text in odd else "learned_answer:2"), text
