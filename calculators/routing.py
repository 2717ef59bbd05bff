"""Two kinds of model together: what each of four hybrid strategies costs against one kind alone."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from calculators.formulas import hybrid, scores
from calculators.formulas.prices import EVEN, Job, called, clock_of, misfit, offer_of, plain_name, request_usd, retired
from calculators.formulas.prices import TABLE as PRICES
from calculators.kit import workload
from calculators.kit.chart import Bars, Chart, Line, Lines
from calculators.kit.facts import Facts, Value
from calculators.kit.search import Change, changes, just_beyond
from calculators.kit.shape import (
    LEFT_OUT,
    Calculator,
    Flip,
    FromFact,
    Link,
    NoValue,
    Step,
    Table,
    choice,
    folded,
    number,
    output,
    when,
)
from calculators.kit.units import DAYS_PER_MONTH, HOURS_PER_MONTH, show, significant

SHAPES = "day-shapes"
TIERED, DEVELOPMENT, FALLBACK, SPECIALISED = "tiered", "development", "fallback", "specialised"
STRATEGIES = {
    TIERED: "Tiered routing: easy requests to the cheap model",
    DEVELOPMENT: "Development on the cheap model, users on the dear one",
    FALLBACK: "Servers of your own, an API for the rest",
    SPECIALISED: "A model for each kind of task",
}
NONE = "None of these ways is possible"
NOTHING = "Nothing to pay, whichever way"
LAST_RESORT = 1e300  # USD: dearer than whatever is possible
TIE = 1e-12  # the part by which costs may differ and be the same
MOST_DRAWN = 40  # numbers of servers that are drawn one by one


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


class Way(NamedTuple):
    """One way to serve the workload: the answer if it is the cheapest, and a month of it in USD (infinite: impossible)."""

    name: str
    answer: str
    usd: float
    mixed: bool = False  # a hybrid, not a pure way
    why: str = ""  # it is impossible


class Prices(NamedTuple):
    """What does not depend on the strategy's own numbers."""

    dear_usd: float  # one request; infinite if the model cannot take it
    cheap_usd: float
    dear: str
    cheap: str
    why: str  # which of the two cannot take it
    day: list[hybrid.Load]  # a month in which an average day has one hour of a server's work
    candidates: tuple[hybrid.Candidate, ...]
    met: dict[tuple[tuple[str, float], ...], tuple[Any, Any]]  # by floors: the models and the sets that meet them


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


@functools.lru_cache(maxsize=2)  # the flips ask for what the answer asked for
def prices_of(inputs: Inputs, facts: Facts) -> Prices:
    """The prices of one request, the day, and the models that have scores. Raises InputError for hours that cannot be read.

    Where a host has peak hours, the price is the mean over an even day.
    """
    rows = facts.rows(PRICES)
    job = Job(inputs.input_tokens, inputs.output_tokens)
    usd, labels, reasons = [], [], []
    for row in (inputs.dear_model, inputs.cheap_model):
        offer = offer_of(row, rows[row], EVEN)
        labels.append(called(rows[row]))
        usd.append(math.inf if isinstance(offer, NoValue) else request_usd(offer, job))
        why = offer.why if isinstance(offer, NoValue) else misfit(offer, job)
        reasons += [f"{labels[-1]}: {why}"] if why else []
    clock = clock_of(inputs, facts.rows(SHAPES)) if inputs.strategy == FALLBACK else EVEN
    month = hybrid.month_of(clock.hours, clock.weekend, 1)
    candidates = _candidates(job, facts) if inputs.strategy == SPECIALISED else ()
    return Prices(usd[0], usd[1], labels[0], labels[1], "; ".join(reasons), month, candidates, {})


