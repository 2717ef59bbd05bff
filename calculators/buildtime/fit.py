"""Fit the factors of kit.throughput to the measured rows of data/, and say how far off the result is on rows left out.

Least squares on logarithms, Huber's weights for outliers, every factor drawn towards what it was taken to be beforehand
(for a factor of one GPU family, format or engine that is 1: like all others). Standard library only.
"""

import math
import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from calculators.buildtime.measured import Row
from calculators.kit.throughput import Speed, Work, factor_names, quantile, rates, span_names, speed, work

Factors = dict[str, float]
FOLDS = 10
TYPICAL_ERROR = 0.15  # in logarithms: beyond it an error counts by its size, no more by its square
ENOUGH = 30  # rows for a range of their own
TAIL = 0.1  # the share of rows below, and above, a range


class Prior(NamedTuple):
    """What a factor is taken to be before anything is measured, and how far, in logarithms, it may stray."""

    central: float
    stray: float


COMMON: dict[str, Prior] = {
    "bandwidth": Prior(0.85, 0.1),
    "cache": Prior(0.6, 0.4),
    "experts": Prior(0.7, 0.4),
    "compute": Prior(0.6, 0.3),
    "attention": Prior(0.4, 0.4),
    "step-compute": Prior(0.8, 0.3),
    "layer-us": Prior(20, 0.7),
    "expert-layer-us": Prior(20, 0.7),
    "step-us": Prior(500, 0.8),
    "request-us": Prior(5, 1.0),
    "link-us.switched": Prior(10, 0.7),
    "link-us.pcie": Prior(40, 0.7),
    "link.switched": Prior(0.5, 0.5),
    "link.pcie": Prior(0.5, 0.5),
    "offline-requests": Prior(100, 0.3),
}
FIRST: dict[str, Prior] = {"first-ms": Prior(8, 0.7), "first-spread-ms": Prior(20, 0.7)}
OWN = {"bandwidth": 0.1, "compute": 0.2, "overhead": 0.3, "request": 0.5}
"""How far the factor of one GPU family, format or engine may stray from 1, by its kind."""


class Point(NamedTuple):
    """A measured row with what it moves and computes, which no factor changes."""

    row: Row
    work: Work


class Problem(NamedTuple):
    """A fit: what to fit (names with priors), to which points, and how a point's error follows from the factors."""

    points: Sequence[Point]
    priors: dict[str, Prior]
    error: Callable[[Point, Factors], float]
    fixed: Factors


# --- predictions ------------------------------------------------------------------------------------------------------


def point(row: Row) -> Point:
    """A row with what it moves and computes. Raises DoesNotFit, and ValueError for a layout that is not modelled."""
    return Point(row, work(row.architecture, row.gpu, row.setup, row.load))


def predicted(point: Point, factors: Factors) -> Speed:
    """The prediction for a row.

    A run of "offline" names no number of requests. TensorRT-LLM's benchmark queues thousands, so as many as fit are in
    flight; with the others it is a batch of about a hundred that drains, and the mean in flight is fitted.
    """
    load = point.row.load
    if load.requests is None and not point.row.setup.engine.startswith("tensorrt-llm"):
        load = load._replace(requests=factors["offline-requests"])
    return speed(point.work, rates(point.row.gpu, point.row.setup, factors), load)


def tokens_per_s(point: Point, factors: Factors) -> float:
    """What was measured of a row, as predicted: tokens/s of all requests, or of one."""
    found = predicted(point, factors)
    return found.user_tokens_per_s if point.row.per_user else found.output_tokens_per_s


def throughput_error(point: Point, factors: Factors) -> float:
    """ln(predicted / measured)."""
    return math.log(tokens_per_s(point, factors) / point.row.measured)


def first_error(point: Point, factors: Factors) -> float:
    """ln(predicted / measured) of the time to the first token of a request that is alone."""
    return math.log(predicted(point, factors).first_s * 1000 / (point.row.first_ms or math.nan))


# --- fit --------------------------------------------------------------------------------------------------------------


def fit(found: Sequence[Point], start: Mapping[str, float] | None = None) -> Factors:
    """The factors for these points; `start`: where to look first. The few of the first token follow the rest."""
    own = dict.fromkeys(name for point in found for name in factor_names(point.row.gpu, point.row.setup))
    own.pop("compute.bf16", None)  # what the others are measured by
    priors = COMMON | {name: Prior(1.0, OWN[name.partition(".")[0]]) for name in sorted(own)}
    first = {name: prior.central for name, prior in FIRST.items()}
    factors = minimise(Problem(found, priors, throughput_error, first), start or {}) | first
    alone = [point for point in found if point.row.first_ms]
    return factors | (minimise(Problem(alone, FIRST, first_error, factors), start or {}) if alone else first)


def minimise(problem: Problem, start: Mapping[str, float], rounds: int = 15) -> Factors:
    """Levenberg-Marquardt with Huber's weights: steps of weighted least squares that are damped until they help."""
    names = list(problem.priors)
    x = [math.log(start.get(name, problem.priors[name].central)) for name in names]
    errors, loss = _loss(problem, names, x)
    damping = 1e-2
    for _ in range(rounds):
        slopes = _slopes(problem, names, x, errors)
        matrix, gradient = _normal_equations(problem, names, x, errors, slopes)
        while damping < 1e4:
            damped = [[v * (1 + damping) if i == j else v for j, v in enumerate(line)] for i, line in enumerate(matrix)]
            moved = [a - max(-1.0, min(1.0, b)) for a, b in zip(x, solve(damped, gradient), strict=True)]
            new_errors, new_loss = _loss(problem, names, moved)
            if new_loss < loss:
                break
            damping *= 5
        else:
            break
        gained, x, errors, loss = loss - new_loss, moved, new_errors, new_loss
        damping = max(damping / 5, 1e-6)
        if gained < 1e-6 * loss:
            break
    return {name: math.exp(value) for name, value in zip(names, x, strict=True)}


