"""API cost: published bills, what must always hold, and the data that it leans on."""

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import calculators
from calculators import api_cost
from calculators.buildtime import data
from calculators.formulas import price_changes, prices
from calculators.formulas.prices import EVEN, Clock, Job, Offer, Rates
from calculators.kit import days, export, form, render, workload
from calculators.kit.fields import InputError
from calculators.kit.result import answer
from calculators.kit.shape import NoValue

DAY = "2026-11-26"
FACTS = data.facts(DAY)
ROWS = {row: values for row, values in FACTS.rows("prices").items() if not prices.retired(values)}
CALCULATOR = calculators.get("api-cost")


def offer(row: str, clock: Clock = EVEN, ratio: float = 1) -> Offer:
    found = prices.offer_of(row, ROWS[row], clock, ratio)
    assert isinstance(found, Offer)
    return found


def ask(**inputs: Any) -> Any:
    return api_cost.calculate(CALCULATOR.read(inputs, FACTS), FACTS)


# --- published bills -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rates", "tokens", "usd", "near"), [
    # a console's bill, 0.05439 USD, against a tool that charged what was written twice: github.com/BerriAI/litellm/issues/9812
    (Rates(3, 0.3, 3.75, 15), (3, 0, 12304, 550), 0.05439, 1e-3),
    # the test of a price library for Claude 3.7 Sonnet: github.com/pydantic/genai-prices, tests
    (Rates(3, 0.3, 3.75, 15), (11, 0, 144211, 197), 0.54377925, 1e-6),
    # a day at list price: 342 billion tokens of cached input, 266 billion of other, 168 billion of output; DeepSeek's overview
    # of its inference system, second-hand, says 562,027 USD
    (Rates(0.55, 0.14, 0.55, 2.19), (266e9, 342e9, 0, 168e9), 562027, 1e-3),
    # llmtco.com: a million tokens in and half a million out at 3 and 15
    (Rates(3, 3, 3, 15), (1e6, 0, 0, 5e5), 10.5, 1e-9),
])
def test_published_bills(rates: Rates, tokens: tuple[float, ...], usd: float, near: float) -> None:
    assert prices.bill_usd(rates, *tokens) == pytest.approx(usd, rel=near)


def test_a_support_example_that_is_too_cheap_to_be_true() -> None:
    """Anthropic's example prices 10,000 tickets of 3,700 tokens at 37 USD; at 5 USD for input they cost 185 at the least."""
    for output in (0, 600, 3700):
        usd = prices.bill_usd(Rates(5, 5, 5, 25), 3700 - output, 0, 0, output) * 10_000
        assert usd >= 185 * (1 - 1e-12)


def test_a_long_prompt_pays_the_tier_for_all_of_it() -> None:
    """A million tokens of input to Claude Sonnet 4.5 cost 6 USD, not 3 below 200,000: genai-prices, tests."""
    long = prices.rates_for(offer("anthropic-claude-sonnet-4-5"), 1_000_000)
    assert prices.bill_usd(long, 1_000_000, 0, 0, 0) == pytest.approx(6)
    assert prices.rates_for(offer("anthropic-claude-sonnet-4-5"), 200_000).input == 3


def test_two_tiers() -> None:
    """Qwen3 Max: 1.2 up to 32,000 tokens, 2.4 above, 3 above 128,000."""
    qwen = offer("alibaba-qwen3-max")
    assert [prices.rates_for(qwen, n).input for n in (32_000, 32_001, 128_000, 128_001)] == [1.2, 2.4, 2.4, 3]


# --- hours -----------------------------------------------------------------------------------------------------------

PEAK = "Monday to Friday 01:00-04:00 and 06:00-10:00 UTC"


def test_peak_hours_by_hand() -> None:
    assert prices.peak_share(PEAK, EVEN) == pytest.approx(35 / 168)  # 7 hours on 5 days
    assert prices.peak_share("01:00-04:00 UTC", EVEN) == pytest.approx(3 / 24)
    assert prices.peak_share("22:30-01:00 UTC", EVEN) == pytest.approx(2.5 / 24)  # over midnight
    half_past = EVEN._replace(utc_offset=5.5)  # the hours start at half past in UTC; the sum is the same
    assert prices.peak_share(PEAK, half_past) == pytest.approx(35 / 168)
    noon = Clock(tuple(1.0 if h == 12 else 0.0 for h in range(24)), 0, 0)
    assert prices.peak_share("Monday to Friday 12:30-15:00 UTC", noon) == pytest.approx(0.5)  # no weekends at all
    assert prices.peak_share("Monday to Friday 12:30-15:00 UTC", noon._replace(utc_offset=-2)) == pytest.approx(1)
    assert prices.peak_share("mornings", EVEN) is None


