"""The command that serves a model with an engine, on GPUs that hold it, and the files that run it in containers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from calculators.formulas import commands, engines, holding, memory
from calculators.formulas.commands import Container, Run
from calculators.formulas.engines import PATHS, Ask, Refused
from calculators.formulas.holding import Plan, Question
from calculators.kit import carry, workload
from calculators.kit.chart import Chart
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import Input, InputError, number, text, whole
from calculators.kit.shape import Calculator, Link, NoValue, Step, output
from calculators.kit.units import Range, show
from calculators.kit.workload import LAYERWISE

IMAGES = {"vllm": "vllm/vllm-openai", "sglang": "lmsysorg/sglang"}
SMALLER = ("fp8", "int4")  # what is tried in place of a format that does not fit, and of GGUF files:
SMALLER_GGUF = ("q8_0", "q6_k", "q4_k_m", "q2_k")
NO_VARIABLE = NoValue("Kubernetes does not fill in variables of the shell: name the weights in the form.")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is to be served, with which engine, on which machine, for which load."""

    model: str = workload.model(custom=False)
    repository: str = text(
        "Weights of your own", most=500,
        help="A repository or a path, if not the vendor's: a fine-tuned model, weights in the precision below that are "
             "quantised already, a GGUF file.")
    weight_precision: str = workload.weight_precision()
    engine: str = workload.engine(generic=False)
    gpu: str = workload.gpu()
    tensor_parallel: int | None = workload.tensor_parallel()
    pipeline_parallel: int | None = whole(
        "Pipeline stages", unit="count", default=None, min=1, max=64,
        help="Groups of GPUs that hold some of the layers each. Left empty: one, or as many as are needed.")
    context_tokens: int = workload.context_tokens()
    concurrent_requests: int = workload.concurrent_requests()
    kv_precision: str = workload.kv_precision()
    memory_fraction_percent: float | None = number(
        "Memory the engine may use", unit="%", default=None, min=1, max=100,
        help="Of each GPU's memory. Left empty: the engine's own default.")


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The command and the two files, or why there is none; what they rest on."""

    served: str = output("What is served", headline=True)
    per_gpu_gb: Range | NoValue = output("Needed on each GPU", unit="GB", range=True, digits=3)
    usable_gb: float | NoValue = output("What the engine may use of each", unit="GB", decimals=1)
    arrangement: str | NoValue = output("The command is for")
    weights: str = output("Weights")
    version: str = output("Flags read from")
    command: str | NoValue = output("Command", code="bash")
    compose: str | NoValue = output("Docker Compose", code="yaml")
    kubernetes: str | NoValue = output("Kubernetes", code="yaml")
    notes: tuple[str, ...]
    rows: tuple[tuple[str, bool], ...]  # of data/engine-flags.yaml: whose flags the command uses, and if they have a default
    plan: Plan  # the arrangement that was asked for, or is proposed, as GPU memory counts it
    share: str  # the key of the fact that the share of memory comes from, or ""


class Served(NamedTuple):
    """What came of the question: an arrangement with its command, or the reason why there is none."""

    headline: str
    ask: Ask
    run: Run | NoValue
    notes: list[str]


# --- memory, as GPU memory counts it --------------------------------------------------------------------------------------


def memory_question(inputs: Inputs, cache: str) -> Question:
    """The same question as the GPU memory page takes it, with the format of the cache that the command sets."""
    return Question(
        model=inputs.model, weight_precision=inputs.weight_precision, context_tokens=inputs.context_tokens,
        concurrent_requests=inputs.concurrent_requests, kv_precision=cache, gpu=inputs.gpu, engine=inputs.engine,
        tensor_parallel=inputs.tensor_parallel, pipeline_parallel=inputs.pipeline_parallel,
        memory_fraction_percent=inputs.memory_fraction_percent)


def memory_plan(asked: Question, facts: Facts) -> Plan:
    """The reader's arrangement, or the fewest GPUs that hold it, by the functions of the GPU memory page."""
    need, rows = holding.need_of(asked, facts)
    return holding.plan_of(need, rows, holding.machine_of(asked.gpu, asked, facts), asked)


