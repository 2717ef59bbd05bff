"""What a month of a workload costs at list prices, on proprietary APIs and on hosted open models side by side."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from calculators.formulas import scores
from calculators.formulas.prices import (
    PROPRIETARY,
    Cache,
    Clock,
    Job,
    Offer,
    Parts,
    Rates,
    Workload,
    cache_of,
    called,
    misfit,
    offer_of,
    parts_usd,
    peak_rates,
    plain_name,
    ratio_of,
    request_usd,
    retired,
    too_short_to_cache,
    workload_of,
)
from calculators.formulas.prices import TABLE as PRICES
from calculators.kit import days, workload
from calculators.kit.chart import Bars, Chart, Line, Lines, Points
from calculators.kit.facts import Facts, Value
from calculators.kit.search import Change, changes, just_beyond
from calculators.kit.shape import (
    Calculator,
    Flip,
    InputError,
    Link,
    NoValue,
    Step,
    Table,
    choice,
    folded,
    output,
    several,
    whole,
)
from calculators.kit.units import DAYS_PER_MONTH, TOKENS_PER_MTOK, show

SHAPES, CACHES = "day-shapes", "caches"
NONE_FITS = "None of these models can take this request"
BENCHMARKS = {"none": "None", **scores.BENCHMARKS, scores.INDEX: "Epoch Capabilities Index, up to July 2026"}
LIFETIMES = {"short": "The shortest that is sold", "long": "The longer one, where one is sold"}
NOTHING = "Nothing to pay on any of these models"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The models to compare and the workload."""

    models: tuple[str, ...] = several(
        "Models", table=PRICES, named=("model", "host"), refused=retired, most=12,
        default=("openai-gpt-6-1-sol", "openai-gpt-6-luna", "anthropic-claude-sonnet-5-5", "google-gemini-3-8-flash",
                 "deepseek-deepseek-v4-1-flash", "zai-glm-5-3", "mistral-mistral-large-4", "moonshot-kimi-k3"),
        help="Up to 12 models, each on one host. Retired ones are left out of the list.",
    )
    requests_per_day: float = workload.requests_per_day()
    input_tokens: int = workload.input_tokens(2000)
    output_tokens: int = workload.output_tokens(400)
    reasoning_tokens: int = workload.reasoning_tokens()
    overhead_tokens: int = folded(workload.overhead_tokens(), workload.FINER)
    cached_share_percent: float = workload.cached_share_percent(60)
    reads_per_write: float = folded(workload.reads_per_write(), workload.FINER)
    cache_lifetime: str = folded(choice("Lifetime in the cache", default="short", choices=LIFETIMES, help=(
        "Long enough for the next request with the same beginning to come. The longer one costs more to write.")),
        workload.FINER)
    batch_share_percent: float = workload.batch_share_percent()
    day_shape: str = workload.day_shape()
    hours_of_day: str = folded(workload.hours_of_day(), workload.FINER)
    utc_offset_hours: float = folded(workload.utc_offset_hours(), workload.FINER)
    growth_percent: float = folded(workload.growth_percent(), workload.FINER)
    horizon_months: int = whole("Months ahead", unit="months", default=12, min=1, max=36,
                                help="For the mean that counts growth and price changes that are announced.")
    surcharge_percent: float = folded(workload.surcharge_percent(), workload.FINER)
    tokeniser_ratios: str = folded(workload.tokeniser_ratios(), workload.FINER)
    benchmark: str = choice("Quality beside price", default="gpqa", choices=BENCHMARKS,
                            help="Draws the scores of the models that have one. Never part of the ranking.")


