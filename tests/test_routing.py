"""What must always hold of the four hybrid strategies. Searches here are written apart from the ones they check."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import routing
from calculators.buildtime import data
from calculators.formulas import hybrid, routing_ways
from calculators.kit.result import Result, answer
from calculators.kit.shape import NoValue

FACTS = data.facts("2026-11-26")
SHARES = st.floats(0, 1)
USD = st.floats(1e-6, 1)


def ask(**given: Any) -> Result:
    return answer(routing.CALCULATOR, given, FACTS)


MONTHS = st.builds(
    hybrid.month_of,
    st.lists(st.integers(0, 9), min_size=24, max_size=24).filter(any).map(lambda day: [hour / sum(day) for hour in day]),
    st.sampled_from([0.0, 0.15, 1.0, 1.2]), st.floats(0, 500))


def month_by_hand(month: list[hybrid.Load], servers: int, server_usd: float, hour_usd: float) -> float:
    """A month hour by hour: what is paid for the servers, and for each hour's overflow."""
    return servers * server_usd + math.fsum(
        load.hours * max(0.0, load.servers - servers) * hour_usd for load in month)


@settings(max_examples=300, deadline=None)
@given(month=MONTHS, server_usd=st.floats(0, 5000), hour_usd=st.floats(0, 50))
def test_no_number_of_servers_is_cheaper(month: list[hybrid.Load], server_usd: float, hour_usd: float) -> None:
    best = hybrid.best_servers(month, server_usd, hour_usd)
    most = max(1, math.ceil(max(load.servers for load in month)))
    assert 1 <= best <= most
    every = [month_by_hand(month, n, server_usd, hour_usd) for n in range(1, most + 1)]
    assert hybrid.burst_usd(month, best, server_usd, hour_usd) <= min(every) * (1 + 1e-9) + 1e-9