def test_every_peak_in_the_data_can_be_read() -> None:
    peaks = {str(values["peak"]) for values in ROWS.values() if "peak" in values}
    assert peaks
    assert all(prices.peak_share(peak, EVEN) is not None for peak in peaks)


def test_shapes_of_the_day() -> None:
    weights = workload.hourly("", [1.0] * 24)
    assert weights == (1 / 24,) * 24
    assert workload.hourly("3" + ",1" * 23, [1.0] * 24)[0] == pytest.approx(3 / 26)
    for wrong in ("1,2,3", "x" * 5, ",".join(["0"] * 24), ",".join(["1"] * 23 + ["-1"])):
        with pytest.raises(InputError) as caught:
            workload.hourly(wrong, [1.0] * 24)
        assert caught.value.field == "hours_of_day"


# --- months ahead ----------------------------------------------------------------------------------------------------


def test_the_mean_of_the_months_ahead_by_hand() -> None:
    month = days.DAYS_PER_MONTH
    assert price_changes.mean_month([(0, 100)], 12, 0) == pytest.approx(100)
    assert price_changes.mean_month([(0, 100)], 2, 0.5) == pytest.approx(125)  # 100 and 150
    assert price_changes.mean_month([(0, 100), (month / 2, 300)], 1, 0) == pytest.approx(200)  # half a month of each
    assert price_changes.mean_month([(0, 100), (month, 300), (2 * month, 50)], 3, 0) == pytest.approx(150)


# --- what must always hold -------------------------------------------------------------------------------------------

TOKENS = st.integers(0, 60_000)
SHARES = st.floats(0, 1)
JOBS = st.builds(Job, TOKENS, TOKENS, TOKENS, TOKENS, SHARES, st.floats(1, 1e6), SHARES)
NAMES = st.sampled_from(sorted(ROWS))
MORE = 1 + 1e-9  # room for what binary adds and takes away


@settings(max_examples=300, deadline=None)
@given(NAMES, JOBS)
def test_the_parts_add_up_to_the_whole(row: str, job: Job) -> None:
    one = offer(row)
    if not prices.misfit(one, job):
        assert sum(prices.parts_usd(one, job)) == pytest.approx(prices.request_usd(one, job), rel=1e-9)
        assert min(prices.parts_usd(one, job)) >= 0
    else:
        assert prices.request_usd(one, job) == math.inf
        assert prices.misfit(one, job)


@settings(max_examples=300, deadline=None)
@given(NAMES, JOBS, SHARES)
def test_what_repeats_and_what_can_wait_never_cost_more(row: str, job: Job, share: float) -> None:
    one = offer(row)
    now = prices.request_usd(one, job)
    assert prices.request_usd(one, job._replace(repeated=max(share, job.repeated))) <= now * MORE
    assert prices.request_usd(one, job._replace(waiting=max(share, job.waiting))) <= now * MORE


@settings(max_examples=200, deadline=None)
@given(NAMES, JOBS, st.sampled_from(["input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens"]), TOKENS)
def test_more_tokens_never_cost_less(row: str, job: Job, part: str, more: int) -> None:
    one = offer(row)
    assert prices.request_usd(one, job._replace(**{part: getattr(job, part) + more})) >= (
        prices.request_usd(one, job) / MORE)


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=12, unique=True), st.floats(0, 1e6), st.floats(0, 1e6), st.randoms())
def test_requests_and_the_order_of_the_models(models: list[str], few: float, more: float, dice: random.Random) -> None:
    inputs = {"models": models, "requests_per_day": min(few, more)}
    now = ask(**inputs)
    busier = ask(**(inputs | {"requests_per_day": max(few, more)}))
    for a, b in zip(now.priced, busier.priced, strict=True):
        assert a.offer.row == b.offer.row
        assert b.month_usd >= a.month_usd
        assert sum(row_of(now, a)) == pytest.approx(a.month_usd, rel=1e-9, abs=1e-12)
    shuffled = list(models)
    dice.shuffle(shuffled)
    again = ask(**(inputs | {"models": shuffled}))
    assert again == now


