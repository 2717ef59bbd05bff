"""How much GPU memory it takes to serve a model, how many GPUs that is, and what fits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calculators.formulas import architecture, kv_cache, memory, parameter_count
from calculators.formulas.architecture import Architecture
from calculators.formulas.holding import (
    MOST_TOKENS,
    Machine,
    Need,
    Plan,
    Question,
    longest_context,
    machine_of,
    most_of,
    most_requests,
    need_of,
    odd_engine,
    plan_of,
    usable_gb,
)
from calculators.formulas.memory import GB, Split
from calculators.kit import carry, workload
from calculators.kit.chart import Stack
from calculators.kit.facts import Facts
from calculators.kit.fields import folded, number, text, whole
from calculators.kit.shape import Calculator, Flip, Link, NoValue, Step, Table, output
from calculators.kit.units import Range, show
from calculators.kit.workload import LAYERWISE

MOST_REQUESTS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Inputs(workload.OwnModel):
    """The load, the machine, and if need be an architecture of one's own."""

    model: str = workload.model()
    weight_precision: str = workload.weight_precision()
    context_tokens: int = workload.context_tokens()
    concurrent_requests: int = workload.concurrent_requests()
    kv_precision: str = workload.kv_precision()
    gpu: str = workload.gpu()
    engine: str = workload.engine()
    tensor_parallel: int | None = workload.tensor_parallel()
    pipeline_parallel: int | None = folded(whole(
        "Pipeline stages", unit="count", default=None, min=1, max=64,
        help="Groups of GPUs that hold some of the layers each. Left empty: one, or as many as are needed.",
    ), workload.FINER)
    memory_fraction_percent: float | None = folded(number(
        "Memory the engine may use", unit="%", default=None, above=0, max=100,
        help="Of each GPU's memory. Left empty: the engine's own default, which the working names.",
    ), workload.FINER)
    config_json: str = folded(text(
        "config.json of a model", help="Paste the file from the model's page: it wins over the model chosen above.",
    ), workload.OWN_MODEL)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Weights and cache are arithmetic on the architecture; what the engine takes is an estimate, and so is the total."""

    verdict: str = output("Answer", headline=True)
    gpus_needed: int | NoValue = output("Fewest GPUs of this kind", unit="GPUs")
    weights_gb: float = output("Weights", unit="GB", digits=4)
    kv_bytes_per_token: float = output("KV cache per token", unit="B/token", decimals=1)
    kv_cache_gb: float = output("KV cache of all requests", unit="GB", digits=4)
    state_gb: float = output("Recurrent state of all requests", unit="GB", digits=4)
    overhead_gb: Range | NoValue = output("Engine and working memory, all GPUs", unit="GB", range=True, digits=3)
    total_gb: Range | NoValue = output("All of it", unit="GB", range=True, digits=3)
    gpus_used: int = output("GPUs in this arrangement", unit="GPUs")
    per_gpu_gb: Range | NoValue = output("On each of them", unit="GB", range=True, digits=3)
    usable_gb: float | NoValue = output("What the engine may use of each", unit="GB", decimals=1)
    context_max_tokens: Range | NoValue = output("Longest context that fits", unit="tokens", range=True, digits=3)
    concurrent_max: Range | NoValue = output("Most requests that fit", unit="count", range=True, digits=3)
    smallest_set: str | NoValue = output("Fewest GPUs of any kind")
    other_gpus: Table = output("GPUs that hold it", table=True)
    plan: Plan


# --- the result ------------------------------------------------------------------------------------------------------


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Weights, cache and overhead of serving a model, on how many GPUs they fit, and how much more would."""
    asked = question_of(inputs)
    need, rows = need_of(asked, facts)
    machine = machine_of(inputs.gpu, asked, facts)
    plan = plan_of(need, rows, machine, asked)
    gpus = plan.split.gpus
    static, cache, state, beside = plan.parts_gb()
    whole_cache = need.requests * kv_cache.kv_bytes(need.arch, need.context_tokens, need.element_bytes) / GB
    whole_state = need.requests * kv_cache.state_bytes(need.arch) / GB
    others = _others(need, machine, asked, facts)
    none = NoValue("more GPUs than are tried")
    refused = NoValue("engines refuse this arrangement") if plan.refused else None
    return Outputs(
        verdict=plan.headline(),
        gpus_needed=plan.fewest.gpus if plan.fewest else none,
        weights_gb=need.weights.total / GB,
        kv_bytes_per_token=kv_cache.kv_bytes_per_token(need.arch, need.element_bytes),
        kv_cache_gb=whole_cache,
        state_gb=whole_state,
        overhead_gb=refused or Range(*(gpus * end for end in beside)),
        total_gb=refused or Range(*(need.weights.total / GB + whole_cache + whole_state + gpus * end for end in beside)),
        gpus_used=gpus,
        per_gpu_gb=refused or Range(*(static + cache + state + end for end in beside)),
        usable_gb=refused or usable_gb(machine, need, plan.split),
        context_max_tokens=refused or _by_end(longest_context, plan),
        concurrent_max=refused or _by_end(most_requests, plan),
        smallest_set=f"{others[0][1]} × {others[0][0]}" if others else none,
        other_gpus=Table((("GPU", "text"), ("GPUs", "count"), ("Memory together", "GB"), ("Most requests", "count")),
                         tuple((name, (count, round(size, 1), most)) for name, count, size, most in others)),
        plan=plan,
    )


