"""How each serving engine is asked for a model: formats of weights and cache, GPUs, flags; and what it cannot do.

Flags and values are those of data/engine-flags.yaml, to which a test holds every command. What an engine cannot do is in
data/engines.yaml with its source, in the column `cannot`.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from calculators.formulas import memory
from calculators.formulas.commands import PORT, VARIABLE, Run, quote
from calculators.formulas.memory import Split
from calculators.kit import workload
from calculators.kit.facts import Value
from calculators.kit.workload import GGUF, LAYERWISE

BOUNDS = ("nominal_8", "nominal_4")  # for counting alone: no file is in such a format
PATHS = ("/", "./", "../", "~/")  # how a path begins
LATENT = ("mla", "compressed")  # kinds of attention whose cache is not dealt out by heads

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

# Formats of weights that TensorRT-LLM's documentation lists for each family of GPUs.
LISTED = {"Ampere": ("bf16", "int4"), "Ada": ("bf16", "fp8", "int4"), "Hopper": ("bf16", "fp8", "int4"),
          "Blackwell": ("bf16", "fp8", "mxfp4", "nvfp4")}

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


class Refused(Exception):
    """The engine cannot do what was asked. `what` is that in a few words; the message says why and what to do instead."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(why)
        self.what = what


class Ask(NamedTuple):
    """What is to be served, with what the tables know of it."""

    engine: str  # its row in data/engine-flags.yaml
    called: str  # its name
    model: Mapping[str, Value]
    gpu: Mapping[str, Value]
    weights: str  # the repository or path; "" if it is still to be named
    own: bool  # whether the reader named them
    asked: str  # the format of the weights as it was asked for
    precision: str  # the same as a row of data/precisions.yaml
    cache: str  # the format of the cache, one that the engine has
    split: Split
    context_tokens: int
    concurrent_requests: int
    percent: float | None  # of the memory that the engine may use; None: left to it
    notes: list[str]

    @property
    def gpus(self) -> int:
        """GPUs in all."""
        return self.split.gpus

    @property
    def share(self) -> str:
        """The share of memory as engines take it, or "" if it is left to them."""
        return "" if self.percent is None else f"{self.percent / 100:g}"

    @property
    def named(self) -> str:
        """The weights as the command names them."""
        return self.weights or VARIABLE

    @property
    def family(self) -> str:
        """The family of the GPU: Ampere, Hopper."""
        return str(self.gpu["family"]).removesuffix(" card")

    @property
    def cache_name(self) -> str:
        """What the engine calls the format of the cache, "" for 16 bits."""
        return CACHES[self.engine].get(self.cache, "")


def cache_of(engine: str, model: Mapping[str, Value], asked: str) -> str:
    """The format of the cache that the engine keeps: the one asked for or, if it lacks that, the nearest that it has."""
    known = {"bf16", *CACHES[engine]}
    if engine == "vllm" and model["attention"] in LATENT:
        known -= {"int8", "int4"}  # its formats per head are none for a latent
    return asked if asked in known else next(name for name in NEAREST[asked] if name in known)


def run_of(ask: Ask) -> Run:
    """What to run, with notes on what holds for it. Raises Refused."""
    runs: dict[str, Callable[[Ask], Run]] = {"vllm": _vllm, "sglang": _sglang, "tgi": _tgi, "tensorrt-llm": _tensorrt_llm,
                                             "llama-cpp": _llama_cpp, "ollama": _ollama}
    _format(ask)
    _maker(ask)
    run = runs[ask.engine](ask)
    _notes(ask)
    return run


def weights_to_name(engine: str, native: str, asked: str, precision: str) -> bool:
    """Whether the vendor's own files, in the format `native`, are not what was asked for, nor what the engine makes of it."""
    if engine in LAYERWISE or asked in GGUF:
        return True
    published = memory.PUBLISHED[native]
    return precision != published and not (published == "bf16" and precision in MAKES[engine])


# --- what is refused ----------------------------------------------------------------------------------------------------


