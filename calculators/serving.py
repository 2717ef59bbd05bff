"""How many tokens a second an open model gives on GPUs, how fast for one user, and what a million of them cost."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from calculators.formulas import holding, memory, parameter_count, placement, rental, serving_further, serving_steps, throughput
from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import GB
from calculators.formulas.placement import Placed, Refusal
from calculators.formulas.throughput import Gpu, Load, Rates, Setup, Speed, Work
from calculators.kit import search, workload
from calculators.kit.chart import Line, Lines
from calculators.kit.facts import Facts
from calculators.kit.fields import number, shared, whole
from calculators.kit.shape import LEFT_OUT, Calculator, NoValue, Step, Table, output
from calculators.kit.units import SECONDS_PER_HOUR, TOKENS_PER_MTOK, Range, show
from calculators.kit.units import number as show_number

FACTORS_OF = {"generic": "generic", "tgi": "generic", "ollama": "llama-cpp"}  # engines that were not measured by themselves
PARTS = {"weights": "reading weights", "cache": "reading the KV cache", "compute": "compute", "overhead": "fixed overhead",
         "link": "the link between GPUs"}


@dataclass(frozen=True, kw_only=True)
class Inputs(workload.OwnModel):
    """The model, the machine, the load, and what is wanted of it."""

    model: str = workload.model()
    gpu: str = workload.gpu()
    tensor_parallel: int | None = workload.tensor_parallel()
    gpus: int | None = whole(
        "GPUs in all", unit="GPUs", default=None, min=1, max=100_000,
        help="More than one copy of the model shares the requests if there are enough. Left empty: one copy.")
    weight_precision: str = workload.weight_precision()
    kv_precision: str = workload.kv_precision()
    engine: str = workload.engine()
    input_tokens: int = workload.input_tokens()
    output_tokens: int = shared(whole(
        "Output per request", unit="tokens", default=300, min=1, max=100_000_000,
        help="The answer, at least one token. Reasoning before it counts too."))
    concurrent_requests: int | None = shared(whole(
        "Requests at once", unit="count", default=None, min=1, max=1_000_000,
        help="Those worked on at the same moment. Left empty: as many as fit in memory."))
    target_tokens_per_s: float | None = number(
        "Wanted for each user", unit="tokens/s", default=None, above=0, max=100_000,
        help="How fast an answer should appear. A rule of thumb: people read aloud at about 4 tokens/s, silently at 5 to 10.")
    gpu_hour_usd: float | None = workload.gpu_hour_usd()


class Plan(NamedTuple):
    """One copy of the model as it is served, and what that gives."""

    name: str
    arch: Architecture
    gpu_name: str
    gpu: Gpu
    setup: Setup
    copies: int
    busy: int  # copies that have something to do
    load: Load  # of one busy copy, no more requests than run at once
    fit: Range  # requests in the memory of one copy, from where the engine takes much for itself to where it takes little
    weights_bytes: float  # on each GPU
    overhead: str  # the row of data/engine-overhead.yaml
    work: Work
    rates: Rates
    speed: Speed
    span: tuple[float, float]
    widened: str  # why the range is wider than usual, see throughput.Span; "" if it is not
    first_span: tuple[float, float]
    mode: str
    odd: tuple[str, ...]  # what the engine is not known to do
    waiting: Range  # how many times the unloaded time to the first token it was under such a load
    context: float | None  # tokens that the model is made for, where known

    @property
    def held(self) -> int:
        """Requests that fit in the memory of one copy."""
        return int(self.fit.central)

    @property
    def most(self) -> int:
        """Requests that one copy works on at once at the most."""
        return min(self.held, throughput.MOST_IN_FLIGHT)

    def at(self, requests: float) -> Speed:
        """The speed of one copy with so many requests in flight."""
        return throughput.speed(self.work, self.rates, self.load._replace(requests=requests))

    def estimate(self, value: float) -> Range:
        """A throughput with its range."""
        return throughput.spread(value, self.span)

    def shares(self) -> dict[str, float]:
        """Seconds of a step by what they go to, prompts of other requests with compute."""
        prompts = self.speed.requests * throughput.prompt_s(self.work, self.rates) / max(self.load.output_tokens, 1)
        return {name: seconds + (prompts if name == "compute" else 0) for name, seconds in self.speed.parts.items()}

    def most_for(self, target: float, share: float = 1.0) -> int:
        """The most requests in flight that each still get `target` tokens/s, if speeds are `share` of the prediction."""
        def fast(requests: int) -> bool:
            return self.at(requests).user_tokens_per_s * share >= target

        return search.last_whole(fast, 1, self.most + 1) if fast(1) else 0


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Estimates of a fitted model, each with the range whose coverage of measured rows the working gives; counts are bare."""

    answer: str = output("Answer", headline=True)
    output_tokens_per_s: Range | NoValue = output("Output of all requests", unit="tokens/s", range=True, digits=3)
    user_tokens_per_s: Range | NoValue = output("Output of one request", unit="tokens/s", range=True, digits=3)
    time_per_output_token_ms: Range | NoValue = output("Time per output token", unit="ms", range=True, digits=3)
    ttft_ms: Range | NoValue = output("Time to first token, nothing else running", unit="ms", range=True, digits=3)
    ttft_loaded: str | NoValue = output("Time to first token under this load")
    requests_per_hour: Range | NoValue = output("Requests finished in an hour", unit="count", range=True, digits=3)
    usd_per_million_output_tokens: Range | NoValue = output("Cost of a million output tokens", unit="USD/Mtok", range=True,
                                                            digits=3)
    requests_for_target: Range | NoValue = output("Requests at once at the speed wanted", unit="count", range=True, digits=3)
    bottleneck: str | NoValue = output("What limits it")
    in_flight: float | NoValue = output("Requests in flight", unit="count", decimals=0)
    requests_that_fit: Range | NoValue = output("Requests that fit in memory", unit="count", range=True, digits=3)
    gpus_used: int | NoValue = output("GPUs", unit="GPUs")
    weights_per_gpu_gb: float | NoValue = output("Weights on each GPU", unit="GB", decimals=2)
    gpu_price_usd: float | NoValue = output("GPU price used", unit="USD/GPU-hour", decimals=2)
    how_sure: str | NoValue = output("How far off such estimates were")
    where: Table = output("Where the time of a step goes", table=True)
    numbers: Table = output("With other numbers of GPUs, middle of each estimate", table=True)
    plan: Plan | Refusal
    errors_key: str
    offers: int


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan_of(inputs: Inputs, facts: Facts) -> Plan | Refusal:
    """The arrangement that is asked for, or the smallest that holds model and requests; or why there is none."""
    found = placement.placed(inputs, facts)
    return found if isinstance(found, Refusal) else _plan(inputs, facts, found)


