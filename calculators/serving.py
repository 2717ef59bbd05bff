"""How many tokens a second an open model gives on GPUs, how fast for one user, and what a million of them cost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from calculators.formulas import architecture, holding, memory, parameter_count, rental, serving_steps, throughput
from calculators.formulas.architecture import Architecture
from calculators.formulas.holding import Machine, Need, Rows
from calculators.formulas.memory import GB, Split
from calculators.formulas.throughput import Gpu, Load, Rates, Setup, Speed, Work
from calculators.kit import carry, workload
from calculators.kit.chart import Line, Lines
from calculators.kit.facts import Facts, Value
from calculators.kit.shape import LEFT_OUT, Calculator, InputError, Link, NoValue, Step, Table, number, output, shared, whole
from calculators.kit.units import SECONDS_PER_HOUR, TOKENS_PER_MTOK, Range, show
from calculators.kit.units import number as show_number

NEARLY_ALL = 0.75  # of the requests counted with: fewer than this, and memory rather than speed is what is not known
SERVER = memory.SERVER  # GPUs of one server; a link between servers is not modelled
FACTORS_OF = {"generic": "generic", "tgi": "generic", "ollama": "llama-cpp"}  # engines that were not measured by themselves
EXPERTS = "serving-assumptions.model.experts-per-token"  # of a model of one's own
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
    context: float | None = None  # tokens that the model is made for, where known

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
        most = self.most
        if self.at(1).user_tokens_per_s * share < target:
            return 0
        low, high = 1, most + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.at(middle).user_tokens_per_s * share >= target else (low, middle)
        return low


class Refusal(NamedTuple):
    """Why there is no estimate: a headline, and the reason as it stands in place of a figure."""

    headline: str
    why: str


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


# --- reading ----------------------------------------------------------------------------------------------------------


def model_of(inputs: Inputs, facts: Facts) -> tuple[str, Architecture]:
    """Name and architecture. Raises InputError for a model of one's own that cannot be."""
    if inputs.model == workload.CUSTOM:
        return holding.OWN, own_architecture(inputs, round(float(facts[EXPERTS].value)))
    return str(facts.rows("models")[inputs.model]["name"]), architecture.of(facts, inputs.model)


def own_architecture(inputs: Inputs, per_token: int) -> Architecture:
    """An architecture with the counts that were given.

    What attention and embeddings leave is MLP or, if a token uses fewer than all parameters, routed experts of which it
    uses `per_token`. Raises InputError if the counts contradict each other.
    """
    workload.check_own(inputs)
    h, vocabulary = inputs.hidden_size, max(1, inputs.vocabulary)
    attention = workload.attention_of(inputs)
    left = inputs.parameters_b * 1e9 - attention - 2 * vocabulary * h
    used = inputs.parameters_b if inputs.active_parameters_b is None else inputs.active_parameters_b
    active = used * 1e9 - attention - vocabulary * h
    for field, label, given, beyond in (("parameters_b", "Parameters", inputs.parameters_b, left),
                                        ("active_parameters_b", "Active parameters", used, active)):
        if beyond <= 0:
            least = show(float(f"{given - beyond / 1e9:.4g}"), "billion")
            raise InputError(field, f"{label} must be more than those of the attention and the embeddings by themselves, "
                                    f"{least} (got {given:g}).")
    kind = "mha" if inputs.kv_heads == inputs.heads else "mqa" if inputs.kv_heads == 1 else "gqa"
    common = {"layers": inputs.layers, "hidden_size": h, "heads": inputs.heads, "vocabulary": vocabulary,
              "attention": kind, "kv_heads": inputs.kv_heads, "head_size": inputs.head_size}
    width = left / (3 * h * inputs.layers)
    if active >= left * 0.98:
        return architecture.from_dict(common | {"intermediate_size": max(1, round(width))})
    experts = max(per_token, round(per_token * left / active))
    return architecture.from_dict(common | {
        "experts": experts, "experts_per_token": per_token, "expert_layers": inputs.layers,
        "expert_intermediate_size": max(1, round(width / experts)), "expert_hidden_size": h})


