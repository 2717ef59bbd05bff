"""The arithmetic of a language model's architecture: parameters, key-value cache, recurrent state.

Every formula counts matrices and cached vectors as the models' published code lays them out (Hugging Face transformers
5.23.0, one module for each architecture) and the papers named at each function. Left out, below 0.1 % together: biases,
attention sinks, the small norms inside attention, convolution biases. Vision and audio towers and the extra layers for
multi-token prediction are not part of an Architecture.
"""

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, NamedTuple

from calculators.kit.facts import Facts, MissingFact

GROUPED = ("mha", "gqa", "mqa")
ATTENTION = (*GROUPED, "mla", "compressed")
LINEAR = ("gated-deltanet", "kda", "mamba2")


@dataclass(frozen=True)
class Architecture:
    """The numbers of a config.json that a count needs. Sizes are in elements, layers are counts, 0 means "has none"."""

    layers: int
    """Decoder blocks in all."""
    hidden_size: int
    heads: int
    vocabulary: int
    attention: str
    """mha, gqa, mqa: keys and values per head. mla: one latent vector. compressed: DeepSeek V4."""
    kv_heads: int = 0
    head_size: int = 0
    v_head_size: int = 0
    """Size of a value head where it differs from `head_size`; always given for mla."""
    full_layers: int = 0
    """Layers whose cache grows with every token (for compressed: 0, see the next two pairs)."""
    cached_full_layers: int = 0
    """Those that keep a cache of their own; fewer than `full_layers` where layers share one."""
    tied_embeddings: bool = False
    attention_gate: bool = False
    """A further matrix as large as the output matrix, per attention layer."""
    key_is_value: bool = False
    """Full layers have no value matrix; keys and values are cached apart all the same."""
    intermediate_size: int = 0
    mlp_matrices: int = 3
    """3 for a gated MLP (up, gate, down), 2 for one without a gate."""
    dense_layers: int = 0
    """Layers with an ordinary MLP."""
    expert_layers: int = 0
    experts: int = 0
    experts_per_token: int = 0
    expert_intermediate_size: int = 0
    expert_hidden_size: int = 0
    """Width the routed experts work in where it is not `hidden_size`; two more matrices project to it and back."""
    shared_intermediate_size: int = 0
    """Width of the experts that every token uses, all of one layer together."""
    kv_lora_rank: int = 0
    q_lora_rank: int = 0
    qk_nope_size: int = 0
    qk_rope_size: int = 0
    window_tokens: int = 0
    """Tokens that a window layer keeps at most: a sliding window, or a chunk."""
    window_layers: int = 0
    cached_window_layers: int = 0
    window_heads: int = 0
    window_kv_heads: int = 0
    window_head_size: int = 0
    linear_kind: str = ""
    """gated-deltanet, kda or mamba2."""
    linear_layers: int = 0
    linear_key_heads: int = 0
    """For mamba2 its groups."""
    linear_value_heads: int = 0
    linear_key_size: int = 0
    """For mamba2 its state size."""
    linear_value_size: int = 0
    linear_full_gate: bool = False
    """kda: the output gate is one full matrix rather than two thin ones."""
    convolution_width: int = 0
    index_layers: int = 0
    """Layers with an indexer of their own, which chooses the tokens to attend to."""
    index_heads: int = 0
    index_head_size: int = 0
    compressed_layers: int = 0
    """Layers that keep one cache entry (and one index key) for every `compressed_ratio` tokens."""
    compressed_ratio: int = 0
    heavy_layers: int = 0
    """Layers that keep one cache entry for every `heavy_ratio` tokens."""
    heavy_ratio: int = 0
    output_groups: int = 0
    output_lora_rank: int = 0
    hyper_streams: int = 0
    """Residual streams of hyper-connections."""
    per_layer_input_size: int = 0
    """Size of an embedding that every layer looks up for itself."""


_FIELDS = frozenset(field.name for field in fields(Architecture))


class Parameters(NamedTuple):
    """Parameters of the text model, in units. `active` is what one token is multiplied by; see `parameters`."""

    total: int
    active: int
    embedding: int
    """Input embeddings, the per-layer ones included."""
    head: int
    """Output matrix; 0 where the input embeddings serve as one."""
    attention: int
    linear: int
    mlp: int
    """Dense and shared-expert MLPs, routers, projections to and from the experts' width."""
    experts: int
    """Routed experts, all of them."""
    other: int


