"""Figures with their intervals, and the JSON they become."""

from dataclasses import dataclass

import pytest

from eval.results import Figure, figures_json


@dataclass(frozen=True)
class Times:
    p50_ms: float | None


@dataclass(frozen=True)
class Figures:
    n: int
    right: Figure
    wrong_among_answered: Figure
    times: Times


def test_figures_become_json_each_with_its_interval() -> None:
    figures = Figures(4, Figure.share(2, 4), Figure.promise(0, 2), Times(1.5))
    assert figures_json(figures) == {
        "n": 4,
        "right": 0.5,
        "right_interval": [pytest.approx(0.15, abs=0.001), pytest.approx(0.85, abs=0.001)],  # Wilson
        "wrong_among_answered": 0.0,
        "wrong_among_answered_interval": [0.0, pytest.approx(1 - 0.025**0.5)],  # exact
        "times": {"p50_ms": 1.5},
    }


def test_a_share_of_nothing_is_no_figure() -> None:
    for nothing in (Figure.share(0, 0), Figure.promise(0, 0)):
        assert nothing.under("right") == {"right": None, "right_interval": None}