def _candidates(job: Job, facts: Facts) -> tuple[hybrid.Candidate, ...]:
    """The models that have a score and a price and can take the request, each on its cheapest host, as far as they matter."""
    scored = scores.by_model(facts)
    cheapest: dict[str, hybrid.Candidate] = {}
    for row, values in facts.rows(PRICES).items():
        name = plain_name(values["model"])
        if name in scored and not retired(values):
            offer = offer_of(row, values, EVEN)
            usd = math.inf if isinstance(offer, NoValue) else request_usd(offer, job)
            if usd < (cheapest[name].usd if name in cheapest else math.inf):
                cheapest[name] = hybrid.Candidate(row, called(values), usd, scored[name])
    return tuple(hybrid.undominated(list(cheapest.values())))


def requests_of(inputs: Inputs) -> float:
    """Requests of a month of 30 days."""
    return inputs.requests_per_day * DAYS_PER_MONTH


def mix_of(inputs: Inputs) -> hybrid.Mix:
    """The shares of tiered routing, from 0 to 1."""
    return hybrid.Mix(inputs.easy_percent / 100, inputs.sent_up_percent / 100, inputs.sent_down_percent / 100,
                      inputs.rejected_percent / 100)


ANSWERS = {
    TIERED: ("The dear model alone costs least: what the hybrid adds costs more than it saves",
             "The cheap model alone costs least, and answers well often enough",
             "Tiered routing costs less than either model alone: the requests it saves are worth its errors",
             "Trying the cheap model first costs least: its failed tries cost less than a router", NONE),
    DEVELOPMENT: ("The dear model alone costs least: what the hybrid adds costs more than it saves",
                  "The cheap model alone costs least, and answers well often enough",
                  "The cheap model for development costs least: users get the dear one", NONE),
    FALLBACK: ("The API alone costs least: no server works enough hours to pay for itself",
               "Servers for the whole peak cost least: the last of them still pays for itself",
               "Servers for the usual load and the API for the peaks cost least", NONE),
    SPECIALISED: ("One model for every kind of task costs least: a second one saves less than its upkeep",
                  "A model for each kind of task costs less than one for all", NONE),
}
"""What the page says if a way of the strategy is the cheapest, in the order of `costs_of`."""

_MIXED = {TIERED: (2, 3), DEVELOPMENT: (2,), FALLBACK: (2,), SPECIALISED: (1,)}  # which of them are hybrids


def costs_of(inputs: Inputs, prices: Prices) -> tuple[float, ...]:
    """A month of each way that the strategy compares, in USD, pure ones first, and last that none is possible.

    Infinite: the way is not possible. Apart from `ways_of` since the flips ask it hundreds of times.
    """
    costs = {TIERED: _tiered, DEVELOPMENT: _development, FALLBACK: _fallback, SPECIALISED: _specialised}[inputs.strategy]
    return (*costs(inputs, prices), LAST_RESORT)


def ways_of(inputs: Inputs, prices: Prices) -> list[Way]:
    """The same ways with what each is called, and why those that are not possible are not."""
    costs = costs_of(inputs, prices)
    return [Way(name, answer, usd, i in _MIXED[inputs.strategy], why) for i, (usd, answer, (name, why)) in enumerate(
        zip(costs, ANSWERS[inputs.strategy], (*_named(inputs, prices), ("None", "")), strict=True))]


def _named(inputs: Inputs, prices: Prices) -> list[tuple[str, str]]:
    """What each way of the strategy is called, and why it is not possible if it is not."""
    if inputs.strategy == FALLBACK:
        rest = prices.dear if inputs.rest_model == "dear" else prices.cheap
        return [(name, prices.why) for name in (f"{rest} alone", "Servers for the peak", "Servers, and the API for the rest")]
    if inputs.strategy == SPECIALISED:
        one, _ = choices(inputs, prices)
        return [(f"{one.models[0].label} for everything" if one else "One model for everything",
                 "no model with a price has a score that meets every floor"),
                ("A model for each kind", "one model is the cheapest for every kind, or a floor is out of reach")]
    accepted = hybrid.accepted_alone(mix_of(inputs)) * 100
    few = "" if _enough(inputs) else f"it answers {_percent_of(accepted / 100)} well, too few"
    alone = [(f"{prices.dear} alone", prices.why), (f"{prices.cheap} alone", few or prices.why)]
    mixed = ("Cheap in development, dear for users",) if inputs.strategy == DEVELOPMENT else (
        "Tiered routing", "The cheap model first, no router")
    return [*alone, *((name, prices.why) for name in mixed)]