class _Layer(NamedTuple):
    """One kind of layer with keys and values per head."""

    heads: int
    kv_heads: int
    key_size: int
    value_size: int


# --- reading ---------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def of(facts: Facts, model_id: str, stem: str = "models") -> Architecture:
    """The architecture of a row of data/models.yaml. Raises MissingFact or ValueError naming the model."""
    row = facts.rows(stem).get(model_id)
    if row is None or "layers" not in row:
        raise MissingFact(f"data/{stem}.yaml has no architecture of {model_id} in force on {facts.as_of}.")
    try:
        return from_row(row)
    except ValueError as error:
        raise ValueError(f"{model_id}: {error}") from None


def from_row(row: Mapping[str, Any]) -> Architecture:
    """The architecture of a row of data/models.yaml, whose other columns are passed over. Raises ValueError."""
    return from_dict({name: value for name, value in row.items() if name in _FIELDS})


def model_ids(facts: Facts, stem: str = "models") -> Iterator[str]:
    """The rows of data/models.yaml that carry an architecture, in their order."""
    return (key.split(".")[1] for key in facts.keys(stem) if key.endswith(".layers"))


def from_dict(given: Mapping[str, Any]) -> Architecture:
    """An architecture from plain values by field name; what follows from the rest may be left out.

    Raises ValueError naming the field: unknown, missing, of the wrong type, or at odds with another.
    """
    values = dict(given)
    for name in values:
        if name not in _FIELDS:
            raise ValueError(f"there is no field {name!r}")
    for field in fields(Architecture):
        if field.name in values:
            values[field.name] = _typed(field.name, field.type, values[field.name])
        elif field.default is MISSING:
            raise ValueError(f"{field.name} is missing")
    arch = Architecture(**_completed(values))
    for problem in _problems(arch):
        raise ValueError(problem)
    return arch


def _typed(name: str, kind: Any, value: Any) -> bool | int | str:
    if kind is bool or kind is str:
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be {'yes or no' if kind is bool else 'text'} (got {value!r})")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 0:
        raise ValueError(f"{name} must be a whole number (got {value!r})")
    return int(value)


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    """With what follows from the rest filled in."""

    def default(name: str, value: Any) -> None:
        values.setdefault(name, value)

    layers = values["layers"]
    windows, linear = values.get("window_layers", 0), values.get("linear_layers", 0)
    default("full_layers", 0 if values["attention"] == "compressed" else layers - windows - linear)
    default("cached_full_layers", values["full_layers"])
    default("cached_window_layers", windows)
    if windows:
        default("window_heads", values["heads"])
        default("window_kv_heads", values.get("kv_heads", 0))
        default("window_head_size", values.get("head_size", 0))
    if values.get("experts"):
        default("expert_layers", layers - values.get("dense_layers", 0))
        default("expert_hidden_size", values["hidden_size"])
    default("dense_layers", layers - values.get("expert_layers", 0))
    return values


def _problems(a: Architecture) -> Iterator[str]:
    if a.attention not in ATTENTION:
        yield f"attention must be one of {', '.join(ATTENTION)} (got {a.attention!r})"
    needed = {"mla": ("kv_lora_rank", "qk_nope_size", "v_head_size"),
              "compressed": ("head_size", "q_lora_rank", "output_groups", "output_lora_rank")}
    for name in ("layers", "hidden_size", "heads", "vocabulary", *needed.get(a.attention, ("kv_heads", "head_size"))):
        if not getattr(a, name):
            yield f"{name} must be above 0"
    if a.attention in GROUPED:
        kind = "mha" if a.kv_heads == a.heads else "mqa" if a.kv_heads == 1 else "gqa"
        if a.attention != kind or a.heads % a.kv_heads:
            yield f"{a.attention} does not fit {a.heads} heads with {a.kv_heads} KV heads"
    groups = (("window_layers", ("window_tokens", "window_kv_heads" if a.attention in GROUPED else "window_tokens")),
              ("linear_layers", ("linear_key_heads", "linear_value_heads", "linear_key_size", "linear_value_size")),
              ("dense_layers", ("intermediate_size",)),
              ("expert_layers", ("experts", "experts_per_token", "expert_intermediate_size")),
              ("index_layers", ("index_heads", "index_head_size")),
              ("compressed_layers", ("compressed_ratio", "index_heads", "index_head_size")),
              ("heavy_layers", ("heavy_ratio",)))
    for layers, names in groups:
        if not 0 <= getattr(a, layers) <= a.layers:
            yield f"{layers} must be between 0 and {a.layers} (got {getattr(a, layers)})"
        for name in names if getattr(a, layers) else ():
            if not getattr(a, name):
                yield f"{name} is missing, and there are {layers}"
    if a.linear_layers and a.linear_kind not in LINEAR:
        yield f"linear_kind must be one of {', '.join(LINEAR)} (got {a.linear_kind!r})"
    mixers = a.full_layers + a.linear_layers + (a.window_layers if a.attention != "compressed" else 0)
    if not 0 <= mixers <= a.layers or a.full_layers < 0:
        yield f"full, window and linear layers must not exceed {a.layers} (got {mixers})"
    if a.experts_per_token > a.experts:
        yield f"experts_per_token must not exceed {a.experts} (got {a.experts_per_token})"


