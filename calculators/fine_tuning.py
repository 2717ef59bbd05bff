"""What it takes to fine-tune an open model: memory, GPUs, hours and money, and what serving the result costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from calculators.formulas import (
    architecture,
    parameter_count,
    rental,
    training,
    tuned,
    tuning_further,
    tuning_speed,
    tuning_steps,
)
from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import GIB
from calculators.formulas.training import GPU_COUNTS, SHARDINGS, Job, Parts, Peak
from calculators.formulas.tuning_run import KEY, ONE_ALONE, Constants, constants, gpus_needed, job_of, peak_of, tokens_at_once
from calculators.kit import search, workload
from calculators.kit.chart import Stack
from calculators.kit.facts import Facts
from calculators.kit.fields import FromFact, InputError, choice, folded, number, when, whole, yes_no
from calculators.kit.shape import LEFT_OUT, Calculator, Flip, NoValue, Step, Table, output
from calculators.kit.units import TOKENS_PER_MTOK, Range, show

METHODS = {"full": "Full fine-tuning", "lora": "LoRA", "qlora": "QLoRA, 4-bit base"}
OBJECTIVES = {"sft": "Examples (supervised)", "dpo": "Pairs of answers (DPO, with a reference model)"}
MATRICES = {
    "query-value": "Queries and values of the attention",
    "attention": "All matrices of the attention",
    "all": "Attention and MLPs, no routed experts",
    "experts": "All matrices, routed experts too",
}
OPTIMISERS = {
    "adam-32": "Adam in 32 bits",
    "adam-16": "Adam in 16 bits",
    "adam-8": "Adam in 8 bits",
    "adam-8-paged": "Adam in 8 bits, paged to main memory",
}
SHARDING = {
    "none": "Nothing: every GPU holds all",
    "optimiser": "Optimiser states (ZeRO-1)",
    "gradients": "Optimiser and gradients (ZeRO-2)",
    "parameters": "Optimiser, gradients, weights (ZeRO-3, FSDP)",
}
assert tuple(SHARDING) == SHARDINGS
ADAPTERS = ("lora", "qlora")  # the methods that train an adapter
MOST_LENGTH, MOST_BATCH = 1_000_000, 1024
NOTHING = Range(0, 0, 0)
NONE = "No number of GPUs holds it this way"
# The prices of data/fine-tuning.yaml, by the size of the model; "…-most" beside each says up to which size it goes.
_HOSTED = ("lora-16b", "lora-80b", "lora-300b", "lora-above")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is trained, on what, how."""

    model: str = workload.model("llama-3-1-70b", custom=False)
    method: str = choice("Method", default="lora", choices=METHODS,
                         help="Full changes every weight. LoRA trains thin matrices beside them, QLoRA the same over a "
                              "base in 4 bits.")
    objective: str = choice("Learns from", default="sft", choices=OBJECTIVES,
                            help="DPO compares with the model as it was: one more pass, and under full tuning one more copy.")
    training_tokens: int = whole("Tokens to train on", unit="tokens", default=10_000_000, min=1, max=10**14,
                                 help="All examples once. Of pairs both answers with their prompts.")
    epochs: float = number("Epochs", unit="count", default=3, above=0, max=1000, help="How often each example is seen.")
    sequence_tokens: int = whole("Length of an example", unit="tokens", default=2048, min=1, max=MOST_LENGTH,
                                 help="The longest; short ones packed together up to it.")
    batch_per_gpu: int = whole("Examples at once, per GPU", unit="count", default=1, min=1, max=MOST_BATCH,
                               help="In memory at the same moment. Of pairs, the pairs.")
    rank: int = when(whole("Rank of the adapter", unit="count", default=16, min=1, max=512,
                           help="Width of the thin matrices."), "method", *ADAPTERS)
    matrices: str = when(choice("Adapter beside", default="all", choices=MATRICES, help="Which matrices get one."),
                         "method", *ADAPTERS)
    optimiser: str = folded(choice("Optimiser", default="adam-32", choices=OPTIMISERS,
                                   help="In 32 bits with a 32-bit copy of the weights, otherwise without. Paged: its states "
                                        "wait in main memory."), workload.FINER)
    checkpointing: bool = folded(yes_no(
        "Recompute activations (checkpointing)", default=True,
        help="Keeps one vector for each layer and computes the rest again: less memory, more work."), workload.FINER)
    loss_in_pieces: bool = folded(yes_no(
        "Take the loss in pieces", default=True,
        help="Never holds the logits of all tokens in 32 bits. An option in most tools."), workload.FINER)
    compiled: bool = folded(yes_no(
        "Compiled or fused layers", default=True,
        help="torch.compile, Liger, Unsloth. Without, activations take more memory and steps more time."), workload.FINER)
    accumulate: bool = folded(yes_no(
        "Add gradients up over several batches", default=True,
        help="For larger batches than fit at once. Keeps all gradients in memory throughout."), workload.FINER)
    sharding: str = folded(choice("Dealt out over the GPUs", default="parameters", choices=SHARDING,
                                  help="Each choice includes the ones before it."), workload.FINER)
    gpu: str = workload.gpu()
    gpus: int | None = whole("GPUs", unit="GPUs", default=None, min=1, max=1024,
                             help="All servers together. Left empty: the fewest that hold the high estimate.")
    gpu_hour_usd: float | None = workload.gpu_hour_usd()
    redone_per_year: float = number("Trained anew, times a year", unit="count", default=4, min=0, max=10_000,
                                    help="For new data or a new base model. Failed attempts count too.")
    tuned_models: int = when(whole(
        "Tuned models that share a base", unit="count", default=10, min=1, max=10_000,
        help="As adapters on one server; its rent is divided among them. The default is made up."), "method", *ADAPTERS)
    hosting_usd_hour: float = number(
        "Fee of a provider that hosts a tuned model", unit="USD/hour", default=FromFact("fine-tuning.azure.hosting-hour"),
        min=0, max=10_000, help="Charged used or not. The default is one example, Azure's; 0 for a provider without one.")


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What follows from counts alone is a bare number, what was fitted to measurements a Range."""

    answer: str = output("Answer", headline=True)
    gpus_needed: int | NoValue = output("GPUs that hold the high estimate", unit="GPUs")
    gpus_used: int = output("GPUs counted with", unit="GPUs")
    memory_gib: Range = output("Memory on each GPU", unit="GiB", range=True, digits=3)
    tokens_per_second: Range | NoValue = output("Speed, all GPUs together", unit="tokens/s", range=True, digits=3)
    hours: Range | NoValue = output("Time for a run", unit="hours", range=True, digits=2)
    hour_usd: float | NoValue = output("Price of a GPU", unit="USD/GPU-hour", decimals=2)
    cost_usd: Range | NoValue = output("Rent for a run", unit="USD", range=True, digits=2)
    year_usd: Range | NoValue = output("Rent for training, a year", unit="USD", range=True, digits=2)
    hosted_usd: float | NoValue = output("A run at a host of open weights, one example (Fireworks)", unit="USD")
    hosted_year_usd: float | NoValue = output("The same, a year", unit="USD")
    weights_gib: float | NoValue = output("Weights that stay as they are", unit="GiB", digits=3)
    reference_gib: float | NoValue = output("Reference model", unit="GiB", digits=3)
    trained_gib: float = output("Weights that are trained, adapter included", unit="GiB", digits=3)
    gradients_gib: float = output("Gradients, when memory is fullest", unit="GiB", digits=3)
    optimiser_gib: float = output("Optimiser states", unit="GiB", digits=3)
    gathered_gib: float = output("Layers gathered or widened for a moment", unit="GiB", digits=3)
    activations_gib: Range = output("Activations kept, when memory is fullest", unit="GiB", range=True, digits=2)
    logits_gib: Range = output("Logits, when memory is fullest", unit="GiB", range=True, digits=2)
    working_gib: Range = output("Working memory", unit="GiB", range=True, digits=2)
    trained_parameters: float = output("Parameters trained", unit="count", digits=3)
    result_gb: float | NoValue = output("What comes out, the adapter", unit="GB", digits=3)
    merged_gb: float = output("As a model of its own, 16 bits", unit="GB", digits=3)
    serving_gpus: int | NoValue = output("GPUs to serve that", unit="GPUs")
    serving_usd_month: float | NoValue = output("Their rent round the clock", unit="USD/month", digits=3)
    shared_usd_month: float | NoValue = output("As an adapter, its share of the rent of the base", unit="USD/month", digits=3)
    hosting_usd_month: float = output("At a provider that hosts it, one example (Azure)", unit="USD/month", digits=3)
    serving: str = output("Serving it")
    ways: Table = output("Serving it, three ways", table=True)
    methods: Table = output("Memory on each GPU by the three methods, all else equal", table=True)
    bars: tuple[tuple[str, Parts], ...]
    fixed_gib: float
    gpu_gib: float
    notes: tuple[str, ...]
    share_row: str
    hosted_key: str | NoValue


def counts_of(inputs: Inputs, facts: Facts) -> tuple[int, ...]:
    """The numbers of GPUs that may train together. Raises InputError if the reader's number is none of them."""
    gpu = facts.rows("gpus")[inputs.gpu]
    if gpu["vendor"] != ONE_ALONE:
        return GPU_COUNTS
    if (inputs.gpus or 1) > 1:
        raise InputError("gpus", f"GPUs must be 1: the programs that deal a model out do not run over several of {ONE_ALONE}'s "
                                 f"chips (got {inputs.gpus}).")
    return (1,)


