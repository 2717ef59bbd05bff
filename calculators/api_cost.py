"""What a month of a workload costs at list prices, on proprietary APIs and on hosted open models side by side."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from calculators.kit import days, workload
from calculators.kit.chart import Bars, Chart, Line, Lines, Points
from calculators.kit.facts import Facts, Value
from calculators.kit.search import changes
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
from calculators.kit.units import HOURS_PER_DAY, TOKENS_PER_MTOK, exact, show

PRICES = "prices"
SHAPES = "day-shapes"
DAYS_PER_MONTH = 30  # as everywhere on this site: data/original.yaml counts 24 x 30 hours
NONE_FITS = "None of these models can take this request"
PROPRIETARY = "proprietary"
BENCHMARKS = {
    "none": "None",
    "gpqa": "GPQA Diamond, run by Epoch AI",
    "swe-bench": "SWE-bench Verified, run by Epoch AI",
    "swe-bench-pro": "SWE-bench Pro, run by Scale AI",
    "eci": "Epoch Capabilities Index, up to July 2026",
}
_BENCHMARK_ROWS = {"gpqa": ("GPQA Diamond", "Epoch AI"), "swe-bench": ("SWE-bench Verified", "Epoch AI"),
                   "swe-bench-pro": ("SWE-bench Pro", "Scale AI")}
_SPAN = r"(\d\d):(\d\d)-(\d\d):(\d\d)"
_PEAK = re.compile(rf"(Monday to Friday )?{_SPAN}(?: and {_SPAN})* UTC", re.ASCII)


def retired(values: Mapping[str, Value]) -> str:
    """Why a row of the prices may not be chosen, or "" if it may."""
    if values.get("status") != "retired":
        return ""
    return f"was retired on {values['retires']}" if "retires" in values else "has been retired"


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


class Rates(NamedTuple):
    """Prices in USD per million tokens. Without a price of their own, cached and written tokens cost as input does."""

    input: float
    cached: float
    write: float
    output: float


class Parts(NamedTuple):
    """What one request costs, in USD, by what is billed."""

    input: float
    cached: float
    written: float
    output: float
    reasoning: float


class Job(NamedTuple):
    """One request: tokens, and shares from 0 to 1 of what repeats and what can wait."""

    input_tokens: float
    output_tokens: float
    reasoning_tokens: float
    overhead_tokens: float
    repeated: float
    reads_per_write: float
    waiting: float


class Clock(NamedTuple):
    """When requests come: the weight of each local hour (their sum is 1), the weekend's hours to the weekdays', and how
    many hours the local clock is ahead of UTC."""

    hours: tuple[float, ...]
    weekend: float
    utc_offset: float


class Offer(NamedTuple):
    """One model on one host, as a request meets it."""

    row: str
    label: str
    access: str
    usual: Rates  # the mean over the hours of the day
    off_peak: Rates | None  # where the price depends on the hour
    batch: Rates | None
    tiers: tuple[tuple[float, Rates], ...]  # tokens above which it holds, longest first
    window: float
    longest_answer: float
    ratio: float  # its tokens for each token of the job


class Priced(NamedTuple):
    """A model with its bill."""

    offer: Offer
    parts: Parts  # USD per request, the surcharge included
    month_usd: float  # at today's prices
    mean_usd: float | NoValue  # a month of the horizon, in the mean
    status: str  # as the table of prices has it
    end: str  # the day on which it is shut down, as far as that is known

    @property
    def request_usd(self) -> float:
        """The whole of one request, in USD."""
        return sum(self.parts)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Exact arithmetic on list prices and inputs, so bare numbers."""

    cheapest: str = output("Answer", headline=True)
    cost_per_request: float | NoValue = output("One request", unit="USD")
    monthly_cost: float | NoValue = output("A month at today's prices", unit="USD/month", decimals=2)
    average_monthly_cost: float | NoValue = output("A month in the mean of the months ahead", unit="USD/month", decimals=2)
    cheapest_over_horizon: str = output("Cheapest over the months ahead")
    cheapest_open: str = output("Cheapest open model behind an API")
    cheapest_proprietary: str = output("Cheapest proprietary model")
    monthly_tokens: float = output("Tokens a month", unit="tokens/month")
    usd_per_million_tokens: float | NoValue = output("Per million tokens, input and output together", unit="USD/Mtok")
    not_priced: str = output("Could not be priced")
    costs: Table = output("What each model costs", table=True)
    priced: tuple[Priced, ...]
    history: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]  # USD per request by day, where it changed


