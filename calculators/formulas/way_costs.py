"""What a month of each way to run a language model costs: tokens, servers, and the two hybrids of them."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from calculators import routing
from calculators.formulas import hybrid, three_ways
from calculators.formulas.decision_inputs import Inputs
from calculators.formulas.market import Sold
from calculators.formulas.options import BURST, EDGE, HOSTED, PROPRIETARY, REGIONAL, ROUTE
from calculators.formulas.own_servers import HAD, Servers, exact
from calculators.kit.shape import NoValue
from calculators.kit.units import DAYS_PER_MONTH, HOURS_PER_MONTH, Range


def costs_of(inputs: Inputs, ways: Iterable[str], sold: Mapping[str, Sold], servers: Servers,
             month: Sequence[hybrid.Load], *, central: bool = False) -> dict[str, Range | NoValue]:
    """What a month of each way costs in USD; a range where it rests on throughput or on what GPUs are had for.

    `central`: the central estimate alone, for searches.
    """
    requests = inputs.requests_per_day * DAYS_PER_MONTH
    usd = {way: one.usd(inputs.residency) for way, one in sold.items()}
    dear = [usd[way] for way in (PROPRIETARY, REGIONAL) if way in usd]

    def cost(way: str) -> Range | NoValue:
        if way in usd:
            return exact(requests * usd[way])
        if way in HAD:
            return servers.month(HAD[way], inputs, central=central)
        if way == ROUTE and dear and HOSTED in usd:
            return _routed(inputs, min(dear), usd[HOSTED])
        if way == BURST and HOSTED in usd:
            return _burst(inputs, servers, usd[HOSTED], month, central=central)
        return NoValue("not counted" if way == EDGE else "no offer")

    return {way: cost(way) for way in ways}


def _routed(inputs: Inputs, dear_usd: float, cheap_usd: float) -> Range:
    """A month of tiered routing, with the errors and the price of a router that the hybrid page starts from."""
    usual = _routing_defaults()
    mix = hybrid.Mix(inputs.easy_percent / 100, usual["sent_up_percent"] / 100, usual["sent_down_percent"] / 100,
                     usual["rejected_percent"] / 100)
    routed = hybrid.routed(mix, dear_usd, cheap_usd + usual["check_usd"] / 1000, usual["router_usd"] / 1000)
    return exact(inputs.requests_per_day * DAYS_PER_MONTH * routed.usd + usual["upkeep_usd"])


@functools.lru_cache(maxsize=1)
def _routing_defaults() -> dict[str, float]:
    """What the hybrid page starts from."""
    names = ("sent_up_percent", "sent_down_percent", "rejected_percent", "check_usd", "router_usd", "upkeep_usd")
    return {field.name: float(str(field.default)) for field in fields(routing.Inputs) if field.name in names}


def _burst(inputs: Inputs, servers: Servers, host_usd: float, month: Sequence[hybrid.Load], *,
           central: bool = False) -> Range | NoValue:
    """A month of as many rented replicas as pay, with a host for the rest; people and storage as without the host.

    `central`: the central estimate alone, for searches.
    """
    hour, case = servers.hour(three_ways.ON_DEMAND, inputs.gpu_hour_usd), servers.case
    if isinstance(hour, NoValue):
        return hour

    def usd(speed: float, hour_usd: float) -> float:
        capacity = case.capacity * speed
        loads = hybrid.scaled(month, inputs.requests_per_day / capacity)
        replica, overflow = hour_usd * HOURS_PER_MONTH, capacity * host_usd
        number = hybrid.best_servers(loads, replica, overflow)
        return servers.fixed_usd(inputs) + hybrid.burst_usd(loads, number, replica, overflow)

    return exact(usd(1, hour.central)) if central else Range(
        usd(servers.span[1], hour.low), usd(1, hour.central), usd(servers.span[0], hour.high))
