"""The arithmetic of fine-tuning: memory by part on each GPU, work per token, steps per second.

Bytes and FLOPs throughout; only the caller turns bytes into GiB. What an architecture needs is counted matrix by matrix.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from calculators.formulas import parameter_count
from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import SERVER
from calculators.kit.units import Range

SHARDINGS = ("none", "optimiser", "gradients", "parameters")
"""What is dealt out over the GPUs, each with all before it: ZeRO stages 0 to 3 (arXiv 1910.02054); FSDP is the last."""

GPU_COUNTS: tuple[int, ...] = (1, 2, 4, *range(SERVER, 1025, SERVER))
"""Numbers of GPUs that are tried: parts of one server, then whole servers."""


NOTHING = Range(0, 0, 0)


class Matrix(NamedTuple):
    """A kind of matrix: its two sides, how many there are in all layers, the share of them that one token uses."""

    kind: str  # query-value | attention | mlp | expert
    inputs: int
    outputs: int
    copies: int
    used: float = 1.0


class Job(NamedTuple):
    """What a training run holds in memory, in bytes, before it is dealt out."""

    frozen: float  # weights that stay
    trained: float  # weights that change: the model's own, or the adapter's
    gradients: float
    optimiser: float
    reference: float  # weights of a second, frozen copy that answers are compared with
    gathered_weights: float  # what is put together again while the weights are dealt out
    gathered_gradients: float
    kept_per_token: float  # activations from the forward to the backward pass
    layer_per_token: float  # all activations of the fullest layer
    logits_per_token: float
    scratch: float  # one matrix, widened for its multiplication
    recomputed: bool  # the layers' activations are computed again in the backward pass, one layer at a time
    together: bool  # gradients are there all the time, because they are added up over several batches


class Parts(NamedTuple):
    """Bytes on one GPU at the moment when there are most. The last three depend on how a program is written."""

    frozen: float
    trained: float
    reference: float
    gradients: float
    optimiser: float
    gathered: float
    activations: float
    logits: float
    again: float

    @property
    def exact(self) -> float:
        """What follows from counts of parameters alone."""
        return self.frozen + self.trained + self.reference + self.gradients + self.optimiser + self.gathered

    @property
    def estimated(self) -> float:
        """What depends on how a program is written."""
        return self.activations + self.logits + self.again


class Peak(NamedTuple):
    """Memory of one GPU when it is fullest, by part: low, central, high; and what is fixed on each, in bytes."""

    low: Parts
    central: Parts
    high: Parts
    fixed: Range

    @property
    def total(self) -> Range:
        """Bytes of all parts together."""
        return self.over(sum, self.fixed)

    def over(self, part: Callable[[Parts], float], more: Range = NOTHING) -> Range:
        """A part, in bytes, with what is added to it."""
        return Range(part(self.low) + more.low, part(self.central) + more.central, part(self.high) + more.high)


class Work(NamedTuple):
    """What a step of one GPU does: FLOPs, and bytes that it sends over the link between GPUs."""

    flops: float
    link_bytes: float


def matrices(a: Architecture) -> Iterator[Matrix]:
    """Every matrix of the layers that an adapter may stand beside, routers and indexers left out.

    The shapes are those that formulas.architecture counts, from the models' published code.
    """
    if a.attention == "mla":
        yield from _latent(a)
    elif a.attention == "compressed":
        yield Matrix("attention", a.hidden_size, a.q_lora_rank, a.layers)
        yield Matrix("query-value", a.q_lora_rank, a.heads * a.head_size, a.layers)
        yield Matrix("query-value", a.hidden_size, a.head_size, a.layers)
        yield Matrix("attention", a.heads * a.head_size // a.output_groups, a.output_lora_rank, a.layers * a.output_groups)
        yield Matrix("attention", a.output_lora_rank * a.output_groups, a.hidden_size, a.layers)
    else:
        value = a.v_head_size or a.head_size
        yield from _grouped(a, a.heads, a.kv_heads, a.head_size, value, a.full_layers, a.cached_full_layers,
                            not a.key_is_value)
        if a.window_layers:
            yield from _grouped(a, a.window_heads, a.window_kv_heads, a.window_head_size,
                                a.v_head_size or a.window_head_size, a.window_layers, a.cached_window_layers, True)
    if a.linear_layers:
        yield from _linear(a)
    yield from _mlps(a)


def _grouped(a: Architecture, heads: int, kv_heads: int, key: int, value: int, layers: int, own: int,
             has_values: bool) -> Iterator[Matrix]:
    yield Matrix("query-value", a.hidden_size, heads * key, layers)
    yield Matrix("attention", a.hidden_size, kv_heads * key, own)
    if has_values:
        yield Matrix("query-value", a.hidden_size, kv_heads * value, own)
    yield Matrix("attention", heads * value, a.hidden_size, layers * (2 if a.attention_gate else 1))


def _latent(a: Architecture) -> Iterator[Matrix]:
    queries, layers = a.heads * (a.qk_nope_size + a.qk_rope_size), a.full_layers
    if a.q_lora_rank:
        yield Matrix("attention", a.hidden_size, a.q_lora_rank, layers)
    yield Matrix("query-value", a.q_lora_rank or a.hidden_size, queries, layers)
    yield Matrix("attention", a.hidden_size, a.kv_lora_rank + a.qk_rope_size, layers)
    yield Matrix("query-value", a.kv_lora_rank, a.heads * (a.qk_nope_size + a.v_head_size), layers)
    yield Matrix("attention", a.heads * a.v_head_size, a.hidden_size, layers * (2 if a.attention_gate else 1))


def _linear(a: Architecture) -> Iterator[Matrix]:
    values, layers = a.linear_value_heads * a.linear_value_size, a.linear_layers
    yield Matrix("query-value", a.hidden_size, 2 * a.linear_key_heads * a.linear_key_size + values, layers)
    yield Matrix("attention", values, a.hidden_size, layers)
    thin = 0 if a.linear_kind != "kda" else 1 if a.linear_full_gate else 2
    if thin:
        yield Matrix("attention", a.hidden_size, a.linear_key_size, thin * layers)
        yield Matrix("attention", a.linear_key_size, values, thin * layers)
    if thin < 2:
        yield Matrix("attention", a.hidden_size, values, layers)


def _mlps(a: Architecture) -> Iterator[Matrix]:
    for width, layers in ((a.intermediate_size, a.dense_layers), (a.shared_intermediate_size, a.expert_layers)):
        if width and layers:
            yield Matrix("mlp", a.hidden_size, width, layers * (a.mlp_matrices - 1))
            yield Matrix("mlp", width, a.hidden_size, layers)
    if a.expert_layers:
        count, used = a.expert_layers * a.experts, a.experts_per_token / a.experts
        yield Matrix("expert", a.expert_hidden_size, a.expert_intermediate_size, count * (a.mlp_matrices - 1), used)
        yield Matrix("expert", a.expert_intermediate_size, a.expert_hidden_size, count, used)
        if a.expert_hidden_size != a.hidden_size:
            yield Matrix("mlp", a.hidden_size, a.expert_hidden_size, 2 * a.expert_layers)


def adapter_parameters(a: Architecture, rank: int, kinds: tuple[str, ...]) -> tuple[float, float]:
    """Parameters of a LoRA adapter, and how many of them one token uses; no unit.

    Two thin matrices beside each matrix of the given kinds, rank x (inputs + outputs) (arXiv 2106.09685, section 4.1).
    """
    chosen = [m for m in matrices(a) if m.kind in kinds]
    each = [rank * (m.inputs + m.outputs) * m.copies for m in chosen]
    return float(sum(each)), sum(n * m.used for n, m in zip(each, chosen, strict=True))


def largest_matrix(a: Architecture) -> int:
    """Elements of the largest matrix of a layer."""
    return max(m.inputs * m.outputs for m in matrices(a))


def layer_parameters(a: Architecture) -> float:
    """Parameters of one layer of the fuller kind, attention taken as the mean of all layers."""
    count = parameter_count.parameters(a)
    dense = a.mlp_matrices * a.hidden_size * a.intermediate_size if a.dense_layers else 0
    experts = a.experts * parameter_count.expert_parameters(a) if a.expert_layers else 0
    beside = (a.mlp_matrices * a.hidden_size * a.shared_intermediate_size + a.hidden_size * a.experts if a.expert_layers else 0)
    return (count.attention + count.linear) / a.layers + max(dense, experts + beside)


def boundary_bytes(a: Architecture) -> float:
    """Bytes per token that recomputation keeps: the 16-bit input of every layer (arXiv 2205.05198, section 5)."""
    return 2.0 * a.hidden_size * a.layers * max(1, a.hyper_streams)


def activation_bytes(a: Architecture, mlp_trained: bool) -> tuple[float, float]:
    """Bytes per token that all layers keep for the backward pass, and the fullest layer's; 16 bits, no recomputation.

    Counted by tensor as arXiv 2205.05198, section 4, does, for attention that never writes its scores out, no dropout, and
    fused norms: the input of each half of a layer and its norm, queries, keys, values, the attention's output, the MLP's
    products. Where the MLP is frozen and has no adapter, its own input and the input of its last matrix are not needed.
    """
    mixers = list(_mixer_widths(a))
    base = 2.0 * a.hidden_size * (3 + max(1, a.hyper_streams) - (0 if mlp_trained else 1))
    mlps = [(layers, tensors - (0 if mlp_trained else last)) for layers, tensors, last in _mlp_widths(a)]
    total = (base * a.layers + sum(2.0 * layers * width for layers, width in mixers)
             + sum(2.0 * layers * width for layers, width in mlps))
    return total, base + 2.0 * max(w for _, w in mixers) + 2.0 * max((w for _, w in mlps), default=0)


def _mixer_widths(a: Architecture) -> Iterator[tuple[int, float]]:
    """Layers, and elements per token of queries, keys, values, output and gate."""
    value = a.v_head_size or a.head_size
    gate = 2 if a.attention_gate else 1
    if a.attention == "mla":
        both = a.heads * (a.qk_nope_size + a.qk_rope_size)
        yield a.full_layers, 2 * both + a.heads * a.v_head_size * (1 + gate) + a.kv_lora_rank + a.q_lora_rank
    elif a.attention == "compressed":
        yield a.layers, 2 * a.heads * a.head_size + a.head_size + a.q_lora_rank + a.output_lora_rank * a.output_groups
    else:
        if a.full_layers:
            yield a.full_layers, a.heads * (a.head_size + value * gate) + a.kv_heads * (a.head_size + value)
        if a.window_layers:
            wide = a.v_head_size or a.window_head_size
            yield a.window_layers, (a.window_heads * (a.window_head_size + wide * gate)
                                    + a.window_kv_heads * (a.window_head_size + wide))
    if a.linear_layers:
        values = a.linear_value_heads * a.linear_value_size
        yield a.linear_layers, 2 * a.linear_key_heads * a.linear_key_size + 3 * values


def _mlp_widths(a: Architecture) -> Iterator[tuple[int, float, float]]:
    """Layers, elements per token of an MLP's products (gate, up, activation, product), and of the input of its last matrix."""
    tensors = 4 if a.mlp_matrices == 3 else 2
    if a.dense_layers:
        yield a.dense_layers, tensors * a.intermediate_size, a.intermediate_size
    if a.expert_layers:
        width = a.experts_per_token * a.expert_intermediate_size + a.shared_intermediate_size
        # Every chosen expert gets its own copy of its input.
        yield a.expert_layers, tensors * width + a.experts_per_token * a.expert_hidden_size, width