def question_of(inputs: Inputs) -> Question:
    """What the form asks, as every page that counts memory asks it."""
    return Question(**vars(inputs))


def _by_end(most: Callable[[Machine, Need, Split, str], int], plan: Plan) -> Range | NoValue:
    """The most that fits, from where the engine takes much for itself to where it takes little."""
    low, central, high = (most(plan.machine, plan.need, plan.split, end) for end in ("high", "central", "low"))
    return Range(low, central, high) if central else _too_full(plan.machine, plan.need, plan.split)


def _too_full(machine: Machine, need: Need, split: Split) -> NoValue:
    if machine.room(need, split) <= 0:
        return NoValue("none: weights and engine alone do not fit")
    return NoValue("none: what the weights leave is too little")


def _others(need: Need, chosen: Machine, asked: Question, facts: Facts) -> list[tuple[str, int, float, int]]:
    """Every kind of GPU that holds it: name, fewest GPUs, GB of them all, most requests; fewest first, then least memory."""
    found: list[tuple[str, int, float, int]] = []
    ways: dict[bool, list[tuple[int, float, float]]] = {}  # GPUs, bytes of weights and of a request on each, by `single`
    for gpu in facts.rows("gpus"):
        machine = chosen if gpu == chosen.gpu else machine_of(gpu, asked, facts)
        if not machine.runs:
            continue
        if machine.single not in ways:
            ways[machine.single] = [(split.gpus, need.static(split), need.request(split))
                                    for split in machine.splits(need, None)]
        for gpus, static, one in ways[machine.single]:
            room = machine.room_beside(static, gpus)
            if need.requests * one <= room:
                found.append((machine.name, gpus, gpus * machine.memory / GB, most_of(room, one)))
                break
    return sorted(found, key=lambda one: one[1:3])


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """The context and the number of requests at which the answer changes, each alone."""
    asked = question_of(inputs)
    need, rows = need_of(asked, facts)
    machine = machine_of(inputs.gpu, asked, facts)
    plan = plan_of(need, rows, machine, asked)
    if plan.refused:
        return [Flip(name, None, unit, why=f"nothing changes the answer: {plan.refused}")
                for name, unit in (("context_tokens", "tokens"), ("concurrent_requests", "count"))]
    tried = [plan.split] if plan.fits or plan.fixed else machine.splits(need, inputs.pipeline_parallel)

    def flip(name: str, unit: str, most: int, reach: int) -> Flip:
        if reach >= most:
            return Flip(name, None, unit, why=f"nothing up to {show(most, unit)} changes the answer")
        if reach < 1:
            return Flip(name, None, unit, why="nothing changes the answer: the rest alone is too much")
        value = reach + 1 if plan.fits else reach
        then = need._replace(context_tokens=value) if name == "context_tokens" else need._replace(requests=value)
        answer = plan_of(then, rows, machine, asked).headline()
        return Flip(name, reach, unit, answer, beyond="above") if plan.fits else (
            Flip(name, reach + 1, unit, answer, beyond="below"))

    return [
        flip("context_tokens", "tokens", MOST_TOKENS,
             max(longest_context(machine, need, split) for split in tried)),
        flip("concurrent_requests", "count", MOST_REQUESTS,
             max(most_requests(machine, need, split) for split in tried)),
    ]


