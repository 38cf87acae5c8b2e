"""What nine in ten waited, how it is rounded, and the words that customers hear."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from serving.hours.calendar import Calendar
from serving.hours.waiting import Told, Wait, rounded_up, told_wait, usual_wait
from serving.hours.words import greeting_words, handed_over_words
from serving.hours.written import CalendarBody

OFFICE = CalendarBody(
    time_zone="Europe/Berlin",
    hours={day: ["09:00-12:30", "13:30-17:00"] for day in ("monday", "tuesday", "wednesday", "friday")},
).calendar()
TUESDAY_10, FRIDAY_18 = datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 4, 17, tzinfo=UTC)


def waits(*minutes: float, hour: int = 34, was_open: bool = True, answered: bool = True) -> list[Wait]:
    return [Wait(one, answered, was_open, hour) for one in minutes]


def usual(known: list[Wait], *, hour: int = 34, was_open: bool = True) -> float | None:
    return usual_wait(known, was_open=was_open, hour_of_week=hour)


def test_of_twenty_waits_the_nineteenth_is_told() -> None:
    assert usual(waits(*range(1, 20))) is None  # nineteen say nothing yet
    assert usual(waits(*range(20, 0, -1))) == pytest.approx(19)
    assert usual(waits(*range(1, 101))) == pytest.approx(91)  # ceil(.9 * 101)


def test_who_has_others_ahead_is_told_as_much_longer() -> None:
    quick = waits(*[6.0] * 20)  # 2 minutes for each of those ahead and three more
    assert usual_wait(quick, was_open=True, hour_of_week=34, ahead=50) == 2 * 53
    queued = [replace(wait, ahead=3) for wait in waits(*[60.0] * 20)]
    assert usual_wait([*quick, *queued], was_open=True, hour_of_week=34, ahead=4) == 10 * 7
    assert usual_wait([*quick, *queued], was_open=True, hour_of_week=34, ahead=0) == 6


def test_who_left_or_waits_longer_than_the_others_counts_and_who_just_came_does_not() -> None:
    known = waits(*range(1, 31))
    assert usual(known) == pytest.approx(28)
    assert usual([*waits(2, answered=False), *known]) == pytest.approx(28)
    assert usual([*waits(99, answered=False), *known]) == pytest.approx(29)
    assert usual([*waits(99, 99, 99, 99, answered=False), *known]) is None  # nobody can say


def test_the_same_hour_of_the_week_speaks_first_then_of_the_day_then_all() -> None:
    monday_10, tuesday_10, tuesday_15 = 10, 34, 39
    slow, quick = waits(*[60.0] * 20, hour=monday_10), waits(*[5.0] * 20, hour=tuesday_10)
    assert usual([*quick, *slow], hour=monday_10) == 60
    assert usual([*quick[:19], *slow], hour=tuesday_10) == 60  # both are at ten
    assert usual([*quick[:19], *waits(1, hour=tuesday_15)], hour=tuesday_15) == 5
    closed = waits(*[90.0] * 20, was_open=False)
    assert usual([*quick, *closed], hour=tuesday_10) == 5
    assert usual([*quick, *closed], hour=tuesday_10, was_open=False) == 90


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, 5), (5, 5), (5.1, 10), (17, 20), (46, 60), (61, 90), (200, 240), (480, 480), (481, 960)],
)
def test_lengths_are_rounded_up_to_what_people_say(minutes: float, said: int) -> None:
    assert rounded_up(minutes) == said


def told(
    at: datetime,
    *,
    usual: float | None = None,
    expected: int | None = None,
    calendar: Calendar | None = OFFICE,
) -> Told:
    return told_wait(calendar, at, usual=usual, expected=expected)


def berlin_time(hour: int, minute: int = 0, *, day: int = 1) -> datetime:
    return datetime(2026, 12, day, hour - 1, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (told(TUESDAY_10, usual=17), "; nine in ten get an answer within 20 minutes."),
        (told(TUESDAY_10, usual=100), "; nine in ten get an answer within 2 hours."),
        (told(TUESDAY_10, expected=1), "; an answer usually takes about 1 minute."),
        (told(TUESDAY_10), "; someone will answer here."),
        (
            told(berlin_time(12, 11), usual=25),  # 19 minutes before the break, 11 after it
            "; nine in ten get an answer by 13:45 (Berlin time).",
        ),
        (
            told(berlin_time(16, 50), usual=25),
            "; nine in ten get an answer by 09:30 tomorrow (Berlin time).",
        ),
        (
            told(berlin_time(16, 50, day=2), expected=25),  # nobody is there on Thursdays
            "; an answer usually comes by 09:15 on Friday (Berlin time).",
        ),
        (
            told(FRIDAY_18, usual=33),
            ". We are closed now and open again on Monday at 09:00 (Berlin time); nine in ten get an "
            "answer by 09:45.",
        ),
        (
            told(FRIDAY_18, usual=700),
            ". We are closed now and open again on Monday at 09:00 (Berlin time); nine in ten get an "
            "answer by 11:00 on Wednesday.",
        ),
        (
            told(berlin_time(8)),
            ". We are closed now and open again at 09:00 (Berlin time); someone will answer here.",
        ),
        (
            told(FRIDAY_18, calendar=CalendarBody(time_zone="UTC").calendar(), expected=5),
            ". We are closed now; someone will answer here.",
        ),
    ],
)
def test_a_customer_hears_who_answers_and_by_when(asked: Told, words: str) -> None:
    assert handed_over_words(asked, who="our team") == f"I am handing you over to our team{words}"


def test_far_days_are_told_with_their_date() -> None:
    away = CalendarBody(
        time_zone="America/New_York",
        hours={"tuesday": ["09:00-17:00"]},
        closures=["2026-12-20 to 2027-01-03"],
    ).calendar()
    at = datetime(2026, 12, 20, 12, tzinfo=UTC)
    assert greeting_words(told(at, calendar=away, usual=3)) == (
        "We are closed now and open again on Tuesday, 5 January at 09:00 (New York time); nine in ten get an "
        "answer by 09:15."
    )


def test_somebody_who_has_not_asked_hears_the_same_and_nothing_where_nothing_is_known() -> None:
    assert greeting_words(told(TUESDAY_10, usual=17)) == "Nine in ten get an answer within 20 minutes."
    assert greeting_words(told(TUESDAY_10, calendar=None, expected=30)) == (
        "An answer usually takes about 30 minutes."
    )
    assert greeting_words(told(TUESDAY_10)) == ""