def flops_per_token(matrices: float, attention: float, adapter: float, frozen: bool, recomputed: bool,
                    reference: bool) -> float:
    """FLOPs of training on one token.

    `matrices` and `attention` are those of a forward pass, `adapter` the parameters that a token uses of it. The backward
    pass costs two forward passes, of a frozen matrix one, since its own gradient is not needed; recomputation repeats the
    forward pass (arXiv 2001.08361, 2205.05198), and a reference model adds one.
    """
    forward = matrices + attention + 2 * adapter
    backward = (matrices if frozen else 2 * matrices) + 2 * attention + 4 * adapter
    return forward + backward + (forward if recomputed else 0) + (matrices + attention if reference else 0)


def states_per_gpu(weights: float, gradients: float, optimiser: float, gpus: int, sharding: str) -> tuple[float, float, float]:
    """Bytes of weights, gradients and optimiser on each GPU (ZeRO, arXiv 1910.02054). Raises ValueError for a sharding."""
    stage = SHARDINGS.index(sharding)
    return (weights / gpus if stage == 3 else weights, gradients / gpus if stage >= 2 else gradients,
            optimiser / gpus if stage >= 1 else optimiser)


def parts_per_gpu(job: Job, tokens: float, gpus: int, sharding: str, spread: float = 1.0) -> Parts:
    """Bytes by part on each of `gpus` GPUs, each with `tokens` tokens at a time.

    Unless gradients are added up over batches they grow while activations are given back, and only the larger of the two
    counts. Where weights are dealt out, what is gathered is never more than what the others hold. `spread` multiplies
    what is estimated.
    """
    frozen, _, _ = states_per_gpu(job.frozen, 0, 0, gpus, sharding)
    reference, _, _ = states_per_gpu(job.reference, 0, 0, gpus, sharding)
    trained, gradients, optimiser = states_per_gpu(job.trained, job.gradients, job.optimiser, gpus, sharding)
    gathered = job.scratch + min(job.gathered_weights, job.frozen + job.trained - frozen - trained)
    whole = min(job.gathered_gradients, job.gradients - gradients)  # of one layer, before they are dealt out
    activations, logits, layer = (tokens * spread * each
                                  for each in (job.kept_per_token, job.logits_per_token, job.layer_per_token))
    again = layer if job.recomputed else 0.0
    if job.together:
        return Parts(frozen, trained, reference, gradients, optimiser, gathered + whole, activations, logits, again)
    last = 0.0 if job.recomputed else layer  # what is left of the activations when the gradients are complete
    if activations + logits > gradients + whole + last:
        return Parts(frozen, trained, reference, 0.0, optimiser, gathered, activations, logits, again)
    return Parts(frozen, trained, reference, gradients, optimiser, gathered + whole, last, 0.0, again)