# --- the working -----------------------------------------------------------------------------------------------------


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    plan = outputs.plan
    if plan.refused:
        none = [Step(name, f"{{{name}}}") for name in ("overhead_gb", "total_gb", "per_gpu_gb", "usable_gb",
                                                       "context_max_tokens", "concurrent_max")]
        verdict = Step("verdict", f"engines deal out whole layers and query heads evenly, and copy KV heads evenly where there "
                       f"are too few of them: {plan.refused}")
    else:
        none, verdict = [], Step("verdict", "{per_gpu_gb} against {usable_gb}; the middle decides")
    steps = {step.of: step for step in (*_steps(inputs, plan), verdict, *none)}
    return list(steps.values())


def _steps(inputs: Inputs, plan: Plan) -> list[Step]:
    """The working of an arrangement that engines take."""
    over = f"engine-overhead.{plan.machine.overhead_key}"
    together = f"({{{over}.low_gib}} to {{{over}.high_gib}}, middle {{{over}.central_gib}}"
    more = f", and {{{over}.parallel_gib}} more with several GPUs" if plan.split.gpus > 1 else ""
    return [
        Step("weights_gb", _weights_text(inputs, plan)),
        Step("kv_bytes_per_token", _token_text(plan)),
        Step("kv_cache_gb", _cache_text(plan)),
        Step("state_gb", _state_text(plan.need.arch)),
        Step("overhead_gb", f"{together}{more}) × {{gpus_used}} = {{overhead_gb}}; estimated for "
             f"{workload.ENGINES[plan.machine.engine]} (versions: {{{over}.version}})"),
        Step("total_gb", "{weights_gb} + {kv_cache_gb} + {state_gb} + {overhead_gb} = {total_gb}"),
        Step("gpus_used", _split_text(plan)),
        Step("per_gpu_gb", _per_gpu_text(plan)),
        Step("usable_gb", _usable_text(inputs, plan)),
        Step("gpus_needed", "{gpus_needed}: tensor parallelism over 1, 2, 4, 8 GPUs that deal out the heads evenly, then "
             "more servers of as many as stages" if plan.machine.engine not in LAYERWISE else
             "{gpus_needed}: whole layers, spread over 1 to 16 GPUs"),
        Step("context_max_tokens", "with {concurrent_requests} requests at once: {context_max_tokens}, from where the engine "
             "takes the most for itself to where it takes the least"),
        Step("concurrent_max", "with {context_tokens} each, the same way: {concurrent_max}"),
        Step("smallest_set", "{smallest_set}: the fewest, and of equal numbers the least memory"),
        Step("other_gpus", "the same for every GPU in the table that the engine runs on: {other_gpus}"),
    ]