def would_fit(plan: Plan, asked: Question, facts: Facts) -> str:
    """In a sentence what would fit in place of what does not: more GPUs, a smaller format, shorter or fewer requests."""
    need, machine, split = plan.need, plan.machine, plan.split
    smaller = next((name for name in (SMALLER_GGUF if asked.engine in LAYERWISE else SMALLER)
                    if _holds_in(name, plan, asked, facts)), "")
    longest = holding.longest_context(machine, need, split)
    most = holding.most_requests(machine, need, split)
    here = [f"weights in {workload.WEIGHT_PRECISIONS[smaller]}"] if smaller else []
    here += [f"{_requests(need.requests)} of at most {show(longest, 'tokens')}"] if longest else []
    here += [f"{_requests(most)} of {show(need.context_tokens, 'tokens')}"] if most and need.requests > 1 else []
    where = "here" if machine.single else f"on {show(split.gpus, 'GPUs')}"
    found = [f"{plan.fewest.gpus} of these GPUs"] if plan.fewest else []
    found += [f"{where}, {', or '.join(here)}"] if here else []
    if not found:
        return f"Neither a smaller format nor fewer or shorter requests would fit {where}."
    return f"What would fit: {'; '.join(found)}."


def _requests(count: int) -> str:
    return "1 request at a time" if count == 1 else f"{show(count, 'count')} requests at once"


def _holds_in(precision: str, plan: Plan, asked: Question, facts: Facts) -> bool:
    """Whether weights in this format, if it is smaller, would fit in the same arrangement."""
    need, _ = holding.need_of(replace(asked, weight_precision=precision), facts)
    return need.weights.total < plan.need.weights.total and plan.machine.holds(need, plan.split)


def _close(plan: Plan) -> list[str]:
    """What to know where the engine's own memory decides."""
    if plan.fits and not plan.machine.holds(plan.need, plan.split, "high"):
        return ["It is close: an engine that takes as much for itself as the most that was found does not start like this. "
                "Take a shorter context or fewer requests to be safe."]
    return []


# --- the result -----------------------------------------------------------------------------------------------------------


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Put the question into the engine's own words. Raises InputError for weights that no shell could take."""
    if inputs.repository and (inputs.repository.startswith("-") or not inputs.repository.isprintable()):
        raise InputError("repository", "Weights of your own must be a repository or a path, on one line, that does not begin "
                                       f"with - (got {inputs.repository[:40].split()[0] or 'nothing'}).")
    engine, model = facts.rows("engine-flags")[inputs.engine], facts.rows("models")[inputs.model]
    cache = engines.cache_of(inputs.engine, model, inputs.kv_precision)
    asked = memory_question(inputs, cache)
    plan = memory_plan(asked, facts)
    release = str(engine["engine_version"])
    named = f"{engine['engine']} {release}" if release[0].isdigit() else f"{engine['engine']} ({release})"
    found = _served(_ask(inputs, facts, plan, cache), plan, named, asked, facts)
    container = _container(found, release)
    static, kept, state, beside = plan.parts_gb()
    refused = NoValue("engines refuse this arrangement") if plan.refused else None
    return Outputs(
        served=found.headline,
        arrangement=_arrangement(found, plan),
        per_gpu_gb=refused or Range(*(static + kept + state + end for end in beside)),
        usable_gb=refused or holding.usable_gb(plan.machine, plan.need, plan.split),
        weights=_shown_weights(found.ask),
        version=_version(engine, named),
        command=found.run if isinstance(found.run, NoValue) else commands.command(found.run),
        compose=container if isinstance(container, NoValue) else commands.compose(container),
        kubernetes=(container if isinstance(container, NoValue) else
                    commands.kubernetes(container) if found.ask.weights else NO_VARIABLE),
        notes=tuple(found.notes), rows=_rows_of(found, facts), plan=plan, share=_share_key(asked, plan, facts),
    )


