"""What figures are wanted to reach: read from words, judged, said."""

import pytest

from eval.report.targets import Target, as_lines, verdicts

FIGURES = {
    "n": 200,
    "accuracy": 0.94,
    "accuracy_interval": [0.898, 0.965],
    "ece": 0.02,
    "hit@1": None,
    "taught": {"f1": 0.9, "f1_interval": [0.85, 0.94]},
}


def least(text: str) -> Target:
    return Target.parse(text, at_least=True)


def test_a_target_is_read_from_its_key_and_its_number() -> None:
    assert least("accuracy=0.943") == Target("accuracy", 0.943, at_least=True)
    assert Target.parse("taught.f1=1e-2", at_least=False) == Target("taught.f1", 0.01, at_least=False)
    assert str(least("hit@1=.96")) == "hit@1 at least 0.96"
    assert str(Target.parse("ece=0.02", at_least=False)) == "ece at most 0.02"


@pytest.mark.parametrize("text", ["accuracy", "=0.9", "accuracy=", "accuracy=high", "accuracy=nan", "a=inf"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"write KEY=NUMBER, such as \w+=0.9"):
        least(text)


def test_a_figure_on_the_limit_reaches_it_from_either_side() -> None:
    targets = [least("ece=0.02"), Target.parse("ece=0.02", at_least=False)]
    assert [one["reached"] for one in verdicts(FIGURES, targets)] == [True, True]


def test_a_missed_target_tells_the_figure_and_whether_it_may_be_luck() -> None:
    inside, outside = verdicts(FIGURES, [least("accuracy=0.943"), least("taught.f1=0.95")])
    assert inside == {
        "target": "accuracy at least 0.943",
        "key": "accuracy",
        "limit": 0.943,
        "at_least": True,
        "known": True,
        "figure": 0.94,
        "interval": [0.898, 0.965],
        "reached": False,
        "limit_in_interval": True,
    }
    assert (outside["figure"], outside["reached"], outside["limit_in_interval"]) == (0.9, False, False)


@pytest.mark.parametrize("key", ["hit@1", "taught", "acuracy"])
def test_a_figure_that_was_not_measured_reaches_nothing(key: str) -> None:
    [found] = verdicts(FIGURES, [Target(key, 0.0, at_least=True)])
    assert (found["figure"], found["interval"], found["reached"]) == (None, None, False)


def test_verdicts_are_said_in_a_line_each() -> None:
    targets = [
        least("accuracy=0.943"),
        least("taught.f1=0.8"),
        Target.parse("ece=0.01", at_least=False),
        least("recall=1"),
        least("hit@1=1"),
    ]
    assert as_lines(verdicts(FIGURES, targets)).splitlines() == [
        "target accuracy at least 0.943: missed, 0.9400  [0.8980, 0.9650]; the interval holds the target",
        "target taught.f1 at least 0.8: reached, 0.9000  [0.8500, 0.9400]",
        "target ece at most 0.01: missed, 0.0200",
        "target recall at least 1: missed, no such figure was measured",
        "target hit@1 at least 1: missed, there was nothing to measure it on",
    ]
