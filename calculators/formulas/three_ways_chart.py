"""The pictures of break-even's full form: cost against volume, and what each way's month is made of."""

import math

from calculators.formulas import hosting
from calculators.formulas.hosting import Case, Crossings
from calculators.formulas.three_ways import CALLED, HOSTED, OWN, PROPRIETARY, Inputs, Setting
from calculators.formulas.three_ways_parts import api_parts, own_parts
from calculators.formulas.three_ways_ranges import COST
from calculators.formulas.three_ways_result import Outputs, tokens_of
from calculators.kit.chart import Chart, Line, Lines, Stack
from calculators.kit.units import DAYS_PER_MONTH, significant
from calculators.kit.units import number as show_number


def charts(inputs: Inputs, outputs: Outputs) -> list[Chart]:
    """Cost against volume, and what each way's month is made of."""
    setting = outputs.setting
    assert setting is not None
    return [_by_cost(inputs, setting, outputs.crossings), _stack(inputs, setting)]


def _by_cost(inputs: Inputs, setting: Setting, crossings: Crossings) -> Lines:
    """The bills of the APIs, two straight lines, and one's own stairs, over the volume; both axes logarithmic."""
    case, tokens = setting.case, tokens_of(inputs)
    per = tokens * DAYS_PER_MONTH or DAYS_PER_MONTH  # of a month; without tokens the axis is requests
    yours = inputs.requests_per_day
    ends = (*crossings.found[:1], *crossings.found[-1:])
    around = [yours or 1000.0, *(crossing.requests_per_day for crossing in ends if crossing.requests_per_day)]
    low = 10.0 ** math.floor(math.log10(min(around) * per) - 0.3) / per
    high = 10.0 ** math.ceil(math.log10(max(around) * per) + 0.3) / per
    floor = 0.01  # a logarithmic axis has no zero
    lines = []
    for name, usd in ((PROPRIETARY, case.proprietary_usd), (HOSTED, case.hosted_usd)):
        if usd < math.inf:
            lines.append(Line(CALLED[name], [(q * per, max(floor, q * DAYS_PER_MONTH * usd)) for q in (low, high)]))
    if case.replica_usd < math.inf:
        stairs = [(q * per, max(floor, hosting.own_usd(case, q))) for q in _places(case, low, high)]
        lines.append(Line(f"{CALLED[OWN]}, whole replicas", stairs))
    lines = lines or [Line("none is possible", [(low * per, 1.0), (high * per, 1.0)])]
    decades = [10.0**n for n in range(round(math.log10(low * per)), round(math.log10(high * per)) + 1)]
    label = "Tokens a month" if tokens else "Requests a month"
    return Lines("Cost of a month by volume", label, "count", "Cost", "USD/month", lines,
                 sorted({*decades, *([yours * per] if yours else [])}),
                 (yours * per, f"yours: {show_number(significant(yours * per, COST))}") if yours else None, log=True)


def _places(case: Case, low: float, high: float) -> list[float]:
    """Volumes at which to draw the stairs: both sides of each step as long as they can be told apart, then evenly."""
    if case.fleet.scaling != hosting.ALWAYS:
        return [low * (high / low) ** (i / 100) for i in range(101)]
    stair = case.capacity / case.fleet.peak if case.fleet.peak else math.inf
    first = max(1, math.ceil(low / stair))
    edges = [stair * n for n in range(first, first + 40) if low < stair * n < high]
    far = edges[-1] if len(edges) == 40 else high
    rest = [far * (high / far) ** (i / 30) for i in range(1, 31)] if far < high else [high]
    return sorted({low, *edges, *(edge * (1 + 1e-9) for edge in edges), *rest})


def _stack(inputs: Inputs, setting: Setting) -> Stack:
    """A bar for each way, cut into what it is spent on."""
    names = ("Input", "Output and reasoning", "GPUs that serve", "Reserve and tests", "Engineers", "Storage and traffic")
    groups: list[tuple[str, list[float]]] = []
    for way, parts in api_parts(inputs, setting).items():
        groups.append((CALLED[way], [parts.input + parts.cached + parts.written, parts.output + parts.reasoning, 0, 0, 0, 0]))
    own = own_parts(inputs, setting)
    if own:
        groups.append((CALLED[OWN], [0, 0, *own.values()]))
    return Stack("What a month is made of", "USD/month", names, groups or [("None is possible", [0.0] * len(names))], by="Way",
                 decimals=0)
