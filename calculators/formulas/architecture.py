"""A language model's architecture: the numbers of its layers, read from the table of models or given, and checked.

They stand for matrices and cached vectors as the models' published code lays them out (Hugging Face transformers 5.23.0, one
module for each architecture). Vision and audio towers and the extra layers for multi-token prediction are not part of it.
What follows from it: its parameters in `parameter_count`, its cache and state in `kv_cache`, its compute in `attention_work`.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, NamedTuple

from calculators.kit.facts import Facts, MissingFact

GROUPED = ("mha", "gqa", "mqa")
ATTENTION = (*GROUPED, "mla", "compressed")
LINEAR = ("gated-deltanet", "kda", "mamba2")


class Layer(NamedTuple):
    """One kind of layer with keys and values per head."""

    heads: int
    kv_heads: int
    key_size: int
    value_size: int

    @property
    def cached(self) -> int:
        """Elements that one layer keeps of one token: a key and a value for each KV head (arXiv 2305.13245)."""
        return self.kv_heads * (self.key_size + self.value_size)


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

    @property
    def full_attention(self) -> Layer:
        """Each of the layers that look back on everything."""
        return Layer(self.heads, self.kv_heads, self.head_size, self.v_head_size or self.head_size)

    @property
    def window_attention(self) -> Layer:
        """Each of the layers with a window."""
        return Layer(self.window_heads, self.window_kv_heads, self.window_head_size, self.v_head_size or self.window_head_size)

    @property
    def compressions(self) -> list[tuple[int, int]]:
        """DeepSeek V4: layers, and tokens to one entry."""
        return [(layers, ratio) for layers, ratio in ((self.compressed_layers, self.compressed_ratio),
                                                      (self.heavy_layers, self.heavy_ratio)) if layers]

    @property
    def convolved(self) -> int:
        """Channels that pass the short convolution: queries, keys and values (for Mamba-2: B, C and x)."""
        return 2 * self.linear_key_heads * self.linear_key_size + self.linear_value_heads * self.linear_value_size


_FIELDS = frozenset(field.name for field in fields(Architecture))


# --- reading ---------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def of(facts: Facts, model_id: str, stem: str = "models") -> Architecture:
    """The architecture of a row of data/models.yaml. Raises MissingFact or ValueError naming the model."""
    row = facts.rows(stem).get(model_id)
    if row is None or "layers" not in row:
        raise MissingFact(f"data/{stem}.yaml has no architecture of {model_id} in force on {facts.as_of}.")
    try:
        return from_dict({name: value for name, value in row.items() if name in _FIELDS})
    except ValueError as error:
        raise ValueError(f"{model_id}: {error}") from None


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
    if a.attention in GROUPED and (a.attention != grouped(a.heads, a.kv_heads) or a.heads % a.kv_heads):
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


def grouped(heads: int, kv_heads: int) -> str:
    """What attention with so many heads of keys and values is called."""
    return "mha" if kv_heads == heads else "mqa" if kv_heads == 1 else "gqa"


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