def row_of(outputs: Any, priced: Any) -> tuple[Any, ...]:
    return next(cells for label, cells in outputs.parts.rows if label == priced.offer.label)


def test_a_ratio_multiplies_all_of_a_models_tokens() -> None:
    job = Job(1000, 300, 200, 100, 0.5, 4, 0)
    for row in ("openai-gpt-4o", "anthropic-claude-sonnet-5-5"):
        assert prices.request_usd(offer(row, ratio=1.2), job) == pytest.approx(1.2 * prices.request_usd(offer(row), job))
    both = ask(models="openai-gpt-4o,anthropic-claude-sonnet-5-5", tokeniser_ratios="Anthropic:1.5; openai-gpt-4o: 2")
    assert {p.offer.row: p.offer.ratio for p in both.priced} == {"openai-gpt-4o": 2, "anthropic-claude-sonnet-5-5": 1.5}


@pytest.mark.parametrize("inputs", [
    {}, {"models": "openai-gpt-5-4,anthropic-claude-sonnet-5-5,zai-glm-5-3,deepseek-deepseek-v4-pro",
         "batch_share_percent": 20},
    {"models": "deepseek-deepseek-v4-1-flash,deepinfra-deepseek-v4-1-flash,openai-gpt-6-luna", "cached_share_percent": 90,
     "output_tokens": 2000}, {"input_tokens": 300_000}, {"models": "openai-gpt-4o"},
])
def test_a_flip_that_is_not_there_is_nowhere(inputs: dict[str, Any]) -> None:
    """Where the search finds no value, a hundred values over the whole range find none either; and none is nearer."""
    read = CALCULATOR.read(inputs, FACTS)
    now = api_cost.calculate(read, FACTS).cheapest
    for name in {flip.input for flip in api_cost.flips(read, FACTS)}:
        mine = {f.beyond: f.value for f in api_cost.flips(read, FACTS) if f.input == name and f.value is not None}
        spec = CALCULATOR.fields()[name]
        low, high = mine.get("below", spec.min), mine.get("above", min(spec.max, 1_000_000))
        at = getattr(read, name)
        for i in range(101):
            value = low + (high - low) * (i / 100) ** (3 if name.endswith("tokens") else 1)
            value = round(value) if spec.kind == "whole" else value
            if low < value < high or value in (spec.min, at):
                then = api_cost.calculate(CALCULATOR.read(inputs | {name: value}, FACTS), FACTS).cheapest
                assert then in (now, api_cost.NOTHING), (name, value)


# --- the data that it leans on ---------------------------------------------------------------------------------------


def test_no_default_is_about_to_end() -> None:
    """A page is built as of its day: a default that is retired by then would stop the build."""
    for row in CALCULATOR.defaults(FACTS)["models"]:
        assert not price_changes.end_of(row, FACTS), row


def test_every_model_can_be_chosen_and_the_retired_are_not_offered() -> None:
    options = CALCULATOR.fields()["models"].options(FACTS)
    assert set(options) == set(ROWS)
    assert options["openai-gpt-4o"] == "GPT-4o (OpenAI)"
    for row in set(FACTS.rows("prices")) - set(ROWS):
        with pytest.raises(InputError, match=r"was retired on \d{4}-\d\d-\d\d"):
            CALCULATOR.read({"models": row}, FACTS)


def test_models_that_end_soon_say_when() -> None:
    found = answer(CALCULATOR, {"models": "openai-gpt-4o,zai-glm-5-3", "cached_share_percent": 0}, FACTS)
    assert found.warnings == ["GPT-4o (OpenAI) is deprecated; it ends on 2027-01-14."]
    assert isinstance(row_of_label(found, "GPT-4o (OpenAI)")[3], NoValue)
    soon = {"models": "openai-gpt-4o", "horizon_months": 1, "cached_share_percent": 0}
    assert answer(CALCULATOR, soon, FACTS).warnings == found.warnings
    assert answer(CALCULATOR, {"models": "alibaba-qwen-turbo", "cached_share_percent": 0}, FACTS).warnings == [
        "Qwen Turbo (Alibaba) is deprecated; no last day is known."]
    assert answer(CALCULATOR, {"models": "zai-glm-5-3"}, FACTS).warnings == []


