"""What break-even's full form gives: the three ways side by side, by how much the cheapest is cheaper, and the payback."""

import math
from dataclasses import dataclass
from typing import Any

from calculators.formulas import hosting, prices
from calculators.formulas.hosting import Case, Crossings, Month
from calculators.formulas.three_ways import ANSWERS, CALLED, HOSTED, OWN, PROPRIETARY, Inputs, Setting, crossings_of, setting_of
from calculators.formulas.three_ways_parts import parts_table
from calculators.formulas.three_ways_ranges import COST, ESTIMATE, ends_of, first_of, over, rounded
from calculators.formulas.three_ways_volumes import beats, by_volume, volumes_table
from calculators.kit.facts import Facts, Value
from calculators.kit.shape import NoValue, Table, output
from calculators.kit.units import DAYS_PER_MONTH, TOKENS_PER_MTOK, Range, show, significant

SOON = 0.1  # months
BOTH_APIS = "The two APIs cost the same, and less than running the model yourself"
IN_WORDS = {PROPRIETARY: "the proprietary API", HOSTED: "the hosted open model", OWN: "running it yourself"}


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What the full form gives. The bills of the APIs are exact arithmetic on list prices; what rests on the throughput of a
    replica is an estimate with its range, unless the reader measured it."""

    recommendation: str = output("Answer", headline=True)
    reason: str = output("By how much")
    proprietary_cost_usd: float | NoValue = output("Proprietary API, a month", unit="USD/month", digits=COST)
    hosted_open_cost_usd: float | NoValue = output("Hosted open model, a month", unit="USD/month", digits=COST)
    own_cost_usd: Range | float | NoValue = output("GPUs of your own or rented, a month", unit="USD/month", range=True,
                                                   digits=COST)
    replicas: Range | float | NoValue = output("Replicas for the busiest hour", unit="servers", range=True)
    proprietary_usd_per_mtok: float | NoValue = output("Proprietary API, per million tokens", unit="USD/Mtok", digits=COST)
    hosted_open_usd_per_mtok: float | NoValue = output("Hosted open model, per million tokens", unit="USD/Mtok", digits=COST)
    own_usd_per_mtok: Range | float | NoValue = output("Your own GPUs, per million tokens at this load", unit="USD/Mtok",
                                                       range=True, digits=ESTIMATE)
    payback_months: Range | float | NoValue = output("The set-up is paid back after", unit="months", range=True, decimals=1)
    by_volume: str = output("Cheapest by volume")
    beats_proprietary_tokens: Range | float | NoValue = output(
        "Running it yourself first costs less than the proprietary API above", unit="tokens/month", range=True,
        digits=ESTIMATE)
    beats_hosted_tokens: Range | float | NoValue = output(
        "Running it yourself first costs less than the hosted open model above", unit="tokens/month", range=True,
        digits=ESTIMATE)
    replica_requests_per_hour: Range | float | NoValue = output("Requests an hour that a replica is planned for", unit="count",
                                                                range=True, digits=ESTIMATE)
    busiest_hour_requests: float = output("Requests in the busiest hour", unit="count", decimals=1)
    used_percent: Range | float | NoValue = output("Paid replica hours in which the GPUs work", unit="%", range=True,
                                                   decimals=1)
    monthly_volume_tokens: float = output("Tokens a month", unit="tokens/month")
    ways: Table = output("The three ways", table=True)
    parts: Table = output("What a month is made of", table=True, closed=True)
    volumes: Table = output("Where the cheapest way changes", table=True, closed=True)
    setting: Setting | None
    crossings: Crossings


NAMES = ("reason", "proprietary_cost_usd", "hosted_open_cost_usd", "own_cost_usd", "replicas",
         "proprietary_usd_per_mtok", "hosted_open_usd_per_mtok", "own_usd_per_mtok", "payback_months", "by_volume",
         "beats_proprietary_tokens", "beats_hosted_tokens", "replica_requests_per_hour", "busiest_hour_requests",
         "used_percent", "monthly_volume_tokens", "ways", "parts", "volumes")
"""The outputs that the full form has and the simple one has not."""
NOTHING = Crossings((), math.inf)


def calculate(inputs: Inputs, facts: Facts) -> dict[str, Any]:
    """The outputs by name, for calculators/break_even, which adds what it leaves out."""
    setting = setting_of(inputs, facts)
    case = setting.case
    month = hosting.month_of(case)
    best = hosting.cheapest_of(month)
    crossings = crossings_of(inputs, facts)
    each = tokens_of(inputs)
    tokens = each * inputs.requests_per_day * DAYS_PER_MONTH
    own = over(setting, lambda c: hosting.own_usd(c, c.requests_per_day))
    return {
        "recommendation": BOTH_APIS if _level(month, best) else ANSWERS[best],
        "reason": _reason(month, best),
        "proprietary_cost_usd": _api_usd(setting.base.proprietary, case, month.proprietary, setting.base.load.job),
        "hosted_open_cost_usd": _api_usd(setting.base.hosted, case, month.hosted_open, setting.base.load.job),
        "own_cost_usd": own,
        "replicas": over(setting, lambda c: hosting.replicas_for(c.fleet, c.requests_per_day, c.capacity)),
        "proprietary_usd_per_mtok": _each(month.proprietary, tokens),
        "hosted_open_usd_per_mtok": _each(month.hosted_open, tokens),
        "own_usd_per_mtok": own if isinstance(own, NoValue) else _each(own, tokens),
        "payback_months": _payback(inputs, setting, month),
        "by_volume": by_volume(case, crossings),
        "beats_proprietary_tokens": beats(setting, PROPRIETARY, each),
        "beats_hosted_tokens": beats(setting, HOSTED, each),
        "replica_requests_per_hour": over(setting, lambda c: c.capacity),
        "busiest_hour_requests": inputs.requests_per_day * case.fleet.levels[0][0],
        "used_percent": over(setting, lambda c: _used_percent(inputs, c)),
        "monthly_volume_tokens": tokens,
        "ways": _ways(inputs, setting, month, tokens),
        "parts": parts_table(inputs, setting),
        "volumes": volumes_table(case, crossings, each),
        "setting": setting,
        "crossings": crossings,
    }


def tokens_of(inputs: Inputs) -> float:
    """Tokens of a request, all that are billed."""
    return float(inputs.input_tokens + inputs.overhead_tokens + inputs.output_tokens + inputs.reasoning_tokens)


def _level(month: Month, best: str) -> bool:
    """Whether the two APIs cost the same and nothing costs less."""
    return best == PROPRIETARY and math.isclose(month.proprietary, month.hosted_open, rel_tol=1e-12)


def _api_usd(offer: prices.Offer | NoValue, case: Case, usd: float, job: prices.Job) -> float | NoValue:
    """A month of an API, or why it has none."""
    if isinstance(offer, NoValue):
        return offer
    return NoValue(prices.misfit(offer, job)) if usd == math.inf else usd


def _each(usd: Range | float, tokens: float) -> Any:
    """USD per million tokens, of a month's cost or its range."""
    if not tokens:
        return NoValue("no tokens, so no cost per token")
    if isinstance(usd, Range):
        return Range(*(part / tokens * TOKENS_PER_MTOK for part in usd))
    return usd / tokens * TOKENS_PER_MTOK if usd < math.inf else NoValue("it cannot take this request")