def _weights_text(inputs: Inputs, plan: Plan) -> str:
    key, arch, need = f"precisions.{plan.rows.format}", plan.need.arch, plan.need
    if not plan.rows.model and not inputs.config_json:
        kept = min(inputs.vocabulary * inputs.hidden_size, inputs.parameters_b * 5e8)
        return (f"{show(inputs.parameters_b * 1e9 - 2 * kept, 'count')} × {{{key}.bits}} and {show(2 * kept, 'count')} of "
                f"embeddings and output matrix × {{{key}.embedding_bits}}, ÷ 8 = {{weights_gb}}")
    count = parameter_count.parameters(arch)
    outside = f"{show(count.embedding + count.head, 'count')} of embeddings" + ("" if count.head else " (output matrix too)")
    tables = f"{outside} × {{{key}.embedding_bits}}"
    rest = count.total - count.embedding - count.head - count.experts
    name = f"{{models.{plan.rows.model}.name}}" if plan.rows.model else need.name
    if not count.experts:
        return f"{name}: {show(rest, 'count')} parameters in the layers × {{{key}.bits}} and {tables}, ÷ 8 = {{weights_gb}}"
    beside = "bits" if plan.rows.bits.beside_experts_bits == plan.rows.bits.bits else "beside_experts_bits"
    return (f"{name}: {show(count.experts, 'count')} parameters in routed experts × {{{key}.bits}}, "
            f"{show(rest, 'count')} in the other layers × {{{key}.{beside}}} and {tables}, ÷ 8 = {{weights_gb}}; all experts "
            "are in memory, whichever a token uses")


def _token_text(plan: Plan) -> str:
    arch, bits = plan.need.arch, f"{{precisions.{plan.rows.cache}.cache_bits}} ÷ 8"
    growing = arch.cached_full_layers
    if arch.attention in architecture.GROUPED and not arch.index_layers and not arch.v_head_size:
        kept = f"2 (key and value) × {growing:,} layers × {arch.kv_heads:,} KV heads × head size {arch.head_size:,}"
    elif arch.attention == "mla" and not arch.index_layers:
        kept = f"{growing:,} layers × (latent of {arch.kv_lora_rank:,} + {arch.qk_rope_size:,} for the position)"
    else:
        kept = f"{show(kv_cache.kv_bytes_per_token(arch, 1), 'count')} cached elements per token"
    windows = " for each further token; the windows are full by then" if arch.window_layers else ""
    return f"{architecture.kind(arch)}: {kept} × {bits} = {{kv_bytes_per_token}}{windows}"


def _cache_text(plan: Plan) -> str:
    need = plan.need
    if need.arch.window_layers or need.arch.attention == "compressed":
        fixed = kv_cache.kv_bytes_fixed(need.arch, need.element_bytes)
        return (f"{{concurrent_requests}} × ({{context_tokens}} × {{kv_bytes_per_token}} + at most {show(fixed, 'B')} in the "
                f"windows of {need.arch.window_tokens:,} tokens) = {{kv_cache_gb}}")
    return "{context_tokens} × {kv_bytes_per_token} × {concurrent_requests} = {kv_cache_gb}"


def _state_text(arch: Architecture) -> str:
    if not arch.linear_layers:
        return "none: every layer keeps keys and values"
    return (f"{{concurrent_requests}} × {show(kv_cache.state_bytes(arch), 'B')}, whatever the context: "
            f"{arch.linear_layers:,} {arch.linear_kind} layers, matrices at 32 bits = {{state_gb}}")


def _split_text(plan: Plan) -> str:
    split = plan.split
    how = f"each layer over {split.tensor_parallel:,}, {split.pipeline_parallel:,} stages" if split.pipeline_parallel > 1 else (
        f"each layer over {split.tensor_parallel:,}")
    why = "as you chose" if plan.fixed else "the fewest that hold it" if plan.fits else "the most that is tried"
    return f"{{gpus_used}}: {how}, {why}"


def _per_gpu_text(plan: Plan) -> str:
    static, cache, state, beside = (show(round(part, 2), "GB") if not isinstance(part, Range) else
                                    show(Range(*(round(end, 1) for end in part)), "GB") for part in plan.parts_gb())
    return f"weights {static} + cache {cache} + state {state} + engine {beside} = {{per_gpu_gb}} on the fullest{_copies(plan)}"


