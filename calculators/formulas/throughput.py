"""How fast open weights are served on GPUs: what each step moves and computes, and the time that this takes.

A step makes one token for every request in flight. Its time is that of reading the weights (of a mixture of experts those
that the batch touches) or of multiplying with them, whichever is longer, then of reading the cache, of talking over the
link, and of fixed work per layer, per step and per request. Prompts are bound by compute. The method is the roofline of
arXiv 2402.16363 with fixed costs added; the shares and costs are fitted to measured rows (data/serving-factors.yaml).

`Work` holds what a configuration moves and computes, exactly; `Rates` what the hardware and the engine make of it. Times are
seconds, sizes bytes, unless a name says otherwise. A "GPU" is one as data/gpus.yaml counts.
"""

import functools
import math
import re
from collections.abc import Container, Mapping
from typing import NamedTuple

from calculators.formulas import attention_work, kv_cache, parameter_count
from calculators.formulas.architecture import Architecture
from calculators.kit.facts import Facts, Value
from calculators.kit.units import Range

STEM = "serving-factors"
GIB = 2**30
READ_AT_MOST = 0.95  # of the peak bandwidth, by definition: refresh and turning between reads and writes cost the rest
MOST_IN_FLIGHT = 4096  # requests at once at the most, by definition: more were never measured
SIZES = ((15e9, "up to 15B"), (50e9, "15B to 50B"), (100e9, "50B to 100B"))
LARGEST = "over 100B"
MODES = {"batch1": "one request at a time", "low": "2 to 16 requests at once", "high": "more than 16 requests at once",
         "offline": "as many requests as fit"}
"""What the errors are sorted by, in words: see `mode_of`."""
DENSE_ALONE = ("llama-cpp",)  # engines of which no mixture of experts is among the measured rows
LOADS = ((4, "2-to-4"), (16, "5-to-16"), (64, "17-to-64"), (math.inf, "over-64"))


class Format(NamedTuple):
    """A format of weights: bytes of a weight in the matrices, of one in the output matrix, and how it is multiplied.

    `beside`: bytes of a weight outside routed experts, where there are any.
    """

    key: str  # its row in data/precisions.yaml
    bytes: float
    head_bytes: float
    kind: str  # of multiplication: bf16 | fp8 | int8 | fp4 | mx: fp8 where there is fp4, else bf16
    name: str  # the factor that it is fitted under
    beside: float


def formats(facts: Facts) -> dict[str, Format]:
    """The formats of weights in data/precisions.yaml of which a speed is known, by their row."""
    return {key: format_of(key, row) for key, row in facts.rows("precisions").items() if "multiplied" in row}


def format_of(key: str, row: Mapping[str, Value]) -> Format:
    """A row of data/precisions.yaml as a format of weights. Raises KeyError for one of which no speed is known."""
    bits = float(row["bits"])
    return Format(key, bits / 8, float(row["embedding_bits"]) / 8, str(row["multiplied"]), str(row.get("fitted", key)),
                  float(row.get("beside_experts_bits", bits)) / 8)


class Gpu(NamedTuple):
    """One GPU. Speeds are peaks as published; 0: the chip has none or none was found."""

    id: str  # its row in data/gpus.yaml
    family: str
    memory_bytes: float
    bytes_per_s: float
    flops: Mapping[str, float]  # dense FLOP/s (operations for int8) by kind of multiplication
    link_bytes_per_s: float  # one way
    switched: bool  # a link between GPUs of its own, no PCIe


class Setup(NamedTuple):
    """How a model is spread over GPUs. `replicas` of the attention: data parallel, its experts spread over all GPUs."""

    gpus: int
    weights: Format
    kv_bytes: float  # of one cached number
    engine: str  # a key of the fitted factors: engine and generation
    replicas: int = 1
    by_layer: bool = False  # layers dealt out whole, one GPU working at a time


class Load(NamedTuple):
    """What is asked of it: tokens of a request's prompt and answer, requests in flight (None: as many as fit)."""

    input_tokens: float
    output_tokens: float
    requests: float | None


