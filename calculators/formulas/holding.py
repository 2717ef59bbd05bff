"""What serving a model has to hold, a machine under an engine, and how the one is spread over the other.

Every page that counts memory asks here, so that all of them count it the same way. Sizes are bytes unless a name says
otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from calculators.formulas import architecture, config_json, memory, own_model
from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import GB, GIB, Split
from calculators.kit import search, workload
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import InputError
from calculators.kit.units import Range
from calculators.kit.workload import GGUF, LAYERWISE

MOST_TOKENS = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Question(workload.OwnModel):
    """A model, a load and a machine, each as the field of the same name says; None: left empty."""

    model: str
    weight_precision: str
    kv_precision: str
    context_tokens: int
    concurrent_requests: int
    gpu: str
    engine: str
    tensor_parallel: int | None = None
    pipeline_parallel: int | None = None
    memory_fraction_percent: float | None = None
    config_json: str = ""


class Need(NamedTuple):
    """What is to be held: a model in a format, and the cache of so many requests."""

    name: str
    arch: Architecture
    weights: memory.Weights
    element_bytes: float  # of the cache
    context_tokens: int
    requests: int

    def static(self, split: Split) -> float:
        """Bytes of weights on the fullest GPU."""
        return memory.weights_per_gpu(self.weights, self.arch.layers, split)

    def request(self, split: Split) -> float:
        """Bytes of cache and state of one request on the fullest GPU."""
        cache = memory.cache_per_gpu(self.arch, self.context_tokens, split, self.element_bytes)
        return cache + memory.state_per_gpu(self.arch, split)


class Machine(NamedTuple):
    """One kind of GPU under one engine."""

    gpu: str  # its row in data/gpus.yaml
    name: str
    memory: float  # bytes
    single: bool  # a machine with one GPU
    engine: str
    share: float | None  # of the memory that the engine may use, as a ratio
    overhead_key: str  # its row in data/engine-overhead.yaml
    overhead: Mapping[str, Value]
    runs: bool  # the engine, on this vendor's chips

    def room(self, need: Need, split: Split, end: str = "central") -> float:
        """Bytes for cache and state on each GPU; `end` is that of the overhead: low, central or high."""
        return self.room_beside(need.static(split), split.gpus, end)

    def room_beside(self, static: float, gpus: int, end: str = "central") -> float:
        """The same, beside so many bytes of weights on each of so many GPUs."""
        beside = getattr(memory.overhead_per_gpu(self.overhead, gpus), end)
        return memory.room_for_cache(self.memory, self.share, str(self.overhead["counts"]), static, beside)

    def holds(self, need: Need, split: Split, end: str = "central") -> bool:
        """Whether the model and all requests fit."""
        return need.requests * need.request(split) <= self.room(need, split, end)

    def splits(self, need: Need, stages: int | None) -> list[Split]:
        """The ways to spread the model that are tried, fewest GPUs first."""
        return memory.splits(need.arch, stages, self.engine in LAYERWISE, self.single)

    def fewest(self, need: Need, stages: int | None) -> Split | None:
        """The first of those ways that holds it."""
        return next((split for split in self.splits(need, stages) if self.holds(need, split)), None)


class Rows(NamedTuple):
    """The rows of data/ that were read, for the working."""

    format: str
    cache: str
    model: str  # "" for a model of one's own
    bits: memory.Format
    context: float | None = None  # tokens that the model is made for, where known


class Plan(NamedTuple):
    """The arrangement that a result is about."""

    need: Need
    rows: Rows
    machine: Machine
    split: Split
    fits: bool
    fewest: Split | None
    fixed: bool  # the reader gave it
    refused: str = ""  # why no engine takes this arrangement, however much memory there is

    def headline(self) -> str:
        """The answer in words."""
        named = f"{self.split.gpus} × {self.machine.name}"
        if self.refused:
            return self.refused + (f"; it fits on {self.fewest.gpus}" if self.fewest else "")
        if self.fits:
            return f"Fits on {named}"
        if not self.fixed:
            return f"Does not fit on {named}" + ("" if self.machine.single else ", the most that is tried")
        if self.fewest:
            return f"Does not fit on {named}: {self._needed(self.fewest)} needed"
        return f"Does not fit on {named}, nor on any number that is tried"

    def _needed(self, split: Split) -> str:
        """How many are needed, and of no more GPUs than these in which arrangement."""
        if split.gpus > self.split.gpus:
            return f"{split.gpus} are"
        stages = f"{split.pipeline_parallel} stages of " if split.pipeline_parallel > 1 else ""
        return f"{stages}{split.tensor_parallel} to a layer are"

    def parts_gb(self) -> tuple[float, float, float, Range]:
        """On each GPU: weights, cache of all requests, state of all requests, engine."""
        need, split = self.need, self.split
        cache = memory.cache_per_gpu(need.arch, need.context_tokens, split, need.element_bytes)
        state = memory.state_per_gpu(need.arch, split)
        beside = memory.overhead_per_gpu(self.machine.overhead, split.gpus)
        return (need.static(split) / GB, need.requests * cache / GB, need.requests * state / GB,
                Range(*(end / GB for end in beside)))


# --- reading ---------------------------------------------------------------------------------------------------------


def need_of(asked: Question, facts: Facts) -> tuple[Need, Rows]:
    """What is to be held, and the rows of data/ that were read for it. Raises InputError for a config.json."""
    formats = facts.rows("precisions")
    cache_row, model_row = _row(asked.kv_precision), ""
    own = not asked.config_json and asked.model == workload.CUSTOM
    if asked.config_json:
        name, arch, published = _config(asked)
    elif own:
        name, arch, published = own_model.NAME, own_model.outline(asked), "bf16"
    else:
        row, model_row = facts.rows("models")[asked.model], asked.model
        name, arch = str(row["name"]), architecture.of(facts, model_row)
        published = memory.PUBLISHED[str(row["native_precision"])]
    format_row = published if asked.weight_precision == "published" else _row(asked.weight_precision)
    fmt = memory.format_of(formats[format_row])
    weights = memory.weights_of_count(asked.parameters_b * 1e9, asked.vocabulary * asked.hidden_size, fmt) if own else (
        memory.weights(arch, fmt))
    element = float(formats[cache_row]["cache_bits"]) / 8
    need = Need(name, arch, weights, element, asked.context_tokens, asked.concurrent_requests)
    held = facts.rows("models")[model_row].get("context_tokens") if model_row else None
    return need, Rows(format_row, cache_row, model_row, fmt, float(held) if held else None)


def _row(precision: str) -> str:
    """The row of data/precisions.yaml of a choice: ids of rows have no underscore."""
    return precision.replace("_", "-")


def _config(asked: Question) -> tuple[str, Architecture, str]:
    """Name, architecture and format of a config.json. Raises InputError if it is not understood."""
    try:
        found = config_json.read(asked.config_json)
        if asked.weight_precision == "published" and not found.precision:
            raise ValueError(f"has weights in a format that is not known here, {found.unknown_format[:40]}: choose the "
                             "precision of the weights above")
    except ValueError as error:
        start = asked.config_json[:30] + ("…" if len(asked.config_json) > 30 else "")
        raise InputError("config_json", f"This config.json {error} (got {start!r}).") from None
    return found.name, found.architecture, found.precision


def machine_of(gpu: str, asked: Question, facts: Facts) -> Machine:
    """One kind of GPU under the engine that was chosen."""
    row = facts.rows("gpus")[gpu]
    gib = float(row["memory_gib"])
    overheads = facts.rows("engine-overhead")
    key = memory.overhead_row(overheads, asked.engine, gib)
    percent = asked.memory_fraction_percent or overheads[key].get("memory_percent")
    default = facts.rows("engines").get(asked.engine, {}).get("memory_default")
    share = float(percent) / 100 if percent else float(default) if default else None
    vendor = str(row.get("vendor"))
    return Machine(gpu, str(row["name"]), gib * GIB, vendor == "Apple", asked.engine, share, key, overheads[key],
                   runs(asked.engine, vendor))


def plan_of(need: Need, rows: Rows, machine: Machine, asked: Question) -> Plan:
    """The reader's arrangement, or else the one with the fewest GPUs that holds it, or else the largest that is tried."""
    stages, layered = asked.pipeline_parallel, asked.engine in LAYERWISE
    if asked.tensor_parallel is not None:
        given = Split(asked.tensor_parallel, stages or 1)
        split = Split(1, given.gpus) if layered else given
        why = refusal_of(need.arch, machine, split)
        fits = not why and machine.holds(need, split)
        return Plan(need, rows, machine, split, fits, machine.fewest(need, None), True, why)
    found = machine.fewest(need, stages)
    split = found or machine.splits(need, stages)[-1]
    if why := refusal_of(need.arch, machine, split):
        return Plan(need, rows, machine, split, False, machine.fewest(need, None), True, why)
    return Plan(need, rows, machine, split, found is not None, found, False)


