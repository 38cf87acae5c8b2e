"""What is said to calendars that cannot be."""

import pytest
from pydantic import ValidationError

from serving.hours.written import CalendarBody


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"time_zone": "Europe/Berln"}, "'Europe/Berln' is no time zone; did you mean Europe/Berlin?"),
        ({"time_zone": "../etc/passwd"}, "'../etc/passwd' is no time zone; write one such as"),
        ({"hours": {"monday": ["9-17"]}}, "'9-17' are no hours; write them as 09:00-17:30"),
        ({"hours": {"monday": ["25:00-26:00"]}}, "a day begins at 00:00 and ends at 24:00"),
        (
            {"hours": {"monday": ["22:00-06:00"]}},
            "'22:00-06:00' end before they begin; for hours past midnight count on: 22:00-30:00 end at 06:00 "
            "the next day",
        ),
        ({"hours": {"monday": ["09:00-09:00"]}}, "end before they begin"),
        (
            {"hours": {"monday": ["09:00-13:00", "12:30-17:00"]}},
            "hours: 09:00-13:00 of monday and 12:30-17:00 of monday overlap; make one of them shorter",
        ),
        (
            {"hours": {"sunday": ["22:00-34:00"], "monday": ["09:00-17:00"]}},
            "22:00-34:00 of sunday and 09:00-17:00 of monday overlap",
        ),
        ({"hours": {"someday": ["09:00-17:00"]}}, "Input should be 'monday'"),
        ({"holidays": ["Christmas"]}, "'Christmas' is no holiday; write a date such as 2026-04-03"),
        ({"holidays": ["02-30"]}, "the holiday '02-30' is on no calendar"),
        ({"closures": ["2026-08-14 to 2026-08-03"]}, "ends before it begins; swap the two"),
        ({"closures": ["August"]}, "'August' is no closure; write 2026-08-03 to 2026-08-14"),
        ({"closures": ["2026-02-30 to 2026-03-01"]}, "is on no calendar"),
    ],
)
def test_what_is_wrong_is_said_with_the_value_and_the_next_step(written: dict, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CalendarBody.model_validate({"time_zone": "UTC"} | written)
    assert said in str(refused.value)


def test_hours_that_touch_and_nights_are_taken() -> None:
    hours = {"sunday": ["22:00-33:00"], "monday": ["09:00-13:00", "13:00-17:00"]}
    assert CalendarBody.model_validate({"time_zone": "UTC", "hours": hours}).calendar().week[0][1].end == 1020
