"""Units, and the one way in which a number is read and shown."""

import functools
import math
import re
from typing import NamedTuple

HOURS_PER_DAY = 24
DAYS_PER_MONTH = 30  # of a bill, as the original counts: 24 x 30 hours; kit/days.py has the calendar's mean month
HOURS_PER_MONTH = DAYS_PER_MONTH * HOURS_PER_DAY
SECONDS_PER_HOUR = 3600
TOKENS_PER_MTOK = 1_000_000

# The closed list: a unit that is not here is refused in data/ and in a calculator. The value is what follows a number.
UNITS: dict[str, str] = {
    "USD": "USD",
    "USD/Mtok": "USD per million tokens",
    "USD/hour": "USD/hour",
    "USD/GPU-hour": "USD per GPU-hour",
    "USD/month": "USD/month",
    "USD/year": "USD/year",
    "USD/GB/month": "USD/GB/month",
    "USD/GB": "USD/GB",
    "USD/kWh": "USD/kWh",
    "USD/kW/month": "USD/kW/month",
    "tokens": "tokens",
    "tokens/s": "tokens/s",
    "tokens/month": "tokens/month",
    "%": "%",
    "points": "points",
    "Elo": "Elo",
    "ratio": "",
    "months": "months",
    "days": "days",
    "hours": "hours",
    "years": "years",
    "minutes": "minutes",
    "s": "s",
    "ms": "ms",
    "us": "µs",
    "users": "users",
    "servers": "servers",
    "GPUs": "GPUs",
    "count": "",
    "GB": "GB",  # 10^9 bytes
    "GiB": "GiB",  # 2^30 bytes
    "GB/s": "GB/s",
    "B": "bytes",
    "B/token": "bytes per token",
    "bits": "bits",
    "billion": "billion",
    "TFLOPS": "TFLOPS",
    "W": "W",
    "kW": "kW",
    "date": "",
    "text": "",
    "url": "",
    "yes_no": "",
}


class Range(NamedTuple):
    """An estimate, or a figure with its interval: never shown as one number."""

    low: float
    central: float
    high: float


# One of a thing has no plural s.
SINGULAR = {
    "tokens": "token",
    "points": "point",
    "months": "month",
    "days": "day",
    "hours": "hour",
    "years": "year",
    "minutes": "minute",
    "users": "user",
    "servers": "server",
    "GPUs": "GPU",
    "bits": "bit",
}

_WORDS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_SUFFIXES = {"": 0, "k": 3, "m": 6, "b": 9, "g": 9, "t": 12}  # as powers of ten
_NUMBER = re.compile(r"([+-]?)(\d[\d_, ]*\d|\d)?(\.\d+)?(?:e([+-]?\d{1,3}))? ?([kmbgt])?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+|\d{1,3}( \d{3})+|\d+(_\d+)*", re.ASCII)
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2009\u202f\t"), " ")
_UNGROUPED = dict.fromkeys(map(ord, ",_ "))


def read_number(text: str) -> float:
    """Read what a person or a script writes for a number; no unit.

    1000000000, 1e9, 1_000_000_000, 1,000,000,000, 1 000 000 000, 1000M and 1B are all the same. Raises ValueError for
    anything else, a decimal comma, two numbers with a space between, NaN and infinity included, since a wrong guess
    would be silent.
    """
    match = _NUMBER.fullmatch(text.strip().translate(_SPACES))
    if not match or not (match[2] or match[3]) or (match[2] and not _GROUPED.fullmatch(match[2])):
        raise ValueError(f"not a number: {text!r}")
    sign, whole, decimals, exponent, suffix = (part or "" for part in match.groups())
    # The suffix goes into the exponent: 1.001 x 1000 is a hair under 1001 in binary, and would be no whole number.
    power = int(exponent or 0) + _SUFFIXES[suffix.lower()]
    value = float(f"{sign}{whole.translate(_UNGROUPED)}{decimals}e{power}")
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {text!r}")
    return value


def whole_up(amount: float) -> int:
    """The smallest whole number of things that covers `amount`; no unit.

    A billionth of a per mille is forgiven: 0.7 x 2,592,000 is a hair under 1,814,400 in binary, and a reader whose
    volume is exactly one server's capacity must not be sold two.
    """
    return math.ceil(amount * (1 - 1e-12))


def significant(value: float, digits: int) -> float:
    """A number to so many significant digits; in the unit that it has."""
    return float(f"{value:.{digits}g}")


def exact(value: float) -> str:
    """A number as a link holds it: every digit, with the zeros at the end of a large one as an exponent."""
    whole = int(value) if value == int(value) else None
    digits = str(whole) if whole is not None else repr(value)
    stripped = digits.rstrip("0")
    zeros = len(digits) - len(stripped)
    return f"{stripped}e{zeros}" if whole and zeros > 3 else digits


def typed(value: float) -> str:
    """A number as a form field holds it: every digit, thousands separated."""
    return f"{int(value):,}" if value == int(value) else repr(value)


@functools.lru_cache(maxsize=4096)  # a page shows most numbers twice
def number(value: float, decimals: int | None = None) -> str:
    """A number for reading, to 6 significant digits at most: 2,880, 181.44 million, 0.0125."""
    if value != 0 and not 1e-6 <= abs(value) < 1e16:
        return f"{value:.3g}"
    for size, word in _WORDS:
        if abs(value) >= size * (1 - 5e-7):
            return f"{_grouped(value / size)} {word}"
    return _grouped(value, decimals)


def show(value: float | str | bool | Range, unit: str) -> str:
    """A value with its unit, for reading: "2,880 USD/month", "70 %", "yes", "3 (2 to 5) months"."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Range):
        central, low, high = (number(v) for v in (value.central, value.low, value.high))
        return f"{central} ({low} to {high}) {UNITS[unit]}".rstrip()
    text = number(value, decimals=2 if unit.startswith("USD") and value != round(value) else None)
    name = SINGULAR.get(unit, UNITS[unit]) if text == "1" else UNITS[unit]
    return f"{text} {name}".rstrip()


def percent(share: float) -> str:
    """A chance or a difference as a whole number of per cent; what is not quite none or not quite all says so."""
    if 0 < share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if 0.995 <= share < 1 else f"{share * 100:.0f} %"


def _grouped(value: float, decimals: int | None = None) -> str:
    """Thousands separated, 6 significant digits; `decimals` is the fewest to show, as money wants."""
    digits = max(0, 5 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:,.{digits}f}"
    if digits:
        text = text.rstrip("0").rstrip(".")
    whole, _, rest = text.partition(".")
    if decimals and digits >= decimals and len(whole.lstrip("-").replace(",", "")) + decimals <= 6:
        text = f"{whole}.{rest:0<{decimals}}"
    return "0" if text == "-0" else text