class Work(NamedTuple):
    """What a step and a prompt move and compute, of the busiest GPU. Exact but for what the formats leave out."""

    weight_bytes: float  # every step, routed experts left out
    expert_bytes: float  # all routed experts
    experts: int
    experts_per_token: int
    token_flops: float  # of one token in a step, matrices alone
    prompt_flops: float  # of a whole prompt, matrices alone
    attention_flops: float  # of one token in a step, over the cache, at the mean length
    prompt_attention_flops: float
    kv_bytes: float  # read per request and step, at the mean length of the answer
    full_kv_bytes: float  # that a request holds at its end
    layers: int
    expert_layers: int
    links: int  # GPUs that take part in every reduction, 1 for none
    token_link_bytes: float  # that one token sends over the link in all layers together, one way
    prompt_link_bytes: float
    replicas: int
    room_bytes: float  # for cache, on each GPU


class Rates(NamedTuple):
    """What hardware and engine reach. Shares of peak are folded in: bytes/s and FLOP/s as reached, seconds as spent."""

    weight_bytes_per_s: float
    expert_bytes_per_s: float
    kv_bytes_per_s: float
    step_flops: float
    prompt_flops: float
    attention_flops: float
    link_bytes_per_s: float
    link_s: float  # per layer and step
    layer_s: float  # per layer and step
    expert_layer_s: float  # per layer with experts and step, beyond the former
    step_s: float
    request_s: float  # per request and step
    first_s: float  # before the first token, beyond the prompt


class Speed(NamedTuple):
    """A prediction in units: tokens/s of all requests and of one, seconds per token and to the first, and where a step goes."""

    requests: float
    output_tokens_per_s: float
    user_tokens_per_s: float
    step_s: float
    first_s: float
    parts: Mapping[str, float]  # seconds of a step: weights, KV cache, compute, overhead, link


def gpu_of(facts: Facts, gpu: str) -> Gpu:
    """A row of data/gpus.yaml in bytes and FLOP/s. Where it has no matrix rate (Apple) one is taken from its bandwidth."""
    values = facts.rows("gpus")[gpu]

    def figure(name: str) -> float:
        return float(values.get(name, 0) or 0)

    flops = {kind: figure(f"{kind}_tflops") * 1e12 for kind in ("bf16", "fp8", "int8", "fp4") if figure(f"{kind}_tflops")}
    if "bf16" not in flops:
        flops["bf16"] = figure("bandwidth_gb_s") * 1e9 * float(facts["serving-assumptions.speed.flop-per-byte"].value)
    way = str(values.get("interconnect", ""))
    return Gpu(
        id=gpu, family=str(values.get("family", "")).lower().replace(" ", "-"), memory_bytes=figure("memory_gib") * GIB,
        bytes_per_s=figure("bandwidth_gb_s") * 1e9, flops=flops, link_bytes_per_s=figure("link_gb_s") * 1e9,
        switched="PCIe" not in way,
    )


# --- work -------------------------------------------------------------------------------------------------------------


def weight_bytes(a: Architecture, form: Format) -> tuple[float, float, float]:
    """Bytes of the matrices outside routed experts that every step reads, of all routed experts, and of the input table.

    The output matrix counts with the first.
    """
    count = parameter_count.parameters(a)
    plain = form.beside if count.experts else form.bytes
    body = (count.attention + count.linear + count.mlp) * plain + count.other * 2
    head = (count.embedding if a.tied_embeddings else count.head) * form.head_bytes
    return body + head, count.experts * form.bytes, count.embedding * form.head_bytes


def resident_bytes(a: Architecture, setup: Setup) -> float:
    """Bytes of weights on each GPU."""
    body, experts, table = weight_bytes(a, setup.weights)
    spread = setup.gpus // setup.replicas
    tied = 0.0 if a.tied_embeddings else table
    return (body + tied) / spread + experts / setup.gpus