def _enough(inputs: Inputs) -> bool:
    """Whether the cheap model alone answers well often enough."""
    return hybrid.accepted_alone(mix_of(inputs)) * 100 >= inputs.accepted_floor_percent * (1 - 1e-12)


def _alone(inputs: Inputs, prices: Prices) -> tuple[float, float]:
    """A month of each of the two models for everything."""
    requests = requests_of(inputs)
    return _month(requests, prices.dear_usd, 0), _month(requests, prices.cheap_usd, 0) if _enough(inputs) else math.inf


def tiers(inputs: Inputs, prices: Prices) -> tuple[hybrid.Routed, hybrid.Routed]:
    """One request by tiered routing, and with the cheap model always first."""
    cheap = prices.cheap_usd + inputs.check_usd / 1000
    return (hybrid.routed(mix_of(inputs), prices.dear_usd, cheap, inputs.router_usd / 1000),
            hybrid.cheap_first(mix_of(inputs), prices.dear_usd, cheap))


def _tiered(inputs: Inputs, prices: Prices) -> tuple[float, ...]:
    if prices.why:
        return (*_alone(inputs, prices), math.inf, math.inf)
    requests = requests_of(inputs)
    return (*_alone(inputs, prices), *(_month(requests, way.usd, inputs.upkeep_usd) for way in tiers(inputs, prices)))


def _month(requests: float, usd: float, upkeep_usd: float) -> float:
    """A month in USD of requests that cost so much each; infinite if they cannot be served."""
    return requests * usd + upkeep_usd if usd < math.inf else math.inf


def _development(inputs: Inputs, prices: Prices) -> tuple[float, ...]:
    usd = math.inf if prices.why else hybrid.split_usd(
        prices.dear_usd, prices.cheap_usd, inputs.development_percent / 100, inputs.repeated_percent / 100)
    return (*_alone(inputs, prices), _month(requests_of(inputs), usd, inputs.upkeep_usd))


class Fleet(NamedTuple):
    """A month of servers with an API behind them."""

    month: list[hybrid.Load]
    server_usd: float  # one server for a month
    hour_usd: float  # an hour of a server's work, done by the API
    best: int  # servers of the hybrid

    def usd(self, servers: float, upkeep_usd: float) -> float:
        """A month of so many servers; the upkeep falls due where both kinds are in use."""
        both = 0 < servers < hybrid.peak_servers(self.month)
        return hybrid.burst_usd(self.month, servers, self.server_usd, self.hour_usd) + (upkeep_usd if both else 0)


def fleet_of(inputs: Inputs, prices: Prices) -> Fleet | None:
    """The servers that the workload needs, hour by hour; None if the API cannot take the request."""
    usd = prices.dear_usd if inputs.rest_model == "dear" else prices.cheap_usd
    if usd == math.inf:
        return None
    tokens = inputs.input_tokens + inputs.output_tokens
    hour = hybrid.server_hour_tokens(inputs.tokens_per_second, inputs.utilisation_percent / 100)
    month = hybrid.scaled(prices.day, inputs.requests_per_day * tokens / hour)
    server_usd, hour_usd = inputs.server_usd_per_hour * HOURS_PER_MONTH, hour / tokens * usd if tokens else 0
    return Fleet(month, server_usd, hour_usd, hybrid.best_servers(month, server_usd, hour_usd))


