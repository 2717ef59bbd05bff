"""Days of the calendar without datetime, held to datetime."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.kit import days


@given(st.dates())
def test_days_are_numbered_as_datetime_numbers_them(day: datetime.date) -> None:
    assert days.ordinal(day.isoformat()) == day.toordinal()
    assert days.iso(day.toordinal()) == day.isoformat()
    assert days.of_year(days.year_of(day.isoformat())) == day.isoformat()


@pytest.mark.parametrize("text", ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "2024-04-31",
                                  "0000-01-01", "2024-1-1", "20240101", "", "today", "२०२४-०१-०१"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a day"):
        days.ordinal(text)


def test_months_are_mean_months() -> None:
    # 5 March to 31 July 2026: 26 + 30 + 31 + 30 + 31 = 148 days of 30.4375 in a month
    assert days.months_between("2026-03-05", "2026-07-31") == pytest.approx(148 / 30.4375)
    assert days.months_between("2026-07-31", "2026-03-05") == pytest.approx(-148 / 30.4375)


def test_a_year_is_a_number_of_years() -> None:
    assert days.year_of("2024-01-01") == 2024
    assert days.year_of("2024-07-02") == 2024.5  # 183 of 366 days have passed
