"""What to know before the figures of fine-tuning are used, and where to go from them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import SERVER
from calculators.formulas.tuning_run import ONE_ALONE
from calculators.formulas.tuning_speed import measured_gpus
from calculators.kit import workload
from calculators.kit.facts import Facts
from calculators.kit.shape import Link

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.fine_tuning import Inputs, Outputs


def notes(inputs: "Inputs", facts: Facts, a: Architecture, used: int, needed: int | None, counts: Sequence[int]) -> list[str]:
    """What the reader should know."""
    row, found = facts.rows("models")[inputs.model], []
    if row.get("native_precision") not in ("bf16", "fp16"):
        found.append("This model is published in fewer than 16 bits. Its weights are counted widened to 16, and the tuned "
                     "model would have to be quantised again.")
    held = row.get("context_tokens")
    found += workload.beyond_context(str(row["name"]), inputs.sequence_tokens, float(held) if held else None)
    if a.expert_layers:
        found.append("A mixture of experts: activations are counted as if tokens spread evenly, and an expert that is asked "
                     "more often needs more. The speed is that of dense models: mixtures reach less, often much less. Not "
                     "every tool trains experts, or holds them in 4 bits.")
    if inputs.gpu not in measured_gpus(facts) and "bf16_tflops" in facts.rows("gpus")[inputs.gpu]:
        found.append("No measured fine-tuning was found for this GPU: its speed is estimated from others and from training "
                     "runs of vendors.")
    if used > SERVER:
        found.append("More than one server: a fast network between them is assumed. With a slower one GPUs wait for weights "
                     "and gradients.")
    if counts == (1,):
        found.append(f"{ONE_ALONE}'s chips are trained on with programs of their own (MLX): bytes and formats there differ, "
                     "QLoRA's nf4 among them.")
    if inputs.sharding == "none" and needed is None and counts != (1,):
        found.append("More GPUs would not help: each holds all of it. Deal the weights out instead.")
    if inputs.optimiser == "adam-8-paged":
        found.append("A paged optimiser needs its memory in the machine, and moving it back and forth is not counted in time.")
    return found


def next_pages(inputs: "Inputs", outputs: "Outputs") -> list[Link]:
    """Where to go from here."""
    return [Link("What its licence asks of a model that you change and pass on", "calculators/licence/",
                 values={"model": inputs.model, "redistributes": True}),
            Link("How many users a server of the base holds", "calculators/serving/",
                 values={"model": inputs.model, "gpu": inputs.gpu}),
            Link("Who still offers fine-tuning, and at what price", "data/fine-tuning/"),
            Link("What can be changed in a model, and the techniques one by one", "guide/customisation/#techniques"),
            Link("At what volume a server of your own costs less than an API", "calculators/break-even/",
                 values={"mode": "full", "model": inputs.model, "gpu": inputs.gpu})]