class Priced(NamedTuple):
    """A model with its bill."""

    offer: Offer
    cache: Cache
    parts: Parts  # USD per request, the surcharge included
    month_usd: float  # at today's prices
    mean_usd: float | NoValue  # a month of the horizon, in the mean
    status: str  # as the table of prices has it
    end: str  # the day on which it is shut down, as far as that is known

    @property
    def request_usd(self) -> float:
        """The whole of one request, in USD."""
        return self.parts.total


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Exact arithmetic on list prices and inputs, so bare numbers."""

    cheapest: str = output("Answer", headline=True)
    cost_per_request: float | NoValue = output("One request on it, at today's prices", unit="USD", decimals=6)
    monthly_cost: float | NoValue = output("A month on it, at today's prices", unit="USD/month", decimals=2)
    average_monthly_cost: float | NoValue = output("A month on it, in the mean of the months ahead", unit="USD/month",
                                                   decimals=2)
    cheapest_over_horizon: str = output("Cheapest in the mean of the months ahead")
    cheapest_open: str = output("Cheapest open model behind an API, today")
    cheapest_proprietary: str = output("Cheapest proprietary model, today")
    monthly_tokens: float = output("Tokens a month", unit="tokens/month")
    usd_per_million_tokens: float | NoValue = output("Per million tokens, in and out", unit="USD/Mtok", decimals=3)
    not_priced: str = output("Could not be priced")
    costs: Table = output("What each model costs", table=True)
    parts: Table = output("What a month at today's prices is made of", table=True)
    priced: tuple[Priced, ...]
    cheapest_later: str  # the model behind cheapest_over_horizon, "" if there is none
    history: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]  # USD per request by day, where it changed


def mean_month(costs: Sequence[tuple[float, float]], months: int, growth: float) -> float:
    """The mean of the months ahead, in the unit of the costs.

    `costs` are what a month costs, by the day (0 is today) from which it does; `growth` is a month's on the month before, as
    a share. A month is a twelfth of a year here, so that announced days fall where the calendar has them.
    """
    total = 0.0
    ends = [*(day for day, _ in costs[1:]), math.inf]
    for month in range(months):
        first, last = month * days.DAYS_PER_MONTH, (month + 1) * days.DAYS_PER_MONTH
        for (start, cost), end in zip(costs, ends, strict=True):
            share = max(0.0, min(last, end) - max(first, start)) / days.DAYS_PER_MONTH
            total += share * cost * (1 + growth) ** month
    return total / months


def ratios_of(inputs: Inputs, facts: Facts) -> dict[str, float]:
    """The ratio of each chosen row. Raises InputError for a name that is none of theirs."""
    given = workload.ratios(inputs.tokeniser_ratios) if inputs.tokeniser_ratios else {}
    unused, found = set(given), {}
    for row in inputs.models:
        found[row], met = ratio_of(row, facts.rows(PRICES)[row], given)
        unused -= met
    for name in sorted(unused):
        raise InputError("tokeniser_ratios", "Tokeniser ratios must name vendors or models that are chosen above "
                                             f"(got {_as_typed(name, inputs.tokeniser_ratios)}).")
    return found


def caches_of(inputs: Inputs, facts: Facts) -> dict[str, Cache]:
    """What the cache of each chosen row asks for."""
    rules = facts.rows(CACHES)
    return {row: cache_of(rules.get(row, {}), long=inputs.cache_lifetime == "long") for row in inputs.models}


def _as_typed(name: str, text: str) -> str:
    at = text.lower().index(name)
    return text[at:at + len(name)][:40]


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Price one request on every model, and from it the month and the months ahead."""
    load, ratios = workload_of(inputs, facts.rows(SHAPES)), ratios_of(inputs, facts)
    job, clock, caches = load.job, load.clock, caches_of(inputs, facts)
    priced, refusals, history = [], [], []
    for row in sorted(inputs.models):
        values = facts.rows(PRICES)[row]
        offer = offer_of(row, values, clock, ratios[row], caches[row])
        why = offer.why if isinstance(offer, NoValue) else misfit(offer, job)
        if isinstance(offer, NoValue) or why:
            refusals.append(f"{called(values)}: {why}")
            continue
        over_time = list(_over_time(offer, load, caches[row], facts))
        priced.append(_priced(offer, caches[row], over_time, load, inputs, facts))
        changed = tuple((day, usd) for day, usd in over_time if usd is not None)
        if len({usd for _, usd in changed}) > 1:
            history.append((offer.label, changed))
    # By list price, so that a discount of everything leaves the order as it is.
    ranked = sorted(priced, key=lambda p: (request_usd(p.offer, job), p.offer.row))
    return _outputs(inputs, ranked, refusals, tuple(history))