def _format(ask: Ask) -> None:
    """Raises Refused for a format of weights that the engine cannot read, nor make."""
    called = workload.WEIGHT_PRECISIONS[ask.asked]
    if ask.asked in BOUNDS:
        raise Refused(called, "This is a bound to count with: no file is in such a format. Take fp8 or int8 in place of 8 "
                      "bits, int4 in place of 4.")
    if ask.engine in LAYERWISE:
        if ask.asked not in ("published", "bf16", *GGUF):
            raise Refused(called, f"{ask.called} reads GGUF files alone. Take GGUF Q8_0 in place of 8 bits, Q4_K_M in place of "
                          "4, or another engine.")
    elif ask.asked in GGUF or ask.weights.endswith(".gguf"):
        if ask.engine != "sglang":
            raise Refused(called if ask.asked in GGUF else "a GGUF file", REFUSED[ask.engine, "gguf"])
    elif ask.precision not in READS[ask.engine] and ask.precision not in MAKES[ask.engine]:
        what = f"weights published in {ask.model['native_precision']}" if ask.asked == "published" else called
        raise Refused(what, REFUSED.get((ask.engine, ask.precision), f"{ask.called} was not found to read {what}. Take "
                                        "another format, or vLLM or SGLang."))


def _maker(ask: Ask) -> None:
    """Raises Refused for GPUs that the engine does not run on."""
    name, vendor = ask.gpu["name"], ask.gpu["vendor"]
    if vendor == "Apple" and ask.engine not in LAYERWISE:
        raise Refused(f"{ask.gpus} × {name}", f"The command of {ask.called} here is for servers with GPUs. On a machine of "
                      "Apple's take llama.cpp or Ollama.")
    if ask.engine == "tensorrt-llm" and vendor != "NVIDIA":
        raise Refused(f"{name} is not from NVIDIA", f"TensorRT-LLM runs on NVIDIA's GPUs alone. On {vendor} take vLLM or "
                      "SGLang.")
    if ask.engine == "tensorrt-llm" and ask.family not in LISTED:
        raise Refused(str(name), f"TensorRT-LLM's documentation lists no GPUs of the family {ask.family}. Take another GPU.")


# --- what is noted ------------------------------------------------------------------------------------------------------


def _notes(ask: Ask) -> None:
    """What holds for every engine, and what the GPU lacks."""
    held = ask.model.get("context_tokens")
    ask.notes.extend(workload.beyond_context(str(ask.model["name"]), ask.context_tokens, float(held) if held else None))
    if ask.gpus > memory.SERVER:
        ask.notes.append(f"{ask.gpus} GPUs are more than one server of {memory.SERVER}: the engine has to be started on every "
                         "server and told of the others, which this command does not do.")
    if ask.engine == "tensorrt-llm":
        _listed_weights(ask)
    elif ask.engine not in LAYERWISE:
        _unlisted_weights(ask)
    _unlisted_cache(ask)


def _listed_weights(ask: Ask) -> None:
    if ask.precision not in LISTED[ask.family]:
        ask.notes.append(f"TensorRT-LLM's documentation lists no {ask.precision} weights for {ask.family}, the family of "
                         f"{ask.gpu['name']}: they may not load.")


def _unlisted_weights(ask: Ask) -> None:
    """What is known of formats for which a GPU has no arithmetic."""
    name = ask.gpu["name"]
    if ask.family == "Volta":
        ask.notes.append(f"{name} has no bf16: the command asks for float16.")
    if "fp8" in ask.precision and "fp8_tflops" not in ask.gpu:
        ask.notes.append(f"No fp8 arithmetic is listed for {name}: fp8 weights save memory there at best, not time"
                         + (", and TGI's documentation names H100 and newer alone." if ask.engine == "tgi" else "."))
    if ask.precision == "nvfp4" and "fp4_tflops" not in ask.gpu:
        ask.notes.append(f"No fp4 arithmetic is listed for {name}. " + (
            "vLLM then unpacks nvfp4 weights as it computes, which saves memory, not time."
            if ask.engine == "vllm" and ask.gpu["vendor"] == "NVIDIA" else
            "nvfp4 weights are made for newer GPUs from NVIDIA and may not load."))
    if ask.engine == "vllm" and ask.gpu["vendor"] == "AMD" and ask.precision in ("int4", "int4-g32"):
        ask.notes.append("vLLM's documentation lists neither AWQ nor GPTQ for AMD's GPUs: such weights may not load.")


def _unlisted_cache(ask: Ask) -> None:
    """What is known of formats of the cache that a GPU, or a kind of attention, has no arithmetic for."""
    name, cache = ask.gpu["name"], ask.cache
    if cache == "fp8" and "fp8_tflops" not in ask.gpu and ask.engine != "tensorrt-llm":
        ask.notes.append(f"No fp8 arithmetic is listed for {name}: an fp8 cache saves memory there, not time" + {
            "vllm": ", and vLLM leaves FlashAttention, its first choice, for other code.",
            "tgi": ", and may not load.", "sglang": ", and may not load."}[ask.engine])
    if cache == "nvfp4" and "fp4_tflops" not in ask.gpu:
        ask.notes.append(f"No fp4 arithmetic is listed for {name}: an nvfp4 cache is made for Blackwell and may not load.")
    if ask.engine == "vllm" and cache in ("int8", "int4"):
        ask.notes.append(f"In vLLM an {cache} cache rules out all attention code but Triton's, its third choice.")


