"""The command that serves a model with an engine, and the files that run it in containers."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from calculators.kit import architecture, memory, workload
from calculators.kit.chart import Chart
from calculators.kit.facts import Facts, Value
from calculators.kit.shape import Calculator, InputError, Link, NoValue, Step, number, output, text, whole
from calculators.kit.units import show

GGUF = ("q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m", "q2_k")
LAYERWISE = ("llama-cpp", "ollama")  # engines that read GGUF files and spread whole layers over GPUs
IMAGES = {"vllm": "vllm/vllm-openai", "sglang": "lmsysorg/sglang"}
PORT = 8000
CACHE = "/cache"  # where a container keeps what it downloads
VARIABLE = "${WEIGHTS:?repository or folder of the weights}"  # stands for weights that are still to be named
PATHS = ("/", "./", "../", "~/")  # how a path begins
NO_VARIABLE = NoValue("Kubernetes does not fill in variables of the shell: name the weights in the form.")

# What each engine reads from weights that are so already, without being told. Of a vendor's own format, the name in
# data/precisions.yaml.
READS = {
    "vllm": ("bf16", "fp8", "int8", "int4", "int4-g32", "mxfp4", "nvfp4", "fp8-mxfp4"),
    "sglang": ("bf16", "fp8", "int8", "int4", "int4-g32", "mxfp4", "nvfp4", "fp8-mxfp4"),
    "tgi": ("bf16", "fp8", "int8", "int4"),
    "tensorrt-llm": ("bf16", "fp8", "int4", "mxfp4", "nvfp4"),
}

# What each engine makes of 16-bit weights while it loads them, and the flags that say so.
MAKES: dict[str, dict[str, tuple[str, ...]]] = {
    "vllm": {"fp8": ("--quantization fp8",), "int8": ("--quantization int8_per_channel_weight_only",)},
    "sglang": {"fp8": ("--quantization fp8",), "nf4": ("--quantization bitsandbytes", "--load-format bitsandbytes")},
    "tgi": {"fp8": ("--quantize fp8",), "int8": ("--quantize eetq",), "nf4": ("--quantize bitsandbytes-nf4",)},
    "tensorrt-llm": {},
}

# What each engine calls a format of the cache; 16 bits are what all of them keep unless told otherwise.
CACHES = {
    "vllm": {"fp8": "fp8", "int8": "int8_per_token_head", "int4": "int4_per_token_head", "nvfp4": "nvfp4"},
    "sglang": {"fp8": "fp8_e4m3", "nvfp4": "nvfp4"},
    "tgi": {"fp8": "fp8_e4m3fn"},
    "tensorrt-llm": {"fp8": "fp8", "nvfp4": "nvfp4"},
    "llama-cpp": {"q8_0": "q8_0", "q4_0": "q4_0"},
    "ollama": {"q8_0": "q8_0", "q4_0": "q4_0"},
}
NEAREST = {"int8": ("fp8", "q8_0"), "q8_0": ("fp8",), "fp8": ("q8_0",), "int4": ("fp8", "q4_0"), "q4_0": ("int4", "fp8"),
           "nvfp4": ("fp8", "q4_0")}

# Why an engine does not take a format of weights, and what to do instead.
REFUSED = {
    ("vllm", "nf4"): "bitsandbytes is no more among vLLM's methods, as it was in older versions. Take fp8 or int8, which "
                     "vLLM makes of 16-bit weights while it loads them, or int4 weights that are quantised already, or "
                     "SGLang, which takes bitsandbytes.",
    ("vllm", "gguf"): "vLLM reads GGUF files only with a package of its own, vllm[extra-quant], which was not read for this "
                      "page. Take llama.cpp or Ollama for such a file, or weights in another format.",
    ("tgi", "gguf"): "TGI does not read GGUF files. Take llama.cpp or Ollama for such a file, or weights in another format.",
    ("tensorrt-llm", "gguf"): "TensorRT-LLM does not read GGUF files. Take llama.cpp or Ollama for such a file, or weights "
                              "in another format.",
    ("tensorrt-llm", "nf4"): "TensorRT-LLM does not take bitsandbytes. Take fp8, int4 or nvfp4 weights that are quantised "
                             "already, for instance with Model Optimizer, or SGLang, which takes bitsandbytes.",
    ("tensorrt-llm", "int8"): "Its documentation lists no int8 weights for the engine's present backend. Take fp8 weights "
                              "that are quantised already.",
}


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
    tensor_parallel: int = workload.tensor_parallel(default=4)
    pipeline_parallel: int = whole("Pipeline stages", unit="count", default=1, min=1, max=64,
                                   help="Groups of GPUs that hold some of the layers each.")
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
    weights: str = output("Weights")
    version: str = output("Flags read from")
    command: str | NoValue = output("Command", code="bash")
    compose: str | NoValue = output("Docker Compose", code="yaml")
    kubernetes: str | NoValue = output("Kubernetes", code="yaml")
    notes: tuple[str, ...]
    rows: tuple[tuple[str, bool], ...]  # of data/engine-flags.yaml: whose flags the command uses, and if they have a default
    start: str


class Refused(Exception):
    """The engine cannot do what was asked. `what` is that in a few words; the message says why and what to do instead."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(why)
        self.what = what