def bill_usd(rates: Rates, fresh: float, cached: float, written: float, answer: float) -> float:
    """What tokens cost: new input, input read from a cache, input written to one, output. Returns USD.

    Takes prices in USD per million tokens and counts of tokens. No token is counted twice: what is written to a cache is
    billed at the price of writing alone.
    """
    return (fresh * rates.input + cached * rates.cached + written * rates.write + answer * rates.output) / TOKENS_PER_MTOK


def rates_for(offer: Offer, prompt_tokens: float) -> Rates:
    """The prices of a request (USD per million tokens): above a limit the whole request costs the tier's prices."""
    for above, rates in offer.tiers:
        if prompt_tokens > above:
            return rates
    return offer.usual


def counts(rates: Rates, ratio: float, job: Job) -> tuple[float, float, float]:
    """The prompt of a request as it is billed: tokens of new input, read from a cache, written to it.

    `ratio` is tokens for each token of the job. Of reads_per_write + 1 requests with the same beginning one writes it. A
    cache that costs more than it saves is not used.
    """
    n, repeats = job.reads_per_write, job.input_tokens * ratio * job.repeated
    if n * rates.cached + rates.write >= (n + 1) * rates.input:
        repeats = 0
    written = repeats / (n + 1)
    return (job.input_tokens + job.overhead_tokens) * ratio - repeats, repeats - written, written


def fits(offer: Offer, job: Job) -> bool:
    """Whether a model can take a request: its prompt and answer within the window, its answer not too long."""
    answer = (job.output_tokens + job.reasoning_tokens) * offer.ratio
    return (answer <= offer.longest_answer
            and answer + (job.input_tokens + job.overhead_tokens) * offer.ratio <= offer.window)


def ways(offer: Offer, job: Job) -> tuple[Rates, Rates]:
    """The prices of what cannot wait and of what can (USD per million tokens).

    What can wait goes where it is cheapest: as a batch, off-peak, or as everything else. No price is known of cached
    input in a batch, nor of batches with long prompts, so a batch pays its full input price and long prompts go as the rest.
    """
    now = rates_for(offer, (job.input_tokens + job.overhead_tokens) * offer.ratio)
    if not job.waiting or now is not offer.usual:
        return now, now
    options = [rates for rates in (now, offer.off_peak, offer.batch) if rates]
    return now, min(options, key=lambda rates: at_rates(rates, offer.ratio, job))


def at_rates(rates: Rates, ratio: float, job: Job) -> float:
    """What one request costs at these prices, in USD."""
    return bill_usd(rates, *counts(rates, ratio, job), (job.output_tokens + job.reasoning_tokens) * ratio)


def request_usd(offer: Offer, job: Job) -> float:
    """What one request costs on an offer, in USD; infinite if the model cannot take it."""
    if not fits(offer, job):
        return math.inf
    now = rates_for(offer, (job.input_tokens + job.overhead_tokens) * offer.ratio)
    usd = later = at_rates(now, offer.ratio, job)
    if job.waiting and now is offer.usual:  # see ways(); asked thousands of times for the flips, so worked out once here
        for rates in (offer.off_peak, offer.batch):
            if rates:
                later = min(later, at_rates(rates, offer.ratio, job))
    return usd * (1 - job.waiting) + later * job.waiting


def parts_usd(offer: Offer, job: Job) -> Parts:
    """The same by part, for a model that can take the request."""
    now, later = ways(offer, job)
    a, b = _parts(now, offer.ratio, job), _parts(later, offer.ratio, job)
    return Parts(*(x * (1 - job.waiting) + y * job.waiting for x, y in zip(a, b, strict=True)))


def _parts(rates: Rates, ratio: float, job: Job) -> Parts:
    fresh, read, written = counts(rates, ratio, job)
    return Parts(bill_usd(rates, fresh, 0, 0, 0), bill_usd(rates, 0, read, 0, 0), bill_usd(rates, 0, 0, written, 0),
                 bill_usd(rates, 0, 0, 0, job.output_tokens * ratio), bill_usd(rates, 0, 0, 0, job.reasoning_tokens * ratio))


