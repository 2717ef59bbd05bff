"""The arithmetic of GPU memory when a language model is served: weights by format, how they are split, what is left.

Bytes throughout. GB are 10^9 bytes, GiB 2^30, and only the caller turns one into the other.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from calculators.formulas import architecture, kv_cache, parameter_count
from calculators.formulas.architecture import Architecture
from calculators.kit.facts import Value
from calculators.kit.units import Range

GB = 10**9
GIB = 2**30
SERVER = 8  # GPUs that one server holds; more are joined as pipeline stages
PARTS_OF_SERVER = (1, 2, 4, SERVER)  # that are tried for each layer
MOST_STAGES = 16

# What the table of models says of a vendor's own files, and the row of data/precisions.yaml that is.
PUBLISHED = {"bf16": "bf16", "fp16": "bf16", "fp8": "fp8", "mxfp4": "mxfp4", "nvfp4": "nvfp4", "int4": "int4-g32",
             "fp8, experts fp4": "fp8-mxfp4"}


class Format(NamedTuple):
    """Bits per weight, scales included: of the layers, of what is not a routed expert, of embeddings and output matrix."""

    bits: float
    beside_experts_bits: float
    embedding_bits: float


class Weights(NamedTuple):
    """Bytes of a whole model: the layers, the input embeddings, the output matrix (0 where it is the embeddings)."""

    layers: float
    embedding: float
    head: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.layers + self.embedding + self.head


class Split(NamedTuple):
    """How a model is spread: over how many GPUs each layer, in how many stages the layers."""

    tensor_parallel: int
    pipeline_parallel: int

    @property
    def gpus(self) -> int:
        """GPUs in all."""
        return self.tensor_parallel * self.pipeline_parallel


def format_of(row: Mapping[str, Value]) -> Format:
    """A row of data/precisions.yaml as a format of weights. Raises KeyError if it is one of caches alone."""
    bits = float(row["bits"])
    return Format(bits, float(row.get("beside_experts_bits", bits)), float(row["embedding_bits"]))


def weights(a: Architecture, fmt: Format) -> Weights:
    """Bytes of the weights of an architecture in a format.

    All experts count, whether a token uses them or not. A format with bits of its own beside the experts applies to
    routed experts alone, and to all layers of a model that has none.
    """
    count = parameter_count.parameters(a)
    rest = count.attention + count.linear + count.mlp + count.other
    rest_bits = fmt.beside_experts_bits if count.experts else fmt.bits
    return Weights((count.experts * fmt.bits + rest * rest_bits) / 8, count.embedding * fmt.embedding_bits / 8,
                   count.head * fmt.embedding_bits / 8)


def weights_of_count(parameters: float, embedding: float, fmt: Format) -> Weights:
    """Bytes of the weights of a model of which only counts are known, the embeddings twice: input and output."""
    kept = min(embedding, parameters / 2)
    return Weights((parameters - 2 * kept) * fmt.bits / 8, kept * fmt.embedding_bits / 8, kept * fmt.embedding_bits / 8)


def _stage(layers: int, stages: int) -> float:
    """Share of the layers that the fullest stage holds: layers are dealt out whole."""
    return math.ceil(layers / stages) / layers


def weights_per_gpu(w: Weights, layers: int, split: Split) -> float:
    """Bytes of weights on the fullest GPU. With several stages the first holds the embeddings, the last the output."""
    ends = w.embedding + w.head if split.pipeline_parallel == 1 else max(w.embedding, w.head)
    return (w.layers * _stage(layers, split.pipeline_parallel) + ends) / split.tensor_parallel


def cache_per_gpu(a: Architecture, context_tokens: int, split: Split, bytes_per_element: float) -> float:
    """Bytes of keys and values of one request on the fullest GPU, copies included."""
    return (kv_cache.kv_bytes_per_gpu(a, context_tokens, split.tensor_parallel, bytes_per_element)
            * _stage(a.layers, split.pipeline_parallel))


def state_per_gpu(a: Architecture, split: Split) -> float:
    """Bytes of recurrent state of one request on the fullest GPU: heads are dealt out whole."""
    if not a.linear_layers:
        return 0
    heads = a.linear_value_heads
    share = math.ceil(heads / split.tensor_parallel) / heads
    return kv_cache.state_bytes(a) * share * _stage(a.layers, split.pipeline_parallel)


def overhead_per_gpu(row: Mapping[str, Value], gpus: int) -> Range:
    """Bytes that an engine takes on each GPU beside weights and cache; `row` is one of data/engine-overhead.yaml."""
    more = float(row["parallel_gib"]) if gpus > 1 else 0
    low, central, high = ((float(row[name]) + more) * GIB for name in ("low_gib", "central_gib", "high_gib"))
    return Range(low, central, high)


def overhead_row(rows: Mapping[str, Mapping[str, Value]], engine: str, gpu_gib: float) -> str:
    """The row of data/engine-overhead.yaml for an engine on a GPU of so much memory."""
    fitting = [(float(row["gpu_from_gib"]), name) for name, row in rows.items()
               if row["engine"] == engine and float(row["gpu_from_gib"]) <= gpu_gib]
    return max(fitting)[1]


def room_for_cache(memory: float, share: float | None, counts: str, weights: float, overhead: float) -> float:
    """Bytes that are left for cache and state on a GPU; below 0 if not even the weights fit.

    `share` is the part of the memory that the engine may use, as a ratio, and `counts` what it covers: "all": weights,
    cache and overhead (vLLM). "static": weights and cache, the overhead beside it, which has to fit too; None for all that
    the overhead leaves (SGLang). "free": of what is free after loading, the part for the cache (TensorRT-LLM).
    """
    free = memory - weights - overhead
    if counts == "free":
        return free * (1 if share is None else share) if free > 0 else free
    if counts == "static":
        return free if share is None else min(free, memory * share - weights)
    return free if share is None else memory * share - weights - overhead


def refused(a: Architecture, tensor_parallel: int) -> str:
    """Why engines refuse to split each layer over so many GPUs, as a clause; "" if they do not.

    Query heads are dealt out evenly. So are KV heads, or where there are fewer of them than GPUs each is copied to equally
    many (vLLM, issues 414 and 16021). A latent has none.
    """
    if a.heads % tensor_parallel:
        return f"{a.heads:,} query heads cannot be dealt out to {tensor_parallel:,} GPUs"
    kinds = (a.kv_heads if a.full_layers else 0, a.window_kv_heads) if a.attention in architecture.GROUPED else ()
    for heads in kinds:
        if heads and heads % tensor_parallel and tensor_parallel % heads:
            return f"{heads:,} KV heads can be neither dealt out nor copied evenly to {tensor_parallel:,} GPUs"
    return ""


def accepted(a: Architecture, most: int = SERVER) -> list[int]:
    """The numbers of GPUs up to `most` over which engines split each layer."""
    return [n for n in range(1, most + 1) if not refused(a, n)]


def nearest(a: Architecture, tensor_parallel: int, most: int) -> str:
    """The accepted numbers next to one that is refused, in words: "8 or 16"."""
    known = accepted(a, most)
    below, above = [n for n in known if n < tensor_parallel], [n for n in known if n > tensor_parallel]
    return " or ".join(str(n) for n in (*below[-1:], *above[:1]))


def splits(a: Architecture, stages: int | None, layerwise: bool, single: bool) -> list[Split]:
    """The ways to spread a model that are tried, fewest GPUs first.

    Tensor parallelism over 1, 2, 4 or 8 GPUs of one server, as far as engines accept them; then over several servers as
    stages, no more than there are layers. `layerwise`: an engine that spreads whole layers over any number of GPUs.
    `single`: a machine with one GPU. `stages`: what the reader has fixed.
    """
    if single:
        return [Split(1, 1)]
    most = min(MOST_STAGES, a.layers)
    if layerwise:
        return [Split(1, n) for n in range(1, most + 1)] if stages in (None, 1) else [Split(1, stages or 1)]
    within = [n for n in PARTS_OF_SERVER if not refused(a, n)]
    if stages is not None and stages > 1:
        return [Split(n, stages) for n in within]
    return [Split(n, 1) for n in within] + [Split(within[-1], n) for n in range(2, most + 1)]
