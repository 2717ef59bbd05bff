"""What break-even's full form gives: the three ways side by side, their parts, the volumes, the pictures and the working."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from calculators import serving
from calculators.formulas import hosting, prices
from calculators.formulas.hosting import Case, Crossings, Month
from calculators.formulas.three_ways import (
    ANSWERS,
    BOUGHT,
    CALLED,
    FACTS,
    HOSTED,
    MOST_REQUESTS,
    OWN,
    PROPRIETARY,
    SPOT,
    STARTS,
    Inputs,
    Setting,
    at_nothing,
    crossings_of,
    lengths,
    owned_parts,
    setting_of,
    speed_of,
)
from calculators.formulas.three_ways_flips import counts, field_of
from calculators.kit.chart import Chart, Line, Lines, Stack
from calculators.kit.facts import Facts, Value
from calculators.kit.shape import Input, Link, NoValue, Step, Table, output
from calculators.kit.units import DAYS_PER_MONTH, TOKENS_PER_MTOK, Range, show, significant
from calculators.kit.units import number as show_number

SOON = 0.1  # months
MANY_REPLICAS = 10  # no longer a small deployment, for which the form's start counts people
MOST_ROWS = 24  # of the table of volumes
COST, ESTIMATE = 4, 3  # significant digits: of a cost, with which the reader can calculate on, and of other estimates
BOTH_APIS = "The two APIs cost the same, and less than running the model yourself"
QUALITY = "Costs alone are compared, not how good the models are: let a test on your own task decide that first."
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
    tokens = _tokens(inputs) * inputs.requests_per_day * DAYS_PER_MONTH
    own = _over(setting, lambda c: hosting.own_usd(c, c.requests_per_day))
    return {
        "recommendation": BOTH_APIS if _level(month, best) else ANSWERS[best],
        "reason": _reason(month, best),
        "proprietary_cost_usd": _api_usd(setting.base.proprietary, case, month.proprietary, setting.base.load.job),
        "hosted_open_cost_usd": _api_usd(setting.base.hosted, case, month.hosted_open, setting.base.load.job),
        "own_cost_usd": own,
        "replicas": _over(setting, lambda c: hosting.replicas_for(c.fleet, c.requests_per_day, c.capacity)),
        "proprietary_usd_per_mtok": _each(month.proprietary, tokens),
        "hosted_open_usd_per_mtok": _each(month.hosted_open, tokens),
        "own_usd_per_mtok": own if isinstance(own, NoValue) else _each(own, tokens),
        "payback_months": _payback(inputs, setting, month),
        "by_volume": _by_volume(case, crossings),
        "beats_proprietary_tokens": _beats(inputs, setting, PROPRIETARY),
        "beats_hosted_tokens": _beats(inputs, setting, HOSTED),
        "replica_requests_per_hour": _over(setting, lambda c: c.capacity),
        "busiest_hour_requests": inputs.requests_per_day * case.fleet.levels[0][0],
        "used_percent": _over(setting, lambda c: _used_percent(inputs, c)),
        "monthly_volume_tokens": tokens,
        "ways": _ways(inputs, setting, month, tokens),
        "parts": _parts_table(inputs, setting),
        "volumes": _volumes_table(inputs, case, crossings),
        "setting": setting,
        "crossings": crossings,
    }


def _tokens(inputs: Inputs) -> float:
    """Tokens of a request, all that are billed."""
    return float(inputs.input_tokens + inputs.overhead_tokens + inputs.output_tokens + inputs.reasoning_tokens)


def ends_of(setting: Setting) -> tuple[Case, Case, Case]:
    """The case at the dear end of what is estimated, in the middle, and at the cheap end: the throughput at its low end with
    GPUs at the high end of their price, and the other way round."""
    case, (slow, fast), rent = setting.case, setting.span, setting.rent
    return (case._replace(capacity=case.capacity * slow, replica_usd=case.replica_usd * rent.high), case,
            case._replace(capacity=case.capacity * fast, replica_usd=case.replica_usd * rent.low))


def _over(setting: Setting, of: Callable[[Case], float]) -> Range | float | NoValue:
    """A figure that rests on the throughput or on the price of a GPU: a Range, or a bare number if neither moves it."""
    if setting.why_not:
        return NoValue(setting.why_not)
    found = [of(case) for case in ends_of(setting)]
    return _ranged(found[1], found)


def _ranged(central: float, found: Sequence[float]) -> Range | float:
    low, high = min(found), max(found)
    return central if math.isclose(low, high, rel_tol=1e-12) else Range(low, central, high)


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
    return _first_of(found, "months", 1, never, "after")


def _first_of(found: Sequence[float | None], unit: str, times: float, never: str, word: str) -> Range | float | NoValue:
    """When something first happens, from its values at the dear end, in the middle and at the cheap end; None is never.

    What happens at some of them alone is said in words, `word` before the value. `times` turns the values into the unit.
    """
    known = [value * times for value in found if value is not None]
    if len(known) == len(found):
        return _ranged(known[1], known)
    texts = [show(significant(value, ESTIMATE), unit) for value in known]
    if not texts:
        return NoValue(never)
    if found[1] is None:
        return NoValue(f"never in the middle of the range; {word} {texts[-1]} at its cheap end")
    cheap = f", {texts[-1]} at its cheap end" if texts[-1] != texts[0] else ""
    return NoValue(f"{texts[0]} in the middle of the range{cheap}, never at its dear end")


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
        rows.append((CALLED[name], _rounded((usd, _each(usd, tokens), each, mean))))
    return Table((("Way", "text"), ("A month", "USD/month"), ("Per million tokens", "USD/Mtok"), ("One request", "USD"),
                  ("Mean of the months ahead", "USD/month")), tuple(rows))


def _rounded(cells: Sequence[float | NoValue]) -> tuple[float | NoValue, ...]:
    """Numbers of a table with no more digits than they are sure of."""
    return tuple(cell if isinstance(cell, NoValue) else significant(cell, COST) for cell in cells)


def own_parts(inputs: Inputs, setting: Setting) -> dict[str, float]:
    """A month of one's own in USD, by what it is spent on; nothing if it is not possible."""
    if setting.why_not:
        return {}
    case = setting.case
    hours = hosting.hours_paid(case.fleet, case.requests_per_day, case.capacity)
    return {
        "GPUs that serve": hours.serving * case.replica_usd,
        "Reserve and tests": (hours.reserve + hours.staging) * case.replica_usd,
        "Engineers": inputs.engineers * inputs.engineer_usd / hosting.MONTHS_PER_YEAR,
        "Storage and traffic": inputs.storage_gb * inputs.storage_usd
        + case.requests_per_day * DAYS_PER_MONTH * case.traffic_usd,
    }


