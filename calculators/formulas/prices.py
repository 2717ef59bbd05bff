"""What tokens cost by a row of the price list: plain functions of plain numbers.

Three calls answer most questions. `workload_of` reads the workload from a calculator's inputs, `offer_of` a row of
data/prices.yaml as that workload meets it, and `month_usd` gives a month's bill by what is billed:

    load = prices.workload_of(inputs, facts.rows("day-shapes"))
    bill = prices.month_usd(row, facts.rows("prices")[row], load)
    usd = bill if isinstance(bill, NoValue) else bill.total
"""

import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from calculators.kit import workload
from calculators.kit.facts import Value
from calculators.kit.shape import NoValue
from calculators.kit.units import DAYS_PER_MONTH, HOURS_PER_DAY, TOKENS_PER_MTOK, show

TABLE, CACHES, SHAPES = "prices", "caches", "day-shapes"  # the tables that these formulas read
PROPRIETARY = "proprietary"  # in the column `access`
_SPAN = r"(\d\d):(\d\d)-(\d\d):(\d\d)"
_PEAK = re.compile(rf"(Monday to Friday )?{_SPAN}(?: and {_SPAN})* UTC", re.ASCII)


class Rates(NamedTuple):
    """Prices in USD per million tokens. Without a price of their own, cached and written tokens cost as input does."""

    input: float
    cached: float
    write: float
    output: float


class Parts(NamedTuple):
    """What one request, or a month of them, costs, in USD, by what is billed."""

    input: float
    cached: float
    written: float
    output: float
    reasoning: float

    @property
    def total(self) -> float:
        """All of it, in USD."""
        return sum(self)

    def times(self, factor: float) -> "Parts":
        """So many times the same."""
        return Parts(*(part * factor for part in self))


class Job(NamedTuple):
    """One request: tokens, and shares from 0 to 1 of what repeats and what can wait."""

    input_tokens: float
    output_tokens: float
    reasoning_tokens: float = 0
    overhead_tokens: float = 0
    repeated: float = 0  # of input_tokens
    reads_per_write: float = 1
    waiting: float = 0

    @property
    def prompt(self) -> float:
        """Tokens of the whole prompt."""
        return self.input_tokens + self.overhead_tokens

    @property
    def answer(self) -> float:
        """Tokens that are billed as output."""
        return self.output_tokens + self.reasoning_tokens


class Clock(NamedTuple):
    """When requests come: the weight of each local hour (their sum is 1), the weekend's hours to the weekdays', and how
    many hours the local clock is ahead of UTC."""

    hours: tuple[float, ...]
    weekend: float
    utc_offset: float


EVEN = Clock((1 / HOURS_PER_DAY,) * HOURS_PER_DAY, 1, 0)  # as many requests at every hour of the week


class Cache(NamedTuple):
    """What a host's cache asks for: tokens that a stretch must have to be cached at all, and what writing it costs in USD per
    million tokens if that differs from the price in the table of prices (0: it does not)."""

    smallest: float = 0
    write: float = 0


LISTED = Cache()  # nothing is known but the prices


class Workload(NamedTuple):
    """A month of like requests. `surcharge` is a share of every list price, negative for a discount."""

    job: Job
    requests_per_month: float
    clock: Clock = EVEN
    surcharge: float = 0


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
    smallest: float = 0  # tokens that a stretch must have to be cached


def cache_of(rules: Mapping[str, Value], *, long: bool = False) -> Cache:
    """The cache of a row of data/caches.yaml, which may be empty. `long`: kept for the longer time, where one is sold."""
    return Cache(float(rules.get("smallest", 0)), float(rules.get("long_write", 0)) if long else 0)


def workload_of(inputs: Any, shapes: Mapping[str, Mapping[str, Value]]) -> Workload:
    """The workload in a calculator's inputs, whose fields are named as kit.workload declares them.

    What the calculator does not ask for does not count: no reasoning, nothing repeats or waits, an even day. `shapes` is
    the table of day shapes. Raises InputError for hours of the day that cannot be read.
    """
    asked: Mapping[str, Any] = vars(inputs)

    def share(name: str) -> float:
        return float(asked.get(name, 0)) / 100

    job = Job(asked["input_tokens"], asked["output_tokens"], asked.get("reasoning_tokens", 0), asked.get("overhead_tokens", 0),
              share("cached_share_percent"), asked.get("reads_per_write", 1), share("batch_share_percent"))
    return Workload(job, asked["requests_per_day"] * DAYS_PER_MONTH, clock_of(inputs, shapes), share("surcharge_percent"))


