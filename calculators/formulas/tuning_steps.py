"""The working of fine-tuning: a line for each figure of memory, time and what serving the result takes."""

from typing import TYPE_CHECKING

from calculators.formulas.memory import SERVER
from calculators.formulas.training import SHARDINGS
from calculators.formulas.tuning_run import KEY, tokens_at_once
from calculators.kit.shape import LEFT_OUT, NoValue, Step
from calculators.kit.units import show

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.fine_tuning import Inputs, Outputs


def steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    """A line for each figure."""
    return [*_held_steps(inputs, outputs), *_moment_steps(inputs, outputs), *_fit_steps(inputs, outputs),
            *_time_steps(inputs, outputs), *_serving_steps(inputs, outputs)]


def _held_steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    """What is held all the time: weights, gradients, optimiser."""
    full, each = inputs.method == "full", "trained" if inputs.method == "full" else "adapter"
    dealt = "dealt out over {gpus_used}" if inputs.sharding != "none" else "on every GPU"
    fraction = {name: dealt if SHARDINGS.index(inputs.sharding) >= stage else "on every GPU"
                for stage, name in ((1, "optimiser"), (2, "gradients"), (3, "weights"))}
    if inputs.optimiser == "adam-8-paged":
        optimiser = "in main memory"
    else:
        known = "trained" if full or inputs.optimiser != "adam-32" else "adapter"
        optimiser = f"{{trained_parameters}} × {{{KEY}.{known}.{inputs.optimiser}}}, {fraction['optimiser']}"
    freed = "" if inputs.accumulate else "; gradients come as activations go, so only the larger of the two counts"
    return [
        Step("trained_parameters", "every parameter of {model}: {trained_parameters}" if full else
             "{rank} × (inputs + outputs) of each matrix of {model} that gets an adapter = {trained_parameters}"),
        *([] if full else [
            Step("weights_gib",
                 f"{{model}} at {{{KEY}.frozen.{inputs.method}}} for each weight, {fraction['weights']}: {{weights_gib}}")]),
        *([] if outputs.reference_gib == LEFT_OUT else [
            Step("reference_gib", f"the model as it was, {fraction['weights']}: {{reference_gib}}" if full else
                 "the base without its adapter, already there: {reference_gib}")]),
        Step("trained_gib", f"{{trained_parameters}} × {{{KEY}.{each}.weight}}, {fraction['weights']}: {{trained_gib}}"),
        Step("gradients_gib", ("one tensor at a time, stepped and thrown away: {gradients_gib}"
                               if inputs.optimiser == "adam-8-paged" and not inputs.accumulate else
                               f"{{trained_parameters}} × {{{KEY}.{each}.gradient}}, {fraction['gradients']}: "
                               f"{{gradients_gib}}{freed}")),
        Step("optimiser_gib", f"{optimiser}: {{optimiser_gib}}"),
    ]


def _moment_steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    """What is there when memory is fullest."""
    kept = ("2 bytes for each element of the input of every layer" if inputs.checkpointing
            else "every tensor that the backward pass needs, in 16 bits")
    eager = "" if inputs.compiled else f", × {{{KEY}.working.uncompiled}} without compiled layers"
    logit = "pieces" if inputs.loss_in_pieces else "whole"
    spread = f"low × {{{KEY}.working.spread-low}}, high × {{{KEY}.working.spread-high}}"
    return [
        Step("activations_gib", f"{kept}, for {tokens_at_once(inputs):,} tokens{'' if inputs.checkpointing else eager}: "
             f"{{activations_gib}}; {spread}"),
        Step("logits_gib", f"{{{KEY}.working.logit-{logit}}} for each token and entry of the vocabulary: {{logits_gib}}"),
        Step("gathered_gib", (_gathered(inputs, outputs) or "nothing") + ": {gathered_gib}"),
        Step("working_gib", ("one layer computed again" + eager + ", and " if inputs.checkpointing else "")
             + f"{{{KEY}.working.fixed}} ({{{KEY}.working.fixed-low}} to {{{KEY}.working.fixed-high}}) for CUDA and buffers: "
             "{working_gib}"),
    ]


def _fit_steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    """The sum, and on how many GPUs it fits."""
    return [
        Step("memory_gib", "the parts together: {memory_gib}"),
        Step("gpus_needed", "none: {gpus_needed}" if isinstance(outputs.gpus_needed, NoValue) else
             f"the fewest of 1, 2, 4, 8 and whole servers of 8 whose memory of {show(outputs.gpu_gib, 'GiB')} holds the high "
             "end: {gpus_needed}"),
        Step("gpus_used", "as you gave: {gpus_used}" if inputs.gpus else "{gpus_used}"),
        Step("methods", "the same sum for each method on {gpus_used}: {methods}"),
        Step("answer", f"{{answer}}: {{memory_gib}} against the {show(outputs.gpu_gib, 'GiB')} of a GPU"),
    ]