def _served(ask: Ask, plan: Plan, named: str, asked: Question, facts: Facts) -> Served:
    """The command for the arrangement if it fits, or else for the fewest GPUs that hold it; why not, if there is none."""
    before = list(ask.notes)
    try:
        run = engines.run_of(ask)
    except Refused as refused:
        return Served(f"{named} cannot serve this: {refused.what}", ask, NoValue(str(refused)), [str(refused)])
    if plan.fits:
        on = f"{ask.gpus} × {ask.gpu['name']}"
        return Served(f"{named} serves {ask.model['name']} on {on}", ask, run, [*_close(plan), *ask.notes])
    headline = plan.headline()
    instead = f"{plan.refused}." if plan.refused else would_fit(plan, asked, facts)
    if not plan.fewest:
        return Served(headline, ask, NoValue(instead), [instead])
    again = ask._replace(split=plan.fewest, notes=before)
    try:
        run = engines.run_of(again)
    except Refused as refused:
        return Served(headline, ask, NoValue(f"{instead} {refused}"), [instead, str(refused)])
    other = f", not for {plan.split.gpus}" if plan.split.gpus != plan.fewest.gpus else ""
    only = f"The command is for the fewest GPUs that hold it, {plan.fewest.gpus}{other}."
    return Served(headline, again, run, [only if plan.refused else f"{instead} {only}", *again.notes])


def _ask(inputs: Inputs, facts: Facts, plan: Plan, cache: str) -> Ask:
    """The question with what the tables know of it."""
    model, gpu = facts.rows("models")[inputs.model], facts.rows("gpus")[inputs.gpu]
    called = str(facts.rows("engine-flags")[inputs.engine]["engine"])
    native, asked = str(model["native_precision"]), inputs.weight_precision
    published = memory.PUBLISHED[native]
    same = asked == "published" or (asked, published) == ("int4", "int4-g32")  # in groups of 32 it is int4 all the same
    precision = published if same else asked
    vendors = str(model["weights"]).removeprefix("https://huggingface.co/")
    to_name = not inputs.repository and engines.weights_to_name(inputs.engine, native, asked, precision)
    notes = [_to_name(model, called, asked)] if to_name else []
    if cache != inputs.kv_precision:
        latent = " of latents" if inputs.engine == "vllm" and inputs.kv_precision in engines.CACHES["vllm"] else ""
        notes.append(f"{called} keeps no {inputs.kv_precision} cache{latent}: the command takes "
                     f"{engines.CACHES[inputs.engine][cache]} instead.")
    return Ask(inputs.engine, called, model, gpu, "" if to_name else inputs.repository or vendors, bool(inputs.repository),
               asked, precision, cache, plan.split, inputs.context_tokens, inputs.concurrent_requests,
               inputs.memory_fraction_percent, notes)


def _to_name(model: Mapping[str, Value], called: str, asked: str) -> str:
    """Why the reader has to name the weights."""
    if asked == "published":
        return (f"{called} reads GGUF files, which {model['vendor']} does not publish at the address in the table. Name a "
                "repository or file in the form, or in the variable WEIGHTS.")
    return (f"{model['vendor']}'s own files are in {model['native_precision']}. Name weights in "
            f"{workload.WEIGHT_PRECISIONS[asked]} in the form, or in the variable WEIGHTS when you run the command.")


def _shown_weights(ask: Ask) -> str:
    if ask.weights:
        return ask.weights
    return f"yours to name, in {'a GGUF file' if ask.asked == 'published' else workload.WEIGHT_PRECISIONS[ask.asked]}"


def _version(engine: Mapping[str, Value], named: str) -> str:
    released = f", released {engine['released']}" if "released" in engine else ""
    how = "by a program, in its package" if engine["read"] == "package" else "by hand, in its repository"
    return f"{named}{released}, {how}"