# --- engines that take whole repositories ---------------------------------------------------------------------------------


def _kept(*flags: tuple[str, ...] | None) -> tuple[tuple[str, ...], ...]:
    return tuple(flag for flag in flags if flag)


def _optional(name: str, value: str) -> tuple[str, ...] | None:
    return (name, value) if value else None


def _quantisation(ask: Ask) -> list[tuple[str, ...]]:
    """The flags for the format of the weights; none if the weights are in it already."""
    if ask.asked in GGUF or ask.weights.endswith(".gguf"):
        return [("--quantization", "gguf"), ("--load-format", "gguf")]  # SGLang: of the others, none comes this far
    published = memory.PUBLISHED[str(ask.model["native_precision"])]
    makes = MAKES[ask.engine].get(ask.precision)
    if makes and (ask.precision not in READS[ask.engine] or (published == "bf16" and not ask.own)):
        return [(name, value) for name, _, value in (flag.partition(" ") for flag in makes)]
    return []


def _dtype(ask: Ask) -> tuple[str, ...] | None:
    """16 bits on a GPU that has no bf16."""
    return ("--dtype", "float16") if ask.family == "Volta" else None


def _vllm(ask: Ask) -> Run:
    return Run(("vllm", "serve", ask.named), _kept(
        ("--tensor-parallel-size", str(ask.split.tensor_parallel)),
        ("--pipeline-parallel-size", str(ask.split.pipeline_parallel)) if ask.split.pipeline_parallel > 1 else None,
        ("--max-model-len", str(ask.context_tokens)),
        ("--max-num-seqs", str(ask.concurrent_requests)),
        _dtype(ask),
        *_quantisation(ask),
        _optional("--kv-cache-dtype", ask.cache_name),
        _optional("--gpu-memory-utilization", ask.share),
        ("--host", "127.0.0.1"), ("--port", str(PORT))))


def _sglang(ask: Ask) -> Run:
    if ask.asked in GGUF and not is_file(ask):
        ask.notes.append("SGLang was not found to fetch a GGUF file out of a repository: name the file on the disk.")
    return Run(("python", "-m", "sglang.launch_server"), _kept(
        ("--model-path", ask.named),
        ("--tp-size", str(ask.split.tensor_parallel)),
        ("--pp-size", str(ask.split.pipeline_parallel)) if ask.split.pipeline_parallel > 1 else None,
        ("--context-length", str(ask.context_tokens)),
        ("--max-running-requests", str(ask.concurrent_requests)),
        _dtype(ask),
        *_quantisation(ask),
        _optional("--kv-cache-dtype", ask.cache_name),
        _optional("--mem-fraction-static", ask.share),
        ("--host", "127.0.0.1"), ("--port", str(PORT))))


def _tgi(ask: Ask) -> Run:
    if ask.split.pipeline_parallel > 1:
        raise Refused(f"{ask.gpus} GPUs in {ask.split.pipeline_parallel} stages", "TGI has no pipeline stages: it shares each "
                      f"layer among the GPUs of one server, {memory.SERVER} at the most. Take a smaller format, or vLLM or "
                      "SGLang.")
    ask.notes.append("TGI is in maintenance mode: its README sends new users to vLLM, SGLang, llama.cpp or MLX, and models "
                     "newer than its last release may not load. It refuses requests beyond its limit.")
    if ask.asked == "int4" and ask.gpus > 1:
        ask.notes.append("Of int4 weights, those in exl2 do not work with several GPUs in TGI: take AWQ or GPTQ.")
    return Run(("text-generation-launcher",), _kept(
        ("--model-id", ask.named),
        ("--num-shard", str(ask.gpus)),
        ("--max-total-tokens", str(ask.context_tokens)),
        ("--max-input-tokens", str(ask.context_tokens - 1)) if ask.context_tokens > 1 else None,
        ("--max-concurrent-requests", str(ask.concurrent_requests)),
        None if _quantisation(ask) else _dtype(ask),  # its launcher takes one or the other
        *_quantisation(ask),
        _optional("--kv-cache-dtype", ask.cache_name),
        _optional("--cuda-memory-fraction", ask.share),
        ("--hostname", "127.0.0.1"), ("--port", str(PORT))))


