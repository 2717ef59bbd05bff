"""The pictures of API cost: the ranking, what the request cost and will cost, and quality beside price."""

from typing import TYPE_CHECKING

from calculators.formulas import scores
from calculators.formulas.prices import PROPRIETARY, plain_name
from calculators.formulas.prices import TABLE as PRICES
from calculators.kit import days
from calculators.kit.chart import Bars, Chart, Line, Lines, Points
from calculators.kit.facts import Facts

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.api_cost import Inputs, Outputs

BENCHMARKS = {"none": "None", **scores.BENCHMARKS, scores.INDEX: "Epoch Capabilities Index, up to July 2026"}


def charts(inputs: "Inputs", outputs: "Outputs", facts: Facts) -> list[Chart]:
    """The ranking; the price of the request over time where it changed; quality beside price."""
    groups = [(f"{p.offer.label}, {p.offer.access}", [round(p.month_usd, 2)]) for p in outputs.priced]
    found: list[Chart] = [Bars("What a month costs at today's prices", "USD/month", ["A month"],
                               groups or [("None of them", [0])], by="Model")]
    if outputs.history:
        found.append(_history(outputs, facts))
    quality = _quality(inputs, outputs, facts)
    return [*found, quality] if quality else found


def _history(outputs: "Outputs", facts: Facts) -> Lines:
    """What the request cost, costs and will cost on the models whose price has changed or is about to."""
    last = max(days.year_of(facts.as_of), *(days.year_of(day) for _, points in outputs.history for day, _ in points)) + 0.1
    lines = [Line(label, [*((days.year_of(day), usd) for day, usd in points), (last, points[-1][1])], steps=True)
             for label, points in outputs.history[:6]]
    days_of_change = sorted({x for line in lines for x, _ in line.points[:-1]})
    return Lines("What this request cost and will cost, where that changes", "Day", "date", "One request", "USD", lines,
                 days_of_change, (days.year_of(facts.as_of), "today"), x_text=days.of_year)


def _quality(inputs: "Inputs", outputs: "Outputs", facts: Facts) -> Points | None:
    """The scores of the models that have one beside the cost of a request."""
    scored = scores.scores(inputs.benchmark, facts)
    rows = facts.rows(PRICES)
    points = [(p.offer.label, int(p.offer.access != PROPRIETARY), p.request_usd * 1000, scored[key]) for p in outputs.priced
              if (key := plain_name(rows[p.offer.row]["model"])) in scored and p.request_usd]
    if not points:
        return None
    unit = "points" if inputs.benchmark == scores.INDEX else "%"
    return Points(f"Quality beside price: {BENCHMARKS[inputs.benchmark]}", "A thousand requests", "USD", "Score", unit,
                  ["Proprietary", "Open weights"], points, by="Model")