def _used_percent(inputs: Inputs, case: Case) -> float:
    """Of the hours that are paid for serving, the share in which the GPUs work at full throughput; in per cent."""
    full = case.capacity * 100 / inputs.planned_load_percent
    serving_hours = hosting.hours_paid(case.fleet, case.requests_per_day, case.capacity).serving
    return case.requests_per_day * DAYS_PER_MONTH / full / serving_hours * 100 if serving_hours else 0.0


def _payback(inputs: Inputs, setting: Setting, month: Month) -> Range | float | NoValue:
    """Months until what is saved against the cheaper API has paid for the set-up."""
    if setting.why_not:
        return NoValue(setting.why_not)
    if min(month.proprietary, month.hosted_open) == math.inf:
        return NoValue("no API can take this request, so there is nothing to save")
    found = [_pays_back(inputs, case) for case in ends_of(setting)]
    if all(months is not None and months < SOON for months in found):
        return NoValue("within days")
    never = f"never: in {hosting.PAYBACK_MONTHS} months not enough is saved against the cheaper API"
    return first_of(found, "months", 1, never, "after")


def _pays_back(inputs: Inputs, case: Case) -> float | None:
    """Months, at a volume that grows until the horizon and stays there; None for never."""
    api = min(case.proprietary_usd, case.hosted_usd)

    def saved(month: int) -> float:
        requests = case.requests_per_day * (1 + inputs.growth_percent / 100) ** min(month, inputs.horizon_months - 1)
        return requests * DAYS_PER_MONTH * api - hosting.own_usd(case, requests)

    first = saved(0)
    if inputs.set_up_usd <= 0 and first <= 0:
        return None
    return hosting.payback_months(saved if inputs.growth_percent else lambda month: first, inputs.set_up_usd)


def _ways(inputs: Inputs, setting: Setting, month: Month, tokens: float) -> Table:
    """Each way's month, its cost per token and per request, and the mean of the months ahead."""
    case, requests = setting.case, inputs.requests_per_day * DAYS_PER_MONTH
    growth = inputs.growth_percent / 100
    rows: list[tuple[str, tuple[Value | NoValue, ...]]] = []
    for name, usd in zip(Month._fields, month, strict=True):
        if usd == math.inf:
            rows.append((CALLED[name], (NoValue("not possible"),) * 4))
            continue

        def monthly(volume: float, name: str = name) -> float:
            return float(getattr(hosting.month_of(case._replace(requests_per_day=volume)), name))

        mean = hosting.mean_usd(monthly, inputs.requests_per_day, inputs.horizon_months, growth) if growth else usd
        each = usd / requests if requests else NoValue("no requests")
        rows.append((CALLED[name], rounded((usd, _each(usd, tokens), each, mean))))
    return Table((("Way", "text"), ("A month", "USD/month"), ("Per million tokens", "USD/Mtok"), ("One request", "USD"),
                  ("Mean of the months ahead", "USD/month")), tuple(rows))


def _reason(month: Month, best: str) -> str:
    """By how much the cheapest way is cheaper than the next."""
    if not best:
        return "Neither API takes a request of this length, and the model does not run on these GPUs."
    others = sorted((usd, name) for name, usd in zip(Month._fields, month, strict=True) if name != best and usd < math.inf)
    if not others:
        return f"The only way that is possible, at {_usd(getattr(month, best))} a month."
    usd, name = others[0]
    less, least = usd - getattr(month, best), getattr(month, best)
    share = f" ({show(significant(100 * less / usd, 2), '%')})" if usd else ""
    other = IN_WORDS[name]
    first = (f"{_usd(least)} a month, {_usd(less)} less{share} than {other}, the next" if less > 1e-9 * max(usd, 1)
             else f"{_usd(least)} a month, the same as {other}")
    return f"{first}."


def _usd(usd: float) -> str:
    return show(significant(usd, COST), "USD")
