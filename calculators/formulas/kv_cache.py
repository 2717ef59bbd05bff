"""What a language model keeps in memory of each sequence: key-value cache and recurrent state, in bytes.

Every formula counts cached vectors as the models' published code lays them out (Hugging Face transformers 5.23.0, one module
for each architecture) and the papers named at each function.
"""

import math

from calculators.formulas.architecture import GROUPED, Architecture


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
        return sum(layers * a.head_size / ratio for layers, ratio in a.compressions)
    return a.cached_full_layers * a.full_attention.cached


def _index_elements(a: Architecture) -> float:
    """Elements of index keys per token: one key for all heads of an indexer."""
    if a.attention == "compressed":
        return a.compressed_layers * a.index_head_size / a.compressed_ratio if a.compressed_layers else 0
    return a.index_layers * a.index_head_size


def _window_elements(a: Architecture) -> int:
    """Elements that all window layers keep of one token inside the window. DeepSeek V4 keeps one shared vector."""
    if a.attention == "compressed":
        return a.cached_window_layers * a.head_size
    return a.cached_window_layers * a.window_attention.cached


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
    blocks = sum(layers * (context_tokens // ratio) for layers, ratio in a.compressions)
    keys = a.compressed_layers * (context_tokens // a.compressed_ratio) if a.compressed_layers else 0
    return inside + blocks * a.head_size * bytes_per_element + keys * a.index_head_size * index_bytes


def state_bytes(a: Architecture, bytes_per_element: float = 4, convolution_bytes_per_element: float = 2) -> float:
    """Bytes per sequence of recurrent state, whatever its length: a matrix for each head, and the convolution's tail.

    The matrices are kept in 32 bit by default, as the vendors' configurations ask (mamba_ssm_dtype float32).
    """
    matrices = a.linear_value_heads * a.linear_key_size * a.linear_value_size
    tail = a.convolved * max(a.convolution_width - 1, 0)
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
