"""How fast a run of fine-tuning goes: from the reader's choices to tokens a second."""

from typing import TYPE_CHECKING

from calculators.formulas import attention_work, parameter_count, training
from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import GB
from calculators.formulas.training import Job, Work
from calculators.formulas.tuning_run import Constants, kinds_of, tokens_at_once
from calculators.kit.facts import Facts
from calculators.kit.shape import NoValue
from calculators.kit.units import Range

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.fine_tuning import Inputs


def measured_gpus(facts: Facts) -> frozenset[str]:
    """The GPUs with measured rows of training whose speed is not doubtful."""
    return frozenset(str(row["gpu"]) for row in facts.rows("training-measured").values() if not row.get("doubtful"))


def share_of_peak(inputs: "Inputs", facts: Facts, c: Constants) -> tuple[Range, str]:
    """The share of its peak that a GPU reaches in training, as a ratio, and the name of its figures."""
    row = "measured" if inputs.gpu in measured_gpus(facts) else "other"
    factor = 1 if inputs.compiled else c.of["speed.uncompiled"]
    return Range(*(v * factor for v in c.range(f"speed.{row}"))), row


def work_of(inputs: "Inputs", a: Architecture, job: Job, gpus: int) -> Work:
    """What one step of one GPU does."""
    adapter = 0.0 if inputs.method == "full" else training.adapter_parameters(a, inputs.rank, kinds_of(inputs))[1]
    attention = attention_work.attention_flops(a, inputs.sequence_tokens, at_once=True).total
    each = training.flops_per_token(2.0 * parameter_count.parameters(a).active, attention, adapter, inputs.method != "full",
                                    inputs.checkpointing, inputs.objective == "dpo")
    return Work(each * tokens_at_once(inputs), training.link_bytes(job, gpus, inputs.sharding))


def speed_of(inputs: "Inputs", a: Architecture, job: Job, gpus: int, facts: Facts,
             c: Constants) -> tuple[Range | NoValue, str]:
    """Tokens/s of all GPUs, and the name of the figures of its share of the peak."""
    gpu = facts.rows("gpus")[inputs.gpu]
    if "bf16_tflops" not in gpu:
        return NoValue("no speed of its matrix units is known"), ""
    shares, row = share_of_peak(inputs, facts, c)
    link = training.link_bytes_per_s(float(gpu.get("link_gb_s", 0)) * GB, c.of["speed.network"] * GB, gpus)
    return training.speed(work_of(inputs, a, job, gpus), tokens_at_once(inputs) * gpus, float(gpu["bf16_tflops"]) * 1e12,
                          shares, link), row