def _over_time(offer: Offer, load: Workload, cache: Cache, facts: Facts) -> Iterator[tuple[str, float | None]]:
    """By the day from which something changed: what the request costs (USD), or None if it cannot be priced."""
    for day, values in facts.row_history(PRICES, offer.row):
        then = offer_of(offer.row, values, load.clock, offer.ratio, cache)
        usd = math.inf if isinstance(then, NoValue) or retired(values) else request_usd(then, load.job)
        yield day, usd if usd < math.inf else None


def _priced(offer: Offer, cache: Cache, over_time: Sequence[tuple[str, float | None]], load: Workload, inputs: Inputs,
            facts: Facts) -> Priced:
    """The bill of a model that can take the request."""
    factor, requests = 1 + load.surcharge, load.requests_per_month
    taxed = parts_usd(offer, load.job).times(factor)
    month = taxed.total * requests
    status = str(facts.rows(PRICES)[offer.row]["status"])
    today = days.ordinal(facts.as_of)
    end = _end(offer.row, facts)
    horizon = inputs.horizon_months * days.DAYS_PER_MONTH
    if end and days.ordinal(end) - today < horizon:
        return Priced(offer, cache, taxed, month, NoValue(f"it ends on {end}"), status, end)
    costs = [(0.0, month)]
    for day, usd in over_time:
        ahead = days.ordinal(day) - today
        if 0 < ahead < horizon and usd is None:
            return Priced(offer, cache, taxed, month, NoValue(f"it cannot be priced from {day} on"), status, end)
        if 0 < ahead < horizon and usd is not None:
            costs.append((float(ahead), usd * factor * requests))
    mean = mean_month(costs, inputs.horizon_months, inputs.growth_percent / 100)
    return Priced(offer, cache, taxed, month, mean, status, end)


def _end(row: str, facts: Facts) -> str:
    """The day on which a model is shut down, as far as that is announced, or ""."""
    values = facts.rows(PRICES)[row]
    announced = [day for day, then in facts.row_history(PRICES, row) if day > facts.as_of and retired(then)]
    return min([*announced, *([str(values["retires"])] if "retires" in values else [])], default="")


def _outputs(inputs: Inputs, priced: list[Priced], refusals: list[str],
             history: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]) -> Outputs:
    best = priced[0] if priced else None
    tokens = (inputs.input_tokens + inputs.overhead_tokens + inputs.output_tokens + inputs.reasoning_tokens) * (
        inputs.requests_per_day * DAYS_PER_MONTH)
    none = NoValue("no model can take this request")
    means = sorted((p.mean_usd, p.offer.row, p) for p in priced if not isinstance(p.mean_usd, NoValue))
    return Outputs(
        cheapest=answer(best),
        cost_per_request=best.request_usd if best else none,
        monthly_cost=best.month_usd if best else none,
        average_monthly_cost=best.mean_usd if best else none,
        cheapest_over_horizon=_named(means[0][2], means[0][0]) if means else "none: each ends or changes before",
        cheapest_open=_first(priced, proprietary=False),
        cheapest_proprietary=_first(priced, proprietary=True),
        monthly_tokens=tokens,
        usd_per_million_tokens=(none if not best else best.month_usd / tokens * TOKENS_PER_MTOK if tokens
                                else NoValue("no tokens, so no cost per token")),
        not_priced="; ".join(refusals) or "none",
        costs=_table(priced),
        parts=_parts_table(priced, inputs.requests_per_day * DAYS_PER_MONTH),
        priced=tuple(priced),
        cheapest_later=means[0][2].offer.label if means else "",
        history=history,
    )


def answer(best: Priced | None) -> str:
    """The answer in words."""
    if best and not best.month_usd:
        return NOTHING
    return f"{best.offer.label} is the cheapest" if best else NONE_FITS


def _named(one: Priced, usd: float) -> str:
    return f"{one.offer.label}, {show(round(usd, 2), 'USD/month')}" if usd else "nothing to pay"


def _first(priced: list[Priced], *, proprietary: bool) -> str:
    """The cheapest of one kind with its month, in words."""
    return next((_named(p, p.month_usd) for p in priced if (p.offer.access == PROPRIETARY) == proprietary),
                "none among these")


