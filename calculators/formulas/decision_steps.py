"""The working of a decision in full: what rules each way out, what it costs with, what its points rest on."""

from collections.abc import Iterator
from typing import Any

from calculators.formulas import options, prices, three_ways
from calculators.formulas.decision_inputs import NO_BENCHMARK, Inputs, weights_of
from calculators.formulas.options import BURST, CLOUD, FACTORS, HOSTED, OPTIONS, OWN, PROPRIETARY, REGIONAL, ROUTE
from calculators.formulas.verdict import Verdict
from calculators.kit.shape import LEFT_OUT, Step
from calculators.kit.units import Range, show, significant


def explain(inputs: Inputs, outputs: Any) -> list[Step]:
    """What rules each way out, what each costs, what the points of the first two rest on."""
    verdict: Verdict = outputs.verdict
    steps = [Step("ruled", f"{OPTIONS[way]}: {finding.says}") for way, found in verdict.findings.items() for finding in found]
    steps.append(Step("ruled", f"{len(verdict.order)} of {len(OPTIONS)} ways are left"))
    steps += [Step("costs", text) for text in _cost_texts(inputs, verdict)]
    steps += [Step("points", text) for text in _point_texts(inputs, verdict)]
    steps += [
        Step("first_points", "the mean of its points by weight: {first_points}"),
        Step("lead", "the difference of the first two: {lead}"),
        Step("first_cost", "{first_cost}"),
        Step("measure", "the widest ranges of the first two, times their weights: each alone may move the total so far"),
        Step("reasons", "each answer against the one without the reason, all others as given"),
        Step("conflict", "the fewest answers whose change leaves something"),
        Step("why", "{why}"),
        Step("how_sure", "clear if the lead is more than the ranges leave open, likely if it is more than half of that; "
                         "ranges add up as squares do"),
        Step("recommendation", "of what the conditions leave, the way with the most points; of equals the cheaper, then "
                               "the one that is listed first"),
    ]
    return [step for step in steps if getattr(outputs, step.of) != LEFT_OUT]


def _cost_texts(inputs: Inputs, verdict: Verdict) -> Iterator[str]:
    for way in (PROPRIETARY, REGIONAL, HOSTED):
        if way in verdict.sold:
            one = verdict.sold[way]
            text = (f"{OPTIONS[way]}, {one.label}: input {{{prices.TABLE}.{one.row}.input}}, output "
                    f"{{{prices.TABLE}.{one.row}.output}}; one request "
                    f"{show(significant(one.usd(inputs.residency), 4), 'USD')}")
            if one.surcharge and inputs.residency in one.regions:
                text += f", {{{one.terms_key}.region_surcharge}} for the region included"
            yield f"{text}; {{requests_per_day}} × 30 days"
    servers = verdict.servers
    if servers.why:
        yield f"Servers: {servers.why}"
        return
    capacity = show(significant(servers.case.capacity, 3), "count")
    yield (f"A copy of the model takes {capacity} requests an hour at a planned load of "
           "{operations.running.planned-load-percent}, and there is {operations.running.reserve} in reserve; people: "
           "{engineers} × {operations.people.engineer} ÷ 12")
    given = inputs.gpu_hour_usd is not None
    yield f"{OPTIONS[CLOUD]}: {'{gpu_hour_usd}' if given else servers.rents[three_ways.ON_DEMAND].words}"
    yield f"{OPTIONS[OWN]}: {servers.rents[three_ways.BOUGHT].words}, over {{operations.owning.years}}, with power and space"
    if ROUTE in verdict.order:
        yield f"{OPTIONS[ROUTE]}: {{easy_percent}} easy, with the errors and the price of a router that its page starts from"
    if BURST in verdict.order:
        yield f"{OPTIONS[BURST]}: as many copies as pay, the host for the rest of the hours"


def _point_texts(inputs: Inputs, verdict: Verdict) -> Iterator[str]:
    if inputs.benchmark != NO_BENCHMARK:
        yield "Quality: a tenth of the score in {benchmark}, with its interval; anything from 0 to 10 where there is no score"
    yield ("Cost: 10 less one for each doubling from the cheapest that is left, 10 − log₂(cost ÷ cheapest), not below 0; less "
           f"than {show(options.LEAST_USD, 'USD/month')} counts as that; anything from 0 to 10 where it is not known")
    weights = weights_of(inputs)
    for way in verdict.order[:2]:
        for factor in FACTORS:
            if weights[factor] and factor not in (options.COST, options.QUALITY):
                points = show(Range(*(round(part, 1) for part in verdict.scores[way][factor])), "points")
                yield f"{OPTIONS[way]}, {FACTORS[factor].lower()}: {points}. {{decision-scores.{way}-{factor}.says}}"
