"""Measured rows predicted by a fit that was not given them."""

import zlib
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from calculators.buildtime.fit.factors import fit
from calculators.buildtime.fit.predict import Factors, Point, first_error, throughput_error

FOLDS = 10


class LeftOut(NamedTuple):
    """A point by a fit without its part: ln(predicted / measured) of throughput, and of the first token if measured."""

    point: Point
    error: float
    first: float | None


def left_out(found: Sequence[Point], start: Factors, part: Callable[[Point], Hashable]) -> list[LeftOut]:
    """Every point by a fit to all points of other parts."""
    tested = []
    for one in sorted({part(point) for point in found}, key=str):
        factors = fit([point for point in found if part(point) != one], start)
        for point in found:
            if part(point) == one:
                first = first_error(point, factors) if point.row.first_ms else None
                tested.append(LeftOut(point, throughput_error(point, factors), first))
    return tested


def folds(found: Sequence[Point]) -> Callable[[Point], int]:
    """Which of FOLDS parts a point is in: rows of one configuration stay together, and a new row moves no other far."""
    configurations = {point.row.configuration for point in found}
    ordered = sorted(configurations, key=lambda c: (zlib.crc32(repr(c).encode()), repr(c)))
    place = {configuration: i % FOLDS for i, configuration in enumerate(ordered)}
    return lambda point: place[point.row.configuration]
