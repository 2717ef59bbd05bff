"""The full form of break-even: a proprietary API, a hosted open model, or a replica of one's own, by volume.

Its inputs and the case that they make; three_ways_result has what it gives, three_ways_flips and three_ways_chances what would
change it. calculators/break_even registers it beside its simple form. What a month costs by each way is in hosting, what tokens
cost in prices, what a replica yields in calculators/serving.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from calculators import serving
from calculators.formulas import attention_work, hosting, kv_cache, placement, prices, rental, throughput
from calculators.formulas.holding import Machine, Need
from calculators.formulas.hosting import Case, Crossings, Fleet, Month
from calculators.formulas.memory import SERVER, Split
from calculators.formulas.placement import Refusal
from calculators.kit import workload
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import FromFact, choice, folded, number, stepped, when, whole
from calculators.kit.shape import NoValue
from calculators.kit.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, show

SIMPLE, FULL = "simple", "full"
ON_DEMAND, COMMITTED, SPOT, BOUGHT = "on_demand", "committed", "spot", "bought"
ACQUISITION = {
    ON_DEMAND: "Rented on demand",
    COMMITTED: "Rented with a commitment",
    SPOT: "Rented on the spot market",
    BOUGHT: "Bought",
}
SCALING = {
    hosting.ALWAYS: "No: what the busiest hour needs, round the clock",
    hosting.HOURLY: "By the hour, one replica at least",
    hosting.TO_ZERO: "By the hour, to none while nothing comes",
}
PROPRIETARY, HOSTED, OWN = Month._fields
CALLED = {PROPRIETARY: "Proprietary API", HOSTED: "Hosted open model", OWN: "GPUs of your own or rented"}
ANSWERS = {
    PROPRIETARY: "The proprietary API costs least",
    HOSTED: "The hosted open model costs least",
    OWN: "Running the model yourself costs least",
    "": "None of the three can take this request",
}
DATA = ("prices", "caches", "day-shapes", "models", "gpus", "engines", "engine-overhead", "precisions", "serving-factors",
        "serving-assumptions", "serving-errors", "gpu-rental", "operations")
FACTS = "operations"
FEW_PRICES = 10  # fewer prices than these have no tenth of their own
YOURSELF = "Running it yourself"
HOW, PEOPLE, BUYING = "How the replicas run", "People, storage, traffic", "What a GPU costs"


def _load(declared: Any) -> Any:
    return stepped(when(declared, "mode", FULL), "Your workload")


def _api(declared: Any) -> Any:
    return stepped(when(declared, "mode", FULL), "The two APIs")


def _own(declared: Any) -> Any:
    return stepped(when(declared, "mode", FULL), YOURSELF)


def _own_when(declared: Any, name: str, *values: str) -> Any:
    return stepped(when(declared, name, *values), YOURSELF)


# The figures of data/operations.yaml that the form starts from, by input.
STARTS = {
    "interruptions": "renting.interruptions",
    "restart_minutes": "renting.restart-minutes",
    "years": "owning.years",
    "capital_percent": "owning.capital-percent",
    "pue": "owning.pue",
    "kwh_usd": "owning.electricity",
    "hosting_kw_usd": "owning.hosting",
    "awake_minutes": "running.awake-minutes",
    "planned_load_percent": "running.planned-load-percent",
    "reserve_replicas": "running.reserve",
    "engineers": "people.full-time",
    "engineer_usd": "people.engineer",
    "set_up_usd": "people.set-up",
    "storage_gb": "storage.size",
    "storage_usd": "storage.price",
    "traffic_bytes": "storage.traffic-size",
    "traffic_usd": "storage.traffic-price",
}


def _start(name: str) -> FromFact:
    return FromFact(f"{FACTS}.{STARTS[name]}")


def _not_proprietary(values: Mapping[str, Value]) -> str:
    return prices.retired(values) or ("has open weights" if values["access"] != prices.PROPRIETARY else "")


def _not_open(values: Mapping[str, Value]) -> str:
    return prices.retired(values) or ("has no open weights" if values["access"] == prices.PROPRIETARY else "")


def _rented(declared: Any) -> Any:
    return _own_when(declared, "acquisition", ON_DEMAND, COMMITTED, SPOT)


def _bought(declared: Any) -> Any:
    return folded(_own_when(declared, "acquisition", BOUGHT), BUYING)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The form: the workload, the three ways, and what one's own way takes."""

    mode: str = choice("Form", default=SIMPLE, choices={FULL: "In full: three ways, your workload",
                                                        SIMPLE: "Simple: the original's five numbers"},
                       help="The full form prices a workload by three ways; the simple one has the original's inputs alone.")
    requests_per_day: float = _load(workload.requests_per_day())
    input_tokens: int = _load(workload.input_tokens(2000))
    output_tokens: int = _load(workload.output_tokens(400))
    reasoning_tokens: int = _load(workload.reasoning_tokens())
    overhead_tokens: int = folded(_load(workload.overhead_tokens()), workload.FINER)
    cached_share_percent: float = _load(workload.cached_share_percent(50))
    batch_share_percent: float = _load(workload.batch_share_percent())
    day_shape: str = _load(workload.day_shape())
    volume_range_percent: float = _load(number(
        "How unsure the volume is", unit="%", default=30, min=0, max=1000,
        help="It may be so much more, or less by the same factor. For the chances alone."))
    proprietary_model: str = _api(choice(
        "Proprietary model", default="openai-gpt-6-1-sol", table=prices.TABLE, named=("model", "host"),
        refused=_not_proprietary, help="Behind its vendor's API."))
    hosted_model: str = _api(choice(
        "Hosted open model", default="together-gpt-oss-120b", table=prices.TABLE, named=("model", "host"),
        refused=_not_open, help="Open weights behind somebody else's API."))
    model: str = _own(workload.model("gpt-oss-120b", custom=False))
    gpu: str = _own(workload.gpu())
    tensor_parallel: int | None = _own(workload.tensor_parallel())
    weight_precision: str = _own(workload.weight_precision())
    replica_tokens_per_s: float | None = _own(number(
        "Throughput of one replica", unit="tokens/s", default=None, above=0, max=1e9,
        help="Output tokens of all requests together at full load, as you measured it. Left empty: the serving page's "
             "estimate, with its range."))
    acquisition: str = _own(choice("GPUs", default=ON_DEMAND, choices=ACQUISITION,
                                     help="Rented by the hour, or bought and placed in a data centre."))
    gpu_hour_usd: float | None = _rented(workload.gpu_hour_usd())
    interruptions: float = _own_when(number(
        "Interruptions of a server", unit="count", default=_start("interruptions"), min=0, max=1000,
        help="In a month."), "acquisition", SPOT)
    restart_minutes: float = _own_when(number(
        "Until the replacement serves", unit="minutes", default=_start("restart_minutes"), min=0, max=10_000,
        help="Paid for, but no request is answered."), "acquisition", SPOT)
    purchase_usd: float | None = _bought(number(
        "Price of one GPU", unit="USD", default=None, min=0, max=10_000_000,
        help="With its share of the server and the network. Left empty: the street price of the card and a share on top."))
    years: float = _bought(number("Years of use", unit="years", default=_start("years"), min=0.5, max=20,
                                  help="Then it is worth nothing."))
    capital_percent: float = _bought(number("Cost of capital", unit="%", default=_start("capital_percent"), min=0,
                                            max=100, help="A year."))
    gpu_kw: float | None = _bought(number(
        "Power of one GPU", unit="kW", default=None, min=0, max=100,
        help="The mean, with its share of the server. Left empty: from the power limit of the card."))
    pue: float = _bought(number("PUE", unit="ratio", default=_start("pue"), min=1, max=5,
                                help="Power of the whole data centre to that of its machines."))
    kwh_usd: float = _bought(number("Electricity", unit="USD/kWh", default=_start("kwh_usd"), min=0, max=10,
                                    help="What you pay, all charges included."))
    hosting_kw_usd: float = _bought(number(
        "Space in a data centre", unit="USD/kW/month", default=_start("hosting_kw_usd"), min=0, max=100_000,
        help="For each kW that is reserved, without the electricity."))
    scaling: str = _own_when(choice(
        "Fewer replicas when less comes", default=hosting.ALWAYS, choices=SCALING,
        help="Machines given back by the hour must be there again when they are needed."), "acquisition", ON_DEMAND, SPOT)
    awake_minutes: float = _own_when(number(
        "A request keeps it up for", unit="minutes", default=_start("awake_minutes"), above=0, max=1440,
        help="From its coming until the last replica is given back, the start included."), "scaling", hosting.TO_ZERO)
    planned_load_percent: float = folded(_own(number(
        "Planned load of a replica", unit="%", default=_start("planned_load_percent"), above=0, max=100,
        help="In the busiest hour at most this share of its throughput, so that answers stay quick.")), HOW)
    reserve_replicas: int = folded(_own(whole(
        "Replicas in reserve", unit="servers", default=_start("reserve_replicas"), min=0, max=1000,
        help="Ready for the day when another fails.")), HOW)
    staging_replicas: float = folded(_own(number(
        "Replicas for tests", unit="servers", default=0, min=0, max=1000,
        help="0.2 for one that runs a fifth of the time.")), HOW)
    engineers: float = folded(_own(number(
        "Engineers", unit="count", default=_start("engineers"), min=0, max=1000,
        help="Full-time equivalents, beyond what an API takes.")), PEOPLE)
    engineer_usd: float = folded(_own(number(
        "One engineer", unit="USD/year", default=_start("engineer_usd"), min=0, max=10_000_000,
        help="All that an employer pays.")), PEOPLE)
    set_up_usd: float = folded(_own(number(
        "Setting it up, once", unit="USD", default=_start("set_up_usd"), min=0, max=1e9,
        help="Counts for the payback alone.")), PEOPLE)
    storage_gb: float = folded(_own(number(
        "Storage", unit="GB", default=_start("storage_gb"), min=0, max=1e9, help="Weights, images, logs.")), PEOPLE)
    storage_usd: float = folded(_own(number(
        "Price of storage", unit="USD/GB/month", default=_start("storage_usd"), min=0, max=100,
        help="Of one GB for a month.")), PEOPLE)
    traffic_bytes: float = folded(_own(number(
        "Traffic out per request", unit="B", default=_start("traffic_bytes"), min=0, max=1e12,
        help="What leaves the data centre.")), PEOPLE)
    traffic_usd: float = folded(_own(number(
        "Price of traffic", unit="USD/GB", default=_start("traffic_usd"), min=0, max=100,
        help="Of one GB that leaves.")), PEOPLE)
    reads_per_write: float = folded(_load(workload.reads_per_write()), workload.FINER)
    hours_of_day: str = folded(_load(workload.hours_of_day()), workload.FINER)
    growth_percent: float = folded(_load(workload.growth_percent()), workload.FINER)
    horizon_months: int = folded(_load(whole(
        "Months ahead", unit="months", default=12, min=1, max=36, help="Growth goes on for so long.")), workload.FINER)
    surcharge_percent: float = folded(_load(workload.surcharge_percent()), workload.FINER)


