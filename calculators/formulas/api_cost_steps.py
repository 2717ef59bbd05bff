"""The working of API cost: the bill of the cheapest model, and the prices of all."""

from typing import TYPE_CHECKING

from calculators.formulas.prices import CACHES
from calculators.formulas.prices import TABLE as PRICES
from calculators.kit.shape import Step
from calculators.kit.units import show

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.api_cost import Inputs, Outputs, Priced


def steps(inputs: "Inputs", outputs: "Outputs") -> list[Step]:
    """A line or more for each figure; `outputs` has one model at least that can take the request."""
    best = outputs.priced[0]
    return [
        *(_price_step(p) for p in outputs.priced),
        Step("cost_per_request", _request_text(inputs, best)),
        Step("monthly_cost", f"{show(best.request_usd, 'USD')} × {{requests_per_day}} × 30 days = {{monthly_cost}}"),
        Step("average_monthly_cost", "{horizon_months} from today, each at the prices of its days, with {growth_percent} "
             "growth a month, divided by their number: {average_monthly_cost}"),
        Step("cheapest_over_horizon", "{cheapest_over_horizon}; models that end sooner are left out"),
        Step("cheapest_open", "{cheapest_open}"),
        Step("cheapest_proprietary", "{cheapest_proprietary}"),
        Step("monthly_tokens", "({input_tokens} + {overhead_tokens} + {output_tokens} + {reasoning_tokens}) × "
             "{requests_per_day} × 30 days = {monthly_tokens}, by your count"),
        Step("usd_per_million_tokens", "{monthly_cost} ÷ {monthly_tokens} = {usd_per_million_tokens}" if outputs.monthly_tokens
             else "{usd_per_million_tokens}"),
        Step("parts", "each part of a request in the mean, times the requests of a month"),
        Step("not_priced", "{not_priced}"),
        Step("cheapest", f"the least for one request, {{cost_per_request}}, on {best.offer.label}"),
    ]


def _price_step(p: "Priced") -> Step:
    """The prices that a model's bill rests on, each with its source."""
    def price(name: str, table: str = PRICES) -> str:
        return f"{{{table}.{p.offer.row}.{name}}}"

    usual = p.offer.off_peak or p.offer.usual
    text = f"{p.offer.label}: input {price('input')}, output {price('output')}"
    text += f", cached {price('cached_input')}" if usual.cached != usual.input else ""
    if p.cache.write:
        text += f", written to the cache for {price('long_minutes', CACHES)} {price('long_write', CACHES)}"
    elif usual.write != usual.input:
        text += f", written to the cache {price('cache_write')}"
    text += f", cached from {price('smallest', CACHES)} on" if p.cache.smallest else ""
    text += f", in a batch {price('batch_input')} and {price('batch_output')}" if p.offer.batch else ""
    text += (f", at peak ({price('peak')}) {price('peak_input')} and {price('peak_output')}" if p.offer.off_peak else "")
    text += f"; prompts of more than {price('tier_above_tokens')} cost more" if p.offer.tiers else ""
    return Step("costs", text)


def _request_text(inputs: "Inputs", best: "Priced") -> str:
    """One request of the cheapest model, part by part."""
    names = ("input", "reading from the cache", "writing it", "output", "reasoning")
    parts = " + ".join(f"{show(part, 'USD')} {name}" for name, part in zip(names, best.parts, strict=True) if part)
    more = []
    if best.parts.cached:
        more.append("{cached_share_percent} of the input repeats, with {reads_per_write} reads for each write")
    if inputs.batch_share_percent:
        more.append("{batch_share_percent} can wait")
    if inputs.surcharge_percent:
        more.append("{surcharge_percent} added")
    if best.offer.ratio != 1:
        more.append(f"{best.offer.ratio:g} tokens for each of yours")
    return f"{parts or 'nothing'} = {{cost_per_request}}{': ' + ', '.join(more) if more else ''}"
