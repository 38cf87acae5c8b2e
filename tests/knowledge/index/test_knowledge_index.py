"""What is found, while the index changes and after."""

import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import HOLE, ArticleDocument
from knowledge.index.chunking import article_passages, learned_answer_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from knowledge.index.read_write_lock import ReadWriteLock
from model.encoder.onnx_encoder import OnnxEncoder
from model.interfaces import Encoder
from model.types import Candidate, Passage, Vector, Vectors

REFUNDS = ArticleDocument("refunds", "Refund policy", "Unopened devices can be returned within 45 days.")
WIFI = ArticleDocument(
    "wifi", "Connect to Wi-Fi", "Hold the button for 5 seconds.\n\n## Error E17\n\nRestart it."
)
PODS = ArticleDocument("pods", "Storing pods", "Keep pods in a dry, cool place for up to 18 months.")


def passages(*documents: ArticleDocument) -> dict[str, list[Passage]]:
    return {f"article:{document.slug}": article_passages(document) for document in documents}


class RememberingEncoder:
    """The real encoder, asked once for each text: random changes repeat the same few."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, Vector] = {}
        self.dim = encoder.dim
        self.fingerprint = encoder.fingerprint

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.asarray([self.encode_one(text) for text in texts]).reshape(-1, self.dim)

    def encode_one(self, text: str) -> Vector:
        if text not in self._vectors:
            self._vectors[text] = self._encoder.encode_one(text)
        return self._vectors[text]


class Searcher:
    """An index with the one call the tests make."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.index = KnowledgeIndex(encoder)

    def find(self, text: str, top_k: int = 10) -> list[Candidate]:
        return self.index.search(text, self.encoder.encode_one(text), top_k=top_k)

    def refs(self, text: str, top_k: int = 10) -> list[str]:
        return [candidate.ref for candidate in self.find(text, top_k)]


@pytest.fixture(scope="module")
def remembering(encoder: OnnxEncoder) -> RememberingEncoder:
    return RememberingEncoder(encoder)


@pytest.fixture
def searcher(encoder: OnnxEncoder) -> Searcher:
    made = Searcher(encoder)
    made.index.put(passages(REFUNDS, WIFI, PODS))
    return made