# --- what a replica yields ------------------------------------------------------------------------------------------------


class Engine(NamedTuple):
    """One copy of the model on so many GPUs: how many requests it answers at other lengths than those it was planned with."""

    plan: serving.Plan
    machine: Machine
    need: Need
    split: Split

    def requests_per_s(self, job: prices.Job) -> float:
        """Requests that it finishes in a second at full load, as many at once as fit in memory; 0 if not even one does.

        What the cache of prompts holds is not computed again, as a host bills it: of reads_per_write + 1 requests with the
        same beginning one is computed. Its keys and values are in memory all the same.
        """
        prompt, answer = lengths(job)
        each = self.need._replace(context_tokens=prompt + answer).request(self.split)
        fit = min(int(self.plan.work.room_bytes / each * (1 + 1e-12)), throughput.MOST_IN_FLIGHT)
        if fit < 1:
            return 0.0
        plan, kept = self.plan, job.input_tokens * job.repeated * job.reads_per_write / (job.reads_per_write + 1)
        a, gpus, spread = plan.arch, plan.setup.gpus, plan.setup.gpus // plan.setup.replicas
        mean = int(prompt + answer / 2)
        attention = prompt * attention_work.attention_flops(a, prompt, at_once=True).total
        if kept:
            attention -= kept * attention_work.attention_flops(a, kept, at_once=True).total
        # What of a plan depends on the lengths, as throughput.work has it; flips ask for it many times.
        work = plan.work._replace(
            prompt_flops=throughput.prompt_flops(a, prompt - kept) / gpus, prompt_attention_flops=attention / gpus,
            prompt_link_bytes=plan.work.token_link_bytes * (prompt - kept),
            attention_flops=attention_work.attention_flops(a, mean, at_once=False).total / spread,
            kv_bytes=kv_cache.kv_bytes_per_gpu(a, mean, spread, plan.setup.kv_bytes) + kv_cache.state_bytes(a) / spread,
            full_kv_bytes=each)
        return throughput.speed(work, plan.rates, throughput.Load(prompt, answer, fit)).output_tokens_per_s / answer


