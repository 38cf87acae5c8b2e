"""What is called moved; calm companies are told nothing, however often they look."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from serving.drift.report import Comparison, DriftReport, Window, report
from serving.drift.tallies import NO, YES, Tallies
from serving.drift.words import change_words, evidence_words
from tests.serving.drift.simulation import (
    FIRST_LOOK,
    Customers,
    days_until_noticed,
    history,
    looks_that_tell,
)

TODAY = date(2026, 3, 2)
WINDOW = Window.at(TODAY, 28)


def tallies_of(signal: str, before: Mapping[str, int], now: Mapping[str, int], *, days: int = 28) -> Tallies:
    """The same counts on every day before the window, and others on its last days."""
    tallies = Tallies()
    day = WINDOW.reference_start
    while day <= WINDOW.day:
        is_now = day > WINDOW.day - timedelta(days=days) and day >= WINDOW.start
        counts = Counter(now if is_now else before)
        tallies.counts[signal][day] = tallies.of_set[signal][day] = counts
        day += timedelta(days=1)
    return tallies


def told(tallies: Tallies, *, intents: int = 3, **trained_on: Mapping[str, int]) -> DriftReport:
    return report(
        tallies,
        WINDOW,
        intents=intents,
        model="set",
        trained_on=trained_on or None,
        why="the set knows nothing of its training",
    )


def of(shown: DriftReport, signal: str, against: str = "last_month") -> Comparison:
    (found,) = [one for one in shown.comparisons if (one.signal, one.against) == (signal, against)]
    return found


def test_a_window_begins_every_14_days_and_is_judged_in_its_second_half() -> None:
    """2 March 2026 is the 739,677th day, one after a multiple of 14."""
    assert TODAY.toordinal() % 14 == 1
    assert WINDOW.start == date(2026, 2, 15)  # 15 days before
    assert (WINDOW.reference_start, WINDOW.day) == (date(2026, 1, 18), date(2026, 3, 1))
    assert len(WINDOW.watched) == 15
    looks = [Window.at(TODAY + timedelta(days=i), 28) for i in range(200)]
    assert {len(look.watched) for look in looks} == set(range(14, 28))
    quarters = [{look.start for look in looks[i : i + 91]} for i in range(100)]
    assert max(map(len, quarters)) == WINDOW.windows_a_quarter == 8
    assert {start.weekday() for quarter in quarters for start in quarter} == {WINDOW.start.weekday()}


def test_a_new_topic_moves_the_share_that_fits_no_intent_and_says_what_to_do() -> None:
    found = of(told(tallies_of("out_of_scope", {NO: 190, YES: 10}, {NO: 160, YES: 40})), "out_of_scope")
    assert (found.verdict, found.reference_n, found.n) == ("moved", 5600, 2800)
    (change,) = found.changes
    assert (change.label, change.reference, change.now) == ("", 0.05, 0.2)
    assert change.reference_interval[0] < 0.05 < change.reference_interval[1]
    assert found.moved_on == WINDOW.start + timedelta(days=6)  # the first whole week is over
    assert found.evidence >= found.needed > 3
    assert found.what_to_do.startswith("a new topic: ")
    back = of(told(tallies_of("out_of_scope", {NO: 160, YES: 40}, {NO: 190, YES: 10})), "out_of_scope")
    assert (back.verdict, back.what_to_do) == ("moved", "good news: more questions fit the intents")


def test_the_intent_that_grew_is_named_with_its_newest_conversations() -> None:
    tallies = tallies_of("intents", {"refund": 10, "ship": 90}, {"refund": 30, "ship": 70})
    tallies.examples["intents", "refund"].extend(["v1", "v2", "v3", "v4"])
    found = of(told(tallies), "intents")
    assert found.verdict == "moved"
    assert {change.label for change in found.changes} == {"refund", "ship"}
    grown = next(change for change in found.changes if change.label == "refund")
    assert (grown.reference, grown.now, grown.examples) == (0.1, 0.3, ("v4", "v3", "v2"))
    assert found.changes[0].label in found.what_to_do


def test_an_intent_that_nobody_asked_for_before_is_told_too() -> None:
    found = of(told(tallies_of("intents", {"ship": 100}, {"ship": 85, "recall": 15}), intents=40), "intents")
    assert found.verdict == "moved"
    assert "recall" in {change.label for change in found.changes}


def test_nothing_has_moved_where_every_day_is_as_before() -> None:
    same = {NO: 190, YES: 10}
    found = of(told(tallies_of("out_of_scope", same, same)), "out_of_scope")
    assert (found.verdict, found.evidence, found.moved_on) == ("steady", 0.0, None)
    assert found.what_to_do == "nothing to do"


def test_a_mood_is_told_on_its_own_scale_with_the_conversations_that_ended_worst() -> None:
    tallies = tallies_of("mood", {"0.60": 100}, {"0.60": 50, "0.10": 50})
    tallies.examples["mood", "0.60"].append("calm")
    tallies.examples["mood", "0.10"].append("upset")
    found = of(told(tallies), "mood")
    assert found.verdict == "moved"
    assert (found.changes[0].reference, found.changes[0].now) == (0.2, -0.3)
    assert found.changes[0].examples == ("upset", "calm")
    assert "less happy" in found.what_to_do


def test_a_confidence_below_that_of_the_training_points_to_the_calibration_questions() -> None:
    steady = {"0.80": 60, "0.40": 40}
    tallies = tallies_of("confidence", {"0.80": 20, "0.40": 80}, {"0.80": 20, "0.40": 80})
    shown = told(tallies, confidence={label: 3 * n for label, n in steady.items()})
    beside_training, beside_month = of(shown, "confidence", "training"), of(shown, "confidence")
    assert (beside_training.verdict, beside_month.verdict) == ("moved", "steady")
    assert beside_training.changes[0].reference == pytest.approx(0.64)
    assert "calibration/questions.jsonl" in beside_training.what_to_do
    assert shown.comparisons[0] == beside_training  # what moved comes first


def test_only_what_the_set_in_service_read_is_compared_with_its_training() -> None:
    tallies = tallies_of("out_of_scope", {NO: 60, YES: 40}, {NO: 60, YES: 40})
    tallies.of_set.clear()
    found = of(told(tallies, out_of_scope={NO: 95, YES: 5}), "out_of_scope", "training")
    assert (found.verdict, found.n) == ("unknown", 0)
    assert found.what_to_do == "the last 14 days had 0, at least 20 are needed"


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (1, 100, "the month before had 28, at least 50 are needed"),
        (100, 1, "the last 14 days had 14, at least 20 are needed"),
    ],
)
def test_too_few_questions_are_not_compared_and_their_number_is_told(before: int, now: int, why: str) -> None:
    found = of(told(tallies_of("answered", {YES: before}, {YES: now})), "answered")
    assert (found.verdict, found.what_to_do, found.changes) == ("unknown", why, ())


def test_without_intents_no_question_is_out_of_scope() -> None:
    found = of(told(tallies_of("out_of_scope", {YES: 100}, {YES: 100})), "out_of_scope")
    assert (found.verdict, found.what_to_do) == ("unknown", "the set in service knows no intents")


def test_why_nothing_is_known_of_the_training_is_told_for_each_signal() -> None:
    shown = told(tallies_of("answered", {YES: 100}, {YES: 100}))
    unknown = [one for one in shown.comparisons if one.against == "training"]
    assert len(unknown) == 5
    assert {one.what_to_do for one in unknown} == {"the set knows nothing of its training"}


def test_another_set_in_the_same_time_is_told_with_its_day() -> None:
    tallies = tallies_of("answered", {YES: 100}, {YES: 100})
    tallies.set_since = {"set": date(2026, 2, 20)}
    assert told(tallies).model_since is None  # it is the only one
    tallies.set_since["older"] = date(2026, 1, 20)
    assert told(tallies).model_since == date(2026, 2, 20)


def test_calm_companies_that_look_every_day_of_90_are_told_nothing() -> None:
    """By proof at most one in twenty is; the 100 of `simulation` were not, see docs/decisions."""
    for seed in range(8):
        calm = history(Customers(), np.random.default_rng(seed))
        assert [one for look in looks_that_tell(calm) for one in look.moved] == []


def test_weekends_unlike_weekdays_are_no_change() -> None:
    usual = Customers(a_day=300)
    weekend = replace(usual, a_day=150, out_of_scope=0.15, confidence=(4.0, 3.0)).with_intent(5, 0.2)
    calm = history(usual, np.random.default_rng(1), weekend=weekend)
    moved = [one for look in looks_that_tell(calm) for one in look.moved if one.against == "last_month"]
    assert moved == []


@pytest.mark.parametrize(
    ("signal", "after", "within"),
    [
        ("out_of_scope", replace(Customers(a_day=300), out_of_scope=0.12), 9),
        ("intents", Customers(a_day=300).with_intent(5, 0.14), 10),
        ("confidence", replace(Customers(a_day=300), confidence=(5.2, 2.8)), 10),
        ("helped", replace(Customers(a_day=300), helped=0.5), 10),
    ],
)
def test_a_planted_change_is_noticed_within_days(signal: str, after: Customers, within: int) -> None:
    before = Customers(a_day=300)  # of these 5.7 % have the intent
    changed_on = FIRST_LOOK + timedelta(days=4)
    found = history(before, np.random.default_rng(2), after=after, changed_on=changed_on, looks=40)
    days = days_until_noticed(found, changed_on, signal=signal)
    assert days is not None
    assert days <= within


def test_evidence_and_changes_in_words() -> None:
    assert evidence_words(3.4, 3.32) == "beyond chance"
    assert evidence_words(2.0, 3.32) == "strong, not yet beyond chance"
    assert evidence_words(1.0, 3.32) == "some"
    assert evidence_words(0.2, 3.32) == "none to speak of"
    assert change_words("intents", "refund", 0.051, 0.12) == "refund from 5.1 % to 12.0 %"
    assert change_words("helped", "", 0.8, 0.5) == "from 80.0 % to 50.0 %"
    assert change_words("mood", "", 0.2, -0.3) == "from 0.20 to -0.30"
