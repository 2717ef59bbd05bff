"""What a month of each of the three ways is made of."""

from calculators.formulas import hosting, prices
from calculators.formulas.three_ways import CALLED, HOSTED, PROPRIETARY, Inputs, Setting
from calculators.formulas.three_ways_ranges import COST
from calculators.kit.shape import NoValue, Table
from calculators.kit.units import DAYS_PER_MONTH, significant


def own_parts(inputs: Inputs, setting: Setting) -> dict[str, float]:
    """A month of one's own in USD, by what it is spent on; nothing if it is not possible."""
    if setting.why_not:
        return {}
    case = setting.case
    hours = hosting.hours_paid(case.fleet, case.requests_per_day, case.capacity)
    return {
        "GPUs that serve": hours.serving * case.replica_usd,
        "Reserve and tests": (hours.reserve + hours.staging) * case.replica_usd,
        "Engineers": inputs.engineers * inputs.engineer_usd / hosting.MONTHS_PER_YEAR,
        "Storage and traffic": inputs.storage_gb * inputs.storage_usd
        + case.requests_per_day * DAYS_PER_MONTH * case.traffic_usd,
    }


def api_parts(inputs: Inputs, setting: Setting) -> dict[str, prices.Parts]:
    """A month of each API that can take the request, in USD, by what is billed."""
    factor = (1 + inputs.surcharge_percent / 100) * inputs.requests_per_day * DAYS_PER_MONTH
    job, found = setting.base.load.job, {}
    for name, offer in ((PROPRIETARY, setting.base.proprietary), (HOSTED, setting.base.hosted)):
        if not isinstance(offer, NoValue) and not prices.misfit(offer, job):
            found[name] = prices.parts_usd(offer, job).times(factor)
    return found


_BILLED = {"input": "New input", "cached": "Input read from a cache", "written": "Input written to it", "output": "Output",
           "reasoning": "Reasoning"}


def parts_table(inputs: Inputs, setting: Setting) -> Table:
    """Every part of every way that has it."""
    rows: list[tuple[str, tuple[float, float]]] = []
    for name, parts in api_parts(inputs, setting).items():
        rows += [(f"{CALLED[name]}: {_BILLED[part][0].lower()}{_BILLED[part][1:]}", (usd, 100 * usd / parts.total))
                 for part, usd in zip(prices.Parts._fields, parts, strict=True) if usd]
    own = own_parts(inputs, setting)
    total = sum(own.values()) or 1.0
    rows += [(f"Your own: {label if label.startswith('GPU') else label[0].lower() + label[1:]}", (usd, 100 * usd / total))
             for label, usd in own.items() if usd]
    return Table((("Part", "text"), ("A month", "USD/month"), ("Share of its way", "%")), tuple(
        (label, (significant(usd, COST), round(share, 1))) for label, (usd, share) in rows))
