"""The working of serving speed: a line for each figure of an estimate."""

from typing import TYPE_CHECKING

from calculators.formulas import throughput
from calculators.formulas.memory import GB
from calculators.kit.shape import Step
from calculators.kit.units import number as show_number
from calculators.kit.units import show

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.serving import Inputs, Outputs, Plan


def steps(inputs: "Inputs", outputs: "Outputs", plan: "Plan") -> list[Step]:
    """A line for each figure."""
    return [*_memory_steps(inputs, plan), *_time_steps(inputs, outputs, plan), *_money_steps(inputs, outputs),
            *_last_steps(inputs, outputs, plan)]


def _four(value: float, unit: str) -> str:
    """A figure on the way to an estimate: four significant digits."""
    return show(float(f"{value:.4g}"), unit)


def _memory_steps(inputs: "Inputs", plan: "Plan") -> list[Step]:
    over = f"engine-overhead.{plan.overhead}"
    return [
        Step("weights_per_gpu_gb", f"{plan.name} in {plan.setup.weights.key}, over {show(plan.setup.gpus, 'GPUs')} = "
             "{weights_per_gpu_gb}"),
        Step("gpus_used", _gpus_text(inputs, plan)),
        Step("requests_that_fit", f"of {{gpus.{inputs.gpu}.memory_gib}} on each GPU weights and engine leave "
             f"{_four(plan.work.room_bytes / GB, 'GB')} ({{{over}.central_gib}} for the engine), "
             f"÷ {_four(plan.work.full_kv_bytes / GB, 'GB')} per request at its full length, whole ones{_times(plan)} = "
             f"{{requests_that_fit}}, from where the engine takes {{{over}.high_gib}} to where it takes {{{over}.low_gib}}"),
        Step("in_flight", "{in_flight}: " + ("as many as fit" if inputs.concurrent_requests is None else
                                             "the smaller of {concurrent_requests} and {requests_that_fit}") + _at_most(plan)),
    ]


def _time_steps(inputs: "Inputs", outputs: "Outputs", plan: "Plan") -> list[Step]:
    fit = "serving-factors.common"
    step = _four(1000 * sum(plan.speed.parts.values()), "ms")
    prompt = _four(1000 * throughput.prompt_s(plan.work, plan.rates), "ms")
    each = f"{show_number(float(f'{plan.speed.requests:.4g}'))} in flight"
    reached = 100 * plan.rates.weight_bytes_per_s / plan.gpu.bytes_per_s
    return [
        Step("where", f"weights {_four(plan.work.weight_bytes / 1e9, 'GB')}{_experts_text(plan)} at {reached:.0f} % of "
             f"{{gpus.{inputs.gpu}.bandwidth_gb_s}} (common share {{{fit}.bandwidth}}); cache "
             f"{_four(plan.work.kv_bytes / 1e9, 'GB')} per request at {{{fit}.cache}}; compute at {{{fit}.compute}} of the peak"
             f"; {{{fit}.layer-us}} per layer and {{{fit}.step-us}} per step, times the engine's factor: {{where}}"),
        Step("bottleneck", "the largest of these, prompts with compute: {bottleneck}"),
        Step("output_tokens_per_s", f"{_busy_text(plan)} × {each} × {{output_tokens}} ÷ ({{output_tokens}} × {step} per step + "
             f"requests × {prompt} per prompt), {_span_text(outputs, plan)} = {{output_tokens_per_s}}"),
        Step("user_tokens_per_s", f"1 ÷ {_four(1000 * plan.speed.step_s, 'ms')} between tokens, prompts of others included: "
             "{user_tokens_per_s}"),
        Step("time_per_output_token_ms", "1 ÷ {user_tokens_per_s} = {time_per_output_token_ms}"),
        Step("ttft_ms", _first_text(plan, fit)),
        Step("ttft_loaded", "{ttft_loaded}"),
    ]


def _money_steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    price = "the price that you gave: " if inputs.gpu_hour_usd is not None else (
        f"the median of the lowest on-demand prices of {show(outputs.offers, 'count')} providers: " if outputs.offers > 1 else
        "the lowest on-demand price of the one provider found: " if outputs.offers else "")
    return [
        Step("requests_per_hour", "{output_tokens_per_s} × 3,600 s ÷ {output_tokens} = {requests_per_hour}"),
        Step("gpu_price_usd", f"{price}{{gpu_price_usd}}"),
        Step("usd_per_million_output_tokens", "{gpus_used} × {gpu_price_usd} ÷ ({output_tokens_per_s} × 3,600 s), busy all "
             "the time = {usd_per_million_output_tokens}"),
    ]


