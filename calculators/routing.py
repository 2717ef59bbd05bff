"""Two kinds of model together: what each of four hybrid strategies costs against one kind alone."""

import math
from dataclasses import dataclass
from typing import Any

from calculators.formulas import hybrid, scores
from calculators.formulas.prices import SHAPES, retired
from calculators.formulas.prices import TABLE as PRICES
from calculators.formulas.routing_chart import chart_of
from calculators.formulas.routing_flips import flips_of
from calculators.formulas.routing_steps import steps
from calculators.formulas.routing_ways import (
    DEVELOPMENT,
    FALLBACK,
    SPECIALISED,
    TIERED,
    Fleet,
    Prices,
    Way,
    best_of,
    choices,
    fleet_of,
    kinds_of,
    mix_of,
    percent_of,
    price,
    prices_of,
    requests_of,
    tiers,
    ways_of,
)
from calculators.kit import workload
from calculators.kit.chart import Chart
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import FromFact, choice, folded, number, when
from calculators.kit.shape import LEFT_OUT, Calculator, Flip, Link, NoValue, Step, Table, output
from calculators.kit.units import HOURS_PER_MONTH, show

STRATEGIES = {
    TIERED: "Tiered routing: easy requests to the cheap model",
    DEVELOPMENT: "Development on the cheap model, users on the dear one",
    FALLBACK: "Servers of your own, an API for the rest",
    SPECIALISED: "A model for each kind of task",
}
NOTHING = "Nothing to pay, whichever way"


def _model(label: str, default: str, help: str) -> Any:
    return choice(label, default=default, table=PRICES, named=("model", "host"), refused=retired, help=help)


def _percent(label: str, default: float, help: str, *strategies: str, **bounds: float) -> Any:
    bounds = bounds or {"min": 0}
    return when(number(label, unit="%", default=default, max=100, help=help, **bounds), "strategy", *strategies)


def _usd(label: str, default: float, help: str) -> Any:
    return when(number(label, unit="USD", default=default, min=0, max=1e6, help=help), "strategy", TIERED)


def _benchmark(which: str, default: str) -> Any:
    return when(choice(f"{which} kind: benchmark", default=default, choices=scores.BENCHMARKS,
                       help="Whose score says whether a model is good enough for it."), "strategy", SPECIALISED)


