"""What must always hold of break-even. Costs and searches here are written apart from the ones that they check."""

import math
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import calculators
from calculators import break_even
from calculators.buildtime import DOCS, data
from calculators.formulas import hosting, prices, rental, three_ways, three_ways_chances, three_ways_ranges, three_ways_result
from calculators.formulas.hosting import Case, Fleet
from calculators.kit.chances import DRAWS
from calculators.kit.facts import MissingFact
from calculators.kit.result import Result, answer, chances_of
from calculators.kit.shape import LEFT_OUT, Flip, NoValue
from calculators.kit.units import Range

FACTS = data.facts("2026-11-26")


def ask(**given: Any) -> Result:
    return answer(break_even.CALCULATOR, {"mode": "full", **given}, FACTS)


def full_inputs(**given: Any) -> Any:
    return break_even.CALCULATOR.read({"mode": "full", **given}, FACTS)


# --- the simple form ------------------------------------------------------------------------------------------------------


def original(monthly_tokens: float, api: float, hour: float, speed: float, utilization: float) -> dict[str, Any]:
    """The original document's function as it stands there, its text shortened and its names kept."""
    api_monthly_cost = (monthly_tokens / 1_000_000) * api
    hours_per_month = 24 * 30
    hosting_monthly_cost = hour * hours_per_month
    hosting_capacity = speed * hours_per_month * 3600 * utilization
    cheaper = hosting_monthly_cost < api_monthly_cost
    savings = api_monthly_cost - hosting_monthly_cost
    return {
        "api_monthly_cost": api_monthly_cost, "hosting_monthly_cost": hosting_monthly_cost,
        "recommendation": "Self-hosting saves money" if cheaper else "API is more cost-effective",
        "monthly_savings": savings if cheaper else 0, "savings_percent": savings / api_monthly_cost * 100 if cheaper else 0,
        "hosting_capacity": hosting_capacity}


@settings(max_examples=200, deadline=None)
@given(tokens=st.integers(0, 10**12), api=st.floats(0, 100), hour=st.floats(0, 100), speed=st.floats(1, 1e5),
       share=st.floats(0.01, 1))
def test_the_simple_form_is_the_original_where_one_server_is_enough(tokens: int, api: float, hour: float, speed: float,
                                                                   share: float) -> None:
    expected = original(tokens, api, hour, speed, share)
    found = calculators.calculate_breakeven(tokens, api, hour, speed, share)
    run = calculators.run("break-even", as_of="2026-11-24", mode="simple", monthly_tokens=tokens, api_cost_per_million=api,
                          hosting_cost_per_hour=hour, tokens_per_second=speed, utilisation_percent=share * 100)
    for name in ("api_monthly_cost", "hosting_monthly_cost", "recommendation", "monthly_savings", "savings_percent"):
        assert getattr(run, name) == found[name]
    if tokens <= expected["hosting_capacity"] * (1 - 1e-9):
        for name, value in expected.items():
            assert found[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-9, abs=1e-9)), name


def test_each_form_leaves_the_others_outputs_out() -> None:
    simple, full = answer(break_even.CALCULATOR, {}, FACTS), ask()
    for name, value in simple.outputs.items():
        assert (value == LEFT_OUT) == (name in three_ways_result.NAMES), name
    for name, value in full.outputs.items():
        assert (value == LEFT_OUT) == (name in break_even.SIMPLE_NAMES), name
    assert not [step for step in full.steps if step.of in break_even.SIMPLE_NAMES]
    assert not [flip for flip in full.flips if flip.input in ("monthly_tokens", "tokens_per_second")]


def test_the_simple_form_answers_as_of_days_before_the_full_ones_figures() -> None:
    assert answer(break_even.CALCULATOR, {}, data.facts("2026-11-24")).headline == "API is more cost-effective"


