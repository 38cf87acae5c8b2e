"""Label metrics against scikit-learn and numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from eval.metrics import (
    Confusion,
    accuracy,
    confusion_matrix,
    confusions,
    expected_calibration_error,
    expected_calibration_errors,
    macro_f1,
    macro_f1s,
    macro_recall,
    macro_recalls,
)

TRUE = ["a", "a", "a", "b", "b", "c"]
PREDICTED = ["a", "a", "b", "b", "c", "c"]

label_pairs = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=40)


def test_the_confusion_matrix_has_true_labels_as_rows() -> None:
    matrix = confusion_matrix(TRUE, PREDICTED)
    assert matrix.labels == ("a", "b", "c")
    assert matrix.counts.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]


def test_confusions_are_listed_by_how_often_then_by_name() -> None:
    matrix = confusion_matrix(["a", "a", "c", "b", "b", "b"], ["b", "b", "a", "a", "b", "c"])
    assert confusions(matrix) == [
        Confusion("a", "b", 2),
        Confusion("b", "a", 1),
        Confusion("b", "c", 1),
        Confusion("c", "a", 1),
    ]
    assert confusions(matrix, most=1) == [Confusion("a", "b", 2)]
    assert confusions(confusion_matrix(["a"], ["a"])) == confusions(confusion_matrix([], [])) == []


def test_accuracy_is_the_share_of_right_labels() -> None:
    assert accuracy(TRUE, PREDICTED) == pytest.approx(4 / 6)


def test_macro_figures_are_means_over_labels() -> None:
    matrix = confusion_matrix(TRUE, PREDICTED)
    assert macro_recall(matrix) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert macro_f1(matrix) == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)


def test_a_label_never_predicted_and_one_never_true_count_zero() -> None:
    matrix = confusion_matrix(["a", "b"], ["a", "c"])
    assert macro_recall(matrix) == pytest.approx(1 / 3)
    assert macro_f1(matrix) == pytest.approx(1 / 3)


def test_figures_of_many_sets_at_once_are_those_of_each_to_the_digit() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 4, 40, 300):  # of few items some label is missing in most sets
        true, predicted = rng.integers(0, 3, (2, 50, n))
        sure = rng.random((50, n))
        matrices = [confusion_matrix(*pair) for pair in zip(true, predicted, strict=True)]
        assert macro_recalls(true, predicted, 3).tolist() == [macro_recall(one) for one in matrices]
        assert macro_f1s(true, predicted, 3).tolist() == [macro_f1(one) for one in matrices]
        errors = [expected_calibration_error(*pair) for pair in zip(sure, true == predicted, strict=True)]
        assert expected_calibration_errors(sure, true == predicted).tolist() == errors


@settings(max_examples=30)
@given(label_pairs)
def test_label_figures_agree_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    true, predicted = map(list, zip(*pairs, strict=True))
    matrix = confusion_matrix(true, predicted)
    assert accuracy(true, predicted) == pytest.approx(sk.accuracy_score(true, predicted))
    counted = {(t, p): pairs.count((t, p)) for t in matrix.labels for p in matrix.labels}
    assert matrix.counts.ravel().tolist() == list(counted.values())
    options = {"average": "macro", "zero_division": 0}
    assert macro_recall(matrix) == pytest.approx(sk.recall_score(true, predicted, **options))
    assert macro_f1(matrix) == pytest.approx(sk.f1_score(true, predicted, **options))


def test_without_items_there_is_no_figure() -> None:
    matrix = confusion_matrix([], [])
    assert matrix.labels == ()
    assert accuracy([], []) is None
    assert macro_recall(matrix) is macro_f1(matrix) is None
    assert expected_calibration_error([], []) is None


def test_lists_of_two_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 true values were given beside 1 predicted ones"):
        accuracy(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="3 true values were given beside 0 predicted ones"):
        confusion_matrix(["a", "b", "b"], [])


def test_calibration_error_weighs_each_bin_by_its_items() -> None:
    # bin (0.8, 0.8667]: 3 items, mean confidence .85, 2 right; bin (0.2, 0.2667]: 1 item, .25, wrong
    found = expected_calibration_error([0.85, 0.85, 0.85, 0.25], [1, 1, 0, 0])
    assert found == pytest.approx(3 / 4 * abs(2 / 3 - 0.85) + 1 / 4 * 0.25)


def test_sure_and_right_is_perfectly_calibrated_and_sure_and_wrong_is_not_at_all() -> None:
    assert expected_calibration_error([1.0, 1.0], [1, 1]) == 0.0
    assert expected_calibration_error([1.0, 1.0], [0, 0]) == 1.0
    assert expected_calibration_error([0.0], [0]) == 0.0


def test_errors_of_opposite_sign_cancel_within_a_bin_only() -> None:
    assert expected_calibration_error([0.5, 0.5], [1, 0]) == pytest.approx(0.0)
    assert expected_calibration_error([0.4, 0.6], [1, 0]) == pytest.approx(0.6)


def test_a_bin_of_the_calibration_error_is_a_fifteenth_wide() -> None:
    # .61 and .66 lie in (.6, .6667] and cancel to |.39 - .66| / 2; .68 lies in the next one
    assert expected_calibration_error([0.61, 0.66], [1, 0]) == pytest.approx(0.135)
    assert expected_calibration_error([0.61, 0.68], [1, 0]) == pytest.approx(0.535)


def test_a_confidence_at_an_edge_belongs_to_the_bin_below_and_0_to_the_first() -> None:
    # of two bins .5 is in the lower one: (|1 - .5| + |0 - .6|) / 2; together they would give .05
    assert expected_calibration_error([0.5, 0.6], [1, 0], bins=2) == pytest.approx(0.55)
    # 0 and .5 are in one bin: |(1 - 0) + (0 - .5)| / 2
    assert expected_calibration_error([0.0, 0.5], [1, 0], bins=2) == pytest.approx(0.25)
    # and 1 is in the last: |(0 - 1) + (1 - .9)| / 2
    assert expected_calibration_error([1.0, 0.9], [0, 1], bins=2) == pytest.approx(0.45)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_calibration_error_stays_between_0_and_1(items: list[tuple[float, bool]]) -> None:
    sure, right = zip(*items, strict=True)
    found = expected_calibration_error(sure, np.array(right))
    assert found is not None
    assert -1e-12 <= found <= 1 + 1e-12