def api_parts(inputs: Inputs, setting: Setting) -> dict[str, prices.Parts]:
    """A month of each API that can take the request, in USD, by what is billed."""
    factor = (1 + inputs.surcharge_percent / 100) * inputs.requests_per_day * DAYS_PER_MONTH
    job, found = setting.base.load.job, {}
    for name, offer in ((PROPRIETARY, setting.base.proprietary), (HOSTED, setting.base.hosted)):
        if not isinstance(offer, NoValue) and not prices.misfit(offer, job):
            found[name] = prices.parts_usd(offer, job).times(factor)
    return found


_BILLED = {"input": "New input", "cached": "Input read from a cache", "written": "Input written to it", "output": "Output",
           "reasoning": "Reasoning"}


def _parts_table(inputs: Inputs, setting: Setting) -> Table:
    """Every part of every way that has it."""
    rows: list[tuple[str, tuple[float, float]]] = []
    for name, parts in api_parts(inputs, setting).items():
        rows += [(f"{CALLED[name]}: {_BILLED[part][0].lower()}{_BILLED[part][1:]}", (usd, 100 * usd / parts.total))
                 for part, usd in zip(prices.Parts._fields, parts, strict=True) if usd]
    own = own_parts(inputs, setting)
    total = sum(own.values()) or 1.0
    rows += [(f"Your own: {label if label.startswith('GPU') else label[0].lower() + label[1:]}", (usd, 100 * usd / total))
             for label, usd in own.items() if usd]
    return Table((("Part", "text"), ("A month", "USD/month"), ("Share of its way", "%")), tuple(
        (label, (significant(usd, COST), round(share, 1))) for label, (usd, share) in rows))


# --- by volume ------------------------------------------------------------------------------------------------------------


def _by_volume(case: Case, crossings: Crossings) -> str:
    """What is the cheapest at which volume, in a sentence."""
    first, found = at_nothing(case), crossings.found
    if not first:
        return "none is possible at any volume"
    beyond = f"; beyond {_requests(crossings.up_to)} it was not looked" if crossings.up_to < math.inf else ""
    if not found:
        return f"{CALLED[first]} at every volume{beyond}"
    if len(found) == 1:
        return f"{CALLED[first]} up to {_requests(found[0].requests_per_day)}, then {CALLED[found[0].then]}{beyond}"
    last = found[-1]
    return (f"{CALLED[first]} up to {_requests(found[0].requests_per_day)}; then it changes {len(found) - 1} times more, as "
            f"each further replica has to fill up; {CALLED[last.then]} beyond {_requests(last.requests_per_day)}{beyond}")