def test_the_form_starts_from_the_figures_in_data() -> None:
    fields = three_ways.Inputs.__dataclass_fields__
    starts = break_even.CALCULATOR.defaults(FACTS)
    for name, fact in three_ways.STARTS.items():
        assert FACTS[f"operations.{fact}"].value == starts[name], name
        assert FACTS[f"operations.{fact}"].unit in (fields[name].metadata["field"].unit, "count"), name


def test_the_full_form_says_what_is_missing_before_its_figures() -> None:
    with pytest.raises(MissingFact, match="in force on 2026-11-24"):
        answer(break_even.CALCULATOR, {"mode": "full"}, data.facts("2026-11-24"))


# --- money ----------------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(price=st.floats(1, 1e6), years=st.floats(0.5, 20), percent=st.floats(0, 100))
def test_payments_discounted_are_the_price(price: float, years: float, percent: float) -> None:
    months = round(years * 12)
    payment = hosting.annuity_usd(price, months / 12, percent)
    worth = math.fsum(payment / (1 + percent / 1200) ** month for month in range(1, months + 1))
    assert worth == pytest.approx(price, rel=1e-9)


def test_power_and_interruptions() -> None:
    # 0.7 kW x 70 % x PUE 1.2 x 8,760 h x 5 years x 0.08 USD x 1,024 cards = 2.11 million USD, a published example
    assert hosting.power_usd(0.7 * 0.7, 1.2, 0.08) * 8760 / 720 * 5 * 1024 == pytest.approx(2.11e6, rel=2e-3)
    assert hosting.lost_share(12, 60) == pytest.approx(1 / 60)
    assert hosting.lost_share(1000, 10_000) == 1


def test_the_middle_of_the_offers_is_the_rental_pages_median() -> None:
    rows = FACTS.rows("gpu-rental")
    for gpu in {str(row["gpu"]) for row in rows.values()}:
        known = rental.median_usd(rows, gpu)
        listed = three_ways.setting_of(full_inputs(gpu=gpu), FACTS).base.rents[three_ways.ON_DEMAND]
        assert listed.usd == (pytest.approx(known[0]) if known else None), gpu
    # Counted by hand in data/gpu-rental.yaml: providers of an H100 SXM on demand, without the marketplaces.
    assert len(rental.offers(rows, "h100-sxm", "on_demand")) == 14


# --- replicas and hours ---------------------------------------------------------------------------------------------------


DAYS = st.lists(st.sampled_from([0, 1, 2, 3, 5, 8, 12]), min_size=24, max_size=24).filter(any)
CASES = st.builds(
    lambda day, weekend, waiting, scaling, reserve, staging, awake, capacity, usd, fixed, traffic, proprietary, hosted: (
        [hour / sum(day) for hour in day], weekend,
        Case(0.0, proprietary, hosted, capacity,
             Fleet(*hosting.levels_of([hour / sum(day) for hour in day], weekend), waiting, scaling, reserve, staging, awake),
             usd, fixed, traffic)),
    DAYS, st.sampled_from([0.0, 0.15, 1.0, 1.2]), st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([hosting.ALWAYS, hosting.HOURLY, hosting.TO_ZERO]), st.sampled_from([0, 1, 2]), st.sampled_from([0.0, 0.5]),
    st.floats(0.01, 1), st.floats(50, 20_000), st.floats(0.5, 40), st.floats(0, 20_000), st.sampled_from([0.0, 2e-6]),
    st.floats(1e-4, 0.05), st.floats(1e-4, 0.05))