def misfit(offer: Offer, job: Job) -> str:
    """Why a model cannot take a request, or "" if it can."""
    answer = (job.output_tokens + job.reasoning_tokens) * offer.ratio
    if answer > offer.longest_answer:
        return f"the answer is longer than the {show(offer.longest_answer, 'tokens')} it gives at most"
    if answer + (job.input_tokens + job.overhead_tokens) * offer.ratio > offer.window:
        return f"prompt and answer together are longer than its window of {show(offer.window, 'tokens')}"
    return ""


def peak_share(peak: str, clock: Clock) -> float | None:
    """The share of requests (0 to 1) that come in peak hours, or None if the text of the hours cannot be read.

    `peak` is the column of the prices: "Monday to Friday 01:00-04:00 and 06:00-10:00 UTC". A local weekday counts as one
    in UTC.
    """
    if not _PEAK.fullmatch(peak):
        return None
    spans = []
    for first, minute, last, end_minute in re.findall(_SPAN, peak):
        start, end = int(first) + int(minute) / 60, int(last) + int(end_minute) / 60
        spans.append((start, end if end > start else end + HOURS_PER_DAY))
    share = sum(weight * _overlap((hour - clock.utc_offset) % HOURS_PER_DAY, spans)
                for hour, weight in enumerate(clock.hours) if weight)
    return share * (5 / (5 + 2 * clock.weekend) if peak.startswith("Monday to Friday") else 1)


def _overlap(start: float, spans: Sequence[tuple[float, float]]) -> float:
    """The part of the hour from `start` that lies within the spans, which repeat every day."""
    return sum(max(0.0, min(start + 1, last + turn) - max(start, first + turn))
               for first, last in spans for turn in (-HOURS_PER_DAY, 0, HOURS_PER_DAY))


def offer_of(row: str, values: Mapping[str, Value], clock: Clock, ratio: float) -> Offer | str:
    """A row of the prices as an offer, or why it has none."""
    plain = _rates(values, "")
    usual, off_peak = plain, None
    if "peak" in values:
        share = peak_share(str(values["peak"]), clock)
        if share is None:
            return "its peak hours cannot be read"
        peak = peak_rates(values)
        usual, off_peak = Rates(*(p * share + o * (1 - share) for p, o in zip(peak, plain, strict=True))), plain
    batch = None
    if "batch_input" in values:
        full = float(values["batch_input"])
        batch = Rates(full, full, full, float(values["batch_output"]))
    tiers = tuple((float(values[f"{tier}above_tokens"]), _rates(values, tier, plain.write / plain.input))
                  for tier in ("tier_2_", "tier_") if f"{tier}input" in values)
    return Offer(row, f"{values['model']} ({values['host']})", str(values["access"]), usual, off_peak, batch, tiers,
                 float(values.get("context_tokens", math.inf)), float(values.get("max_output_tokens", math.inf)), ratio)


def peak_rates(values: Mapping[str, Value]) -> Rates:
    """The prices of a row at its peak hours, in USD per million tokens."""
    plain = _rates(values, "")
    return _rates(values, "peak_", plain.write / plain.input)


def _rates(values: Mapping[str, Value], kind: str, write: float = 1) -> Rates:
    """The prices of one kind in a row. `write` is what writing to a cache costs of input where no price is listed."""
    full = float(values[f"{kind}input"])
    listed = values.get(f"{kind}cache_write", full * write)
    return Rates(full, float(values.get(f"{kind}cached_input", full)), float(listed), float(values[f"{kind}output"]))


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


def job_of(inputs: Inputs) -> Job:
    """The request that the inputs describe."""
    return Job(inputs.input_tokens, inputs.output_tokens, inputs.reasoning_tokens, inputs.overhead_tokens,
               inputs.cached_share_percent / 100, inputs.reads_per_write, inputs.batch_share_percent / 100)


def clock_of(inputs: Inputs, facts: Facts) -> Clock:
    """When the requests come. Raises InputError for hours that cannot be read."""
    shape = facts.rows(SHAPES)[inputs.day_shape]
    hours = workload.hourly(inputs.hours_of_day, [float(shape[f"h{hour:02d}"]) for hour in range(HOURS_PER_DAY)])
    return Clock(hours, 1 if inputs.hours_of_day else float(shape["weekend"]), inputs.utc_offset_hours)