class Engines:
    """The numbers of GPUs that one copy may be spread over, fewest first; each is planned when it is first asked for."""

    def __init__(self, inputs: Inputs, facts: Facts) -> None:
        self._facts = facts
        # Planned with the shortest of requests: what one of another length needs is worked out for each.
        self._base = serving.Inputs(model=inputs.model, gpu=inputs.gpu, weight_precision=inputs.weight_precision,
                                    tensor_parallel=inputs.tensor_parallel, input_tokens=1, output_tokens=1)
        self._need, self._machine, _ = placement.memory_of(self._base, facts)
        splits = [placement.split_of(self._base, inputs.tensor_parallel)] if inputs.tensor_parallel else [
            split for split in self._machine.splits(self._need, None) if split.gpus <= SERVER and 1 in split]
        self._rooms = {split: self._machine.room(self._need, split) for split in splits}
        self._context = float(facts.rows("models")[inputs.model].get("context_tokens", math.inf))
        self._known: dict[Split, Engine | Refusal] = {}
        self._speeds: dict[tuple[int, prices.Job], float] = {}

    def of(self, job: prices.Job) -> Engine | Refusal:
        """The fewest GPUs that hold one request of the job, or why there are none."""
        prompt, answer = lengths(job)
        if prompt + answer > self._context:
            why = f"prompt and answer together are longer than the {show(self._context, 'tokens')} that the model takes"
            return Refusal(why, why)
        need = self._need._replace(context_tokens=prompt + answer)
        for split, room in self._rooms.items():
            if need.request(split) <= room:
                return self._planned(split)
        found = serving.plan_of(replace(self._base, input_tokens=prompt, output_tokens=answer), self._facts)
        why = "no number of GPUs of one server holds it"
        return found if isinstance(found, Refusal) else Refusal(why, why)

    def _planned(self, split: Split) -> Engine | Refusal:
        if split not in self._known:
            plan = serving.plan_of(replace(self._base, tensor_parallel=split.gpus), self._facts)
            self._known[split] = plan if isinstance(plan, Refusal) else Engine(
                plan, self._machine, self._need, split)
        return self._known[split]

    def requests_per_s(self, engine: Engine, job: prices.Job) -> float:
        """As the engine has it, worked out once for each job."""
        key = (engine.plan.setup.gpus, job._replace(waiting=0))
        if key not in self._speeds:
            self._speeds[key] = engine.requests_per_s(job)
        return self._speeds[key]