def _plan(inputs: Inputs, facts: Facts, placed: Placed) -> Plan:
    name, arch, need, machine, rows, split = placed
    gpu, fitted = throughput.gpu_of(facts, inputs.gpu), throughput.read_fitted(facts)
    setup = Setup(split.gpus, throughput.format_of(rows.format, facts.rows("precisions")[rows.format]), need.element_bytes,
                  FACTORS_OF.get(inputs.engine, inputs.engine),
                  by_layer=inputs.engine in workload.LAYERWISE and split.gpus > 1)
    copies = (inputs.gpus or setup.gpus) // setup.gpus
    asked = inputs.concurrent_requests
    busy = copies if asked is None else min(copies, asked)
    fit = Range(*(holding.most_requests(machine, need, split, end) for end in ("high", "central", "low")))
    most = min(int(fit.central), throughput.MOST_IN_FLIGHT)
    load = Load(inputs.input_tokens, inputs.output_tokens, most if asked is None else min(asked / busy, most))
    work = throughput.work(arch, setup, load, machine.room(need, split))._replace(full_kv_bytes=need.request(split))
    rates = throughput.rates(gpu, setup, fitted.factors)
    mode = throughput.mode_of(None if asked is None else asked / busy)
    span = throughput.range_of(arch, gpu, setup.engine, mode, fitted.factors, fitted.spans)
    speed = throughput.speed(work, rates, load)
    return Plan(name, arch, machine.name, gpu, setup, copies, busy, load, fit, need.static(split), machine.overhead_key,
                work, rates, speed, (span.low, span.high), span.widened, fitted.spans["first"], mode,
                tuple(holding.odd_engine(machine, setup.weights.key, inputs.kv_precision)),
                throughput.waiting_of(speed.requests, fitted.waiting), rows.context)


def own_key(gpu: str) -> str:
    """The row of data/serving-errors.yaml of one GPU; not every GPU has one."""
    return f"gpu-{gpu}"