def work(a: Architecture, setup: Setup, load: Load, room_bytes: float) -> Work:
    """What a configuration moves and computes. `room_bytes` is what each GPU has for cache.

    Raises ValueError for a layout that is not modelled.
    """
    if setup.replicas < 1 or setup.gpus % setup.replicas:
        raise ValueError(f"{setup.replicas} replicas of the attention do not divide {setup.gpus} GPUs")
    if setup.by_layer:  # one GPU works at a time: as one, and nothing goes over a link
        setup = setup._replace(gpus=1, by_layer=False)
    spread = setup.gpus // setup.replicas
    body, experts, _ = weight_bytes(a, setup.weights)
    count = parameter_count.parameters(a)
    mean = int(load.input_tokens + load.output_tokens / 2)
    full = int(load.input_tokens + load.output_tokens)

    def cache(tokens: int) -> float:
        return kv_cache.kv_bytes_per_gpu(a, tokens, spread, setup.kv_bytes) + kv_cache.state_bytes(a) / spread

    layers = a.layers
    sent = 2 * a.hidden_size * layers * 2.0 * (2 * (setup.gpus - 1) / setup.gpus)  # two reductions a layer, 16 bits, in a ring
    prompt_attention = load.input_tokens * attention_work.attention_flops(a, load.input_tokens, at_once=True).total
    return Work(
        weight_bytes=body / spread, expert_bytes=experts / setup.gpus, experts=a.experts, experts_per_token=a.experts_per_token,
        token_flops=2.0 * count.active / setup.gpus,
        prompt_flops=prompt_flops(a, load.input_tokens) / setup.gpus,
        attention_flops=attention_work.attention_flops(a, mean, at_once=False).total / spread,
        prompt_attention_flops=prompt_attention / setup.gpus,
        kv_bytes=cache(mean), full_kv_bytes=cache(full), layers=layers, expert_layers=a.expert_layers,
        links=setup.gpus, token_link_bytes=sent, prompt_link_bytes=sent * load.input_tokens,
        replicas=setup.replicas, room_bytes=room_bytes,
    )


def prompt_flops(a: Architecture, tokens: float) -> float:
    """FLOPs of the matrices for a prompt: twice the active parameters per token, the output matrix once (arXiv 2001.08361)."""
    count = parameter_count.parameters(a)
    head = count.embedding if a.tied_embeddings else count.head
    return 2.0 * (count.active - head) * tokens + 2.0 * head


def touched(experts: int, per_token: int, tokens: float) -> float:
    """Share of the experts that a batch of tokens reads: 1 - (1 - k/E)^tokens, as if each chose evenly and alone."""
    return 1.0 - (1.0 - per_token / experts) ** tokens if experts else 0.0


# --- time -------------------------------------------------------------------------------------------------------------


def most_requests(w: Work) -> float:
    """Requests that fit in memory at once, at the full length of each; at least one per replica."""
    most = w.room_bytes / w.full_kv_bytes if w.full_kv_bytes else MOST_IN_FLIGHT
    return min(float(MOST_IN_FLIGHT), max(1.0, most)) * w.replicas


def step_parts(w: Work, r: Rates, requests: float) -> dict[str, float]:
    """Seconds of one step with `requests` in flight, by what they are spent on; compute is what reading does not hide."""
    own = requests / w.replicas
    weights = w.weight_bytes / r.weight_bytes_per_s
    if w.experts:
        weights += w.expert_bytes * touched(w.experts, w.experts_per_token, requests) / r.expert_bytes_per_s
    compute = w.token_flops * requests / r.step_flops
    both = math.hypot(weights, compute)  # halfway between one hiding the other wholly and not at all
    fixed = r.step_s + w.layers * r.layer_s + w.expert_layers * r.expert_layer_s + requests * r.request_s
    link = (w.layers * r.link_s + w.token_link_bytes * own / r.link_bytes_per_s) if w.links > 1 else 0.0
    cache = own * max(w.kv_bytes / r.kv_bytes_per_s, w.attention_flops / r.attention_flops)
    return {"weights": weights, "compute": both - weights, "cache": cache, "overhead": fixed, "link": link}


def prompt_s(w: Work, r: Rates) -> float:
    """Seconds that one prompt adds to the steps of the others: compute and link."""
    link = w.prompt_link_bytes / w.replicas / r.link_bytes_per_s if w.links > 1 else 0.0
    return w.prompt_flops / r.prompt_flops + w.prompt_attention_flops / r.attention_flops + link