def _arrangement(found: Served, plan: Plan) -> str | NoValue:
    """What the command is for."""
    if isinstance(found.run, NoValue):
        return NoValue("none: there is no command")
    split = found.ask.split
    staged = split.pipeline_parallel > 1 and found.ask.engine not in LAYERWISE
    stages = f" in {split.pipeline_parallel} stages" if staged else ""
    why = "as you chose" if plan.fixed and plan.fits else "the fewest that hold it"
    return f"{split.gpus} × {found.ask.gpu['name']}{stages}, {why}"


def _rows_of(found: Served, facts: Facts) -> tuple[tuple[str, bool], ...]:
    """The rows of data/engine-flags.yaml that a command uses, each once, and whether it has a default."""
    if isinstance(found.run, NoValue):
        return ()
    flags = facts.rows("engine-flags")
    known = {str(row["flag"]): name for name, row in flags.items() if row["engine"] == found.ask.called}
    used = dict.fromkeys((*(flag[0] for flag in found.run.flags), *found.run.rows))
    return tuple((known[name], "default" in flags[known[name]]) for name in used)


def _share_key(asked: Question, plan: Plan, facts: Facts) -> str:
    """The fact that the share of memory comes from, "" if the reader gave it or there is none."""
    if asked.memory_fraction_percent is not None or plan.machine.share is None:
        return ""
    over = plan.machine.overhead_key
    return f"engine-overhead.{over}.memory_percent" if "memory_percent" in plan.machine.overhead else (
        f"engines.{asked.engine}.memory_default")


def _container(found: Served, release: str) -> Container | NoValue:
    """The container of a command, or why there is none."""
    ask, run = found.ask, found.run
    if isinstance(run, NoValue):
        return run
    if ask.engine not in IMAGES:
        return NoValue("Given for vLLM and SGLang alone, whose flags were read out of their packages and whose images are "
                       "named by release. Choose one of them above.")
    if ask.gpu["vendor"] != "NVIDIA":
        return NoValue(f"These images are for NVIDIA's GPUs. {ask.called} has others for {ask.gpu['vendor']}, whose tags were "
                       "not read.")
    if ask.gpus > memory.SERVER:
        return NoValue(f"{ask.gpus} GPUs are more than one server of {memory.SERVER}, and this file is for one.")
    if ask.weights.startswith(PATHS[1:]):
        return NoValue("A container needs the whole path of the weights, beginning with /.")
    entry = ("vllm", "serve") if ask.engine == "vllm" else ("python3", "-m", "sglang.launch_server")
    words = [ask.named] if ask.engine == "vllm" else []
    words += [word for flag in run.flags for word in ((flag[0], "0.0.0.0") if flag[0] == "--host" else flag)]
    folder = ask.weights if ask.weights.startswith("/") else ""
    return Container(f"{IMAGES[ask.engine]}:v{release}", entry, tuple(words), ask.gpus, folder)


# --- the working ----------------------------------------------------------------------------------------------------------


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """Where the weights, the version and every flag come from, and the memory."""
    row, plan = f"engine-flags.{inputs.engine}", outputs.plan
    where = "named by you" if inputs.repository else f"the vendor's address {{models.{inputs.model}.weights}}"
    asked = show(plan.split.gpus, "GPUs")
    steps = [
        Step("served", "{model}, {weight_precision}, on {gpu}: {per_gpu_gb} against {usable_gb} of each, the middle decides"
             + (f"; what the engine cannot do: {{engines.{inputs.engine}.cannot}}" if inputs.engine in CANNOT else "")),
        Step("arrangement", "{arrangement}" if isinstance(outputs.arrangement, NoValue) else
             f"GPUs to a layer: {{tensor_parallel}}; stages: {{pipeline_parallel}}; tried on {asked}: {{arrangement}}"),
        Step("per_gpu_gb", _per_gpu_text(plan, asked)),
        Step("usable_gb", _usable_text(inputs, outputs)),
        Step("weights", f"{where}; asked for: {{weight_precision}}"),
        Step("version", f"{{{row}.engine_version}}, read {{{row}.read}}")]
    steps += [Step("command", f"{{engine-flags.{name}.flag}} sets: {{engine-flags.{name}.sets}}"
                   + (f"; left out: {{engine-flags.{name}.default}}" if default else "")) for name, default in outputs.rows]
    if isinstance(outputs.command, NoValue):
        steps.append(Step("command", outputs.command.why.replace("{", "").replace("}", "")))
    image = f"the same flags with the image of release {{{row}.engine_version}}, the GPUs of the command, and the token from "
    return [*steps, *(Step(name, "none here" if isinstance(getattr(outputs, name), NoValue) else f"{image}the environment")
                      for name in ("compose", "kubernetes"))]