def test_a_tie_is_called_one() -> None:
    """DeepSeek V4.1 Flash has the same prices at Fireworks and at Together."""
    found = answer(CALCULATOR, {"models": "together-deepseek-v4-1-flash,fireworks-deepseek-v4-1-flash,zai-glm-5-3"}, FACTS)
    assert found.headline == "DeepSeek V4.1 Flash (Fireworks) is the cheapest"
    assert found.warnings == ["DeepSeek V4.1 Flash (Together) costs the same as DeepSeek V4.1 Flash (Fireworks)."]


def row_of_label(found: Any, label: str) -> tuple[Any, ...]:
    return next(cells for name, cells in found.outputs["costs"].rows if name == label)


@pytest.mark.parametrize("row", FACTS.rows("workloads"))
def test_every_workload_fills_the_form(row: str) -> None:
    values = FACTS.rows("workloads")[row]
    inputs = {name: values[name] for name in CALCULATOR.fields() if name in values}
    assert len(inputs) == len(values) - 1  # all but its name
    found = answer(CALCULATOR, inputs, FACTS)
    assert found.outputs["not_priced"] == "none"
    assert f'data-preset>{values["name"]}</a>' in form.presets(CALCULATOR, FACTS)


def test_a_row_over_time_is_as_it_was_known_on_the_day() -> None:
    history = FACTS.row_history("prices", "google-gemini-3-8-flash")
    assert [(day, values["input"]) for day, values in history] == [("2026-09-02", 0.75), ("2027-01-01", 1.5)]
    assert data.facts("2026-11-25").row_history("prices", "google-gemini-3-8-flash") == []  # recorded a day later
    assert FACTS.row_history("prices", "no-such-row") == []


def test_the_figures_go_on_to_the_break_even_page() -> None:
    found = answer(CALCULATOR, {"models": "openai-gpt-4o", "cached_share_percent": 0, "input_tokens": 1000,
                                "output_tokens": 300, "requests_per_day": 1000}, FACTS)
    full, simple = (dict(part.split("=") for part in link.address.partition("?")[2].split("&")) for link in found.next[:2])
    assert {link.page for link in found.next[:2]} == {"calculators/break-even/"}
    assert simple == {"v": "1", "api_cost_per_million": "4.23077", "monthly_tokens": "39e6"}  # 165 USD for 39 million
    assert full | {"mode": "full", "requests_per_day": "1000", "proprietary_model": "openai-gpt-4o"} == full
    for carried in (full, simple):
        calculators.get("break-even").read({name: value for name, value in carried.items() if name != "v"}, FACTS)


# --- the table, the charts -------------------------------------------------------------------------------------------


def test_the_table_is_exported() -> None:
    found = answer(CALCULATOR, {"models": "openai-gpt-4o,zai-glm-5-3"}, FACTS)
    table = export.as_dict(found)["outputs"]["costs"]
    assert [column["unit"] for column in table["columns"][:4]] == ["text", "text", "USD", "USD/month"]
    assert [row["label"] for row in table["rows"]] == ["GLM-5.3 (Z.ai)", "GPT-4o (OpenAI)"]
    assert table["rows"][1]["values"][3] == {"why": "it ends on 2027-01-14"}
    lines = export.markdown(found).splitlines()
    assert any(line.startswith("| Model | Access | One request today, USD |") for line in lines)
    assert any(line.startswith("| GPT-4o (OpenAI) | proprietary |") for line in lines)
    html = render.result(found)
    assert '<caption>What each model costs</caption>' in html
    assert '<th scope="row">GPT-4o (OpenAI)</th>' in html


def test_the_charts() -> None:
    found = answer(CALCULATOR, {"models": "openai-gpt-4o,google-gemini-3-8-flash,zai-glm-5-3"}, FACTS)
    assert [chart.title for chart in found.charts] == [
        "What a month costs at today's prices", "What this request cost and will cost, where that changes",
        "Quality beside price: GPQA Diamond, run by Epoch AI"]
    _, history, quality = found.charts
    assert {line.label for line in history.lines} == {"GPT-4o (OpenAI)", "Gemini 3.8 Flash (Google)"}
    assert {(name, chart_score) for name, _, _, chart_score in quality.points} == {
        ("Gemini 3.8 Flash (Google)", 95.4), ("GLM-5.3 (Z.ai)", 90.9)}  # data/benchmark-scores.yaml
    assert render.result(found).count("<svg") == 3
    none = answer(CALCULATOR, {"models": "zai-glm-5-3", "benchmark": "none"}, FACTS)
    assert len(none.charts) == 1