def lengths(job: prices.Job) -> tuple[int, int]:
    """Tokens of the prompt and of the answer; one at least, since an engine always gives one."""
    return int(job.prompt), max(1, int(job.answer))


# --- the case -------------------------------------------------------------------------------------------------------------


class Rent(NamedTuple):
    """What one GPU costs an hour; the spread of the offers as factors low and high; and where it comes from, in words."""

    usd: float | None
    low: float
    high: float
    words: str
    listed: bool = False  # a list price, which the surcharge is added to


class Base(NamedTuple):
    """What is looked up once: the offers of the two APIs, the engines, and what one request needs."""

    load: prices.Workload
    proprietary: prices.Offer | NoValue
    hosted: prices.Offer | NoValue
    levels: tuple[tuple[float, float], ...]
    busiest_day: float
    engines: Engines
    rents: Mapping[str, Rent]  # by how the GPUs are had; bought ones by what a card costs with its share, in USD
    card_kw: float  # mean power of one GPU with its share of the server
    reserved_ratio: float
    same_weights: bool  # whether the hosted model is the one that would be run
    starts: Mapping[str, Value]  # what the form starts from, by input


class Setting(NamedTuple):
    """A question as it is calculated with."""

    base: Base
    case: Case
    engine: Engine | Refusal
    rent: Rent
    span: tuple[float, float]  # factors low and high on the throughput
    why_not: str  # there is no replica of one's own; "" if there is


@functools.lru_cache(maxsize=4)
def setting_of(inputs: Inputs, facts: Facts) -> Setting:
    """The setting of the full form's inputs. Raises InputError for hours of the day that cannot be read."""
    base = base_of(inputs, facts)
    engine = base.engines.of(base.load.job)
    rent = _rent(inputs, base)
    measured = inputs.replica_tokens_per_s is not None
    span = (1.0, 1.0) if measured or isinstance(engine, Refusal) else engine.plan.span
    why = engine.why if isinstance(engine, Refusal) else "" if rent.usd is not None else rent.words
    return Setting(base, case_of(inputs, base), engine, rent, span, why)


