"""Prices that change: what a request costs by the day, when a model ends, and the mean of the months ahead."""

import math
from collections.abc import Iterator, Sequence

from calculators.formulas.prices import TABLE, Cache, Offer, Workload, offer_of, request_usd, retired
from calculators.kit import days
from calculators.kit.facts import Facts
from calculators.kit.shape import NoValue


def mean_month(costs: Sequence[tuple[float, float]], months: int, growth: float) -> float:
    """The mean of the months ahead, in the unit of the costs.

    `costs` are what a month costs, by the day (0 is today) from which it does; `growth` is a month's on the month before, as
    a share. A month is a twelfth of a year here, so that announced days fall where the calendar has them.
    """
    total = 0.0
    ends = [*(day for day, _ in costs[1:]), math.inf]
    for month in range(months):
        first, last = month * days.DAYS_PER_MONTH, (month + 1) * days.DAYS_PER_MONTH
        for (start, cost), end in zip(costs, ends, strict=True):
            share = max(0.0, min(last, end) - max(first, start)) / days.DAYS_PER_MONTH
            total += share * cost * (1 + growth) ** month
    return total / months


def usd_by_day(offer: Offer, load: Workload, cache: Cache, facts: Facts) -> Iterator[tuple[str, float | None]]:
    """By the day from which something changed: what the request costs (USD), or None if it cannot be priced."""
    for day, values in facts.row_history(TABLE, offer.row):
        then = offer_of(offer.row, values, load.clock, offer.ratio, cache)
        usd = math.inf if isinstance(then, NoValue) or retired(values) else request_usd(then, load.job)
        yield day, usd if usd < math.inf else None


def end_of(row: str, facts: Facts) -> str:
    """The day on which a model is shut down, as far as that is announced, or ""."""
    values = facts.rows(TABLE)[row]
    announced = [day for day, then in facts.row_history(TABLE, row) if day > facts.as_of and retired(then)]
    return min([*announced, *([str(values["retires"])] if "retires" in values else [])], default="")