def refusal_of(arch: Architecture, machine: Machine, split: Split) -> str:
    """Why no engine takes this arrangement, and what it takes instead; "" if there is no such reason."""
    if machine.single and split.gpus > 1:
        return f"{machine.name} has one GPU"
    if split.pipeline_parallel > arch.layers:
        return f"{arch.layers:,} layers cannot be dealt out to {split.pipeline_parallel:,} {_parts_of(machine)}"
    why = memory.refused(arch, split.tensor_parallel)
    return f"{why}: take {memory.nearest(arch, split.tensor_parallel, 2 * split.tensor_parallel)} to a layer" if why else ""


def _parts_of(machine: Machine) -> str:
    return "GPUs" if machine.engine in LAYERWISE else "stages"


def runs(engine: str, vendor: str) -> bool:
    """Whether an engine runs on a vendor's chips at all, as far as this guide knows."""
    if vendor == "Apple":
        return engine in (*LAYERWISE, workload.GENERIC)
    return engine != "tensorrt-llm" or vendor == "NVIDIA"


def odd_engine(machine: Machine, form: str, kv_precision: str) -> list[str]:
    """What an engine is not known to do with such chips and formats, each as a sentence. `form`: a row of
    data/precisions.yaml."""
    found, gguf = [], form.replace("-", "_") in GGUF
    if machine.engine in LAYERWISE and not gguf and form not in ("bf16", "mxfp4"):
        found.append("This engine reads GGUF files: choose one of the GGUF formats for what it would hold.")
    if gguf and machine.engine in ("vllm", "tensorrt-llm", "tgi"):
        found.append("This engine does not read GGUF files, or only with a plugin.")
    if kv_precision in ("q8_0", "q4_0") and machine.engine not in (*LAYERWISE, workload.GENERIC):
        found.append("This format of the cache is one of llama.cpp and Ollama.")
    if not machine.runs:
        found.append("This engine is not known to run on this vendor's chips: it is counted as if it did.")
    return found


