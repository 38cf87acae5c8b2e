"""Words, BM25 and the order made of both searches."""

import math
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.index.fusion import descending, fuse, ranks
from knowledge.index.lexical import LexicalIndex, count_terms, tokenise


def test_words_are_lower_case_stems_without_stop_words_and_accents() -> None:
    assert tokenise("How do I reset the CAFÉ's Passwords? don’t") == ["reset", "cafe", "password"]


def test_other_scripts_give_words_too() -> None:
    assert tokenise("Пароль не работает") == ["пароль", "не", "работает"]
    assert tokenise("忘记密码 abc") == ["忘记", "记密", "密码", "abc"]
    assert tokenise("पासवर्ड भूल") == ["पासवर्ड", "भूल"]
    assert tokenise("字") == ["字"]


def test_a_very_long_word_and_text_without_words_do_no_harm() -> None:
    assert tokenise("x" * 100_000) == ["x" * 64]
    assert tokenise("?! \n 🙂") == []


def test_scores_are_those_worked_out_by_hand() -> None:
    index = LexicalIndex()
    index.add(0, Counter({"reset": 1, "password": 1}))
    index.add(1, Counter({"reset": 2, "garden": 2}))
    # average length 3; rarity of "password" (in 1 of 2) log(1 + 1.5/1.5) = 0.6931,
    # of "reset" (in both) log(1 + 0.5/2.5) = 0.1823
    # text 0: norm 1.2 * (.25 + .75 * 2/3) = 0.9, frequency part 2.2 / 1.9 = 1.1579
    # text 1: norm 1.2 * (.25 + .75 * 4/3) = 1.5, frequency part 2 * 2.2 / 3.5 = 1.2571
    scores = index.scores(["reset", "password", "reset", "unknown"])
    assert scores[0] == pytest.approx((0.6931 + 0.1823) * 1.1579, abs=1e-4)
    assert scores[1] == pytest.approx(0.1823 * 1.2571, abs=1e-4)
    assert index.rarity("unknown") == pytest.approx(math.log(1 + 2.5 / 0.5))


def test_an_empty_index_and_no_terms_score_nothing() -> None:
    index = LexicalIndex()
    assert not index.scores(["a"]).any()
    index.add(0, Counter({"a": 1}))
    assert not index.scores([]).any()


_texts = st.lists(st.text("abc ", max_size=12), max_size=12)


@settings(max_examples=100)
@given(_texts, st.lists(st.integers(0, 11), max_size=6))
def test_after_adding_and_removing_scores_equal_those_of_a_fresh_index(
    texts: list[str], removed: list[int]
) -> None:
    index, fresh = LexicalIndex(), LexicalIndex()
    for number, text in enumerate(texts):
        index.add(number, count_terms(text))
    index.scores(["a", "b", "ab"])  # fills what has to be forgotten by the changes
    gone = {number for number in removed if number < len(texts)}
    for number in gone:
        index.remove(number)
    for number, text in enumerate(texts):
        if number not in gone:
            fresh.add(number, count_terms(text))
    for term in ("b", "ab", "c", "abc"):
        size = len(texts)
        assert index.scores([term])[:size].tolist() == fresh.scores([term])[:size].tolist()
        assert sorted(index.holders(term)) == sorted(fresh.holders(term))


def test_fusion_adds_a_share_of_the_weight_that_grows_with_bm25() -> None:
    fused = fuse(np.asarray([0.5, 0.5, 0.6], np.float32), np.asarray([0.0, 8.0, 24.0], np.float32))
    assert fused.tolist() == pytest.approx([0.5, 0.65, 0.825])


def test_ties_keep_the_order_given() -> None:
    scores = np.asarray([0.1, 0.7, 0.7000000001, 0.9], np.float32)
    assert descending(scores).tolist() == [3, 1, 2, 0]
    assert ranks(scores).tolist() == [4, 2, 3, 1]
    assert ranks(np.zeros(0, np.float32)).tolist() == []


def test_searches_side_by_side_make_a_terms_arrays_once(monkeypatch: pytest.MonkeyPatch) -> None:
    index = LexicalIndex()
    for number in range(10):
        index.add(number, count_terms("refund"))
    made: list[int] = []
    make = np.fromiter

    def make_slowly(*given: object, **more: object) -> object:
        made.append(threading.get_ident())
        time.sleep(0.02)  # others come by meanwhile
        return make(*given, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(np, "fromiter", make_slowly)
    together = threading.Barrier(8)

    def search() -> list[float]:
        together.wait()
        return index.scores(["refund"])[:10].tolist()

    with ThreadPoolExecutor(8) as threads:
        scores = [done.result() for done in [threads.submit(search) for _ in range(8)]]

    assert len(made) == 2  # the numbers and the frequencies
    assert scores == [scores[0]] * 8
