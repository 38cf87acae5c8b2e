"""When people are there: breaks, nights, holidays, closures, and both changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.hours.calendar import Calendar
from serving.hours.holidays import Holiday, easter_sunday
from serving.hours.written import DAYS, CalendarBody

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {day: ["09:00-12:30", "13:30-17:00"] for day in DAYS[:5]}


def calendar(zone: str = "Europe/Berlin", **written: object) -> Calendar:
    return CalendarBody(time_zone=zone, **({"hours": OFFICE} | written)).calendar()


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-12-01 08:59:59", "2026-12-01 09:00"),  # a Tuesday
        ("2026-12-01 09:00", "2026-12-01 09:00"),
        ("2026-12-01 12:29:59", "2026-12-01 12:29:59"),
        ("2026-12-01 12:30", "2026-12-01 13:30"),  # the break
        ("2026-12-01 17:00", "2026-12-02 09:00"),
        ("2026-12-04 17:00", "2026-12-07 09:00"),  # the weekend
    ],
)
def test_people_are_there_again_after_the_break_the_night_and_the_weekend(at: str, opens: str) -> None:
    office = calendar()
    assert office.next_open(berlin(at)) == berlin(opens)
    assert office.is_open(berlin(at)) == (at == opens)


def test_minutes_count_only_while_people_are_there() -> None:
    office = calendar()
    assert office.open_minutes_between(berlin("2026-12-01 12:00"), berlin("2026-12-01 14:00")) == 60
    assert office.open_minutes_between(berlin("2026-12-04 16:50"), berlin("2026-12-07 09:05")) == 15
    assert office.open_minutes_between(berlin("2026-12-05 00:00"), berlin("2026-12-06 23:59")) == 0
    assert office.open_minutes_between(berlin("2026-12-02 09:00"), berlin("2026-12-01 09:00")) == 0
    assert office.after_open_minutes(berlin("2026-12-04 16:50"), 15) == berlin("2026-12-07 09:05")
    assert office.after_open_minutes(berlin("2026-12-01 12:00"), 30) == berlin("2026-12-01 12:30")
    assert office.after_open_minutes(berlin("2026-12-01 12:00"), 31) == berlin("2026-12-01 13:31")
    assert office.after_open_minutes(berlin("2026-12-05 12:00"), 0) == berlin("2026-12-07 09:00")


def test_holidays_and_closures_are_closed_and_come_back_as_they_are_written() -> None:
    office = calendar(
        holidays=["12-25", "2026-12-28", "easter+1", "02-29"],
        closures=["2026-12-29 to 2026-12-30", "2026-12-31 14:00 to 2027-01-04 13:45"],
    )
    assert office.next_open(berlin("2026-12-24 17:00")) == berlin("2026-12-31 09:00")
    assert office.next_open(berlin("2026-12-31 14:00")) == berlin("2027-01-04 13:45")
    assert office.open_minutes_between(berlin("2026-12-31 00:00"), berlin("2027-01-05 00:00")) == 240 + 195
    assert not office.is_open(berlin("2027-03-29 10:00"))  # Easter Monday
    assert office.is_open(berlin("2028-12-28 10:00"))  # that was of one year
    assert not office.is_open(berlin("2028-02-29 10:00"))
    assert office.is_open(berlin("2027-03-01 10:00"))


def test_nights_go_on_past_midnight_and_end_where_a_holiday_begins() -> None:
    night = calendar(hours={"friday": ["22:00-30:00"]}, holidays=["2026-12-12"])
    assert night.is_open(berlin("2026-12-05 05:59"))
    assert not night.is_open(berlin("2026-12-05 06:00"))
    assert night.open_minutes_between(berlin("2026-12-01 00:00"), berlin("2026-12-08 00:00")) == 480
    assert night.open_minutes_between(berlin("2026-12-08 00:00"), berlin("2026-12-15 00:00")) == 120
    assert night.next_open(berlin("2026-12-12 00:00")) == berlin("2026-12-18 22:00")


def test_on_the_night_when_the_clock_is_set_forward_an_hour_is_missing() -> None:
    always = calendar(hours={day: ["00:00-24:00"] for day in DAYS})
    begin, end = berlin("2026-03-29 00:00"), berlin("2026-03-30 00:00")
    assert always.open_minutes_between(begin, end) == 23 * 60
    skipped = calendar(hours={"sunday": ["02:15-02:45"]})
    assert skipped.open_minutes_between(begin, end) == 0
    reaching_in = calendar(hours={"sunday": ["01:00-02:30"]})
    assert reaching_in.open_minutes_between(begin, end) == 60  # until the clock jumps to 03:00
    beginning_in = calendar(hours={"sunday": ["02:30-04:00"]})
    assert beginning_in.next_open(begin) == berlin("2026-03-29 03:00")
    assert beginning_in.open_minutes_between(begin, end) == 60


def test_on_the_night_when_the_clock_is_set_back_an_hour_counts_twice() -> None:
    begin, end = berlin("2026-10-25 00:00"), berlin("2026-10-26 00:00")
    always = calendar(hours={day: ["00:00-24:00"] for day in DAYS})
    assert always.open_minutes_between(begin, end) == 25 * 60
    repeated = calendar(hours={"sunday": ["02:00-02:30"]})
    assert repeated.next_open(begin) == berlin("2026-10-25 02:00", fold=0)
    assert repeated.is_open(berlin("2026-10-25 02:15", fold=1))
    assert repeated.open_minutes_between(begin, end) == 90
    touching = calendar(hours={"sunday": ["01:00-02:30", "02:30-04:00"]})
    assert touching.open_minutes_between(begin, end) == 240


def test_hours_are_those_of_the_zone_wherever_the_question_comes_from() -> None:
    kolkata = calendar("Asia/Kolkata", hours={"monday": ["09:00-17:00"]})
    assert kolkata.next_open(datetime(2026, 12, 6, tzinfo=UTC)) == datetime(2026, 12, 7, 3, 30, tzinfo=UTC)
    beirut = calendar("Asia/Beirut", hours={"sunday": ["00:00-01:30"]})  # its clock skips midnight
    assert beirut.next_open(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert beirut.open_minutes_between(*[datetime(2026, 3, day, 12, tzinfo=UTC) for day in (28, 29)]) == 30


def test_a_calendar_without_hours_never_opens() -> None:
    closed = calendar(hours={})
    assert closed.next_open(berlin("2026-12-01 09:00")) is None
    assert closed.after_open_minutes(berlin("2026-12-01 09:00"), 5) is None
    with pytest.raises(ValueError, match="has no zone"):
        closed.is_open(datetime(2026, 12, 1))


@pytest.mark.parametrize(
    ("year", "easter"),
    [(1961, (4, 2)), (2000, (4, 23)), (2024, (3, 31)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25))],
)
def test_easter_is_when_the_churches_of_the_west_keep_it(year: int, easter: tuple[int, int]) -> None:
    assert easter_sunday(year) == date(year, *easter)
    assert Holiday.parse("easter-2").in_year(year) == date(year, *easter) - timedelta(days=2)


DAY_MINUTES = st.integers(0, 24 * 60 - 1)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Up to two stretches a day, now and then past midnight, with a holiday and a closure."""
    hours: dict[str, list[str]] = {}
    for day in DAYS:
        ends = sorted(draw(st.sets(st.integers(0, 24 * 4), min_size=4, max_size=4)))
        stretches = draw(st.sampled_from([[], [ends[:2]], [ends[:2], ends[2:]]]))
        hours[day] = [f"{a // 4:02d}:{a % 4 * 15:02d}-{b // 4:02d}:{b % 4 * 15:02d}" for a, b in stretches]
    zone = draw(st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]))
    return calendar(zone, hours=hours, holidays=["03-30"], closures=["2026-10-24 12:00 to 2026-10-25 02:30"])


