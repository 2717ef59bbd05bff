"""What a month of a workload costs at list prices, on proprietary APIs and on hosted open models side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from calculators.formulas import scores
from calculators.formulas.api_cost_chart import BENCHMARKS, charts
from calculators.formulas.api_cost_flips import NONE_FITS, flips_of
from calculators.formulas.api_cost_steps import steps
from calculators.formulas.price_changes import end_of, mean_month, usd_by_day
from calculators.formulas.prices import (
    CACHES,
    PROPRIETARY,
    SHAPES,
    Cache,
    Job,
    Offer,
    Parts,
    Workload,
    cache_of,
    called,
    misfit,
    offer_of,
    parts_usd,
    ratio_of,
    request_usd,
    retired,
    too_short_to_cache,
    workload_of,
)
from calculators.formulas.prices import TABLE as PRICES
from calculators.kit import days, workload
from calculators.kit.chart import Chart
from calculators.kit.facts import Facts
from calculators.kit.fields import InputError, choice, folded, several, whole
from calculators.kit.shape import Calculator, Flip, Link, NoValue, Step, Table, output
from calculators.kit.units import DAYS_PER_MONTH, TOKENS_PER_MTOK, show

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
    cached_share_percent: float = workload.cached_share_percent(50)
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
        over_time = list(usd_by_day(offer, load, caches[row], facts))
        priced.append(_priced(offer, caches[row], over_time, load, inputs, facts))
        changed = tuple((day, usd) for day, usd in over_time if usd is not None)
        if len({usd for _, usd in changed}) > 1:
            history.append((offer.label, changed))
    # By list price, so that a discount of everything leaves the order as it is.
    ranked = sorted(priced, key=lambda p: (request_usd(p.offer, job), p.offer.row))
    return _outputs(inputs, ranked, refusals, tuple(history))


def _priced(offer: Offer, cache: Cache, over_time: Sequence[tuple[str, float | None]], load: Workload, inputs: Inputs,
            facts: Facts) -> Priced:
    """The bill of a model that can take the request."""
    factor, requests = 1 + load.surcharge, load.requests_per_month
    taxed = parts_usd(offer, load.job).times(factor)
    month = taxed.total * requests
    status = str(facts.rows(PRICES)[offer.row]["status"])
    today = days.ordinal(facts.as_of)
    end = end_of(offer.row, facts)
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
    return steps(inputs, outputs) if outputs.priced else [Step(name, "{not_priced}") for name in CALCULATOR.results()]


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> list[Chart]:
    """The ranking; the price of the request over time where it changed; quality beside price."""
    return charts(inputs, outputs, facts)


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each number alone, the nearest values above and below at which another model becomes the cheapest."""
    load = workload_of(inputs, facts.rows(SHAPES))
    return flips_of(inputs, load, ratios_of(inputs, facts), caches_of(inputs, facts), facts.rows(PRICES), CALCULATOR.fields())


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
