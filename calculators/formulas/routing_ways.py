"""What a month costs by each way of the routing calculator's four strategies, and which of them is the cheapest.

The arithmetic of each is in formulas/hybrid.py; here the reader's choices and the list of prices meet it.
"""

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from calculators.formulas import hybrid, scores
from calculators.formulas.prices import EVEN, SHAPES, Job, called, clock_of, misfit, offer_of, plain_name, request_usd, retired
from calculators.formulas.prices import TABLE as PRICES
from calculators.kit.facts import Facts
from calculators.kit.shape import NoValue
from calculators.kit.units import DAYS_PER_MONTH, HOURS_PER_MONTH, show, significant

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.routing import Inputs

TIERED, DEVELOPMENT, FALLBACK, SPECIALISED = "tiered", "development", "fallback", "specialised"
NONE = "None of these ways is possible"
LAST_RESORT = 1e300  # USD: dearer than whatever is possible
TIE = 1e-12  # the part by which costs may differ and be the same


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


@functools.lru_cache(maxsize=2)  # the flips ask for what the answer asked for
def prices_of(inputs: "Inputs", facts: Facts) -> Prices:
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


def requests_of(inputs: "Inputs") -> float:
    """Requests of a month of 30 days."""
    return inputs.requests_per_day * DAYS_PER_MONTH


def mix_of(inputs: "Inputs") -> hybrid.Mix:
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


def costs_of(inputs: "Inputs", prices: Prices) -> tuple[float, ...]:
    """A month of each way that the strategy compares, in USD, pure ones first, and last that none is possible.

    Infinite: the way is not possible. Apart from `ways_of` since the flips ask it hundreds of times.
    """
    costs = {TIERED: _tiered, DEVELOPMENT: _development, FALLBACK: _fallback, SPECIALISED: _specialised}[inputs.strategy]
    return (*costs(inputs, prices), LAST_RESORT)


def ways_of(inputs: "Inputs", prices: Prices) -> list[Way]:
    """The same ways with what each is called, and why those that are not possible are not."""
    costs = costs_of(inputs, prices)
    return [Way(name, answer, usd, i in _MIXED[inputs.strategy], why) for i, (usd, answer, (name, why)) in enumerate(
        zip(costs, ANSWERS[inputs.strategy], (*_named(inputs, prices), ("None", "")), strict=True))]


def _named(inputs: "Inputs", prices: Prices) -> list[tuple[str, str]]:
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
    few = "" if _enough(inputs) else f"it answers {percent_of(accepted / 100)} well, too few"
    alone = [(f"{prices.dear} alone", prices.why), (f"{prices.cheap} alone", few or prices.why)]
    mixed = ("Cheap in development, dear for users",) if inputs.strategy == DEVELOPMENT else (
        "Tiered routing", "The cheap model first, no router")
    return [*alone, *((name, prices.why) for name in mixed)]


def _enough(inputs: "Inputs") -> bool:
    """Whether the cheap model alone answers well often enough."""
    return hybrid.accepted_alone(mix_of(inputs)) * 100 >= inputs.accepted_floor_percent * (1 - 1e-12)


def _alone(inputs: "Inputs", prices: Prices) -> tuple[float, float]:
    """A month of each of the two models for everything."""
    requests = requests_of(inputs)
    return _month(requests, prices.dear_usd, 0), _month(requests, prices.cheap_usd, 0) if _enough(inputs) else math.inf


def tiers(inputs: "Inputs", prices: Prices) -> tuple[hybrid.Routed, hybrid.Routed]:
    """One request by tiered routing, and with the cheap model always first."""
    cheap = prices.cheap_usd + inputs.check_usd / 1000
    return (hybrid.routed(mix_of(inputs), prices.dear_usd, cheap, inputs.router_usd / 1000),
            hybrid.cheap_first(mix_of(inputs), prices.dear_usd, cheap))


def _tiered(inputs: "Inputs", prices: Prices) -> tuple[float, ...]:
    if prices.why:
        return (*_alone(inputs, prices), math.inf, math.inf)
    requests = requests_of(inputs)
    return (*_alone(inputs, prices), *(_month(requests, way.usd, inputs.upkeep_usd) for way in tiers(inputs, prices)))


def _month(requests: float, usd: float, upkeep_usd: float) -> float:
    """A month in USD of requests that cost so much each; infinite if they cannot be served."""
    return requests * usd + upkeep_usd if usd < math.inf else math.inf


def _development(inputs: "Inputs", prices: Prices) -> tuple[float, ...]:
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


def fleet_of(inputs: "Inputs", prices: Prices) -> Fleet | None:
    """The servers that the workload needs, hour by hour; None if the API cannot take the request."""
    usd = prices.dear_usd if inputs.rest_model == "dear" else prices.cheap_usd
    if usd == math.inf:
        return None
    tokens = inputs.input_tokens + inputs.output_tokens
    hour = hybrid.server_hour_tokens(inputs.tokens_per_second, inputs.utilisation_percent / 100)
    month = hybrid.scaled(prices.day, inputs.requests_per_day * tokens / hour)
    server_usd, hour_usd = inputs.server_usd_per_hour * HOURS_PER_MONTH, hour / tokens * usd if tokens else 0
    return Fleet(month, server_usd, hour_usd, hybrid.best_servers(month, server_usd, hour_usd))


def _fallback(inputs: "Inputs", prices: Prices) -> tuple[float, ...]:
    fleet = fleet_of(inputs, prices)
    if not fleet:
        return (math.inf,) * 3
    return (fleet.usd(0, 0), hybrid.peak_servers(fleet.month) * fleet.server_usd,
            hybrid.burst_usd(fleet.month, fleet.best, fleet.server_usd, fleet.hour_usd) + inputs.upkeep_usd)


def kinds_of(inputs: "Inputs") -> list[tuple[int, hybrid.Kind]]:
    """The kinds of task that have requests, with their numbers."""
    shares = [inputs.kind_1_percent, inputs.kind_2_percent, inputs.kind_3_percent]
    benchmarks = [inputs.kind_1_benchmark, inputs.kind_2_benchmark, inputs.kind_3_benchmark]
    floors = [inputs.kind_1_floor, inputs.kind_2_floor, inputs.kind_3_floor]
    return [(i, hybrid.Kind(share / sum(shares), benchmark, floor))
            for i, (share, benchmark, floor) in enumerate(zip(shares, benchmarks, floors, strict=True), 1) if share]


def choices(inputs: "Inputs", prices: Prices) -> tuple[hybrid.Choice | None, hybrid.Choice | None]:
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


def _specialised(inputs: "Inputs", prices: Prices) -> tuple[float, ...]:
    return tuple(choice.usd if choice else math.inf for choice in choices(inputs, prices))


def cheapest(costs: Sequence[float]) -> int:
    """Which is the least; of equals the first."""
    least = min(costs)
    least += abs(least) * TIE
    return next(i for i, usd in enumerate(costs) if usd <= least)


def best_of(ways: Sequence[Way]) -> Way:
    """The cheapest way, in the same sense."""
    return ways[cheapest([way.usd for way in ways])]


def price(usd: float) -> str:
    """The price of a request, for reading: to four digits."""
    return show(significant(usd, 4), "USD")


def percent_of(share: float) -> str:
    """A share from 0 to 1, for reading: to three digits."""
    return show(significant(share * 100, 3), "%")
