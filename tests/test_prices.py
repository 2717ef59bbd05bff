"""Pricing a workload on a row of the price list, as every calculator of costs asks for it."""

from types import SimpleNamespace

import pytest

from calculators.buildtime import data
from calculators.formulas import prices
from calculators.kit.shape import NoValue

FACTS = data.facts("2026-11-26")
ROWS, SHAPES = FACTS.rows("prices"), FACTS.rows("day-shapes")


def load(**asked: object) -> prices.Workload:
    given = {"requests_per_day": 1000, "input_tokens": 1000, "output_tokens": 300} | asked
    return prices.workload_of(SimpleNamespace(**given), SHAPES)


def parts(row: str, **asked: object) -> prices.Parts:
    bill = prices.month_usd(row, ROWS[row], load(**asked))
    assert isinstance(bill, prices.Parts)
    return bill


def test_a_month_by_part() -> None:
    """GPT-4o costs 2.5 and 10, 1.25 for cached input: 30,000 requests of 1,000 in and 300 out."""
    plain = parts("openai-gpt-4o")
    assert plain == pytest.approx((75, 0, 0, 90, 0))
    assert plain.total == pytest.approx(165)
    # 500 new, 400 read at half price, 100 written at the price of input; 200 more of reasoning
    cached = parts("openai-gpt-4o", cached_share_percent=50, reads_per_write=4, reasoning_tokens=200)
    assert cached == pytest.approx((37.5, 15, 7.5, 90, 60))


def test_a_surcharge_and_a_ratio_multiply_all_of_it() -> None:
    bill = prices.month_usd("openai-gpt-4o", ROWS["openai-gpt-4o"], load(surcharge_percent=20), 1.1)
    assert not isinstance(bill, NoValue)
    assert bill.total == pytest.approx(165 * 1.2 * 1.1)


def test_a_request_is_a_month_of_one() -> None:
    one = prices.request_parts("openai-gpt-4o", ROWS["openai-gpt-4o"], load())
    assert not isinstance(one, NoValue)
    assert one.total == pytest.approx(0.0055)


def test_hours_of_the_day() -> None:
    """DeepSeek V4.1 Flash costs 0.15 and 0.6, twice that for 7 hours on 5 days: 35 of 168."""
    row, noon = "deepseek-deepseek-v4-1-flash", ",".join("1" if hour == 12 else "0" for hour in range(24))
    assert parts(row).total == pytest.approx(30 * (0.15 + 0.18) * (1 + 35 / 168))
    assert parts(row, day_shape="flat", hours_of_day=noon).total == pytest.approx(30 * (0.15 + 0.18))


def test_what_a_model_cannot_take_has_a_reason() -> None:
    """gpt-oss-120b at Groq has a window of 131,072 tokens and answers of at most 65,536."""
    row = "groq-gpt-oss-120b"
    window = prices.month_usd(row, ROWS[row], load(input_tokens=130773))
    assert window == NoValue("prompt and answer together are longer than its window of 131,072 tokens")


def test_a_row_whose_hours_cannot_be_read_has_a_reason() -> None:
    bill = prices.month_usd("x", dict(ROWS["openai-gpt-4o"]) | {"peak": "mornings"}, load())
    assert bill == NoValue("its peak hours cannot be read")