class CountingEncoder:
    """Counts the texts it passes on to the real encoder."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self.encoder = encoder
        self.seen: list[str] = []
        self.dim = encoder.dim
        self.fingerprint = encoder.fingerprint

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.seen.extend(texts)
        return self.encoder.encode(texts)

    def encode_one(self, text: str) -> Vector:
        return self.encoder.encode_one(text)


def test_the_answer_that_fits_is_found_first_with_its_passage(searcher: Searcher) -> None:
    best = searcher.find("the display shows E17, what now")[0]
    assert best.ref == "article:wifi"
    assert (best.passage.heading_path, best.passage.text) == (("Error E17",), "Restart it.")
    assert (best.dense_rank, best.lexical_rank) == (1, 1)


def test_each_answer_is_found_once_however_many_passages_it_has(searcher: Searcher) -> None:
    assert sorted(searcher.refs("returning a device")) == ["article:pods", "article:refunds", "article:wifi"]
    assert len(searcher.refs("returning a device", top_k=1)) == 1


def test_coverage_is_the_rarity_weighted_share_of_the_questions_words(searcher: Searcher) -> None:
    by_ref = {candidate.ref: candidate for candidate in searcher.find("pods zzz")}
    # 7 passages; "pod" is in 2 of them: log(1 + 5.5/2.5) = 1.1632, "zzz" in none: log(1 + 7.5/0.5) = 2.7726
    assert len(searcher.index) == 7
    assert by_ref["article:pods"].coverage == pytest.approx(1.1632 / (1.1632 + 2.7726), abs=1e-4)
    assert by_ref["article:refunds"].coverage == 0.0


def test_without_a_matching_word_the_lexical_rank_is_past_the_last(searcher: Searcher) -> None:
    for candidate in searcher.find("zzz qqq"):
        assert (candidate.lexical_score, candidate.lexical_rank, candidate.coverage) == (0.0, 4, 0.0)


def test_an_empty_index_finds_nothing(encoder: OnnxEncoder) -> None:
    empty = Searcher(encoder)
    assert empty.refs("anything") == []
    assert len(empty.index) == 0
    assert empty.index.passages_of("article:x") == ()


def test_a_removed_article_is_no_longer_found(searcher: Searcher) -> None:
    searcher.index.remove(["article:refunds", "article:unknown"])
    assert sorted(searcher.refs("refund policy")) == ["article:pods", "article:wifi"]
    assert searcher.index.refs() == {"article:pods", "article:wifi"}


def test_the_words_of_titles_texts_and_phrasings_are_known_while_a_passage_holds_them(
    searcher: Searcher,
) -> None:
    index = searcher.index
    index.put({"learned_answer:7": learned_answer_passages(7, "Is it loud?", "It hums.", ["noisy pods"])})
    assert all(index.has_word(word) for word in ("refund", "unopened", "loud", "noisy", "hums", "pods"))
    assert not index.has_word("e17")
    assert index.words_like("nosiy") == {"noisy": 1}
    assert index.words_like("refudn").keys() == {"refund"}
    index.put({"learned_answer:7": learned_answer_passages(7, "Is it loud?", "No.", ())})
    index.remove(["article:refunds"])
    assert not any(index.has_word(word) for word in ("refund", "unopened", "noisy", "hums"))
    assert index.words_like("nosiy") == {}
    assert index.has_word("pods")


def test_putting_no_passages_removes_the_answer(searcher: Searcher) -> None:
    searcher.index.put({"article:refunds": []})
    assert "article:refunds" not in searcher.refs("refund policy")


def test_a_changed_answer_is_found_by_its_new_words_only(searcher: Searcher) -> None:
    searcher.index.put(passages(ArticleDocument("pods", "Frobnication", "Frobnicate the zorb.")))
    assert searcher.refs("zorb")[0] == "article:pods"
    assert all(candidate.coverage == 0 for candidate in searcher.find("dry cool place"))


def test_a_passage_filed_under_anothers_ref_is_refused_and_nothing_changes(searcher: Searcher) -> None:
    wrong = {"article:pods": [], "article:x": article_passages(REFUNDS)}
    with pytest.raises(
        ValueError, match="'article:refunds#0' has ref 'article:refunds', put under 'article:x'"
    ):
        searcher.index.put(wrong)
    assert "article:pods" in searcher.index.refs()


def test_a_change_embeds_only_what_is_new(encoder: OnnxEncoder) -> None:
    counting = CountingEncoder(encoder)
    index = KnowledgeIndex(counting)
    index.put({"learned_answer:1": learned_answer_passages(1, "How?", "So.", ["In what way?"])})
    index.put({"learned_answer:1": learned_answer_passages(1, "How?", "Like this.", ["In what way?", "Hm?"])})
    index.put({"learned_answer:2": learned_answer_passages(2, "Hm?", "Same text.", [])})
    assert counting.seen == ["How?", "In what way?", "Hm?"]
    assert [p.text for p in index.passages_of("learned_answer:1")] == ["Like this."] * 3


def test_an_answer_with_hundreds_of_phrasings_does_not_hide_the_others(searcher: Searcher) -> None:
    phrasings = [f"can I get my money back please {number}" for number in range(300)]
    searcher.index.put({"learned_answer:1": learned_answer_passages(1, "Refund?", "Yes.", phrasings)})
    found = searcher.refs("can I get my money back please")
    assert found[0] == "learned_answer:1"
    assert set(found[1:]) == {"article:refunds", "article:wifi", "article:pods"}


def test_odd_questions_are_searched_like_any_other(searcher: Searcher) -> None:
    for text in ("", "?!", "x" * 100_000, "忘记密码", "\x00\ud800", "pods " * 5_000):
        assert len(searcher.find(text)) == 3


def test_equal_answers_come_in_order_of_their_refs(encoder: OnnxEncoder) -> None:
    searcher = Searcher(encoder)
    for number in (3, 1, 2):
        ref = f"learned_answer:{number}"
        searcher.index.put({ref: learned_answer_passages(number, "Same?", "Yes.", [])})
    assert searcher.refs("same") == ["learned_answer:1", "learned_answer:2", "learned_answer:3"]


def test_searches_run_while_the_index_is_written(searcher: Searcher) -> None:
    errors: list[Exception] = []
    stop = threading.Event()
    vector = searcher.encoder.encode_one("storing pods")

    def search() -> None:
        while not stop.is_set():
            try:
                found = searcher.index.search("storing pods", vector, top_k=5)
                assert found[0].ref == "article:pods"
            except Exception as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for round_ in range(40):
        searcher.index.put(
            passages(ArticleDocument(f"a{round_ % 5}", "Connect to Wi-Fi", "Hold the button for 5 seconds."))
        )
        searcher.index.remove([f"article:a{(round_ + 2) % 5}"])
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    assert errors == []


class WaitingEncoder:
    """Encodes by the real one; a text that says "slow" waits until it may go on."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self.dim, self.fingerprint = encoder.dim, encoder.fingerprint
        self.encoding, self.go_on = threading.Event(), threading.Event()
        self._encoder = encoder

    def encode(self, texts: Sequence[str]) -> Vectors:
        if any("slow" in text for text in texts):
            self.encoding.set()
            assert self.go_on.wait(60)
        return self._encoder.encode(texts)

    def encode_one(self, text: str) -> Vector:
        return self._encoder.encode_one(text)