def _copies(plan: Plan) -> str:
    """What more than one GPU holds."""
    arch, over = plan.need.arch, plan.split.tensor_parallel
    if over > 1 and arch.attention not in architecture.GROUPED:
        return "; the latent cache cannot be dealt out by heads, so each GPU of a stage keeps all of it"
    if over > arch.kv_heads and arch.attention in architecture.GROUPED:
        return f"; {arch.kv_heads:,} KV heads for {over:,} GPUs: some keep copies"
    return ""


def _usable_text(inputs: Inputs, plan: Plan) -> str:
    machine = plan.machine
    size = f"{{gpus.{machine.gpu}.memory_gib}} (1 GiB = 1.073741824 GB)"
    counts = str(machine.overhead["counts"])
    if machine.share is None:
        return f"{size}, all of it: the engine reserves its own memory, counted above = {{usable_gb}}"
    share = "{memory_fraction_percent}" if inputs.memory_fraction_percent else (
        f"{{engine-overhead.{machine.overhead_key}.memory_percent}}" if "memory_percent" in machine.overhead else
        f"{{engines.{machine.engine}.memory_default}}")
    beside = "and the engine's own beside it as far as there is room"
    what = {"all": f"{size} × {share}", "static": f"{size} × {share} for weights and cache, {beside}",
            "free": f"{size}; of what is free after loading {share} for the cache"}[counts]
    return f"{what} = {{usable_gb}}"


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Stack:
    """Where the memory of one GPU goes, in this arrangement and in its neighbours."""
    plan = outputs.plan
    if plan.refused:  # what would be taken instead
        plan = plan._replace(split=plan.fewest or plan.machine.splits(plan.need, None)[-1])
    machine, capacity = plan.machine, plan.machine.memory / GB
    groups = []
    for split in _neighbours(plan):
        static, cache, state, beside = plan._replace(split=split).parts_gb()
        taken, usable = static + cache + state + beside.central, usable_gb(machine, plan.need, split)
        name = "One GPU" if split.gpus == 1 else f"Each of {split.gpus:,} GPUs"
        groups.append((name, (static, cache, state, beside.central, max(0.0, usable - taken),
                              max(0.0, capacity - max(usable, taken)))))
    usable = usable_gb(machine, plan.need, plan.split)
    return Stack(title=f"Where the memory of each {machine.name} goes", unit="GB",
                 parts=("Weights", "KV cache", "State", "Engine", "Free", "Not for the engine"), groups=groups,
                 mark=(usable, f"usable: {show(round(usable, 1), 'GB')}"), by="Arrangement", rest=2)