def kind(a: Architecture) -> str:
    """How the layers remember, in words: "GQA", "GQA, window of 1,024 in 50 of 60 layers"."""
    parts = [a.attention if a.attention == "compressed" else a.attention.upper()]
    if a.compressed_layers or a.heavy_layers:
        parts.append(f"1 entry for {a.compressed_ratio} or {a.heavy_ratio} tokens")
    if a.window_layers:
        parts.append(f"window of {a.window_tokens:,} in {a.window_layers} of {a.layers} layers")
    if a.linear_layers:
        parts.append(f"{a.linear_kind} in {a.linear_layers} of {a.layers} layers")
    if a.index_layers or a.compressed_layers:
        parts.append("indexer")
    return ", ".join(parts)


# --- parameters ------------------------------------------------------------------------------------------------------


def parameters(a: Architecture) -> Parameters:
    """Parameters of the text model, in units.

    `active` leaves out experts that a token does not use and tables that are looked up rather than multiplied (the
    input embeddings, unless they serve as the output matrix too). That is the convention behind the vendors' figures:
    5.1 billion for gpt-oss-120b, where counting the input embeddings gives 5.7.
    """
    table = a.vocabulary * a.hidden_size
    per_layer_table = a.vocabulary * a.layers * a.per_layer_input_size
    head = 0 if a.tied_embeddings else table
    experts = a.expert_layers * a.experts * expert_parameters(a)
    idle = a.expert_layers * (a.experts - a.experts_per_token) * expert_parameters(a)
    parts = (attention_parameters(a), linear_parameters(a), mlp_parameters(a), experts, _other_parameters(a))
    total = table + per_layer_table + head + sum(parts)
    looked_up = per_layer_table + (0 if a.tied_embeddings else table)
    return Parameters(total, total - looked_up - idle, table + per_layer_table, head, *parts)


def attention_parameters(a: Architecture) -> int:
    """Parameters of all attention layers, indexers included and linear attention left out."""
    if a.attention == "mla":
        return a.full_layers * _mla_layer_parameters(a) + a.index_layers * _index_parameters(a)
    if a.attention == "compressed":
        return _compressed_parameters(a)
    full = _grouped_parameters(a, _full(a), a.full_layers, a.cached_full_layers, not a.key_is_value)
    window = _grouped_parameters(a, _window(a), a.window_layers, a.cached_window_layers, True)
    return full + window + a.index_layers * _index_parameters(a)


def _full(a: Architecture) -> _Layer:
    return _Layer(a.heads, a.kv_heads, a.head_size, a.v_head_size or a.head_size)


def _window(a: Architecture) -> _Layer:
    return _Layer(a.window_heads, a.window_kv_heads, a.window_head_size, a.v_head_size or a.window_head_size)


def _grouped_parameters(a: Architecture, layer: _Layer, layers: int, own_kv: int, has_values: bool) -> int:
    """Query, key, value and output matrices (arXiv 2305.13245). `own_kv` layers have keys and values of their own."""
    queries = layer.heads * layer.key_size
    output = layer.heads * layer.value_size * (2 if a.attention_gate else 1)
    keys_values = layer.kv_heads * (layer.key_size + (layer.value_size if has_values else 0))
    return a.hidden_size * (layers * (queries + output) + own_kv * keys_values)