def _floor(which: str, default: float) -> Any:
    return _percent(f"{which} kind: score at least", default, "In that benchmark. Models without a score are left out.",
                    SPECIALISED)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The workload, the two models, and what the chosen strategy needs."""

    strategy: str = choice("Strategy", default=TIERED, choices=STRATEGIES, help="What it needs is asked below.")
    dear_model: str = when(_model("Dear model", "openai-gpt-6-1-sol", "The one that is good enough for everything."),
                           "strategy", TIERED, DEVELOPMENT, FALLBACK)
    cheap_model: str = when(_model("Cheap model", "deepinfra-gpt-oss-120b", "Such as an open model behind an API."),
                            "strategy", TIERED, DEVELOPMENT, FALLBACK)
    requests_per_day: float = workload.requests_per_day()
    input_tokens: int = workload.input_tokens()
    output_tokens: int = workload.output_tokens()
    upkeep_usd: float = number("Upkeep of the hybrid", unit="USD/month", default=100, min=0, max=1e9, help=(
        "Testing, contracts and prompts beyond those of one way alone; of each further model, if there are several."))

    easy_percent: float = _percent("Easy requests", 70, "Those that the cheap model is able to answer.", TIERED, DEVELOPMENT)
    sent_up_percent: float = _percent("Easy ones sent to the dear model", 10, "A router's error that costs money.", TIERED)
    sent_down_percent: float = _percent("Hard ones sent to the cheap model", 10, (
        "A router's error that is paid for twice: the cheap model fails them all, and they are retried."), TIERED)
    rejected_percent: float = _percent("Cheap answers to easy requests that are rejected", 4,
                                       "And then retried on the dear model.", TIERED, DEVELOPMENT)
    router_usd: float = _usd("Router", 0.1, "For a thousand requests.")
    check_usd: float = _usd("Checking a cheap answer", 0.2, "For a thousand answers: what tells whether to retry.")
    accepted_floor_percent: float = _percent("Requests that must be answered well", 95,
                                             "Below that the cheap model alone will not do.", TIERED, DEVELOPMENT)

    development_percent: float = _percent("Requests of development and test", 30, "Of all requests.", DEVELOPMENT)
    repeated_percent: float = _percent("Tests run on the dear model as well", 20, (
        "Of those requests: what must be tried on the model that users get."), DEVELOPMENT)

    rest_model: str = when(choice("The API for the rest", default="dear", choices={
        "dear": "The dear model", "cheap": "The cheap model"}, help=(
        "The same open weights behind an API make the switch smallest.")), "strategy", FALLBACK)
    server_usd_per_hour: float = when(number(
        "Server price", unit="USD/hour", default=FromFact("routing.server.price"), min=0, max=1e6,
        help="One server that holds the model, all its GPUs, rented round the clock."), "strategy", FALLBACK)
    tokens_per_second: float = when(number(
        "Throughput of one server", unit="tokens/s", default=FromFact("routing.server.throughput"), above=0, max=1e9,
        help="Input and output together, batched, as you measured it."), "strategy", FALLBACK)
    utilisation_percent: float = _percent("Planned load of a server", 50, (
        "At most this share of its throughput, so that answers stay quick within an hour."), FALLBACK, above=0)
    day_shape: str = when(workload.day_shape("office"), "strategy", FALLBACK)
    hours_of_day: str = when(folded(workload.hours_of_day(), workload.FINER), "strategy", FALLBACK)
    server_up_percent: float = _percent("Availability of one server", 99, "Share of the time in which it works.", FALLBACK)
    api_up_percent: float = _percent("Availability of the API", 99.5, "Share of the time in which it works.", FALLBACK)

    kind_1_percent: float = _percent("First kind: share", 60, "The three are taken in proportion.", SPECIALISED)
    kind_1_benchmark: str = _benchmark("First", "gpqa")
    kind_1_floor: float = _floor("First", 85)
    kind_2_percent: float = _percent("Second kind: share", 30, "0 leaves it out.", SPECIALISED)
    kind_2_benchmark: str = _benchmark("Second", "swe-bench")
    kind_2_floor: float = _floor("Second", 78)
    kind_3_percent: float = _percent("Third kind: share", 10, "0 leaves it out.", SPECIALISED)
    kind_3_benchmark: str = _benchmark("Third", "gpqa")
    kind_3_floor: float = _floor("Third", 91.5)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Arithmetic on list prices and the reader's own shares, so bare numbers."""

    answer: str = output("Answer", headline=True)
    reason: str = output("Why")
    hybrid_usd: float | NoValue = output("The hybrid, a month", unit="USD/month", decimals=2)
    pure_usd: float | NoValue = output("The cheaper of the pure ways that will do, a month", unit="USD/month", decimals=2)
    saved_usd: float | NoValue = output("Saved by the hybrid", unit="USD/month", decimals=2)
    saved_percent: float | NoValue = output("Saved, of the pure way", unit="%", decimals=1)
    accepted_usd: float | NoValue = output("An accepted answer", unit="USD")
    dear_share_percent: float | NoValue = output("Requests that reach the dear model", unit="%", decimals=1)
    servers: int | NoValue = output("Servers in the cheapest month", unit="servers")
    overflow_percent: float | NoValue = output("Requests for the API with so many", unit="%", decimals=1)
    answered_alone_percent: float | NoValue = output("Answered by servers for the peak, no API", unit="%", decimals=4)
    answered_both_percent: float | NoValue = output("Answered by the hybrid", unit="%", decimals=4)
    chosen: str | NoValue = output("A model for each kind")
    ways: Table = output("What each way costs", table=True)
    prices: Prices


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Price every way and set the hybrid against the pure ones."""
    prices = prices_of(inputs, facts)
    *ways, none = ways_of(inputs, prices)
    mixed = best_of([way for way in ways if way.mixed])
    pure = best_of([way for way in ways if not way.mixed])
    hybrid_usd, pure_usd = (NoValue(way.why) if way.usd == math.inf else way.usd for way in (mixed, pure))
    saved = NoValue("not both are possible") if math.inf in (mixed.usd, pure.usd) else pure.usd - mixed.usd
    return Outputs(
        answer=best_of([*ways, none]).answer if min(way.usd for way in ways) else NOTHING,
        hybrid_usd=hybrid_usd,
        pure_usd=pure_usd,
        saved_usd=saved,
        saved_percent=(saved if isinstance(saved, NoValue) else saved / pure.usd * 100 if pure.usd
                       else NoValue("nothing to save from")),
        prices=prices,
        **_own(inputs, prices, ways),
    )


def _own(inputs: Inputs, prices: Prices, ways: list[Way]) -> dict[str, Any]:
    """The outputs that belong to one strategy, and the table of the ways."""
    found: dict[str, Any] = dict.fromkeys(
        ("accepted_usd", "dear_share_percent", "servers", "overflow_percent", "answered_alone_percent",
         "answered_both_percent", "chosen"), LEFT_OUT)
    found |= {"reason": prices.why or "no model meets the floors"}
    shares: list[Value | NoValue] = [NoValue("not counted")] * len(ways)
    fleet = fleet_of(inputs, prices) if inputs.strategy == FALLBACK else None
    if inputs.strategy == TIERED and not prices.why:
        by_router, first = tiers(inputs, prices)
        better = min(by_router, first, key=lambda routed: routed.usd)
        alone = hybrid.accepted_alone(mix_of(inputs)) * 100
        shares = [100, alone, 100, 100]
        found |= {"accepted_usd": better.usd, "dear_share_percent": better.dear_share * 100, "reason": (
            f"A request costs {price(prices.dear_usd)} on the dear model, {price(by_router.usd)} by the router and "
            f"{price(first.usd)} with the cheap model first. The router sends {percent_of(by_router.dear_share)} to the dear "
            f"model in the end; the cheap model alone answers {percent_of(alone / 100)} well.")}
    elif inputs.strategy == DEVELOPMENT and not prices.why:
        shares = [100, hybrid.accepted_alone(mix_of(inputs)) * 100, 100]
        each = prices.cheap_usd + inputs.repeated_percent / 100 * prices.dear_usd
        found["reason"] = (f"A request of development costs {price(each)} instead of {price(prices.dear_usd)}, "
                           f"what is run twice included, and they are {show(inputs.development_percent, '%')} of all.")
    elif fleet:
        found, shares = found | _fleet_outputs(inputs, fleet), _answered(inputs, fleet)
        found["answered_alone_percent"], found["answered_both_percent"] = shares[1:]
    elif inputs.strategy == SPECIALISED:
        found |= _chosen(inputs, prices)
    requests = requests_of(inputs)
    rows: list[tuple[str, tuple[Value | NoValue, ...]]] = [
        (way.name, (NoValue(way.why), NoValue("none"), share) if way.usd == math.inf else
         (way.usd, way.usd / requests if requests else NoValue("no requests"), share))
        for way, share in zip(ways, shares, strict=True)]
    found["ways"] = Table((("Way", "text"), ("A month", "USD/month"), ("One request", "USD"), ("Requests answered", "%")),
                          (*rows, *_kind_rows(inputs, prices)))
    return found


def _kind_rows(inputs: Inputs, prices: Prices) -> list[tuple[str, tuple[Value | NoValue, ...]]]:
    """Of the best set of models what each kind of task costs, without the upkeep; nothing for another strategy."""
    many = choices(inputs, prices)[1] if inputs.strategy == SPECIALISED else None
    return [(f"of these, kind {number}: {model.label}, which scores {show(model.scores[kind.benchmark], '%')}",
             (kind.share * requests_of(inputs) * model.usd, model.usd, NoValue("not counted")))
            for (number, kind), model in zip(kinds_of(inputs), many.models if many else (), strict=bool(many))]


def _fleet_outputs(inputs: Inputs, fleet: Fleet) -> dict[str, Any]:
    """The number of servers, what is left for the API, and why."""
    peak = hybrid.peak_servers(fleet.month)
    by_servers = {0: fleet.usd(0, 0), fleet.best: fleet.usd(fleet.best, inputs.upkeep_usd), peak: fleet.usd(peak, 0)}
    servers = min(by_servers, key=lambda n: by_servers[n])
    work = hybrid.overflow_hours(fleet.month, 0)
    pays = (f"{show(round(fleet.server_usd / fleet.hour_usd, 1), 'hours')} of full work a month" if fleet.hour_usd
            else "no number of hours, since the API costs nothing")
    return {"servers": servers, "overflow_percent": hybrid.overflow_hours(fleet.month, servers) / work * 100 if work else 0.0,
            "reason": f"A server pays for itself with {pays}. The busiest hour would keep {_count(fleet.month[0].servers)} "
                      f"servers busy, the mean hour {_count(work / HOURS_PER_MONTH)}."}


def _count(servers: float) -> str:
    """Servers that are no whole number, for reading."""
    return show(round(servers, 2), "count")


def _answered(inputs: Inputs, fleet: Fleet) -> list[Value | NoValue]:
    """Of each way the share of requests that are answered, in per cent."""
    up, api = inputs.server_up_percent / 100, inputs.api_up_percent / 100
    alone, part = (hybrid.answered_share(fleet.month, n, up) for n in (hybrid.peak_servers(fleet.month), fleet.best))
    return [api * 100, alone * 100, hybrid.with_fallback(part, api) * 100]


def _chosen(inputs: Inputs, prices: Prices) -> dict[str, Any]:
    """What each kind of task runs on in the best set, and why."""
    one, many = choices(inputs, prices)
    if not many:
        return {"chosen": "no set of two or more", "reason": (
            f"{one.models[0].label} is the cheapest for every kind." if one else "No model meets every floor.")}
    each = "; ".join(f"{n}: {model.label}" for (n, _), model in zip(kinds_of(inputs), many.models, strict=True))
    single = (f"One model for everything is {one.models[0].label} at {price(one.models[0].usd)} a request." if one
              else "No single model meets every floor.")
    usd = many.usd / requests_of(inputs) if requests_of(inputs) else 0
    return {"chosen": each, "reason": f"{single} {len({m.row for m in many.models})} models together come to "
                                      f"{price(usd)}, upkeep included."}


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    return steps(inputs, outputs, CALCULATOR.results())


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Chart:
    """The month's cost against the input that decides, or by the number of servers."""
    return chart_of(inputs, outputs, CALCULATOR.fields())


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each number of the strategy alone, the nearest values above and below at which the answer changes."""
    return flips_of(inputs, prices_of(inputs, facts), CALCULATOR.fields())


_ANCHORS = {TIERED: "guide/hybrid/#tiered-routing", DEVELOPMENT: "guide/hybrid/#development-and-production",
            FALLBACK: "guide/hybrid/#fallback", SPECIALISED: "guide/hybrid/#specialised-routing"}


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    return [Link("When this strategy pays, and what it costs beside money", _ANCHORS[inputs.strategy]),
            Link("More models for the two places: the API cost calculator", "calculators/api-cost/")]


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    found = []
    prices = outputs.prices
    if inputs.strategy != SPECIALISED and prices.why:
        found.append(f"Not every model can take this request. {prices.why}.")
    if inputs.strategy in (TIERED, DEVELOPMENT) and prices.cheap_usd >= prices.dear_usd:
        found.append("The cheap model costs no less than the dear one for this request: perhaps they are the wrong way round.")
    if inputs.strategy == SPECIALISED:
        found.append("Few models have a score in each benchmark, and scores at high effort cost more tokens than are counted "
                     "here: a shortlist for your own test, no more.")
    return found


CALCULATOR = Calculator(
    slug="routing",
    title="Routing",
    question="When does a mix of models, or of servers and an API, cost less than one of them alone?",
    version="1.0",
    data=(PRICES, SHAPES, scores.TABLE, "routing"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    flips=flips,
    warnings=warnings,
)