def _table(priced: list[Priced]) -> Table:
    """Each model's bill, cheapest first."""
    columns = (("Model", "text"), ("Access", "text"), ("One request today", "USD"), ("A month today", "USD/month"),
               ("A month, mean of those ahead", "USD/month"))
    return Table(columns, tuple((p.offer.label, (p.offer.access, p.request_usd, p.month_usd, p.mean_usd)) for p in priced))


def _parts_table(priced: list[Priced], requests: float) -> Table:
    """The five parts of each model's month, which add up to it."""
    columns = (("Model", "text"), ("Input", "USD/month"), ("Read from cache", "USD/month"), ("Written to cache", "USD/month"),
               ("Output", "USD/month"), ("Reasoning", "USD/month"))
    return Table(columns, tuple((p.offer.label, tuple(p.parts.times(requests))) for p in priced))


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working: the cheapest model's bill, and the prices of all."""
    if not outputs.priced:
        return [Step(name, "{not_priced}") for name in CALCULATOR.results()]
    best = outputs.priced[0]
    return [
        *(_price_step(p) for p in outputs.priced),
        Step("cost_per_request", _request_text(inputs, best)),
        Step("monthly_cost", f"{show(best.request_usd, 'USD')} × {{requests_per_day}} × 30 days = {{monthly_cost}}"),
        Step("average_monthly_cost", "{horizon_months} from today, each at the prices of its days, with {growth_percent} "
             "growth a month, divided by their number: {average_monthly_cost}"),
        Step("cheapest_over_horizon", "{cheapest_over_horizon}; models that end sooner are left out"),
        Step("cheapest_open", "{cheapest_open}"),
        Step("cheapest_proprietary", "{cheapest_proprietary}"),
        Step("monthly_tokens", "({input_tokens} + {overhead_tokens} + {output_tokens} + {reasoning_tokens}) × "
             "{requests_per_day} × 30 days = {monthly_tokens}, by your count"),
        Step("usd_per_million_tokens", "{monthly_cost} ÷ {monthly_tokens} = {usd_per_million_tokens}" if outputs.monthly_tokens
             else "{usd_per_million_tokens}"),
        Step("parts", "each part of a request in the mean, times the requests of a month"),
        Step("not_priced", "{not_priced}"),
        Step("cheapest", f"the least for one request, {{cost_per_request}}, on {best.offer.label}"),
    ]


def _price_step(p: Priced) -> Step:
    """The prices that a model's bill rests on, each with its source."""
    def price(name: str, table: str = PRICES) -> str:
        return f"{{{table}.{p.offer.row}.{name}}}"

    usual = p.offer.off_peak or p.offer.usual
    text = f"{p.offer.label}: input {price('input')}, output {price('output')}"
    text += f", cached {price('cached_input')}" if usual.cached != usual.input else ""
    if p.cache.write:
        text += f", written to the cache for {price('long_minutes', CACHES)} {price('long_write', CACHES)}"
    elif usual.write != usual.input:
        text += f", written to the cache {price('cache_write')}"
    text += f", cached from {price('smallest', CACHES)} on" if p.cache.smallest else ""
    text += f", in a batch {price('batch_input')} and {price('batch_output')}" if p.offer.batch else ""
    text += (f", at peak ({price('peak')}) {price('peak_input')} and {price('peak_output')}" if p.offer.off_peak else "")
    text += f"; prompts of more than {price('tier_above_tokens')} cost more" if p.offer.tiers else ""
    return Step("costs", text)