def memory_of(inputs: Inputs, facts: Facts) -> tuple[Need, Machine, Rows]:
    """What one request needs and what there is, as the GPU memory page counts it, and the rows of data/ that were read."""
    own = {name: getattr(inputs, name) for name in workload.OwnModel.__dataclass_fields__}
    asked = holding.Question(
        **own, model=inputs.model, weight_precision=inputs.weight_precision, kv_precision=inputs.kv_precision,
        context_tokens=inputs.input_tokens + inputs.output_tokens, concurrent_requests=1, gpu=inputs.gpu, engine=inputs.engine)
    need, rows = holding.need_of(asked, facts)
    return need, holding.machine_of(inputs.gpu, asked, facts), rows


def split_of(inputs: Inputs, gpus: int) -> Split:
    """How one copy is spread over so many GPUs: each layer, or by engines that do so whole layers."""
    return Split(1, gpus) if inputs.engine in workload.LAYERWISE else Split(gpus, 1)


def holding_of(need: Need, machine: Machine, requests: int) -> int | None:
    """The fewest GPUs of one server that hold so many requests, or else the most that hold one; None if none do."""
    one_server = [split for split in machine.splits(need, None) if split.gpus <= SERVER and 1 in split]
    holding = [split for split in one_server if machine.holds(need, split)]
    all_of_them = need._replace(requests=requests)
    found = next((split for split in holding if machine.holds(all_of_them, split)), holding[-1] if holding else None)
    return found.gpus if found else None


def plan_of(inputs: Inputs, facts: Facts) -> Plan | Refusal:
    """The arrangement that is asked for, or the smallest that holds model and requests; or why there is none."""
    name, arch = model_of(inputs, facts)
    need, machine, rows = memory_of(inputs, facts)
    row = facts.rows("gpus")[inputs.gpu]
    fewest = holding_of(need, machine, 1)
    # With copies the requests are shared out, so that one copy need not hold them all.
    holding = holding_of(need, machine, inputs.concurrent_requests or 1) if inputs.gpus is None else fewest
    gpus = inputs.tensor_parallel or holding
    why = _why_not(inputs, row, arch, gpus, machine.name)
    if why or gpus is None:
        return why or _too_large(inputs, machine, fewest)
    split = split_of(inputs, gpus)
    if not machine.holds(need, split):
        return _too_large(inputs, machine, fewest)
    engine = FACTORS_OF.get(inputs.engine, inputs.engine)
    setup = Setup(gpus, throughput.format_of(rows.format, facts.rows("precisions")[rows.format]), need.element_bytes, engine,
                  by_layer=inputs.engine in workload.LAYERWISE and gpus > 1)
    plan = _plan(inputs, facts, name, arch, throughput.gpu_of(facts, inputs.gpu), setup, need, machine)
    return plan._replace(context=rows.context)


def _plan(inputs: Inputs, facts: Facts, name: str, arch: Architecture, gpu: Gpu, setup: Setup, need: Need,
          machine: Machine) -> Plan:
    fitted, split = throughput.read_fitted(facts), split_of(inputs, setup.gpus)
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
                throughput.waiting_of(speed.requests, fitted.waiting))


def own_key(gpu: str) -> str:
    """The row of data/serving-errors.yaml of one GPU; not every GPU has one."""
    return f"gpu-{gpu}"


def _why_not(inputs: Inputs, row: Mapping[str, Value], arch: Architecture, gpus: int | None,
             gpu_name: str) -> Refusal | None:
    """Arrangements that are refused before anything is counted."""
    if gpus is None:
        return None
    if gpus > 1 and row.get("vendor") == "Apple":
        return Refusal(f"No estimate for several {gpu_name}", "Apple's chips have one GPU each")
    if gpus > SERVER:
        return Refusal(f"No estimate for {gpus:,} GPUs to a layer",
                       f"more than {SERVER} GPUs to a layer are not modelled: the network between servers decides")
    if gpus > 1 and not row.get("link_gb_s") and inputs.engine not in workload.LAYERWISE:
        return Refusal(f"No estimate for several {gpu_name}", "no speed of the link between them was found")
    why = memory.refused(arch, gpus) if inputs.engine not in workload.LAYERWISE else ""
    if why:
        return Refusal(f"{why}: take {memory.nearest(arch, gpus, SERVER)}", "engines refuse such a split")
    if inputs.gpus is not None and inputs.gpus < gpus:
        return Refusal(f"{show(inputs.gpus, 'GPUs')} {'is' if inputs.gpus == 1 else 'are'} too few: one copy of the model "
                       f"needs {gpus}", f"one copy of the model needs {gpus}")
    return None