def _neighbours(plan: Plan) -> list[Split]:
    """This arrangement and up to three others, leaving out those that are so full that nothing else could be seen."""
    tried = {split.gpus: split for split in plan.machine.splits(plan.need, None)} | {plan.split.gpus: plan.split}
    limit = 4 * plan.machine.memory

    def taken(split: Split) -> float:
        return plan.need.static(split) + plan.need.requests * plan.need.request(split)

    near = [split for _, split in sorted(tried.items()) if split == plan.split or taken(split) < limit]
    at = near.index(plan.split)
    return near[max(0, at - 2):at + 2]


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here, with what was set here."""
    split, table = outputs.plan.split, inputs.model != workload.CUSTOM and not inputs.config_json
    model = {"model": inputs.model} if table else own_of(inputs, outputs.plan)
    which = "it" if table else "a model of the table"
    known: dict[str, Any] = {"gpu": inputs.gpu, "weight_precision": inputs.weight_precision}
    load = known | {"kv_precision": inputs.kv_precision, "concurrent_requests": inputs.concurrent_requests}
    engine = {"engine": inputs.engine} if inputs.engine != workload.GENERIC else {}
    on_each = (split.gpus if inputs.engine in LAYERWISE else split.tensor_parallel) if split.gpus <= memory.SERVER else None
    percent = inputs.memory_fraction_percent
    return [
        carry.link(f"What {'it' if model else which} yields: tokens a second, and what a million cost", "calculators/serving/",
                   **(load | model), engine=inputs.engine, tensor_parallel=on_each),
        carry.link(f"The command that serves {which}", "calculators/deploy/", **(model if table else {}), **load, **engine,
                   context_tokens=inputs.context_tokens, tensor_parallel=inputs.tensor_parallel,
                   pipeline_parallel=inputs.pipeline_parallel,
                   memory_fraction_percent=percent if percent and percent >= 1 else None),
        carry.link("At what volume a server of your own costs less than an API", "calculators/break-even/",
                   **({"mode": "full", "tensor_parallel": on_each} | model | known if table else {})),
        Link("The GPUs in figures: memory, speed, power", "data/gpus/"),
        Link("The engines and their options", "data/engines/"),
    ]


def own_of(inputs: Inputs, plan: Plan) -> dict[str, Any]:
    """A model that is not in the table as the form of another page takes it; {} for a config.json that it cannot describe."""
    if not inputs.config_json:
        return {"model": inputs.model} | {name: getattr(inputs, name) for name in workload.OwnModel.__dataclass_fields__}
    arch, form = plan.need.arch, plan.rows.format.replace("-", "_")
    plain = arch.attention in architecture.GROUPED and arch.full_layers == arch.layers and not arch.tied_embeddings
    if not plain or form not in workload.WEIGHT_PRECISIONS:
        return {}
    count = parameter_count.parameters(arch)
    return {
        "model": workload.CUSTOM, "weight_precision": form, "parameters_b": float(f"{count.total / 1e9:.6g}"),
        "active_parameters_b": float(f"{count.active / 1e9:.6g}") if count.experts else None, "layers": arch.layers,
        "hidden_size": arch.hidden_size, "heads": arch.heads, "kv_heads": arch.kv_heads, "head_size": arch.head_size,
        "vocabulary": arch.vocabulary}


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    plan = outputs.plan
    context = workload.beyond_context(plan.need.name, inputs.context_tokens, plan.rows.context)
    own = _odd_model(inputs) if not plan.rows.model and not inputs.config_json else []
    return [*context, *own, *_close(plan), *_odd_split(inputs, plan),
            *odd_engine(plan.machine, plan.rows.format, inputs.kv_precision)]


def _odd_model(inputs: Inputs) -> list[str]:
    """A model of one's own whose layers have more parameters than it has in all."""
    attention = workload.attention_of(inputs)
    if attention <= inputs.parameters_b * 1e9:
        return []
    return [f"The attention of such layers alone has {show(float(f'{attention:.3g}'), 'count')} parameters, more than the "
            "model has in all: the cache is counted by layers, KV heads and head size, so check them."]


def _close(plan: Plan) -> list[str]:
    if plan.refused:
        return []
    if plan.fits and not plan.machine.holds(plan.need, plan.split, "high"):
        return ["It is close: if the engine takes as much for itself as the most that was found, it does not fit."]
    if not plan.fits and plan.machine.holds(plan.need, plan.split, "low"):
        return ["It is close: if the engine takes as little for itself as the least that was found, it fits."]
    return []


def _odd_split(inputs: Inputs, plan: Plan) -> list[str]:
    found = []
    if inputs.engine in LAYERWISE and (inputs.tensor_parallel or 1) > 1:
        found.append("This engine spreads whole layers over the GPUs rather than splitting each: counted so.")
    latent = plan.need.arch.attention not in architecture.GROUPED and plan.split.tensor_parallel > 1
    static, cache, *_ = plan.parts_gb()
    if latent and cache > static and not plan.refused:
        found.append("Every GPU of a layer keeps the whole latent cache. Engines that deal out requests instead of heads "
                     "(attention data parallel) hold more, which is not counted here.")
    if plan.split.gpus > memory.SERVER and not plan.refused:
        found.append("More GPUs than one server holds: the network between servers then decides the speed.")
    return found


CALCULATOR = Calculator(
    slug="gpu-memory",
    title="GPU memory",
    question="How much GPU memory does it take to serve a model, and how many GPUs is that?",
    version="1.0",
    data=("models", "gpus", "engines", "engine-overhead", "precisions"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    flips=flips,
    warnings=warnings,
)