def _request_text(inputs: Inputs, best: Priced) -> str:
    """One request of the cheapest model, part by part."""
    names = ("input", "reading from the cache", "writing it", "output", "reasoning")
    parts = " + ".join(f"{show(part, 'USD')} {name}" for name, part in zip(names, best.parts, strict=True) if part)
    more = []
    if best.parts.cached:
        more.append("{cached_share_percent} of the input repeats, with {reads_per_write} reads for each write")
    if inputs.batch_share_percent:
        more.append("{batch_share_percent} can wait")
    if inputs.surcharge_percent:
        more.append("{surcharge_percent} added")
    if best.offer.ratio != 1:
        more.append(f"{best.offer.ratio:g} tokens for each of yours")
    return f"{parts or 'nothing'} = {{cost_per_request}}{': ' + ', '.join(more) if more else ''}"


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> list[Chart]:
    """The ranking; the price of the request over time where it changed; quality beside price."""
    groups = [(f"{p.offer.label}, {p.offer.access}", [round(p.month_usd, 2)]) for p in outputs.priced]
    found: list[Chart] = [Bars("What a month costs at today's prices", "USD/month", ["A month"],
                               groups or [("None of them", [0])], by="Model")]
    if outputs.history:
        found.append(_history(outputs, facts))
    quality = _quality(inputs, outputs, facts)
    return [*found, quality] if quality else found


def _history(outputs: Outputs, facts: Facts) -> Lines:
    """What the request cost, costs and will cost on the models whose price has changed or is about to."""
    last = max(days.year_of(facts.as_of), *(days.year_of(day) for _, points in outputs.history for day, _ in points)) + 0.1
    lines = [Line(label, [*((days.year_of(day), usd) for day, usd in points), (last, points[-1][1])], steps=True)
             for label, points in outputs.history[:6]]
    days_of_change = sorted({x for line in lines for x, _ in line.points[:-1]})
    return Lines("What this request cost and will cost, where that changes", "Day", "date", "One request", "USD", lines,
                 days_of_change, (days.year_of(facts.as_of), "today"), x_text=days.of_year)