def _fallback(inputs: Inputs, prices: Prices) -> tuple[float, ...]:
    fleet = fleet_of(inputs, prices)
    if not fleet:
        return (math.inf,) * 3
    return (fleet.usd(0, 0), hybrid.peak_servers(fleet.month) * fleet.server_usd,
            hybrid.burst_usd(fleet.month, fleet.best, fleet.server_usd, fleet.hour_usd) + inputs.upkeep_usd)


def kinds_of(inputs: Inputs) -> list[tuple[int, hybrid.Kind]]:
    """The kinds of task that have requests, with their numbers."""
    shares = [inputs.kind_1_percent, inputs.kind_2_percent, inputs.kind_3_percent]
    benchmarks = [inputs.kind_1_benchmark, inputs.kind_2_benchmark, inputs.kind_3_benchmark]
    floors = [inputs.kind_1_floor, inputs.kind_2_floor, inputs.kind_3_floor]
    return [(i, hybrid.Kind(share / sum(shares), benchmark, floor))
            for i, (share, benchmark, floor) in enumerate(zip(shares, benchmarks, floors, strict=True), 1) if share]


def choices(inputs: Inputs, prices: Prices) -> tuple[hybrid.Choice | None, hybrid.Choice | None]:
    """The cheapest single model for everything, and the cheapest set of two or more."""
    kinds = [kind for _, kind in kinds_of(inputs)]
    if not kinds:
        return None, None
    floors = tuple((kind.benchmark, kind.floor) for kind in kinds)
    if floors not in prices.met:
        groups = hybrid.meeting(kinds, prices.candidates)
        prices.met[floors] = groups, hybrid.sets_of(groups, len(kinds))
    groups, sets = prices.met[floors]
    requests = requests_of(inputs)
    return hybrid.cheapest_one(kinds, groups, requests), hybrid.cheapest_set(kinds, sets, requests, inputs.upkeep_usd)


def _specialised(inputs: Inputs, prices: Prices) -> tuple[float, ...]:
    return tuple(choice.usd if choice else math.inf for choice in choices(inputs, prices))


def cheapest(costs: Sequence[float]) -> int:
    """Which is the least; of equals the first."""
    least = min(costs)
    least += abs(least) * TIE
    return next(i for i, usd in enumerate(costs) if usd <= least)