def own_by_hand(day: list[float], weekend: float, case: Case, requests: float) -> float:
    """One's own month, hour by hour of a week of five weekdays and two others; the week is then made a month of 30 days."""
    fleet, capacity = case.fleet, case.capacity
    weekday = requests * 7 / (5 + 2 * weekend)
    at_once = (1 - fleet.waiting)
    busiest_hour = max(hour * of_day for hour in day for of_day in (weekday, weekday * weekend)) * at_once
    busiest_day = max(weekday, weekday * weekend) / 24
    most = max(1, math.ceil(max(busiest_hour, busiest_day) / capacity * (1 - 1e-12)))
    serving_hours = reserve_hours = 0.0
    for days, of_day in ((5, weekday), (2, weekday * weekend)):
        for hour in day:
            come = hour * of_day * at_once
            needed = math.ceil(come / capacity * (1 - 1e-12))
            if fleet.scaling == hosting.ALWAYS:
                serving_hours += days * most
                reserve_hours += days
            elif fleet.scaling == hosting.HOURLY:
                serving_hours += days * max(1, needed)
                reserve_hours += days
            else:
                awake = min(1.0, come * max(fleet.awake_hours, 1 / capacity))
                serving_hours += days * (needed if needed > 1 else awake)
                reserve_hours += days * (1.0 if needed > 1 else awake)
    month = 30 / 7
    hours = serving_hours * month
    if fleet.scaling != hosting.ALWAYS:  # what may wait fills the idle part of hours that are paid for, and then adds to them
        hours = max(hours, requests * 30 / capacity)
    total = hours + fleet.reserve * reserve_hours * month + fleet.staging * 720
    return case.fixed_usd + requests * 30 * case.traffic_usd + total * case.replica_usd


@settings(max_examples=300, deadline=None)
@given(made=CASES, requests=st.floats(0, 3e6))
def test_ones_own_month_is_that_of_every_hour_of_the_week(made: Any, requests: float) -> None:
    day, weekend, case = made
    assert hosting.own_usd(case, requests) == pytest.approx(own_by_hand(day, weekend, case, requests), rel=1e-9)


@settings(max_examples=300, deadline=None)
@given(made=CASES, requests=st.floats(0, 3e6), more=st.floats(0, 1e6))
def test_more_requests_never_cost_less(made: Any, requests: float, more: float) -> None:
    _, _, case = made
    now = hosting.month_of(case._replace(requests_per_day=requests))
    then = hosting.month_of(case._replace(requests_per_day=requests + more))
    for before, after in zip(now, then, strict=True):
        assert after >= before * (1 - 1e-12)


@settings(max_examples=300, deadline=None)
@given(made=CASES, requests=st.floats(1, 3e6))
def test_cost_is_continuous_between_the_steps_of_replicas(made: Any, requests: float) -> None:
    _, _, case = made
    near = requests * (1 + 1e-7)
    rates = [case.fleet.peak, *(rate * (1 - case.fleet.waiting) for rate, _ in case.fleet.levels)]
    for rate in rates:  # no further replica between the two
        assume(math.floor(requests * rate / case.capacity) == math.floor(near * rate / case.capacity))
    before, after = hosting.own_usd(case, requests), hosting.own_usd(case, near)
    # Between steps nothing rises faster than paying each request's own hours, its waking hours and its traffic.
    steepest = 30 * case.traffic_usd + 30 * (1 + case.fleet.reserve) * case.replica_usd * max(
        case.fleet.awake_hours, 1 / case.capacity)
    assert after - before <= (near - requests) * steepest * (1 + 1e-3) + 1e-9 * before


def scanned(day: list[float], weekend: float, case: Case, most: float, points: int) -> list[tuple[float, float, bool]]:
    """Where one's own becomes or ceases to be the cheapest, found by looking at many volumes: the two volumes, and which."""
    api, found, before = min(case.proprietary_usd, case.hosted_usd), [], False
    for i in range(1, points + 1):
        volume = most * i / points
        now = own_by_hand(day, weekend, case, volume) < volume * 30 * api * (1 - 1e-12)
        if now != before:
            found.append((most * (i - 1) / points, volume, now))
        before = now
    return found