def link_bytes(job: Job, gpus: int, sharding: str) -> float:
    """Bytes that each GPU sends in a step: gradients reduced in a ring, weights gathered for both passes if dealt out."""
    others = (gpus - 1) / gpus
    if sharding == "parameters":
        return (2 * (job.frozen + job.trained) + job.reference + job.gradients) * others
    return 2 * job.gradients * others


def step_seconds(work: Work, flops_per_s: float, link_bytes_per_s: float, hidden: bool) -> float:
    """Seconds of one step. `hidden`: what is sent is sent during the work, else after it. A link of 0: none is known."""
    sent = work.link_bytes / link_bytes_per_s if link_bytes_per_s else 0.0
    computed = work.flops / flops_per_s
    return max(computed, sent) if hidden else computed + sent


def peak_per_gpu(job: Job, tokens: float, gpus: int, sharding: str, spread: Range, fixed: Range) -> Peak:
    """The memory of each GPU with `tokens` tokens at a time. `spread` multiplies what is estimated, `fixed` is in bytes."""
    low, central, high = (parts_per_gpu(job, tokens, gpus, sharding, s) for s in spread)
    return Peak(low, central, high, fixed)


def fewest_gpus(job: Job, tokens: float, sharding: str, room: float, spread: float, fixed: float,
                counts: Sequence[int] = GPU_COUNTS) -> int | None:
    """The fewest GPUs of `counts` on which the estimate with this `spread` and `fixed` bytes fits `room` bytes, or None.

    With more GPUs none holds more than before, so the first that fits is found by halving.
    """
    def fits(gpus: int) -> bool:
        return sum(parts_per_gpu(job, tokens, gpus, sharding, spread)) + fixed <= room

    low, high = 0, len(counts) - 1 if sharding != "none" else 0
    if not fits(counts[high]):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(counts[middle]) else (middle + 1, high)
    return counts[low]