def answer_of(inputs: Inputs, needed: int | None, total: Range, room: float) -> str:
    """The answer in words."""
    if inputs.gpus is None:
        return NONE if needed is None else f"It takes {show(needed, 'GPUs')}"
    given = show(inputs.gpus, "GPUs")
    if total.high <= room:
        return f"It fits on {given}"
    return f"It may fit on {given}, just" if total.central <= room else f"It does not fit on {given}"


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Count memory, find the GPUs that hold it, then the time, the money and what the result takes to serve."""
    c, a = constants(facts), architecture.of(facts, inputs.model)
    gpu = facts.rows("gpus")[inputs.gpu]
    room = float(gpu["memory_gib"]) * GIB
    job, tokens = job_of(inputs, a, c), tokens_at_once(inputs)
    counts = counts_of(inputs, facts)
    needed = gpus_needed(job, tokens, inputs.sharding, room, c, counts)
    used = inputs.gpus or needed or (1 if inputs.sharding == "none" else counts[-1])
    peak = peak_of(job, tokens, used, inputs.sharding, c)
    parts, total = peak.central, peak.total
    speed, share_row = (tuning_speed.speed_of(inputs, a, job, used, facts, c) if total.central <= room else
                        (NoValue("it does not fit"), ""))
    hours = speed if isinstance(speed, NoValue) else training.hours(inputs.training_tokens * inputs.epochs, speed)
    price = _price(inputs, facts)
    cost = _product(hours, used, price)
    full = inputs.method == "full"
    trained = job.trained / c.of["trained.weight" if full else "adapter.weight"]
    served = tuned.served(inputs, parameter_count.parameters(a).total * c.of["trained.weight"],
                     0 if full else trained * c.of["adapter.file"], room, price, c, counts)
    hosted = _hosted(inputs, a, facts)
    return Outputs(
        answer=answer_of(inputs, needed, total, room),
        gpus_needed=NoValue(_no_number(inputs, counts)) if needed is None else needed,
        gpus_used=used,
        memory_gib=_gib(total),
        weights_gib=LEFT_OUT if full else parts.frozen / GIB,
        reference_gib=parts.reference / GIB if inputs.objective == "dpo" else LEFT_OUT,
        trained_gib=parts.trained / GIB,
        gradients_gib=parts.gradients / GIB, optimiser_gib=parts.optimiser / GIB,
        gathered_gib=parts.gathered / GIB,
        activations_gib=_gib(peak.over(lambda p: p.activations)), logits_gib=_gib(peak.over(lambda p: p.logits)),
        working_gib=_gib(peak.over(lambda p: p.again, peak.fixed)),
        trained_parameters=trained,
        tokens_per_second=speed, hours=hours, hour_usd=price, cost_usd=cost,
        year_usd=cost if isinstance(cost, NoValue) else Range(*(v * inputs.redone_per_year for v in cost)),
        hosted_usd=hosted, hosted_year_usd=hosted if isinstance(hosted, NoValue) else hosted * inputs.redone_per_year,
        result_gb=LEFT_OUT if full else served.adapter_gb, merged_gb=served.merged_gb, serving_gpus=served.gpus,
        serving_usd_month=served.usd_month, shared_usd_month=LEFT_OUT if full else served.shared_usd_month,
        hosting_usd_month=served.hosting_usd_month,
        serving=tuned.serving_text(inputs, served), ways=tuned.ways(inputs, served),
        methods=_methods(inputs, a, c, room, used, counts),
        bars=tuple((METHODS[m] + (", yours" if m == inputs.method else ""), _with(inputs, m, a, c, used)[1].central)
                   for m in METHODS),
        fixed_gib=peak.fixed.central / GIB, gpu_gib=room / GIB,
        notes=tuple(tuning_further.notes(inputs, facts, a, used, needed, counts)), share_row=share_row,
        hosted_key=hosted_price(inputs, parameter_count.parameters(a).total, facts),
    )


def _gib(of: Range) -> Range:
    return Range(*(v / GIB for v in of))


def _no_number(inputs: Inputs, counts: Sequence[int]) -> str:
    if counts == (1,):
        return f"one is too small, and {ONE_ALONE}'s do not train together"
    if inputs.sharding == "none":
        return "every GPU holds all of it, and one is too small: deal it out"
    if inputs.sharding == "parameters":
        return "the activations of one GPU's own examples are too large: make them shorter or fewer"
    return "what is not dealt out is too large for one GPU"


def _with(inputs: Inputs, method: str, a: Architecture, c: Constants, gpus: int) -> tuple[Job, Peak]:
    """The same run by another method."""
    job = job_of(_replace(inputs, method=method), a, c)
    return job, peak_of(job, tokens_at_once(inputs), gpus, inputs.sharding, c)


def _replace(inputs: Inputs, **changed: object) -> Inputs:
    return Inputs(**{field.name: getattr(inputs, field.name) for field in fields(Inputs)} | changed)


def _methods(inputs: Inputs, a: Architecture, c: Constants, room: float, gpus: int, counts: Sequence[int]) -> Table:
    rows = []
    for method, label in METHODS.items():
        job, peak = _with(inputs, method, a, c, gpus)
        total = _gib(peak.total)
        needed = gpus_needed(job, tokens_at_once(inputs), inputs.sharding, room, c, counts)
        rows.append((label, (*(float(f"{v:.3g}") for v in total), NoValue("none") if needed is None else float(needed))))
    columns = (("Method", "text"), ("Low", "GiB"), ("Figure", "GiB"), ("High", "GiB"), ("GPUs needed", "count"))
    return Table(columns, tuple(rows))


def _price(inputs: Inputs, facts: Facts) -> float | NoValue:
    """USD per GPU-hour: the reader's, or the median of the providers'."""
    if inputs.gpu_hour_usd is not None:
        return inputs.gpu_hour_usd
    found = rental.median_usd(facts.rows("gpu-rental"), inputs.gpu)
    return found[0] if found else NoValue("no rental price of this GPU is known")


def _product(hours: Range | NoValue, gpus: int, price: float | NoValue) -> Range | NoValue:
    if isinstance(hours, NoValue):
        return hours
    return price if isinstance(price, NoValue) else Range(*(v * gpus * price for v in hours))


def hosted_price(inputs: Inputs, parameters: float, facts: Facts) -> str | NoValue:
    """The key of a host's price per million training tokens, by the size of the model, or why there is none."""
    if inputs.method == "full" and inputs.objective == "dpo":
        return NoValue("no price was found for full tuning on pairs")
    keys = [f"fine-tuning.fireworks.{name}" for name in _HOSTED]
    return next((key for key in keys[:-1] if parameters <= float(facts[f"{key}-most"].value) * 1e9), keys[-1])