def _mla_layer_parameters(a: Architecture) -> int:
    """Multi-head latent attention: thin matrices to the latent and up to the heads (arXiv 2405.04434, section 2.1)."""
    queries = a.heads * (a.qk_nope_size + a.qk_rope_size)
    query = (a.hidden_size + queries) * a.q_lora_rank if a.q_lora_rank else a.hidden_size * queries
    down = a.hidden_size * (a.kv_lora_rank + a.qk_rope_size)
    up = a.kv_lora_rank * a.heads * (a.qk_nope_size + a.v_head_size)
    output = a.heads * a.v_head_size * a.hidden_size * (2 if a.attention_gate else 1)
    return query + down + up + output


def _index_parameters(a: Architecture) -> int:
    """The indexer of sparse attention: queries, a shared key, for mla a weight per head too (DeepSeek-V3.2 report)."""
    if a.attention == "mla":
        return (a.q_lora_rank * a.index_heads * a.index_head_size
                + a.hidden_size * (a.index_head_size + a.index_heads))
    return a.hidden_size * (a.index_heads + 1) * a.index_head_size


def _compressed_parameters(a: Architecture) -> int:
    """DeepSeek V4: thin queries, one shared key-value vector, grouped output, a compressor in most layers.

    The compressor of a `compressed_layers` layer reads two overlapping blocks, hence its doubled width, and so does
    that of its indexer.
    """
    queries = a.q_lora_rank * (a.hidden_size + a.heads * a.head_size)
    output = a.output_lora_rank * (a.heads * a.head_size + a.output_groups * a.hidden_size)
    base = queries + a.hidden_size * a.head_size + output
    index = (a.q_lora_rank * a.index_heads * a.index_head_size + a.hidden_size * a.index_heads
             + 4 * a.hidden_size * a.index_head_size)
    return (a.layers * base + a.compressed_layers * (4 * a.hidden_size * a.head_size + index)
            + a.heavy_layers * 2 * a.hidden_size * a.head_size)


def linear_parameters(a: Architecture) -> int:
    """Parameters of all linear-attention and state-space layers.

    Gated DeltaNet: arXiv 2412.06464 as in Qwen3-Next. KDA: arXiv 2510.26692. Mamba-2: arXiv 2405.21060.
    """
    if not a.linear_layers:
        return 0
    values = a.linear_value_heads * a.linear_value_size
    mixed = _convolved(a)
    layer = a.hidden_size * (mixed + values + a.linear_value_heads) + mixed * a.convolution_width
    if a.linear_kind == "gated-deltanet":
        layer += a.hidden_size * (values + a.linear_value_heads)
    elif a.linear_kind == "mamba2":
        layer += a.hidden_size * values
    else:
        thin = a.linear_key_size * (a.hidden_size + values)
        layer += thin + (a.hidden_size * values if a.linear_full_gate else thin)
    return a.linear_layers * layer


def _convolved(a: Architecture) -> int:
    """Channels that pass the short convolution: queries, keys and values (for Mamba-2: B, C and x)."""
    return 2 * a.linear_key_heads * a.linear_key_size + a.linear_value_heads * a.linear_value_size


def expert_parameters(a: Architecture) -> int:
    """Parameters of one routed expert in one layer."""
    return a.mlp_matrices * a.expert_hidden_size * a.expert_intermediate_size


def mlp_parameters(a: Architecture) -> int:
    """Dense and shared MLPs, routers, and the way to and from the experts where they work in a narrower width."""
    dense = a.mlp_matrices * a.hidden_size * a.intermediate_size
    shared = a.mlp_matrices * a.hidden_size * a.shared_intermediate_size
    narrow = 2 * a.hidden_size * a.expert_hidden_size if a.expert_hidden_size != a.hidden_size else 0
    return a.dense_layers * dense + a.expert_layers * (shared + a.hidden_size * a.experts + narrow)


def _other_parameters(a: Architecture) -> int:
    """Two norms a layer and the last, hyper-connections (arXiv 2409.19606), the matrices for per-layer inputs."""
    norms = (2 * a.layers + 1) * a.hidden_size
    n = a.hyper_streams
    hyper = (2 * a.layers * (n + 2) + 1) * n * n * a.hidden_size
    return norms + hyper + 3 * a.hidden_size * a.layers * a.per_layer_input_size


# --- compute of attention --------------------------------------------------------------------------------------------