def base_of(inputs: Inputs, facts: Facts) -> Base:
    """Look up what the case rests on."""
    rows, caches = facts.rows(prices.TABLE), facts.rows("caches")
    load = prices.workload_of(inputs, facts.rows("day-shapes"))

    def offer(row: str) -> prices.Offer | NoValue:
        return prices.offer_of(row, rows[row], load.clock, 1, prices.cache_of(caches.get(row, {})))

    levels, busiest_day = hosting.levels_of(load.clock.hours, load.clock.weekend)
    watts = float(facts.rows("gpus")[inputs.gpu].get("power_w", 0) or 0)
    return Base(load, offer(inputs.proprietary_model), offer(inputs.hosted_model), levels, busiest_day,
                Engines(inputs, facts), _rents(inputs.gpu, facts), watts / 1000 * _figure(facts, "owning.draw-ratio"),
                _figure(facts, "owning.reserved-ratio"), rows[inputs.hosted_model]["model_id"] == inputs.model,
                {name: facts[f"{FACTS}.{figure}"].value for name, figure in STARTS.items()})


def _figure(facts: Facts, name: str) -> float:
    return float(facts[f"{FACTS}.{name}"].value)


def _rents(gpu: str, facts: Facts) -> dict[str, Rent]:
    """What a GPU costs by how it is had: the medians of the offers with their spread, or why there is no price."""
    found = {}
    for how, column in ((ON_DEMAND, "on_demand"), (COMMITTED, "committed"), (SPOT, "spot")):
        usd = rental.offers(facts.rows("gpu-rental"), gpu, column)
        words = f"the median of the lowest {column.replace('_', '-')} prices of {show(len(usd), 'count')} providers"
        middle = throughput.quantile(usd, 0.5) if usd else 0.0
        found[how] = Rent(middle, *spread_of(usd, middle), words, True) if usd else Rent(
            None, 1, 1, f"no {column.replace('_', '-')} price of this GPU is known: give one")
    on_demand = found[ON_DEMAND]
    if found[COMMITTED].usd is None and on_demand.usd is not None:
        percent = _figure(facts, "renting.commitment-discount-percent")
        found[COMMITTED] = on_demand._replace(usd=on_demand.usd * (1 - percent / 100), words=(
            f"{on_demand.words}, less {{{FACTS}.renting.commitment-discount-percent}}, since none with a commitment is known"))
    card = facts.get(f"{FACTS}.purchase.{gpu}")
    if card is None:
        found[BOUGHT] = Rent(None, 1, 1, "no purchase price of this GPU is known: give one")
    else:
        low, middle, high = (_figure(facts, f"purchase.{name}") for name in ("h100-low", "h100-sxm", "h100-high"))
        share = 1 + _figure(facts, "owning.server-percent") / 100
        found[BOUGHT] = Rent(float(card.value) * share, low / middle, high / middle,
                             f"{{{FACTS}.purchase.{gpu}}} and {{{FACTS}.owning.server-percent}} for its share of the server")
    return found


def spread_of(usd: Sequence[float], central: float) -> tuple[float, float]:
    """Factors on the central price, below and above which a tenth of the prices lies; of few prices the lowest and highest,
    since a tenth of two prices lies between them."""
    values = list(usd)
    if central <= 0:
        return 1.0, 1.0
    tenth = 0.1 if len(values) >= FEW_PRICES else 0.0
    return (min(1.0, throughput.quantile(values, tenth) / central),
            max(1.0, throughput.quantile(values, 1 - tenth) / central))


def _rent(inputs: Inputs, base: Base) -> Rent:
    """What one GPU costs an hour, as the reader has it or from the lists."""
    listed = base.rents[inputs.acquisition]
    if inputs.acquisition == BOUGHT:
        card = inputs.purchase_usd if inputs.purchase_usd is not None else listed.usd
        if card is None:
            return listed
        usd = _owned_usd(inputs, base, card)
        if inputs.purchase_usd is not None:
            return Rent(usd / HOURS_PER_MONTH, 1, 1, "the price that you gave")
        low, high = (_owned_usd(inputs, base, card * factor) for factor in (listed.low, listed.high))  # power has no spread
        return Rent(usd / HOURS_PER_MONTH, low / usd, high / usd, listed.words)
    if inputs.gpu_hour_usd is not None:
        return Rent(inputs.gpu_hour_usd, 1, 1, "the price that you gave")
    if listed.usd is None:
        return listed
    return listed._replace(usd=listed.usd * (1 + inputs.surcharge_percent / 100))