class First(NamedTuple):
    """What the time to the first token of a request alone is made of, in seconds."""

    prompt: float  # compute and link
    weights: float  # reading those that the prompt touches
    fixed: float  # per layer, step and request
    before: float  # whatever the prompt

    @property
    def total(self) -> float:
        """The prompt, no faster than its weights are read, and fixed work."""
        return math.hypot(self.prompt, self.weights) + self.fixed + self.before


def first_token(w: Work, r: Rates, tokens: float) -> First:
    """The time to the first token of a request alone with so many tokens of prompt."""
    weights = w.weight_bytes / r.weight_bytes_per_s
    if w.experts:
        weights += w.expert_bytes * touched(w.experts, w.experts_per_token, tokens) / r.expert_bytes_per_s
    return First(prompt_s(w, r) * w.replicas, weights, step_parts(w, r, 1)["overhead"], r.first_s)


def speed(w: Work, r: Rates, load: Load) -> Speed:
    """Throughput of a closed loop: `requests` always in flight (fewer if no more fit), each new one in the place of one done.

    A request takes output_tokens steps, and while it does, one prompt for each request in flight is worked off between
    them: seconds = output_tokens x step + requests x prompt.
    """
    fit = most_requests(w)
    requests = fit if load.requests is None else min(load.requests, fit)
    parts = step_parts(w, r, requests)
    step = sum(parts.values())
    own_prompt = prompt_s(w, r)
    output = max(load.output_tokens, 1.0)
    seconds = output * step + requests * own_prompt
    total = requests * output / seconds
    between = step + max(requests - 1, 0) * own_prompt / output
    return Speed(requests, total, 1 / between, between, first_token(w, r, load.input_tokens).total, parts)


# --- factors ----------------------------------------------------------------------------------------------------------


class Fitted(NamedTuple):
    """What data/ holds of the fit: factors by name; factors low and high of each mode, of the first token, and of what
    nothing alike was measured of ("unseen"); how many times its unloaded value the first token took under load."""

    factors: dict[str, float]
    spans: dict[str, tuple[float, float]]
    waiting: dict[str, float]


@functools.lru_cache(maxsize=4)
def read_fitted(facts: Facts) -> Fitted:
    """The fit in force. Factors of the group common go by their name alone, the others by group.name."""
    found = {key.partition(".")[2]: facts.get(key) for key in facts.keys(STEM)}
    named: dict[str, dict[str, float]] = {"range": {}, "waiting": {}, "fit": {}, "": {}}
    for key, fact in found.items():
        group, _, name = key.partition(".")
        if fact:
            named[group if group in named else ""][name if group in (*named, "common") else key] = float(fact.value)
    ends = named["range"]
    spans = {name.removesuffix("-low"): (low, ends[name.removesuffix("-low") + "-high"])
             for name, low in ends.items() if name.endswith("-low")}
    return Fitted(named[""], spans, named["waiting"])


def waiting_of(requests: float, waiting: Mapping[str, float]) -> Range:
    """Of a load of so many requests: low, middle and high of how many times its unloaded value the first token took."""
    name = next(name for most, name in LOADS if requests <= most)
    return Range(*(waiting[f"{name}-{part}"] for part in ("low", "central", "high")))


def span_names(mode: str, experts: bool) -> tuple[str, str]:
    """What the range of a prediction is kept under: by mode and kind of architecture, or else by mode."""
    return f"{mode}-{'moe' if experts else 'dense'}", mode


class Span(NamedTuple):
    """The factors low and high of a prediction, and why they are wider than usual: "" if they are not, else one of
    "unseen": nothing of the GPU's family or of the engine was measured, or no mixture of experts with it; "thin": little of
    its family was; "gpu": the usual range held too few of this GPU's rows."""

    low: float
    high: float
    widened: str = ""


def range_of(a: Architecture, gpu: Gpu, engine: str, mode: str, measured: Container[str],
             spans: Mapping[str, tuple[float, float]]) -> Span:
    """The range of a prediction. `measured`: the names of the fitted factors, by which a family or an engine was measured."""
    span = Span(*next(spans[name] for name in span_names(mode, bool(a.experts)) if name in spans))
    thin, own = f"family-{gpu.family}", f"gpu-{gpu.id}"
    strange = a.experts and engine in DENSE_ALONE
    if strange or f"bandwidth.{gpu.family}" not in measured or f"overhead.{engine}" not in measured:
        span = _wider(span, spans["unseen"], "unseen")
    if thin in spans:
        return _wider(_wider(span, spans["unseen"], "thin"), spans[thin], "thin")
    return _wider(span, spans[own], span.widened or "gpu") if own in spans else span