def test_of_two_writers_the_later_one_has_the_last_word_though_its_text_is_encoded_sooner(
    encoder: OnnxEncoder,
) -> None:
    waiting = WaitingEncoder(encoder)
    index = KnowledgeIndex(waiting)
    first, second = (
        threading.Thread(target=index.put, args=(learned(1, text),)) for text in ("slow words", "newer words")
    )
    first.start()
    assert waiting.encoding.wait(60)
    second.start()
    second.join(1)
    found, still_waits = index.refs(), second.is_alive()
    waiting.go_on.set()
    first.join()
    second.join()
    assert (found, still_waits) == (frozenset(), True)  # for the writer before it; a search waits for neither
    assert [passage.search_text for passage in index.passages_of("learned_answer:1")] == ["newer words"]


def test_a_writer_waits_for_readers_and_goes_before_those_who_come_later() -> None:
    lock = ReadWriteLock()
    done: list[str] = []

    def write() -> None:
        with lock.writing():
            done.append("written")

    def read() -> None:
        with lock.reading():
            done.append("read later")

    writer, reader = threading.Thread(target=write), threading.Thread(target=read)
    with lock.reading():
        with lock.reading():  # readers run together
            writer.start()
            while not lock._writers_waiting:
                time.sleep(0.001)
        reader.start()
        reader.join(0.2)
        assert done == []
    writer.join()
    reader.join()
    assert done == ["written", "read later"]


_TEXTS = ["refund policy", "return a device", "connect to wi-fi", "storing pods", "error e17", "plant food"]
_change = st.tuples(st.integers(1, 6), st.lists(st.sampled_from(_TEXTS), max_size=4))


def _learned(number: int, texts: Sequence[str]) -> dict[str, list[Passage]]:
    question, *phrasings = texts or [""]
    return {f"learned_answer:{number}": learned_answer_passages(number, question, "Answer.", phrasings)}


@settings(max_examples=40)
@given(changes=st.lists(_change, max_size=15))
def test_after_random_changes_search_equals_that_of_a_fresh_index(
    remembering: RememberingEncoder, changes: list[tuple[int, list[str]]]
) -> None:
    changed, fresh = Searcher(remembering), Searcher(remembering)
    for number, texts in changes:
        changed.index.put(_learned(number, texts))
        changed.find("refund")
    for number, texts in sorted(dict(changes).items()):
        fresh.index.put(_learned(number, texts))
    assert len(changed.index) == len(fresh.index)
    assert changed.index.refs() == fresh.index.refs()
    for question in ("can I return it", "wi-fi error e17", "zzz"):
        one, other = changed.find(question), fresh.find(question)
        assert [c.passage for c in one] == [c.passage for c in other]
        assert [(c.dense_rank, c.lexical_rank) for c in one] == [
            (c.dense_rank, c.lexical_rank) for c in other
        ]
        for name in ("dense_score", "lexical_score", "fused_score", "coverage"):
            np.testing.assert_allclose(
                [getattr(c, name) for c in one], [getattr(c, name) for c in other], atol=1e-5
            )


def learned(number: int, *phrasings: str) -> dict[str, list[Passage]]:
    return {
        f"learned_answer:{number}": learned_answer_passages(number, phrasings[0], "Words.", phrasings[1:])
    }


@pytest.fixture(scope="module")
def two_answers(encoder: OnnxEncoder) -> Searcher:
    searcher = Searcher(encoder)
    searcher.index.put(learned(1, "How do I reset my password?", "I forgot my password"))
    searcher.index.put(learned(2, "Where is my parcel?"))
    return searcher


