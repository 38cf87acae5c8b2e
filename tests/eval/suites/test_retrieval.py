"""The retrieval suite on a corpus of three articles, and its files when they are wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from eval.data.beir import Query, read_beir
from eval.data.retrieval_sets import RetrievalSet, phrasing_set, sample_set
from eval.suites import retrieval
from model.errors import DataError
from model.types import Passage, Vectors
from tests.eval.eval_parts import WordEncoder

Write = Callable[..., Path]


def test_each_figure_is_the_mean_over_the_judged_queries(beir: Path, word_encoder: WordEncoder) -> None:
    figures = retrieval.run(beir, encoder=word_encoder).figures
    # q1 and q2 find their article first; q3 asks for the refund and is judged to want the leaves
    assert figures["n"] == 3
    assert figures["hit@1"] == pytest.approx(2 / 3)
    assert figures["hit@10"] == pytest.approx(1.0)
    assert figures["hit@1_interval"][0] < 2 / 3 < figures["hit@1_interval"][1]
    assert figures["answers"] == 3


def test_queries_without_a_judgement_are_counted_and_left_out(beir: Path, word_encoder: WordEncoder) -> None:
    result = retrieval.run(beir, encoder=word_encoder)
    assert result.figures["n_without_answer"] == 1
    assert [item["id"] for item in result.items] == ["q1", "q2", "q3"]


def test_the_items_keep_what_was_found_and_the_scores(beir: Path, word_encoder: WordEncoder) -> None:
    first = retrieval.run(beir, encoder=word_encoder).items[0]
    assert first["found"][0] == "article:leaves"
    assert first["relevant"] == {"article:leaves": 1.0}
    assert first["scores"] == {"hit@1": 1.0, "hit@3": 1.0, "hit@10": 1.0, "mrr@10": 1.0, "ndcg@10": 1.0}


def test_plain_dense_and_plain_word_search_are_measured_beside_it(
    beir: Path, word_encoder: WordEncoder
) -> None:
    comparison = retrieval.run(beir, encoder=word_encoder).figures["comparison"]
    assert comparison["dense"]["hit@1"] == pytest.approx(2 / 3)
    # by words alone the leaves are never found for "refund": no word is shared
    assert comparison["bm25"]["hit@10"] == pytest.approx(2 / 3)


def test_without_titles_only_the_texts_are_found(beir: Path, word_encoder: WordEncoder) -> None:
    figures = retrieval.run(beir, encoder=word_encoder, answers_only=True).figures
    assert figures["passages"] == 3
    assert figures["comparison"]["bm25"]["hit@10"] == 0.0


def test_graded_judgements_and_articles_that_are_not_there_are_kept(
    beir: Path, word_encoder: WordEncoder
) -> None:
    (beir / "qrels" / "test.tsv").write_text("q1\tleaves\t2\nq1\tgone\t1\n", encoding="utf-8")
    data = read_beir(beir)
    assert data.queries[0].gains == {"article:leaves": 2.0, "article:gone": 1.0}
    assert data.unknown_answers == 1
    figures = retrieval.run(beir, encoder=word_encoder).figures
    assert figures["n_unknown_answers"] == 1
    # gained 2 / log2(2) of the 2 / log2(2) + 1 / log2(3) there was
    assert figures["ndcg@10"] == pytest.approx(2 / (2 + 0.6309297535714574))


def test_queries_with_the_same_answers_are_one_cluster(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").write_text(
        "q1\tleaves\t1\nq1\tpump\t1\nq2\tpump\t1\nq2\tleaves\t1\nq3\trefund\t1\n", encoding="utf-8"
    )
    first, second, third = read_beir(beir).queries
    assert first.cluster == second.cluster != third.cluster


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_named(beir: Path, name: str) -> None:
    (beir / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is missing"):
        read_beir(beir)


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("queries.jsonl", "no json", r"queries.jsonl:5: not JSON"),
        ("queries.jsonl", "[]", r"queries.jsonl:5: a JSON list"),
        ("queries.jsonl", '{"_id": "q5"}', r"queries.jsonl:5: text is None"),
        ("queries.jsonl", '{"_id": "q1", "text": "again"}', r"queries.jsonl:5: query 'q1' is given twice"),
        ("qrels/test.tsv", "q1 leaves 1", r"test.tsv:6: 1 cells, expected query, document and score"),
        ("qrels/test.tsv", "q1\tpump\thigh", r"test.tsv:6: score is 'high', expected a number"),
        ("qrels/test.tsv", "q1\tpump\tnan", r"test.tsv:6: score is 'nan', expected a number"),
        ("qrels/test.tsv", "q9\tpump\t1", r"test.tsv:6: query 'q9' is not in queries.jsonl"),
        ("qrels/test.tsv", "q1\tleaves\t1", r"test.tsv:6: document 'leaves' is judged twice"),
        ("corpus.jsonl", '{"_id": "pump", "text": "x"}', "corpus.jsonl#pump: id 'pump' appears twice"),
        ("corpus.jsonl", '{"question": "q", "answer": "a"}', r"corpus.jsonl must hold rows with _id"),
    ],
)
def test_a_bad_row_is_refused_by_file_and_line(beir: Path, name: str, line: str, said: str) -> None:
    with (beir / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match=said):
        read_beir(beir)


def test_a_set_without_any_fitting_answer_is_refused(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").write_text("q1\tleaves\t0\n", encoding="utf-8")
    with pytest.raises(DataError, match="judges no answer of any query above 0"):
        read_beir(beir)


def test_line_separators_inside_a_text_do_not_cut_its_row(beir: Path) -> None:
    with (beir / "queries.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"_id": "q5", "text": "two\u2028lines"}\n')
    (beir / "qrels" / "test.tsv").write_text("q5\tpump\t1\n", encoding="utf-8")
    assert read_beir(beir).queries[0].text == "two\u2028lines"


class SameButX(WordEncoder):
    """Takes words that differ only in the letter x for the same."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        return super().encode([text.replace("x", "") for text in texts])


