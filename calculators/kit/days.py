"""Days of the calendar as ISO text, which sorts as it is, and as whole numbers to count with.

datetime would do the same and is a slow import in the browser. The calendar is the Gregorian one throughout.
"""

import re

DAYS_PER_MONTH = 365.25 / 12  # the mean month: 30.4375 days
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)  # days of the year before each month


def ordinal(iso: str) -> int:
    """The number of a day, 1 for 0001-01-01, as datetime counts it. Raises ValueError for what is no day."""
    match = _ISO.fullmatch(iso)
    year, month, day = (int(part) for part in match.groups()) if match else (0, 0, 0)
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= _length(year, month):
        raise ValueError(f"not a day: {iso!r}")
    return _new_year(year) + _BEFORE[month - 1] + (month > 2 and _leap(year)) + day - 1


def iso(number: int) -> str:
    """The day of a number, the inverse of `ordinal`."""
    year = int((number - 1) / 365.2425) + 1
    year += (number >= _new_year(year + 1)) - (number < _new_year(year))
    rest = number - _new_year(year)
    month = next(m for m in range(12, 0, -1) if rest >= _BEFORE[m - 1] + (m > 2 and _leap(year)))
    return f"{year:04d}-{month:02d}-{rest - _BEFORE[month - 1] - (month > 2 and _leap(year)) + 1:02d}"


def months_between(first: str, second: str) -> float:
    """Months from one day to another, in mean months of 30.4375 days; negative if the second is earlier."""
    return (ordinal(second) - ordinal(first)) / DAYS_PER_MONTH


def year_of(iso: str) -> float:
    """A day as a number of years for an axis: 2024-01-01 is 2024."""
    year = int(iso[:4])
    return year + (ordinal(iso) - _new_year(year)) / (365 + _leap(year))


def of_year(year: float) -> str:
    """The day of a number of years, the inverse of `year_of`."""
    whole = int(year)
    return iso(_new_year(whole) + round((year - whole) * (365 + _leap(whole))))


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _length(year: int, month: int) -> int:
    return 31 - (month in (4, 6, 9, 11)) - (month == 2) * (3 - _leap(year))


def _new_year(year: int) -> int:
    """The number of the first of January."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400 + 1
