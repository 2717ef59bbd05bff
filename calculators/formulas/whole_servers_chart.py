"""The picture of break-even's simple form: what a month costs on the API and on whole servers, by volume."""

import math
from typing import TYPE_CHECKING

from calculators.formulas.whole_servers import servers_for
from calculators.kit.chart import Line, Lines
from calculators.kit.shape import NoValue
from calculators.kit.units import TOKENS_PER_MTOK
from calculators.kit.units import number as show_number

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.break_even import Inputs, Outputs

MAX_STAIRS = 60  # stairs drawn one by one; further out they are too fine to see and the curve is sampled


def by_volume(inputs: "Inputs", outputs: "Outputs") -> Lines:
    """The API's bill, a straight line, and the stairs of whole servers, over the volume; both axes logarithmic."""
    server_usd = outputs.hosting_monthly_cost / outputs.servers_needed
    low, high = _span(inputs, outputs)
    volumes = _volumes(low, high, outputs.hosting_capacity)
    # A logarithmic axis has no zero: what is free lies on the floor, at a cent.
    hosting = [(v, max(0.01, servers_for(v, outputs.hosting_capacity) * server_usd)) for v in volumes]
    api = [(v, max(0.01, v / TOKENS_PER_MTOK * inputs.api_cost_per_million)) for v in (low, high)]
    decades = [10.0**p for p in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    yours = float(inputs.monthly_tokens)
    return Lines(
        title="Cost of a month by volume", x_label="Tokens per month", x_unit="count", y_label="Cost", y_unit="USD/month",
        lines=(Line("API", api), Line("Self-hosting, whole servers", _stairs(hosting), steps=True)),
        table_x=sorted({*decades, *([yours] if yours else [])}),
        mark=(yours, f"yours: {show_number(yours)}") if yours else None, log=True,
    )


def _span(inputs: "Inputs", outputs: "Outputs") -> tuple[float, float]:
    """The volumes to draw: whole powers of ten around the reader's own and what one server can serve."""
    around = [outputs.hosting_capacity, float(inputs.monthly_tokens) or outputs.hosting_capacity]
    if not isinstance(outputs.break_even_tokens, NoValue) and outputs.break_even_tokens > 0:
        around.append(outputs.break_even_tokens)
    low = 10.0 ** math.floor(math.log10(min(around)) - 0.5)
    return low, 10.0 ** math.ceil(math.log10(max(around)) + 0.5)


def _volumes(low: float, high: float, capacity: float) -> list[float]:
    """Where to look at the stairs: at each of the first, then at even distances on the axis."""
    edges = [k * capacity for k in range(1, MAX_STAIRS + 1) if low < k * capacity < high]
    far = max(low, MAX_STAIRS * capacity)
    rest = [far * (high / far) ** (i / 60) for i in range(61)] if far < high else [high]
    # Just past an edge the next server is already there.
    return sorted({low, *(e * (1 + 1e-9) for e in edges), *rest})


def _stairs(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out points at which the height does not change, but for the ends."""
    return [p for i, p in enumerate(points) if i in (0, len(points) - 1) or p[1] != points[i - 1][1]]