def _beats(inputs: Inputs, setting: Setting, way: str) -> Range | float | NoValue:
    """The volume (tokens a month) above which one's own is first cheaper than one API, whatever the other costs."""
    tokens = _tokens(inputs) * DAYS_PER_MONTH
    if setting.why_not:
        return NoValue(setting.why_not)
    if not tokens:
        return NoValue("no tokens")
    found = [_first(case._replace(hosted_usd=math.inf) if way == PROPRIETARY else case._replace(proprietary_usd=math.inf))
             for case in ends_of(setting)]
    return _first_of(found, "tokens/month", tokens, "never: at no volume of the form", "above")


def _first(case: Case) -> float | None:
    """The first volume (requests a day) beyond which one's own is the cheapest, or None."""
    if min(case.proprietary_usd, case.hosted_usd) == math.inf:
        return None
    found = hosting.crossings_of(case, MOST_REQUESTS, first_alone=True).found
    return found[0].requests_per_day if found else None


def _requests(volume: float) -> str:
    return f"{show_number(significant(volume, COST))} requests per day"


def _volumes_table(inputs: Inputs, case: Case, crossings: Crossings) -> Table:
    """The volumes at which the cheapest way changes, from nothing on."""
    columns = (("From there on", "text"), ("Requests per day", "count"), ("Tokens a month", "count"),
               ("Cost there", "USD/month"), ("Why", "text"))
    first = at_nothing(case)
    if not first:
        return Table(columns, ())
    tokens = _tokens(inputs) * DAYS_PER_MONTH
    rows: list[tuple[str, tuple[Value | NoValue, ...]]] = [
        (CALLED[first], (0, 0, _cost_at(case, first, 0.0), "the smallest volumes"))]
    for crossing in crossings.found if len(crossings.found) <= MOST_ROWS else (
            *crossings.found[:MOST_ROWS - 1], crossings.found[-1]):
        at = crossing.requests_per_day
        figures = _rounded((at, at * tokens, _cost_at(case, crossing.then, at)))
        rows.append((CALLED[crossing.then], (*figures, "a further replica" if crossing.by_step else "the bills meet")))
    if len(crossings.found) > MOST_ROWS:
        left = len(crossings.found) - MOST_ROWS
        rows.insert(-1, (f"and {left} changes more", (*[NoValue("between")] * 3, "further replicas")))
    return Table(columns, tuple(rows))


def _cost_at(case: Case, way: str, volume: float) -> float:
    return float(getattr(hosting.month_of(case._replace(requests_per_day=volume)), way))

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


# --- pictures -------------------------------------------------------------------------------------------------------------


def chart(inputs: Inputs, outputs: Outputs) -> list[Chart]:
    """Cost against volume, and what each way's month is made of."""
    setting = outputs.setting
    assert setting is not None
    return [_by_cost(inputs, setting, outputs.crossings), _stack(inputs, setting)]


def _by_cost(inputs: Inputs, setting: Setting, crossings: Crossings) -> Lines:
    """The bills of the APIs, two straight lines, and one's own stairs, over the volume; both axes logarithmic."""
    case, tokens = setting.case, _tokens(inputs)
    per = tokens * DAYS_PER_MONTH or DAYS_PER_MONTH  # of a month; without tokens the axis is requests
    yours = inputs.requests_per_day
    ends = (*crossings.found[:1], *crossings.found[-1:])
    around = [yours or 1000.0, *(crossing.requests_per_day for crossing in ends if crossing.requests_per_day)]
    low = 10.0 ** math.floor(math.log10(min(around) * per) - 0.3) / per
    high = 10.0 ** math.ceil(math.log10(max(around) * per) + 0.3) / per
    floor = 0.01  # a logarithmic axis has no zero
    lines = []
    for name, usd in ((PROPRIETARY, case.proprietary_usd), (HOSTED, case.hosted_usd)):
        if usd < math.inf:
            lines.append(Line(CALLED[name], [(q * per, max(floor, q * DAYS_PER_MONTH * usd)) for q in (low, high)]))
    if case.replica_usd < math.inf:
        stairs = [(q * per, max(floor, hosting.own_usd(case, q))) for q in _places(case, low, high)]
        lines.append(Line(f"{CALLED[OWN]}, whole replicas", stairs))
    lines = lines or [Line("none is possible", [(low * per, 1.0), (high * per, 1.0)])]
    decades = [10.0**n for n in range(round(math.log10(low * per)), round(math.log10(high * per)) + 1)]
    label = "Tokens a month" if tokens else "Requests a month"
    return Lines("Cost of a month by volume", label, "count", "Cost", "USD/month", lines,
                 sorted({*decades, *([yours * per] if yours else [])}),
                 (yours * per, f"yours: {show_number(significant(yours * per, COST))}") if yours else None, log=True)