CANNOT = ("vllm", "tgi", "llama-cpp", "ollama", "tensorrt-llm")  # engines of which data/engines.yaml says something there


def _per_gpu_text(plan: Plan, asked: str) -> str:
    """The parts of the memory of the fullest GPU."""
    if plan.refused:
        return "{per_gpu_gb}"
    *parts, beside = plan.parts_gb()
    shown = " + ".join(f"{name} {show(round(part, 2), 'GB')}"
                       for name, part in zip(("weights", "cache", "state"), parts, strict=True) if part)
    engine = show(Range(*(round(end, 1) for end in beside)), "GB")
    return f"with {asked}, the fullest: {shown} + engine {engine} = {{per_gpu_gb}}, as GPU memory counts it"


def _usable_text(inputs: Inputs, outputs: Outputs) -> str:
    if outputs.plan.refused:
        return "{usable_gb}"
    size = f"{{gpus.{inputs.gpu}.memory_gib}} (1 GiB = 1.073741824 GB)"
    share = "{memory_fraction_percent}" if inputs.memory_fraction_percent else f"{{{outputs.share}}}" if outputs.share else ""
    counts = str(outputs.plan.machine.overhead["counts"])
    if not share:
        return f"{size}, all of it: what the engine reserves is counted with the rest = {{usable_gb}}"
    return {"all": f"{size} × {share}", "static": f"{size} × {share}, and the engine's own beside it",
            "free": f"{size}; of what is free after loading {share}"}[counts] + " = {usable_gb}"


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> list[Chart]:
    """A command has no picture."""
    return []


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What does not fit or cannot be done, with what to do instead; then what else to know."""
    return list(outputs.notes)


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """What to read or calculate next."""
    split = outputs.plan.split
    one_server = None if split.gpus > memory.SERVER else split.gpus if inputs.engine in LAYERWISE else split.tensor_parallel
    same: dict[str, Input] = {
        "model": inputs.model, "weight_precision": inputs.weight_precision, "kv_precision": inputs.kv_precision,
        "engine": inputs.engine, "gpu": inputs.gpu, "concurrent_requests": inputs.concurrent_requests}
    return [
        carry.link("Where the memory goes, part by part", "calculators/gpu-memory/", **same,
                   context_tokens=inputs.context_tokens, tensor_parallel=inputs.tensor_parallel,
                   pipeline_parallel=inputs.pipeline_parallel, memory_fraction_percent=inputs.memory_fraction_percent),
        carry.link("What it yields: tokens a second, and what a million cost", "calculators/serving/", **same,
                   tensor_parallel=one_server),
        carry.link("Whether the licence of the weights allows your use", "calculators/licence/", model=inputs.model),
        carry.link("At what volume a server of your own costs less than an API", "calculators/break-even/", mode="full",
                   model=inputs.model, gpu=inputs.gpu, weight_precision=inputs.weight_precision, tensor_parallel=one_server),
        Link("What to see to once it runs", "guide/self-hosting-running/"),
        Link("Every flag of every engine", "data/engines/#flags"),
    ]


CALCULATOR = Calculator(
    slug="deploy",
    title="Deployment",
    question="Which command serves this model, with this engine, on GPUs that hold it?",
    version="1.1",
    data=("models", "gpus", "engines", "engine-overhead", "precisions", "engine-flags"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    warnings=warnings,
)