def _last_steps(inputs: "Inputs", outputs: "Outputs", plan: "Plan") -> list[Step]:
    return [
        *([Step("requests_for_target", "the most with which each request still gets {target_tokens_per_s}: "
                "{requests_for_target}")] if inputs.target_tokens_per_s else []),
        Step("numbers", "the same for each number of GPUs that holds the model: {numbers}"),
        Step("how_sure", f"estimates of rows that the fit had not seen: half within {{serving-errors.{outputs.errors_key}."
             f"half_percent}}, nine in ten within {{serving-errors.{outputs.errors_key}.nine_in_ten_percent}}, and inside "
             f"{'the usual' if plan.widened == 'unseen' else 'this'} range "
             f"{{serving-errors.{outputs.errors_key}.in_range_percent}} of them"),
        Step("answer", "{output_tokens_per_s}, all requests together"),
    ]


def _gpus_text(inputs: "Inputs", plan: "Plan") -> str:
    if inputs.gpus:
        return f"{show_number(plan.copies)} {_copies_word(plan.copies)} × {show(plan.setup.gpus, 'GPUs')} = {{gpus_used}}"
    why = "as you chose" if inputs.tensor_parallel else "the fewest that hold weights and one request"
    if not inputs.tensor_parallel and (inputs.concurrent_requests or 1) > 1:
        all_fit = (inputs.concurrent_requests or 1) <= plan.held
        why = "the fewest that hold weights and {concurrent_requests} requests" if all_fit else (
            "the most that is tried, too few for {concurrent_requests} requests")
    return "{gpus_used}: " + why


def _copies_word(count: int) -> str:
    return "copy" if count == 1 else "copies"


def _times(plan: "Plan") -> str:
    return f", × {show_number(plan.copies)} copies" if plan.copies > 1 else ""


def _at_most(plan: "Plan") -> str:
    return f", and no more than {show_number(plan.most)} to a copy" if plan.most < plan.held else ""


def _busy_text(plan: "Plan") -> str:
    idle = plan.copies - plan.busy
    return f"{show_number(plan.busy)} {'busy ' if idle else ''}{_copies_word(plan.busy)}" + (
        f" ({show_number(idle)} idle)" if idle else "")


def _first_text(plan: "Plan", fit: str) -> str:
    """Every term of the time to the first token, in ms."""
    first = throughput.first_token(plan.work, plan.rates, plan.load.input_tokens)
    prompt, weights, fixed, before, total = (_four(1000 * part, "ms") for part in (*first, first.total))
    several = f" + {{{fit}.first-spread-ms}}" if plan.setup.gpus > 1 else ""
    return (f"√(({prompt} of compute and link for {{input_tokens}} of prompt)² + ({weights} to read the weights)²) + {fixed} "
            f"of fixed work + {before} before the prompt ({{{fit}.first-ms}}{several}) = {total}; × {plan.first_span[0]:.2f} "
            f"to {plan.first_span[1]:.2f} = {{ttft_ms}}")


def _experts_text(plan: "Plan") -> str:
    if not plan.work.experts:
        return ""
    share = throughput.touched(plan.work.experts, plan.work.experts_per_token, plan.speed.requests)
    return f" and {100 * share:.0f} % of {_four(plan.work.expert_bytes / 1e9, 'GB')} of experts"


_WIDENED = {
    "": "which held {%s} of the measured rows nearest to this",
    "unseen": "the range of what was not measured: this kind of GPU or this engine was not, or not with "
              "a mixture of experts",
    "thin": "the range of what was not measured, and of the error that rows of this GPU's family had before any of them was "
            "fitted, since few configurations of it were measured; it held {%s} of them",
    "gpu": "widened to this GPU's own errors, since the usual range held too few of its rows; it held {%s} of them",
}


def _span_text(outputs: "Outputs", plan: "Plan") -> str:
    """The range of an estimate, and what it is worth."""
    why = _WIDENED[plan.widened]
    held = why % f"serving-errors.{outputs.errors_key}.in_range_percent" if "%s" in why else why
    return f"× {plan.span[0]:.2f} to {plan.span[1]:.2f}, {held}"