def _hosted(inputs: Inputs, a: Architecture, facts: Facts) -> float | NoValue:
    key = hosted_price(inputs, parameter_count.parameters(a).total, facts)
    if isinstance(key, NoValue):
        return key
    twice = inputs.method == "full" or inputs.objective == "dpo"
    factor = float(facts["fine-tuning.fireworks.full-or-preference"].value) if twice else 1
    return inputs.training_tokens * inputs.epochs / TOKENS_PER_MTOK * float(facts[key].value) * factor


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    return tuning_steps.steps(inputs, outputs)


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Stack:
    """Memory on each GPU by part, for the three methods on the same GPUs."""
    gpu = facts.rows("gpus")[inputs.gpu]
    return Stack(
        title=f"Memory on each of {show(outputs.gpus_used, 'GPUs')} by part", unit="GiB",
        parts=("Weights", "Gradients", "Optimiser states", "Activations and logits", "Working memory"),
        groups=tuple((label, _bar(parts, outputs.fixed_gib)) for label, parts in outputs.bars),
        mark=(outputs.gpu_gib, f"{gpu['name']}: {show(outputs.gpu_gib, 'GiB')}"), by="Method",
    )


def _bar(parts: Parts, fixed_gib: float) -> tuple[float, ...]:
    """GiB by part, as the picture joins them."""
    return ((parts.frozen + parts.trained + parts.reference) / GIB, parts.gradients / GIB, parts.optimiser / GIB,
            (parts.activations + parts.logits) / GIB, (parts.gathered + parts.again) / GIB + fixed_gib)


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """The length and the number of examples above which the answer is another one, each alone."""
    c, a = constants(facts), architecture.of(facts, inputs.model)
    room = float(facts.rows("gpus")[inputs.gpu]["memory_gib"]) * GIB
    job, counts = job_of(inputs, a, c), counts_of(inputs, facts)  # memory per token does not depend on the length

    def answer(tokens: float) -> str:
        if inputs.gpus is None:
            return answer_of(inputs, gpus_needed(job, tokens, inputs.sharding, room, c, counts), NOTHING, room)
        return answer_of(inputs, None, peak_of(job, tokens, inputs.gpus, inputs.sharding, c).total, room)

    per_length, per_example = (tokens_at_once(inputs) // n for n in (inputs.sequence_tokens, inputs.batch_per_gpu))
    return [_flip("sequence_tokens", inputs.sequence_tokens, MOST_LENGTH, lambda n: answer(n * per_length)),
            _flip("batch_per_gpu", inputs.batch_per_gpu, MOST_BATCH, lambda n: answer(n * per_example))]


def _flip(name: str, now: int, most: int, answer: Callable[[int], str]) -> Flip:
    """The last value from `now` on with today's answer: memory only grows with either, so halving finds it."""
    unit, today = CALCULATOR.fields()[name].unit, answer(now)
    if answer(most) == today:
        return Flip(name, None, unit, why="more changes nothing")
    last = search.last_whole(lambda n: answer(n) == today, now, most)
    return Flip(name, last, unit, answer(last + 1), beyond="above")


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    return list(outputs.notes)


CALCULATOR = Calculator(
    slug="fine-tuning",
    title="Fine-tuning",
    question="How much GPU memory, time and money does it take to fine-tune an open model, and to serve the result?",
    version="1.1",
    data=(KEY, "training-measured", "models", "gpus", "gpu-rental", "fine-tuning"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=tuning_further.next_pages,
    flips=flips,
    warnings=warnings,
)