@settings(max_examples=120, deadline=None)
@given(made=CASES)
def test_no_change_by_volume_is_missed_and_each_is_one(made: Any) -> None:
    day, weekend, case = made
    table = hosting.crossings_of(case, 1e12)
    most = min(table.up_to, 2.2 * max([100.0, *(c.requests_per_day for c in table.found)]), 3e6)
    for low, high, own in scanned(day, weekend, case, most, 400):
        between = [c for c in table.found if low * (1 - 1e-9) <= c.requests_per_day <= high * (1 + 1e-9)]
        assert between, (low, high)
        assert (between[-1].then == "own") == own
    for crossing in table.found[:30]:
        at, api = crossing.requests_per_day, min(case.proprietary_usd, case.hosted_usd)
        if at > 1e-6:
            sides = [own_by_hand(day, weekend, case, volume) < volume * 30 * api
                     for volume in (at * (1 - 1e-8), at * (1 + 1e-8))]
            assert sides == [crossing.then != "own", crossing.then == "own"], crossing
    assert [c.then == "own" for c in table.found] == [i % 2 == 0 for i in range(len(table.found))]


def test_crossings_are_walked_no_further_than_they_can_be_told_apart() -> None:
    # A replica costs 1,440 a month and serves 24,000 requests a day, which cost 1,440.07 at the API: a gain of 0.07 a replica
    # against 1,000 of fixed cost, so some 20,000 replicas would have to be walked.
    fleet = Fleet(*hosting.levels_of([1 / 24] * 24, 1), 0, hosting.ALWAYS, 0, 0, 0.25)
    table = hosting.crossings_of(Case(0, 0.0020001, 0.01, 1000, fleet, 2, 1000, 0), 1e12)
    assert table.found == ()
    assert table.up_to == pytest.approx(hosting.MOST_STEPS * 24_000)


@settings(max_examples=100, deadline=None)
@given(saved=st.lists(st.floats(-1000, 5000), min_size=120, max_size=120), set_up=st.floats(1, 100_000))
def test_payback_is_when_the_savings_have_added_up(saved: list[float], set_up: float) -> None:
    months = hosting.payback_months(lambda month: saved[month], set_up)
    sums = [math.fsum(saved[:n]) for n in range(121)]
    if months is None:
        assert max(sums) < set_up * (1 + 1e-9)
    else:
        whole = math.floor(months)
        gained = sums[whole] + (months - whole) * (saved[whole] if whole < 120 else 0)
        assert gained == pytest.approx(set_up, rel=1e-6, abs=1e-6)


# --- what a replica yields ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "gpu", "precision", "lengths"), [
    ("gpt-oss-120b", "h100-sxm", "published", (2000, 400)),
    ("llama-3-1-70b", "h100-sxm", "fp8", (1000, 1000)),
    ("llama-3-1-8b", "l4", "int8", (300, 100)),
    ("qwen3-235b-a22b", "h200-sxm", "fp8", (4000, 700)),
])
def test_without_a_cache_of_prompts_a_replica_yields_what_the_serving_page_says(model: str, gpu: str, precision: str,
                                                                                lengths: tuple[int, int]) -> None:
    prompt, output = lengths
    page = calculators.run("serving", as_of="2026-11-26", model=model, gpu=gpu, weight_precision=precision, input_tokens=prompt,
                           output_tokens=output)
    inputs = full_inputs(model=model, gpu=gpu, weight_precision=precision, input_tokens=prompt, output_tokens=output,
                         cached_share_percent=0, planned_load_percent=100)
    setting = three_ways.setting_of(inputs, FACTS)
    assert setting.case.capacity == pytest.approx(page.requests_per_hour.central, rel=1e-9)
    assert tuple(end.capacity for end in three_ways_ranges.ends_of(setting)) == pytest.approx(tuple(page.requests_per_hour))


def test_what_repeats_is_computed_once_and_never_slows_a_replica_down() -> None:
    def speed(share: float, reads: float) -> float:
        inputs = full_inputs(input_tokens=8000, output_tokens=100, cached_share_percent=share, reads_per_write=reads)
        setting = three_ways.setting_of(inputs, FACTS)
        return setting.case.capacity

    assert speed(0, 10) < speed(50, 1) < speed(50, 10) < speed(90, 10) < speed(100, 1e9)
    # With all of the prompt kept only the tokens of the answer are worked on: as fast as prompts of next to nothing, but
    # for the cache, which is read all the same.
    engine = three_ways.setting_of(full_inputs(), FACTS).engine
    assert isinstance(engine, three_ways.Engine)
    short = engine.requests_per_s(prices.Job(10, 100))
    assert engine.requests_per_s(prices.Job(8000, 100, repeated=1, reads_per_write=1e9)) < short