def _quality(inputs: Inputs, outputs: Outputs, facts: Facts) -> Points | None:
    """The scores of the models that have one beside the cost of a request."""
    scored = scores.scores(inputs.benchmark, facts)
    rows = facts.rows(PRICES)
    points = [(p.offer.label, int(p.offer.access != PROPRIETARY), p.request_usd * 1000, scored[key]) for p in outputs.priced
              if (key := plain_name(rows[p.offer.row]["model"])) in scored and p.request_usd]
    if not points:
        return None
    unit = "points" if inputs.benchmark == scores.INDEX else "%"
    return Points(f"Quality beside price: {BENCHMARKS[inputs.benchmark]}", "A thousand requests", "USD", "Score", unit,
                  ["Proprietary", "Open weights"], points, by="Model")


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each number alone, the nearest values above and below at which another model becomes the cheapest."""
    load, ratios, caches = workload_of(inputs, facts.rows(SHAPES)), ratios_of(inputs, facts), caches_of(inputs, facts)
    job = load.job
    rows = facts.rows(PRICES)
    offers = [offer for row in sorted(inputs.models)
              if not isinstance(offer := offer_of(row, rows[row], load.clock, ratios[row], caches[row]), NoValue)]
    best = _cheapest(offers, job)
    if best is None or not load.requests_per_month or not request_usd(best, job) or load.surcharge == -1:
        return []
    found = []
    for name, (part, scale) in _MOVES.items():
        corners = (_corners(name, best, offers, job) if part in _TOKENS else set()) | _cache_corners(part, scale, offers, job)
        found += _flips_of(name, getattr(inputs, name), best, _moving(offers, job, part, scale), corners)
    peaks = {offer.row: peak_rates(rows[offer.row], caches[offer.row]) for offer in offers if offer.off_peak}
    if peaks:
        def at_offset(value: float) -> tuple[list[Offer], Job]:
            then = load.clock._replace(utc_offset=value)
            return [_at_clock(offer, rows[offer.row], then, caches[offer.row]) for offer in offers], job

        found += ([_no_flip("utc_offset_hours")] if _whatever_the_hour(best, offers, peaks, job)
                  else _flips_of("utc_offset_hours", inputs.utc_offset_hours, best, at_offset, set()))
    alike = "no value of this changes which is the cheapest: every model's cost moves in the same proportion"
    return found + [Flip(name, None, "", why=alike) for name in ("requests_per_day", "growth_percent", "surcharge_percent")]


# What an input is called in a Job, and how much of it makes one there.
_MOVES = {
    "input_tokens": ("input_tokens", 1),
    "output_tokens": ("output_tokens", 1),
    "reasoning_tokens": ("reasoning_tokens", 1),
    "overhead_tokens": ("overhead_tokens", 1),
    "cached_share_percent": ("repeated", 100),
    "reads_per_write": ("reads_per_write", 1),
    "batch_share_percent": ("waiting", 100),
}
_At = Callable[[float], tuple[list[Offer], Job]]
_TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens")


def _whatever_the_hour(best: Offer, offers: Sequence[Offer], peaks: Mapping[str, Rates], job: Job) -> bool:
    """Whether a model stays the cheapest if all of its requests come at its peak, and those of the others never do."""
    worst = best._replace(usual=peaks.get(best.row, best.usual))
    others = (o._replace(usual=o.off_peak) if o.off_peak else o for o in offers if o is not best)
    return request_usd(worst, job) < min((request_usd(o, job) for o in others), default=math.inf)


def _at_clock(offer: Offer, values: Mapping[str, Value], clock: Clock, cache: Cache) -> Offer:
    """An offer with the requests at other hours."""
    moved = offer_of(offer.row, values, clock, offer.ratio, cache) if offer.off_peak else offer
    return offer if isinstance(moved, NoValue) else moved


def _moving(offers: list[Offer], job: Job, part: str, scale: float) -> _At:
    """The same offers and the job with one part of it moved."""
    return lambda value: (offers, job._replace(**{part: value / scale}))


def _cheapest(offers: Sequence[Offer], job: Job) -> Offer | None:
    """The model with the cheapest request, the first by its row among equals, or None if none can take it."""
    usd, _, best = min(((request_usd(offer, job), offer.row, offer) for offer in offers), default=(math.inf, "", None))
    return best if usd < math.inf else None


def _flips_of(name: str, now: float, best: Offer, at: _At, corners: set[float]) -> list[Flip]:
    """The flips of one input. `at` gives the offers and the job at a value of it."""
    spec = CALCULATOR.fields()[name]

    def gap(value: float) -> float:
        offers, job = at(value)
        own, other = math.inf, math.inf
        for offer in offers:
            usd = request_usd(offer, job)
            if offer.row == best.row:
                own = usd
            elif usd < other:
                other = usd
        if own == math.inf:
            return -math.inf
        return other - own if abs(other - own) > 1e-12 * own else 0.0

    offers, job = at(now)
    tokens, high = name in _TOKENS, spec.max or 0
    if tokens:
        high = min(high, max([now, *(offer.window / offer.ratio for offer in offers if offer.window < math.inf)]) * 1.01)
    found = []
    # Between corners a bill is a line in every input (in 1 / (reads + 1) for the reads), so few looks are enough, unless
    # what can wait goes another way from some value on, or the hours move.
    bends = (job.waiting and name != "batch_share_percent") or name == "utc_offset_hours"
    for value, beyond in changes(gap, now, spec.min or 0, high, corners, points=10 if bends else 4):
        change = Change(now if abs(value - now) <= 1e-6 * max(1, abs(now)) else value, beyond)
        then = _cheapest(*at(just_beyond(change, whole=tokens, low=spec.min or 0, high=high)))
        found.append(Flip(name, change.value, spec.unit, f"{then.label} is the cheapest" if then else NONE_FITS, beyond=beyond))
    return found or [_no_flip(name)]


def _no_flip(name: str) -> Flip:
    return Flip(name, None, CALCULATOR.fields()[name].unit, why="no value of this changes it")


def _corners(name: str, best: Offer, offers: Sequence[Offer], job: Job) -> set[float]:
    """Where a count of tokens meets the limits of an offer (window, longest answer, tiers): those values, the last
    before an offer gets dearer or drops out, and the ones just above those of today's cheapest."""
    now, prompt, together = getattr(job, name), job.input_tokens + job.overhead_tokens, sum(job[:4])
    found = set()
    for offer in offers:
        limits = [(offer.window, together)]
        if name in ("input_tokens", "overhead_tokens"):
            limits += [(above, prompt) for above, _ in offer.tiers]
        else:
            limits.append((offer.longest_answer, job.output_tokens + job.reasoning_tokens))
        turns = [limit / offer.ratio - (total - now) for limit, total in limits if limit < math.inf]
        found |= set(turns)
        if offer is best:
            found |= {turn * (1 + 1e-11) for turn in turns}
    return found