def link_bytes_per_s(own: float, network: float, gpus: int) -> float:
    """Bytes/s of the slowest link between GPUs: within a server their own, beyond it the network's; 0: none is known."""
    if gpus <= SERVER:
        return own
    return min(own, network) if own else network


def speed(work: Work, tokens: float, flops_per_s: float, shares: Range, link: float) -> Range:
    """Tokens/s of all GPUs for steps of `tokens` tokens together. `shares` are of the peak `flops_per_s` of one GPU.

    Low: what goes over the link, in bytes/s, is waited for; otherwise it is hidden behind the work.
    """
    low, central, high = (tokens / step_seconds(work, flops_per_s * share, link, hidden)
                          for share, hidden in zip(shares, (False, True, True), strict=True))
    return Range(low, central, high)


def hours(tokens: float, tokens_per_second: Range) -> Range:
    """Hours for so many tokens; the highest speed makes the fewest."""
    return Range(*(tokens / v / 3600 for v in (tokens_per_second.high, tokens_per_second.central, tokens_per_second.low)))


def holding_gpus(weights: float, room: float, share: float, counts: Sequence[int] = GPU_COUNTS) -> int | None:
    """The fewest GPUs of `counts` on which `weights` bytes take no more than a `share` of `room` bytes each, or None."""
    return next((n for n in counts if weights <= n * room * share), None)