def test_a_model_takes_no_more_than_its_own_window() -> None:
    setting = three_ways.setting_of(full_inputs(input_tokens=130_000, output_tokens=2000), FACTS)
    assert "131,072" in setting.why_not  # gpt-oss-120b
    assert isinstance(ask(input_tokens=130_000, output_tokens=2000).outputs["own_cost_usd"], NoValue)


# --- the answer, its flips and its chances --------------------------------------------------------------------------------


SCENARIOS: dict[str, dict[str, Any]] = {
    "as the form starts": {},
    "near the first step": {"requests_per_day": 5_470_000},
    "own, flat": {"requests_per_day": 9e6},
    "bought": {"requests_per_day": 2e6, "acquisition": "bought"},
    "evening, to none": {"requests_per_day": 6e6, "day_shape": "evening", "scaling": "zero"},
    "office, by the hour, spot": {"requests_per_day": 5e6, "day_shape": "office", "scaling": "hourly", "acquisition": "spot"},
    "committed, much waits": {"requests_per_day": 4e6, "acquisition": "committed", "batch_share_percent": 60,
                              "day_shape": "office"},
    "against a dear model alone": {"hosted_model": "novita-llama-3-3-70b", "input_tokens": 15_000, "output_tokens": 800,
                                   "requests_per_day": 20_000, "model": "llama-3-3-70b", "weight_precision": "fp8",
                                   "tensor_parallel": 4, "growth_percent": 5, "surcharge_percent": 20},
    "measured": {"requests_per_day": 50_000, "replica_tokens_per_s": 3000, "gpu_hour_usd": 1, "engineers": 0,
                 "reserve_replicas": 0, "proprietary_model": "openai-gpt-6-luna", "hosted_model": "groq-gpt-oss-120b"},
    "does not fit": {"model": "llama-3-1-405b", "gpu": "l4"},
    "no price for it": {"gpu": "mi355x", "model": "llama-3-1-8b"},
}
def test_the_range_of_one_s_own_month_counts_the_price_of_a_gpu_though_whole_replicas_hide_the_throughput() -> None:
    """By hand: of the 14 providers' lowest on-demand prices of an H100 in data/gpu-rental.yaml, in order 3.20, 3.5839, 3.737,
    ..., 4.41, 4.50, ..., 10, 11.0613, 12.29, a tenth lies below 3.5839 + 0.3 x 0.1531, half below 4.455, nine tenths below
    10 + 0.7 x 1.0613. One replica serves and one stands in reserve, 1,440 h; beside them 7,916.67 for half an engineer, 40 for
    storage, and 300,000 x 20 kB = 6 GB of traffic at 0.09."""
    cost = ask().outputs["own_cost_usd"]
    beside = 190_000 / 24 + 40 + 0.54
    assert tuple(cost) == pytest.approx(tuple(beside + 1440 * rent for rent in (3.62983, 4.455, 10.74291)), rel=1e-6)
    assert isinstance(ask(gpu_hour_usd=4).outputs["own_cost_usd"], float)


@pytest.mark.parametrize(("found", "said"), [
    ((3.0, 2.0, 1.0), Range(10.0, 20.0, 30.0)),
    ((2.0, 2.0, 2.0), 20.0),
    ((None, 2.0, 1.0), "20 months in the middle of the range, 10 months at its cheap end, never at its dear end"),
    ((None, 2.0, 2.0), "20 months in the middle of the range, never at its dear end"),
    ((None, None, 1.0), "never in the middle of the range; after 10 months at its cheap end"),
    ((None, None, None), "never"),
])
def test_what_happens_at_one_end_alone_is_said(found: tuple[float | None, ...], said: Any) -> None:
    result = three_ways_ranges.first_of(found, "months", 10, "never", "after")
    assert (result.why if isinstance(result, NoValue) else result) == said