@settings(max_examples=40, deadline=None)
@given(shape=st.sampled_from(["flat", "office", "evening"]), price=st.floats(0.1, 30), requests=st.floats(1e4, 3e6))
def test_the_answer_on_servers_is_never_beaten(shape: str, price: float, requests: float) -> None:
    found = ask(strategy="fallback", day_shape=shape, server_usd_per_hour=price, requests_per_day=requests, upkeep_usd=250,
                input_tokens=1000, output_tokens=200, tokens_per_second=2000, utilisation_percent=50)
    # An hour of a server's work is 3.6 million tokens, 3,000 requests at 0.004 USD: 12 USD.
    row = FACTS.rows("day-shapes")[shape]
    day = [float(row[f"h{hour:02d}"]) for hour in range(24)]
    weekend = float(row["weekend"])
    work = requests * 1200 / 3.6e6  # hours of a server on an average day
    hours = [(work * w * 7 / (5 + 2 * weekend) / sum(day) * factor, 30 * days / 7)
             for w in day for factor, days in ((1.0, 5), (weekend, 2))]
    peak = math.ceil(max(load for load, _ in hours) * (1 - 1e-12))

    def cost(n: int) -> float:
        rest = sum(max(0.0, load - n) * h for load, h in hours) * 12
        return n * price * 720 + rest + (250 if 0 < n < peak else 0)

    costs = [cost(n) for n in range(peak + 1)]
    servers = found.outputs["servers"]
    assert isinstance(servers, int)
    assert cost(servers) == pytest.approx(min(costs), rel=1e-9)
    pure, mixed = found.outputs["pure_usd"], found.outputs["hybrid_usd"]
    assert pure == pytest.approx(min(costs[0], costs[-1]), rel=1e-9)
    assert min(pure, mixed) == pytest.approx(min(costs), rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(month=MONTHS, hour_usd=st.floats(0.1, 50), step=st.integers(0, 60), share=st.floats(0.01, 0.99))
def test_cost_is_a_straight_line_between_the_loads(month: list[hybrid.Load], hour_usd: float, step: int, share: float) -> None:
    """Servers are paid for and hours are bought off at the same rate until a load is covered."""
    corners = sorted({0.0, *(load.servers for load in month)})
    low, high = corners[step % (len(corners))], [*corners[1:], corners[-1] + 1][step % len(corners)]
    ends = [hybrid.burst_usd(month, n, 100, hour_usd) for n in (low, high)]
    middle = hybrid.burst_usd(month, low + share * (high - low), 100, hour_usd)
    assert middle == pytest.approx(ends[0] + share * (ends[1] - ends[0]), rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(month=MONTHS, up=SHARES, servers=st.integers(0, 30))
def test_answered_share(month: list[hybrid.Load], up: float, servers: int) -> None:
    found = hybrid.answered_share(month, servers, up)
    assert 0 <= found <= 1
    assert found <= hybrid.answered_share(month, servers + 1, up) + 1e-9
    assert found <= hybrid.with_fallback(found, 0.9) <= 1


def test_availability_by_counting_every_combination() -> None:
    """Four servers for a load of 2.5, each up 90 % of the time: the sixteen ways in which they can be up, one by one."""
    month = [hybrid.Load(2.5, 720)]
    taken = sum(math.prod(0.9 if up else 0.1 for up in ups) * min(2.5, sum(ups))
                for ups in itertools.product((0, 1), repeat=4))
    assert hybrid.answered_share(month, 4, 0.9) == pytest.approx(taken / 2.5, rel=1e-12)


def test_many_servers_are_as_good_by_the_normal_curve() -> None:
    month = [hybrid.Load(195.0, 720)]
    for up in (0.5, 0.9, 0.97):
        exact, near = (hybrid.answered_share(month, n, up) for n in (hybrid.EXACT_UP_TO, hybrid.EXACT_UP_TO + 1))
        assert exact <= near <= exact + 1.2 / 195  # one server more, and no jump


@settings(max_examples=300, deadline=None)
@given(mix=st.builds(hybrid.Mix, SHARES, SHARES, SHARES, SHARES), more=SHARES, dear=USD, cheap=USD, router=st.floats(0, 0.1),
       which=st.sampled_from(["sent_up", "sent_down", "rejected"]))
def test_more_error_never_saves(mix: hybrid.Mix, more: float, dear: float, cheap: float, router: float, which: str) -> None:
    """What routing saves against the dear model alone, nothing at the least, does not grow with an error of any kind."""
    now = getattr(mix, which)
    worse = mix._replace(**{which: now + (1 - now) * more})
    before, after = (max(0.0, dear - hybrid.routed(m, dear, cheap, router).usd) for m in (mix, worse))
    assert after <= before + 1e-12
    first = [max(0.0, dear - hybrid.cheap_first(m, dear, cheap).usd) for m in (mix, worse)]
    assert first[1] <= first[0] + 1e-12


@given(mix=st.builds(hybrid.Mix, SHARES, SHARES, SHARES, SHARES), dear=USD, cheap=USD)
def test_a_router_at_either_end_is_one_model(mix: hybrid.Mix, dear: float, cheap: float) -> None:
    up = hybrid.routed(mix._replace(sent_up=1, sent_down=0), dear, cheap, 0)
    assert up.usd == pytest.approx(dear)
    assert (up.cheap_share, up.dear_share) == pytest.approx((0, 1), abs=1e-12)
    down = hybrid.routed(hybrid.Mix(1, 0, 0, 0), dear, cheap, 0)
    assert down.usd == pytest.approx(cheap)


@given(dear=USD, cheap=USD, development=SHARES, repeated=SHARES)
def test_a_split_saves_its_share_of_the_difference(dear: float, cheap: float, development: float, repeated: float) -> None:
    usd = hybrid.split_usd(dear, cheap, development, repeated)
    assert dear - usd == pytest.approx(development * ((1 - repeated) * dear - cheap), abs=1e-12)


CANDIDATES = st.lists(st.tuples(st.integers(1, 50), st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), min_size=1)),
                      min_size=1, max_size=8).map(
    lambda drawn: [hybrid.Candidate(str(i), str(i), usd / 1e4, scores) for i, (usd, scores) in enumerate(drawn)])
KINDS = st.lists(st.builds(hybrid.Kind, st.floats(0.01, 1), st.sampled_from("ab"), st.integers(0, 9)),
                 min_size=1, max_size=3).map(
    lambda kinds: [kind._replace(share=kind.share / sum(k.share for k in kinds)) for kind in kinds])


@settings(max_examples=300, deadline=None)
@given(kinds=KINDS, candidates=CANDIDATES, upkeep=st.floats(0, 200))
def test_no_set_of_models_is_cheaper(kinds: list[hybrid.Kind], candidates: list[hybrid.Candidate], upkeep: float) -> None:
    """Against every combination of all candidates, those that are left out as no better included."""
    groups = hybrid.meeting(kinds, hybrid.undominated(candidates))
    one, many = hybrid.cheapest_one(kinds, groups, 1e5), hybrid.cheapest_set(
        kinds, hybrid.sets_of(groups, len(kinds)), 1e5, upkeep)
    every = [1e5 * sum(k.share * m.usd for k, m in zip(kinds, models, strict=True)) + upkeep * (len(set(map(id, models))) - 1)
             for models in itertools.product(candidates, repeat=len(kinds))
             if all(m.scores.get(k.benchmark, -1) >= k.floor for k, m in zip(kinds, models, strict=True))]
    found = [choice.usd for choice in (one, many) if choice]
    assert bool(found) == bool(every)
    if every:
        assert min(found) == pytest.approx(min(every), rel=1e-9)
    for choice in (one, many):
        assert not choice or all(m.scores[k.benchmark] >= k.floor for k, m in zip(kinds, choice.models, strict=True))


