"""Intervals of shares, and of the difference of two figures that have intervals of their own."""

import math

from calculators.kit.units import Range


def wilson(share: float, questions: float, quantile: float) -> Range:
    """Wilson's interval of a share of right answers; shares from 0 to 1, `quantile` in standard errors.

    Centre (p + z²/2n) / (1 + z²/n), half-width z √(p(1−p)/n + z²/4n²) / (1 + z²/n): E. B. Wilson, JASA 22 (1927).
    It stays within 0 and 1, and holds near them, where the plain interval does not.
    """
    spread = quantile**2 / questions
    centre = (share + spread / 2) / (1 + spread)
    half = quantile * math.sqrt(share * (1 - share) / questions + spread / 4 / questions) / (1 + spread)
    return Range(max(0.0, min(share, centre - half)), share, min(1.0, max(share, centre + half)))


def difference(first: Range, second: Range) -> Range:
    """The interval of second − first from the intervals of the two, which are independent of one another; any unit.

    Low: d − √((p2−l2)² + (u1−p1)²), high: d + √((u2−p2)² + (p1−l1)²): the half-widths that face each other, as R. G. Newcombe,
    Statistics in Medicine 17 (1998), method 10, combines those of two shares. Of the same level as the two intervals.
    """
    away = second.central - first.central
    low = math.hypot(second.central - second.low, first.high - first.central)
    high = math.hypot(second.high - second.central, first.central - first.low)
    return Range(away - low, away, away + high)