def test_two_apis_at_the_same_bill_are_not_put_in_an_order() -> None:
    """With no requests both bills are nothing."""
    assert "two APIs cost the same" in ask(requests_per_day=0).headline


def test_what_has_to_be_bought_and_who_looks_after_many_replicas_is_said() -> None:
    """Two replicas of one GPU, one of them in reserve: 2 x 30,000 x 1.3 by data/operations.yaml, or at the reader's price."""
    bought = ask(acquisition="bought")
    assert any("2 GPUs with their share of the servers, about 78,000 USD" in said for said in bought.warnings)
    assert any("about 20,000 USD" in said for said in ask(acquisition="bought", purchase_usd=10_000).warnings)
    assert any("enter how many people" in said for said in ask(requests_per_day=9e6).warnings)
    assert not any("enter how many people" in said for said in ask(requests_per_day=9e6, engineers=3).warnings)


def test_of_two_offers_the_range_holds_both() -> None:
    """data/gpu-rental.yaml has two prices of a committed H100, 2.72 and 3.26: the middle is 2.99, the ends are they."""
    cost = ask(acquisition="committed").outputs["own_cost_usd"]
    assert tuple(cost) == pytest.approx(tuple(190_000 / 24 + 40.54 + 1440 * rent for rent in (2.72, 2.99, 3.26)), rel=1e-9)


def test_other_weights_at_the_host_than_on_one_s_own_gpus_are_said_to_be_others() -> None:
    said = "The hosted model and the one that you would run yourself are not the same."
    assert said not in ask().warnings
    assert said in ask(model="llama-3-3-70b").warnings


EVERY = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))


@EVERY
def test_every_output_has_its_working_and_the_cheapest_is_named(scenario: dict[str, Any]) -> None:
    found = ask(**scenario)
    assert {step.of for step in found.steps} == {name for name, value in found.outputs.items() if value != LEFT_OUT}
    costs = {name: _central(found.outputs[f"{name}_cost_usd"]) for name in ("proprietary", "hosted_open", "own")}
    least = min(costs, key=lambda name: (costs[name], list(costs).index(name)))
    assert found.headline == three_ways.ANSWERS[least]
    named = found.outputs["ways"].rows
    for (_, cells), name in zip(named, costs, strict=True):
        assert isinstance(cells[0], NoValue) if costs[name] == math.inf else cells[0] == pytest.approx(
            costs[name], rel=5e-4), "to four digits"
    parts = found.outputs["parts"].rows
    for name, prefix in (("proprietary", "Proprietary"), ("hosted_open", "Hosted"), ("own", "Your own")):
        if costs[name] < math.inf:
            total = sum(cells[0] for label, cells in parts if label.startswith(prefix))
            assert total == pytest.approx(costs[name], rel=5e-4), "each part to four digits"


def _central(cost: Any) -> float:
    return math.inf if isinstance(cost, NoValue) else cost.central if isinstance(cost, Range) else cost


@EVERY
def test_each_flip_is_right_on_both_sides(scenario: dict[str, Any]) -> None:
    found = ask(**scenario)
    asked = break_even.CALCULATOR.asked(found.inputs)
    assert {flip.input for flip in found.flips} >= {name for name in asked if name not in NOT_SEARCHED} or not found.flips
    for flip in found.flips:
        if flip.value is None:
            assert flip.why
            continue
        before, after = both_sides(flip)
        assert headline(scenario, flip.input, after) == flip.answer, flip
        if before is not None:
            assert headline(scenario, flip.input, before) == found.headline, flip


NOT_SEARCHED = {"mode", "proprietary_model", "hosted_model", "model", "gpu", "tensor_parallel", "weight_precision", "day_shape",
                "hours_of_day"}