# --- what fits -------------------------------------------------------------------------------------------------------


def longest_context(machine: Machine, need: Need, split: Split, end: str = "central") -> int:
    """The most tokens per request with which all requests fit; 0 if not even one does. `end`: of the engine's own memory."""
    room = machine.room(need, split, end)

    def fits(tokens: int) -> bool:
        return need.requests * need._replace(context_tokens=tokens).request(split) <= room

    return MOST_TOKENS if fits(MOST_TOKENS) else search.last_whole(fits, 0, MOST_TOKENS)


def most_requests(machine: Machine, need: Need, split: Split, end: str = "central") -> int:
    """The most requests of this context that fit at once; 0 if not even one does. `end`: of the engine's own memory."""
    return most_of(machine.room(need, split, end), need.request(split))


def most_of(room: float, one: float) -> int:
    """How many requests of `one` bytes each fit into the room."""
    if room <= 0:
        return 0
    most = int(room // one)
    return most + 1 if (most + 1) * one <= room else most


def usable_gb(machine: Machine, need: Need, split: Split) -> float:
    """GB of each GPU that weights, cache and engine may take together; of several rules, by the weights of this split."""
    beside = memory.overhead_per_gpu(machine.overhead, split.gpus).central
    return need.static(split) / GB + beside / GB + machine.room(need, split) / GB
