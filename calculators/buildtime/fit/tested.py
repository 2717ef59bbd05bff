"""Ranges put to the test: each row left out, with the range that the errors of the others give it."""

import math
from collections.abc import Callable, Container, Sequence
from typing import NamedTuple

from calculators.buildtime.fit.left_out import FOLDS, LeftOut, folds
from calculators.buildtime.fit.predict import Point
from calculators.buildtime.fit.ranges import Ranges, spans, unseen
from calculators.formulas.throughput import factor_names, range_of


class Tested(NamedTuple):
    """A point that was left out of a fit: how the fit predicts it, and the range that the other points' errors give it."""

    point: Point
    predicted: float
    low: float
    high: float


def with_ranges(tested: Sequence[LeftOut], families: Sequence[LeftOut], sources: Sequence[LeftOut],
                found: Sequence[Point]) -> list[Tested]:
    """Each point with its prediction and the range that the other folds' errors give it, so that coverage is tested too."""
    fold = folds(found)

    def without(part: int, of: Sequence[LeftOut]) -> list[LeftOut]:
        return [one for one in of if fold(one.point) != part]

    result = []
    for part in range(FOLDS):
        if others := without(part, tested):
            measured = {name for one in others for name in factor_names(one.point.row.gpu, one.point.row.setup)}
            given = spans(others, without(part, families), without(part, sources))
            result += [_stated(one, measured, given) for one in tested if fold(one.point) == part]
    return result


def left_out_with_ranges(left: Sequence[LeftOut], part: Callable[[Point], str], families: Sequence[LeftOut],
                         sources: Sequence[LeftOut], own: Ranges) -> list[Tested]:
    """Each point of a part that was left out whole, with the range of what nothing alike was measured of, by the errors of
    the other parts; `own`: ranges by which those of some families are widened."""
    result = []
    for name in dict.fromkeys(part(one.point) for one in left):
        others = unseen(*([one for one in of if part(one.point) != name] for of in (families, sources)))
        for one in left:
            if part(one.point) == name:
                low, high = own.get(f"family-{one.point.row.gpu.family}", (1.0, 1.0))
                central = one.point.row.measured * math.exp(one.error)
                result.append(Tested(one.point, central, central * min(low, others[0]), central * max(high, others[1])))
    return result


def _stated(one: LeftOut, measured: Container[str], given: Ranges) -> Tested:
    row = one.point.row
    central = row.measured * math.exp(one.error)
    span = range_of(row.architecture, row.gpu, row.setup.engine, row.mode, measured, given)
    return Tested(one.point, central, central * span.low, central * span.high)
