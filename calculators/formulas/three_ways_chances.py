"""How often each of the three ways is the cheapest, when what break-even's full form is unsure of varies together."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from calculators.formulas import hosting, prices
from calculators.formulas.hosting import Case, Month
from calculators.formulas.three_ways import BOUGHT, CALLED, HOSTED, OWN, PROPRIETARY, Inputs, Setting, setting_of, spread_of
from calculators.kit.chances import Chances, Deviates, Swing, cheapest_shares, widest
from calculators.kit.facts import Facts
from calculators.kit.shape import NoValue
from calculators.kit.units import DAYS_PER_MONTH, HOURS_PER_MONTH, show, significant
from calculators.kit.units import number as show_number


class Unsure(NamedTuple):
    """An input that is not known exactly: factors low and high on it, and its ends as text."""

    label: str
    low: float
    high: float
    low_at: str
    high_at: str


def unsure(inputs: Inputs, facts: Facts, setting: Setting) -> dict[str, Unsure]:
    """What is drawn, by what it is a factor of: throughput, rent, hosted price, volume."""
    case, (slow, fast) = setting.case, setting.span
    volume = 1 + inputs.volume_range_percent / 100
    rent, hosted = setting.rent, _hosted_spread(inputs, facts, setting)
    per_hour = case.capacity * 100 / inputs.planned_load_percent
    usd = rent.usd or 0.0
    unit = "USD/month" if inputs.acquisition == BOUGHT else "USD/GPU-hour"
    card = (usd * HOURS_PER_MONTH if inputs.acquisition == BOUGHT else usd)
    return {
        "throughput": Unsure("Throughput of a replica", slow, fast, *(
            f"{_three(per_hour * factor)} requests an hour" for factor in (slow, fast))),
        "rent": Unsure("Price of a GPU", rent.low, rent.high, *(
            show(significant(card * factor, 3), unit) for factor in (rent.low, rent.high))),
        "hosted": Unsure("Price of the hosted open model", *hosted, *(
            f"{_three(case.hosted_usd * factor * 1000)} USD for a thousand requests" for factor in hosted)),
        "volume": Unsure("Volume", 1 / volume, volume, *(
            f"{_three(case.requests_per_day * factor)} requests per day" for factor in (1 / volume, volume))),
    }


def _three(value: float) -> str:
    return show_number(significant(value, 3)) if math.isfinite(value) else "none"


def _hosted_spread(inputs: Inputs, facts: Facts, setting: Setting) -> tuple[float, float]:
    """Factors on the price of the hosted model: what other hosts take for the same weights, for this request."""
    rows, caches, load = facts.rows(prices.TABLE), facts.rows("caches"), setting.base.load
    wanted, usd = rows[inputs.hosted_model].get("model_id"), []
    for row, values in rows.items():
        if values.get("model_id") == wanted and not prices.retired(values):
            offer = prices.offer_of(row, values, load.clock, 1, prices.cache_of(caches.get(row, {})))
            request = math.inf if isinstance(offer, NoValue) else prices.request_usd(offer, load.job)
            usd += [request] if request < math.inf else []
    central = setting.case.hosted_usd / (1 + inputs.surcharge_percent / 100) if inputs.surcharge_percent > -100 else 0.0
    return spread_of(sorted(usd), central) if usd and 0 < central < math.inf else (1.0, 1.0)


def chances_of(inputs: Inputs, facts: Facts) -> Chances | None:
    """How often each way is the cheapest when what is unsure varies together; None where fewer than two are possible."""
    setting = setting_of(inputs, facts)
    case, month = setting.case, hosting.month_of(setting.case)
    possible = [name for name, usd in zip(Month._fields, month, strict=True) if usd < math.inf]
    if len(possible) < 2 or not inputs.requests_per_day:
        return None
    found = unsure(inputs, facts, setting)
    draw = Deviates()
    factors = {name: draw.factors(max(1e-9, one.low), one.high) for name, one in found.items()}
    volumes = [case.requests_per_day * factor for factor in factors["volume"]]
    costs: dict[str, Sequence[float]] = {}
    if PROPRIETARY in possible:
        costs[PROPRIETARY] = [volume * DAYS_PER_MONTH * case.proprietary_usd for volume in volumes]
    if HOSTED in possible:
        costs[HOSTED] = [volume * DAYS_PER_MONTH * case.hosted_usd * factor
                         for volume, factor in zip(volumes, factors["hosted"], strict=True)]
    if OWN in possible:
        costs[OWN] = _own_draws(case, volumes, factors["throughput"], factors["rent"])
    labels = {name: CALLED[name] for name in possible}
    return Chances(cheapest_shares(costs), labels, _swings(case, found, possible),
                   "What running it yourself costs beyond the cheaper API", "USD/month", _drawn(inputs, setting, found))


def _own_draws(case: Case, volumes: Sequence[float], speeds: Sequence[float], rents: Sequence[float]) -> list[float]:
    """One's own month in each draw. What hours_paid does, with the arithmetic of the usual case written out, since it is done
    thousands of times."""
    fleet, found = case.fleet, []
    traffic, idle = DAYS_PER_MONTH * case.traffic_usd, fleet.reserve + fleet.staging
    needed, each = fleet.peak / case.capacity, HOURS_PER_MONTH * case.replica_usd
    for volume, speed, rent in zip(volumes, speeds, rents, strict=True):
        if fleet.scaling == hosting.ALWAYS:
            replicas = max(1, math.ceil(volume * needed / speed * (1 - 1e-12))) + idle
            found.append(case.fixed_usd + volume * traffic + replicas * each * rent)
        else:
            hours = hosting.hours_paid(fleet, volume, case.capacity * speed).total
            found.append(case.fixed_usd + volume * traffic + hours * case.replica_usd * rent)
    return found


def _swings(case: Case, found: Mapping[str, Unsure], possible: Sequence[str]) -> list[Swing]:
    """What one's own costs beyond the cheaper API when one input alone is at its ends."""
    if OWN not in possible:
        return []

    def at(name: str, factor: float) -> float:
        moved = case
        if name == "throughput":
            moved = case._replace(capacity=case.capacity * factor)
        elif name == "rent":
            moved = case._replace(replica_usd=case.replica_usd * factor)
        elif name == "hosted":
            moved = case._replace(hosted_usd=case.hosted_usd * factor)
        elif name == "volume":
            moved = case._replace(requests_per_day=case.requests_per_day * factor)
        month = hosting.month_of(moved)
        return month.own - min(month.proprietary, month.hosted_open)

    central = at("", 1)
    return widest([Swing(one.label, at(name, one.low), central, at(name, one.high), one.low_at, one.high_at)
                   for name, one in found.items()])


def _drawn(inputs: Inputs, setting: Setting, found: Mapping[str, Unsure]) -> str:
    """What was drawn, and from what, in words."""
    parts = []
    if found["throughput"].low < 1 < found["throughput"].high:
        parts.append("the throughput from the errors that such estimates had")
    if found["rent"].low < 1 or found["rent"].high > 1:
        parts.append("the price of a GPU from the spread of the offers" if inputs.acquisition != BOUGHT
                     else "the price of a GPU from the spread of street prices")
    if found["hosted"].low < 1 or found["hosted"].high > 1:
        parts.append("the hosted price from what other hosts take for the same weights")
    if inputs.volume_range_percent:
        parts.append("the volume from how unsure you said it is")
    kept = "The proprietary price and everything else stand as they are."
    return f"Drawn together: {', '.join(parts)}. {kept}" if parts else f"Nothing is unsure here. {kept}"