class AttentionFlops(NamedTuple):
    """FLOPs of one token by kind of layer: those that look back on everything, windows, states of a fixed size."""

    full: float
    window: float
    linear: float

    @property
    def total(self) -> float:
        """Of all layers."""
        return self.full + self.window + self.linear


def attention_flops(a: Architecture, tokens: float, *, at_once: bool) -> AttentionFlops:
    """FLOPs of scores and values for one token, a multiplication and an addition counted as two.

    Each head takes 2 x (key size + value size) for every token looked back on (arXiv 2205.05198, appendix A); the matrices
    before and after are not part of it. `at_once`: the mean token of `tokens` that are worked on together, a prompt or an
    example to train on, of which each looks back on those before it, so on half. Otherwise the one token that comes after
    `tokens`, as in an answer, where a latent serves all heads as it is (arXiv 2405.04434, section 2.1.2).

    An indexer's scores count. How many tokens it chooses is no part of an Architecture: its layers are counted as if they
    attended to all, which is too much for long sequences.
    """
    back = tokens / 2 if at_once else tokens
    return AttentionFlops(_full_attention(a, back, at_once), _window_attention(a, tokens, at_once), _linear_attention(a))


def _full_attention(a: Architecture, back: float, at_once: bool) -> float:
    index = 2.0 * a.index_heads * a.index_head_size * back
    if a.attention == "compressed":
        heads = 4.0 * a.heads * a.head_size  # one vector is key and value
        return sum(layers * heads * back / ratio for layers, ratio in _compressions(a)) + (
            a.compressed_layers * index / a.compressed_ratio if a.compressed_layers else 0.0)
    layer = _full(a)
    size = layer.key_size + layer.value_size
    if a.attention == "mla":
        size = a.qk_nope_size + a.qk_rope_size + a.v_head_size if at_once else 2 * a.kv_lora_rank + a.qk_rope_size
    return 2.0 * size * a.heads * a.full_layers * back + a.index_layers * index


def _window_attention(a: Architecture, tokens: float, at_once: bool) -> float:
    """Within a window no more than its tokens; of `tokens` at once the first ones look back on fewer than it holds."""
    if not a.window_layers:
        return 0.0
    layer, held = _window(a), min(tokens, a.window_tokens)
    back = held - held * held / (2 * tokens) if at_once and tokens else held
    return 2.0 * (layer.key_size + layer.value_size) * layer.heads * a.window_layers * back


def _linear_attention(a: Architecture) -> float:
    """A state is written and read, 2 FLOPs an element each, and with a delta rule first asked for what it holds.

    Gated DeltaNet and KDA: arXiv 2412.06464. Mamba-2: arXiv 2405.21060. Decay is left out.
    """
    passes = 4.0 if a.linear_kind == "mamba2" else 6.0
    return passes * a.linear_layers * a.linear_value_heads * a.linear_key_size * a.linear_value_size


# --- key-value cache and state ---------------------------------------------------------------------------------------


def kv_bytes_per_token(a: Architecture, bytes_per_element: float = 2,
                       index_bytes_per_element: float | None = None) -> float:
    """Bytes that each further token of a long sequence adds to the cache, all layers together.

    Windows are full by then and add nothing; see `kv_bytes_fixed`. Index keys count with the rest, at
    `index_bytes_per_element` where an engine stores them apart (8-bit with a scale: 132/128).
    """
    index_bytes = bytes_per_element if index_bytes_per_element is None else index_bytes_per_element
    return _growing_elements(a) * bytes_per_element + _index_elements(a) * index_bytes


def _growing_elements(a: Architecture) -> float:
    """Cached elements per token, index keys left out."""
    if a.attention == "mla":
        return a.cached_full_layers * (a.kv_lora_rank + a.qk_rope_size)
    if a.attention == "compressed":
        return sum(layers * a.head_size / ratio for layers, ratio in _compressions(a))
    return a.cached_full_layers * _cached(_full(a))


def _cached(layer: _Layer) -> int:
    """Elements that one layer keeps of one token: a key and a value for each KV head (arXiv 2305.13245)."""
    return layer.kv_heads * (layer.key_size + layer.value_size)


def _compressions(a: Architecture) -> list[tuple[int, int]]:
    """DeepSeek V4: layers, and tokens to one entry."""
    return [(layers, ratio) for layers, ratio in ((a.compressed_layers, a.compressed_ratio),
                                                  (a.heavy_layers, a.heavy_ratio)) if layers]