def _wider(span: Span, other: tuple[float, float], why: str) -> Span:
    return Span(min(span.low, other[0]), max(span.high, other[1]), why)


def factor_names(gpu: Gpu, setup: Setup) -> tuple[str, ...]:
    """The fitted factors that are this GPU's, format's or engine's alone, beside those that are common to all."""
    family, form, engine = gpu.family, setup.weights.name, setup.engine
    return (f"bandwidth.{family}", f"compute.{family}", f"compute.{form}", f"overhead.{engine}", f"request.{engine}")


def rates(gpu: Gpu, setup: Setup, factors: Mapping[str, float]) -> Rates:
    """What a GPU and an engine reach, by the fitted factors.

    A factor of one GPU's, format's or engine's own that is not there counts as 1, since nothing was measured. A common one
    that is not there raises KeyError.
    """
    bandwidth, compute, precision, overhead, request = (factors.get(name, 1.0) for name in factor_names(gpu, setup))
    multiplying = factors["compute"] * compute
    reading = min(READ_AT_MOST, factors["bandwidth"] * bandwidth) * gpu.bytes_per_s
    matrices = gpu.flops[kind_of(gpu, setup.weights)] * multiplying * precision
    way = "switched" if gpu.switched else "pcie"
    many = factors["first-spread-ms"] if setup.gpus > 1 else 0.0
    return Rates(
        weight_bytes_per_s=reading,
        expert_bytes_per_s=reading * factors["experts"],
        kv_bytes_per_s=min(READ_AT_MOST, factors["cache"] * bandwidth) * gpu.bytes_per_s,
        step_flops=matrices * factors["step-compute"],
        prompt_flops=matrices,
        attention_flops=gpu.flops["bf16"] * compute * factors["attention"],
        link_bytes_per_s=gpu.link_bytes_per_s * factors[f"link.{way}"],
        link_s=factors[f"link-us.{way}"] * 1e-6,
        layer_s=factors["layer-us"] * overhead * 1e-6,
        expert_layer_s=factors["expert-layer-us"] * overhead * 1e-6,
        step_s=factors["step-us"] * overhead * 1e-6,
        request_s=factors["request-us"] * request * 1e-6,
        first_s=(factors["first-ms"] + many) * 1e-3,
    )


def kind_of(gpu: Gpu, form: Format) -> str:
    """The kind of multiplication that a GPU does with a format of weights: 16 bits where it has no other."""
    kind = form.kind
    if kind == "mx":
        kind = "fp8" if "fp4" in gpu.flops else "bf16"
    return kind if gpu.flops.get(kind) else "bf16"


def size_class(parameters: float) -> str:
    """What the errors are sorted by: the class of a model's parameters, all experts counted."""
    return next((name for most, name in SIZES if parameters <= most), LARGEST)


def key_of(text: str) -> str:
    """A name as a key of data/."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def cell_key(size: str, family: str, mode: str) -> str:
    """The row of data/serving-errors.yaml for models of a size on a GPU family (all of them if "") in a mode."""
    return f"cell-{key_of(f'{size} {family} {mode}')}"


def family_name(family: str) -> str:
    """A GPU family for reading."""
    return "CDNA" if family == "cdna" else family.replace("-", " ").capitalize()


def mode_of(requests: float | None) -> str:
    """What the errors are sorted by: batch1, low (2 to 16 requests at once), high, offline (as many as fit)."""
    if requests is None:
        return "offline"
    return "batch1" if requests <= 1 else "low" if requests <= 16 else "high"


def spread(value: float, errors: tuple[float, float] | Span) -> Range:
    """An estimate with its range: `errors` are the factors low and high, quantiles of measured over predicted."""
    return Range(value * errors[0], value, value * errors[1])


def quantile(values: list[float], share: float) -> float:
    """A quantile by linear interpolation between the sorted values. Raises ValueError for an empty list."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)