# --- the result -------------------------------------------------------------------------------------------------------


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Throughput, speed for one user, time to the first token and cost of serving a model, with what limits it."""
    plan = plan_of(inputs, facts)
    rent = rental.median_usd(facts.rows("gpu-rental"), inputs.gpu)
    price = inputs.gpu_hour_usd if inputs.gpu_hour_usd is not None else rent[0] if rent else None
    offers = rent[1] if rent else 0
    if isinstance(plan, Refusal):
        return _refused(plan, price)
    total = plan.estimate(plan.busy * plan.speed.output_tokens_per_s)
    user = plan.estimate(plan.speed.user_tokens_per_s)
    gpus = plan.copies * plan.setup.gpus
    first = plan.speed.first_s * 1000
    key = errors_key(inputs, plan, facts)
    return Outputs(
        answer=f"{_round(total)} output tokens/s on {gpus} × {plan.gpu_name}",
        output_tokens_per_s=total,
        user_tokens_per_s=user,
        time_per_output_token_ms=Range(1000 / user.high, 1000 / user.central, 1000 / user.low),
        ttft_ms=throughput.spread(first, plan.first_span),
        ttft_loaded=_loaded(plan, first),
        requests_per_hour=Range(*(value / inputs.output_tokens * SECONDS_PER_HOUR for value in total)),
        usd_per_million_output_tokens=_cost(total, gpus, price),
        requests_for_target=_for_target(inputs, plan),
        bottleneck=_bottleneck(plan),
        in_flight=plan.speed.requests * plan.busy,
        requests_that_fit=Range(*(plan.copies * count for count in plan.fit)),
        gpus_used=gpus,
        weights_per_gpu_gb=plan.weights_bytes / GB,
        gpu_price_usd=price if price is not None else _no_price(),
        how_sure=_how_sure(facts, key, plan.widened),
        where=_where(plan),
        numbers=_numbers(inputs, facts, price),
        plan=plan,
        errors_key=key,
        offers=offers,
    )


def _refused(plan: Refusal, price: float | None) -> Outputs:
    none = NoValue(plan.why)
    return Outputs(
        answer=plan.headline, output_tokens_per_s=none, user_tokens_per_s=none, time_per_output_token_ms=none, ttft_ms=none,
        ttft_loaded=none, requests_per_hour=none, usd_per_million_output_tokens=none, requests_for_target=none, bottleneck=none,
        in_flight=none, requests_that_fit=none, gpus_used=none, weights_per_gpu_gb=none,
        gpu_price_usd=price if price is not None else _no_price(), how_sure=none, where=Table(_WHERE, ()),
        numbers=Table(_NUMBERS, ()), plan=plan, errors_key="all", offers=0)


def _no_price() -> NoValue:
    return NoValue("no rental price of this GPU is known: give one")


def _round(value: Range) -> str:
    """An estimate in a headline: two significant digits."""
    central, low, high = (f"{float(f'{part:.2g}'):,.6g}" for part in (value.central, value.low, value.high))
    return f"About {central} ({low} to {high})"


def _cost(total: Range, gpus: int, price: float | None) -> Range | NoValue:
    """USD per million output tokens: the GPUs' hour over the tokens of an hour."""
    if price is None:
        return _no_price()
    low, central, high = (gpus * price / (value * SECONDS_PER_HOUR) * TOKENS_PER_MTOK for value in reversed(total))
    return Range(low, central, high)


def _loaded(plan: Plan, first_ms: float) -> str:
    """The time to the first token under load: a range of what was measured, no prediction."""
    if plan.speed.requests <= 1:
        return "the same: nothing else is running"
    low, _, high = (show_number(float(f"{first_ms * times / 1000:.2g}")) for times in plan.waiting)
    return f"not predicted: {low} to {high} s, by how long others waited under such loads"


def _for_target(inputs: Inputs, plan: Plan) -> Range | NoValue:
    if inputs.target_tokens_per_s is None:
        return LEFT_OUT
    low, central, high = (plan.copies * plan.most_for(inputs.target_tokens_per_s, share)
                          for share in (plan.span[0], 1.0, plan.span[1]))
    return Range(low, central, high)


def _bottleneck(plan: Plan) -> str:
    shares = plan.shares()
    name = max(shares, key=lambda part: shares[part])
    return f"{PARTS[name]}, {round(100 * shares[name] / sum(shares.values()))} % of the time"


_WHERE = (("Part", "text"), ("Time", "ms"), ("Share", "%"))


def _where(plan: Plan) -> Table:
    shares = plan.shares()
    whole_step = sum(shares.values())
    return Table(_WHERE, tuple(
        (label[:1].upper() + label[1:], (float(f"{1000 * shares[name]:.3g}"), round(100 * shares[name] / whole_step)))
        for name, label in PARTS.items() if shares[name]))