def _index_elements(a: Architecture) -> float:
    """Elements of index keys per token: one key for all heads of an indexer."""
    if a.attention == "compressed":
        return a.compressed_layers * a.index_head_size / a.compressed_ratio if a.compressed_layers else 0
    return a.index_layers * a.index_head_size


def _window_elements(a: Architecture) -> int:
    """Elements that all window layers keep of one token inside the window. DeepSeek V4 keeps one shared vector."""
    if a.attention == "compressed":
        return a.cached_window_layers * a.head_size
    return a.cached_window_layers * _cached(_window(a))


def kv_bytes_fixed(a: Architecture, bytes_per_element: float = 2) -> float:
    """Bytes per sequence that windows and chunks take once they are full; 0 without any.

    An engine that cannot free what lies outside a window keeps more than this.
    """
    return a.window_tokens * _window_elements(a) * bytes_per_element


def kv_bytes(a: Architecture, context_tokens: int, bytes_per_element: float = 2,
             index_bytes_per_element: float | None = None) -> float:
    """Bytes of cache of one sequence of `context_tokens` tokens. Raises ValueError below 0.

    Windows fill up and then stay. Compressed layers hold whole blocks alone: the tokens of an unfinished one are in the
    window. Chunked attention (Llama 4) is counted at the fullest chunk so far.
    """
    if context_tokens < 0:
        raise ValueError(f"context_tokens must not be below 0 (got {context_tokens})")
    index_bytes = bytes_per_element if index_bytes_per_element is None else index_bytes_per_element
    inside = min(context_tokens, a.window_tokens) * _window_elements(a) * bytes_per_element
    if a.attention != "compressed":
        return inside + context_tokens * kv_bytes_per_token(a, bytes_per_element, index_bytes)
    blocks = sum(layers * (context_tokens // ratio) for layers, ratio in _compressions(a))
    keys = a.compressed_layers * (context_tokens // a.compressed_ratio) if a.compressed_layers else 0
    return inside + blocks * a.head_size * bytes_per_element + keys * a.index_head_size * index_bytes


def state_bytes(a: Architecture, bytes_per_element: float = 4, convolution_bytes_per_element: float = 2) -> float:
    """Bytes per sequence of recurrent state, whatever its length: a matrix for each head, and the convolution's tail.

    The matrices are kept in 32 bit by default, as the vendors' configurations ask (mamba_ssm_dtype float32).
    """
    matrices = a.linear_value_heads * a.linear_key_size * a.linear_value_size
    tail = _convolved(a) * max(a.convolution_width - 1, 0)
    return a.linear_layers * (matrices * bytes_per_element + tail * convolution_bytes_per_element)


def kv_bytes_per_gpu_factor(a: Architecture, tensor_parallel: int) -> float:
    """Share of the growing cache that each of `tensor_parallel` GPUs holds: between 1/tensor_parallel and 1.

    KV heads are dealt out whole, so with more GPUs than KV heads some hold copies; a latent (mla, compressed) has no
    heads to deal out and every GPU holds all of it, unless an engine splits sequences instead. Raises ValueError
    below 1.
    """
    if tensor_parallel < 1:
        raise ValueError(f"tensor_parallel must be at least 1 (got {tensor_parallel})")
    return _share(a.kv_heads, tensor_parallel) if a.attention in GROUPED else 1.0


def _share(kv_heads: int, gpus: int) -> float:
    return math.ceil(kv_heads / gpus) / kv_heads if kv_heads else 1.0


def kv_bytes_per_gpu(a: Architecture, context_tokens: int, tensor_parallel: int, bytes_per_element: float = 2,
                     index_bytes_per_element: float | None = None) -> float:
    """Bytes of cache of one sequence on each of `tensor_parallel` GPUs; index keys are on every GPU in full."""
    whole = kv_bytes(a, context_tokens, bytes_per_element, index_bytes_per_element)
    if kv_bytes_per_gpu_factor(a, tensor_parallel) == 1 and a.attention not in GROUPED:
        return whole
    full = context_tokens * _growing_elements(a) * bytes_per_element
    window = min(context_tokens, a.window_tokens) * _window_elements(a) * bytes_per_element
    return (full * _share(a.kv_heads, tensor_parallel) + window * _share(a.window_kv_heads, tensor_parallel)
            + whole - full - window)