class Ask(NamedTuple):
    """The question with what the tables know of it."""

    inputs: Inputs
    model: Mapping[str, Value]
    gpu: Mapping[str, Value]
    engine: Mapping[str, Value]  # its own row of data/engine-flags.yaml
    weights: str  # the repository or path; "" if it is still to be named
    precision: str  # a row of data/precisions.yaml
    notes: list[str]

    @property
    def gpus(self) -> int:
        """GPUs in all."""
        return self.inputs.tensor_parallel * self.inputs.pipeline_parallel

    @property
    def share(self) -> str:
        """The share of memory as engines take it, or "" if it is left to them."""
        percent = self.inputs.memory_fraction_percent
        return "" if percent is None else f"{percent / 100:g}"

    @property
    def named(self) -> str:
        """The weights as the command names them."""
        return self.weights or VARIABLE


class Plan(NamedTuple):
    """What is run: a program with its first words, then flags, each with its value if it takes one."""

    program: tuple[str, ...]
    flags: tuple[tuple[str, ...], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    before: str = ""
    after: str = ""
    rows: tuple[str, ...] = ()  # names of flags that stand elsewhere: in a file, in the environment


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Put the question into the engine's own words. Raises InputError for weights that no shell could take."""
    if inputs.repository and (inputs.repository.startswith("-") or not inputs.repository.isprintable()):
        raise InputError("repository", "Weights of your own must be a repository or a path, on one line, that does not begin "
                                       f"with - (got {inputs.repository[:40].split()[0] or 'nothing'}).")
    flags = facts.rows("engine-flags")
    engine = flags[inputs.engine]
    ask = _ask(inputs, facts, engine)
    release = str(engine["engine_version"])
    named = f"{engine['engine']} {release}" if release[0].isdigit() else f"{engine['engine']} ({release})"
    known = {str(row["flag"]): name for name, row in flags.items() if row["engine"] == engine["engine"]}
    version = named + (f", released {engine['released']}" if "released" in engine else "") + (
        ", by a program, in its package" if engine["read"] == "package" else ", by hand, in its repository")
    try:
        plan = _plan(ask, facts)
    except Refused as refused:
        why = NoValue(str(refused))
        return Outputs(served=f"{named} cannot serve this: {refused.what}", weights=_shown_weights(ask), version=version,
                       command=why, compose=why, kubernetes=why, notes=(), rows=(), start=inputs.engine)
    container = _container(ask, plan, release)
    return Outputs(
        served=f"{named} serves {ask.model['name']} on {ask.gpus} × {ask.gpu['name']}",
        weights=_shown_weights(ask), version=version, command=command(plan),
        compose=container if isinstance(container, NoValue) else compose(container),
        kubernetes=(container if isinstance(container, NoValue) else kubernetes(container) if ask.weights else NO_VARIABLE),
        notes=tuple(ask.notes), start=inputs.engine,
        rows=tuple(dict.fromkeys((known[name], "default" in flags[known[name]])
                                 for name in (*(flag[0] for flag in plan.flags), *plan.rows))),
    )


def _ask(inputs: Inputs, facts: Facts, engine: Mapping[str, Value]) -> Ask:
    model, gpu = facts.rows("models")[inputs.model], facts.rows("gpus")[inputs.gpu]
    published = memory.PUBLISHED[str(model["native_precision"])]
    asked = inputs.weight_precision
    same = asked == "published" or (asked, published) == ("int4", "int4-g32")  # in groups of 32 it is int4 all the same
    precision = published if same else asked
    vendors = str(model["weights"]).removeprefix("https://huggingface.co/")
    ask = Ask(inputs, model, gpu, engine, inputs.repository or vendors, precision, [])
    return ask._replace(weights="") if _must_be_named(ask) else ask


def _shown_weights(ask: Ask) -> str:
    if ask.weights:
        return ask.weights
    precision = workload.WEIGHT_PRECISIONS[ask.inputs.weight_precision]
    return f"yours to name, in {'a GGUF file' if ask.inputs.weight_precision == 'published' else precision}"


def _must_be_named(ask: Ask) -> bool:
    """Whether the vendor's own files are not what was asked for, nor what the engine makes it of."""
    if ask.inputs.repository:
        return False
    if ask.inputs.engine in LAYERWISE or ask.inputs.weight_precision in GGUF:
        return True
    published = memory.PUBLISHED[str(ask.model["native_precision"])]
    made = published == "bf16" and ask.precision in MAKES[ask.inputs.engine]
    return ask.precision != published and not made


def _plan(ask: Ask, facts: Facts) -> Plan:
    """What to run. Raises Refused."""
    plans: dict[str, Callable[[Ask], Plan]] = {"vllm": _vllm, "sglang": _sglang, "tgi": _tgi, "tensorrt-llm": _tensorrt_llm,
                                               "llama-cpp": _llama_cpp, "ollama": _ollama}
    if not ask.weights and ask.inputs.weight_precision == "published":
        ask.notes.append(f"{ask.engine['engine']} reads GGUF files, which {ask.model['vendor']} does not publish at the "
                         "address in the table. Name a repository or file in the form, or in the variable WEIGHTS.")
    elif not ask.weights:
        ask.notes.append(f"{ask.model['vendor']}'s own files are in {ask.model['native_precision']}. Name weights in "
                         f"{workload.WEIGHT_PRECISIONS[ask.inputs.weight_precision]} in the form, or in the variable "
                         "WEIGHTS when you run the command.")
    if ask.gpu["vendor"] == "Apple":
        _apple(ask)
    plan = plans[ask.inputs.engine](ask)
    _check(ask, facts)
    return plan


def _apple(ask: Ask) -> None:
    """Raises Refused for what a machine of Apple's cannot run."""
    what = f"{ask.gpus} × {ask.gpu['name']}"
    if ask.inputs.engine not in LAYERWISE:
        raise Refused(what, f"The command of {ask.engine['engine']} here is for servers with GPUs. On a machine of Apple's "
                      "take llama.cpp or Ollama.")
    if ask.gpus > 1:
        raise Refused(what, "A machine of Apple's has one such chip. Take 1 GPU for each layer and 1 stage.")


def _check(ask: Ask, facts: Facts) -> None:
    """Notes on what holds for every engine."""
    held, inputs = ask.model.get("context_tokens"), ask.inputs
    if held and inputs.context_tokens > float(held):
        ask.notes.append(f"{ask.model['name']} is made for {show(float(held), 'tokens')}: engines refuse a longer context, or "
                         "the answers get worse.")
    if ask.gpus > memory.SERVER:
        ask.notes.append(f"{ask.gpus} GPUs are more than one server of {memory.SERVER}: the engine has to be started on every "
                         "server and told of the others, which this command does not do.")
    if ask.precision == "fp8" and "fp8_tflops" not in ask.gpu:
        ask.notes.append(f"No fp8 arithmetic is listed for {ask.gpu['name']}: fp8 weights save memory there at best, not time"
                         + (", and TGI's documentation names H100 and newer alone." if inputs.engine == "tgi" else "."))
    if ask.precision == "nvfp4" and "fp4_tflops" not in ask.gpu:
        ask.notes.append(f"No fp4 arithmetic is listed for {ask.gpu['name']}: nvfp4 weights are made for newer GPUs and may "
                         "not load.")
    formats, row = facts.rows("precisions"), ask.precision.replace("_", "-")
    arch = architecture.from_dict({name: value for name, value in ask.model.items() if name in _ARCHITECTURE})
    whole = memory.weights(arch, memory.format_of(formats[row])).total / ask.gpus
    room = float(ask.gpu["memory_gib"]) * memory.GIB * (inputs.memory_fraction_percent or 100) / 100
    if whole > room:
        ask.notes.append(f"The weights alone take about {show(round(whole / memory.GB), 'GB')} of each GPU, which has "
                         f"{show(round(room / memory.GB), 'GB')} for the engine: they do not fit. Take more GPUs or a smaller "
                         "format.")


_ARCHITECTURE = frozenset(architecture.Architecture.__dataclass_fields__)


def _quantisation(ask: Ask) -> list[tuple[str, ...]]:
    """The flags for the format of the weights; none if the weights are in it already. Raises Refused."""
    engine, asked = ask.inputs.engine, ask.inputs.weight_precision
    called = workload.WEIGHT_PRECISIONS[asked]
    if asked in GGUF or ask.weights.endswith(".gguf"):
        if engine != "sglang":
            raise Refused(called if asked in GGUF else "a GGUF file", REFUSED[engine, "gguf"])
        return [("--quantization", "gguf"), ("--load-format", "gguf")]
    published = memory.PUBLISHED[str(ask.model["native_precision"])]
    makes = MAKES[engine].get(ask.precision)
    if ask.precision not in READS[engine] and not makes:
        what = f"weights published in {ask.model['native_precision']}" if asked == "published" else called
        raise Refused(what, REFUSED.get((engine, ask.precision), f"{ask.engine['engine']} was not found to read {what}. Take "
                                        "another format, or vLLM or SGLang."))
    if makes and (ask.precision not in READS[engine] or (published == "bf16" and not ask.inputs.repository)):
        return [_pair(flag) for flag in makes]
    return []


def _pair(flag: str) -> tuple[str, ...]:
    return tuple(flag.split(" ", 1))


def _cache(ask: Ask) -> str:
    """What the engine calls the format of the cache, "" for 16 bits. A format that it lacks gives way to the nearest."""
    asked, known = ask.inputs.kv_precision, CACHES[ask.inputs.engine]
    if asked == "bf16" or asked in known:
        return known.get(asked, "")
    nearest = next(name for name in NEAREST[asked] if name in known)
    ask.notes.append(f"{ask.engine['engine']} keeps no {asked} cache: the command takes {known[nearest]} instead.")
    return known[nearest]


def _heads(ask: Ask, gpus: int) -> None:
    """Raises Refused if the query heads cannot be dealt out evenly."""
    heads = int(ask.model["heads"])
    if heads % gpus:
        even = [str(n) for n in range(1, memory.SERVER + 1) if heads % n == 0]
        some = " or ".join(part for part in (", ".join(even[:-1]), even[-1]) if part)
        raise Refused(f"{heads} query heads over {gpus} GPUs", f"The {heads} query heads of {ask.model['name']} cannot be "
                      f"dealt out evenly over {gpus} GPUs. Take {some} for each layer, and stages for the rest.")


def _kept(*flags: tuple[str, ...] | None) -> tuple[tuple[str, ...], ...]:
    return tuple(flag for flag in flags if flag)


def _optional(name: str, value: str) -> tuple[str, ...] | None:
    return (name, value) if value else None


def _vllm(ask: Ask) -> Plan:
    inputs = ask.inputs
    quantisation = _quantisation(ask)
    _heads(ask, inputs.tensor_parallel)
    return Plan(("vllm", "serve", ask.named), _kept(
        ("--tensor-parallel-size", str(inputs.tensor_parallel)),
        ("--pipeline-parallel-size", str(inputs.pipeline_parallel)) if inputs.pipeline_parallel > 1 else None,
        ("--max-model-len", str(inputs.context_tokens)),
        ("--max-num-seqs", str(inputs.concurrent_requests)),
        *quantisation,
        _optional("--kv-cache-dtype", _cache(ask)),
        _optional("--gpu-memory-utilization", ask.share),
        ("--host", "127.0.0.1"), ("--port", str(PORT))))


def _sglang(ask: Ask) -> Plan:
    inputs = ask.inputs
    quantisation = _quantisation(ask)
    _heads(ask, inputs.tensor_parallel)
    return Plan(("python", "-m", "sglang.launch_server"), _kept(
        ("--model-path", ask.named),
        ("--tp-size", str(inputs.tensor_parallel)),
        ("--pp-size", str(inputs.pipeline_parallel)) if inputs.pipeline_parallel > 1 else None,
        ("--context-length", str(inputs.context_tokens)),
        ("--max-running-requests", str(inputs.concurrent_requests)),
        *quantisation,
        _optional("--kv-cache-dtype", _cache(ask)),
        _optional("--mem-fraction-static", ask.share),
        ("--host", "127.0.0.1"), ("--port", str(PORT))))


def _tgi(ask: Ask) -> Plan:
    inputs = ask.inputs
    quantisation = _quantisation(ask)
    _heads(ask, ask.gpus)
    ask.notes.append("TGI is in maintenance mode: its README sends new users to vLLM, SGLang, llama.cpp or MLX, and models "
                     "newer than its last release may not load. It refuses requests beyond its limit.")
    if inputs.pipeline_parallel > 1:
        ask.notes.append(f"TGI has no pipeline stages: the command shares each layer among all {ask.gpus} GPUs.")
    if inputs.weight_precision == "int4" and ask.gpus > 1:
        ask.notes.append("Of int4 weights, those in exl2 do not work with several GPUs in TGI: take AWQ or GPTQ.")
    return Plan(("text-generation-launcher",), _kept(
        ("--model-id", ask.named),
        ("--num-shard", str(ask.gpus)),
        ("--max-total-tokens", str(inputs.context_tokens)),
        ("--max-input-tokens", str(inputs.context_tokens - 1)) if inputs.context_tokens > 1 else None,
        ("--max-concurrent-requests", str(inputs.concurrent_requests)),
        *quantisation,
        _optional("--kv-cache-dtype", _cache(ask)),
        _optional("--cuda-memory-fraction", ask.share),
        ("--hostname", "127.0.0.1"), ("--port", str(PORT))))


def _tensorrt_llm(ask: Ask) -> Plan:
    inputs = ask.inputs
    if ask.gpu["vendor"] != "NVIDIA":
        raise Refused(f"{ask.gpu['name']} is not from NVIDIA", f"TensorRT-LLM runs on NVIDIA's GPUs alone. On "
                      f"{ask.gpu['vendor']} take vLLM or SGLang.")
    quantisation = _quantisation(ask)
    _heads(ask, inputs.tensor_parallel)
    cache = _cache(ask)
    if cache == "nvfp4":
        ask.notes.append("An nvfp4 cache in TensorRT-LLM needs weights that were prepared for it with Model Optimizer.")
    if ask.share:
        ask.notes.append("TensorRT-LLM's share of memory counts what is free after the weights are loaded, not all of it.")
    file = f"kv_cache_config:\n  dtype: {cache}\n" + (f"  free_gpu_memory_fraction: {ask.share}\n" if ask.share else "")
    return Plan(("trtllm-serve", ask.named), _kept(
        ("--tensor_parallel_size", str(inputs.tensor_parallel)),
        ("--pipeline_parallel_size", str(inputs.pipeline_parallel)) if inputs.pipeline_parallel > 1 else None,
        ("--max_seq_len", str(inputs.context_tokens)),
        ("--max_batch_size", str(inputs.concurrent_requests)),
        *quantisation,
        ("--config", "trtllm.yaml") if cache else _optional("--free_gpu_memory_fraction", ask.share),
        ("--host", "localhost"), ("--port", str(PORT))),
        before=f"cat > trtllm.yaml <<'END'\n{file}END\n" if cache else "",
        rows=_kept_names("kv_cache_config.dtype" if cache else "",
                         "kv_cache_config.free_gpu_memory_fraction" if cache and ask.share else ""))


def _kept_names(*names: str) -> tuple[str, ...]:
    return tuple(name for name in names if name)


def _gguf(ask: Ask) -> str:
    """What stands behind the colon after a repository: the format of the file. Raises Refused."""
    asked, engine = ask.inputs.weight_precision, ask.engine["engine"]
    if asked == "published":
        ask.notes.append(f"{engine} chooses among the files of a repository, Q4_K_M first, unless a GGUF format is chosen "
                         "in the form.")
        return ""
    if asked not in (*GGUF, "bf16"):
        raise Refused(workload.WEIGHT_PRECISIONS[asked], f"{engine} reads GGUF files alone. Take GGUF Q8_0 in place of 8 bits, "
                      "Q4_K_M in place of 4, or another engine.")
    return f":{asked.upper()}"


def _is_file(ask: Ask) -> bool:
    """Whether the weights lie on the disk, and not in a repository."""
    return ask.weights.endswith(".gguf") or ask.weights.startswith(PATHS)


def _llama_cpp(ask: Ask) -> Plan:
    inputs = ask.inputs
    behind, cache = _gguf(ask), _cache(ask)
    if ask.gpus > 1:
        ask.notes.append("llama.cpp shares each layer among GPUs only as an experiment (--split-mode tensor): the command "
                         "puts whole layers on each GPU, which gives room but no speed.")
    if ask.share:
        ask.notes.append("llama.cpp takes no share of memory: it keeps a margin free, and only for settings that are left out.")
    return Plan(("llama-server",), _kept(
        ("--model", ask.weights) if _is_file(ask) else ("--hf-repo", ask.named + behind),
        ("--gpu-layers", "all"),
        ("--split-mode", "layer") if ask.gpus > 1 else None,
        ("--tensor-split", ",".join(["1"] * ask.gpus)) if ask.gpus > 1 else None,
        ("--ctx-size", str(inputs.context_tokens * inputs.concurrent_requests)),
        ("--parallel", str(inputs.concurrent_requests)),
        _optional("--cache-type-k", cache),
        _optional("--cache-type-v", cache),
        ("--flash-attn", "on") if cache else None,
        ("--host", "127.0.0.1"), ("--port", str(PORT))))


def _ollama(ask: Ask) -> Plan:
    inputs = ask.inputs
    behind, cache = _gguf(ask), _cache(ask)
    if ask.gpus > 1:
        ask.notes.append("Ollama has no tensor parallelism: over several GPUs it spreads whole layers, which gives room but no "
                         "speed. For speed take vLLM or SGLang.")
    if cache:
        ask.notes.append("In Ollama the format of the cache holds for every model of the server.")
    kept = float(ask.gpu["memory_gib"]) * memory.GIB * (1 - (inputs.memory_fraction_percent or 100) / 100)
    environment = [("OLLAMA_CONTEXT_LENGTH", str(inputs.context_tokens)),
                   ("OLLAMA_NUM_PARALLEL", str(inputs.concurrent_requests))]
    environment += [("OLLAMA_SCHED_SPREAD", "1")] if ask.gpus > 1 else []
    environment += [("OLLAMA_FLASH_ATTENTION", "1"), ("OLLAMA_KV_CACHE_TYPE", cache)] if cache else []
    environment += [("OLLAMA_GPU_OVERHEAD", str(round(kept)))] if ask.share else []
    if _is_file(ask):
        made = f"printf 'FROM %s\\n' {quote(ask.weights)} > Modelfile\nollama create my-model -f Modelfile"
    else:
        made = f"ollama pull {quote('hf.co/' + ask.named + behind)}"
    return Plan(("ollama", "serve"), environment=tuple(environment), after=f"\n\n# in a second terminal, once:\n{made}",
                rows=(*(name for name, _ in environment), "ollama pull"))


def quote(word: str) -> str:
    """A word as a shell takes it. Only weights that are still to be named, and ~ for one's home, are left to it."""
    if word.startswith("~/"):
        return "~/" + shlex.quote(word[2:])
    return f'"{word}"' if VARIABLE in word else shlex.quote(word)


def command(plan: Plan) -> str:
    """A plan as a command of the shell, a flag a line."""
    flags = [" ".join(quote(word) for word in flag) for flag in plan.flags]
    program = " ".join(quote(word) for word in plan.program)
    if flags and plan.program[0] in ("text-generation-launcher", "llama-server"):
        program = f"{program} {flags.pop(0)}"  # the model stands beside the program
    environment = "".join(f"{name}={quote(value)} \\\n" for name, value in plan.environment)
    return plan.before + environment + " \\\n  ".join([program, *flags]) + plan.after


class Container(NamedTuple):
    """What a container runs: image with tag, entry point, arguments, GPUs; and the folder of weights that it needs, or ""."""

    image: str
    entry: tuple[str, ...]
    arguments: tuple[str, ...]
    gpus: int
    folder: str


def _container(ask: Ask, plan: Plan, release: str) -> Container | NoValue:
    """The container of a plan, or why there is none."""
    engine = ask.inputs.engine
    if engine not in IMAGES:
        return NoValue("Given for vLLM and SGLang alone, whose flags were read out of their packages and whose images are "
                       "named by release. Choose one of them above.")
    if ask.gpu["vendor"] != "NVIDIA":
        return NoValue(f"These images are for NVIDIA's GPUs. {ask.engine['engine']} has others for {ask.gpu['vendor']}, whose "
                       "tags were not read.")
    if ask.gpus > memory.SERVER:
        return NoValue(f"{ask.gpus} GPUs are more than one server of {memory.SERVER}, and this file is for one.")
    if ask.weights.startswith(PATHS[1:]):
        return NoValue("A container needs the whole path of the weights, beginning with /.")
    entry = ("vllm", "serve") if engine == "vllm" else ("python3", "-m", "sglang.launch_server")
    words = [ask.named] if engine == "vllm" else []
    words += [word for flag in plan.flags for word in ((flag[0], "0.0.0.0") if flag[0] == "--host" else flag)]
    folder = ask.weights if ask.weights.startswith("/") else ""
    return Container(f"{IMAGES[engine]}:v{release}", entry, tuple(words), ask.gpus, folder)


def _literal(word: str) -> str:
    """A word in YAML, with nothing in it that Compose or Kubernetes would fill in."""
    return json.dumps(word if VARIABLE in word else word.replace("$", "$$"), ensure_ascii=False)


def _listed(words: tuple[str, ...], indent: int) -> str:
    return "".join(f"{' ' * indent}- {_literal(word)}\n" for word in words)


def compose(container: Container) -> str:
    """A Docker Compose file. HF_TOKEN is passed on from the environment if it is set there, and stands nowhere."""
    probe = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{PORT}/health')"
    path = _literal(container.folder)
    mount = f"      - {{type: bind, source: {path}, target: {path}, read_only: true}}\n" if container.folder else ""
    return (
        "services:\n"
        "  llm:\n"
        f"    image: {container.image}\n"
        f"    entrypoint: {json.dumps(container.entry)}\n"
        f"    command:\n{_listed(container.arguments, 6)}"
        "    environment:\n"
        "      - HF_TOKEN  # from your shell, for weights behind a licence\n"
        f"      - HF_HOME={CACHE}\n"
        "    ports:\n"
        f'      - "127.0.0.1:{PORT}:{PORT}"\n'
        "    volumes:\n"
        f"      - ${{HOME}}/.cache/huggingface:{CACHE}\n"
        f"{mount}"
        "    ipc: host\n"
        "    healthcheck:\n"
        f'      test: ["CMD", "python3", "-c", {json.dumps(probe)}]\n'
        "      interval: 30s\n"
        "      timeout: 10s\n"
        "      retries: 3\n"
        "      start_period: 60m  # large weights take long to download and load\n"
        "    restart: unless-stopped\n"
        "    deploy:\n"
        "      resources:\n"
        "        reservations:\n"
        "          devices:\n"
        "            - driver: nvidia\n"
        f"              count: {container.gpus}\n"
        "              capabilities: [gpu]\n"
    ).rstrip("\n")


def kubernetes(container: Container) -> str:
    """A Deployment and a Service. The token is a Secret that is made apart, and may be missing."""
    probe = f"httpGet: {{path: /health, port: {PORT}}}"
    path = json.dumps(container.folder, ensure_ascii=False)  # nothing is filled in here, so $ stays as it is
    mount = f"            - {{name: weights, mountPath: {path}, readOnly: true}}\n" if container.folder else ""
    volume = f"        - name: weights\n          hostPath: {{path: {path}}}\n" if container.folder else ""
    return (
        "# For weights behind a licence, first:\n"
        '#   kubectl create secret generic hf-token --from-literal=token="$HF_TOKEN"\n'
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        "metadata:\n"
        "  name: llm\n"
        "spec:\n"
        "  replicas: 1\n"
        "  strategy: {type: Recreate}  # two at once would need twice the GPUs\n"
        "  selector:\n"
        "    matchLabels: {app: llm}\n"
        "  template:\n"
        "    metadata:\n"
        "      labels: {app: llm}\n"
        "    spec:\n"
        "      containers:\n"
        "        - name: llm\n"
        f"          image: {container.image}\n"
        f"          command: {json.dumps(container.entry)}\n"
        f"          args:\n{_listed(container.arguments, 12)}"
        "          env:\n"
        "            - name: HF_TOKEN\n"
        "              valueFrom:\n"
        "                secretKeyRef: {name: hf-token, key: token, optional: true}\n"
        f"            - {{name: HF_HOME, value: {CACHE}}}\n"
        "          ports:\n"
        f"            - containerPort: {PORT}\n"
        "          resources:\n"
        "            limits:\n"
        f"              nvidia.com/gpu: {container.gpus}\n"
        "          startupProbe:  # up to an hour to download and load\n"
        f"            {probe}\n"
        "            periodSeconds: 15\n"
        "            failureThreshold: 240\n"
        "          readinessProbe:\n"
        f"            {probe}\n"
        "            periodSeconds: 10\n"
        "          livenessProbe:\n"
        f"            {probe}\n"
        "            periodSeconds: 30\n"
        "            timeoutSeconds: 10\n"
        "          volumeMounts:\n"
        f"            - {{name: cache, mountPath: {CACHE}}}\n"
        "            - {name: shm, mountPath: /dev/shm}\n"
        f"{mount}"
        "      volumes:\n"
        "        - name: cache\n"
        "          emptyDir: {}  # a persistent volume saves the download after a restart\n"
        "        - name: shm\n"
        "          emptyDir: {medium: Memory}\n"
        f"{volume}"
        "---\n"
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata:\n"
        "  name: llm\n"
        "spec:\n"
        "  selector: {app: llm}\n"
        "  ports:\n"
        f"    - {{port: {PORT}, targetPort: {PORT}}}"
    )


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """Where the weights, the version and every flag come from."""
    row = f"engine-flags.{outputs.start}"
    where = "named by you" if inputs.repository else f"the vendor's address {{models.{inputs.model}.weights}}"
    steps = [Step("served", "{model}, {weight_precision}, on {gpu}: {tensor_parallel} for each layer, stages: "
                            "{pipeline_parallel}"),
             Step("weights", f"{where}; asked for: {{weight_precision}}"),
             Step("version", f"{{{row}.engine_version}}, read {{{row}.read}}")]
    steps += [Step("command", f"{{engine-flags.{name}.flag}} sets: {{engine-flags.{name}.sets}}"
                   + (f"; left out: {{engine-flags.{name}.default}}" if default else "")) for name, default in outputs.rows]
    if isinstance(outputs.command, NoValue):
        steps.append(Step("command", outputs.command.why.replace("{", "").replace("}", "")))
    image = (f"the same flags with the image of release {{{row}.engine_version}}, {{tensor_parallel}} × {{pipeline_parallel}} "
             "requested, and the token from the environment")
    return [*steps, *(Step(name, "none here" if isinstance(getattr(outputs, name), NoValue) else image)
                      for name in ("compose", "kubernetes"))]


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> list[Chart]:
    """A command has no picture."""
    return []


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the engine cannot do as asked, with what to do instead."""
    return [outputs.command.why] if isinstance(outputs.command, NoValue) else list(outputs.notes)


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """What to read or calculate next."""
    return [Link("Whether it fits into GPU memory, with the cache", "calculators/gpu-memory/"),
            Link("Whether the licence of the weights allows your use", "calculators/licence/"),
            Link("Every flag of every engine", "data/engines/#flags")]


CALCULATOR = Calculator(
    slug="deploy",
    title="Deployment",
    question="Which command serves this model, with this engine, on these GPUs?",
    version="1.0",
    data=("models", "gpus", "precisions", "engine-flags"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    warnings=warnings,
)