@pytest.mark.parametrize("strategy", routing.STRATEGIES)
def test_the_headline_is_that_of_the_cheapest_way(strategy: str) -> None:
    for requests in (100, 10_000, 1_000_000):
        found = ask(strategy=strategy, requests_per_day=requests)
        mixed, pure = found.outputs["hybrid_usd"], found.outputs["pure_usd"]
        assert not isinstance(mixed, NoValue)
        assert not isinstance(pure, NoValue)
        inputs = routing.CALCULATOR.read(found.inputs, FACTS)
        mixes = {way.answer for way in routing_ways.ways_of(inputs, routing_ways.prices_of(inputs, FACTS)) if way.mixed}
        assert (found.headline in mixes) == (mixed < pure)  # type: ignore[operator]


def test_an_api_that_is_not_asked_may_be_too_small() -> None:
    """GPT-4.1 answers with 32,768 tokens at the most; here it is the model that the servers do not hand over to."""
    found = ask(strategy="fallback", rest_model="dear", cheap_model="openai-gpt-4-1", output_tokens=32769)
    assert found.headline != routing_ways.NONE
    assert ask(strategy="fallback", rest_model="cheap", cheap_model="openai-gpt-4-1", output_tokens=32769).headline == (
        routing_ways.NONE)


def test_a_request_that_no_model_can_take_is_said_to_be_so() -> None:
    for strategy in routing.STRATEGIES:
        found = ask(strategy=strategy, input_tokens=100_000_000)
        assert found.headline == routing_ways.NONE
        assert strategy == "specialised" or "longer than its window" in found.warnings[0]


CHECKED = {
    "tiered": ({}, {"alone": "pure_usd", "hybrid": "hybrid_usd", "saved": "saved_percent"},
               {"fewest": ("requests_per_day", "below")}),
    "narrow": ({"dear_model": "openai-gpt-6-luna"}, {"alone": "pure_usd", "hybrid": "hybrid_usd"}, {}),
    "development": ({"strategy": "development"}, {"hybrid": "hybrid_usd", "saved": "saved_percent"},
                    {"share": ("development_percent", "below"), "repeated": ("repeated_percent", "above")}),
    "fallback": ({"strategy": "fallback", "requests_per_day": 1e5},
                 {"peak": "pure_usd", "hybrid": "hybrid_usd", "overflow": "overflow_percent"}, {}),
    "even": ({"strategy": "fallback", "requests_per_day": 1e5, "day_shape": "flat"}, {"servers": "pure_usd"}, {}),
    "hosted": ({"strategy": "fallback", "requests_per_day": 1e5, "rest_model": "cheap"}, {"api": "pure_usd"}, {}),
    "specialised": ({"strategy": "specialised"}, {"one": "pure_usd", "hybrid": "hybrid_usd", "saved": "saved_percent"},
                    {"fewest": ("requests_per_day", "below")}),
}
"""The scenarios of the guide's page on hybrids: what each figure there is, a result or a flip point."""


@pytest.mark.parametrize("group", CHECKED)
def test_the_guides_figures_are_results(group: str) -> None:
    """To the digits that are written there; how each is worked out by hand stands in its note."""
    inputs, results, flips = CHECKED[group]
    found = ask(**inputs)
    for name, result in results.items():
        value = FACTS[f"hybrid-check.{group}.{name}"].value
        assert isinstance(value, float | int)
        assert found.outputs[result] == pytest.approx(value, rel=4e-3), name
    for name, (asked, beyond) in flips.items():
        at = next(flip.value for flip in found.flips if flip.input == asked and flip.beyond == beyond)
        assert at == pytest.approx(FACTS[f"hybrid-check.{group}.{name}"].value, rel=4e-3), name


def test_a_published_blend() -> None:
    """RouteLLM, MT Bench at 95 % of GPT-4's quality: 26 % of calls on the model at 24.7 USD, the rest at 0.24; 6.6 in all.

    github.com/lm-sys/RouteLLM; the prices per million tokens are those of its authors.
    """
    mix = hybrid.Mix(easy=0.74, sent_up=0, sent_down=0, rejected=0)
    assert hybrid.routed(mix, 24.7, 0.24, 0).usd == pytest.approx(6.6, rel=1e-2)
    assert hybrid.routed(mix, 24.7, 0.24, 0).dear_share == pytest.approx(0.26)