def ratios_of(inputs: Inputs, facts: Facts) -> dict[str, float]:
    """The ratio of each chosen row. Raises InputError for a name that is none of theirs."""
    given = workload.ratios(inputs.tokeniser_ratios) if inputs.tokeniser_ratios else {}
    unused, found = dict(given), dict.fromkeys(inputs.models, 1.0)
    for row in inputs.models:
        values = facts.rows(PRICES)[row]
        # The most exact name wins: the row, the model, its vendor.
        for name in (str(values["vendor"]), str(values["model_id"]), str(values["model"]), row):
            if name.lower() in given:
                found[row] = given[name.lower()]
                unused.pop(name.lower(), None)
    for name in unused:
        raise InputError("tokeniser_ratios", "Tokeniser ratios must name vendors or models that are chosen above "
                                             f"(got {_as_typed(name, inputs.tokeniser_ratios)}).")
    return found


def _as_typed(name: str, text: str) -> str:
    at = text.lower().index(name)
    return text[at:at + len(name)][:40]


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Price one request on every model, and from it the month and the months ahead."""
    job, clock, ratios = job_of(inputs), clock_of(inputs, facts), ratios_of(inputs, facts)
    priced, refusals, history = [], [], []
    for row in sorted(inputs.models):
        values = facts.rows(PRICES)[row]
        offer = offer_of(row, values, clock, ratios[row])
        if isinstance(offer, str) or not fits(offer, job):
            why = offer if isinstance(offer, str) else misfit(offer, job)
            refusals.append(f"{values['model']} ({values['host']}): {why}")
            continue
        over_time = list(_over_time(offer, job, clock, facts))
        priced.append(_priced(offer, parts_usd(offer, job), over_time, inputs, facts))
        changed = tuple((day, usd) for day, usd in over_time if usd is not None)
        if len({usd for _, usd in changed}) > 1:
            history.append((offer.label, changed))
    # By list price, so that a discount of everything leaves the order as it is.
    ranked = sorted(priced, key=lambda p: (request_usd(p.offer, job), p.offer.row))
    return _outputs(inputs, ranked, refusals, tuple(history))


def _over_time(offer: Offer, job: Job, clock: Clock, facts: Facts) -> Iterator[tuple[str, float | None]]:
    """By the day from which something changed: what the request costs (USD), or None if it cannot be priced."""
    for day, values in facts.row_history(PRICES, offer.row):
        then = offer_of(offer.row, values, clock, offer.ratio)
        usd = math.inf if isinstance(then, str) or retired(values) else request_usd(then, job)
        yield day, usd if usd < math.inf else None


def _priced(offer: Offer, parts: Parts, over_time: Sequence[tuple[str, float | None]], inputs: Inputs,
            facts: Facts) -> Priced:
    """The bill of a model whose request costs these parts before the surcharge."""
    factor = 1 + inputs.surcharge_percent / 100
    requests = inputs.requests_per_day * DAYS_PER_MONTH
    taxed = Parts(*(part * factor for part in parts))
    month = sum(taxed) * requests
    status = str(facts.rows(PRICES)[offer.row]["status"])
    today = days.ordinal(facts.as_of)
    end = _end(offer.row, facts)
    horizon = inputs.horizon_months * days.DAYS_PER_MONTH
    if end and days.ordinal(end) - today < horizon:
        return Priced(offer, taxed, month, NoValue(f"it ends on {end}"), status, end)
    costs = [(0.0, month)]
    for day, usd in over_time:
        ahead = days.ordinal(day) - today
        if 0 < ahead < horizon and usd is None:
            return Priced(offer, taxed, month, NoValue(f"it cannot be priced from {day} on"), status, end)
        if 0 < ahead < horizon and usd is not None:
            costs.append((float(ahead), usd * factor * requests))
    mean = mean_month(costs, inputs.horizon_months, inputs.growth_percent / 100)
    return Priced(offer, taxed, month, mean, status, end)


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
        priced=tuple(priced),
        history=history,
    )


def answer(best: Priced | None) -> str:
    """The answer in words."""
    return f"{best.offer.label} is the cheapest" if best else NONE_FITS


def _named(one: Priced, usd: float) -> str:
    return f"{one.offer.label}, {show(round(usd, 2), 'USD/month')}"


def _first(priced: list[Priced], *, proprietary: bool) -> str:
    """The cheapest of one kind with its month, in words."""
    return next((_named(p, p.month_usd) for p in priced if (p.offer.access == PROPRIETARY) == proprietary),
                "none among these")


def _table(priced: list[Priced]) -> Table:
    """Each model's bill, cheapest first; the five parts of a month add up to it."""
    columns = (("Model", "text"), ("Access", "text"), ("One request", "USD"), ("A month", "USD/month"),
               ("Mean of the months ahead", "USD/month"), ("Input", "USD/month"), ("Read from cache", "USD/month"),
               ("Written to cache", "USD/month"), ("Output", "USD/month"), ("Reasoning", "USD/month"))
    rows = []
    for p in priced:
        months = p.month_usd / p.request_usd if p.request_usd else 0
        rows.append((p.offer.label, (p.offer.access, p.request_usd, p.month_usd, p.mean_usd,
                                     *(part * months for part in p.parts))))
    return Table(columns, tuple(rows))


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working: the cheapest model's bill, and the prices of all."""
    if not outputs.priced:
        return [Step(name, "{not_priced}") for name in CALCULATOR.results()]
    best = outputs.priced[0]
    return [
        *(_price_step(p) for p in outputs.priced),
        Step("cost_per_request", _request_text(inputs, best)),
        Step("monthly_cost", "{cost_per_request} × {requests_per_day} × 30 days = {monthly_cost}"),
        Step("average_monthly_cost", "{horizon_months} from today, each at the prices of its days, with {growth_percent} "
             "growth a month, divided by their number: {average_monthly_cost}"),
        Step("cheapest_over_horizon", "{cheapest_over_horizon}; models that end sooner are left out"),
        Step("cheapest_open", "{cheapest_open}"),
        Step("cheapest_proprietary", "{cheapest_proprietary}"),
        Step("monthly_tokens", "({input_tokens} + {overhead_tokens} + {output_tokens} + {reasoning_tokens}) × "
             "{requests_per_day} × 30 days = {monthly_tokens}, by your count"),
        Step("usd_per_million_tokens", "{monthly_cost} ÷ {monthly_tokens} = {usd_per_million_tokens}"),
        Step("not_priced", "{not_priced}"),
        Step("cheapest", f"the least for one request, {{cost_per_request}}, on {best.offer.label}"),
    ]