def clock_of(inputs: Any, shapes: Mapping[str, Mapping[str, Value]]) -> Clock:
    """When the requests come, from the fields day_shape, hours_of_day and utc_offset_hours, as far as they are asked for.

    Raises InputError for hours that cannot be read.
    """
    asked: Mapping[str, Any] = vars(inputs)
    given = asked.get("hours_of_day", "")
    if "day_shape" not in asked:
        return EVEN
    shape = shapes[asked["day_shape"]]
    hours = workload.hourly(given, [float(shape[f"h{hour:02d}"]) for hour in range(HOURS_PER_DAY)])
    return Clock(hours, 1 if given else float(shape["weekend"]), asked.get("utc_offset_hours", 0))


def month_usd(row: str, values: Mapping[str, Value], load: Workload, ratio: float = 1,
              cache: Cache = LISTED) -> Parts | NoValue:
    """A month's bill by part, in USD, at the prices of a row; or why the row cannot serve the workload.

    `ratio`: the model's tokens for each token of the workload. `cache`: as `cache_of` reads it.
    """
    bill = request_parts(row, values, load, ratio, cache)
    return bill if isinstance(bill, NoValue) else bill.times(load.requests_per_month)


def request_parts(row: str, values: Mapping[str, Value], load: Workload, ratio: float = 1,
                  cache: Cache = LISTED) -> Parts | NoValue:
    """The bill of one request of the workload, in the mean over the day; otherwise as `month_usd`."""
    offer = offer_of(row, values, load.clock, ratio, cache)
    if isinstance(offer, NoValue):
        return offer
    why = misfit(offer, load.job)
    return NoValue(why) if why else parts_usd(offer, load.job).times(1 + load.surcharge)


def retired(values: Mapping[str, Value]) -> str:
    """Why a row of the prices may not be chosen, or "" if it may."""
    if values.get("status") != "retired":
        return ""
    return f"was retired on {values['retires']}" if "retires" in values else "has been retired"


def called(values: Mapping[str, Value]) -> str:
    """What a row is called: "GPT-4o (OpenAI)"."""
    return f"{values['model']} ({values['host']})"


def ratio_of(row: str, values: Mapping[str, Value], given: Mapping[str, float]) -> tuple[float, set[str]]:
    """A row's tokens for each token of the workload, and the names that it answered to, of ratios as workload.ratios
    reads them. The most exact name wins: the row, the model, its vendor."""
    ratio, met = 1.0, set()
    for name in (str(values["vendor"]), str(values["model_id"]), str(values["model"]), row):
        if name.lower() in given:
            ratio = given[name.lower()]
            met.add(name.lower())
    return ratio, met