def both_sides(flip: Flip) -> tuple[Any, Any]:
    """A value at which today's answer still holds, and one at which the other does."""
    if isinstance(flip.value, str):
        return None, flip.value
    assert flip.value is not None
    value = float(flip.value)
    more = flip.beyond in ("above", "from")
    if break_even.CALCULATOR.fields()[flip.input].kind == "whole":
        on = flip.beyond in ("from", "up to") and value == int(value)
        after = value if on else math.floor(value) + 1 if more else math.ceil(value) - 1
        return int(after) - (1 if more else -1), int(after)
    step = max(abs(value), 1e-6) * 1e-6 * (1 if more else -1)
    return value - step, value + step


def headline(scenario: dict[str, Any], name: str, value: Any) -> str:
    run = calculators.run("break-even", as_of="2026-11-26", mode="full", **(scenario | {name: value}))
    return str(run.recommendation)


@EVERY
def test_chances_add_up_and_their_draws_are_the_months_they_stand_for(scenario: dict[str, Any]) -> None:
    found = chances_of(break_even.CALCULATOR, {"mode": "full"} | scenario, FACTS)
    if found is None:
        return
    assert set(found.shares) <= {"proprietary", "hosted_open", "own"}
    assert math.fsum(found.shares.values()) == pytest.approx(1)
    inputs = break_even.CALCULATOR.read({"mode": "full"} | scenario, FACTS)
    case = three_ways.setting_of(inputs, FACTS).case
    if case.replica_usd < math.inf:
        volumes, speeds, rents = [case.requests_per_day * 0.7, case.requests_per_day * 1.9], [1.1, 0.8], [0.9, 1.6]
        drawn = three_ways_chances._own_draws(case, volumes, speeds, rents)
        for usd, volume, speed, rent in zip(drawn, volumes, speeds, rents, strict=True):
            moved = case._replace(capacity=case.capacity * speed, replica_usd=case.replica_usd * rent)
            assert usd == pytest.approx(hosting.own_usd(moved, volume))


def test_with_nothing_unsure_the_chance_is_the_answer() -> None:
    sure = {"mode": "full", "requests_per_day": 9e6, "volume_range_percent": 0, "replica_tokens_per_s": 3000, "gpu_hour_usd": 2,
            "hosted_model": "moonshot-kimi-k3"}
    found = chances_of(break_even.CALCULATOR, sure, FACTS)
    assert found is not None
    assert found.shares[three_ways.OWN] == 1
    assert DRAWS == 2000


def test_far_from_every_crossing_the_chance_is_certain_and_near_one_it_is_not() -> None:
    far, near = (chances_of(break_even.CALCULATOR, {"mode": "full", "requests_per_day": volume}, FACTS)
                 for volume in (100, 6e6))
    assert far is not None
    assert near is not None
    assert far.shares["hosted_open"] == 1
    assert 0.2 < near.shares["own"] < 0.8
    assert [swing.label for swing in near.swings]


@settings(max_examples=60, deadline=None)
@given(requests=st.floats(1, 1e7), more=st.floats(0, 1e6), acquisition=st.sampled_from(list(three_ways.ACQUISITION)),
       shape=st.sampled_from(["flat", "office", "evening"]), waiting=st.floats(0, 100))
def test_a_larger_volume_never_costs_less_by_any_way(requests: float, more: float, acquisition: str, shape: str,
                                                    waiting: float) -> None:
    given = {"mode": "full", "acquisition": acquisition, "day_shape": shape, "batch_share_percent": waiting}
    now, then = (calculators.run("break-even", as_of="2026-11-26", requests_per_day=volume, **given)
                 for volume in (requests, requests + more))
    for name in ("proprietary_cost_usd", "hosted_open_cost_usd", "own_cost_usd"):
        assert _central(getattr(then, name)) >= _central(getattr(now, name)) * (1 - 1e-12)


