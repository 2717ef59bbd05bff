"""Each flip point of API cost and routing, asked again on both sides through `run`; and what more requests may do."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import calculators
from calculators import api_cost, routing
from calculators.buildtime import data
from calculators.formulas import routing_ways
from calculators.kit.shape import Calculator, Flip

DAY = "2026-11-26"
FACTS = data.facts(DAY)
ROWS = sorted(row for row, values in FACTS.rows("prices").items() if values["status"] == "current")
NEAR = 1e-6


def price_list(row: str) -> tuple[Any, ...]:
    """What a row charges without a cache. Of two rows that charge the same, or do where nothing repeats, which is named first
    turns on the last bits of a sum; the cases below have such pairs where it does not."""
    values = FACTS.rows("prices")[row]
    return values["input"], values["output"]


def headline(calculator: Calculator, inputs: dict[str, Any]) -> str:
    outputs = calculators.run(calculator.slug, as_of=DAY, **inputs)
    return str(getattr(outputs, next(name for name, output in calculator.results().items() if output.headline)))


def sides(flip: Flip, spec: Any, near: float = NEAR) -> tuple[float, float]:
    """A value just before a flip and one just beyond it; whole numbers for an input that takes no other."""
    assert isinstance(flip.value, float | int)
    assert flip.beyond in ("above", "below", "up to")
    if flip.beyond == "up to":
        return flip.value + max(abs(flip.value), 1e-3) * near, flip.value
    away = 1 if flip.beyond == "above" else -1
    if spec.kind == "whole":
        nearest = round(flip.value)
        on = nearest if abs(flip.value - nearest) <= 1e-6 * max(1, nearest) else None
        if on is not None:
            return on - away, on + away  # on it both may cost the same
        low, high = int(flip.value), int(flip.value) + 1
        return (low, high) if away > 0 else (high, low)
    step = max(abs(flip.value), 1e-3) * near * away
    return flip.value - step, flip.value + step


def checked(slug: str, inputs: dict[str, Any], near: float = NEAR) -> int:
    """How many flips there are; each must hold, a part `near` of its value on either side."""
    calculator = calculators.get(slug)
    read = calculator.read(inputs, FACTS)
    now, found = headline(calculator, inputs), 0
    for flip in calculator.flips(read, FACTS):
        if flip.value is None:
            continue
        spec, at = calculator.fields()[flip.input], getattr(read, flip.input)
        before, beyond = sides(flip, spec, near)
        # From the value that was asked on, nothing has changed yet.
        before = max(before, at) if flip.beyond == "above" else min(before, at)
        low = spec.min if spec.min is not None else -1e300
        high = spec.max if spec.max is not None else 1e300
        if not low <= beyond <= high:
            continue
        assert headline(calculator, inputs | {flip.input: before}) == now, (flip, before)
        assert headline(calculator, inputs | {flip.input: beyond}) == flip.answer, (flip, beyond)
        assert flip.answer != now, flip
        found += 1
    return found


@pytest.mark.parametrize(("inputs", "least"), [
    ({}, 4),
    ({"models": "openai-gpt-5-4,anthropic-claude-sonnet-5-5,zai-glm-5-3,deepseek-deepseek-v4-pro",
      "batch_share_percent": 20}, 3),
    ({"models": "deepseek-deepseek-v4-1-flash,deepinfra-deepseek-v4-1-flash,openai-gpt-6-luna", "output_tokens": 2000}, 2),
    ({"models": "openai-gpt-6-1-sol,anthropic-claude-sonnet-5-5", "input_tokens": 1500}, 1),  # one caches from 512 tokens on
    ({"models": "openai-gpt-6-1-sol,anthropic-claude-sonnet-5-5", "cached_share_percent": 30}, 1),
])
def test_flips_of_api_cost(inputs: dict[str, Any], least: int) -> None:
    assert checked("api-cost", inputs) >= least


@settings(max_examples=150, deadline=None)
@given(models=st.lists(st.sampled_from(ROWS), min_size=2, max_size=6, unique_by=price_list), tokens=st.integers(0, 50_000),
       answer=st.integers(0, 5000), thought=st.integers(0, 5000), share=st.integers(0, 100), reads=st.integers(1, 100),
       wait=st.sampled_from([0, 0, 30]), shape=st.sampled_from(["flat", "office"]), hours=st.integers(-11, 12),
       lifetime=st.sampled_from(list(api_cost.LIFETIMES)))
def test_flips_of_any_api_cost(models: list[str], tokens: int, answer: int, thought: int, share: int, reads: int, wait: int,
                               shape: str, hours: int, lifetime: str) -> None:
    checked("api-cost", {"models": models, "input_tokens": tokens, "output_tokens": answer, "reasoning_tokens": thought,
                         "cached_share_percent": share, "reads_per_write": reads, "batch_share_percent": wait,
                         "day_shape": shape, "utc_offset_hours": hours, "cache_lifetime": lifetime}, 1e-5)


@pytest.mark.parametrize(("inputs", "least"), [
    ({"strategy": "tiered"}, 3),
    ({"strategy": "tiered", "easy_percent": 50, "sent_up_percent": 0, "rejected_percent": 10, "check_usd": 1}, 3),
    ({"strategy": "development"}, 3),
    ({"strategy": "fallback", "requests_per_day": 500_000}, 3),
    ({"strategy": "fallback", "requests_per_day": 3e6, "day_shape": "flat"}, 2),
    ({"strategy": "specialised"}, 4),
    ({"strategy": "specialised", "kind_2_floor": 84}, 2),  # out of reach, unless that kind has no share
])
def test_flips_of_routing(inputs: dict[str, Any], least: int) -> None:
    assert checked("routing", inputs) >= least


@settings(max_examples=150, deadline=None)
@given(strategy=st.sampled_from(list(routing.STRATEGIES)), requests=st.integers(10, 10**7), upkeep=st.integers(0, 5000),
       easy=st.integers(0, 100), up=st.integers(0, 100), down=st.integers(0, 100), rejected=st.integers(0, 100),
       price=st.integers(1, 50), speed=st.integers(100, 20_000), shape=st.sampled_from(["flat", "office", "evening"]),
       floor=st.integers(50, 95))
def test_flips_of_any_routing(strategy: str, requests: int, upkeep: int, easy: int, up: int, down: int, rejected: int,
                              price: int, speed: int, shape: str, floor: int) -> None:
    checked("routing", {"strategy": strategy, "requests_per_day": requests, "upkeep_usd": upkeep, "easy_percent": easy,
                        "sent_up_percent": up, "sent_down_percent": down, "rejected_percent": rejected,
                        "development_percent": easy, "repeated_percent": up, "server_usd_per_hour": price,
                        "tokens_per_second": speed, "day_shape": shape, "kind_1_floor": floor}, 1e-5)


REQUESTS = st.floats(0, 1e7)


@settings(max_examples=80, deadline=None)
@given(strategy=st.sampled_from(list(routing.STRATEGIES)), few=REQUESTS, more=REQUESTS,
       shape=st.sampled_from(["flat", "office", "evening"]))
def test_more_requests_never_cost_less_by_any_way(strategy: str, few: float, more: float, shape: str) -> None:
    asked: dict[str, Any] = {"strategy": strategy, "day_shape": shape}
    inputs = [routing.CALCULATOR.read(asked | {"requests_per_day": n}, FACTS) for n in sorted((few, more))]
    prices = routing_ways.prices_of(inputs[0], FACTS)
    less, grown = (routing_ways.costs_of(one, prices) for one in inputs)
    for before, after in zip(less, grown, strict=True):
        assert after >= before * (1 - 1e-12)


@settings(max_examples=80, deadline=None)
@given(models=st.lists(st.sampled_from(ROWS), min_size=1, max_size=5, unique=True), few=REQUESTS, more=REQUESTS,
       growth=st.floats(-50, 100))
def test_more_requests_never_cost_less_on_any_model(models: list[str], few: float, more: float, growth: float) -> None:
    less, grown = (calculators.run("api-cost", as_of=DAY, models=models, requests_per_day=n, growth_percent=growth)
                   for n in sorted((few, more)))
    for before, after in zip(less.priced, grown.priced, strict=True):
        assert before.offer == after.offer
        assert after.month_usd >= before.month_usd
        if isinstance(before.mean_usd, float):
            assert after.mean_usd >= before.mean_usd


@settings(max_examples=80, deadline=None)
@given(requests=st.floats(1000, 5e6), shape=st.sampled_from(["flat", "office", "evening"]), price=st.floats(0.5, 20))
def test_the_cost_of_servers_with_an_api_behind_them_has_no_jumps(requests: float, shape: str, price: float) -> None:
    """The API takes what is over, so a little more load costs a little more; servers alone jump by whole ones."""
    asked: dict[str, Any] = {"strategy": "fallback", "day_shape": shape, "server_usd_per_hour": price}
    inputs = [routing.CALCULATOR.read(asked | {"requests_per_day": n}, FACTS) for n in (requests, requests * (1 + 1e-9))]
    prices = routing_ways.prices_of(inputs[0], FACTS)
    (api, alone, mixed), (api_after, alone_after, mixed_after) = (routing_ways.costs_of(one, prices)[:3] for one in inputs)
    assert mixed_after - mixed <= max(1e-8 * mixed, api_after - api) + 1e-6
    jump = (alone_after - alone) / (price * 720)
    assert jump == pytest.approx(round(jump), abs=1e-6)
    assert round(jump) in (0, 1)


def test_servers_alone_jump_where_the_peak_needs_one_more() -> None:
    """9,000 tokens a second for 1,300 tokens a request at half load: 299,077 requests a day fill one server, evenly spread."""
    fill = 9000 * 0.5 * 86_400 / 1300
    asked: dict[str, Any] = {"strategy": "fallback", "day_shape": "flat", "tokens_per_second": 9000, "server_usd_per_hour": 1}
    costs = []
    for n in (fill * 0.999, fill * 1.001):
        inputs = routing.CALCULATOR.read(asked | {"requests_per_day": n}, FACTS)
        costs.append(routing_ways.costs_of(inputs, routing_ways.prices_of(inputs, FACTS))[1])
    assert costs == pytest.approx([720, 1440])


def test_nothing_to_pay_is_no_win() -> None:
    for strategy in routing.STRATEGIES:
        inputs = {"strategy": strategy, "requests_per_day": 0, "upkeep_usd": 0}
        assert headline(routing.CALCULATOR, inputs) == routing.NOTHING
        assert routing.flips(routing.CALCULATOR.read(inputs, FACTS), FACTS) == []
    none = {"models": "openai-gpt-4o,zai-glm-5-3", "input_tokens": 0, "output_tokens": 0}
    assert headline(api_cost.CALCULATOR, none) == api_cost.NOTHING
    assert calculators.get("api-cost").flips(api_cost.CALCULATOR.read(none, FACTS), FACTS) == []


def test_the_brackets_of_a_whole_number() -> None:
    """The helper above, by hand."""
    spec = api_cost.CALCULATOR.fields()["input_tokens"]
    assert sides(Flip("input_tokens", 10.5, "tokens", beyond="above"), spec) == (10, 11)
    assert sides(Flip("input_tokens", 10.0, "tokens", beyond="below"), spec) == (11, 9)
