"""How many parameters a language model has, counted from its architecture.

Every formula counts matrices as the models' published code lays them out (Hugging Face transformers 5.23.0, one module for
each architecture) and the papers named at each function. Left out, below 0.1 % together: biases, attention sinks, the small
norms inside attention, convolution biases.
"""

from typing import NamedTuple

from calculators.formulas.architecture import Architecture, Layer


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
    full = _grouped_parameters(a, a.full_attention, a.full_layers, a.cached_full_layers, not a.key_is_value)
    window = _grouped_parameters(a, a.window_attention, a.window_layers, a.cached_window_layers, True)
    return full + window + a.index_layers * _index_parameters(a)


def _grouped_parameters(a: Architecture, layer: Layer, layers: int, own_kv: int, has_values: bool) -> int:
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
    mixed = a.convolved
    layer = a.hidden_size * (mixed + values + a.linear_value_heads) + mixed * a.convolution_width
    if a.linear_kind == "gated-deltanet":
        layer += a.hidden_size * (values + a.linear_value_heads)
    elif a.linear_kind == "mamba2":
        layer += a.hidden_size * values
    else:
        thin = a.linear_key_size * (a.hidden_size + values)
        layer += thin + (a.hidden_size * values if a.linear_full_gate else thin)
    return a.linear_layers * layer


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