def best_of(ways: Sequence[Way]) -> Way:
    """The cheapest way, in the same sense."""
    return ways[cheapest([way.usd for way in ways])]


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
            f"A request costs {_price(prices.dear_usd)} on the dear model, {_price(by_router.usd)} by the router and "
            f"{_price(first.usd)} with the cheap model first. The router sends {_percent_of(by_router.dear_share)} to the dear "
            f"model in the end; the cheap model alone answers {_percent_of(alone / 100)} well.")}
    elif inputs.strategy == DEVELOPMENT and not prices.why:
        shares = [100, hybrid.accepted_alone(mix_of(inputs)) * 100, 100]
        each = prices.cheap_usd + inputs.repeated_percent / 100 * prices.dear_usd
        found["reason"] = (f"A request of development costs {_price(each)} instead of {_price(prices.dear_usd)}, "
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


def _price(usd: float) -> str:
    """The price of a request, for reading: to four digits."""
    return show(significant(usd, 4), "USD")


def _percent_of(share: float) -> str:
    """A share from 0 to 1, for reading: to three digits."""
    return show(significant(share * 100, 3), "%")


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
    single = (f"One model for everything is {one.models[0].label} at {_price(one.models[0].usd)} a request." if one
              else "No single model meets every floor.")
    usd = many.usd / requests_of(inputs) if requests_of(inputs) else 0
    return {"chosen": each, "reason": f"{single} {len({m.row for m in many.models})} models together come to "
                                      f"{_price(usd)}, upkeep included."}


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    how = {
        TIERED: "Dear share: what the router sends up, and what the cheap model fails. Published savings, on benchmarks and "
                "models of their own: {routing.savings.routellm-mt-bench} and {routing.savings.frugalgpt-headlines} at most",
        DEVELOPMENT: "{development_percent} of requests on the cheap model, {repeated_percent} of those again on the dear one, "
                     "the rest on the dear one",
        FALLBACK: "Each hour of the month: servers are paid for busy or not, the API for what they cannot take, at "
                  "{tokens_per_second} × {utilisation_percent} a server. The form starts with two H100, "
                  "{routing.server.price} and at most {routing.server.throughput}",
        SPECIALISED: "Every combination of models that meet the floors, on their cheapest hosts; {upkeep_usd} for each further "
                     "model",
    }[inputs.strategy]
    used = [(inputs.dear_model, outputs.prices.dear), (inputs.cheap_model, outputs.prices.cheap)]
    if inputs.strategy == FALLBACK:
        used = used[:1] if inputs.rest_model == "dear" else used[1:]
    if inputs.strategy == SPECIALISED:
        models = {model.row: model.label for choice in choices(inputs, outputs.prices) if choice for model in choice.models}
        used = list(models.items())
    texts = {name: f"{{{name}}}" for name in CALCULATOR.results()} | {
        name: text for name, text in (("saved_usd", "{pure_usd} − {hybrid_usd} = {saved_usd}"),
                                      ("saved_percent", "{saved_usd} ÷ {pure_usd} = {saved_percent}"))
        if not isinstance(getattr(outputs, name), NoValue)
    } | _working(inputs, outputs)
    return [
        *(Step("ways", f"{label}: input {{{PRICES}.{row}.input}}, output {{{PRICES}.{row}.output}}") for row, label in used),
        Step("ways", how),
        *(Step(name, text) for name, text in texts.items() if name != "ways" and getattr(outputs, name) != LEFT_OUT),
    ]


def _working(inputs: Inputs, outputs: Outputs) -> dict[str, str]:
    """How the figures of the asked strategy come about, by output; nothing where they have no value."""
    prices, requests = outputs.prices, "{requests_per_day} × 30 days"
    if isinstance(outputs.hybrid_usd, NoValue):
        return {}
    dear, cheap = (show(usd, "USD") if usd < math.inf else "" for usd in (prices.dear_usd, prices.cheap_usd))
    pure = best_of([way for way in ways_of(inputs, prices) if not way.mixed])
    found = {"pure_usd": f"{pure.name}, the cheapest that uses one thing for everything and will do: {{pure_usd}}"
             if pure.usd < LAST_RESORT else "{pure_usd}"}
    if inputs.strategy == TIERED:
        by_router, first = tiers(inputs, prices)
        better = min(by_router, first, key=lambda routed: routed.usd)
        router = "{router_usd} ÷ 1,000 + " if better is by_router else ""
        return found | {
            "hybrid_usd": f"{requests} × {{accepted_usd}} + {{upkeep_usd}} = {{hybrid_usd}}",
            "dear_share_percent": ("what the router sends up, {sent_up_percent} of easy requests and all but "
                                   "{sent_down_percent} of hard ones" if better is by_router else "every hard request")
            + ", and what the cheap model fails: {dear_share_percent}",
            "accepted_usd": f"{router}{show(better.cheap_share * 100, '%')} × ({cheap} + {{check_usd}} ÷ 1,000) + "
                            f"{{dear_share_percent}} × {dear} = {{accepted_usd}}; all requests are answered in the end",
        }
    if inputs.strategy == DEVELOPMENT:
        users = f"(100 % − {{development_percent}}) × {dear}"
        each = f"{{development_percent}} × ({cheap} + {{repeated_percent}} × {dear}) + {users}"
        return found | {"hybrid_usd": f"{requests} × ({each}) + {{upkeep_usd}} = {{hybrid_usd}}"}
    fleet = fleet_of(inputs, prices) if inputs.strategy == FALLBACK else None
    if fleet:
        rest = show(hybrid.overflow_hours(fleet.month, fleet.best), "hours")
        return found | {
            "hybrid_usd": f"{show(fleet.best, 'servers')} × {{server_usd_per_hour}} × 720 hours + {rest} left × "
                          f"{show(fleet.hour_usd, 'USD')} an hour on the API + {{upkeep_usd}} = {{hybrid_usd}}",
            "servers": "of all numbers from none to the peak the one with the cheapest month: {servers}",
            "overflow_percent": "the hours of a server's work that so many cannot take, of all: {overflow_percent}",
            "answered_alone_percent": "each server is up {server_up_percent} of the time, independently: what those "
                                      "that are up can take, in the mean over the month: {answered_alone_percent}",
            "answered_both_percent": f"the same for {show(fleet.best, 'servers')}, and of the rest {{api_up_percent}} by the "
                                     "API: {answered_both_percent}",
        }
    return found | {"hybrid_usd": "the kinds of task in the table, each at its model's price, and {upkeep_usd} for each model "
                                  "beyond the first: {hybrid_usd}"}


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Chart:
    """The month's cost against the input that decides, or by the number of servers."""
    prices = outputs.prices
    fleet = fleet_of(inputs, prices) if inputs.strategy == FALLBACK else None
    if fleet:
        return _by_servers(inputs, outputs, fleet)
    name = {TIERED: "easy_percent", DEVELOPMENT: "development_percent", SPECIALISED: "kind_3_percent"}.get(inputs.strategy)
    if not name:
        return Bars("What a month costs", "USD/month", ["A month"], [("None is possible", [0])], by="Way")
    points: dict[str, list[tuple[float, float]]] = {}
    yours = getattr(inputs, name)
    if name == "kind_3_percent":
        yours = yours / ((inputs.kind_1_percent + inputs.kind_2_percent + yours) or 1) * 100
    places = [float(x) for x in range(0, 101, 10)]
    for x in places:
        labels = ["One model", "A model for each kind"] if name == "kind_3_percent" else []
        for i, way in enumerate(ways_of(_at(inputs, name, x), prices)[:-1]):
            if way.usd < math.inf:
                points.setdefault(labels[i] if labels else way.name, []).append((x, way.usd))
    lines = [Line(label, found) for label, found in points.items() if len(found) > 1]
    if not lines:
        return Bars("What a month costs", "USD/month", ["A month"], [("None is possible", [0])], by="Way")
    axis = CALCULATOR.fields()[name].label
    return Lines(f"Cost of a month by {axis[0].lower()}{axis[1:]}", axis, "%", "Cost", "USD/month", lines, places,
                 (yours, f"yours: {show(yours, '%')}"))


def _at(inputs: Inputs, name: str, x: float) -> Inputs:
    """The inputs with one share moved; of the kinds of task the others in proportion."""
    others = inputs.kind_1_percent + inputs.kind_2_percent
    if name != "kind_3_percent" or not others:
        return replace(inputs, **{name: x})  # type: ignore[arg-type]
    rest = (100 - x) / others
    return replace(inputs, kind_1_percent=inputs.kind_1_percent * rest, kind_2_percent=inputs.kind_2_percent * rest,
                   kind_3_percent=x)


def _by_servers(inputs: Inputs, outputs: Outputs, fleet: Fleet) -> Lines:
    """The cost by the number of servers, from none to the peak, with the cheapest marked."""
    best = outputs.servers if isinstance(outputs.servers, int) else 0
    most = max(1, hybrid.peak_servers(fleet.month))
    step = max(1, -(-most // MOST_DRAWN))
    numbers = sorted({*range(0, most, step), most, best, fleet.best})
    together = [(float(n), fleet.usd(n, inputs.upkeep_usd)) for n in numbers]
    return Lines("Cost of a month by number of servers", "Servers", "count", "Cost", "USD/month",
                 (Line("Servers and the API", together, dots=len(numbers) <= MOST_DRAWN),
                  Line("Servers only", [(float(n), n * fleet.server_usd) for n in numbers])),
                 [float(n) for n in numbers], (float(best), f"cheapest: {show(best, 'servers')}"))


_MOVES = {
    TIERED: ("easy_percent", "sent_up_percent", "sent_down_percent", "rejected_percent", "router_usd", "upkeep_usd",
             "requests_per_day"),
    DEVELOPMENT: ("development_percent", "repeated_percent", "upkeep_usd", "requests_per_day"),
    FALLBACK: ("server_usd_per_hour", "tokens_per_second", "utilisation_percent", "upkeep_usd", "requests_per_day"),
    SPECIALISED: ("kind_1_floor", "kind_2_floor", "kind_3_floor", "kind_1_percent", "kind_2_percent", "kind_3_percent",
                  "upkeep_usd", "requests_per_day"),
}


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each number of the strategy alone, the nearest values above and below at which the answer changes."""
    prices = prices_of(inputs, facts)
    costs = costs_of(inputs, prices)
    if not min(costs):
        return []
    mine = cheapest(costs)
    return [flip for name in _MOVES[inputs.strategy] for flip in _flips_of(name, mine, inputs, prices)]


def _moved(inputs: Inputs, name: str, value: float) -> Inputs:
    """The inputs with one number changed. As dataclasses.replace, but much faster: flips ask hundreds of times."""
    moved = object.__new__(Inputs)
    vars(moved).update(vars(inputs))
    vars(moved)[name] = value
    return moved


def _flips_of(name: str, mine: int, inputs: Inputs, prices: Prices) -> list[Flip]:
    spec = CALCULATOR.fields()[name]

    def at(value: float) -> tuple[float, ...]:
        return costs_of(_moved(inputs, name, value), prices)

    def gap(value: float) -> float:
        costs = at(value)
        own, sooner, later = costs[mine], min(costs[:mine], default=math.inf), min(costs[mine + 1:], default=math.inf)
        if own == math.inf:
            return -math.inf
        tie = TIE * own  # of equals the first is the answer
        if abs(sooner - own) <= tie:
            return -tie
        return 0.0 if sooner > own and abs(later - own) <= tie else min(sooner, later) - own

    low, now = spec.min if spec.min is not None else 1e-6, getattr(inputs, name)
    found = []
    high = spec.max or now
    for value, beyond in changes(gap, now, min(low, now), high, _corners(name, inputs, prices), points=6):
        change = Change(now if abs(value - now) <= 1e-8 * max(1, abs(now)) else value, beyond)
        if beyond == "below" and value - low < 1e-8 * max(1, abs(low)):  # at the end alone, as a kind of task with no share
            change = Change(low, beyond := "up to")
        then = cheapest(at(low if beyond == "up to" else just_beyond(change, whole=False, low=low, high=high)))
        found.append(Flip(name, change.value, spec.unit, ANSWERS[inputs.strategy][then], beyond=beyond))
    return found or [Flip(name, None, spec.unit, why="no value of this alone changes it")]


def _corners(name: str, inputs: Inputs, prices: Prices) -> list[float]:
    """The values beside which the cost jumps: a floor at each score, and where the peak needs one server more or less."""
    if name.endswith("_floor"):
        benchmark = getattr(inputs, name.replace("_floor", "_benchmark"))
        floors = sorted({c.scores[benchmark] for c in prices.candidates if benchmark in c.scores})
        return [side for score in floors for side in (score, score * (1 + 1e-9))]
    if name in ("tokens_per_second", "utilisation_percent", "requests_per_day") and inputs.strategy == FALLBACK:
        fleet = fleet_of(inputs, prices)
        peak = fleet.month[0].servers if fleet else 0
        around = [n for n in range(max(1, math.floor(peak) - 1), math.floor(peak) + 3) if peak]
        ratios = [n / peak if name == "requests_per_day" else peak / n for n in around]
        return [getattr(inputs, name) * ratio * side for ratio in ratios for side in (1 - 1e-9, 1 + 1e-9)]
    if name.startswith("kind_"):
        return [1e-6]
    return []


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
