"""What the retrieval suite compares with: vectors alone and words alone."""

import numpy as np
import pytest

from eval.suites.plain_search import PlainSearch
from knowledge.documents import ArticleDocument
from knowledge.index.chunking import article_passages, learned_answer_passages
from model.types import Passage, Vectors

LEAVES = article_passages(ArticleDocument("leaves", "Yellow leaves", "Feed the plant."))
PUMP = article_passages(ArticleDocument("pump", "Loud pump", "Fill the tank."))
REFUND = learned_answer_passages(1, "Can I get a refund?", "Yes.", ["money back for the pump"])
PASSAGES = [*LEAVES, *PUMP, *REFUND]


def plain(*rows: tuple[float, float], passages: list[Passage] = PASSAGES) -> PlainSearch:
    vectors: Vectors = np.array(rows, dtype=np.float32)
    return PlainSearch(passages, vectors)


@pytest.fixture
def search() -> PlainSearch:
    return plain((1, 0), (0.6, 0.8), (0, 1), (0.8, 0.6), (0, 1), (0.96, 0.28))


def test_an_answer_counts_as_its_nearest_chunk_and_titles_alone_are_no_chunks(search: PlainSearch) -> None:
    # the title passage of the leaves has the question's own vector, their piece .6, the refund's second .96
    found = search.by_vector(np.array([1, 0], dtype=np.float32), top_k=10)
    assert found == ["learned_answer:1", "article:pump", "article:leaves"]


def test_words_find_the_answers_that_hold_them(search: PlainSearch) -> None:
    # both hold "pump"; the article's chunk has 4 terms (loud, pump, fill, tank), the phrasing 3 and "money"
    assert search.by_words("money for a pump", top_k=10) == ["learned_answer:1", "article:pump"]
    assert search.by_words("yellow plants", top_k=10) == ["article:leaves"]
    assert search.by_words("zorb", top_k=10) == []


def test_no_more_answers_are_given_than_asked_for(search: PlainSearch) -> None:
    assert search.by_vector(np.array([1, 0], dtype=np.float32), top_k=1) == ["learned_answer:1"]
    assert search.by_words("money for a pump", top_k=1) == ["learned_answer:1"]


def test_equal_answers_come_in_order_of_their_refs() -> None:
    found = plain(*[(0.6, 0.8)] * len(PASSAGES)).by_vector(np.array([1, 0], dtype=np.float32), top_k=10)
    assert found == ["article:leaves", "article:pump", "learned_answer:1"]


def test_an_article_without_a_text_is_found_by_its_title() -> None:
    bare = article_passages(ArticleDocument("bare", "Opening hours", ""))
    assert plain((1, 0), passages=bare).by_words("opening hours", top_k=10) == ["article:bare"]