def _cache_corners(part: str, scale: float, offers: Sequence[Offer], job: Job) -> set[float]:
    """Where the stretch that repeats becomes long enough to be cached, and the values just below."""
    other = {"input_tokens": job.repeated, "repeated": job.input_tokens}.get(part, 0)
    turns = {offer.smallest / offer.ratio / other * scale for offer in offers if other and offer.smallest}
    return turns | {turn * (1 - 1e-11) for turn in turns}


_CARRIED = ("requests_per_day", "input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens", "cached_share_percent",
            "reads_per_write", "batch_share_percent", "day_shape", "hours_of_day", "growth_percent", "surcharge_percent")


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    found = []
    if not isinstance(outputs.usd_per_million_tokens, NoValue) and outputs.monthly_tokens >= 1:
        values = {name: getattr(inputs, name) for name in _CARRIED}
        for name, proprietary in (("proprietary_model", True), ("hosted_model", False)):
            best = next((p for p in outputs.priced if (p.offer.access == PROPRIETARY) == proprietary), None)
            values |= {name: best.offer.row} if best else {}
        found += [
            Link("Would GPUs of your own cost less for this workload? Break-even in full, with the cheapest of these models",
                 "calculators/break-even/", values={"mode": "full", **values}),
            Link("Would one server cost less for this volume? The original's break-even, with these figures",
                 "calculators/break-even/", values={"api_cost_per_million": float(f"{outputs.usd_per_million_tokens:.6g}"),
                                                    "monthly_tokens": round(outputs.monthly_tokens)}),
        ]
    return [*found, Link("Every price of this site, to browse and to take away", "data/prices/"),
            Link("What drives the cost of an API, and what hosted open models change", "guide/cost-at-scale/#hosted-open")]


def _cache_warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """Whose input is billed in full although some of it repeats, and why."""
    job = Job(inputs.input_tokens, inputs.output_tokens, repeated=inputs.cached_share_percent / 100)
    unused = [p for p in outputs.priced if job.repeated and job.input_tokens and not p.parts.cached and p.parts.input]
    short = {p.offer.label: said for p in unused if (said := too_short_to_cache(p.offer, job))}
    full = [p.offer.label for p in unused
            if p.offer.label not in short and p.offer.usual.cached >= p.offer.usual.input]
    found = list(short.values())
    if full:
        found.append(f"No cheaper price for cached input is known for {', '.join(full)}: all of it is billed in full.")
    return found


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    best = outputs.priced[0] if outputs.priced else None
    if best and not best.month_usd:
        return []
    found = [f"{p.offer.label} costs the same as {best.offer.label}." for p in outputs.priced[1:]
             if best and p.request_usd - best.request_usd <= 1e-9 * best.request_usd]
    if best and (later := outputs.cheapest_later) and later != best.offer.label:
        found.append(f"Prices change within {show(inputs.horizon_months, 'months')}: in their mean {later} is the cheapest.")
    for p in outputs.priced:
        if p.status == "deprecated":
            found.append(f"{p.offer.label} is deprecated; {f'it ends on {p.end}' if p.end else 'no last day is known'}.")
        elif isinstance(p.mean_usd, NoValue):
            found.append(f"{p.offer.label}: {p.mean_usd.why}.")
        elif p.status == "unlisted":
            found.append(f"{p.offer.label} is no longer in the table where its price was read.")
    found += _cache_warnings(inputs, outputs)
    if inputs.batch_share_percent:
        late = [p.offer.label for p in outputs.priced if not p.offer.batch and not p.offer.off_peak]
        if late:
            found.append(f"No price for what can wait is known for {', '.join(late)}: it is billed like the rest.")
    return found


CALCULATOR = Calculator(
    slug="api-cost",
    title="API cost",
    question="What does your workload cost on proprietary APIs and on hosted open models?",
    version="1.0",
    data=(PRICES, CACHES, SHAPES, scores.TABLE, scores.FRONTIER),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    flips=flips,
    warnings=warnings,
    presets="workloads",
)
