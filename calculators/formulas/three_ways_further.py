"""What to know before the figures of break-even's full form are used, and where to go from them."""

import math

from calculators.formulas import hosting, prices
from calculators.formulas.placement import Refusal
from calculators.formulas.three_ways import BOUGHT, SPOT, Inputs, Setting
from calculators.formulas.three_ways_ranges import ESTIMATE, middle
from calculators.formulas.three_ways_result import Outputs
from calculators.kit.fields import Input
from calculators.kit.shape import Link, NoValue
from calculators.kit.units import show, significant

MANY_REPLICAS = 10  # no longer a small deployment, for which the form's start counts people
QUALITY = "Costs alone are compared, not how good the models are: let a test on your own task decide that first."


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    shared = {name: getattr(inputs, name) for name in (
        "requests_per_day", "input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens", "cached_share_percent",
        "batch_share_percent", "day_shape")}
    replica: dict[str, Input] = {"model": inputs.model, "gpu": inputs.gpu, "weight_precision": inputs.weight_precision,
               "input_tokens": inputs.input_tokens + inputs.overhead_tokens,
               "output_tokens": max(1, inputs.output_tokens + inputs.reasoning_tokens)}
    if inputs.tensor_parallel:
        replica["tensor_parallel"] = inputs.tensor_parallel
    return [Link("The same workload on other models and hosts", "calculators/api-cost/", values=shared),
            Link("Where the throughput of a replica comes from", "calculators/serving/", values=replica),
            Link("Servers of your own for the usual load and an API for the peaks", "calculators/routing/",
                 values={"strategy": "fallback"}),
            Link("What the figures for people, power and purchase rest on", "calculators/break-even/#assumptions")]


def _outlay(inputs: Inputs, setting: Setting, replicas: float) -> str:
    """What the GPUs of one's own take to buy, those in reserve and for tests included."""
    engine, listed = setting.engine, setting.base.rents[BOUGHT].usd or 0.0
    assert not isinstance(engine, Refusal)
    gpus = math.ceil((replicas + inputs.reserve_replicas + inputs.staging_replicas) * engine.plan.setup.gpus)
    usd = gpus * (listed if inputs.purchase_usd is None else inputs.purchase_usd)
    return f"{show(gpus, 'GPUs')} with their share of the servers, about {show(significant(usd, ESTIMATE), 'USD')}"


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figures."""
    setting = outputs.setting
    assert setting is not None
    found, case = [], setting.case
    for offer in (setting.base.proprietary, setting.base.hosted):
        if not isinstance(offer, NoValue) and prices.misfit(offer, setting.base.load.job):
            found.append(f"{offer.label}: {prices.misfit(offer, setting.base.load.job)}.")
        elif not isinstance(offer, NoValue) and (short := prices.too_short_to_cache(offer, setting.base.load.job)):
            found.append(short)
    if setting.why_not:
        found.append(f"Your own GPUs are left out: {setting.why_not}.")
        return [*found, QUALITY]
    if not setting.base.same_weights:
        found.append("The hosted model and the one that you would run yourself are not the same.")
    if inputs.acquisition == SPOT and not inputs.reserve_replicas:
        found.append("Spot machines can be taken away at short notice, and nothing is in reserve.")
    replicas, used = middle(outputs.replicas), middle(outputs.used_percent)
    if not isinstance(replicas, NoValue) and replicas > MANY_REPLICAS and inputs.engineers == setting.base.starts["engineers"]:
        found.append(f"{show(inputs.engineers, 'count')} engineers are the form's start for a small deployment, and this takes "
                     f"{show(replicas, 'count')} replicas: enter how many people that needs.")
    if inputs.acquisition == BOUGHT and not isinstance(replicas, NoValue):
        found.append(f"To be bought first: {_outlay(inputs, setting, replicas)}. The cost of a month repays it with interest.")
    if inputs.planned_load_percent > 90:
        found.append("More than 90 % of the throughput in the busiest hour leaves no room for the minutes that are busier.")
    if not isinstance(used, NoValue) and used < 10 and case.fleet.scaling == hosting.ALWAYS:
        found.append(f"The replicas that are paid for work {show(significant(used, 2), '%')} of the time.")
    engine, estimated = setting.engine, inputs.replica_tokens_per_s is None
    if not isinstance(engine, Refusal) and engine.plan.widened and estimated:
        found.append("Nothing alike was measured: the range of the throughput is the widest.")
    return [*found, QUALITY]