def _gathered(inputs: "Inputs", outputs: "Outputs") -> str:
    found = []
    if inputs.sharding == "parameters" and outputs.gpus_used > 1:
        found.append("two layers put together from all GPUs")
    if inputs.sharding in ("gradients", "parameters") and outputs.gpus_used > 1 and outputs.gradients_gib:
        found.append("the gradients of one")
    if inputs.method == "qlora":
        found.append("the largest matrix in 16 bits")
    return ", ".join(found)


def _time_steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    row = outputs.share_row
    passes = ("6" if inputs.method == "full" else "4") + " FLOPs for each parameter that a token uses"
    more = ("" + ", 2 more for recomputing" * inputs.checkpointing + ", 2 more for the reference" * (inputs.objective == "dpo")
            + ", and the attention over the example" + ", 6 for each of the adapter" * (inputs.method != "full"))
    eager = "" if inputs.compiled else f" × {{{KEY}.speed.uncompiled}}"
    network = f", {{{KEY}.speed.network}} between servers" if outputs.gpus_used > SERVER else ""
    speed = (f"{passes}{more}; {{gpu}} reaches {{{KEY}.speed.{row}}} ({{{KEY}.speed.{row}-low}} to "
             f"{{{KEY}.speed.{row}-high}}){eager} of its peak{network}: {{tokens_per_second}}"
             if row else "{tokens_per_second}")
    rented = "as you gave" if inputs.gpu_hour_usd is not None else "the median of the providers' on-demand prices"
    return [
        Step("tokens_per_second", speed),
        Step("hours", "{training_tokens} × {epochs} ÷ {tokens_per_second} = {hours}" if row else "{hours}"),
        Step("hour_usd", "{hour_usd}" if isinstance(outputs.hour_usd, NoValue) else rented + ": {hour_usd}"),
        Step("cost_usd", "{cost_usd}" if isinstance(outputs.cost_usd, NoValue) else
             "{hours} × {gpus_used} × {hour_usd} = {cost_usd}"),
        Step("year_usd", "{year_usd}" if isinstance(outputs.year_usd, NoValue) else
             "{cost_usd} × {redone_per_year} = {year_usd}"),
    ]


def _serving_steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    key = outputs.hosted_key
    full = inputs.method == "full"
    twice = " × {fine-tuning.fireworks.full-or-preference}" * (inputs.method == "full" or inputs.objective == "dpo")
    hosted = ("{hosted_usd}" if isinstance(key, NoValue) else
              f"{{training_tokens}} × {{epochs}} × {{{key}}}{twice} = {{hosted_usd}}")
    return [
        Step("hosted_usd", hosted),
        Step("hosted_year_usd", "{hosted_year_usd}" if isinstance(key, NoValue) else
             "{hosted_usd} × {redone_per_year} = {hosted_year_usd}"),
        *([] if full else [Step("result_gb", f"{{trained_parameters}} × {{{KEY}.adapter.file}} = {{result_gb}}")]),
        Step("merged_gb", f"all parameters of {{model}} × {{{KEY}.trained.weight}} = {{merged_gb}}"),
        Step("serving_gpus", f"{{merged_gb}} may take {{{KEY}.serving.share}} of their memory: {{serving_gpus}}; a coarser "
             "format needs fewer"),
        Step("serving_usd_month", "{serving_usd_month}" if isinstance(outputs.serving_usd_month, NoValue) else
             f"{{serving_gpus}} × {{hour_usd}} × {{{KEY}.serving.hours}} = {{serving_usd_month}}"),
        *([] if full else [
            Step("shared_usd_month", "{shared_usd_month}" if isinstance(outputs.shared_usd_month, NoValue) else
                 f"GPUs that hold the base and {{tuned_models}} × {{result_gb}}, × {{hour_usd}} × {{{KEY}.serving.hours}} ÷ "
                 "{tuned_models} = {shared_usd_month}")]),
        Step("hosting_usd_month",
             f"{{hosting_usd_hour}} × {{{KEY}.serving.hours}} = {{hosting_usd_month}}, tokens not included"),
        Step("serving", "{serving}"),
        Step("ways", "the three beside one another: {ways}"),
    ]