def _tensorrt_llm(ask: Ask) -> Run:
    cache = ask.cache_name
    if cache == "nvfp4":
        ask.notes.append("An nvfp4 cache in TensorRT-LLM needs weights that were prepared for it with Model Optimizer.")
    if ask.share:
        ask.notes.append("TensorRT-LLM's share of memory counts what is free after the weights are loaded, not all of it.")
    file = f"kv_cache_config:\n  dtype: {cache}\n" + (f"  free_gpu_memory_fraction: {ask.share}\n" if ask.share else "")
    elsewhere = ("kv_cache_config.dtype", *(("kv_cache_config.free_gpu_memory_fraction",) if ask.share else ()))
    return Run(("trtllm-serve", ask.named), _kept(
        ("--tensor_parallel_size", str(ask.split.tensor_parallel)),
        ("--pipeline_parallel_size", str(ask.split.pipeline_parallel)) if ask.split.pipeline_parallel > 1 else None,
        ("--max_seq_len", str(ask.context_tokens)),
        ("--max_batch_size", str(ask.concurrent_requests)),
        ("--config", "trtllm.yaml") if cache else _optional("--free_gpu_memory_fraction", ask.share),
        ("--host", "localhost"), ("--port", str(PORT))),
        before=f"cat > trtllm.yaml <<'END'\n{file}END\n" if cache else "", rows=elsewhere if cache else ())


# --- engines that take GGUF files -----------------------------------------------------------------------------------------


def _gguf(ask: Ask) -> str:
    """What stands behind the colon after a repository: the format of the file."""
    if ask.asked == "published":
        ask.notes.append(f"{ask.called} chooses among the files of a repository, Q4_K_M first, unless a GGUF format is chosen "
                         f"in the form. Memory is counted for the vendor's own {ask.model['native_precision']}: choose the "
                         "format to have that counted.")
        return ""
    return f":{ask.asked.upper()}"


def is_file(ask: Ask) -> bool:
    """Whether the weights lie on the disk, and not in a repository."""
    return ask.weights.endswith(".gguf") or ask.weights.startswith(PATHS)


def _llama_cpp(ask: Ask) -> Run:
    behind, cache = _gguf(ask), ask.cache_name
    if ask.gpus > 1:
        ask.notes.append("llama.cpp shares each layer among GPUs only as an experiment (--split-mode tensor): the command "
                         "puts whole layers on each GPU, which gives room but no speed.")
    if ask.share:
        ask.notes.append("llama.cpp takes no share of memory: it keeps a margin free, and only for settings that are left out.")
    return Run(("llama-server",), _kept(
        ("--model", ask.weights) if is_file(ask) else ("--hf-repo", ask.named + behind),
        ("--gpu-layers", "all"),
        ("--split-mode", "layer") if ask.gpus > 1 else None,
        ("--tensor-split", ",".join(["1"] * ask.gpus)) if ask.gpus > 1 else None,
        ("--ctx-size", str(ask.context_tokens * ask.concurrent_requests)),
        ("--parallel", str(ask.concurrent_requests)),
        _optional("--cache-type-k", cache),
        _optional("--cache-type-v", cache),
        ("--flash-attn", "on") if cache else None,
        ("--host", "127.0.0.1"), ("--port", str(PORT))))


def _ollama(ask: Ask) -> Run:
    behind, cache = _gguf(ask), ask.cache_name
    if ask.gpus > 1:
        ask.notes.append("Ollama has no tensor parallelism: over several GPUs it spreads whole layers, which gives room but no "
                         "speed. For speed take vLLM or SGLang.")
    if cache:
        ask.notes.append("In Ollama the format of the cache holds for every model of the server.")
    kept = float(ask.gpu["memory_gib"]) * memory.GIB * (1 - (ask.percent or 100) / 100)
    environment = [("OLLAMA_CONTEXT_LENGTH", str(ask.context_tokens)), ("OLLAMA_NUM_PARALLEL", str(ask.concurrent_requests))]
    environment += [("OLLAMA_SCHED_SPREAD", "1")] if ask.gpus > 1 else []
    environment += [("OLLAMA_FLASH_ATTENTION", "1"), ("OLLAMA_KV_CACHE_TYPE", cache)] if cache else []
    environment += [("OLLAMA_GPU_OVERHEAD", str(round(kept)))] if ask.share else []
    if is_file(ask):
        made = f"printf 'FROM %s\\n' {quote(ask.weights)} > Modelfile\nollama create my-model -f Modelfile"
    else:
        made = f"ollama pull {quote('hf.co/' + ask.named + behind)}"
    return Run(("ollama", "serve"), environment=tuple(environment), after=f"\n\n# in a second terminal, once:\n{made}",
               rows=(*(name for name, _ in environment), "ollama pull"))