_NUMBERS = (("For one copy", "text"), ("At once", "count"), ("All requests", "tokens/s"), ("One request", "tokens/s"),
            ("Output", "USD/Mtok"))


def _numbers(inputs: Inputs, facts: Facts, price: float | None) -> Table:
    """What one copy would give over every number of GPUs of one server that holds it."""
    need, machine, _ = placement.memory_of(inputs, facts)
    rows = []
    for split in machine.splits(need, None):
        tried = split.gpus in memory.PARTS_OF_SERVER
        found = plan_of(replace(inputs, tensor_parallel=split.gpus, gpus=None), facts) if tried else None
        if not isinstance(found, Plan):
            continue
        speed = found.speed
        cost = speed.output_tokens_per_s * SECONDS_PER_HOUR / TOKENS_PER_MTOK
        rows.append((show(split.gpus, "GPUs"), (
            round(speed.requests), _two(speed.output_tokens_per_s), _two(speed.user_tokens_per_s),
            _no_price() if price is None else _two(split.gpus * price / cost))))
    return Table(_NUMBERS, tuple(rows))


def _two(value: float) -> float:
    """An estimate to two significant digits."""
    return float(f"{value:.2g}")


def errors_key(inputs: Inputs, plan: Plan, facts: Facts) -> str:
    """The row of data/serving-errors.yaml that covers a result: the narrowest that there is.

    Of a GPU with a wider range of its own its own row, or that of its family when nothing was known of it.
    """
    known, own = facts.rows("serving-errors"), own_key(inputs.gpu)
    if plan.widened in ("thin", "gpu"):
        return own if own in known else f"left-out-gpu-{plan.gpu.family}"
    size = throughput.size_class(parameter_count.parameters(plan.arch).total)
    wanted = (throughput.cell_key(size, plan.gpu.family, plan.mode), own, throughput.cell_key(size, "", plan.mode),
              f"mode-{plan.mode}")
    return next((key for key in wanted if key in known), "all")


def _how_sure(facts: Facts, key: str, widened: str) -> str:
    row = facts.rows("serving-errors")[key]
    name = str(row["name"])
    shown = "the usual range, narrower than the one here," if widened == "unseen" else "the range shown"
    return (f"{name[:1].upper()}{name[1:]}: half of {row['rows_tested']} estimates within {row['half_percent']:g} %, nine "
            f"in ten within {row['nine_in_ten_percent']:g} %; {shown} held {row['in_range_percent']:g} % of them")


# --- the working ------------------------------------------------------------------------------------------------------


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    plan = outputs.plan
    if isinstance(plan, Refusal):
        gpu = f"gpus.{inputs.gpu}"
        steps = {name: Step(name, f"{{{name}}}") for name in CALCULATOR.results()}
        steps["answer"] = Step("answer", f"{plan.why}; each GPU has {{{gpu}.memory_gib}}")
        return list(steps.values())
    return serving_steps.steps(inputs, outputs, plan)


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Lines:
    """Throughput against the speed of one user, as more and more requests are in flight."""
    plan = outputs.plan
    title, x_label, y_label = "More users at once, each slower", "Tokens/s of one request", "Tokens/s of all"
    if isinstance(plan, Refusal):
        return Lines(title, x_label, "count", y_label, "count", (Line("nothing fits", [(0, 0), (1, 0)]),), table_x=[])
    most = float(plan.most)
    counts = sorted({*(2.0**i for i in range(13) if 2**i < most), most}, reverse=True)
    speeds = [(count, plan.at(count)) for count in counts]
    points = [(found.user_tokens_per_s, plan.copies * found.output_tokens_per_s) for _, found in speeds]
    names = [f"{round(count * plan.copies):,} at once" for count in counts]
    low = plan.span[0]
    target = inputs.target_tokens_per_s
    return Lines(
        title=title, x_label=x_label, x_unit="tokens/s", y_label=y_label, y_unit="tokens/s",
        lines=(Line("Estimate", points, names=names),
               Line("Low end of the range", [(x * low, y * low) for x, y in points])),
        table_x=[x for x, _ in points], mark=(target, f"wanted: {show_number(target)}") if target else None, log=True)


CALCULATOR = Calculator(
    slug="serving",
    title="Serving speed",
    question="How many tokens a second does an open model give on these GPUs, how fast for each user, and at what cost?",
    version="1.0",
    data=("models", "gpus", "engines", "engine-overhead", "precisions", "serving-factors",
          "serving-assumptions", "serving-errors", "gpu-rental"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=serving_further.next_pages,
    warnings=serving_further.warnings,
)