def _places(case: Case, low: float, high: float) -> list[float]:
    """Volumes at which to draw the stairs: both sides of each step as long as they can be told apart, then evenly."""
    if case.fleet.scaling != hosting.ALWAYS:
        return [low * (high / low) ** (i / 100) for i in range(101)]
    stair = case.capacity / case.fleet.peak if case.fleet.peak else math.inf
    first = max(1, math.ceil(low / stair))
    edges = [stair * n for n in range(first, first + 40) if low < stair * n < high]
    far = edges[-1] if len(edges) == 40 else high
    rest = [far * (high / far) ** (i / 30) for i in range(1, 31)] if far < high else [high]
    return sorted({low, *edges, *(edge * (1 + 1e-9) for edge in edges), *rest})


def _stack(inputs: Inputs, setting: Setting) -> Stack:
    """A bar for each way, cut into what it is spent on."""
    names = ("Input", "Output and reasoning", "GPUs that serve", "Reserve and tests", "Engineers", "Storage and traffic")
    groups: list[tuple[str, list[float]]] = []
    for way, parts in api_parts(inputs, setting).items():
        groups.append((CALLED[way], [parts.input + parts.cached + parts.written, parts.output + parts.reasoning, 0, 0, 0, 0]))
    own = own_parts(inputs, setting)
    if own:
        groups.append((CALLED[OWN], [0, 0, *own.values()]))
    return Stack("What a month is made of", "USD/month", names, groups or [("None is possible", [0.0] * len(names))], by="Way",
                 decimals=0)


# --- the working ----------------------------------------------------------------------------------------------------------


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line or more for each figure."""
    setting = outputs.setting
    assert setting is not None
    case, job = setting.case, setting.base.load.job
    texts = {name: f"{{{name}}}" for name in NAMES}
    hour = "of your 24 hours" if inputs.hours_of_day else "hour, in the shape “{day_shape}”"
    steps = [Step("busiest_hour_requests", f"the requests of the heaviest {hour}: {{busiest_hour_requests}}"),
             Step("monthly_volume_tokens", "({input_tokens} + {overhead_tokens} + {output_tokens} + {reasoning_tokens}) × "
                  "{requests_per_day} × 30 days = {monthly_volume_tokens}")]
    for way, row, offer, usd in ((PROPRIETARY, inputs.proprietary_model, setting.base.proprietary, case.proprietary_usd),
                                 (HOSTED, inputs.hosted_model, setting.base.hosted, case.hosted_usd)):
        name = f"{way}_cost_usd"
        key = f"{prices.TABLE}.{row}"
        cached = not isinstance(offer, NoValue) and offer.usual.cached != offer.usual.input
        priced = f"input {{{key}.input}}, output {{{key}.output}}" + (f", cached {{{key}.cached_input}}" if cached else "")
        request = show(significant(usd, 6), "USD") if usd < math.inf else ""
        texts[name] = (f"{priced}: {request} for a request × {{requests_per_day}} × 30 days = {{{name}}}" if request
                       else f"{priced}; {{{name}}}")
    texts |= {f"{way}_usd_per_mtok": f"{{{way}_cost_usd}} ÷ {{monthly_volume_tokens}} = {{{way}_usd_per_mtok}}"
              for way in (PROPRIETARY, HOSTED, OWN) if not isinstance(getattr(outputs, f"{way}_usd_per_mtok"), NoValue)}
    if not setting.why_not:
        texts |= _own_texts(inputs, setting, job)
    texts["ways"] = ("each way's bill, ÷ tokens, ÷ requests; over {horizon_months} with {growth_percent} growth a month: "
                     "{ways}")
    texts["parts"] = "each API's bill by what is billed, and your own by what it is spent on: {parts}"
    texts["volumes"] = ("every step of a further replica, and every volume at which two bills meet between steps, is worked "
                        "out: {volumes}")
    if not isinstance(outputs.beats_proprietary_tokens, NoValue):
        texts["beats_proprietary_tokens"] = ("the first volume at which that bill pays for the replicas it needs: "
                                             "{beats_proprietary_tokens}")
    if not isinstance(outputs.beats_hosted_tokens, NoValue):
        texts["beats_hosted_tokens"] = "the same for the hosted open model: {beats_hosted_tokens}"
    texts["payback_months"] = ("{set_up_usd}, against what each month saves on the cheaper API, month by month with "
                               "{growth_percent} growth: {payback_months}")
    return [*steps, *(Step(name, text) for name, text in texts.items()
                      if name not in ("busiest_hour_requests", "monthly_volume_tokens")),
            *_starts(inputs, setting), *_span(setting),
            Step("recommendation", "the least of {proprietary_cost_usd}, {hosted_open_cost_usd} and {own_cost_usd}")]


def _starts(inputs: Inputs, setting: Setting) -> list[Step]:
    """Where the figures come from that the form starts with, as far as they count and were left as they are."""
    kept = [f"{field_of(name).label} {{{FACTS}.{fact}}}" for name, fact in STARTS.items()
            if counts(inputs, name) and getattr(inputs, name) == setting.base.starts[name] and name != "set_up_usd"]
    return [Step("own_cost_usd", f"as the form starts, with their sources below: {'; '.join(kept)}")] if kept else []


def _span(setting: Setting) -> list[Step]:
    """What the range of one's own cost is, where it has one."""
    (slow, fast), rent = setting.span, setting.rent
    if setting.why_not or (slow, fast, rent.low, rent.high) == (1.0, 1.0, 1.0, 1.0):
        return []
    return [Step("own_cost_usd", f"at the dear end the throughput × {slow:.2f} and the price of a GPU × {rent.high:.2f}, at "
                 f"the cheap end × {fast:.2f} and × {rent.low:.2f}; all that rests on these has its range from the same ends")]


