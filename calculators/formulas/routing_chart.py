"""The picture of a hybrid strategy: the month's cost by the share that decides, or by the number of servers."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from calculators.formulas import hybrid
from calculators.formulas.routing_ways import DEVELOPMENT, FALLBACK, SPECIALISED, TIERED, Fleet, fleet_of, ways_of
from calculators.kit.chart import Bars, Chart, Line, Lines
from calculators.kit.fields import Field
from calculators.kit.units import show

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.routing import Inputs, Outputs

MOST_DRAWN = 40  # numbers of servers that are drawn one by one
NOTHING_TO_DRAW = Bars("What a month costs", "USD/month", ["A month"], [("None is possible", [0])], by="Way")


def chart_of(inputs: "Inputs", outputs: "Outputs", fields: Mapping[str, Field]) -> Chart:
    """The month's cost against the input that decides, or by the number of servers."""
    prices = outputs.prices
    fleet = fleet_of(inputs, prices) if inputs.strategy == FALLBACK else None
    if fleet:
        return _by_servers(inputs, outputs, fleet)
    name = {TIERED: "easy_percent", DEVELOPMENT: "development_percent", SPECIALISED: "kind_3_percent"}.get(inputs.strategy)
    if not name:
        return NOTHING_TO_DRAW
    points: dict[str, list[tuple[float, float]]] = {}
    yours = getattr(inputs, name)
    if name == "kind_3_percent":
        yours = yours / ((inputs.kind_1_percent + inputs.kind_2_percent + yours) or 1) * 100
    places = [float(x) for x in range(0, 101, 10)]
    for x in places:
        labels = ["One model", "A model for each kind"] if name == "kind_3_percent" else []
        for i, way in enumerate(ways_of(_at(inputs, name, x), prices)[:-1]):
            if way.usd < math.inf:
                points.setdefault(labels[i] if labels else way.name, []).append((x, way.usd))
    lines = [Line(label, found) for label, found in points.items() if len(found) > 1]
    if not lines:
        return NOTHING_TO_DRAW
    axis = fields[name].label
    return Lines(f"Cost of a month by {axis[0].lower()}{axis[1:]}", axis, "%", "Cost", "USD/month", lines, places,
                 (yours, f"yours: {show(yours, '%')}"))


def _at(inputs: "Inputs", name: str, x: float) -> "Inputs":
    """The inputs with one share moved; of the kinds of task the others in proportion."""
    others = inputs.kind_1_percent + inputs.kind_2_percent
    if name != "kind_3_percent" or not others:
        return replace(inputs, **{name: x})  # type: ignore[arg-type]
    rest = (100 - x) / others
    return replace(inputs, kind_1_percent=inputs.kind_1_percent * rest, kind_2_percent=inputs.kind_2_percent * rest,
                   kind_3_percent=x)


def _by_servers(inputs: "Inputs", outputs: "Outputs", fleet: Fleet) -> Lines:
    """The cost by the number of servers, from none to the peak, with the cheapest marked."""
    best = outputs.servers if isinstance(outputs.servers, int) else 0
    most = max(1, hybrid.peak_servers(fleet.month))
    step = max(1, -(-most // MOST_DRAWN))
    numbers = sorted({*range(0, most, step), most, best, fleet.best})
    together = [(float(n), fleet.usd(n, inputs.upkeep_usd)) for n in numbers]
    return Lines("Cost of a month by number of servers", "Servers", "count", "Cost", "USD/month",
                 (Line("Servers and the API", together, dots=len(numbers) <= MOST_DRAWN),
                  Line("Servers only", [(float(n), n * fleet.server_usd) for n in numbers])),
                 [float(n) for n in numbers], (float(best), f"cheapest: {show(best, 'servers')}"))