def _factors(problem: Problem, names: list[str], x: list[float]) -> Factors:
    return problem.fixed | {name: math.exp(value) for name, value in zip(names, x, strict=True)}


def _loss(problem: Problem, names: list[str], x: list[float]) -> tuple[list[float], float]:
    """Errors by point, and the loss: Huber's of the errors, squares of how far the factors have strayed."""
    factors = _factors(problem, names, x)
    errors = [problem.error(point, factors) for point in problem.points]
    sizes = [abs(error) / TYPICAL_ERROR for error in errors]
    loss = sum(size * size / 2 if size < 1 else size - 0.5 for size in sizes)
    priors = [problem.priors[name] for name in names]
    return errors, loss + sum(((a - math.log(p.central)) / p.stray) ** 2 / 2 for a, p in zip(x, priors, strict=True))


def _slopes(problem: Problem, names: list[str], x: list[float], errors: list[float]) -> list[dict[int, float]]:
    """Of each factor: by how much the error of each point that it touches grows with its logarithm."""
    nudge = 1e-4
    found = []
    for i, name in enumerate(names):
        factors = _factors(problem, names, [value + nudge * (i == j) for j, value in enumerate(x)])
        touched = (k for k, point in enumerate(problem.points) if _touches(name, point))
        found.append({k: (problem.error(problem.points[k], factors) - errors[k]) / nudge for k in touched})
    return found


def _touches(name: str, point: Point) -> bool:
    return name in COMMON or name in FIRST or name in factor_names(point.row.gpu, point.row.setup)


def _normal_equations(problem: Problem, names: list[str], x: list[float], errors: list[float],
                      slopes: list[dict[int, float]]) -> tuple[list[list[float]], list[float]]:
    weights = [1 / (TYPICAL_ERROR * max(TYPICAL_ERROR, abs(error))) for error in errors]
    matrix, gradient = [[0.0] * len(names) for _ in names], []
    for i, name in enumerate(names):
        prior = problem.priors[name]
        weighted = {k: slope * weights[k] for k, slope in slopes[i].items() if slope}
        gradient.append(sum(v * errors[k] for k, v in weighted.items()) + (x[i] - math.log(prior.central)) / prior.stray**2)
        for j in range(i, len(names)):
            matrix[i][j] = matrix[j][i] = sum(v * slopes[j].get(k, 0.0) for k, v in weighted.items())
        matrix[i][i] += 1 / prior.stray**2
    return matrix, gradient


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss's elimination with the largest pivot first."""
    lines = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    n = len(lines)
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(lines[k][i]))
        lines[i], lines[pivot] = lines[pivot], lines[i]
        for k in range(i + 1, n):
            share = lines[k][i] / lines[i][i]
            if share:
                lines[k] = [a - share * b for a, b in zip(lines[k], lines[i], strict=True)]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (lines[i][n] - sum(lines[i][j] * x[j] for j in range(i + 1, n))) / lines[i][i]
    return x


# --- rows left out ----------------------------------------------------------------------------------------------------


class Tested(NamedTuple):
    """A point that was left out of a fit: how the fit predicts it, and the range that the other points' errors give it."""

    point: Point
    predicted: float
    low: float
    high: float


Ranges = dict[str, tuple[float, float]]


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


def ranges(tested: Iterable[LeftOut]) -> Ranges:
    """The quantiles of measured over predicted: a tenth of the rows lie below, a tenth above.

    By mode, and by mode and kind of architecture where there are ENOUGH rows of it.
    """
    found: dict[str, list[float]] = {}
    for one in tested:
        for name in span_names(one.point.row.mode, bool(one.point.row.architecture.experts)):
            found.setdefault(name, []).append(-one.error)
    return {name: tails(errors) for name, errors in found.items() if len(errors) >= ENOUGH or "-" not in name}


def tails(errors: list[float]) -> tuple[float, float]:
    """Factors low and high of logarithms of measured over predicted.

    The next row falls below the k-th smallest of n with a chance of k / (n + 1), so the quantiles lie a little further out
    than those of the n themselves (split conformal prediction, arXiv 2107.07511, section 1).
    """
    n = len(errors)
    share = min(1.0, max(0.0, (TAIL * (n + 1) - 1) / (n - 1))) if n > 1 else 0.0
    return math.exp(quantile(errors, share)), math.exp(quantile(errors, 1 - share))


def with_ranges(tested: Sequence[LeftOut], found: Sequence[Point]) -> list[Tested]:
    """Each point with its prediction and a range from the errors of the other folds, so that coverage is tested too."""
    fold = folds(found)
    result = []
    for part in range(FOLDS):
        others = ranges(one for one in tested if fold(one.point) != part)
        for one in tested:
            if fold(one.point) == part:
                central = one.point.row.measured * math.exp(one.error)
                names = span_names(one.point.row.mode, bool(one.point.row.architecture.experts))
                low, high = next((others[name] for name in names if name in others), (1.0, 1.0))
                result.append(Tested(one.point, central, central * low, central * high))
    return result
