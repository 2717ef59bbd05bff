"""What attention computes for a token, beside the matrices: scores and values, and the states of linear layers, in FLOPs."""

from typing import NamedTuple

from calculators.formulas.architecture import Architecture


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
        return sum(layers * heads * back / ratio for layers, ratio in a.compressions) + (
            a.compressed_layers * index / a.compressed_ratio if a.compressed_layers else 0.0)
    layer = a.full_attention
    size = layer.key_size + layer.value_size
    if a.attention == "mla":
        size = a.qk_nope_size + a.qk_rope_size + a.v_head_size if at_once else 2 * a.kv_lora_rank + a.qk_rope_size
    return 2.0 * size * a.heads * a.full_layers * back + a.index_layers * index


def _window_attention(a: Architecture, tokens: float, at_once: bool) -> float:
    """Within a window no more than its tokens; of `tokens` at once the first ones look back on fewer than it holds."""
    if not a.window_layers:
        return 0.0
    layer, held = a.window_attention, min(tokens, a.window_tokens)
    back = held - held * held / (2 * tokens) if at_once and tokens else held
    return 2.0 * (layer.key_size + layer.value_size) * layer.heads * a.window_layers * back


def _linear_attention(a: Architecture) -> float:
    """A state is written and read, 2 FLOPs an element each, and with a delta rule first asked for what it holds.

    Gated DeltaNet and KDA: arXiv 2412.06464. Mamba-2: arXiv 2405.21060. Decay is left out.
    """
    passes = 4.0 if a.linear_kind == "mamba2" else 6.0
    return passes * a.linear_layers * a.linear_value_heads * a.linear_key_size * a.linear_value_size
