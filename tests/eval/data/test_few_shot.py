"""Few shots are drawn by label; figures of several draws are averaged, their two spreads added up."""

import numpy as np
import pytest

from eval.data.few_shot import drawn, over_draws
from eval.data.labelled import LabelledText

ROWS = [LabelledText(f"{label}{i}", label) for i in range(6) for label in ("a", "b")] + [
    LabelledText("c0", "c")
]


def test_so_many_rows_of_each_label_are_drawn_and_all_of_a_smaller_one() -> None:
    rows = drawn(ROWS, 3, np.random.default_rng(0))
    assert sorted(row.label for row in rows) == ["a", "a", "a", "b", "b", "b", "c"]
    assert len({row.text for row in rows}) == 7


def test_the_same_seed_draws_the_same_rows_and_another_seed_others() -> None:
    one, two, other = (drawn(ROWS, 2, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == two != other


def test_spread_between_and_within_draws_add_up_as_squares() -> None:
    draws = [
        {"n": 10, "accuracy": 0.7, "accuracy_interval": [0.6, 0.8], "seconds": 1.0},
        {"n": 10, "accuracy": 0.72, "accuracy_interval": [0.62, 0.82], "seconds": 2.0},
    ]
    got = over_draws(draws)
    # between: t(.975, 1) = 12.706, times the standard deviation .01414 / sqrt(2) = .01; within: .1
    half = np.hypot(12.706 * 0.01, 0.1)
    assert got == {
        "n": 10,
        "accuracy": pytest.approx(0.71),
        "accuracy_interval": [pytest.approx(0.71 - half, abs=1e-3), pytest.approx(0.71 + half, abs=1e-3)],
        "seconds": [1.0, 2.0],
    }


def test_intervals_end_at_0_and_1() -> None:
    draws = [{"ece": 0.0, "ece_interval": [0.0, 0.1]}, {"ece": 0.9, "ece_interval": [0.8, 1.0]}]
    assert over_draws(draws)["ece_interval"] == [0.0, 1.0]


def test_what_a_draw_could_not_measure_is_not_averaged() -> None:
    draws = [{"f1": None, "f1_interval": None}, {"f1": 0.5, "f1_interval": [0.4, 0.6]}]
    assert over_draws(draws) == {"f1": None, "f1_interval": None}


def test_figures_within_figures_are_averaged_too() -> None:
    draw = {"inner": {"auroc": 0.5, "auroc_interval": [0.4, 0.6]}}
    assert over_draws([draw, draw])["inner"]["auroc_interval"] == [pytest.approx(0.4), pytest.approx(0.6)]
