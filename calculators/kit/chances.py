"""How likely each answer is when the uncertain inputs vary together, and which of them matters most."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from calculators.kit.units import Range

DRAWS = 2000
SEED = 20261126  # any fixed number: the same inputs give the same chances, everywhere
DEVIATES = 1.2815515655446004  # standard deviations from the median to the 10th and the 90th percentile


class Swing(NamedTuple):
    """The result when one input alone goes to its low and to its high end; the ends as text. `central`: nothing moved."""

    label: str
    low: float
    central: float
    high: float
    low_at: str
    high_at: str

    @property
    def width(self) -> float:
        """How far the result moves, in its own unit."""
        return abs(self.high - self.low)


class Chances(NamedTuple):
    """How often each option came out cheapest over the draws, and what moves the result most, biggest first.

    `shares` by the option's id, summing to 1; `called` names the options; `result` and `unit` say what the swings are of;
    `note` says what was drawn, and from what.
    """

    shares: Mapping[str, float]
    called: Mapping[str, str]
    swings: Sequence[Swing]
    result: str
    unit: str
    note: str


class Deviates:
    """Seeded draws: independent inputs get independent streams, and the same seed the same draws."""

    def __init__(self, draws: int = DRAWS, seed: int = SEED) -> None:
        import random  # slow to import, and only simulations need it

        self.draws = draws
        self._random = random.Random(seed)

    def factors(self, low: float, high: float) -> list[float]:
        """Factors on a central value, log-normal on each side of 1.

        A tenth of them lies below `low` and a tenth above `high`, so 1 is the median. Raises ValueError unless
        0 < low <= 1 <= high.
        """
        if not 0 < low <= 1 <= high:
            raise ValueError(f"low must be in (0, 1] and high 1 or more, not {low} and {high}")
        down, up = math.log(low) / -DEVIATES, math.log(high) / DEVIATES
        gauss, exp = self._random.gauss, math.exp
        return [exp(z * (up if z > 0 else down)) for z in (gauss(0.0, 1.0) for _ in range(self.draws))]

    def around(self, estimate: Range) -> list[float]:
        """Draws of an estimate whose range holds eight in ten: its unit. All alike if it is nothing or has no range."""
        if estimate.central <= 0 or not 0 < estimate.low <= estimate.central <= estimate.high:
            return [estimate.central] * self.draws
        spread = self.factors(estimate.low / estimate.central, estimate.high / estimate.central)
        return [estimate.central * factor for factor in spread]


def cheapest_shares(costs: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """How often each option is the cheapest, as shares that sum to 1; equals share a draw. Costs by option, one a draw."""
    wins = dict.fromkeys(costs, 0.0)
    names = list(costs)
    for draw in zip(*costs.values(), strict=True):
        least = min(draw)
        best = [name for name, cost in zip(names, draw, strict=True) if cost == least]
        for name in best:
            wins[name] += 1 / len(best)
    total = sum(wins.values())
    return {name: count / total for name, count in wins.items()}


def widest(swings: Sequence[Swing], most: int = 8) -> list[Swing]:
    """The swings that move the result, the widest first."""
    return sorted((swing for swing in swings if swing.width > 0), key=lambda swing: -swing.width)[:most]
