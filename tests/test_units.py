"""How a number is read and shown. Every expected text was worked out by hand, with the working where it is not plain."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.kit.units import SINGULAR, UNITS, Range, exact, number, read_number, show, typed, whole_up

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("text", [
    "1000000000", "1e9", "1E9", "1_000_000_000", "1,000,000,000", "1 000 000 000", "1\u00a0000\u00a0000\u00a0000",
    "1\u202f000\u202f000\u202f000", "1000M", "1000 m", "1B", "1 b", "1G", "0.001T", "1000000k",
    "+1e9", "  1e9\n", "1e+9", "10e8",
])
def test_one_billion_is_written_in_many_ways(text: str) -> None:
    assert read_number(text) == 1_000_000_000


@pytest.mark.parametrize(("text", "value"), [
    ("0", 0), ("-0.5", -0.5), (".5", 0.5), ("00012", 12), ("1e-3", 0.001), ("12,345.67", 12345.67), ("2.5e6", 2_500_000),
    # In binary, 1.001 x 1000 is 1000.9999999999999: a suffix must not cost a digit.
    ("1.001k", 1001), ("2.3M", 2_300_000), ("4.035b", 4_035_000_000), ("1.5e3k", 1_500_000),
])
def test_reading(text: str, value: float) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize("text", [
    "", " ", "-", "+", ".", "e9", "k", "1e", "1.", "1..2", "--1", "1-", "0x10", "1/2", "12 %", "12 USD", "$5", "one",
    "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "9" * 400, "1e308k",
    # A wrong guess would be silent.
    "0,5", "1,00", "1,0000", "1000,000", "1,000,00", ",1", "1,", "1_", "_1", "1__0", "1,000_000",
    "1 2 3", "10 20", "1 0000", "1  000", "1 000,000", "- 5", "1 e9", "1\n000",
    "١٢", "１２", "²", "1\x00", "1kk", "1mb",
])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        read_number(text)


@given(st.text())
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    try:
        value = read_number(text)
    except ValueError:
        return
    assert math.isfinite(value)
    assert any(character.isdigit() for character in text)


@given(st.integers(1, 9999), st.sampled_from([("k", 10**3), ("M", 10**6), ("b", 10**9), ("T", 10**12)]))
def test_a_suffix_is_exact(thousandths: int, suffix: tuple[str, int]) -> None:
    """Whole-number arithmetic is the reference: n/1000 of a thousand or more is a whole number."""
    letter, size = suffix
    assert read_number(f"{thousandths // 1000}.{thousandths % 1000:03}{letter}") == thousandths * size // 1000


@given(FINITE)
def test_a_link_and_a_form_bring_a_number_back_exactly(value: float) -> None:
    assert read_number(exact(value)) == value
    assert read_number(typed(value)) == value


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (1e9, "1e9"), (123_400_000, "1234e5"), (1_230_000, "123e4"), (123_000, "123000"), (181_440_000, "18144e4"),
    (0.7, "0.7"), (-5_000_000, "-5e6"), (1000, "1000"), (10_000, "1e4"), (0.1 + 0.2, "0.30000000000000004"),
])
def test_exact(value: float, text: str) -> None:
    """Zeros at the end, if there are four or more, become an exponent."""
    assert exact(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (1000, "1,000"), (1e9, "1,000,000,000"), (0.25, "0.25"), (-1234.0, "-1,234"), (1234.5, "1234.5"), (1e-7, "1e-07"),
])
def test_typed(value: float, text: str) -> None:
    assert typed(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (-0.0, "0"), (7, "7"), (2880, "2,880"), (999_999, "999,999"), (181_440_000, "181.44 million"), (0.0125, "0.0125"),
    (1_000_000, "1 million"), (1e9, "1 billion"), (1e12, "1 trillion"),
    (2.5e15, "2,500 trillion"), (-3_500_000, "-3.5 million"),
    (1 / 3, "0.333333"), (2 / 3, "0.666667"), (317.460317460, "317.46"), (1234.5678, "1,234.57"),
    (12345.678, "12,345.7"), (123456.78, "123,457"), (1_234_567.8, "1.23457 million"),
    (999_999.4, "999,999"), (999_999.6, "1 million"),  # to 6 digits this is 1,000,000: a million, not 1,000,000
    (9.9999996, "10"), (99_999.96, "100,000"), (0.0999999996, "0.1"),
    (1e-6, "0.000001"), (1.5e-7, "1.5e-07"), (1e16, "1e+16"), (1.2345e20, "1.23e+20"),
])
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("value", "unit", "text"), [
    (2880, "USD/month", "2,880 USD/month"), (70, "%", "70 %"), (True, "yes_no", "yes"), (False, "yes_no", "no"),
    ("vLLM", "text", "vLLM"), ("2026-11-24", "date", "2026-11-24"), (3, "ratio", "3"), (3, "count", "3"),
    (2.5, "USD/Mtok", "2.50 USD per million tokens"), (0.5, "USD/hour", "0.50 USD/hour"), (17.28, "USD", "17.28 USD"),
    (0.035, "USD/Mtok", "0.035 USD per million tokens"), (0.0012345678, "USD", "0.00123457 USD"),
    (1234.5, "USD", "1,234.50 USD"),
    (12345.5, "USD", "12,345.5 USD"),  # a second decimal would be a seventh digit
    (9999.996, "USD", "10,000 USD"), (1e6, "USD", "1 million USD"), (100, "USD", "100 USD"),
    (1, "months", "1 month"), (2, "months", "2 months"), (0, "months", "0 months"), (1.5, "months", "1.5 months"),
    (1.0000001, "months", "1 month"),  # shown as 1, so one month
    (1_000_000, "tokens", "1 million tokens"), (1, "GPUs", "1 GPU"), (1, "GB", "1 GB"), (1, "%", "1 %"),
    (Range(2, 3, 5), "months", "3 (2 to 5) months"), (Range(0.5, 1, 2), "ratio", "1 (0.5 to 2)"),
])
def test_show(value: float | str | bool | Range, unit: str, text: str) -> None:
    assert show(value, unit) == text


def digits(text: str) -> str:
    """The significant digits of a shown number."""
    return re.sub(r"\D", "", text.split("e")[0]).lstrip("0")


@given(st.floats(-1e300, 1e300), st.sampled_from(["USD", "USD/Mtok", "ratio"]))
def test_never_more_than_six_significant_digits_and_never_further_off_than_they_allow(value: float, unit: str) -> None:
    shown = show(value, unit).removesuffix(UNITS[unit]).strip()
    # Zeros at the end of a whole number only say how large it is: 123,000.
    count = digits(shown) if "." in shown else digits(shown).rstrip("0")
    assert len(count) <= 6, shown
    mantissa, _, word = shown.partition(" ")
    size = {"": 1, "million": 1e6, "billion": 1e9, "trillion": 1e12}[word]
    # Six digits are within half a unit of the sixth; beyond the words there are three.
    within = 5.1e-6 if value == 0 or 1e-6 <= abs(value) < 1e16 else 5.1e-3
    assert math.isclose(float(mantissa.replace(",", "")) * size, value, rel_tol=within)


@given(FINITE)
def test_a_negative_number_is_shown_as_the_positive_one_with_a_sign(value: float) -> None:
    assert number(-value).removeprefix("-") == number(value).removeprefix("-")


@pytest.mark.parametrize(("amount", "things"), [
    (0, 0), (0.001, 1), (1, 1), (1.0000001, 2), (5.51, 6), (6, 6),
    (181_440_000 / (100 * 2_592_000 * 0.7), 1),  # one full server; in binary the quotient is a hair above 1
    (1 + 1e-13, 1),  # a hair is forgiven
    (1 + 1e-9, 2),  # a billionth is not
])
def test_whole_up(amount: float, things: int) -> None:
    assert whole_up(amount) == things


def test_every_singular_is_of_a_unit_and_every_unit_can_be_shown() -> None:
    assert set(SINGULAR) <= set(UNITS)
    for unit, name in UNITS.items():
        assert show(2, unit) == f"2 {name}".strip()
