"""Where the answer of a hybrid strategy changes as one of its inputs moves."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from calculators.formulas.routing_ways import (
    ANSWERS,
    DEVELOPMENT,
    FALLBACK,
    SPECIALISED,
    TIE,
    TIERED,
    Prices,
    cheapest,
    costs_of,
    fleet_of,
)
from calculators.kit.fields import Field
from calculators.kit.search import Change, changes, just_beyond, varied
from calculators.kit.shape import Flip

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.routing import Inputs

_MOVES = {
    TIERED: ("easy_percent", "sent_up_percent", "sent_down_percent", "rejected_percent", "router_usd", "upkeep_usd",
             "requests_per_day"),
    DEVELOPMENT: ("development_percent", "repeated_percent", "upkeep_usd", "requests_per_day"),
    FALLBACK: ("server_usd_per_hour", "tokens_per_second", "utilisation_percent", "upkeep_usd", "requests_per_day"),
    SPECIALISED: ("kind_1_floor", "kind_2_floor", "kind_3_floor", "kind_1_percent", "kind_2_percent", "kind_3_percent",
                  "upkeep_usd", "requests_per_day"),
}


def flips_of(inputs: "Inputs", prices: Prices, fields: Mapping[str, Field]) -> list[Flip]:
    """For each number of the strategy alone, the nearest values above and below at which the answer changes."""
    costs = costs_of(inputs, prices)
    if not min(costs):
        return []
    mine = cheapest(costs)
    return [flip for name in _MOVES[inputs.strategy] for flip in _flips_of(fields[name], name, mine, inputs, prices)]


def _flips_of(spec: Field, name: str, mine: int, inputs: "Inputs", prices: Prices) -> list[Flip]:
    """The flips of one input; `mine` is which way is the cheapest today."""

    def at(value: float) -> tuple[float, ...]:
        return costs_of(varied(inputs, {name: value}), prices)

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


def _corners(name: str, inputs: "Inputs", prices: Prices) -> list[float]:
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