def _own_texts(inputs: Inputs, setting: Setting, job: prices.Job) -> dict[str, str]:
    """How the figures of one's own come about."""
    case, engine = setting.case, setting.engine
    assert not isinstance(engine, serving.Refusal)
    gpus, fleet = engine.plan.setup.gpus, case.fleet
    answer = lengths(job)[1]
    speed = speed_of(setting) or 0.0
    how = "{replica_tokens_per_s}, as you measured" if inputs.replica_tokens_per_s is not None else (
        f"{engine.plan.name} in {engine.plan.setup.weights.key} on {gpus} × {engine.plan.gpu_name}, as many requests at once "
        f"as fit: {show(significant(speed, COST), 'tokens/s')}, × {setting.span[0]:.2f} to {setting.span[1]:.2f},")
    less = ", less what interruptions take," if inputs.acquisition == SPOT else ""
    kept = "; of the input {cached_share_percent} repeats and is computed once for {reads_per_write} times that it is read" if (
        inputs.cached_share_percent and inputs.replica_tokens_per_s is None) else ""
    idle = f"({show_number(fleet.reserve)} in reserve and {show_number(fleet.staging)} for tests beside them)"
    hours = hosting.hours_paid(fleet, case.requests_per_day, case.capacity)
    waiting = ("; what can wait fills the quiet hours of its day" if fleet.waiting else "")
    return {
        "replica_requests_per_hour": f"{how} ÷ {show(answer, 'tokens')} × 3,600 s{less} × {{planned_load_percent}} = "
                                     f"{{replica_requests_per_hour}}{kept}",
        "replicas": "{busiest_hour_requests} ÷ {replica_requests_per_hour}, rounded up, and one at least"
                    f"{waiting} = {{replicas}} {idle}",
        "own_cost_usd": f"{show_number(significant(hours.total, 6))} replica hours × {show(gpus, 'GPUs')} × "
                        f"{_gpu_text(inputs, setting)} + {{engineers}} engineers × {{engineer_usd}} ÷ 12 + {{storage_gb}} × "
                        "{storage_usd} + {requests_per_day} × 30 × {traffic_bytes} × {traffic_usd} = {own_cost_usd}",
        "used_percent": "the hours of full work that the requests make, of the hours that are paid for serving: {used_percent}",
    }