def owned_parts(inputs: Inputs, base: Base, card_usd: float) -> tuple[float, float, float]:
    """A bought GPU for a month, in USD: the card repaid with interest, its electricity, its place."""
    kw = inputs.gpu_kw if inputs.gpu_kw is not None else base.card_kw
    return (hosting.annuity_usd(card_usd, inputs.years, inputs.capital_percent),
            hosting.power_usd(kw, inputs.pue, inputs.kwh_usd), kw * base.reserved_ratio * inputs.hosting_kw_usd)


def _owned_usd(inputs: Inputs, base: Base, card_usd: float) -> float:
    return sum(owned_parts(inputs, base, card_usd))


def case_of(inputs: Inputs, base: Base) -> Case:
    """The case of inputs whose lookups are done: the model, the GPU, the APIs and the day are those of `base`."""
    job = base.load.job._replace(
        input_tokens=inputs.input_tokens, output_tokens=inputs.output_tokens, reasoning_tokens=inputs.reasoning_tokens,
        overhead_tokens=inputs.overhead_tokens, repeated=inputs.cached_share_percent / 100,
        reads_per_write=inputs.reads_per_write, waiting=inputs.batch_share_percent / 100)
    factor = 1 + inputs.surcharge_percent / 100
    usd = [math.inf if isinstance(offer, NoValue) else _times(prices.request_usd(offer, job), factor)
           for offer in (base.proprietary, base.hosted)]
    engine, rent = base.engines.of(job), _rent(inputs, base)
    known = not isinstance(engine, Refusal) and rent.usd is not None
    scaling = inputs.scaling if inputs.acquisition in (ON_DEMAND, SPOT) else hosting.ALWAYS
    lost = hosting.lost_share(inputs.interruptions, inputs.restart_minutes) if inputs.acquisition == SPOT else 0.0
    per_s = 0.0 if isinstance(engine, Refusal) else _per_s(inputs, base, engine, job)
    capacity = per_s * SECONDS_PER_HOUR * inputs.planned_load_percent / 100 * (1 - lost)
    gpus = 0 if isinstance(engine, Refusal) else engine.plan.setup.gpus
    return Case(
        inputs.requests_per_day, usd[0], usd[1], capacity or 1.0,
        Fleet(base.levels, base.busiest_day, job.waiting, scaling, inputs.reserve_replicas, inputs.staging_replicas,
              inputs.awake_minutes / 60),
        gpus * (rent.usd or 0.0) if known and capacity > 0 else math.inf,
        inputs.engineers * inputs.engineer_usd / hosting.MONTHS_PER_YEAR + inputs.storage_gb * inputs.storage_usd,
        inputs.traffic_bytes / 1e9 * inputs.traffic_usd)


def _times(usd: float, factor: float) -> float:
    return usd * factor if usd < math.inf else usd


def _per_s(inputs: Inputs, base: Base, engine: Engine, job: prices.Job) -> float:
    """Requests that one replica finishes in a second at full load."""
    if inputs.replica_tokens_per_s is not None:
        return inputs.replica_tokens_per_s / lengths(job)[1]
    return base.engines.requests_per_s(engine, job)


# --- by volume ------------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4)
def crossings_of(inputs: Inputs, facts: Facts) -> Crossings:
    """Every volume at which the cheapest way changes, up to the most that the form takes."""
    return hosting.crossings_of(setting_of(inputs, facts).case, MOST_REQUESTS)


MOST_REQUESTS = 1e12  # a day: as far as the form goes


def at_nothing(case: Case) -> str:
    """The cheapest way at the smallest volumes."""
    if min(case.proprietary_usd, case.hosted_usd) == math.inf:
        return OWN if case.replica_usd < math.inf else ""
    return PROPRIETARY if case.proprietary_usd <= case.hosted_usd else HOSTED


def speed_of(setting: Setting) -> float | None:
    """Output tokens that a replica gives in a second, by the estimate; None if there is none."""
    job = setting.base.load.job
    if isinstance(setting.engine, Refusal):
        return None
    return setting.base.engines.requests_per_s(setting.engine, job) * lengths(job)[1]
