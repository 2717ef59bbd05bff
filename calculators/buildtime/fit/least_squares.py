"""Least squares on logarithms, with Huber's weights for outliers.

Every factor is drawn towards what it was taken to be beforehand. Standard library only.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

TYPICAL_ERROR = 0.15  # in logarithms: beyond it an error counts by its size, no more by its square


class Prior(NamedTuple):
    """What a factor is taken to be before anything is measured, and how far, in logarithms, it may stray."""

    central: float
    stray: float


class Problem[Point](NamedTuple):
    """A fit: what to fit (names with priors), to which points, how a point's error follows from the factors, and whether a
    factor touches a point at all."""

    points: Sequence[Point]
    priors: dict[str, Prior]
    error: Callable[[Point, dict[str, float]], float]
    fixed: dict[str, float]
    touches: Callable[[str, Point], bool]


def minimise[Point](problem: Problem[Point], start: Mapping[str, float], rounds: int = 15) -> dict[str, float]:
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


def _factors[Point](problem: Problem[Point], names: list[str], x: list[float]) -> dict[str, float]:
    return problem.fixed | {name: math.exp(value) for name, value in zip(names, x, strict=True)}


def _loss[Point](problem: Problem[Point], names: list[str], x: list[float]) -> tuple[list[float], float]:
    """Errors by point, and the loss: Huber's of the errors, squares of how far the factors have strayed."""
    factors = _factors(problem, names, x)
    errors = [problem.error(point, factors) for point in problem.points]
    sizes = [abs(error) / TYPICAL_ERROR for error in errors]
    loss = sum(size * size / 2 if size < 1 else size - 0.5 for size in sizes)
    priors = [problem.priors[name] for name in names]
    return errors, loss + sum(((a - math.log(p.central)) / p.stray) ** 2 / 2 for a, p in zip(x, priors, strict=True))


def _slopes[Point](problem: Problem[Point], names: list[str], x: list[float],
                   errors: list[float]) -> list[dict[int, float]]:
    """Of each factor: by how much the error of each point that it touches grows with its logarithm."""
    nudge = 1e-4
    found = []
    for i, name in enumerate(names):
        factors = _factors(problem, names, [value + nudge * (i == j) for j, value in enumerate(x)])
        touched = (k for k, point in enumerate(problem.points) if problem.touches(name, point))
        found.append({k: (problem.error(problem.points[k], factors) - errors[k]) / nudge for k in touched})
    return found


def _normal_equations[Point](problem: Problem[Point], names: list[str], x: list[float], errors: list[float],
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