def _gpu_text(inputs: Inputs, setting: Setting) -> str:
    """What a GPU costs an hour, and why."""
    usd = show(significant(setting.rent.usd or 0.0, COST), "USD/GPU-hour")
    if inputs.acquisition != BOUGHT:
        return f"{usd} ({setting.rent.words})"
    listed = setting.base.rents[BOUGHT].usd
    card = inputs.purchase_usd if inputs.purchase_usd is not None else listed or 0.0
    paid, power, place = (show(round(part, 2), "USD") for part in owned_parts(inputs, setting.base, card))
    return (f"{usd} ({setting.rent.words}: {paid} a month over {{years}} at {{capital_percent}}, + {power} of electricity at "
            f"{{kwh_usd}} and a PUE of {{pue}}, + {place} for its place at {{hosting_kw_usd}}; ÷ 720)")


# --- further --------------------------------------------------------------------------------------------------------------


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    shared = {name: getattr(inputs, name) for name in (
        "requests_per_day", "input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens", "cached_share_percent",
        "batch_share_percent", "day_shape")}
    replica: dict[str, Input] = {"model": inputs.model, "gpu": inputs.gpu, "weight_precision": inputs.weight_precision,
               "input_tokens": inputs.input_tokens + inputs.overhead_tokens,
               "output_tokens": max(1, inputs.output_tokens + inputs.reasoning_tokens)}
    if inputs.tensor_parallel:
        replica["tensor_parallel"] = inputs.tensor_parallel
    return [Link("The same workload on other models and hosts", "calculators/api-cost/", values=shared),
            Link("Where the throughput of a replica comes from", "calculators/serving/", values=replica),
            Link("Servers of your own for the usual load and an API for the peaks", "calculators/routing/",
                 values={"strategy": "fallback"}),
            Link("What the figures for people, power and purchase rest on", "calculators/break-even/#assumptions")]


def _outlay(inputs: Inputs, setting: Setting, replicas: float) -> str:
    """What the GPUs of one's own take to buy, those in reserve and for tests included."""
    engine, listed = setting.engine, setting.base.rents[BOUGHT].usd or 0.0
    assert not isinstance(engine, serving.Refusal)
    gpus = math.ceil((replicas + inputs.reserve_replicas + inputs.staging_replicas) * engine.plan.setup.gpus)
    usd = gpus * (listed if inputs.purchase_usd is None else inputs.purchase_usd)
    return f"{show(gpus, 'GPUs')} with their share of the servers, about {show(significant(usd, ESTIMATE), 'USD')}"


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figures."""
    setting = outputs.setting
    assert setting is not None
    found, case = [], setting.case
    for offer in (setting.base.proprietary, setting.base.hosted):
        if not isinstance(offer, NoValue) and prices.misfit(offer, setting.base.load.job):
            found.append(f"{offer.label}: {prices.misfit(offer, setting.base.load.job)}.")
        elif not isinstance(offer, NoValue) and (short := prices.too_short_to_cache(offer, setting.base.load.job)):
            found.append(short)
    if setting.why_not:
        found.append(f"Your own GPUs are left out: {setting.why_not}.")
        return [*found, QUALITY]
    if not setting.base.same_weights:
        found.append("The hosted model and the one that you would run yourself are not the same.")
    if inputs.acquisition == SPOT and not inputs.reserve_replicas:
        found.append("Spot machines can be taken away at short notice, and nothing is in reserve.")
    replicas = outputs.replicas.central if isinstance(outputs.replicas, Range) else outputs.replicas
    if not isinstance(replicas, NoValue) and replicas > MANY_REPLICAS and inputs.engineers == setting.base.starts["engineers"]:
        found.append(f"{show(inputs.engineers, 'count')} engineers are the form's start for a small deployment, and this takes "
                     f"{show(replicas, 'count')} replicas: enter how many people that needs.")
    if inputs.acquisition == BOUGHT and not isinstance(replicas, NoValue):
        found.append(f"To be bought first: {_outlay(inputs, setting, replicas)}. The cost of a month repays it with interest.")
    if inputs.planned_load_percent > 90:
        found.append("More than 90 % of the throughput in the busiest hour leaves no room for the minutes that are busier.")
    used = outputs.used_percent.central if isinstance(outputs.used_percent, Range) else outputs.used_percent
    if not isinstance(used, NoValue) and used < 10 and case.fleet.scaling == hosting.ALWAYS:
        found.append(f"The replicas that are paid for work {show(significant(used, 2), '%')} of the time.")
    engine, estimated = setting.engine, inputs.replica_tokens_per_s is None
    if not isinstance(engine, serving.Refusal) and engine.plan.widened and estimated:
        found.append("Nothing alike was measured: the range of the throughput is the widest.")
    return [*found, QUALITY]