@settings(max_examples=40, deadline=None)
@given(requests=st.floats(1, 1e7), prompt=st.integers(0, 200_000), output=st.integers(1, 20_000), repeats=st.floats(0, 100),
       waiting=st.floats(0, 100), shape=st.sampled_from(["flat", "office", "evening"]), surcharge=st.floats(-50, 50),
       rows=st.sampled_from([("openai-gpt-6-1-sol", "deepseek-deepseek-v4-1-flash"),
                             ("anthropic-claude-haiku-5-5", "groq-gpt-oss-120b")]))
def test_the_bills_of_the_apis_are_those_of_the_api_cost_page(requests: float, prompt: int, output: int, repeats: float,
                                                              waiting: float, shape: str, surcharge: float,
                                                              rows: tuple[str, str]) -> None:
    load: dict[str, Any] = {
        "requests_per_day": requests, "input_tokens": prompt, "output_tokens": output, "cached_share_percent": repeats,
        "batch_share_percent": waiting, "day_shape": shape, "surcharge_percent": surcharge}
    found = calculators.run("break-even", as_of="2026-11-26", mode="full", proprietary_model=rows[0], hosted_model=rows[1],
                            **load)
    for row, usd in zip(rows, (found.proprietary_cost_usd, found.hosted_open_cost_usd), strict=True):
        page = calculators.run("api-cost", as_of="2026-11-26", models=(row,), **load)
        assert isinstance(usd, NoValue) == isinstance(page.monthly_cost, NoValue)
        assert isinstance(usd, NoValue) or usd == pytest.approx(page.monthly_cost, rel=1e-12)


# --- the pages ------------------------------------------------------------------------------------------------------------


def scenario_rows() -> list[Any]:
    """Each line of the pages that has the link of a scenario and figures of data/scale.yaml: both."""
    found = []
    for page in ("calculators/break-even.md", "guide/cost-at-scale.md"):
        for line in (DOCS / page).read_text("utf-8").splitlines():
            link, keys = re.search(r"break-even\.md\?v=1&([^)#]*)", line), re.findall(r"#!fact (scale\.[\w.-]+)", line)
            if link and keys:
                found.append(pytest.param(dict(part.split("=", 1) for part in link[1].split("&")), keys, id=keys[0]))
    return found


@pytest.mark.parametrize(("scenario", "keys"), scenario_rows())
def test_a_scenario_gives_the_figures_beside_its_link(scenario: dict[str, str], keys: list[str]) -> None:
    """Its result today is what data/scale.yaml holds from that day on, to three digits: write the new figure there if not."""
    inputs = break_even.CALCULATOR.read(scenario, FACTS)
    setting = three_ways.setting_of(inputs, FACTS)
    tokens = 30 * float(inputs.input_tokens + inputs.output_tokens)
    for key in keys:
        way, _, end = key.rpartition(".")[2].partition("-")
        ends = []
        for case in three_ways_ranges.ends_of(setting):
            alone = case._replace(hosted_usd=math.inf) if way == "proprietary" else case._replace(proprietary_usd=math.inf)
            crossings = hosting.crossings_of(alone, 1e12).found
            ends.append(crossings[0].requests_per_day * tokens if crossings else math.inf)
        expected = {"": ends[1], "low": min(ends), "high": max(ends)}[end]
        if not end and f"{key}-low" not in FACTS.keys("scale"):
            assert math.isclose(min(ends), max(ends)) or min(ends) == max(ends), key
        value = FACTS[key].value
        assert value == ("never" if expected == math.inf else pytest.approx(expected, rel=5e-3)), key


def test_the_months_of_the_originals_volume_are_those_of_its_scenarios() -> None:
    for scenario, keys in (param.values for param in scenario_rows()):
        stem = keys[0].rpartition(".")[0]
        month = hosting.month_of(three_ways.setting_of(break_even.CALCULATOR.read(scenario, FACTS), FACTS).case)
        for name, usd in (("proprietary", month.proprietary), ("hosted", month.hosted_open), ("own", month.own)):
            fact = FACTS.get(f"{stem}.month-{name}")
            assert fact is None or fact.value == pytest.approx(usd, rel=5e-3)