def test_a_question_asked_without_itself_finds_its_other_phrasings(two_answers: Searcher) -> None:
    text = "I forgot my password"
    vector = two_answers.encoder.encode_one(text)
    best = two_answers.index.search_without_itself(text, vector, top_k=10)[0]
    assert (best.ref, best.passage.search_text) == ("learned_answer:1", "How do I reset my password?")
    assert (best.passages, best.second_score) == (1, pytest.approx(best.dense_score))
    assert best.dense_score == pytest.approx(
        float(vector @ two_answers.encoder.encode_one("How do I reset my password?")), abs=1e-5
    )
    assert best.whole_score == pytest.approx(best.dense_score, abs=1e-5)  # one passage is the whole answer
    assert two_answers.find(text)[0].dense_score == pytest.approx(1.0, abs=1e-5)


def test_the_only_phrasing_of_an_answer_asked_without_itself_does_not_find_it(two_answers: Searcher) -> None:
    text = "Where is my parcel?"
    found = two_answers.index.search_without_itself(text, two_answers.encoder.encode_one(text), top_k=10)
    assert [candidate.ref for candidate in found] == ["learned_answer:1"]
    assert found[0].coverage == 0.0
    assert found[0].vote == 1.0


def test_the_only_passage_of_all_asked_without_itself_finds_nothing(encoder: OnnxEncoder) -> None:
    searcher = Searcher(encoder)
    searcher.index.put(learned(1, "Where is my parcel?"))
    vector = encoder.encode_one("Where is my parcel?")
    assert searcher.index.search_without_itself("Where is my parcel?", vector, top_k=10) == []


def test_passages_vote_with_the_fourth_power_of_their_cosine(two_answers: Searcher) -> None:
    text = "my password is lost"
    vector = two_answers.encoder.encode_one(text)
    cosines = [
        float(vector @ two_answers.encoder.encode_one(known))
        for known in ("How do I reset my password?", "I forgot my password", "Where is my parcel?")
    ]
    votes = [max(cosine, 0.0) ** 4 for cosine in cosines]
    first, second = two_answers.find(text)
    assert first.vote == pytest.approx((votes[0] + votes[1]) / sum(votes), abs=1e-4)
    assert second.vote == pytest.approx(votes[2] / sum(votes), abs=1e-4)
    assert (first.passages, second.passages) == (2, 1)


CARE = ArticleDocument(
    "care",
    "Caring for the lamp",
    "\n\n".join(
        f"## {heading}\n\n{text}"
        for heading, text in (
            ("Cleaning", "Wipe the glass with a dry cloth once a month."),
            ("Changing the bulb", "Unscrew the ring, pull the bulb out and push the new one in."),
            ("Warranty", "The warranty is three years from the day of delivery."),
        )
    ),
)


def test_an_answer_speaks_by_its_text_that_fits_best_and_never_by_its_title(encoder: OnnxEncoder) -> None:
    index = KnowledgeIndex(encoder)
    index.put(passages(CARE, PODS))
    for text, heading in (
        ("Caring for the lamp: how long is the warranty?", "Warranty"),
        ("how do I swap the bulb", "Changing the bulb"),
    ):
        best = index.search(text, encoder.encode_one(text), top_k=1)[0]
        assert best.passage.heading_path == (heading,)
        assert best.next_passage is not None
        assert best.next_passage.text not in ("", best.passage.text)


def test_an_answer_asked_for_by_name_is_a_candidate_whatever_fits_better(encoder: OnnxEncoder) -> None:
    index = KnowledgeIndex(encoder)
    index.put(passages(CARE, PODS, WIFI))
    text = "how do I swap the bulb"
    vector = encoder.encode_one(text)
    found = {candidate.ref: candidate for candidate in index.search(text, vector, top_k=3)}
    for ref in ("article:care", "article:pods"):
        named = index.text_of(ref, text, vector)
        assert named is not None
        assert named.passage == found[ref].passage
        assert named.dense_score == pytest.approx(found[ref].dense_score, abs=1e-6)
        assert named.coverage == pytest.approx(found[ref].coverage, abs=1e-6)
    assert index.text_of("article:gone", text, vector) is None


def test_a_question_for_what_is_withheld_is_known_as_one(searcher: Searcher) -> None:
    kayak = ArticleDocument(
        "kayak", "Borrow a kayak", f"You may keep it for four hours. The deposit is {HOLE} in cash."
    )
    searcher.index.put(passages(kayak))
    found = {text: searcher.find(text)[0] for text in ("how long may I keep a kayak", "kayak deposit?")}
    assert [candidate.ref for candidate in found.values()] == ["article:kayak", "article:kayak"]
    assert [candidate.asks_for_withheld for candidate in found.values()] == [False, True]
    assert found["kayak deposit?"].passage.text == "You may keep it for four hours."