def _price_step(p: Priced) -> Step:
    """The prices that a model's bill rests on, each with its source."""
    def price(name: str) -> str:
        return f"{{{PRICES}.{p.offer.row}.{name}}}"

    usual = p.offer.off_peak or p.offer.usual
    text = f"{p.offer.label}: input {price('input')}, output {price('output')}"
    text += f", cached {price('cached_input')}" if usual.cached != usual.input else ""
    text += f", written to the cache {price('cache_write')}" if usual.write != usual.input else ""
    text += f", in a batch {price('batch_input')} and {price('batch_output')}" if p.offer.batch else ""
    text += (f", at peak ({price('peak')}) {price('peak_input')} and {price('peak_output')}" if p.offer.off_peak else "")
    text += f"; prompts of more than {price('tier_above_tokens')} cost more" if p.offer.tiers else ""
    return Step("costs", text)


def _request_text(inputs: Inputs, best: Priced) -> str:
    """One request of the cheapest model, part by part."""
    names = ("input", "reading from the cache", "writing to it", "output", "reasoning")
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
    scores = _scores(inputs.benchmark, facts)
    rows = facts.rows(PRICES)
    points = [(p.offer.label, int(p.offer.access != PROPRIETARY), p.request_usd * 1000, scores[key]) for p in outputs.priced
              if (key := _plain(str(rows[p.offer.row]["model"]))) in scores and p.request_usd]
    if not points:
        return None
    unit = "points" if inputs.benchmark == "eci" else "%"
    return Points(f"Quality beside price: {BENCHMARKS[inputs.benchmark]}", "A thousand requests", "USD", "Score", unit,
                  ["Proprietary", "Open weights"], points, by="Model")


def _scores(benchmark: str, facts: Facts) -> dict[str, float]:
    """The scores of a benchmark by the plain name of the model."""
    if benchmark == "eci":
        return {_plain(str(v["model"])): float(v["score"]) for v in facts.rows("frontier").values()}
    wanted = _BENCHMARK_ROWS.get(benchmark)
    return {_plain(str(v["model"])): float(v["score"]) for v in facts.rows("benchmark-scores").values()
            if wanted and (v["benchmark"], v["run_by"]) == wanted} if wanted else {}


