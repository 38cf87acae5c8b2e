"""The intents suite on texts of known words, so that every figure can be worked out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.scope import PRODUCT, all_scores, held_out_scores, training_distances
from eval.suites import intents
from model.errors import DataError
from model.heads.head import LinearHead
from model.types import Reading
from tests.eval.eval_parts import WordEncoder, fit_centroids

Write = Callable[..., Path]

TRAIN = [
    {"text": text, "label": label}
    for text, label in [
        ("yellow leaves", "plant"),
        ("leaves yellow plant", "plant"),
        ("yellow plant", "plant"),
        ("plant leaves", "plant"),
        ("yellow yellow leaves", "plant"),
        ("loud pump", "device"),
        ("pump tank loud", "device"),
        ("tank pump", "device"),
        ("loud tank", "device"),
        ("pump pump loud", "device"),
    ]
]
TEST = [
    {"text": "yellow leaves plant", "label": "plant"},
    {"text": "tank loud", "label": "device"},
    {"text": "pump", "label": "plant"},
    {"text": "leaves", "label": "unheard"},
    {"text": "sing me something", "label": "oos"},
    {"text": "who won", "label": "oos"},
]


@pytest.fixture
def files(jsonl: Write) -> tuple[Path, Path]:
    return jsonl("train.jsonl", TRAIN), jsonl("test.jsonl", TEST)


def run(files: tuple[Path, Path], encoder: WordEncoder, **options: object) -> intents.SuiteResult:
    return intents.run(*files, encoder=encoder, fit_head=fit_centroids, **options)


def test_accuracy_is_over_rows_in_scope_and_an_unknown_label_is_wrong(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    figures = run(files, word_encoder).figures
    assert (figures["n"], figures["n_in_scope"], figures["n_out_of_scope"]) == (6, 4, 2)
    assert figures["accuracy"] == 0.5
    assert figures["n_unknown_label"] == 1
    # F1 of plant 2*1/(2+2), of device 2*1/(1+2), of unheard 0
    assert figures["macro_f1"] == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)


def test_texts_of_foreign_words_are_told_from_all_others(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    figures = run(files, word_encoder).figures
    assert figures["oos_auroc"] == 1.0
    assert figures["oos_recall_at_95"] == 1.0
    assert figures["oos_comparison"]["nearest_5"]["auroc"] == 1.0
    assert figures["oos_comparison"][PRODUCT]["recall_at_95"] == figures["oos_recall_at_95"]


def test_every_score_is_compared_by_the_same_two_figures_with_intervals(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    compared = run(files, word_encoder).figures["oos_comparison"]
    assert set(compared) == {
        *("probability", "entropy", "energy", "strongest_score", "nearest_1", "nearest_5", "nearest_10"),
        *("density", "mahalanobis", "relative_mahalanobis", "guided", "guided_by_lead"),
    }
    for told in compared.values():
        for key in ("auroc", "recall_at_95"):
            low, high = told[f"{key}_interval"]
            assert 0 <= low <= told[key] <= high <= 1


def test_every_mean_has_its_interval(files: tuple[Path, Path], word_encoder: WordEncoder) -> None:
    figures = run(files, word_encoder).figures
    for key in ("accuracy", "macro_f1", "ece", "oos_auroc", "oos_recall_at_95"):
        low, high = figures[f"{key}_interval"]
        assert 0 <= low <= high <= 1


def test_the_same_seed_gives_the_same_figures(files: tuple[Path, Path], word_encoder: WordEncoder) -> None:
    first, second = run(files, word_encoder, seed=5).figures, run(files, word_encoder, seed=5).figures
    timed = {"fit_seconds", "encode_seconds"}
    assert {k: v for k, v in first.items() if k not in timed} == {
        k: v for k, v in second.items() if k not in timed
    }


def test_each_row_keeps_what_was_predicted_and_how_strange_it_was(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    items = run(files, word_encoder).items
    assert [item["predicted"] for item in items[:3]] == ["plant", "device", "device"]
    assert items[2]["row"] == 3
    assert [item["wrong"] for item in items] == [False, False, True, True, False, False]
    assert items[4]["out_of_scope_score"] > items[0]["out_of_scope_score"]


def test_out_of_scope_training_rows_are_no_class(jsonl: Write, word_encoder: WordEncoder) -> None:
    seen: list[set[str]] = []

    def fit(inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> LinearHead:
        seen.append(set(labels))
        return fit_centroids(inputs, labels, seed=seed)

    train = jsonl("train.jsonl", [*TRAIN, {"text": "who sings", "label": "none"}])
    figures = intents.run(
        train, jsonl("test.jsonl", TEST), encoder=word_encoder, fit_head=fit, oos_label="none"
    ).figures
    assert seen == [{"plant", "device"}]
    assert figures["n_train"] == 12  # with the names of both
    assert figures["n_out_of_scope"] == 0


def test_without_out_of_scope_rows_their_figures_are_empty(jsonl: Write, word_encoder: WordEncoder) -> None:
    figures = run((jsonl("train.jsonl", TRAIN), jsonl("test.jsonl", TEST[:3])), word_encoder).figures
    assert figures["oos_auroc"] is None
    assert figures["oos_auroc_interval"] is None
    assert figures["oos_recall_at_95"] is None
    assert figures["accuracy"] == pytest.approx(2 / 3)


def test_with_out_of_scope_rows_alone_the_other_figures_are_empty(
    jsonl: Write, word_encoder: WordEncoder
) -> None:
    figures = run((jsonl("train.jsonl", TRAIN), jsonl("test.jsonl", TEST[4:])), word_encoder).figures
    assert figures["accuracy"] is figures["macro_f1"] is figures["ece"] is figures["oos_auroc"] is None
    assert figures["oos_recall_at_95"] == 1.0


def test_a_bad_row_is_refused_by_file_and_line(jsonl: Write, word_encoder: WordEncoder) -> None:
    train = jsonl("train.jsonl", [*TRAIN, {"text": "no label"}])
    with pytest.raises(DataError, match=r"train.jsonl:11: label is None"):
        run((train, jsonl("test.jsonl", TEST)), word_encoder)


def test_a_file_without_rows_or_classes_is_refused(jsonl: Write, word_encoder: WordEncoder) -> None:
    test = jsonl("test.jsonl", TEST)
    with pytest.raises(DataError, match=r"train.jsonl has no rows"):
        run((jsonl("train.jsonl", []), test), word_encoder)
    with pytest.raises(DataError, match="no row with another label than 'oos'"):
        run((jsonl("train.jsonl", TEST[4:]), test), word_encoder)


def test_a_training_text_is_not_its_own_neighbour() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert training_distances(vectors).tolist() == [1.0, 1.0, 1.0]


def test_the_twin_of_a_training_text_is_its_neighbour() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert training_distances(vectors).tolist() == [0.5, 0.5, 1.0]


def test_of_many_training_texts_the_five_nearest_others_count() -> None:
    vectors = np.array([[1, 0]] * 7 + [[0, 1]] * 3, dtype=np.float32)
    assert training_distances(vectors).tolist() == [0.0] * 7 + [pytest.approx(0.6)] * 3


def test_a_lone_training_text_has_no_neighbour() -> None:
    assert training_distances(np.ones((1, 2), dtype=np.float32)).tolist() == [1.0]


def test_the_scores_of_texts_by_hand() -> None:
    """The texts are the two known ones, each the mean of its label."""
    weights, bias = np.array([[2, 0], [0, 4]], np.float32), np.zeros(2, np.float32)
    known = Reading(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32))
    for temperature in (0.5, 2.0):
        head = LinearHead(("a", "b"), weights, bias, temperature)
        scores = all_scores(known, head, known, ["a", "b"])
        assert scores["strongest_score"].tolist() == [-2, -4]
        assert scores["nearest_1"].tolist() == [0, 0]
        assert scores["nearest_10"].tolist() == [0.5, 0.5]  # all there are
        assert scores["mahalanobis"].tolist() == [0, 0]
        # 1 / (1 + .5 * 2) and, with half the lead over the other label, 1 / (1 + .5 * 3)
        assert scores["guided"].tolist() == [0.5, pytest.approx(1 / 3)]
        assert scores[PRODUCT].tolist() == [pytest.approx(0.4), pytest.approx(0.25)]


def test_a_text_that_is_known_is_left_out_of_its_own_neighbours() -> None:
    head = LinearHead(("a", "b"), np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    known = Reading(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32))
    scores = all_scores(known, head, known, ["a", "b"], itself=np.array([0, 1]))
    assert scores["nearest_5"].tolist() == [1, 1]


def test_a_fifth_of_each_label_is_held_out_of_the_fit() -> None:
    sizes: list[dict[str, int]] = []

    def fit(inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> LinearHead:
        sizes.append({name: list(labels).count(name) for name in sorted(set(labels))})
        return fit_centroids(inputs, labels, seed=seed)

    vectors = np.random.default_rng(0).random((15, 4)).astype(np.float32)
    labels = ["a"] * 10 + ["b"] * 3 + ["c"] * 2
    scores = held_out_scores(Reading(vectors, vectors), labels, fit, seed=0)
    assert sizes == [{"a": 8, "b": 2, "c": 2}]
    assert {len(one) for one in scores.values()} == {3}


def test_with_too_few_texts_a_label_to_hold_any_out_there_is_no_recall(
    jsonl: Write, word_encoder: WordEncoder
) -> None:
    rows = [TRAIN[0], TRAIN[5]]  # and the labels' names
    train = jsonl("train.jsonl", rows)
    figures = run((train, jsonl("test.jsonl", TEST)), word_encoder).figures
    assert figures["oos_auroc"] is not None
    assert figures["oos_recall_at_95"] is figures["oos_threshold"] is figures["in_scope_kept"] is None


def test_the_labels_most_often_taken_for_another_are_listed(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    assert run(files, word_encoder).figures["confusions"] == [
        {"label": "plant", "predicted": "device", "count": 1},
        {"label": "unheard", "predicted": "plant", "count": 1},
    ]


def test_a_few_shots_are_drawn_again_with_the_next_seed(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    seen: list[int] = []

    def fit(inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> LinearHead:
        seen.append(seed)
        return fit_centroids(inputs, labels, seed=seed)

    result = intents.run(*files, encoder=word_encoder, fit_head=fit, shots=2, repeats=3, seed=4)
    assert sorted(set(seen)) == [4, 5, 6]
    assert result.figures["n_train"] == 6  # two texts and the name of each label
    assert (result.figures["shots"], result.figures["repeats"], result.figures["n"]) == (2, 3, 6)
    assert len(result.items) == 18
    assert [item["draw"] for item in result.items[::6]] == [0, 1, 2]
    low, high = result.figures["accuracy_interval"]
    assert low < result.figures["accuracy"] < high
    assert sum(one["count"] for one in result.figures["confusions"]) == sum(
        item["wrong"] for item in result.items
    )


UNLABELLED = [
    {"text": "Yellow plant leaves pump"},
    {"text": "yellow plant leaves pump!"},  # the same again
    {"text": "loud loud tank", "label": "plant"},  # labels are not read
    {"text": "Tank loud."},  # a test row
    {"text": "loud pump"},  # a training row
]


def test_unlabelled_texts_are_learned_from_once_and_never_those_of_training_or_test(
    files: tuple[Path, Path], word_encoder: WordEncoder, jsonl: Write
) -> None:
    given: list[NDArray[np.float32]] = []

    def fit(
        inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int, unlabelled: NDArray[np.float32]
    ) -> LinearHead:
        given.append(unlabelled)
        return fit_centroids(inputs, labels, seed=seed)

    offered = jsonl("unlabelled.jsonl", UNLABELLED)
    figures = intents.run(*files, encoder=word_encoder, fit_head=fit, unlabelled_files=[offered]).figures
    assert figures["n_unlabelled"] == 2
    expected = word_encoder.read(["Yellow plant leaves pump", "loud loud tank"]).features
    assert len(given) == 2  # for the head, and for out-of-scope scores of texts held out
    for unlabelled in given:
        np.testing.assert_array_equal(unlabelled, expected)


def test_training_rows_that_were_not_drawn_are_unlabelled_when_their_file_is_offered(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    def fit(
        inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int, unlabelled: NDArray[np.float32]
    ) -> LinearHead:
        return fit_centroids(np.concatenate([inputs, unlabelled[:0]]), labels, seed=seed)

    figures = intents.run(
        *files, encoder=word_encoder, fit_head=fit, shots=2, unlabelled_files=[files[0]]
    ).figures
    assert figures["n_unlabelled"] == 6  # of ten rows four were drawn