def _things(count: int) -> dict[str, list[Passage]]:
    return {
        f"learned_answer:{number:02}": [_phrasing(f"learned_answer:{number:02}", f"thing{number}")]
        for number in range(count)
    }


def _phrasing(ref: str, text: str) -> Passage:
    return Passage(f"{ref}#0", ref, "learned_answer", text, (), "Yes.", text, "")


def test_the_gain_over_each_plain_search_is_taken_query_by_query_with_its_interval() -> None:
    """Half of the questions use words that only the vectors know."""
    queries = tuple(
        Query(f"q{number}", f"thing{number}" + "x" * (number % 2), {f"learned_answer:{number:02}": 1.0})
        for number in range(12)
    )
    encoder = SameButX([f"thing{number}" for number in range(12)])
    figures = retrieval.run_set(RetrievalSet(_things(12), queries), encoder=encoder).figures
    comparison = figures["comparison"]
    assert (figures["hit@1"], comparison["dense"]["hit@1"], comparison["bm25"]["hit@1"]) == (1.0, 1.0, 0.5)
    for name in ("hit@1", "mrr@10", "ndcg@10"):
        assert comparison["bm25"][f"{name}_gain"] == 0.5
        # hits among 12 drawn, a half each: 3 and 9 of 12 are the 2.5th and 97.5th percentiles
        assert comparison["bm25"][f"{name}_gain_interval"] == pytest.approx([0.25, 0.75])
        assert comparison["bm25"][f"{name}_gain_excludes_0"] is True
        assert comparison["dense"][f"{name}_gain"] == 0.0
        assert comparison["dense"][f"{name}_gain_interval"] is None
        assert comparison["dense"][f"{name}_gain_excludes_0"] is False


def test_one_better_question_of_twelve_may_be_luck() -> None:
    queries = tuple(
        Query(
            f"q{number}", "thing0x" if number == 0 else f"thing{number}", {f"learned_answer:{number:02}": 1}
        )
        for number in range(12)
    )
    encoder = SameButX([f"thing{number}" for number in range(12)])
    over_words = retrieval.run_set(RetrievalSet(_things(12), queries), encoder=encoder).figures["comparison"][
        "bm25"
    ]
    assert over_words["hit@1_gain"] == pytest.approx(1 / 12)
    # absent from a resample with chance (11/12)^12 = .35
    assert over_words["hit@1_gain_interval"][0] == 0.0
    assert over_words["hit@1_gain_excludes_0"] is False


def test_rewordings_of_one_question_are_resampled_together() -> None:
    """Twelve rewordings of two needs are two independent questions, not twelve: no half is sure."""
    queries = tuple(
        Query(f"q{number}", "thing1" if number % 2 else "thing0x", {f"learned_answer:{number % 2:02}": 1.0})
        for number in range(12)
    )
    encoder = SameButX(["thing0", "thing1"])
    figures = retrieval.run_set(RetrievalSet(_things(2), queries), encoder=encoder).figures
    assert figures["n_clusters"] == 2
    assert figures["comparison"]["bm25"]["hit@1_gain_interval"] == [0.0, 1.0]


def test_the_sample_companys_questions_are_the_test_questions_that_it_can_answer() -> None:
    sample = sample_set()
    assert (len(sample.queries), sample.queries_without_answer, sample.unknown_answers) == (220, 140, 0)
    assert sample.queries[0].gains == {"article:how-billing-works": 1.0, "article:when-am-i-charged": 1.0}
    assert {ref.partition(":")[0] for ref in sample.passages} == {"article", "learned_answer"}


def test_labelled_texts_are_learned_answers_asked_in_other_words(jsonl: Write) -> None:
    train = jsonl(
        "train.jsonl",
        [{"text": f"{label} {number}", "label": label} for label in ("pay", "grow") for number in range(5)],
    )
    test = jsonl("test.jsonl", [{"text": "pay up", "label": "pay"}, {"text": "who won", "label": "none"}])
    asked = phrasing_set(train, test, phrasings=3, seed=0)
    assert {ref: len(held) for ref, held in asked.passages.items()} == {
        "learned_answer:1": 3,
        "learned_answer:2": 3,
    }
    assert {one.search_text.split()[0] for one in asked.passages["learned_answer:2"]} == {"pay"}
    assert [(query.text, query.gains) for query in asked.queries] == [("pay up", {"learned_answer:2": 1.0})]
    assert asked.queries_without_answer == 1
    assert len(phrasing_set(train, test, phrasings=9, seed=0).passages["learned_answer:1"]) == 5


def test_labelled_texts_without_a_common_label_are_refused(jsonl: Write) -> None:
    train = jsonl("train.jsonl", [{"text": "one", "label": "a"}])
    test = jsonl("test.jsonl", [{"text": "two", "label": "b"}])
    with pytest.raises(DataError, match=r"no label of .*test\.jsonl is in .*train\.jsonl"):
        phrasing_set(train, test, phrasings=1, seed=0)