MOMENTS = st.one_of(
    st.integers(0, 4 * 24 * 60).map(lambda m: datetime(2026, 3, 27, tzinfo=UTC) + timedelta(minutes=m)),
    st.integers(0, 4 * 24 * 60).map(lambda m: datetime(2026, 10, 23, tzinfo=UTC) + timedelta(minutes=m)),
)


@settings(max_examples=60, deadline=None)
@given(calendars(), MOMENTS, st.integers(0, 36 * 60), st.integers(0, 36 * 60))
def test_minutes_add_up_and_lead_back_to_where_they_end(
    hours: Calendar, at: datetime, first: int, second: int
) -> None:
    middle = at + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    minutes = hours.open_minutes_between(at, end)
    assert minutes == hours.open_minutes_between(at, middle) + hours.open_minutes_between(middle, end)
    assert 0 <= minutes <= first + second
    if minutes:
        reached = hours.after_open_minutes(at, minutes)
        assert reached is not None
        assert reached <= end
        assert hours.open_minutes_between(at, reached) == minutes


@settings(max_examples=30, deadline=None)
@given(calendars(), MOMENTS)
def test_the_next_open_moment_is_open_and_nothing_before_it_is(hours: Calendar, at: datetime) -> None:
    opens = hours.next_open(at)
    if opens is None:
        assert not any(hours.week.values())
        return
    assert hours.is_open(opens)
    assert hours.open_minutes_between(at, opens) == 0
    assert opens == at or not hours.is_open(opens - timedelta(minutes=1))


@settings(max_examples=15, deadline=None)
@given(calendars(), MOMENTS)
def test_the_minutes_of_half_a_day_are_its_open_minutes_one_by_one(hours: Calendar, at: datetime) -> None:
    counted = sum(hours.is_open(at + timedelta(minutes=minute)) for minute in range(720))
    assert hours.open_minutes_between(at, at + timedelta(hours=12)) == counted