@functools.cache  # as many as the tables have models
def plain_name(name: Value) -> str:
    """A model's name without what two tables may write differently."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


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


def counts(offer: Offer, rates: Rates, job: Job) -> tuple[float, float, float]:
    """The prompt of a request as it is billed: tokens of new input, read from a cache, written to it.

    Of reads_per_write + 1 requests with the same beginning one writes it. A cache that costs more than it saves is not
    used, and a stretch that is shorter than the host caches is not cached.
    """
    n, repeats = job.reads_per_write, job.input_tokens * offer.ratio * job.repeated
    if repeats < offer.smallest * (1 - 1e-12) or n * rates.cached + rates.write >= (n + 1) * rates.input:
        repeats = 0
    written = repeats / (n + 1)
    return job.prompt * offer.ratio - repeats, repeats - written, written


def too_short_to_cache(offer: Offer, job: Job) -> str:
    """That nothing of a prompt is cached since too little of it repeats, as a sentence; "" if enough does, or nothing."""
    repeats = job.input_tokens * offer.ratio * job.repeated
    if not 0 < repeats < offer.smallest * (1 - 1e-12):
        return ""
    return (f"{offer.label} caches no stretch of fewer than {show(offer.smallest, 'tokens')}, and yours has "
            f"{show(repeats, 'tokens')}: all of it is billed in full.")


def misfit(offer: Offer, job: Job) -> str:
    """Why a model cannot take a request, or "" if it can."""
    limit = _limit(offer, job.prompt * offer.ratio, job.answer * offer.ratio)
    if limit == "answer":
        return f"the answer is longer than the {show(offer.longest_answer, 'tokens')} it gives at most"
    return limit and f"prompt and answer together are longer than its window of {show(offer.window, 'tokens')}"


def _limit(offer: Offer, prompt: float, answer: float) -> str:
    """What of a model is too short for so many of its tokens: "answer", "window" or "". Flips ask it hundreds of times."""
    return "answer" if answer > offer.longest_answer else "window" if answer + prompt > offer.window else ""


def ways(offer: Offer, job: Job) -> tuple[tuple[Rates, float], tuple[Rates, float]]:
    """Of what cannot wait and of what can: the prices (USD per million tokens) and what a request costs at them (USD).

    What can wait goes where it is cheapest: as a batch, off-peak, or as everything else. No price is known of cached
    input in a batch, nor of batches with long prompts, so a batch pays its full input price and long prompts go as the rest.
    """
    rates = rates_for(offer, job.prompt * offer.ratio)
    now = later = rates, at_rates(offer, rates, job)
    if job.waiting and rates is offer.usual:
        for other in (offer.off_peak, offer.batch):
            if other and (usd := at_rates(offer, other, job)) < later[1]:
                later = other, usd
    return now, later


def at_rates(offer: Offer, rates: Rates, job: Job) -> float:
    """What one request on an offer costs at these prices, in USD."""
    return bill_usd(rates, *counts(offer, rates, job), job.answer * offer.ratio)


def request_usd(offer: Offer, job: Job) -> float:
    """What one request costs on an offer, in USD; infinite if the model cannot take it."""
    if _limit(offer, job.prompt * offer.ratio, job.answer * offer.ratio):
        return math.inf
    (_, usd), (_, later) = ways(offer, job)
    return usd * (1 - job.waiting) + later * job.waiting


def parts_usd(offer: Offer, job: Job) -> Parts:
    """The same by part, for a model that can take the request."""
    (now, _), (later, _) = ways(offer, job)
    a, b = _parts(offer, now, job), _parts(offer, later, job)
    return Parts(*(x * (1 - job.waiting) + y * job.waiting for x, y in zip(a, b, strict=True)))


def _parts(offer: Offer, rates: Rates, job: Job) -> Parts:
    fresh, read, written = counts(offer, rates, job)
    return Parts(bill_usd(rates, fresh, 0, 0, 0), bill_usd(rates, 0, read, 0, 0), bill_usd(rates, 0, 0, written, 0),
                 bill_usd(rates, 0, 0, 0, job.output_tokens * offer.ratio),
                 bill_usd(rates, 0, 0, 0, job.reasoning_tokens * offer.ratio))


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


def offer_of(row: str, values: Mapping[str, Value], clock: Clock, ratio: float = 1, cache: Cache = LISTED) -> Offer | NoValue:
    """A row of the prices as an offer, or why it has none."""
    plain = _rates(values, "", cache)
    usual, off_peak = plain, None
    if "peak" in values:
        share = peak_share(str(values["peak"]), clock)
        if share is None:
            return NoValue("its peak hours cannot be read")
        peak = peak_rates(values, cache)
        usual, off_peak = Rates(*(p * share + o * (1 - share) for p, o in zip(peak, plain, strict=True))), plain
    batch = None
    if "batch_input" in values:
        full = float(values["batch_input"])
        batch = Rates(full, full, full, float(values["batch_output"]))
    tiers = tuple((float(values[f"{tier}above_tokens"]), _rates(values, tier, cache))
                  for tier in ("tier_2_", "tier_") if f"{tier}input" in values)
    return Offer(row, called(values), str(values["access"]), usual, off_peak, batch, tiers,
                 float(values.get("context_tokens", math.inf)), float(values.get("max_output_tokens", math.inf)), ratio,
                 cache.smallest)


def peak_rates(values: Mapping[str, Value], cache: Cache = LISTED) -> Rates:
    """The prices of a row at its peak hours, in USD per million tokens."""
    return _rates(values, "peak_", cache)


def _rates(values: Mapping[str, Value], kind: str, cache: Cache) -> Rates:
    """The prices of one kind in a row. Where no price of writing is listed, it is the same multiple of input as off-peak
    and with short prompts."""
    full, plain = float(values[f"{kind}input"]), float(values["input"])
    write = cache.write or float(values.get("cache_write", plain))
    return Rates(full, float(values.get(f"{kind}cached_input", full)), write * (full / plain), float(values[f"{kind}output"]))
