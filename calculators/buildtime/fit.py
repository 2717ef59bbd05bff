"""Fit the factors of formulas.throughput to the measured rows of data/, and say how far off the result is on rows left out.

Least squares on logarithms, Huber's weights for outliers, every factor drawn towards what it was taken to be beforehand
(for a factor of one GPU family, format or engine that is 1: like all others). Standard library only.
"""

import math
import zlib
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from calculators.buildtime.measured import Row
from calculators.formulas.throughput import (
    GIB,
    Speed,
    Work,
    factor_names,
    quantile,
    range_of,
    rates,
    resident_bytes,
    span_names,
    speed,
    work,
)
from calculators.kit.facts import Facts

Factors = dict[str, float]
FOLDS = 10
TYPICAL_ERROR = 0.15  # in logarithms: beyond it an error counts by its size, no more by its square
ENOUGH = 30  # rows for a range of their own
TAIL = 0.1  # the share of rows below, and above, a range
THIN = 8  # configurations of a GPU family below which it is taken to be hardly known


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


class DoesNotFit(ValueError):
    """The weights are too large for the GPUs. `needed_bytes` and `usable_bytes` are per GPU."""

    def __init__(self, needed_bytes: float, usable_bytes: float) -> None:
        super().__init__(f"the weights need {needed_bytes / GIB:.1f} GiB on each GPU, and {usable_bytes / GIB:.1f} GiB are "
                         "usable")
        self.needed_bytes, self.usable_bytes = needed_bytes, usable_bytes


class Rules(NamedTuple):
    """How much memory the runs behind measured rows are taken to have had for their cache."""

    usable: float  # share of the memory for weights, cache and workspace
    free: float  # of what the weights leave, the share that TensorRT-LLM takes instead
    workspace_bytes: float
    edge: float  # weights up to this share of what is usable ran, starved of cache


def rules(facts: Facts) -> Rules:
    """The assumptions on memory in data/serving-assumptions.yaml."""
    usable, free, workspace, edge = (float(facts[f"serving-assumptions.fit.{name}"].value) for name in
                                     ("usable-percent", "free-percent", "workspace-gb", "edge-ratio"))
    return Rules(usable / 100, free / 100, workspace * 1e9, edge)


def room(row: Row, given: Rules) -> float:
    """Bytes for cache on each GPU of a measured row, which ran, whatever its engine took: the calculator counts otherwise.

    Raises DoesNotFit well past the edge; near it there is room for one request at the least.
    """
    together = row.setup.gpus if row.setup.by_layer else 1  # GPUs that hold whole layers count as one with all the memory
    memory = row.gpu.memory_bytes * together
    needed = resident_bytes(row.architecture, row.setup) * together
    usable = memory * given.usable
    if needed > usable * given.edge:
        raise DoesNotFit(needed, usable)
    if row.setup.engine.startswith("tensorrt"):
        return max(0.0, memory - needed - given.workspace_bytes) * given.free
    return max(0.0, usable - needed - given.workspace_bytes)


def point(row: Row, given: Rules) -> Point:
    """A row with what it moves and computes. Raises DoesNotFit, and ValueError for a layout that is not modelled."""
    return Point(row, work(row.architecture, row.setup, row.load, room(row, given)))


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


def unseen(families: Iterable[LeftOut], sources: Iterable[LeftOut]) -> tuple[float, float]:
    """Factors low and high where nothing alike was measured: a tenth below, a tenth above, of the errors of families and
    sources that were left out whole. Each family and each source counts the same, however many rows it has."""
    groups: dict[tuple[str, str], list[float]] = {}
    for one in families:
        groups.setdefault(("family", one.point.row.gpu.family), []).append(-one.error)
    for one in sources:
        groups.setdefault(("source", one.point.row.source), []).append(-one.error)
    weighted = sorted((error, 1 / len(errors)) for errors in groups.values() for error in errors)
    return math.exp(weighted_quantile(weighted, TAIL)), math.exp(weighted_quantile(weighted, 1 - TAIL))


def weighted_quantile(weighted: Sequence[tuple[float, float]], share: float) -> float:
    """A quantile of sorted values with weights, by linear interpolation between the middles of their weights."""
    total, before = sum(weight for _, weight in weighted), 0.0
    last_at, last = 0.0, weighted[0][0]
    for value, weight in weighted:
        at = (before + weight / 2) / total
        if share <= at:
            return value if at == last_at else last + (value - last) * (share - last_at) / (at - last_at)
        last_at, last, before = at, value, before + weight
    return last


def own_ranges(tested: Sequence[LeftOut], families: Iterable[LeftOut], usual: Ranges) -> Ranges:
    """Ranges of their own, for GPUs whose rows the usual range says too little about.

    A family of fewer than THIN configurations: the errors of its rows by a fit that left out all of them, since a new
    configuration of it is nearly as new as the first; the middle eight tenths, which are wide enough for a fit that has
    them. A single GPU of another family: the errors of its rows by fits
    without their configuration, if the usual range held fewer of them than of all rows by more than the chance of so few.
    That is two standard errors of a share, sqrt(p (1 - p) / n), with p that of all rows and n the rows of the GPU.
    """
    configurations: dict[str, set[Hashable]] = {}
    held: dict[str, list[tuple[bool, float]]] = {}
    for one in tested:
        row = one.point.row
        configurations.setdefault(row.gpu.family, set()).add(row.configuration)
        low, high = next(usual[name] for name in span_names(row.mode, bool(row.architecture.experts)) if name in usual)
        held.setdefault(row.gpu_id, []).append((low <= math.exp(-one.error) <= high, -one.error))
    thin = {family for family, found in configurations.items() if len(found) < THIN}
    wide: dict[str, list[float]] = {}
    for one in families:
        if one.point.row.gpu.family in thin:
            wide.setdefault(f"family-{one.point.row.gpu.family}", []).append(-one.error)
    share = sum(inside for of in held.values() for inside, _ in of) / len(tested)
    in_thin = {one.point.row.gpu_id for one in tested if one.point.row.gpu.family in thin}
    for gpu, of in held.items():
        chance = 2 * math.sqrt(share * (1 - share) / len(of))
        if gpu not in in_thin and sum(inside for inside, _ in of) / len(of) < share - chance:
            wide[f"gpu-{gpu}"] = [error for _, error in of]
    return {name: tails(errors) if name.startswith("gpu-") else (
        math.exp(quantile(errors, TAIL)), math.exp(quantile(errors, 1 - TAIL))) for name, errors in wide.items()}


def spans(tested: Sequence[LeftOut], families: Sequence[LeftOut], sources: Sequence[LeftOut]) -> Ranges:
    """All ranges that a prediction may be shown with, as throughput.range_of takes them."""
    usual = ranges(tested)
    return usual | own_ranges(tested, families, usual) | {"unseen": unseen(families, sources)}


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
