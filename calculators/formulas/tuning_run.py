"""What a run of fine-tuning holds in memory: from the reader's choices to bytes.

The arithmetic of one architecture is in formulas/training.py; here the choices and the figures of data/training-memory.yaml
meet it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from calculators.formulas import memory, parameter_count, training
from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import GIB
from calculators.formulas.training import GPU_COUNTS, Job, Peak
from calculators.kit.facts import Facts
from calculators.kit.units import Range

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.fine_tuning import Inputs

KEY = "training-memory"
ONE_ALONE = "Apple"  # whose chips the programs that deal a model out, FSDP and ZeRO, do not run on together
_KINDS = {"query-value": 1, "attention": 2, "all": 3, "experts": 4}
_ALL_KINDS = ("query-value", "attention", "mlp", "expert")


class Constants(NamedTuple):
    """Figures of data/training-memory.yaml by their key."""

    of: Mapping[str, float]

    def range(self, name: str) -> Range:
        """A low, a central and a high figure; without a central one 1."""
        return Range(self.of[f"{name}-low"], self.of.get(name, 1.0), self.of[f"{name}-high"])


def constants(facts: Facts) -> Constants:
    """All figures of data/training-memory.yaml."""
    return Constants({key.partition(".")[2]: float(facts[key].value) for key in facts.keys(KEY)})


def kinds_of(inputs: "Inputs") -> tuple[str, ...]:
    """The kinds of matrices that are trained or get an adapter."""
    return _ALL_KINDS if inputs.method == "full" else _ALL_KINDS[:_KINDS[inputs.matrices]]


def job_of(inputs: "Inputs", a: Architecture, c: Constants) -> Job:
    """What a run holds in memory, in bytes, before it is dealt out."""
    count, full = parameter_count.parameters(a), inputs.method == "full"
    bits = 8 * c.of["trained.weight"] if full else c.of[f"frozen.{inputs.method}"]
    base = memory.weights(a, memory.Format(bits, bits, 8 * c.of["trained.weight"])).total
    trained = count.total if full else training.adapter_parameters(a, inputs.rank, kinds_of(inputs))[0]
    each = "trained" if full else "adapter"
    optimiser = 0.0 if inputs.optimiser == "adam-8-paged" else c.of.get(
        f"{each}.{inputs.optimiser}", c.of[f"trained.{inputs.optimiser}"])
    gradient = c.of[f"{each}.gradient"]
    gradients = trained * gradient
    if inputs.optimiser == "adam-8-paged" and not inputs.accumulate:
        # Each tensor is stepped as soon as its gradient is there, which is then thrown away.
        gradients = min(gradients, max(a.vocabulary * a.hidden_size, training.largest_matrix(a)) * gradient)
    mlp_trained = len(kinds_of(inputs)) > 2
    all_layers, layer = (v * (1 if inputs.compiled else c.of["working.uncompiled"])
                         for v in training.activation_bytes(a, mlp_trained))
    layer_weights = training.layer_parameters(a)
    return Job(
        frozen=0 if full else base,
        trained=trained * c.of[f"{each}.weight"],
        gradients=gradients,
        optimiser=trained * optimiser,
        reference=base if full and inputs.objective == "dpo" else 0,
        gathered_weights=2 * layer_weights * bits / 8,
        gathered_gradients=min(layer_weights, trained / a.layers) * gradient,
        kept_per_token=training.boundary_bytes(a) if inputs.checkpointing else all_layers,
        layer_per_token=layer,
        logits_per_token=a.vocabulary * c.of["working.logit-pieces" if inputs.loss_in_pieces else "working.logit-whole"],
        scratch=training.largest_matrix(a) * c.of["trained.weight"] if inputs.method == "qlora" else 0,
        recomputed=inputs.checkpointing,
        together=inputs.accumulate or inputs.optimiser == "adam-8-paged",
    )


def tokens_at_once(inputs: "Inputs") -> int:
    """Tokens that one GPU holds at a time; a pair is two examples."""
    return inputs.batch_per_gpu * inputs.sequence_tokens * (2 if inputs.objective == "dpo" else 1)


def peak_of(job: Job, tokens: float, gpus: int, sharding: str, c: Constants) -> Peak:
    """The memory of each GPU."""
    return training.peak_per_gpu(job, tokens, gpus, sharding, c.range("working.spread"), _fixed(c))


def _fixed(c: Constants) -> Range:
    """Bytes that every GPU loses to CUDA and buffers."""
    return Range(*(f * GIB for f in c.range("working.fixed")))


def gpus_needed(job: Job, tokens: float, sharding: str, room: float, c: Constants,
                counts: Sequence[int] = GPU_COUNTS) -> int | None:
    """The fewest GPUs, of those that are tried, on which even the high estimate fits `room` bytes; None if none do."""
    return training.fewest_gpus(job, tokens, sharding, room, c.of["working.spread-high"], _fixed(c).high, counts)
