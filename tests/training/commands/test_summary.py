"""A registered set is told in words and tables; every figure is in them once."""

from training.commands.summary import summary
from training.registry.registered_sets import RegisteredSet

METRICS = {
    "intent.accuracy": 0.9355,
    "intent.macro_f1": 0.9,
    "sentiment.accuracy": 0.75,
    "sentiment.macro_recall": 0.7,
    "answers.n": 40.0,
    "answers.best_right": 0.85,
    "answers.coverage_at_risk_0.02": 0.625,
    "answers.wrong_at_risk_0.02": 1.0,
    "answers.threshold_at_risk_0.02": 2.0,
    "answers.guaranteed_at_risk_0.02": 0.0,
    "answers.learned_threshold_at_risk_0.02": 0.9126,
    "answers.learned_guaranteed_at_risk_0.02": 1.0,
    "unhappy.warned": 0.5862,
    "unhappy.false_alarms": 0.048,
}


def registered(metrics: dict[str, float], *, in_service: bool = False) -> RegisteredSet:
    return RegisteredSet(3, "20261201-1", "run", ("challenger",), in_service, metrics)


def test_a_trained_set_is_told_in_tables_and_sentences() -> None:
    assert (
        summary(registered(METRICS))
        == """\
on texts held out from the fit  accuracy  macro F1
intents                         0.935     0.900
sentiment                       0.750     -

risk budget  articles from  learned answers from  questions answered  wrongly
0.02         never          0.913 (proven)        25 of 40            1

The best candidate is right for 0.850 of 40 calibration questions.
Of unhappy conversations 0.586 are noticed, of calm ones 0.048 taken for unhappy.

20261201-1, number 3, is the challenger. Next: firstlast models compare, then firstlast models promote"""
    )


def test_a_set_in_service_needs_no_next_step_and_what_was_not_measured_is_left_out() -> None:
    assert summary(registered({}, in_service=True)) == "20261201-1, number 3, is in service."
