"""The working of break-even's full form: a line or more for each figure."""

import math

from calculators.formulas import hosting, prices
from calculators.formulas.placement import Refusal
from calculators.formulas.three_ways import (
    BOUGHT,
    FACTS,
    HOSTED,
    OWN,
    PROPRIETARY,
    SPOT,
    STARTS,
    Inputs,
    Setting,
    lengths,
    owned_parts,
    speed_of,
)
from calculators.formulas.three_ways_flips import counts, field_of
from calculators.formulas.three_ways_ranges import COST
from calculators.formulas.three_ways_result import NAMES, Outputs
from calculators.kit.shape import NoValue, Step
from calculators.kit.units import number as show_number
from calculators.kit.units import show, significant


def steps(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line or more for each figure."""
    setting = outputs.setting
    assert setting is not None
    case, job = setting.case, setting.base.load.job
    texts = {name: f"{{{name}}}" for name in NAMES}
    hour = "of your 24 hours" if inputs.hours_of_day else "hour, in the shape “{day_shape}”"
    first = [Step("busiest_hour_requests", f"the requests of the heaviest {hour}: {{busiest_hour_requests}}"),
             Step("monthly_volume_tokens", "({input_tokens} + {overhead_tokens} + {output_tokens} + {reasoning_tokens}) × "
                  "{requests_per_day} × 30 days = {monthly_volume_tokens}")]
    for way, row, offer, usd in ((PROPRIETARY, inputs.proprietary_model, setting.base.proprietary, case.proprietary_usd),
                                 (HOSTED, inputs.hosted_model, setting.base.hosted, case.hosted_usd)):
        name = f"{way}_cost_usd"
        key = f"{prices.TABLE}.{row}"
        cached = not isinstance(offer, NoValue) and offer.usual.cached != offer.usual.input
        priced = f"input {{{key}.input}}, output {{{key}.output}}" + (f", cached {{{key}.cached_input}}" if cached else "")
        request = show(significant(usd, 6), "USD") if usd < math.inf else ""
        texts[name] = (f"{priced}: {request} for a request × {{requests_per_day}} × 30 days = {{{name}}}" if request
                       else f"{priced}; {{{name}}}")
    texts |= {f"{way}_usd_per_mtok": f"{{{way}_cost_usd}} ÷ {{monthly_volume_tokens}} = {{{way}_usd_per_mtok}}"
              for way in (PROPRIETARY, HOSTED, OWN) if not isinstance(getattr(outputs, f"{way}_usd_per_mtok"), NoValue)}
    if not setting.why_not:
        texts |= _own_texts(inputs, setting, job)
    texts["ways"] = ("each way's bill, ÷ tokens, ÷ requests; over {horizon_months} with {growth_percent} growth a month: "
                     "{ways}")
    texts["parts"] = "each API's bill by what is billed, and your own by what it is spent on: {parts}"
    texts["volumes"] = ("every step of a further replica, and every volume at which two bills meet between steps, is worked "
                        "out: {volumes}")
    if not isinstance(outputs.beats_proprietary_tokens, NoValue):
        texts["beats_proprietary_tokens"] = ("the first volume at which that bill pays for the replicas it needs: "
                                             "{beats_proprietary_tokens}")
    if not isinstance(outputs.beats_hosted_tokens, NoValue):
        texts["beats_hosted_tokens"] = "the same for the hosted open model: {beats_hosted_tokens}"
    texts["payback_months"] = ("{set_up_usd}, against what each month saves on the cheaper API, month by month with "
                               "{growth_percent} growth: {payback_months}")
    return [*first, *(Step(name, text) for name, text in texts.items()
                      if name not in ("busiest_hour_requests", "monthly_volume_tokens")),
            *_starts(inputs, setting), *_span(setting),
            Step("recommendation", "the least of {proprietary_cost_usd}, {hosted_open_cost_usd} and {own_cost_usd}")]


def _starts(inputs: Inputs, setting: Setting) -> list[Step]:
    """Where the figures come from that the form starts with, as far as they count and were left as they are."""
    kept = [f"{field_of(name).label} {{{FACTS}.{fact}}}" for name, fact in STARTS.items()
            if counts(inputs, name) and getattr(inputs, name) == setting.base.starts[name] and name != "set_up_usd"]
    return [Step("own_cost_usd", f"as the form starts, with their sources below: {'; '.join(kept)}")] if kept else []


def _span(setting: Setting) -> list[Step]:
    """What the range of one's own cost is, where it has one."""
    (slow, fast), rent = setting.span, setting.rent
    if setting.why_not or (slow, fast, rent.low, rent.high) == (1.0, 1.0, 1.0, 1.0):
        return []
    return [Step("own_cost_usd", f"at the dear end the throughput × {slow:.2f} and the price of a GPU × {rent.high:.2f}, at "
                 f"the cheap end × {fast:.2f} and × {rent.low:.2f}; all that rests on these has its range from the same ends")]


def _own_texts(inputs: Inputs, setting: Setting, job: prices.Job) -> dict[str, str]:
    """How the figures of one's own come about."""
    case, engine = setting.case, setting.engine
    assert not isinstance(engine, Refusal)
    gpus, fleet = engine.plan.setup.gpus, case.fleet
    answer = lengths(job)[1]
    speed = speed_of(setting) or 0.0
    how = "{replica_tokens_per_s}, as you measured" if inputs.replica_tokens_per_s is not None else (
        f"{engine.plan.name} in {engine.plan.setup.weights.key} on {gpus} × {engine.plan.gpu_name}, as many requests at once "
        f"as fit: {show(significant(speed, COST), 'tokens/s')}, × {setting.span[0]:.2f} to {setting.span[1]:.2f},")
    less = ", less what interruptions take," if inputs.acquisition == SPOT else ""
    kept = "; of the input {cached_share_percent} repeats and is computed once for {reads_per_write} times that it is read" if (
        inputs.cached_share_percent and inputs.replica_tokens_per_s is None) else ""
    idle = f"({show_number(fleet.reserve)} in reserve and {show_number(fleet.staging)} for tests beside them)"
    hours = hosting.hours_paid(fleet, case.requests_per_day, case.capacity)
    waiting = ("; what can wait fills the quiet hours of its day" if fleet.waiting else "")
    return {
        "replica_requests_per_hour": f"{how} ÷ {show(answer, 'tokens')} × 3,600 s{less} × {{planned_load_percent}} = "
                                     f"{{replica_requests_per_hour}}{kept}",
        "replicas": "{busiest_hour_requests} ÷ {replica_requests_per_hour}, rounded up, and one at least"
                    f"{waiting} = {{replicas}} {idle}",
        "own_cost_usd": f"{show_number(significant(hours.total, 6))} replica hours × {show(gpus, 'GPUs')} × "
                        f"{_gpu_text(inputs, setting)} + {{engineers}} engineers × {{engineer_usd}} ÷ 12 + {{storage_gb}} × "
                        "{storage_usd} + {requests_per_day} × 30 × {traffic_bytes} × {traffic_usd} = {own_cost_usd}",
        "used_percent": "the hours of full work that the requests make, of the hours that are paid for serving: {used_percent}",
    }


def _gpu_text(inputs: Inputs, setting: Setting) -> str:
    """What a GPU costs an hour, and why."""
    usd = show(significant(setting.rent.usd or 0.0, COST), "USD/GPU-hour")
    if inputs.acquisition != BOUGHT:
        return f"{usd} ({setting.rent.words})"
    listed = setting.base.rents[BOUGHT].usd
    card = inputs.purchase_usd if inputs.purchase_usd is not None else listed or 0.0
    paid, power, place = (show(round(part, 2), "USD") for part in owned_parts(inputs, setting.base, card))
    return (f"{usd} ({setting.rent.words}: {paid} a month over {{years}} at {{capital_percent}}, + {power} of electricity at "
            f"{{kwh_usd}} and a PUE of {{pue}}, + {place} for its place at {{hosting_kw_usd}}; ÷ 720)")