def _plain(name: str) -> str:
    """A model's name without what two tables may write differently."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each number alone, the nearest values above and below at which another model becomes the cheapest."""
    job, clock, ratios = job_of(inputs), clock_of(inputs, facts), ratios_of(inputs, facts)
    rows = facts.rows(PRICES)
    offers = [offer for row in sorted(inputs.models)
              if not isinstance(offer := offer_of(row, rows[row], clock, ratios[row]), str)]
    best = _cheapest(offers, job)
    if best is None:
        return []
    found = []
    for name, (part, scale) in _MOVES.items():
        corners = _corners(name, best, offers, job) if part in _TOKENS else set()
        found += _flips_of(name, getattr(inputs, name), best, _moving(offers, job, part, scale), corners)
    if any(offer.off_peak for offer in offers):
        def at_offset(value: float) -> tuple[list[Offer], Job]:
            then = clock._replace(utc_offset=value)
            return [_at_clock(offer, rows[offer.row], then) for offer in offers], job

        found += ([_no_flip("utc_offset_hours")] if _whatever_the_hour(best, offers, rows, job)
                  else _flips_of("utc_offset_hours", inputs.utc_offset_hours, best, at_offset, set()))
    alike = "no value of this changes it: every model's cost moves in the same proportion"
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


def _whatever_the_hour(best: Offer, offers: Sequence[Offer], rows: Mapping[str, Mapping[str, Value]], job: Job) -> bool:
    """Whether a model stays the cheapest if all of its requests come at its peak, and those of the others never do."""
    worst = best._replace(usual=peak_rates(rows[best.row])) if best.off_peak else best
    others = (o._replace(usual=o.off_peak) if o.off_peak else o for o in offers if o is not best)
    return request_usd(worst, job) < min((request_usd(o, job) for o in others), default=math.inf)


def _at_clock(offer: Offer, values: Mapping[str, Value], clock: Clock) -> Offer:
    """An offer with the requests at other hours."""
    moved = offer_of(offer.row, values, clock, offer.ratio) if offer.off_peak else offer
    return offer if isinstance(moved, str) else moved


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
        value = now if abs(value - now) <= 1e-6 * max(1, abs(now)) else value
        step = max(abs(value), 1e-6) * 1e-9
        then = _cheapest(*at(value + step if beyond == "above" else value - step))
        found.append(Flip(name, value, spec.unit, f"{then.label} is the cheapest" if then else NONE_FITS, beyond=beyond))
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


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    found = []
    if not isinstance(outputs.usd_per_million_tokens, NoValue) and outputs.monthly_tokens >= 1:
        tokens, usd = exact(round(outputs.monthly_tokens)), exact(float(f"{outputs.usd_per_million_tokens:.6g}"))
        found.append(Link("Would a server of your own cost less for this volume? Break-even, with these figures",
                          f"calculators/break-even/?v=1&api_cost_per_million={usd}&monthly_tokens={tokens}"))
    return [*found, Link("Every price of this site, to browse and to take away", "data/prices/"),
            Link("What drives the cost of an API, and what hosted open models change", "guide/cost-at-scale/#hosted-open")]


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    best = outputs.priced[0] if outputs.priced else None
    found = [f"{p.offer.label} costs the same as {best.offer.label}." for p in outputs.priced[1:]
             if best and p.request_usd - best.request_usd <= 1e-9 * best.request_usd]
    for p in outputs.priced:
        if p.status == "deprecated":
            found.append(f"{p.offer.label} is deprecated; {f'it ends on {p.end}' if p.end else 'no last day is known'}.")
        elif isinstance(p.mean_usd, NoValue):
            found.append(f"{p.offer.label}: {p.mean_usd.why}.")
        elif p.status == "unlisted":
            found.append(f"{p.offer.label} is no longer in the table where its price was read.")
    full = [p.offer.label for p in outputs.priced if inputs.cached_share_percent and not p.parts.cached and p.parts.input]
    if full:
        found.append(f"No cheaper price for cached input is known for {', '.join(full)}: all of it is billed in full.")
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
    data=(PRICES, SHAPES, "benchmark-scores", "frontier"),
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
