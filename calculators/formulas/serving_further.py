"""What to know before a serving speed is used, and where to go from it."""

from typing import TYPE_CHECKING, Any

from calculators.formulas import throughput
from calculators.formulas.placement import Refusal
from calculators.kit import carry, workload
from calculators.kit.shape import Link, NoValue
from calculators.kit.units import number

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.serving import Inputs, Outputs

NEARLY_ALL = 0.75  # of the requests counted with: fewer than this, and memory rather than speed is what is not known


def warnings(inputs: "Inputs", outputs: "Outputs") -> list[str]:
    """What the reader should know before using the figure."""
    plan = outputs.plan
    if isinstance(plan, Refusal):
        return []
    found = [*plan.odd, *workload.beyond_context(plan.name, inputs.input_tokens + inputs.output_tokens, plan.context)]
    if inputs.concurrent_requests is not None and inputs.concurrent_requests > plan.busy * plan.most:
        found.append(f"Only {number(plan.busy * plan.most)} of the requests run at once: the others wait.")
    if plan.fit.low < NEARLY_ALL * plan.speed.requests:
        low, high = (number(plan.copies * count) for count in (plan.fit.low, plan.fit.high))
        found.append(f"Memory is nearly full: by what the engine takes for itself {low} to {high} requests fit, and the result "
                     "may be further off than its range says. Take more GPUs or a smaller format, or read the engine's log.")
    if inputs.gpus and inputs.gpus % plan.setup.gpus:
        found.append(f"{inputs.gpus % plan.setup.gpus} of the {inputs.gpus:,} GPUs are left over.")
    if inputs.model == workload.CUSTOM and plan.arch.experts:
        found.append(f"Of your model's experts a token is taken to use {plan.arch.experts_per_token}.")
    if plan.arch.experts and plan.setup.engine in throughput.DENSE_ALONE:
        found.append("No mixture of experts was measured with this engine: the time is put together from its dense models and "
                     "from other engines' mixtures, and may be far off.")
    if inputs.gpu.startswith("apple"):
        found.append("No matrix rate is published for this chip: the time to the first token is rough.")
    return found


def next_pages(inputs: "Inputs", outputs: "Outputs") -> list[Link]:
    """Where to go from here, with what was set here."""
    table = inputs.model != workload.CUSTOM
    own = {} if table else {name: getattr(inputs, name) for name in workload.OwnModel.__dataclass_fields__}
    model = {"model": inputs.model} if table else {}
    load: dict[str, Any] = {
        "gpu": inputs.gpu, "weight_precision": inputs.weight_precision, "kv_precision": inputs.kv_precision,
        "concurrent_requests": inputs.concurrent_requests, "context_tokens": inputs.input_tokens + inputs.output_tokens,
        "tensor_parallel": inputs.tensor_parallel}
    engine = {"engine": inputs.engine} if inputs.engine != workload.GENERIC else {}
    return [
        carry.link(f"The command that serves {'it' if table else 'a model of the table'}", "calculators/deploy/",
                   **model, **load, **engine),
        carry.link("Whether it fits, part by part", "calculators/gpu-memory/", model=inputs.model, **own, **load,
                   engine=inputs.engine),
        _break_even(inputs, outputs),
        Link("How far off such estimates were: the line that covers this one",
             f"about/accuracy/#serving-errors-{outputs.errors_key}"),
        Link("What renting a GPU costs, by provider", "data/gpus/"),
    ]


def _break_even(inputs: "Inputs", outputs: "Outputs") -> Link:
    """Break-even for the same model and GPUs; for a model of one's own its simple form, with this throughput."""
    title, page = "At what volume a server of your own costs less than an API", "calculators/break-even/"
    if inputs.model != workload.CUSTOM:
        return carry.link(title, page, mode="full", model=inputs.model, gpu=inputs.gpu, tensor_parallel=inputs.tensor_parallel,
                          weight_precision=inputs.weight_precision, input_tokens=inputs.input_tokens,
                          output_tokens=inputs.output_tokens, gpu_hour_usd=inputs.gpu_hour_usd)
    out, price, gpus = outputs.output_tokens_per_s, outputs.gpu_price_usd, outputs.gpus_used
    if isinstance(out, NoValue) or isinstance(price, NoValue) or isinstance(gpus, NoValue):
        return Link(title, page)
    both = out.central * (inputs.input_tokens + inputs.output_tokens) / inputs.output_tokens
    return carry.link(title, page, mode="simple", tokens_per_second=float(f"{both:.4g}"),
                      hosting_cost_per_hour=float(f"{price * gpus:.6g}"))