def _too_large(inputs: Inputs, machine: Machine, fewest: int | None) -> Refusal:
    """The weights and one request do not fit on the GPUs given, or if none were given on any number that is tried."""
    given = inputs.tensor_parallel
    where = f"{given or (1 if machine.single else SERVER)} × {machine.name}"
    beyond = f": {fewest} are needed" if fewest else "" if machine.single else (
        f", nor on any other number up to {SERVER}" if given and given < SERVER else ", the most that is tried")
    return Refusal(f"Does not fit on {where}{beyond}", f"weights and one request do not fit on {where}{beyond}")


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
    need, machine, _ = memory_of(inputs, facts)
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


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here, with what was set here."""
    table = inputs.model != workload.CUSTOM
    own = {} if table else {name: getattr(inputs, name) for name in workload.OwnModel.__dataclass_fields__}
    model = {"model": inputs.model} if table else {}
    load: dict[str, Any] = {
        "gpu": inputs.gpu, "weight_precision": inputs.weight_precision, "kv_precision": inputs.kv_precision,
        "concurrent_requests": inputs.concurrent_requests, "context_tokens": inputs.input_tokens + inputs.output_tokens,
        "tensor_parallel": inputs.tensor_parallel}
    engine = {"engine": inputs.engine} if inputs.engine != workload.GENERIC else {}
    return [
        carry.link(f"The command that serves {'it' if table else 'a model of the table'}", "calculators/deploy/",
                   **model, **load, **engine),
        carry.link("Whether it fits, part by part", "calculators/gpu-memory/", model=inputs.model, **own, **load,
                   engine=inputs.engine),
        _break_even(inputs, outputs),
        Link("How far off these estimates are, by model, GPU and load", "about/accuracy/#errors"),
        Link("What renting a GPU costs, by provider", "data/gpus/"),
    ]


def _break_even(inputs: Inputs, outputs: Outputs) -> Link:
    """Break-even for the same model and GPUs; for a model of one's own its simple form, with this throughput."""
    title, page = "At what volume a server of your own costs less than an API", "calculators/break-even/"
    if inputs.model != workload.CUSTOM:
        return carry.link(title, page, mode="full", model=inputs.model, gpu=inputs.gpu, tensor_parallel=inputs.tensor_parallel,
                          weight_precision=inputs.weight_precision, input_tokens=inputs.input_tokens,
                          output_tokens=inputs.output_tokens, gpu_hour_usd=inputs.gpu_hour_usd)
    out, price, gpus = outputs.output_tokens_per_s, outputs.gpu_price_usd, outputs.gpus_used
    if isinstance(out, NoValue) or isinstance(price, NoValue) or isinstance(gpus, NoValue):
        return Link(title, page)
    both = out.central * (inputs.input_tokens + inputs.output_tokens) / inputs.output_tokens
    return carry.link(title, page, mode="simple", tokens_per_second=float(f"{both:.4g}"),
                      hosting_cost_per_hour=float(f"{price * gpus:.6g}"))


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    plan = outputs.plan
    if isinstance(plan, Refusal):
        return []
    found = [*plan.odd, *workload.beyond_context(plan.name, inputs.input_tokens + inputs.output_tokens, plan.context)]
    if inputs.concurrent_requests is not None and inputs.concurrent_requests > plan.busy * plan.most:
        found.append(f"Only {show_number(plan.busy * plan.most)} of the requests run at once: the others wait.")
    if plan.fit.low < NEARLY_ALL * plan.speed.requests:
        low, high = (show_number(plan.copies * count) for count in (plan.fit.low, plan.fit.high))
        found.append(f"Memory is nearly full: by what the engine takes for itself {low} to {high} requests fit, and the result "
                     "may be further off than its range says. Take more GPUs or a smaller format, or read the engine's log.")
    if inputs.gpus and inputs.gpus % plan.setup.gpus:
        found.append(f"{inputs.gpus % plan.setup.gpus} of the {inputs.gpus:,} GPUs are left over.")
    if inputs.model == workload.CUSTOM and plan.arch.experts:
        found.append(f"Of your model's experts a token is taken to use {plan.arch.experts_per_token}.")
    if plan.arch.experts and plan.setup.engine in throughput.DENSE_ALONE:
        found.append("No mixture of experts was measured with this engine: the time is put together from its dense models and "
                     "from other engines' mixtures, and may be far off.")
    if inputs.gpu.startswith("apple"):
        found.append("No matrix rate is published for this chip: the time to the first token is rough.")
    return found


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
    next=next_pages,
    warnings=warnings,
)
